"""Webhooks with GitHub's twin behind them, wired as they are; and what docs/integrations/github-webhooks.md says."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from bot.rules.sentence import Refused
from bot.secret import Secret
from bot.serving import serving
from bot.settings import Settings, read
from bot.wired import wire
from bot.wiring import hears_github
from handlers.github import EVENTS, GITHUB, LARGEST, github_webhooks
from handlers.github_payloads import PASSED
from integrations.code_hosts.github import GitHubCodeHost
from tests.catalogue.texts import SHORT, loaded
from tests.github.conftest import NAME
from tests.github.payloads import example
from tests.grounds import InMemoryGround
from tests.handlers.hub import SECRET, signature
from tests.makers import HOTFIX, NOW, PAYMENTS, a_catalogue, a_plan, a_service
from tests.people import MAYA
from tests.verbs.workshop import FakeDirectory, Workshop

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/integrations/github-webhooks.md").read_text("utf-8")


class Town:
    """Slipway with its verbs as they are wired, and GitHub's twin as the code host."""

    def __init__(self, address: str, verbs: Any, records: Any) -> None:
        self.address, self.verbs, self.records = address, verbs, records

    async def hears(self, event: str, payload: dict[str, Any]) -> tuple[int, str]:
        raw = json.dumps(payload).encode()
        headers = {
            "X-GitHub-Event": event,
            "X-Hub-Signature-256": signature(raw),
            "Content-Type": "application/json",
        }
        url = f"{self.address}{GITHUB}"
        async with aiohttp.ClientSession() as session, session.post(url, data=raw, headers=headers) as response:
            told = await response.json()
            return response.status, told.get("message") or " ".join(told["problems"])


@pytest.fixture
async def town(twin, repo, written, connect) -> AsyncIterator[Town]:
    twin.installed(NAME)
    shop, ground = Workshop(), InMemoryGround()
    payments = a_service(repository="https://github.com/Acme/Payments.git", candidate_from="main")
    catalogue = replace(a_catalogue(), services={PAYMENTS: payments})
    settings = read({"SLIPWAY_LISTEN": "127.0.0.1:0"}, slack=False)
    assert isinstance(settings, Settings)
    async with connect() as github:
        neighbours: Any = SimpleNamespace(
            deployers={"command": shop.deployer},
            code_host=GitHubCodeHost(github),
            verifier=shop.verifier,
            calendars=shop.calendars,
        )
        verbs = wire(ground.records, FakeDirectory(), lambda: catalogue, neighbours, lambda: NOW)
        async with serving(settings, github_webhooks(Secret(SECRET), hears_github(verbs))) as address:
            yield Town(address, verbs, ground.records)


async def candidate(town: Town, number: int) -> str | None:
    async with town.records.read() as reading:
        release = await reading.release(number)
    return release.candidate.commit if release.candidate else None


async def test_a_push_to_a_repository_at_github_sets_what_its_branch_stands_at(town, twin, repo, written):
    written.branch("main", one := written.commit("One"))
    planned = await town.verbs.plan_release(a_plan(change_type=HOTFIX), one, by=Workshop().by(MAYA))
    assert not isinstance(planned, Refused), str(planned.why)
    two = written.commit("Two", one)
    written.branch("main", three := written.commit("Three", two))
    late = example("push", ref="refs/heads/main", after=two, repository__full_name="acme/payments")
    assert await town.hears("push", late) == (200, "The thread of R-1 says that main has moved on.")
    assert await candidate(town, 1) == one, "Maya has set it since that push of 2019"
    late["repository"]["pushed_at"] = int(NOW.timestamp()) + 1
    assert await town.hears("push", late) == (200, f"R-1 proposes {three[:7]} now.")
    assert await candidate(town, 1) == three


async def test_a_run_is_a_check_of_the_service_whose_repository_that_is(town):
    told = example("workflow_run.completed", repository__full_name="acme/payments")
    status, said = await town.hears("workflow_run", told)
    assert (status, said) == (200, "No line of payments waits for “test”; they wait for no check at all.")


# ---------------------------------------------------------------- the page


def test_every_event_has_its_line_and_no_other_has():
    assert re.findall(r"^\| `(\w+)` \| [\w ]+: read \|", PAGE, re.MULTILINE) == [
        "workflow_run",
        "check_suite",
        "deployment_status",
        "push",
        "pull_request",
    ]
    assert sorted(EVENTS) == ["check_suite", "deployment_status", "pull_request", "push", "workflow_run"]


def test_every_conclusion_that_says_something_is_told():
    rows = {
        name
        for row in re.findall(r"^\| (`\w+`.*?) \| (?:passed|failed)", PAGE, re.MULTILINE)
        for name in row.split(", ")
    }
    assert rows == {f"`{each}`" for each in PASSED}


def test_every_answer_is_told():
    source = (ROOT / "handlers/github.py").read_text("utf-8")
    for status in {*re.findall(r"(?:problems|as_json)\((\d{3})", source), "500"}:
        assert f"| `{status}` |" in PAGE, status
    assert f"larger than {LARGEST // 1024 // 1024} MiB" in PAGE


def test_the_excerpts_load():
    checks, push = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    catalogue = loaded(SHORT.partition("services:")[0] + push + checks)
    assert catalogue.services["payments"].branch_of("2.4.0") == "main"


def test_the_setting_on_the_page_can_be_set():
    (name,) = set(re.findall(r"SLIPWAY_GITHUB_\w+", PAGE))
    settings = read({name: "0" * 64}, slack=False)
    assert isinstance(settings, Settings)
    assert settings.github_webhook_secret
