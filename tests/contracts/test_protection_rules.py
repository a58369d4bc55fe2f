"""What every place with protection rules promises, held against the twin, and against GitHub.

GitHub is a twin, too; each request to it and each answer is held against GitHub's published description.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest

from bot.ports import ProtectionRules, PublisherError
from bot.rules.protected_run import Question
from integrations.code_hosts.github_protection import GitHubProtectionRules
from integrations.github.client import connected_to_github
from tests.github.ground import Repository
from tests.github.state import Run
from tests.github.twin import GitHubTwin
from tests.twins import FakeProtectionRules

REPOSITORY = "acme/payments"
REFUSAL = "Nobody may"
A_RUN = Question(REPOSITORY, 4711, "production", "c" * 40, datetime(2026, 11, 23, tzinfo=UTC))


class Ground(Protocol):
    """Protection rules, a run that waits for them, and ways for things to go wrong."""

    rules: ProtectionRules

    def waits(self, question: Question) -> None: ...
    def told(self) -> list[tuple[bool, str]]: ...
    def goes_away(self) -> None: ...
    def lets_nobody_write(self) -> None: ...


class TwinGround:
    def __init__(self) -> None:
        self.rules = FakeProtectionRules()

    def waits(self, question):
        self.rules.waits(question)

    def told(self):
        return [(approved, comment) for _, approved, comment in self.rules.answers]

    def goes_away(self):
        self.rules.away = "It does not answer."

    def lets_nobody_write(self):
        self.rules.refuses = REFUSAL


class GitHubGround:
    def __init__(self, folder: Path, twin: GitHubTwin, rules: ProtectionRules) -> None:
        self.written = Repository(folder)
        self.twin, self.rules = twin, rules
        self.repo = twin.repository(REPOSITORY, folder)

    def waits(self, question):
        self.repo.environment(question.environment, "slipway")
        workflow = self.repo.workflow("deploy.yml")
        run = Run(question.run, 1, workflow, "Deploy", "main", question.commit, self.twin.now(), "maya")
        self.repo.runs.append(run)
        run.waits()

    def told(self):
        return [(each["state"] == "approved", each["comment"]) for run in self.repo.runs for each in run.answers]

    def goes_away(self):
        self.twin.fails("*", 502, times=100)

    def lets_nobody_write(self):
        self.twin.fails("actions/review-custom-gates-for-run", 403, message=REFUSAL)


@pytest.fixture(params=["twin", "github"])
async def ground(request, tmp_path) -> AsyncIterator[Ground]:
    if request.param == "twin":
        yield TwinGround()
    else:

        async def no_rest(_: float) -> None:
            """Repeats come at once."""

        async with GitHubTwin().running() as twin:
            token = twin.token().token
            async with connected_to_github(token, api=twin.address, rest=no_rest) as github:
                yield GitHubGround(tmp_path, twin, GitHubProtectionRules(github))


@pytest.mark.parametrize("approved", [True, False])
async def test_a_run_that_waits_is_told(ground: Ground, approved: bool):
    ground.waits(A_RUN)

    assert await ground.rules.answer(A_RUN, approved=approved, comment="The gate says so.")
    assert ground.told() == [(approved, "The gate says so.")]


async def test_an_answered_run_waits_no_more(ground: Ground):
    ground.waits(A_RUN)
    await ground.rules.answer(A_RUN, approved=True, comment="Yes.")

    assert not await ground.rules.answer(A_RUN, approved=False, comment="No.")
    assert len(ground.told()) == 1


async def test_a_run_that_is_not_there_waits_for_nothing(ground: Ground):
    ground.waits(A_RUN)

    assert not await ground.rules.answer(replace(A_RUN, run=1), approved=True, comment="Yes.")
    assert ground.told() == []


async def test_an_environment_is_known_in_any_case(ground: Ground):
    ground.waits(A_RUN)

    assert await ground.rules.answer(replace(A_RUN, environment="Production"), approved=True, comment="Yes.")


async def test_while_nobody_answers_it_can_be_tried_later(ground: Ground):
    ground.waits(A_RUN)
    ground.goes_away()

    with pytest.raises(PublisherError) as error:
        await ground.rules.answer(A_RUN, approved=True, comment="Yes.")
    assert error.value.later


async def test_where_nobody_may_write_it_says_so(ground: Ground):
    ground.waits(A_RUN)
    ground.lets_nobody_write()

    with pytest.raises(PublisherError, match=REFUSAL) as error:
        await ground.rules.answer(A_RUN, approved=True, comment="Yes.")
    assert not error.value.later
    assert ground.told() == []
