"""Watch: what a deployment did to its service is looked at for a while, before it counts as good."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.wiring import Neighbours
from integrations.deployers.command import CommandDeployer
from integrations.prometheus.adapter import Prometheus
from integrations.sandbox.messages import Message
from integrations.verification import HttpVerifier
from tests.prometheus import needs_prometheus, real_prometheus, served
from tests.stories.conftest import a_world
from tests.stories.roads import presses_in_thread
from tests.stories.world import World, read

QUERY = "errors"
ORDINARY = '        verify: {url: "http://127.0.0.1:1/version", within: 1s}\n  storefront:'
"""The end of what the stories' team has agreed on payments in production."""


def agreed_to_watch(world: World, watch: str, *, at: str = "http://127.0.0.1:1", **instead: str) -> None:
    """From the start on, production is watched like this."""
    text = world.catalogue.read_text("utf-8")
    assert ORDINARY in text
    text = text.replace(ORDINARY, f"{instead.get('verify', ORDINARY.partition(chr(10))[0])}\n{watch}  storefront:")
    if "deployer" in instead:
        old = '        deployer: {command: {program: ["deploy", "{commit}"]}}\n'
        first, second, *rest = text.split(old)
        text = first + old + second + instead["deployer"] + old.join(rest)
    world.catalogue.write_text(f"{text}metrics: {{url: '{at}', timeout: 5s}}\n", "utf-8")


WATCH = f"        watch: {{lasts: 2s, every: 1s, metrics: {{errors: {{query: {QUERY}, above: 0.05, lasting: 1}}}}}}\n"


@pytest.fixture
async def watched(tmp_path: Path, sqlite_url: str) -> AsyncIterator[World]:
    """Production is watched for two seconds; what is bad is asked about."""
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(a_world(tmp_path, sqlite_url))
        agreed_to_watch(made, WATCH)
        await stack.enter_async_context(made.running())
        yield made


async def deploys(world: World, version: str, ref: str, number: int) -> None:
    """A hotfix is planned, approved, and on its way to production."""
    await world.maya.types(f"/release new payments {version} {ref}")
    await world.maya.types(f"/release edit R-{number}")
    await world.maya.fills_in(change_type="hotfix")
    await world.omar.presses("Approve")
    await world.maya.types(f"/deploy R-{number} to production")
    await world.maya.types(f"/deploy confirm R-{number} to production")


def found(world: World, number: int) -> Message:
    """The message that shows what the watch over that deployment found."""
    card = world.card()
    (message,) = [
        m for m in world.workspace.messages[card.channel] if m.is_reply and f"Watch over D-{number}" in m.text
    ]
    return message


async def test_what_stays_good_is_watched_with_its_numbers_and_then_done(watched: World):
    watched.metrics.gives(QUERY, 0.012)
    await deploys(watched, "2.3.9", "v2.3.9", 1)
    await watched.until(lambda: "D-1 holds" in watched.thread(1))
    told = read(found(watched, 1))
    assert "errors" in told
    assert "0.012" in told
    assert "▁▁▁" in told
    assert "bad: above 0.05" in told
    assert "2.3.9 is in production (D-1), and is watched now." in watched.thread(1)


async def test_what_is_bad_is_asked_about_and_go_on_lets_it_stay(watched: World):
    watched.metrics.gives(QUERY, 0.5)
    await deploys(watched, "2.3.9", "v2.3.9", 1)
    await watched.until(lambda: "does it stay?" in watched.channel("payments"))
    assert "errors: 0.5 is past its limit (above 0.05). @maya, does it stay?" in watched.channel("payments")
    assert "still watched" in await watched.maya.types("/release why R-1 production")
    answer = await presses_in_thread(watched.ben, "Go on", found(watched, 1))
    assert "can say that it stays" in answer
    assert "D-1 stays" in await presses_in_thread(watched.maya, "Go on", found(watched, 1))
    assert "@maya keeps D-1: 2.3.9 stays in production." in watched.thread(1)
    assert "@maya said that it stays" in read(found(watched, 1))
    assert "Go on" not in [
        b["text"]["text"] for block in found(watched, 1).blocks for b in block.get("elements", ()) if "action_id" in b
    ]


async def test_roll_back_opens_the_way_back_and_takes_it_at_once(watched: World):
    watched.metrics.gives(QUERY, 0)
    await deploys(watched, "2.3.9", "v2.3.9", 1)
    await watched.until(lambda: "D-1 holds" in watched.thread(1))
    watched.metrics.gives(QUERY, 0.5, datetime.now(UTC))
    await deploys(watched, "2.4.0", "main", 2)
    await watched.until(lambda: "does it stay?" in watched.channel("payments"))
    way = await presses_in_thread(watched.ines, "Roll back", found(watched, 2))
    assert "still watched: its watch ends, and it counts as failed" in way
    watched.metrics.gives(QUERY, 0, datetime.now(UTC))
    (asked,) = [m for m in watched.ines.desk.thread(found(watched, 2)) if m.ephemeral_to]
    await watched.ines.desk.presses(asked, "Roll back")
    await watched.until(lambda: "D-3 holds" in watched.thread(2))
    assert "D-2 did not hold" in watched.thread(2)
    assert "rolled back" in read(watched.card(2))


async def test_a_watch_goes_on_over_a_restart(watched: World):
    watched.metrics.gives(QUERY, 0)
    await deploys(watched, "2.3.9", "v2.3.9", 1)
    await watched.until(lambda: "Watch over D-1" in watched.thread(1))
    await watched.restarts()
    await watched.until(lambda: "D-1 holds" in watched.thread(1))
    assert watched.thread(1).count("D-1 holds") == 1
    assert len(watched.target.started) == 1


async def test_a_typed_word_ends_a_watch(watched: World):
    watched.metrics.is_down("could not be reached.")
    await deploys(watched, "2.3.9", "v2.3.9", 1)
    await watched.until(lambda: "does it stay?" in watched.channel("payments"))
    assert "http://127.0.0.1:1 could not be reached." in watched.channel("payments")
    assert "reason" in await watched.maya.types("/deploy keep D-1")
    assert "D-1 stays" in await watched.maya.types("/deploy keep D-1 I have looked at the dashboards")
    assert "Reason: I have looked at the dashboards" in watched.thread(1)


# ------------------------------------------------------------ all of it real

REAL = """\
        watch:
          lasts: 6s
          every: 1s
          otherwise: roll-back
          health: "http://{service}/health"
          metrics:
            error-ratio:
              query: >-
                sum(increase(errors_total{{service="{{service}}", commit="{{commit}}"}}[10s]))
                / sum(increase(requests_total{{service="{{service}}", commit="{{commit}}"}}[10s]))
              above: 0.05
"""


class Shop:
    """A small service: it serves the commit that was deployed, and some commits answer with errors."""

    def __init__(self, folder: Path, bad: str) -> None:
        self.current, self.bad = folder / "current", bad
        self.counted: dict[str, tuple[int, int]] = {}
        """How many requests and errors there were, by commit."""

    async def version(self, request: web.Request) -> web.Response:
        return web.json_response({"commit": self.current.read_text("utf-8")})

    async def health(self, request: web.Request) -> web.Response:
        return web.Response(text="well")

    async def metrics(self, request: web.Request) -> web.Response:
        """Whenever somebody looks, some customers have been there."""
        if self.current.exists():
            commit = self.current.read_text("utf-8")
            requests, errors = self.counted.get(commit, (0, 0))
            self.counted[commit] = (requests + 20, errors + (5 if commit == self.bad else 0))
        return web.Response(
            text="".join(
                f'requests_total{{service="payments",commit="{commit}"}} {requests}\n'
                f'errors_total{{service="payments",commit="{commit}"}} {errors}\n'
                for commit, (requests, errors) in self.counted.items()
            )
        )


@needs_prometheus
@pytest.mark.timeout(180)
async def test_slipway_sees_by_a_real_prometheus_that_errors_rise_and_rolls_back_by_itself(
    tmp_path: Path, sqlite_url: str
):
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(a_world(tmp_path, sqlite_url))
        shop = Shop(tmp_path, bad=world.commits["new"])
        service = await stack.enter_async_context(
            served(
                web.get("/version", shop.version), web.get("/health", shop.health), web.get("/metrics", shop.metrics)
            )
        )
        address = await stack.enter_async_context(real_prometheus(tmp_path, service))
        deploy = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text(sys.argv[2])"
        agreed_to_watch(
            world,
            REAL.format(service=service),
            at=address,
            deployer=f"        deployer:\n          command:\n            program: [{sys.executable}, -c, '{deploy}', "
            f"'{shop.current}', '{{commit}}']\n",
            verify=f'        verify: {{url: "http://{service}/version", member: commit, within: 20s}}',
        )
        session = await stack.enter_async_context(aiohttp.ClientSession())
        world.neighbours = Neighbours(
            {"command": CommandDeployer(state=tmp_path / "state")},
            world.code,
            HttpVerifier(session),
            world.calendars,
            Prometheus(session, {}),
        )
        await stack.enter_async_context(world.running())

        await deploys(world, "2.3.9", "v2.3.9", 1)
        await world.until(lambda: "D-1 holds: 2.3.9 stays in production." in world.thread(1), within=60)
        assert shop.current.read_text("utf-8") == world.commits["old"]

        await deploys(world, "2.4.0", "main", 2)
        await world.until(lambda: "Slipway rolls production back from 2.4.0 to 2.3.9" in world.thread(2), within=60)
        await world.until(lambda: "D-3 holds: 2.3.9 stays in production." in world.thread(2), within=60)

        thread = world.thread(2)
        assert "D-2 did not hold: Its watch was ended to roll it back. error-ratio: 0.25 is past" in thread
        assert "rolled back" in read(world.card(2))
        assert "Slipway rolls production back" in world.channel("payments")
        assert shop.current.read_text("utf-8") == world.commits["old"]
