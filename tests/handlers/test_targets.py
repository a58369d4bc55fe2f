"""Targets tell of their work over real HTTP; whatever else arrives there changes nothing and is answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from multidict import CIMultiDict

from bot.ports import ConflictError, RecordsError, UnreadableError
from bot.rules.deployment import Phase
from bot.serving import serving
from bot.settings import Settings, read
from bot.verbs.hear_target import HearTarget
from handlers.machines import LARGEST
from handlers.targets import targets
from tests.verbs.workshop import Workshop

GENUINE = {"X-Fake-Secret": "known"}


class Out:
    """The machine out there."""

    def __init__(self, url: str, shop: Workshop, hear: Any, session: aiohttp.ClientSession) -> None:
        self.shop, self.hear = shop, hear
        self._url, self._session = url, session

    async def says(self, body: str | bytes = "running", to: str = "D-1", headers: Any = None) -> tuple[int, str]:
        where = f"{self._url}/webhooks/deployments/{to}"
        async with self._session.post(where, data=body, headers=GENUINE if headers is None else headers) as response:
            told = await response.json()
            return response.status, told.get("message") or " ".join(told["problems"])

    async def known(self) -> Any:
        async with self.shop.records.read() as page:
            return (await page.deployment(1)).heard


class Stubborn:
    """Hears after so many troubles."""

    def __init__(self, hear: HearTarget) -> None:
        self._hear = hear
        self.troubles: list[Exception] = []

    async def __call__(self, *said: Any) -> Any:
        if self.troubles:
            raise self.troubles.pop(0)
        return await self._hear(*said)


@pytest.fixture
async def out() -> AsyncIterator[Out]:
    shop = Workshop()
    await shop.started(await shop.approved(shop.a, "1.0.0"))
    hear = Stubborn(HearTarget(shop.records, {"command": shop.deployer}, lambda: shop.catalogue))
    settings = read({"SLIPWAY_LISTEN": "127.0.0.1:0"}, slack=False)
    assert isinstance(settings, Settings)
    async with serving(settings, targets(hear, lambda: shop.at)) as address, aiohttp.ClientSession() as session:
        yield Out(address, shop, hear, session)


async def test_a_target_is_heard_and_heard_once(out):
    assert await out.says() == (200, "Heard.")
    assert (await out.known()).phase is Phase.RUNNING
    status, told = await out.says()
    assert (status, told) == (200, "That, or something later, is known already: nothing changed.")


async def test_a_forged_word_is_refused_and_changes_nothing(out):
    status, _ = await out.says(headers={"X-Fake-Secret": "guessed"})
    assert status == 401
    assert await out.known() is None


@pytest.mark.parametrize(("to", "says"), [("D-99", "no deployment"), ("R-1", "a deployment's number")])
async def test_a_word_about_nothing_is_refused(out, to, says):
    status, told = await out.says(to=to)
    assert status == 404
    assert says in told


async def test_a_header_that_is_there_twice_is_refused(out):
    twice = CIMultiDict([("X-Fake-Secret", "guessed"), ("X-Fake-Secret", "known")])
    status, told = await out.says(headers=twice)
    assert (status, "x-fake-secret" in told) == (400, True)
    assert await out.known() is None


async def test_a_word_that_is_too_long_is_refused(out):
    assert (await out.says(b"x" * (LARGEST + 1)))[0] == 413


async def test_a_word_that_cannot_be_understood_is_answered_with_every_problem(out):
    out.hear.troubles = [UnreadableError("No phase.", "No time.")]
    assert await out.says() == (400, "No phase. No time.")


async def test_whoever_was_faster_is_waited_for(out):
    out.hear.troubles = [ConflictError(), ConflictError()]
    assert await out.says() == (200, "Heard.")


async def test_records_that_cannot_be_written_are_told_so_that_it_is_sent_again(out):
    out.hear.troubles = [RecordsError("disk full")]
    status, told = await out.says()
    assert (status, "send it again" in told, "disk" in told) == (503, True, False)


async def test_a_mistake_of_ours_is_answered_with_a_reference(out, caplog):
    out.hear.troubles = [LookupError("ouch")]
    status, told = await out.says()
    assert (status, "reference" in told, "ouch" in told) == (500, True, False)
    assert "ouch" in caplog.text
