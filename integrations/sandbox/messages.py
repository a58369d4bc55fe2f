"""Messages: what stands in a channel. Each version is frozen, so an old copy stays what somebody saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

Block: TypeAlias = Mapping[str, Any]
View: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reaction:
    """One emoji under a message, and who put it there."""

    name: str
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class File:
    """A file that the app uploaded. It is usable in a message once it is `ready`."""

    id: str
    name: str
    title: str
    mimetype: str
    size: int
    created: int
    user: str
    alt_text: str = ""
    content: bytes = b""
    ready: bool = False
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One version of one message. `ephemeral_to` names the only person who sees it."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: tuple[Block, ...] = ()
    bot_id: str | None = None
    thread_ts: str | None = None
    reply_broadcast: bool = False
    metadata: Mapping[str, Any] | None = None
    edited: Mapping[str, str] | None = None
    reactions: tuple[Reaction, ...] = ()
    ephemeral_to: str | None = None
    files: tuple[File, ...] = ()
    username: str | None = None
    version: int = 1

    @property
    def is_reply(self) -> bool:
        """Whether it stands in a thread under another message."""
        return self.thread_ts is not None and self.thread_ts != self.ts

    def with_reaction(self, name: str, user: str) -> Message:
        """The same message with that person's emoji under it."""
        others = tuple(reaction for reaction in self.reactions if reaction.name != name)
        users = next((reaction.users for reaction in self.reactions if reaction.name == name), ())
        return replace(self, reactions=(*others, Reaction(name, tuple(dict.fromkeys((*users, user))))))

    @property
    def at(self) -> float:
        """The moment it was written, in seconds since 1970."""
        return float(self.ts)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person's own client says, which is not a message: "/release failed with the error …"."""

    user: str
    text: str
    at: datetime
    channel: str | None = None
    error: str = ""
