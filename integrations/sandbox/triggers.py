"""Triggers: the three seconds in which an app may open a form in front of somebody who just did something."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

LIFETIME = timedelta(seconds=3)


class TriggerRefusedError(Exception):
    """A trigger that is unknown, too old, or was used; the text is Slack's name for it."""


@dataclass(slots=True)
class Trigger:
    """Leave to open one form for one person; `view_id` is the form it was pressed in, if any."""

    user: str
    issued: datetime
    view_id: str | None = None
    used: bool = False


class Triggers:
    """All triggers that were given out."""

    def __init__(self, *, now: Callable[[], datetime]) -> None:
        self._now = now
        self._given: dict[str, Trigger] = {}

    def issue(self, user: str, *, view_id: str | None = None) -> str:
        """Give out a new one."""
        moment = self._now()
        trigger_id = f"{int(moment.timestamp() * 1000)}.{len(self._given) + 1}.{secrets.token_hex(16)}"
        self._given[trigger_id] = Trigger(user, moment, view_id)
        return trigger_id

    def look_up(self, trigger_id: str) -> Trigger:
        """Find one that may still be used; it is marked as used by whoever goes through with it."""
        trigger = self._given.get(trigger_id)
        if trigger is None:
            raise TriggerRefusedError("invalid_trigger_id")
        if trigger.used:
            raise TriggerRefusedError("exchanged_trigger_id")
        if self._now() - trigger.issued > LIFETIME:
            raise TriggerRefusedError("expired_trigger_id")
        return trigger
