"""Tasks: work that goes on after its request was answered: strongly held, never silent, drained at shutdown."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

log = logging.getLogger(__name__)


class Tasks:
    """A set of running tasks. The event loop alone holds a task only weakly, and may lose it half-way."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._running)

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Start it, hold it until it ends, and log what it raises."""
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def drain(self, within: timedelta) -> list[str]:
        """Wait for all that runs, and for what that starts; cancel and name what takes longer."""
        loop = asyncio.get_running_loop()
        end = loop.time() + within.total_seconds()
        while self._running and loop.time() < end:
            await asyncio.wait(set(self._running), timeout=end - loop.time())
        late = set(self._running)
        for task in late:
            log.warning("%s did not end within %s and was cancelled.", task.get_name(), within)
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return sorted(task.get_name() for task in late)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("%s failed.", task.get_name(), exc_info=task.exception())
