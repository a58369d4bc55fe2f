"""Whole processes that follow deployments on one database: to be killed, suspended, cut off and upgraded."""
