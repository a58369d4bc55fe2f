"""Ports: what the sender needs from the outbox's store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from bot.notices import Notice


class Parcel(Protocol):
    """One notice, taken by one sender until its lease ends. `attempts` counts this one too."""

    @property
    def id(self) -> int: ...
    @property
    def lane(self) -> str: ...
    @property
    def living(self) -> str | None: ...
    @property
    def notice(self) -> Notice | object:
        """The notice, or something else if it can't be read any more."""
        ...

    @property
    def created_at(self) -> datetime: ...
    @property
    def attempts(self) -> int: ...


class Anchor(Protocol):
    """Where a living message stands, and what it shows."""

    @property
    def channel(self) -> str: ...
    @property
    def ts(self) -> str: ...
    @property
    def body_digest(self) -> str: ...


class Depth(Protocol):
    """How much waits to be sent, and how much never will be."""

    @property
    def waiting(self) -> int: ...
    @property
    def failing(self) -> int: ...
    @property
    def given_up(self) -> int: ...


P = TypeVar("P", bound=Parcel)


class Anchors(Protocol):
    """Where living messages stand."""

    async def anchor(self, name: str) -> Anchor | None:
        """Where that living message stands."""
        ...

    async def keep_anchor(self, name: str, channel: str, ts: str, body_digest: str, now: datetime) -> None:
        """It stands there now, and shows that."""
        ...

    async def forget_anchor(self, name: str) -> None:
        """It is gone."""
        ...


class OutboxStore(Anchors, Protocol[P]):
    """What waits to be told. Of each lane only the oldest is handed out, so that nothing overtakes anything."""

    async def claim(self, now: datetime, owner: str, lease: timedelta, limit: int) -> Sequence[P]:
        """Take what is due, for as long as the lease. It comes again if nothing is heard until then."""
        ...

    async def sent(self, parcel: P, now: datetime) -> None:
        """It has arrived."""
        ...

    async def later(self, parcel: P, until: datetime, error: str) -> bool:
        """It could not be sent now; again from that moment on."""
        ...

    async def drop(self, parcel: P, reason: str) -> bool:
        """It can't be sent at all; what waits behind it goes on."""
        ...

    async def next_moment(self) -> datetime | None:
        """When something that is held back becomes due."""
        ...

    async def depth(self) -> Depth:
        """How much is there."""
        ...
