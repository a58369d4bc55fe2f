"""The catalogue in force: reloaded when its file changes; a bad edit leaves the good one standing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from watchfiles import Change, awatch

from bot.catalogue.loading import SettingsCheck, from_text, text_of
from bot.catalogue.problem import Problem
from bot.rules.policy import Catalogue

log = logging.getLogger(__name__)

OnChange = Callable[[Catalogue, Catalogue], Awaitable[None]]
OnProblem = Callable[[Sequence[Problem]], Awaitable[None]]


class CatalogueHolder:
    """Holds the catalogue that is in force, and follows its file."""

    def __init__(
        self,
        current: Catalogue,
        path: Path,
        *,
        deployers: Mapping[str, SettingsCheck],
        on_change: OnChange,
        on_problem: OnProblem,
    ) -> None:
        """`on_change(old, new)` after a good edit is in force; `on_problem(problems)` once per distinct bad edit."""
        self._current = current
        self._path = path.absolute()
        self._shown = path
        self._deployers = deployers
        self._on_change = on_change
        self._on_problem = on_problem
        self._bad: list[str] | None = None
        self._one_at_a_time = asyncio.Lock()

    @property
    def current(self) -> Catalogue:
        """What is agreed at this moment."""
        return self._current

    async def reload(self) -> list[Problem]:
        """Read the file again. Returns what is wrong with it; then nothing has changed."""
        async with self._one_at_a_time:
            # Reading a long file takes longer than the loop may be kept waiting.
            found = await asyncio.to_thread(self._read)
            if isinstance(found, Catalogue):
                self._bad = None
                await self._take(found)
                return []
            await self._refuse(found)
            return found

    async def follow(self, stop: asyncio.Event) -> None:
        """Reload whenever the file changes, or the process is told to (SIGHUP), until stopped."""
        real = self._path.resolve()
        # The folders, not the file: editors and Kubernetes put a new file (or link) in the old one's place.
        folders = {self._path.parent, real.parent}
        names = {self._path.name, real.name}

        def concerns_us(_change: Change, path: str) -> bool:
            # The database often lies in the same folder and changes all the time; `..data` is Kubernetes' link.
            name = Path(path).name
            return name in names or name.startswith("..")

        async with self._hangups():
            async for _ in awatch(
                *folders, stop_event=stop, recursive=False, debounce=200, step=20, watch_filter=concerns_us
            ):
                await self.reload()

    @contextlib.asynccontextmanager
    async def _hangups(self) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        tasks: set[asyncio.Task[list[Problem]]] = set()

        def reload_soon() -> None:
            task = loop.create_task(self.reload())
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        try:
            loop.add_signal_handler(signal.SIGHUP, reload_soon)
        except (NotImplementedError, RuntimeError, ValueError):
            yield  # not the main thread, or a system without signals: the file is followed all the same
            return
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGHUP)
            await asyncio.gather(*tasks)

    def _read(self) -> Catalogue | list[Problem]:
        text = text_of(self._path)
        if isinstance(text, Problem):
            return [text]
        return from_text(text, deployers=self._deployers, base=self._path.parent, file=str(self._shown))

    async def _take(self, new: Catalogue) -> None:
        old = self._current
        if new == old:
            return
        self._current = new
        log.info("The catalogue was reloaded from %s.", self._shown)
        try:
            await self._on_change(old, new)
        except Exception:  # the boundary of the follower: what listens may fail, following must go on
            log.exception("The catalogue is in force, but what should follow from the change has failed.")

    async def _refuse(self, problems: list[Problem]) -> None:
        told = [str(problem) for problem in problems]
        if told == self._bad:
            return
        log.error("The catalogue was not reloaded; the one in force stays:\n%s", "\n".join(told))
        try:
            await self._on_problem(problems)
            self._bad = told
        except Exception:  # as above; and since nobody was told, the next look at the file tries again
            log.exception("The catalogue's owners could not be told that it is wrong.")
