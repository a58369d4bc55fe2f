"""`slipway.yaml`: read, checked with the line and column of every problem, and turned into the typed catalogue."""
