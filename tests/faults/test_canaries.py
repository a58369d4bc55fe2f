"""Canaries: every secret that there is gets a value that can be seen, whole deployments go by, and it is seen nowhere.

The program is a process of its own with its log at its loudest. What it deploys to repeats all that it was sent, in
every form and place that it can think of.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.demo import a_workspace
from bot.rules.deployment import Attempt, Deployment, DeploymentId
from integrations.database.engine import open_engines
from integrations.database.records import DatabaseRecords
from integrations.deployers.key import key_of
from integrations.engine import prepare as prepare_engine
from integrations.sandbox.server import Sandbox
from integrations.sandbox.workspace import Workspace
from tests.deployers.contract.patience import AT_REST
from tests.deployers.target import Machine, at_work, sign
from tests.fakes import RecordingStarter
from tests.stories.conftest import free_port

pytestmark = pytest.mark.timeout(480)  # several programs, one after the other

ROOT = Path(__file__).parents[2]
MARK = "c4n4ry"
"""What is in every secret here."""


def canary(name: str) -> str:
    """A secret of that name, long enough for every use, that can't be mistaken for anything else."""
    return f"{MARK}{name}{'0123456789abcdef' * 2}"


SETTINGS = {
    "SLACK_BOT_TOKEN": f"xoxb-{canary('bot')}",
    "SLACK_APP_TOKEN": f"xapp-1-{canary('app')}",
    "SLIPWAY_WEBHOOK_SECRET": canary("checks"),
    "SLIPWAY_CALENDAR_KEY": canary("calendar"),
    "SLIPWAY_TOKEN_KEY": canary("tokens"),
}
VARIABLES = {
    "PAYMENTS_DEPLOY_SECRET": canary("secret"),
    "PAYMENTS_OLD_SECRET": canary("old"),
    "PAYMENTS_API_KEY": canary("api"),
    "PAYMENTS_BASIC": base64.b64encode(f"slipway:{canary('basic')}".encode()).decode(),
    "http_proxy": f"http://slipway:{canary('proxy')}@127.0.0.1:1",
    "no_proxy": "127.0.0.1,localhost",
}
PROGRAM = """#!/bin/sh
echo "$DEPLOY_TOKEN at $DATABASE"
env | base64 -w 0; echo
echo "I was given $DEPLOY_TOKEN, and connect to $DATABASE"
exit CODE
"""
CATALOGUE = """\
version: 1
owners: {{role: release-manager, channel: C0RELEASES}}
roles:
  release-manager: {{people: [U0MAYA]}}
services:
  payments:
    channel: C0PAYMENTS
    repository: {repository}
    environments:
      staging:
        deployer:
          command:
            program: [{program}, "{{commit}}"]
            artifact: [{program}, "{{commit}}"]
            environment: {{DEPLOY_TOKEN: {token}, DATABASE: "postgresql://slipway:{password}@db/payments"}}
      production:
        after: []
        deployer:
          webhook: &target
            start: {url}/deployments?token={query}
            status: {url}/deployments/{{key}}?token={query}
            artifact: {url}/artifacts/{{commit}}?token={query}
            secret: PAYMENTS_DEPLOY_SECRET
            previous_secret: PAYMENTS_OLD_SECRET
            callbacks: true
            headers: {{X-Api-Key: "${{PAYMENTS_API_KEY}}", Authorization: "Basic ${{PAYMENTS_BASIC}}"}}
      behind-a-proxy:
        after: []
        deployer: {{webhook: {{<<: *target, start: "http://deploy.localhost:1/?token={query}"}}}}
change_types:
  hotfix: {{keeps_order: false}}
"""
IN_CATALOGUE = {"token": canary("command"), "password": canary("database"), "query": canary("query")}


class Parrot(Machine):
    """A machine that repeats whatever it was sent, wherever it may say something."""

    repeats: str = "succeeded"
    """Which state it tells; `refused`, or `nonsense`, instead of telling one."""

    def __init__(self) -> None:
        super().__init__(secret=VARIABLES["PAYMENTS_DEPLOY_SECRET"])
        self.answers["/deployments"] = self.repeat

    @web.middleware
    async def door(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked.append((request.method, request.path_qs, dict(request.headers), await request.read()))
        return await self.repeat(request)

    async def repeat(self, request: web.Request) -> web.StreamResponse:
        said = " ".join([request.path_qs, *(f"{name}: {value}" for name, value in request.headers.items())])
        said += " " + " ".join(VARIABLES[name] for name in ("PAYMENTS_DEPLOY_SECRET", "PAYMENTS_OLD_SECRET"))
        everything = {"message": said, "ref": said, "error": said}
        if self.repeats == "nonsense":
            return web.Response(text=f"<html>{said}</html>")
        if self.repeats == "refused":
            return web.json_response(everything, status=422, reason="No")
        if self.repeats == "broken":
            return web.json_response(everything, status=500)
        told = {**everything, "url": f"https://deploy.example.com/?{request.query_string}", "state": self.repeats}
        told["steps"] = [{"name": said, "state": "done", "url": f"https://deploy.example.com/?{request.query_string}"}]
        return web.json_response(told)


class Place:
    """All that there is, and all that was said."""

    def __init__(self, folder: Path, url: str, database: str, workspace: Workspace, sandbox: Sandbox) -> None:
        self.folder, self.database, self.workspace = folder, database, workspace
        self.program, self.log = folder / "deploy", folder / "log"
        self.said: list[str] = []
        """What terminals and machines got to see."""
        self.port = free_port()
        (folder / "slipway.yaml").write_text(
            CATALOGUE.format(repository=folder / "code", program=self.program, url=url, **IN_CATALOGUE)
        )
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HOME": str(folder),
            "SLACK_API_URL": sandbox.api_url,
            "SLIPWAY_DATABASE_URL": database,
            "SLIPWAY_CATALOGUE": str(folder / "slipway.yaml"),
            "SLIPWAY_LISTEN": f"127.0.0.1:{self.port}",
            "SLIPWAY_LOG": "debug",
            **SETTINGS,
            **VARIABLES,
        }

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """The program is at work."""
        with self.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "run"),
                cwd=self.folder,
                env=self.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            await self._ready(process)
            yield
        finally:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), 60)

    async def _ready(self, process: Process) -> None:
        deadline = time.monotonic() + 120
        async with aiohttp.ClientSession() as session:
            while True:
                assert process.returncode is None, self.log.read_text()
                assert time.monotonic() < deadline
                with suppress(aiohttp.ClientError):
                    async with session.get(f"http://127.0.0.1:{self.port}/readyz") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.1)

    async def types(self, *words: str, **environment: str) -> int:
        """Somebody types that in a terminal."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", *words),
            cwd=self.folder,
            env={**self.environment, **environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        self.said.append(said.decode())
        assert process.returncode is not None
        return process.returncode

    async def posts(self, deployment: Deployment, body: dict[str, Any], secret: str) -> int:
        """The machine says that by itself."""
        raw = json.dumps(body).encode()
        where = f"http://127.0.0.1:{self.port}/webhooks/deployments/{deployment.name}"
        async with (
            aiohttp.ClientSession() as session,
            session.post(where, data=raw, headers=sign(raw, secret=secret)) as answer,
        ):
            self.said.append(await answer.text())
            return answer.status

    async def deployed(self, number: int, environment: str, *attempts: Attempt) -> Deployment:
        """Maya plans it, looks, confirms, and it comes to its end, or to one of these."""
        maya = self.workspace.desk("maya")
        await maya.types("payments", f"/release new payments 2.4.{number} build-{number}")
        await self.reads(f"R-{number} Payments 2.4.{number} is planned")
        await maya.types("payments", f"/deploy R-{number} to {environment}")
        await self.reads(f"/deploy confirm R-{number} to {environment}")
        await maya.types("payments", f"/deploy confirm R-{number} to {environment}")
        return await self.at_rest(number, *attempts)

    async def reads(self, text: str) -> None:
        """That stands on somebody's screen by now."""
        deadline = time.monotonic() + 60
        while text not in self.in_slack():
            assert time.monotonic() < deadline, f"{text}\n{self.in_slack()[-3000:]}"
            await asyncio.sleep(0.1)

    async def at_rest(self, number: int, *attempts: Attempt) -> Deployment:
        deadline = time.monotonic() + 120
        while True:
            there = await self.deployment(number)
            if there is not None and there.attempt in (attempts or AT_REST):
                return there
            assert time.monotonic() < deadline, f"{there}\n{self.in_slack()[-3000:]}\n{self.log.read_text()[-3000:]}"
            await asyncio.sleep(0.1)

    async def deployment(self, number: int) -> Deployment | None:
        engines = open_engines(self.database)
        try:
            async with DatabaseRecords(engines, RecordingStarter(), lambda: None).read() as page:
                return await page.deployment(DeploymentId(number))
        finally:
            await engines.dispose()

    def in_slack(self) -> str:
        """Everything that stands on anybody's screen."""
        there = self.workspace
        return repr([there.messages, there.modals, there.notices, there.drafts])

    def in_files(self) -> str:
        """The database, with what isn't in it yet, and what the command deployer wrote down of its own."""
        folder = Path(self.database.removeprefix("sqlite:///")).parent
        # What the program itself has printed is its own, in a file that only Slipway's account can read.
        files = [each for each in folder.rglob("*") if each.is_file() and each.name != "output.log"]
        assert any(each.name == "claim.json" for each in files)
        return "\n".join(each.read_bytes().decode("latin-1") for each in files)


@pytest.fixture
async def parrot() -> Parrot:
    return Parrot()


@pytest.fixture
def code(tmp_path: Path) -> None:
    """A repository with seven builds of Ben's."""
    git = ("git", "-C", str(tmp_path / "code"), "-c", "user.name=Ben", "-c", "user.email=ben@acme.example")
    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path / "code")], check=True)
    for number in range(1, 8):
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", f"Refund at once, part {number}"], check=True)
        subprocess.run([*git, "tag", f"build-{number}"], check=True)


@pytest.fixture
async def place(tmp_path: Path, sqlite_url: str, parrot: Parrot, code: None) -> AsyncIterator[Place]:
    await prepare_engine(sqlite_url)
    workspace = a_workspace()
    async with (
        at_work(parrot) as url,
        Sandbox(
            workspace,
            bot_token=SETTINGS["SLACK_BOT_TOKEN"],
            app_token=SETTINGS["SLACK_APP_TOKEN"],
            rate_limits="off",
        ) as sandbox,
    ):
        yield Place(tmp_path, url, sqlite_url, workspace, sandbox)


def ends_with(place: Place, code: int) -> None:
    place.program.write_text(PROGRAM.replace("CODE", str(code)))
    place.program.chmod(0o755)


def forms(secret: str) -> set[str]:
    """How a secret may look when it has gone through somebody's hands; its beginning alone is a leak too."""
    encoded = {base64.b64encode(b"-" * shift + secret.encode()).decode()[4:-4] for shift in range(3)}
    return {secret, secret[: len(secret) // 2], *encoded}


def leaks(text: str) -> list[str]:
    """Where a secret is seen, with what stands around it."""
    secrets = [
        *SETTINGS.values(),
        *IN_CATALOGUE.values(),
        *(VARIABLES[each] for each in VARIABLES if each != "no_proxy"),
    ]
    sought = [MARK, *(form for secret in secrets for form in forms(secret))]
    found = re.finditer("|".join(re.escape(each) for each in sorted(set(sought), key=len, reverse=True)), text)
    return [text[max(0, each.start() - 80) : each.end() + 20] for each in found]


async def test_no_secret_is_seen_anywhere_whatever_becomes_of_a_deployment(place: Place, parrot: Parrot):
    ends_with(place, 0)
    async with place.serving():
        # What goes well.
        by_program = await place.deployed(1, "staging")
        by_machine = await place.deployed(2, "production")
        assert (by_program.attempt, by_machine.attempt) == (Attempt.SUCCEEDED, Attempt.SUCCEEDED)
        assert by_machine.steps
        assert "•••" in by_machine.steps[0].name

        # What doesn't.
        ends_with(place, 3)
        parrot.repeats = "failed"
        by_program, by_machine = await place.deployed(3, "staging"), await place.deployed(4, "production")
        assert (by_program.attempt, by_machine.attempt) == (Attempt.FAILED, Attempt.FAILED)
        assert "I was given •••, and connect to postgresql://slipway:•••@db/payments" in by_program.detail
        assert "X-Api-Key: •••" in by_machine.detail
        parrot.repeats = "refused"
        assert (await place.deployed(5, "production")).attempt is Attempt.FAILED
        assert (await place.deployed(6, "behind-a-proxy")).attempt is Attempt.FAILED

        # What nobody understands, and what the machine then says by itself, the right way and the wrong one.
        parrot.repeats = "nonsense"
        silent = await place.deployed(7, "production", Attempt.STARTING, Attempt.RUNNING)
        parrot.repeats = "broken"
        secret, everything = VARIABLES["PAYMENTS_OLD_SECRET"], " ".join(VARIABLES.values())
        word = {"key": key_of(silent), "state": "failed", "message": everything, "ref": everything}
        assert await place.posts(silent, word, canary("guessed")) == 401
        assert await place.posts(silent, {"key": everything, "state": everything, "at": everything}, secret) == 400
        assert await place.posts(silent, word, secret) == 200
        assert (await place.at_rest(7)).attempt is Attempt.FAILED

        # Whoever looks.
        maya = place.workspace.desk("maya")
        for typed in (
            "/release show R-2",
            "/release why R-4",
            "/deploy status",
            "/rollback payments",
            "/release audit R-5",
        ):
            await maya.types("payments", typed)
        assert await place.types("status") == 0
        assert await place.types("deployments", "--json") == 0

    parrot.repeats = "succeeded"
    assert await place.types("doctor") in {0, 1}
    assert "behind-a-proxy" in place.said[-1]
    parrot.repeats = "refused"
    await place.types("doctor")
    await place.types("doctor", PAYMENTS_DEPLOY_SECRET=f"{MARK} with blanks in it, which no secret has")
    assert "The secret in PAYMENTS_DEPLOY_SECRET has at least" in place.said[-1]
    assert await place.types("check") == 0
    for number in (3, 4, 5, 7):
        assert await place.types("audit", "export", f"R-{number}") == 0
    assert await place.types("audit", "verify") == 0
    await place.types("policy", "explain", "R-2", "production", "--json")

    # And it was all there: the program and the machine did get to see them.
    assert VARIABLES["PAYMENTS_API_KEY"] in str(parrot.asked)
    assert IN_CATALOGUE["query"] in str(parrot.asked)
    for told in (place.in_slack(), *place.said, place.log.read_text(errors="replace"), place.in_files()):
        assert leaks(told) == []


WRONG = """\
version: 1
owners: {{role: team, channel: C0TEAM}}
roles: {{team: {{group: S0TEAM}}}}
services:
  payments:
    environments:
      production:
        deployer:
          webhook:
            start: https://maya:{secret}@deploy.example.com/?token={secret}
            status: http://deploy.example.com/{{{secret}}}/#{secret}
            secret: {secret}
            previous_secret: {secret}-x
            timeout: {secret}
            callbacks: {secret}
            headers: {{Authorization: ["{secret}"], X-Slipway-Signature: "{secret}", X-A: "${{{secret}}}"}}
"""


async def test_a_secret_that_somebody_wrote_into_the_catalogue_by_mistake_is_not_repeated(place: Place):
    (place.folder / "slipway.yaml").write_text(WRONG.format(secret=canary("pasted")))
    assert await place.types("check") == 1
    assert await place.types("doctor") == 1
    assert await place.types("run") == 2
    assert all("the name of a variable" in each for each in place.said)
    assert [leaks(each) for each in place.said] == [[], [], []]


def test_a_leak_would_be_seen():
    secret = VARIABLES["PAYMENTS_API_KEY"]
    for told in (f"x{secret}x", secret[:40], base64.b64encode(f"user:{secret}".encode()).decode()):
        assert leaks(told), told
    assert shutil.which("base64")
