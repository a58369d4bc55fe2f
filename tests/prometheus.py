"""A real Prometheus on this machine, and a small service that it scrapes."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

PROMETHEUS = shutil.which("prometheus")

needs_prometheus = pytest.mark.skipif(
    PROMETHEUS is None, reason="There is no Prometheus on this machine; Debian's package “prometheus” has one."
)

_CONFIG = """\
global: {{scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 1h}}
scrape_configs:
  - job_name: service
    static_configs: [{{targets: ["{target}"]}}]
"""
_LOOKS = 0.05
"""Seconds between two looks whether something has come about."""


class Exporter:
    """Whatever a test says that is measured, in Prometheus's own text form, at `/metrics`."""

    def __init__(self) -> None:
        self.lines: dict[str, str] = {}

    def gives(self, series: str, value: float) -> None:
        """From now on that series has this value; `series` as in PromQL: `errors{service="payments"}`."""
        self.lines[series] = {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}.get(str(value), str(value))

    def forgets(self, series: str) -> None:
        """It is measured no more."""
        self.lines.pop(series, None)

    async def answer(self, request: web.Request) -> web.Response:
        """What is measured."""
        return web.Response(text="".join(f"{series} {value}\n" for series, value in self.lines.items()))


@asynccontextmanager
async def served(*routes: web.AbstractRouteDef) -> AsyncIterator[str]:
    """These routes on a port of this machine; its `host:port`."""
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def real_prometheus(folder: Path, target: str) -> AsyncIterator[str]:
    """A Prometheus that scrapes that `host:port` five times a second; its address. Its Debian service isn't needed."""
    assert PROMETHEUS is not None, "else this is skipped"
    config, address = folder / "prometheus.yml", f"127.0.0.1:{_free_port()}"
    config.write_text(_CONFIG.format(target=target), "utf-8")
    with (folder / "prometheus.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            PROMETHEUS,
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'prometheus-data'}",
            f"--web.listen-address={address}",
            "--log.level=warn",
            stdout=log,
            stderr=log,
        )
        try:
            async with aiohttp.ClientSession() as session:
                while not await _is_ready(session, address):
                    assert process.returncode is None, (folder / "prometheus.log").read_text("utf-8")
                    await asyncio.sleep(_LOOKS)
            yield f"http://{address}"
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


async def _is_ready(session: aiohttp.ClientSession, address: str) -> bool:
    with contextlib.suppress(aiohttp.ClientError, OSError):
        async with session.get(f"http://{address}/-/ready") as response:
            return response.status == 200
    return False
