"""Emoji by shortcode: the common ones. An unknown shortcode stays as it was typed, as in a real client."""

from __future__ import annotations

import json
import re
from pathlib import Path

EMOJI: dict[str, str] = json.loads((Path(__file__).parent / "emoji.json").read_text(encoding="utf-8"))

# A skin tone after a shortcode is accepted and left out: the plain picture says the same.
_SHORTCODE = re.compile(r":([a-z0-9_+'-]+)(?:::skin-tone-[2-6])?:")


def with_emoji(text: str) -> str:
    """The same text with every known `:shortcode:` as its picture."""
    return _SHORTCODE.sub(lambda found: EMOJI.get(found[1], found[0]), text)
