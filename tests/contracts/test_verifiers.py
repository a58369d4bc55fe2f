"""What every verifier promises, held against the twin and against an HTTP server that really answers."""

from __future__ import annotations

from typing import Protocol

import aiohttp
import pytest
from aiohttp import web

from bot.ports import Verifier
from bot.rules.policy import Environment, Verification
from integrations.verification import HttpVerifier
from tests.makers import PRODUCTION, STAGING, an_environment, sha
from tests.twins import FakeVerifier


class Ground(Protocol):
    """A verifier, and environments that serve something."""

    verifier: Verifier

    def environment(self, name: str) -> Environment: ...
    def serves(self, name: str, version: str) -> None: ...
    def is_down(self, name: str) -> None: ...
    def health(self, name: str) -> str: ...
    def is_unwell(self, name: str) -> None: ...


class TwinGround:
    def __init__(self) -> None:
        self.verifier = FakeVerifier()

    def environment(self, name):
        return an_environment(name, verification=Verification(f"http://{name}.invalid/version"))

    def serves(self, name, version):
        self.verifier.serves(name, version)

    def is_down(self, name):
        self.verifier.is_down(name, f"http://{name}.invalid/version answered with status 503.")

    def health(self, name):
        return f"http://{name}.invalid/health"

    def is_unwell(self, name):
        self.verifier.is_unwell(self.health(name), f"{self.health(name)} answered with status 500.")


class HttpGround:
    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.verifier = HttpVerifier(session)
        self.served: dict[str, str | None] = {}
        self.unwell: set[str] = set()
        self.address = ""

    def environment(self, name):
        return an_environment(name, verification=Verification(f"{self.address}/{name}/version"))

    def serves(self, name, version):
        self.served[name] = version

    def is_down(self, name):
        self.served[name] = None

    def health(self, name):
        return f"{self.address}/{name}/health"

    def is_unwell(self, name):
        self.unwell.add(name)

    async def well(self, request):
        return web.Response(status=500 if request.match_info["name"] in self.unwell else 204)

    async def answer(self, request):
        version = self.served.get(request.match_info["name"])
        if version is None:
            raise web.HTTPServiceUnavailable
        return web.json_response({"commit": version})


@pytest.fixture(params=["twin", "http"])
async def ground(request):
    if request.param == "twin":
        yield TwinGround()
        return
    async with aiohttp.ClientSession() as session:
        ready = HttpGround(session)
        app = web.Application()
        app.router.add_get("/{name}/version", ready.answer)
        app.router.add_get("/{name}/health", ready.well)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ready.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield ready
        await runner.cleanup()


async def test_it_tells_what_is_served_in_each_environment(ground: Ground):
    ground.serves(STAGING, sha("new"))
    ground.serves(PRODUCTION, sha("old"))

    staging = await ground.verifier.served(ground.environment(STAGING))
    production = await ground.verifier.served(ground.environment(PRODUCTION))

    assert (staging.version, staging.problem) == (sha("new"), "")
    assert production.version == sha("old")


async def test_it_looks_afresh_each_time(ground: Ground):
    ground.serves(STAGING, "2.3.9")
    before = await ground.verifier.served(ground.environment(STAGING))
    ground.serves(STAGING, "2.4.0")
    after = await ground.verifier.served(ground.environment(STAGING))

    assert (before.version, after.version) == ("2.3.9", "2.4.0")


async def test_what_can_not_be_read_is_said_with_why_and_comes_back(ground: Ground):
    ground.is_down(STAGING)
    down = await ground.verifier.served(ground.environment(STAGING))
    ground.serves(STAGING, "2.4.0")
    up = await ground.verifier.served(ground.environment(STAGING))

    assert down.version is None
    assert "answered with status 503." in down.problem
    assert up.version == "2.4.0"


async def test_an_environment_that_never_served_anything_has_a_problem(ground: Ground):
    served = await ground.verifier.served(ground.environment(STAGING))

    assert served.version is None
    assert served.problem


async def test_where_no_address_was_agreed_nothing_can_be_read(ground: Ground):
    served = await ground.verifier.served(an_environment(STAGING))

    assert served.version is None
    assert served.problem == "The catalogue names no address where staging tells its version."


async def test_an_address_is_well_until_it_answers_with_trouble(ground: Ground):
    ground.is_unwell(PRODUCTION)
    assert await ground.verifier.unhealthy(ground.health(STAGING)) == ""
    told = await ground.verifier.unhealthy(ground.health(PRODUCTION))
    assert told == f"{ground.health(PRODUCTION)} answered with status 500."
