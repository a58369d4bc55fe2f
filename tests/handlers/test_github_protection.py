"""GitHub's question whether a run may go on: read whole, or refused with all that is wrong; no address is followed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.ports import Work
from bot.rules.protected_run import ProtectedRunId, Question
from bot.verbs.answer_protection_rule import HearProtectionRule
from handlers.github_protection import EVENT, protection_question
from tests.handlers.hub import NAME, at_github
from tests.makers import NOW, sha
from tests.verbs.workshop import Workshop

API = "https://api.github.com"
RUN = f"{API}/repos/acme/payments/actions/runs/12345678901/deployment_protection_rule"


def a_payload(**instead: Any) -> dict[str, Any]:
    ready = {
        "action": "requested",
        "environment": "production",
        "event": "workflow_dispatch",
        "deployment_callback_url": RUN,
        "deployment": {"id": 87, "sha": sha("first"), "ref": "main"},
        "repository": {"full_name": "acme/payments"},
    }
    return {**ready, **instead}


def read(body: dict[str, Any], event: str = EVENT, api: str = API) -> Question | list[str] | None:
    return protection_question(event, body, api=api, now=NOW)


def test_a_question_is_read():
    asked = Question("acme/payments", 12345678901, "production", sha("first"), NOW)

    assert read(a_payload()) == asked
    assert read(a_payload(sha=sha("first"), deployment=None)) == asked


def test_other_events_ask_nothing():
    assert read(a_payload(), event="push") is None
    assert read(a_payload(action="edited")) is None


def test_a_server_of_ones_own_has_its_own_address():
    own = "https://github.example.com/api/v3"
    there = RUN.replace(API, own)

    assert isinstance(read(a_payload(deployment_callback_url=there), api=f"{own}/"), Question)
    assert isinstance(read(a_payload(), api=own), list)


@pytest.mark.parametrize(
    "address",
    [
        None,
        7,
        "",
        RUN.replace("https://api.github.com", "https://evil.example"),
        RUN.replace("api.github.com", "api.github.com@evil.example"),
        RUN.replace("api.github.com", "api.github.com.evil.example"),
        RUN.replace("https://", "http://"),
        RUN.replace("acme/payments", "acme/other"),
        RUN.replace("12345678901", "1/../2"),
        RUN.replace("12345678901", "\u0661"),
        RUN.replace("12345678901", "0"),
        RUN.replace("12345678901", "9" * 30),
        f"{RUN}?x=1",
        f"{RUN}#x",
        f" {RUN}",
        "http://169.254.169.254/latest/meta-data",
    ],
)
def test_an_address_that_is_not_a_run_of_this_repository_at_our_github_is_refused(address):
    problems = read(a_payload(deployment_callback_url=address))
    assert isinstance(problems, list)
    assert ["deployment_callback_url" in each for each in problems] == [True]


def test_everything_that_is_missing_is_told_at_once():
    problems = read({"action": "requested"})

    assert isinstance(problems, list)
    assert len(problems) == 4


@pytest.mark.parametrize("body", [{"environment": "a\nb"}, {"environment": 7}, {"environment": "x" * 256}])
def test_an_environment_of_no_possible_name_is_refused(body):
    assert isinstance(read(a_payload(**body)), list)


@pytest.mark.parametrize("commit", ["main", sha("first")[:7], sha("first").upper(), 7])
def test_only_a_whole_commit_counts(commit):
    assert isinstance(read(a_payload(deployment={"sha": commit})), list)


# ---------------------------------------------------------------- over signed HTTP


def asked_of(number: int = 4711, **instead: Any) -> dict[str, Any]:
    run = f"{API}/repos/{NAME}/actions/runs/{number}/deployment_protection_rule"
    return a_payload(**{"deployment_callback_url": run, "repository": {"full_name": NAME}, **instead})


async def test_a_signed_question_is_kept_and_its_answer_is_started():
    shop = Workshop()
    async with at_github(shop, protection_rule=HearProtectionRule(shop.records), api=API) as hub:
        for _ in range(2):
            status, told = await hub.sends(EVENT, asked_of())
            assert (status, told) == (200, "Run 4711 will be told whether it may go on to production.")

    async with shop.records.read() as page:
        kept = await page.protected_run(ProtectedRunId(1))
        assert await page.protected_run(ProtectedRunId(2)) is None
    assert kept is not None
    assert kept.question == Question(NAME, 4711, "production", sha("first"), shop.at)
    assert set(shop.records.started) == {(Work.ANSWER_PROTECTION_RULE, kept.id)}


async def test_a_question_that_leads_elsewhere_is_refused_and_not_kept():
    shop = Workshop()
    async with at_github(shop, protection_rule=HearProtectionRule(shop.records), api=API) as hub:
        status, told = await hub.sends(EVENT, asked_of(deployment_callback_url="http://127.0.0.1/secrets"))

    assert status == 400
    assert "“deployment_callback_url”" in told
    assert shop.records.started == []


async def test_a_question_without_a_signature_is_not_heard():
    shop = Workshop()
    async with at_github(shop, protection_rule=HearProtectionRule(shop.records), api=API) as hub:
        raw = json.dumps(asked_of()).encode()
        headers = hub.headers(EVENT, raw)
        status, _ = await hub.posts(raw, {**headers, "X-Hub-Signature-256": f"sha256={'0' * 64}"})

    assert status == 401
    assert shop.records.started == []
