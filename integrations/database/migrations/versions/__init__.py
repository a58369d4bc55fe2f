"""Every version of the tables, oldest first; each leads from the one before."""
