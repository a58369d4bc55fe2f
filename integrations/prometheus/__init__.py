"""Prometheus, and whatever answers in its way: where metrics are read."""
