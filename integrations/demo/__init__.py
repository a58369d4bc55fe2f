"""The ground of the demo: a repository with a history, two environments that really serve it, and its people."""
