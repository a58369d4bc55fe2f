"""Tokens: signed words that say who speaks in a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.rules.people import PersonId
from bot.rules.token import Token, TokenId


@dataclass(frozen=True, slots=True)
class SignedToken:
    """What a token says of itself, and its signature proves."""

    id: TokenId
    person: PersonId
    made_at: datetime


class TokenSigner(Protocol):
    """Writes personal tokens, and knows its own."""

    def sign(self, token: Token) -> str:
        """What its owner is told, and nobody else."""
        ...

    def read(self, text: str) -> SignedToken | None:
        """What it says; None if it is forged, cut off, or somebody else's."""
        ...
