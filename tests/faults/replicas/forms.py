"""The workflow's code as it was, as it is, and as somebody who forgot the recipe would have changed it."""

from __future__ import annotations


def take(form: str) -> None:
    """Let this process follow in that form; the present one unless it is named."""
