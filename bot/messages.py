"""Messages: what is sent to people, and what may become of it. Handlers make them; a messenger sends them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.notices import Notice


@dataclass(frozen=True, slots=True)
class Message:
    """One message, ready to be sent."""

    channel: str
    """A channel's id; a person's id makes it a private message."""
    text: str
    """All of it in plain words: what notifications show and screen readers read."""
    blocks: Sequence[dict[str, Any]] = field(default_factory=tuple)
    thread_of: str | None = None
    """The living message in whose thread it belongs, by name."""
    broadcast: bool = False
    """Whether a line in a thread shows in the channel too."""
    living: str | None = None
    """The living message that this is the newest state of, by name: posted once, edited in place from then on."""
    not_before: datetime | None = None
    """Until then it is not posted; what stands already is edited, which disturbs nobody."""

    @property
    def digest(self) -> str:
        """The same for the same content, so that nothing is edited into itself."""
        told = json.dumps([self.text, list(self.blocks)], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(told.encode()).hexdigest()[:32]


Render = Callable[[Notice], Coroutine[Any, Any, Message | None]]
"""Draws a notice from the newest facts; None when there is nothing (any more) to tell."""


class MessengerError(Exception):
    """The messenger did not do it; the message says why, for the log.

    `code` is the messenger's own word for a refusal, empty where it could not be asked. `wait`: nothing was done, and
    it would be after so many seconds.
    """

    def __init__(self, message: str, *, code: str = "", wait: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.wait = wait
