"""Pure facts and decisions: the standard library only; no clock, no database, no network."""
