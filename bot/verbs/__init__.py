"""One use case a file: load, refuse or act, keep, say what to tell, commit."""
