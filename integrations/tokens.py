"""Personal tokens, signed: what they say can be read by anybody, and written by nobody without the key."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from itsdangerous import BadData, URLSafeSerializer

from bot.ports import SignedToken
from bot.rules.people import PersonId
from bot.rules.token import Token, TokenId

PREFIX = "slipway_"
"""What every token begins with, so that it is known wherever it lies about."""

_LONGEST = 1000


class Signer:
    """Signs with one key; another key makes all tokens of this one worthless."""

    def __init__(self, key: str) -> None:
        self._serializer = URLSafeSerializer(
            key, salt="slipway personal token", signer_kwargs={"digest_method": hashlib.sha256}
        )

    def sign(self, token: Token) -> str:
        """What its owner is told."""
        moment = token.made_at.astimezone(UTC).isoformat()
        text = self._serializer.dumps([token.id, token.person, moment])
        assert isinstance(text, str), "the serializer's own words are text"
        return f"{PREFIX}{text}"

    def read(self, text: str) -> SignedToken | None:
        """What it says; None if this key never signed it."""
        if not text.startswith(PREFIX) or len(text) > _LONGEST or not text.isascii():
            return None
        try:
            number, person, moment = self._serializer.loads(text.removeprefix(PREFIX))
        except BadData:
            return None
        return SignedToken(TokenId(number), PersonId(person), datetime.fromisoformat(moment))
