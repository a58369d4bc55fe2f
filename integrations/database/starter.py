"""What a page needs to start durable work: something that writes it into the very transaction that the page commits."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Connection

from bot.ports import Work


class WorkStarter(Protocol):
    """Called inside the page's transaction, on its connection, which it must neither commit nor close."""

    def start(self, connection: Connection, work: Work, key: int) -> None:
        """Write down that this work is to begin. Its commit begins it; anything else leaves nothing."""
        ...

    def nudge(self, connection: Connection, work: Work, key: int, word: str) -> None:
        """Write down a word for that work. Its commit sends it; anything else leaves nothing."""
        ...
