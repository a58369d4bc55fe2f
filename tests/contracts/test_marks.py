"""What every place with marks promises, held against the twin, and against GitHub.

GitHub is a twin, too; each request to it and each answer is held against GitHub's published description.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from bot.ports import Mark, Marks, PublisherError
from bot.rules.mark import MarkState
from integrations.code_hosts.github_marks import GitHubMarks
from integrations.github.client import connected_to_github
from tests.github.code import open_pull
from tests.github.ground import Repository, address
from tests.github.twin import GitHubTwin
from tests.twins import FakeCodeHost, FakeMarks

REPOSITORY = "acme/payments"
REFUSAL = "Nobody may"
FROZEN = Mark(
    "slipway/payments/production",
    MarkState.FAILURE,
    "production is frozen.",
    "https://slack.com/app_redirect?channel=C1",
)


class Ground(Protocol):
    """Marks, pull requests, and ways for things to go wrong."""

    marks: Marks

    def commit(self, subject: str, *parents: str) -> str: ...
    def opens(self, branch: str, head: str) -> None: ...
    def closes(self, branch: str, head: str) -> None: ...
    def goes_away(self) -> None: ...
    def lets_nobody_write(self) -> None: ...


class TwinGround:
    def __init__(self) -> None:
        self.code = FakeCodeHost()
        self.code.add_repository(REPOSITORY)
        self.marks = FakeMarks()

    def commit(self, subject, *parents):
        return self.code.commit(REPOSITORY, subject, parents=parents, email=address("Ben Castillo"))

    def opens(self, branch, head):
        self.marks.opens(REPOSITORY, branch, head)

    def closes(self, branch, head):
        self.marks.closes(REPOSITORY, branch, head)

    def goes_away(self):
        self.marks.away = "It does not answer."

    def lets_nobody_write(self):
        self.marks.refuses = REFUSAL


class GitHubGround(Repository):
    def __init__(self, folder: Path, twin: GitHubTwin, marks: Marks) -> None:
        super().__init__(folder)
        self.marks = marks
        self.twin = twin
        self.repo = twin.repository(REPOSITORY, folder)

    def opens(self, branch, head):
        open_pull(self.repo, len(self.repo.pulls) + 1, head, branch)

    def closes(self, branch, head):
        for each in self.repo.pulls:
            if each["head"]["sha"] == head:
                each["state"] = "closed"

    def goes_away(self):
        self.twin.fails("*", 502, times=100)

    def lets_nobody_write(self):
        self.twin.fails("repos/create-commit-status", 403, message=REFUSAL)


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
                yield GitHubGround(tmp_path, twin, GitHubMarks(github))


async def test_only_open_pull_requests_against_that_branch_are_found(ground: Ground):
    one, two, three = ground.commit("One"), ground.commit("Two"), ground.commit("Three")
    ground.opens("main", one)
    ground.opens("main", two)
    ground.opens("release/1", three)
    ground.closes("main", one)

    assert await ground.marks.open_heads(REPOSITORY, "main") == (two,)
    assert await ground.marks.open_heads(REPOSITORY, "release/1") == (three,)
    assert await ground.marks.open_heads(REPOSITORY, "nothing") == ()


async def test_a_commit_of_two_pull_requests_is_found_once(ground: Ground):
    one = ground.commit("One")
    ground.opens("main", one)
    ground.opens("main", one)

    assert await ground.marks.open_heads(REPOSITORY, "main") == (one,)


async def test_what_is_written_is_read_again(ground: Ground):
    one = ground.commit("One")
    assert await ground.marks.marked(REPOSITORY, one) == {}

    staging = replace(FROZEN, context="slipway/payments/staging", state=MarkState.PENDING)
    await ground.marks.mark(REPOSITORY, one, FROZEN)
    await ground.marks.mark(REPOSITORY, one, staging)

    assert await ground.marks.marked(REPOSITORY, one) == {
        "slipway/payments/production": FROZEN,
        "slipway/payments/staging": staging,
    }


async def test_what_is_written_last_counts(ground: Ground):
    one = ground.commit("One")
    await ground.marks.mark(REPOSITORY, one, FROZEN)
    open_again = replace(FROZEN, state=MarkState.SUCCESS, sentence="production is not frozen.")
    await ground.marks.mark(REPOSITORY, one, open_again)

    assert await ground.marks.marked(REPOSITORY, one) == {"slipway/payments/production": open_again}


async def test_while_nobody_answers_it_can_be_tried_later(ground: Ground):
    one = ground.commit("One")
    ground.goes_away()

    for asked in (
        ground.marks.open_heads(REPOSITORY, "main"),
        ground.marks.marked(REPOSITORY, one),
        ground.marks.mark(REPOSITORY, one, FROZEN),
    ):
        with pytest.raises(PublisherError) as error:
            await asked
        assert error.value.later


async def test_where_nobody_may_write_it_says_so(ground: Ground):
    one = ground.commit("One")
    ground.lets_nobody_write()

    with pytest.raises(PublisherError, match=REFUSAL) as error:
        await ground.marks.mark(REPOSITORY, one, FROZEN)
    assert not error.value.later
