"""GitHub's question whether a run may go on: read whole, or refused with all that is wrong; no address is followed."""

from __future__ import annotations

from typing import Any

import pytest

from bot.rules.protected_run import Question
from handlers.github_protection import EVENT, protection_question
from tests.makers import NOW, sha

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
