"""Slack: the way there and back: client, directory, entry by socket and by signed HTTP, and the outbox's sender."""
