"""The API for machines, asked over real HTTP."""
