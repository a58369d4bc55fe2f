"""A site: the demo's ground with really served versions, a workspace, and Slipway's program in processes of its own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from bot.before_the_demo import put_on_record
from bot.demo import a_workspace
from bot.rules.people import Person, PersonId, RoleName
from integrations.database.engine import open_engines
from integrations.database.readings import DatabaseReadings
from integrations.database.records import DatabaseRecords
from integrations.demo.ground import Ground, prepare
from integrations.demo.people import GROUPS, PEOPLE
from integrations.engine import prepare as prepare_engine
from integrations.readings import PersonRead, RoleRead
from integrations.sandbox.server import APP_TOKEN, BOT_TOKEN, Sandbox
from integrations.sandbox.workspace import Workspace
from integrations.tokens import Signer
from tests.fakes import RecordingStarter
from tests.stories.conftest import free_port

ROOT = Path(__file__).parents[2]
KEY = "what-tokens-are-signed-with-" + "2718" * 5


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """All of it."""
        return self.out + self.err


@dataclass
class Site:
    """Everything that is there."""

    ground: Ground
    workspace: Workspace
    sandbox: Sandbox
    settings: dict[str, str]
    home: Path
    tokens: dict[str, str] = field(default_factory=dict)

    @asynccontextmanager
    async def started(self, *words: str, **environment: str) -> AsyncIterator[Process]:
        """The program, at work with these words."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", *words),
            cwd=self.home,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                "HOME": str(self.home),
                "TZ": "UTC",
                **self.settings,
                **environment,
            },
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.communicate()

    async def types(self, *words: str, by: str = "", within: float = 120, **environment: str) -> Ended:
        """Type a command and wait for its end, in the name of whoever has been given a token."""
        if by:
            environment["SLIPWAY_TOKEN"] = self.tokens[by]
        async with self.started(*words, **environment) as process, asyncio.timeout(within):
            out, err = await process.communicate()
        assert process.returncode is not None
        ended = Ended(process.returncode, out.decode(), err.decode())
        assert "Traceback" not in ended.said, ended.said
        assert not any(token in ended.said for token in self.tokens.values())
        return ended

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Process]:
        """A Slipway at work, as a process of its own; at the end it is told to stop."""
        port = free_port()
        async with self.started("run", SLIPWAY_LISTEN=f"127.0.0.1:{port}") as process:
            await self._until_ready(port, process)
            yield process
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                await asyncio.wait_for(process.wait(), 60)

    async def is_given_a_token(self, name: str) -> str:
        """They ask for one in Slack, and put it aside."""
        desk = self.workspace.desk(name)
        await desk.types("payments", "/deploy token 30 days")
        async with asyncio.timeout(60):
            while not (found := self._token_for(name)):  # noqa: ASYNC110 - another process is waited for
                await asyncio.sleep(0.05)
        self.tokens[name] = found
        return found

    async def has_a_past(self, *names: str) -> None:
        """A Slipway was at work here a while ago: these people have a token, and Slack's word on everybody is kept."""
        engines, at = open_engines(self.settings["SLIPWAY_DATABASE_URL"]), datetime.now(UTC) - timedelta(minutes=14)
        roles = {"release-manager": "S0RELMGRS", "qa": "S0QA", "change-manager": "S0CHANGE", "on-call": "S0ONCALL"}
        members = {each.id: frozenset(map(PersonId, each.members)) for each in GROUPS}
        try:
            await DatabaseReadings(engines).keep(
                [
                    *(RoleRead(RoleName(role), members[group], at, group) for role, group in roles.items()),
                    *(PersonRead(Person(PersonId(each.id), each.real_name, each.tz), at) for each in PEOPLE),
                ]
            )
            async with DatabaseRecords(engines, RecordingStarter(), lambda: None).open() as page:
                for name in names:
                    person = PersonId(self.workspace.person(name).id)
                    token = await page.add_token(person, at, at + timedelta(days=30))
                    self.tokens[name] = Signer(KEY).sign(token)
                await page.commit()
        finally:
            await engines.dispose()

    def takes_its_time(self) -> None:
        """From now on a deployment takes some seconds."""
        catalogue = Path(self.settings["SLIPWAY_CATALOGUE"])
        catalogue.write_text(catalogue.read_text("utf-8").replace('"--pace", "0"', '"--pace", "1"'), "utf-8")

    async def served(self, environment: str) -> str:
        """The version that is really served there."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.ground.addresses[environment]}/version") as got,
        ):
            told: Mapping[str, str] = await got.json()
        return told["version"]

    def read(self, channel: str) -> str:
        """Everything that was said in a channel, threads included."""
        there = self.workspace.messages.get(self.workspace.channel(channel).id, [])
        return "\n".join(f"{each.text} {each.blocks}" for each in there if not each.ephemeral_to)

    async def until(self, true: object, within: float = 120) -> None:
        """Wait until that is so."""
        assert callable(true)
        async with asyncio.timeout(within):
            while not true():  # noqa: ASYNC110 - another process is waited for
                await asyncio.sleep(0.05)

    async def _until_ready(self, port: int, process: Process) -> None:
        async with aiohttp.ClientSession() as session, asyncio.timeout(120):
            while True:
                assert process.returncode is None, await process.communicate()
                with suppress(aiohttp.ClientError):
                    async with session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.1)

    def _token_for(self, name: str) -> str:
        person = self.workspace.person(name).id
        everything = (each for there in self.workspace.messages.values() for each in there)
        private = [f"{each.text} {each.blocks}" for each in everything if each.ephemeral_to == person]
        found = re.findall(r"slipway_[\w.-]+", "\n".join(private))
        return found[-1] if found else ""


@asynccontextmanager
async def a_site(folder: Path, database_url: str) -> AsyncIterator[Site]:
    """2.3.9 stands in both environments, and 2.3.8 stood there before; no Slipway is at work yet."""
    ground = await prepare(folder / "ground", pace=0, fresh=True)
    catalogue = folder / "slipway.yaml"
    catalogue.write_text(ground.catalogue, "utf-8")
    await prepare_engine(database_url)
    await put_on_record(database_url, ground.seed)
    workspace = a_workspace()
    async with ground.running(), Sandbox(workspace, rate_limits="off") as sandbox:
        settings = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_API_URL": sandbox.api_url,
            "SLIPWAY_DATABASE_URL": database_url,
            "SLIPWAY_CATALOGUE": str(catalogue),
            "SLIPWAY_TOKEN_KEY": KEY,
        }
        yield Site(ground, workspace, sandbox, settings, folder)
