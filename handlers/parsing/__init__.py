"""What people type: words become a typed command, or a hint with the nearest command that would have worked."""
