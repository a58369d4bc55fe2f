"""A network cable to the database that a test can pull: connections go through here, until they don't."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import URL, make_url


class Cable:
    """Between Slipway and the server. `url` is the database's address through it."""

    def __init__(self, url: str) -> None:
        self._to = make_url(url)
        self._loop = asyncio.new_event_loop()
        self._open = asyncio.Event()
        self._open.set()
        self._refuses = False
        self._through: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.tries = 0
        """How many connections were asked for."""

    @property
    def url(self) -> str:
        assert self._server is not None, "the cable is not plugged in"
        host, port = self._server.sockets[0].getsockname()
        through: URL = self._to.set(host=host, port=port).difference_update_query(["host", "port"])
        return through.render_as_string(hide_password=False)

    def hangs(self) -> None:
        """From now on nothing comes through, and nobody is told."""
        self._do(self._open.clear)

    def breaks(self) -> None:
        """Every connection is reset, and every new one."""

        def break_it() -> None:
            self._refuses = True
            self._open.set()
            self._reset()

        self._do(break_it)

    def is_whole_again(self, *, old_ones_too: bool = True) -> None:
        """Everything comes through. What hung before goes on, or is gone for good without `old_ones_too`."""

        def mend_it() -> None:
            self._refuses = False
            if not old_ones_too:
                self._reset()
            self._open.set()

        self._do(mend_it)

    def _do(self, act: Callable[[], None]) -> None:
        """On the cable's own loop."""

        async def acted() -> None:
            act()

        asyncio.run_coroutine_threadsafe(acted(), self._loop).result(10)

    def _reset(self) -> None:
        for writer in self._through:
            writer.transport.abort()

    async def _unplug(self) -> None:
        assert self._server is not None, "the cable is plugged in"
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tries += 1
        self._through.add(writer)
        try:
            if self._refuses:
                return
            await self._open.wait()
            there = await self._connected()
            self._through.add(there[1])
            try:
                both = (self._carry(reader, there[1]), self._carry(there[0], writer))
                done, rest = await asyncio.wait(
                    [asyncio.create_task(each) for each in both], return_when=asyncio.FIRST_COMPLETED
                )
                for each in rest:
                    each.cancel()
                await asyncio.gather(*done, *rest, return_exceptions=True)
            finally:
                self._through.discard(there[1])
                there[1].transport.abort()
        except (OSError, asyncio.CancelledError):
            return  # the server is down: so is whoever asked
        finally:
            self._through.discard(writer)
            writer.transport.abort()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        folder = self._to.query.get("host")
        port = self._to.query.get("port", self._to.port or 5432)
        if isinstance(folder, str) and folder.startswith("/"):
            return await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.{port}")
        return await asyncio.open_connection(self._to.host, int(str(port)))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._open.wait()
                writer.write(data)
                await writer.drain()


@contextmanager
def a_cable(url: str) -> Iterator[Cable]:
    """A cable to that database, on a thread of its own: whoever uses it may block for an answer."""
    cable = Cable(url)
    thread = threading.Thread(target=cable._loop.run_forever, name="the cable")
    thread.start()
    opening = asyncio.start_server(cable._serve, "127.0.0.1", 0)
    cable._server = asyncio.run_coroutine_threadsafe(opening, cable._loop).result(10)
    try:
        yield cable
    finally:
        asyncio.run_coroutine_threadsafe(cable._unplug(), cable._loop).result(10)
        cable._loop.call_soon_threadsafe(cable._loop.stop)
        thread.join()
        cable._loop.close()
