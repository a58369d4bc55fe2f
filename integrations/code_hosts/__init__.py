"""Where code lives, one module each."""
