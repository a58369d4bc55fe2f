"""Slipway: what is allowed, and what is done. Talking is in `handlers`, neighbours are in `integrations`."""
