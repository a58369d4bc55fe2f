"""The ground: prepares all that the demo stands on, and runs its two environments.

ground = await prepare(folder)
async with ground.running():
    …
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

import integrations
from integrations.demo.catalogue import catalogue_text
from integrations.demo.places import Place
from integrations.demo.repository import GroundError, named, write
from integrations.demo.seed import STANDING, Earlier, seed

ENVIRONMENTS = ("staging", "production")
SERVICE = "payments"
UP_WITHIN = 15.0


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything the demo stands on."""

    folder: Path
    repository: Path
    ports: Mapping[str, int]
    """By environment."""
    commits: Mapping[str, str]
    """SHAs by name: the tags and branches, `candidate` (in which QA will find something), `fix`, and `broken`."""
    catalogue: str
    """The text of `slipway.yaml`."""
    seed: tuple[Earlier, ...]
    """What was released before; the newest of it stands in both environments."""

    @property
    def addresses(self) -> Mapping[str, str]:
        """Where each environment is looked at."""
        return _addresses(self.ports)

    @property
    def state(self) -> Path:
        """Where the command deployer keeps what it started."""
        return self.folder / "deployments"

    def tell_ci(self, address: str, secret: str) -> None:
        """Note where Slipway hears what CI reports, and what that is signed with."""
        _note(self.folder, ci={"address": address, "secret": secret})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Ground]:
        """Both environments, up; whatever ends this process, even a kill, ends them too."""
        processes: dict[str, Process] = {}
        _note(self.folder, playing=secrets.token_hex(8), ci=None)
        try:
            for name, port in self.ports.items():
                processes[name] = await self._start(name, port)
            await asyncio.gather(*(self._see_it_up(name, process) for name, process in processes.items()))
            yield self
        finally:
            _note(self.folder, playing=None, ci=None)  # a deploy program that is at work now stops
            await asyncio.gather(*(_stop(each) for each in processes.values()))

    async def _start(self, name: str, port: int) -> Process:
        place = self.folder / "environments" / name
        with (place / "service.log").open("wb") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "integrations.demo.service", "--environment", name),
                *("--port", str(port), "--state", str(place)),
                # It ends when this pipe does: the system closes it for us however we end.
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(_root())},
                start_new_session=True,  # Ctrl-C in the terminal is for us; we end it in our turn
            )

    def _last_words(self, name: str) -> str:
        log = self.folder / "environments" / name / "service.log"
        return (log.read_text(errors="replace").strip().splitlines() or ["it gave no reason"])[-1]

    async def _see_it_up(self, name: str, process: Process) -> None:
        try:
            async with asyncio.timeout(UP_WITHIN), aiohttp.ClientSession() as session:
                while not await _is_up(session, f"{self.addresses[name]}/version", name):
                    if process.returncode is not None:
                        raise GroundError(f"{name} did not start: {self._last_words(name)}")
                    await asyncio.sleep(0.05)
        except TimeoutError as trouble:
            raise GroundError(f"{name} did not answer within {UP_WITHIN:g} seconds.") from trouble


async def prepare(
    folder: Path, *, ports: Mapping[str, int] | None = None, pace: float = 1.0, fresh: bool = False
) -> Ground:
    """Prepare the ground in this folder; what is there already is kept, so a second time is quick.

    `pace` is how long the deploy program takes (1: about four seconds, 0: at once). `fresh` puts the environments back
    to where the demo begins, for a new record.
    """
    return await asyncio.to_thread(_prepare, folder, ports, pace, fresh)


def _prepare(folder: Path, ports: Mapping[str, int] | None, pace: float, fresh: bool) -> Ground:
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    repository = folder / SERVICE
    if write(repository) or fresh:
        shutil.rmtree(folder / "environments", ignore_errors=True)
        shutil.rmtree(folder / "deployments", ignore_errors=True)
    commits = named(repository)
    for name in ENVIRONMENTS:
        place = Place(folder / "environments" / name)
        if place.standing() is None:
            put = place.check_out(repository, commits[STANDING], STANDING.removeprefix("v"))
            for _ in place.migrate(put):
                pass
            place.switch(put)
    chosen = dict(ports) if ports is not None else _ports(folder)
    addresses = _addresses(chosen)
    _note(folder, service=SERVICE, addresses=addresses, ports=chosen, playing=None)
    text = catalogue_text(folder, repository, addresses, pace)
    return Ground(folder, repository, chosen, commits, text, seed(commits))


def _note(folder: Path, **news: Any) -> None:
    """Note what the deploy program has to know, beside what is noted already."""
    noted: dict[str, Any] = {}
    with contextlib.suppress(FileNotFoundError, ValueError):
        noted = json.loads((folder / "ground.json").read_text())
    draft = folder / ".ground.json"
    draft.write_text(json.dumps(noted | news, indent=1))
    draft.replace(folder / "ground.json")


def _ports(folder: Path) -> dict[str, int]:
    """The ports of the last time, where they are still free; others else, so that nothing is in anybody's way."""
    last: dict[str, Any] = {}
    with contextlib.suppress(FileNotFoundError, ValueError, KeyError):
        last = json.loads((folder / "ground.json").read_text())["ports"]
    with contextlib.ExitStack() as held:
        return {name: _free(held, int(last.get(name, 0))) for name in ENVIRONMENTS}


def _free(held: contextlib.ExitStack, wanted: int) -> int:
    """A free port; all of them are held until the last one is found, so that they differ."""
    for port in (wanted, 0):
        taken = held.enter_context(socket.socket())
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            taken.bind(("127.0.0.1", port))
            return int(taken.getsockname()[1])
    raise GroundError("This machine has no free port left.")


def _addresses(ports: Mapping[str, int]) -> dict[str, str]:
    return {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}


def _root() -> Path:
    return Path(integrations.__path__[0]).parent


async def _is_up(session: aiohttp.ClientSession, address: str, name: str) -> bool:
    """Whether this environment answers there, and not something else that happens to."""
    try:
        async with session.get(address, timeout=aiohttp.ClientTimeout(total=1)) as answer:
            return bool((await answer.json()).get("environment") == name)
    except (aiohttp.ClientError, TimeoutError, ValueError, AttributeError):
        return False


async def _stop(process: Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), 5)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
