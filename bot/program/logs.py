"""What the program writes into its log: our own words from the level that is set, others' only when they warn."""

from __future__ import annotations

import logging

OURS = ("bot", "handlers", "integrations", "slipway")


def log_quietly(level: int) -> None:
    """Log to the standard error output. The handler's own level also quiets loggers that set theirs themselves."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.setLevel(level)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
