"""Covering: what a target repeats is shown without the secrets that it was sent, in whatever form it repeats them."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

COVER = "•••"
SHORTEST_SECRET = 4
SHORTEST_WORD = 8
"""Of a value of several words (`Bearer …`) each is a secret that is at least so long."""

_SECRET = re.compile(
    r"TOKEN|SECRET|PASS|PWD|CREDENTIAL|KEY|AUTH|COOKIE|SESSION|SIGNATURE|PRIVATE|DSN|WEBHOOK", re.IGNORECASE
)
_USERINFO = re.compile(r"\b[a-z][a-z0-9+.-]*://([^\s/@?#]*):([^\s/@?#]+)@", re.IGNORECASE)


def covers_of(values: Iterable[str]) -> tuple[str, ...]:
    """Everything that is not to be shown, the longest first, so that no end of one stays behind."""
    found = {form for value in values for form in _forms(value) if len(form) >= SHORTEST_SECRET}
    return tuple(sorted(found, key=len, reverse=True))


def looks_secret(name: str) -> bool:
    """Whether something of that name is likely to hold a secret."""
    return _SECRET.search(name) is not None


def passwords_in(text: str) -> list[str]:
    """The passwords of the addresses that stand in a text."""
    return [password for _, password in _USERINFO.findall(text)]


def cover(text: str, covers: Iterable[str]) -> str:
    """The text with these values covered."""
    for each in covers:
        text = text.replace(each, COVER)
    return text


def _forms(value: str) -> set[str]:
    """A value as it comes back: as it is, in an address, in JSON, in Base64; and the words of it."""
    words = {each for each in value.split() if len(each) >= SHORTEST_WORD} if " " in value else set()
    plain = {value, value.strip(), *words}
    return plain | {
        form
        for each in plain
        for form in (
            quote(each, safe=""),
            quote_plus(each),
            json.dumps(each)[1:-1],
            base64.b64encode(each.encode()).decode(),
            base64.b64encode(each.encode()).decode().rstrip("="),
        )
    }
