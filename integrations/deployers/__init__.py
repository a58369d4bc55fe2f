"""The ways to bring a candidate to an environment, one module each."""
