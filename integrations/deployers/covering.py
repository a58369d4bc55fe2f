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
_USERINFO = re.compile(r"\b([a-z][a-z0-9+.-]{0,20}://[^\s/@?#:]{0,200}:)([^\s/@?#]{1,200})@", re.IGNORECASE)
"""A user with a password in an address. Measured, so that nobody's text takes long."""


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
    """The text with these values covered, and whatever else shows itself to be a password: that of an address."""
    for each in covers:
        text = text.replace(each, COVER)
    return _USERINFO.sub(rf"\1{COVER}@", text)


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
            *_within_base64(each.encode()),
        )
    }


def _within_base64(value: bytes) -> set[str]:
    """What is always the same where it stands within something that was encoded as a whole, such as `user:password`."""
    found = set()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + value).decode()
        own = encoded[-(-before * 8 // 6) : (before + len(value)) * 8 // 6]
        if len(own) >= SHORTEST_WORD:
            found |= {own, own.replace("+", "-").replace("/", "_")}
    return found
