"""Webhooks: CI reports over real HTTP with a real signature; whatever else arrives there changes nothing."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot.ports import ConflictError, RecordsError
from bot.rules.people import SLIPWAY
from bot.rules.policy import ItemRule
from bot.rules.release import ReleaseId
from bot.secret import Secret
from bot.serving import serving
from bot.settings import Settings, read
from handlers.webhooks import CHECKS, LARGEST, webhooks
from tests.grounds import database_ground
from tests.makers import HOTFIX
from tests.people import BEN, OMAR, QA
from tests.verbs.workshop import Workshop

SECRET = "the-canary-secret-of-ci-0123456789abcdef"
RUN = "https://ci.example.com/runs/4711"
LINES = (
    ItemRule("regression", "The regression tests have passed", check="regression"),
    ItemRule("load", "It holds under load", QA, check="load"),
)


class CI:
    """A machine that has run checks, and reports them."""

    def __init__(self, url: str, shop: Workshop, session: aiohttp.ClientSession) -> None:
        self.url = f"{url}{CHECKS}"
        self.shop = shop
        self._session = session

    def signed(self, body: str | bytes, *, secret: str = SECRET, after: int = 0) -> dict[str, str]:
        """The headers that prove where it comes from, so many seconds off."""
        stamp = str(int(self.shop.at.timestamp()) + after)
        raw = body.encode() if isinstance(body, str) else body
        told = hmac.new(secret.encode(), b"v1:" + stamp.encode() + b":" + raw, hashlib.sha256).hexdigest()
        return {"X-Slipway-Timestamp": stamp, "X-Slipway-Signature": f"v1={told}"}

    async def posts(self, body: Any, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Post exactly this."""
        async with self._session.post(self.url, data=body, headers=headers) as response:
            return response.status, await response.json()

    async def reports(self, status: str = "passed", **said: Any) -> tuple[int, dict[str, Any]]:
        """Say it of the first commit's regression tests, a second after whatever happened before."""
        self.shop.at += self.shop.an_act_takes
        body = self.written(status, **said)
        return await self.posts(body, self.signed(body))

    def written(self, status: str = "passed", **said: Any) -> str:
        body = {"service": "payments", "commit": self.shop.a, "check": "regression", "status": status, **said}
        return json.dumps({name: value for name, value in body.items() if value is not ...})


@asynccontextmanager
async def at_work(shop: Workshop, *, secret: str = SECRET, report: Any = None) -> AsyncIterator[CI]:
    """Slipway hears reports; its hotfixes wait for checks."""
    shop.agrees_on(HOTFIX, checklist=LINES)
    settings = read({"SLIPWAY_LISTEN": "127.0.0.1:0"}, slack=False)
    assert isinstance(settings, Settings)
    routes = webhooks(Secret(secret), report or shop.report_check, lambda: shop.at)
    async with serving(settings, routes) as address, aiohttp.ClientSession() as session:
        yield CI(address, shop, session)


@pytest.fixture
async def ci() -> AsyncIterator[CI]:
    async with at_work(Workshop()) as ci:
        yield ci


async def is_ticked(ci: CI, release: ReleaseId, key: str = "regression") -> bool:
    return (await ci.shop.line(release, key)).done


async def test_a_check_that_passed_ticks_its_line_and_ci_reads_what_came_of_it(ci):
    release = await ci.shop.planned(ci.shop.a, "1.0.0")
    assert await ci.reports(url=RUN) == (
        200,
        {
            "message": f"regression passed for {ci.shop.a[:7]}: ticked “The regression tests have passed” of R-1.",
            "ticked": [{"release": "R-1", "line": "regression", "text": "The regression tests have passed"}],
            "opened": [],
        },
    )
    line = await ci.shop.line(release, "regression")
    assert (line.ticked_by, line.evidence.link) == (SLIPWAY, RUN)
    status, told = await ci.reports("failed")
    assert (status, told["opened"][0]["line"]) == (200, "regression")
    assert told["message"].endswith("opened “The regression tests have passed” of R-1 again.")
    assert not await is_ticked(ci, release)


async def test_a_commit_is_known_in_any_case_and_a_time_of_its_own_counts(ci):
    release = await ci.shop.planned(ci.shop.a, "1.0.0")
    assert (await ci.reports("failed", at=ci.shop.at.isoformat()))[0] == 202
    earlier = (ci.shop.at - timedelta(minutes=30)).isoformat()
    status, told = await ci.reports(commit=ci.shop.a.upper(), at=earlier)
    assert (status, told["ticked"]) == (200, [])
    assert "nothing changed" in told["message"]
    assert not await is_ticked(ci, release)


async def test_what_nothing_waits_for_yet_is_kept_and_ci_hears_why_nothing_was_ticked(ci):
    status, told = await ci.reports()
    assert status == 202
    assert told["message"].endswith("It is kept: no open release of payments proposes that commit yet.")
    release = await ci.shop.planned(ci.shop.a, "1.0.0")
    assert await is_ticked(ci, release)
    status, told = await ci.reports(check="regresion")
    assert status == 202
    assert told["message"].endswith("no line of payments waits for it; they wait for “load” and “regression”.")
    status, told = await ci.reports()
    assert (status, told["message"].endswith("It is kept, and no line changed.")) == (202, True)


# ---------------------------------------------------------------- who may say so


NOT_RIGHT = [
    pytest.param({"X-Slipway-Signature": "v1=" + "0" * 64}, id="wrong"),
    pytest.param({"X-Slipway-Signature": None}, id="missing"),
    pytest.param({"X-Slipway-Signature": ""}, id="empty"),
    pytest.param({"X-Slipway-Signature": "v0=" + "0" * 64}, id="of another version"),
    pytest.param({"X-Slipway-Signature": "v1=é" + "0" * 63}, id="not ASCII"),
    pytest.param({"X-Slipway-Timestamp": None}, id="no time"),
    pytest.param({"X-Slipway-Timestamp": "yesterday"}, id="a time that is no number"),
    pytest.param({"X-Slipway-Timestamp": "१७९५००००००"}, id="a time in other digits"),
    pytest.param({"X-Slipway-Timestamp": "-1"}, id="a time before time"),
    pytest.param({"X-Slipway-Timestamp": "9" * 5000}, id="a time without an end"),
    pytest.param({"X-Slipway-Timestamp": "1795000000"}, id="another time than was signed"),
]


@pytest.mark.parametrize("change", NOT_RIGHT)
async def test_a_signature_that_is_not_right_is_refused_and_neither_secret_nor_body_is_in_the_log(ci, caplog, change):
    caplog.set_level(logging.DEBUG)
    release = await ci.shop.planned(ci.shop.a, "1.0.0")
    body = ci.written(url=RUN)
    headers = {name: value for name, value in (ci.signed(body) | change).items() if value is not None}
    status, told = await ci.posts(body, headers)
    assert status == 401
    assert told["problems"][0].startswith("The signature does not fit, or its time is more than 5 minutes off.")
    assert not await is_ticked(ci, release)
    assert [each for each in caplog.records if each.levelno > logging.INFO] == []
    assert SECRET not in caplog.text
    assert RUN not in caplog.text


async def test_forged_and_altered_reports_are_refused(ci):
    release = await ci.shop.planned(ci.shop.a, "1.0.0")
    failed = ci.written("failed")
    for body, headers in (
        (ci.written(), ci.signed(ci.written(), secret="a-guess-of-somebody-else-0123456789abcdef")),
        (ci.written(), ci.signed(failed)),
        (ci.written() + " ", ci.signed(ci.written())),
    ):
        assert (await ci.posts(body, headers))[0] == 401
    assert not await is_ticked(ci, release)


@pytest.mark.parametrize(
    ("after", "status"), [(-301, 401), (-300, 200), (0, 200), (300, 200), (301, 401), (86400, 401)]
)
async def test_a_report_counts_for_five_minutes_and_an_old_one_is_answered_like_a_forged_one(ci, after, status):
    await ci.shop.planned(ci.shop.a, "1.0.0")
    body = ci.written()
    genuine = await ci.posts(body, ci.signed(body, after=after))
    assert genuine[0] == status
    if status == 401:
        assert genuine == await ci.posts(body, ci.signed(body, secret="x" * 32))


async def test_two_signatures_are_none(ci):
    body = ci.written()
    headers = [*ci.signed(body).items(), ("X-Slipway-Signature", "v1=" + "0" * 64)]
    assert (await ci.posts(body, headers))[0] == 401


async def test_without_a_secret_nothing_is_heard():
    async with at_work(Workshop(), secret="") as ci:
        body = ci.written()
        status, told = await ci.posts(body, ci.signed(body, secret=""))
    assert status == 404
    assert "SLIPWAY_WEBHOOK_SECRET" in told["problems"][0]


# ---------------------------------------------------------------- what it says


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"service": ...}, "“service” is missing, or no text."),
        ({"service": 7}, "“service” is missing, or no text."),
        ({"service": "x" * 101}, "“service” is a name of at most 100 characters"),
        ({"commit": "abc1234"}, "“commit” is the full SHA"),
        ({"commit": "main"}, "“commit” is the full SHA"),
        ({"commit": "g" * 40}, "“commit” is the full SHA"),
        ({"check": ""}, "“check” is missing, or no text."),
        ({"check": " regression"}, "“check” is a name"),
        ({"check": "regression\n"}, "“check” is a name"),
        ({"check": "\ud800"}, "“check” is a name"),
        ({"check": "x\0"}, "“check” is a name"),
        ({"status": "success"}, "“status” is “passed” or “failed”"),
        ({"status": True}, "“status” is “passed” or “failed”"),
        ({"status": []}, "“status” is “passed” or “failed”"),
        ({"at": "yesterday"}, "“at” is a time with its zone"),
        ({"at": "2026-11-23T10:00:00"}, "“at” is a time with its zone"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "“at” is a time with its zone"),
        ({"at": 1795000000}, "“at” is a time with its zone"),
        ({"at": "2126-11-23T10:00:00Z"}, "“at” is still to come"),
        ({"url": "ci.example.com"}, "“url” is a web address"),
        ({"url": 1}, "“url” is a web address"),
        ({"\ud800": RUN}, "“'\\ud800'”: not known here."),
        ({"ulr": RUN}, "“ulr”: not known here. A report has service, commit, check, status, at and url."),
    ],
)
async def test_what_is_wrong_is_said_by_name_and_nothing_is_kept(ci, said, problem):
    release = await ci.shop.planned(ci.shop.a, "1.0.0")
    status, told = await ci.reports(**said)
    assert status == 400
    (sentence,) = told["problems"]
    assert sentence.startswith(problem)
    assert not await is_ticked(ci, release)


async def test_every_problem_is_told_at_once(ci):
    status, told = await ci.reports("green", service="", commit="HEAD", check=..., at="now", url="here", more=1)
    assert status == 400
    assert len(told["problems"]) == 7


@pytest.mark.parametrize("body", [b"", b"regression passed", b"[]", b'"passed"', b"\xff\xfe", b"[" * 60_000, b"NaN"])
async def test_what_is_no_report_is_told_so(ci, body):
    status, told = await ci.posts(body, ci.signed(body))
    assert status == 400
    assert told["problems"][0].startswith("The body is no JSON")


async def test_a_service_that_there_is_not_is_told_with_those_that_there_are(ci):
    status, told = await ci.reports(service="paymets")
    assert (status, told["problems"]) == (422, ["The catalogue has no service paymets. It has payments."])


async def test_what_is_too_large_is_not_even_read(ci):
    body = ci.written(url=f"https://x.io/{'x' * LARGEST}")
    assert (await ci.posts(body, ci.signed(body)))[0] == 413

    async def in_pieces():
        for start in range(0, len(body), 4096):
            yield body[start : start + 4096].encode()

    assert (await ci.posts(in_pieces(), ci.signed(body)))[0] == 413


async def test_nobody_looks_at_what_is_only_reported(ci):
    async with aiohttp.ClientSession() as session, session.get(ci.url) as response:
        assert response.status == 405


# ---------------------------------------------------------------- again, late, out of order, at once


@pytest.fixture
async def kept(database_url) -> AsyncIterator[CI]:
    """Over records in a database."""
    async with database_ground(database_url) as ground, at_work(Workshop(ground.records)) as ci:
        yield ci


async def recorded(ci: CI, *verbs: str) -> list[str]:
    async with ci.shop.records.read() as reading:
        return [each.happened.subject for each in await reading.record() if each.happened.verb in verbs]


async def test_a_copied_report_changes_nothing_while_it_is_still_young(kept):
    """Somebody who can read the traffic sends it again, after the tests have failed and a person has looked."""
    release = await kept.shop.planned(kept.shop.a, "1.0.0")
    body = kept.written(check="load")
    headers = kept.signed(body)
    assert (await kept.posts(body, headers))[1]["ticked"]
    assert (await kept.reports("failed", check="load"))[1]["opened"]
    status, told = await kept.posts(body, headers)
    assert (status, told["ticked"]) == (200, [])
    assert not await is_ticked(kept, release, "load")
    await kept.reports(check="load")
    newest = kept.written(check="load")
    headers = kept.signed(newest)
    await kept.shop.tick_item(release, "load", False, by=kept.shop.by(OMAR))
    assert (await kept.posts(newest, headers))[1]["ticked"] == []
    assert not await is_ticked(kept, release, "load")


async def test_reports_that_arrive_in_the_wrong_order_end_as_the_newest_says(kept):
    release = await kept.shop.planned(kept.shop.a, "1.0.0")
    start = kept.shop.at
    said = [("failed", 3), ("passed", 1), ("failed", 2), ("passed", 5), ("failed", 4)]
    for status, minutes in said:
        await kept.reports(status, at=(start + timedelta(minutes=minutes - 10)).isoformat())
    assert await is_ticked(kept, release)


async def test_a_report_delivered_twenty_times_at_once_ticks_once(kept):
    release = await kept.shop.planned(kept.shop.a, "1.0.0")
    body = kept.written(url=RUN)
    answers = await asyncio.gather(*(kept.posts(body, kept.signed(body)) for _ in range(20)))
    assert {status for status, _ in answers} == {200}
    assert sum(bool(told["ticked"]) for _, told in answers) == 1
    assert await is_ticked(kept, release)
    assert await recorded(kept, "tick") == ["regression"]


async def test_passed_and_failed_at_once_end_as_the_later_one_says_whoever_comes_first(kept):
    release = await kept.shop.planned(kept.shop.a, "1.0.0")
    start = kept.shop.at - timedelta(hours=1)
    bodies = [
        kept.written("passed" if number % 2 else "failed", at=(start + timedelta(seconds=number)).isoformat())
        for number in range(20)
    ]
    answers = await asyncio.gather(*(kept.posts(body, kept.signed(body)) for body in bodies))
    assert {status for status, _ in answers} <= {200, 202}
    assert await is_ticked(kept, release)
    ticks, opened = await recorded(kept, "tick"), await recorded(kept, "untick")
    assert len(ticks) == len(opened) + 1


async def test_a_report_that_comes_while_another_candidate_is_set_is_about_its_own_commit(kept):
    release = await kept.shop.planned(kept.shop.a, "1.0.0")
    await asyncio.gather(
        kept.reports(), kept.reports(check="load"), kept.shop.set_candidate(release, kept.shop.b, by=kept.shop.by(BEN))
    )
    assert not await is_ticked(kept, release)
    assert not await is_ticked(kept, release, "load")


# ---------------------------------------------------------------- when something is wrong here


class Hindered:
    """A verb that fails so often before it does its work."""

    def __init__(self, shop: Workshop, error: Exception, times: int) -> None:
        self._shop, self._error, self._left = shop, error, times

    async def __call__(self, result: Any) -> Any:
        if self._left:
            self._left -= 1
            raise self._error
        return await self._shop.report_check(result)


@pytest.mark.parametrize(
    ("error", "times", "status"),
    [
        (ConflictError("Somebody was faster."), 3, 200),
        (ConflictError("Somebody was faster."), 4, 503),
        (RecordsError("The disk is full."), 1, 503),
    ],
)
async def test_ci_is_asked_to_come_again_only_when_waiting_does_not_help(caplog, error, times, status):
    shop = Workshop()
    async with at_work(shop, report=Hindered(shop, error, times)) as ci:
        await shop.planned(shop.a, "1.0.0")
        answer, told = await ci.reports()
        assert answer == status
        if status == 503:
            assert "please send it again" in told["problems"][0]
            assert str(error) in caplog.text
            assert (await ci.reports())[0] == 200
    assert SECRET not in caplog.text


async def test_a_failure_of_ours_has_a_reference_that_the_log_has_too(caplog):
    shop = Workshop()
    async with at_work(shop, report=Hindered(shop, ZeroDivisionError("inside"), 1)) as ci:
        status, told = await ci.reports()
    assert status == 500
    (sentence,) = told["problems"]
    assert "inside" not in sentence
    assert sentence.rstrip(".").rsplit(" ", 1)[1] in caplog.text
    assert "ZeroDivisionError" in caplog.text
