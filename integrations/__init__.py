"""Neighbours: one file or folder each, satisfying the ports of `bot` in their own ways."""
