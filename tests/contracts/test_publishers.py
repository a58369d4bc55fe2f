"""What every publisher promises, held against the twin, and against GitHub.

GitHub is a twin, too; each request to it and each answer is held against GitHub's published description.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest

from bot.ports import Notes, Publisher, PublisherError
from integrations.code_hosts.github_publisher import GitHubPublisher
from integrations.github.client import connected_to_github
from tests.github.ground import Repository, address
from tests.github.twin import GitHubTwin
from tests.twins import FakeCodeHost, FakePublisher

REPOSITORY = "acme/payments"
REFUSAL = "Nobody may"


class Ground(Protocol):
    """A publisher, a way to write history, and ways for things to go wrong."""

    publisher: Publisher

    def commit(self, subject: str, *parents: str) -> str: ...
    def tag(self, name: str, sha: str) -> None: ...
    def goes_away(self) -> None: ...
    def loses_the_next_answer(self) -> None: ...
    def lets_nobody_write(self) -> None: ...


class TwinGround:
    def __init__(self) -> None:
        self.code = FakeCodeHost()
        self.code.add_repository(REPOSITORY)
        self.publisher = FakePublisher(self.code)

    def commit(self, subject, *parents):
        return self.code.commit(REPOSITORY, subject, parents=parents, email=address("Ben Castillo"))

    def tag(self, name, sha):
        self.code.tag(REPOSITORY, name, sha)

    def goes_away(self):
        self.publisher.away = "It does not answer."

    def loses_the_next_answer(self):
        self.publisher.loses_answers = True

    def lets_nobody_write(self):
        self.publisher.refuses = REFUSAL


class GitHubGround(Repository):
    def __init__(self, folder: Path, twin: GitHubTwin, publisher: Publisher) -> None:
        super().__init__(folder)
        self.publisher = publisher
        self.twin = twin
        twin.repository(REPOSITORY, folder)

    def goes_away(self):
        self.twin.fails("*", 502, times=100)

    def loses_the_next_answer(self):
        for operation in ("git/create-ref", "repos/create-release"):
            self.twin.fails(operation, 502, after=True)

    def lets_nobody_write(self):
        for operation in ("git/create-tag", "repos/create-release"):
            self.twin.fails(operation, 403, message=REFUSAL)


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
                yield GitHubGround(tmp_path, twin, GitHubPublisher(github))


def notes(commit: str, **fields) -> Notes:
    return Notes("v2.4.0", commit, "Payments 2.4.0", "Instant refunds", None, **fields)


async def test_a_commit_is_tagged(ground: Ground):
    one = ground.commit("One")

    made = await ground.publisher.tag(REPOSITORY, "v2.4.0", one, "Payments 2.4.0")

    assert made.commit == one
    assert made.url == f"https://github.com/{REPOSITORY}/releases/tag/v2.4.0"


async def test_asked_again_it_is_the_same_tag(ground: Ground):
    one = ground.commit("One")

    first = await ground.publisher.tag(REPOSITORY, "v2.4.0", one, "x")
    second = await ground.publisher.tag(REPOSITORY, "v2.4.0", one, "x")

    assert first == second


async def test_a_tag_that_names_another_commit_is_not_moved(ground: Ground):
    one = ground.commit("One")
    two = ground.commit("Two", one)
    ground.tag("v2.4.0", one)

    for _ in range(2):
        found = await ground.publisher.tag(REPOSITORY, "v2.4.0", two, "x")
        assert found.commit == one


async def test_what_was_done_although_its_answer_got_lost_is_found(ground: Ground):
    one = ground.commit("One")
    ground.loses_the_next_answer()

    with pytest.raises(PublisherError) as lost:
        await ground.publisher.tag(REPOSITORY, "v2.4.0", one, "x")

    assert lost.value.later
    assert (await ground.publisher.tag(REPOSITORY, "v2.4.0", one, "x")).commit == one


async def test_a_commit_that_is_not_there_is_not_tagged(ground: Ground):
    ground.commit("One")

    with pytest.raises(PublisherError) as refused:
        await ground.publisher.tag(REPOSITORY, "v2.4.0", "f" * 40, "x")

    assert not refused.value.later


async def test_a_tag_has_no_release_until_there_is_one(ground: Ground):
    one = ground.commit("One")
    await ground.publisher.tag(REPOSITORY, "v2.4.0", one, "x")
    assert await ground.publisher.published(REPOSITORY, "v2.4.0") is None

    page = await ground.publisher.publish(REPOSITORY, notes(one))

    assert page == f"https://github.com/{REPOSITORY}/releases/tag/v2.4.0"
    assert await ground.publisher.published(REPOSITORY, "v2.4.0") == page


async def test_a_release_that_is_there_is_left_as_it_is(ground: Ground):
    one = ground.commit("One")
    await ground.publisher.tag(REPOSITORY, "v2.4.0", one, "x")

    pages = {await ground.publisher.publish(REPOSITORY, notes(one)) for _ in range(2)}

    assert len(pages) == 1


async def test_while_nobody_answers_it_can_be_tried_later(ground: Ground):
    one = ground.commit("One")
    ground.goes_away()

    for asked in (
        ground.publisher.tag(REPOSITORY, "v2.4.0", one, "x"),
        ground.publisher.published(REPOSITORY, "v2.4.0"),
        ground.publisher.publish(REPOSITORY, notes(one)),
    ):
        with pytest.raises(PublisherError) as error:
            await asked
        assert error.value.later


async def test_where_nobody_may_write_it_says_so(ground: Ground):
    one = ground.commit("One")
    ground.lets_nobody_write()

    for asked in (
        ground.publisher.tag(REPOSITORY, "v2.4.0", one, "x"),
        ground.publisher.publish(REPOSITORY, notes(one)),
    ):
        with pytest.raises(PublisherError, match=REFUSAL) as error:
            await asked
        assert not error.value.later


async def test_a_repository_that_is_not_there_is_named(ground: Ground):
    for asked in (
        ground.publisher.tag("acme/nothing", "v2.4.0", "f" * 40, "x"),
        ground.publisher.published("acme/nothing", "v2.4.0"),
    ):
        with pytest.raises(PublisherError, match="acme/nothing") as error:
            await asked
        assert not error.value.later
