"""The demo's CI: it signs what it says as docs/checks.md describes, and says in one line what keeps it from it."""

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from aiohttp import web

from bot.rules.policy import ServiceName
from bot.secret import Secret
from bot.serving import serving
from bot.settings import Settings, read
from bot.verbs.report_check import Reported
from handlers.webhooks import webhooks
from tests.demo.conftest import ROOT

SECRET = "a secret of thirty-two characters"


@asynccontextmanager
async def slipway_hears(secret=SECRET):
    """Its side of the line: its address, and what was reported."""
    heard = []

    async def report(result):
        heard.append(result)
        return Reported(result, news=True)

    settings = read({"SLIPWAY_LISTEN": "127.0.0.1:0"}, slack=False)
    assert isinstance(settings, Settings)
    routes: list[web.RouteDef] = webhooks(Secret(secret), report, lambda: datetime.now(UTC))
    async with serving(settings, routes) as address:
        yield address, heard


@pytest.fixture
def ci(ground):
    """Plays CI as people do: its exit code and what it says."""

    async def play(*arguments, folder=None):
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "integrations.demo.ci", *arguments, "--ground", str(folder or ground.folder)),
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await running.communicate()
        return running.returncode, said.decode().strip()

    return play


@pytest.mark.parametrize(("arguments", "passed"), [((), True), (("--failed",), False)])
async def test_it_reports_the_newest_commit_of_the_branch(ground, ci, arguments, passed):
    async with slipway_hears() as (address, heard):
        ground.tell_ci(address, SECRET)
        code, said = await ci("bugfix/2.4.1", *arguments)

    assert code == 0
    assert said.startswith(f"tests {'passed' if passed else 'failed'} for {ground.commits['bugfix/2.4.1'][:7]}")
    (result,) = heard
    assert (result.service, result.commit) == (ServiceName("payments"), ground.commits["bugfix/2.4.1"])
    assert (result.name, result.passed) == ("tests", passed)


async def test_what_slipway_does_not_take_is_said(ground, ci):
    async with slipway_hears(secret=SECRET.upper()) as (address, heard):
        ground.tell_ci(address, SECRET)
        code, said = await ci("bugfix/2.4.1")

    assert code == 1
    assert said.startswith("The signature does not fit")
    assert not heard


async def test_what_keeps_it_from_reporting_is_one_line(ground, ci, tmp_path):
    assert await ci("main", folder=tmp_path) == (1, f"There is no demo in {tmp_path}; --ground says where it is.")
    assert await ci("main") == (1, f"No demo is played in {ground.folder} now.")

    async with slipway_hears() as (address, _):
        ground.tell_ci(address, SECRET)
        code, said = await ci("no-such-branch")
    assert (code, said.count("\n")) == (1, 0)
    assert said.startswith("Git could not rev-parse")

    code, said = await ci("main")
    assert code == 1
    assert said.startswith(f"Slipway can't be reached at {address}")


async def test_once_the_demo_is_over_ci_has_nobody_to_report_to(ground, ci):
    async with ground.running():
        ground.tell_ci("http://127.0.0.1:1", SECRET)

    assert await ci("main") == (1, f"No demo is played in {ground.folder} now.")
