"""Courier: brings what happened to the app, by whichever way it is reached; events again and again, the rest once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Protocol

from integrations.sandbox.faults import Faults
from integrations.sandbox.link import Answer, Kind


class Transport(Protocol):
    """Socket Mode or signed HTTP."""

    async def deliver(self, kind: Kind, payload: Mapping[str, Any], *, attempt: int = 0, reason: str = "") -> Answer:
        """Make one attempt."""
        ...


class Courier:
    """The link of a workspace to its app."""

    def __init__(self, transport: Transport, *, faults: Faults, retries: Sequence[float]) -> None:
        self.url = ""
        self.away = False
        self.undelivered: list[dict[str, Any]] = []
        self._transport = transport
        self._faults = faults
        self._retries = retries
        self._tasks: set[asyncio.Task[Any]] = set()

    async def request(self, kind: Kind, payload: dict[str, Any]) -> Answer:
        """Send a command or an interaction and wait for the answer; it is never sent again."""
        if self.away:
            return Answer(error="service_unavailable")
        if self._faults.take_duplicate():
            self._spawn(self._transport.deliver(kind, payload))
        return await self._transport.deliver(kind, payload)

    def event(self, payload: dict[str, Any]) -> None:
        """Send an event in the background."""
        if self._faults.take_duplicate():
            self._spawn(self._deliver_event(payload))
        self._spawn(self._deliver_event(payload))

    async def settle(self) -> None:
        """Wait until everything that is on its way has arrived, or was given up."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self) -> None:
        """Give up on everything that is still on its way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _deliver_event(self, payload: dict[str, Any]) -> None:
        reason = ""
        for attempt, pause in enumerate((0.0, *self._retries)):
            await asyncio.sleep(pause)
            if self.away:
                reason = "connection_failed"
                continue
            answer = await self._transport.deliver("events_api", payload, attempt=attempt, reason=reason)
            if answer.ok and not self._faults.take_lost_ack():
                return
            reason = {"": "timeout", "operation_timeout": "timeout", "dispatch_failed": "connection_failed"}.get(
                answer.error, answer.error
            )
        self.undelivered.append(payload)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
