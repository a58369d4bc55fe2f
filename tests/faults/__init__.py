"""Bad input, duplicates and races, over the whole application."""
