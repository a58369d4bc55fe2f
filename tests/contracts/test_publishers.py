"""What every publisher promises, held against the twin and against GitHub, which writes into a real repository."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Protocol

import pytest

from bot.ports import Publisher, PublisherError
from integrations.code_hosts.github_publisher import GitHubPublisher
from integrations.github.client import connected_to_github
from tests.github.ground import Repository
from tests.github.twin import GitHubTwin
from tests.twins import FakePublisher

REPOSITORY = "acme/payments"
NOTES = "## What is new\n\n- Refunds within a minute (#12), by Ben “the fox” Castillo 🦊\n"


class Ground(Protocol):
    """A publisher, two commits, and what stands there."""

    publisher: Publisher
    one: str
    two: str

    def tags(self) -> Mapping[str, str]: ...
    def releases(self) -> Mapping[str, tuple[str, str]]: ...


class TwinGround:
    one, two = "1" * 40, "2" * 40

    def __init__(self) -> None:
        self.publisher = FakePublisher()
        self.publisher.add(REPOSITORY, self.one, self.two)

    def tags(self):
        return self.publisher.tags(REPOSITORY)

    def releases(self):
        return self.publisher.releases(REPOSITORY)


class GitHubGround:
    def __init__(self, written: Repository, twin: GitHubTwin, publisher: Publisher) -> None:
        self.publisher = publisher
        self.one = written.commit("One")
        self.two = written.commit("Two", self.one)
        written.branch("main", self.two)
        self._written = written
        self._repo = twin.repository(REPOSITORY, written.folder)

    def tags(self):
        told = self._written.git(
            "for-each-ref", "--format=%(refname:lstrip=2) %(*objectname) %(objectname)", "refs/tags"
        )
        return {name: sha for name, sha, *_ in map(str.split, told.splitlines())}

    def releases(self):
        return {each["tag_name"]: (each["name"], each["body"]) for each in self._repo.releases}


@pytest.fixture(params=["twin", "github"])
async def ground(request, tmp_path) -> AsyncIterator[Ground]:
    if request.param == "twin":
        yield TwinGround()
        return
    async with GitHubTwin().running() as twin, connected_to_github(twin.token().token, api=twin.address) as github:
        yield GitHubGround(Repository(tmp_path / "payments"), twin, GitHubPublisher(github))


async def test_a_version_is_tagged_once_however_often_it_is_asked(ground: Ground):
    for made in (True, False, False):
        found = await ground.publisher.tag(REPOSITORY, "v2.4.0", ground.one, "Payments 2.4.0")
        assert (found.made, found.url) == (made, f"https://github.com/{REPOSITORY}/tree/v2.4.0")

    assert ground.tags() == {"v2.4.0": ground.one}


async def test_a_tag_of_another_commit_is_never_moved(ground: Ground):
    await ground.publisher.tag(REPOSITORY, "v2.4.0", ground.one, "Payments 2.4.0")

    with pytest.raises(PublisherError, match=r"never\s+moved") as error:
        await ground.publisher.tag(REPOSITORY, "v2.4.0", ground.two, "Payments 2.4.0")

    assert not error.value.uncertain
    assert ground.tags() == {"v2.4.0": ground.one}


async def test_one_commit_may_have_many_tags(ground: Ground):
    for name in ("v2.4.0", "payments/2.4.0", "2.4.0+build.7"):
        assert (await ground.publisher.tag(REPOSITORY, name, ground.one, name)).made

    assert ground.tags() == dict.fromkeys(("v2.4.0", "payments/2.4.0", "2.4.0+build.7"), ground.one)


@pytest.mark.parametrize("name", ["", "a b", "-x", "v~1", "v..2", "main:x"])
async def test_what_can_be_no_tag_is_refused(ground: Ground, name):
    with pytest.raises(PublisherError, match="No tag can be called"):
        await ground.publisher.tag(REPOSITORY, name, ground.one, "x")

    assert ground.tags() == {}


async def test_a_commit_that_is_not_there_is_not_tagged(ground: Ground):
    with pytest.raises(PublisherError):
        await ground.publisher.tag(REPOSITORY, "v2.4.0", "f" * 40, "x")

    assert ground.tags() == {}


async def test_a_release_has_its_notes_and_is_made_once(ground: Ground):
    await ground.publisher.tag(REPOSITORY, "v2.4.0", ground.one, "Payments 2.4.0")

    for made in (True, False):
        found = await ground.publisher.release(REPOSITORY, "v2.4.0", "Payments 2.4.0", NOTES)
        assert (found.made, found.url) == (made, f"https://github.com/{REPOSITORY}/releases/tag/v2.4.0")

    assert ground.releases() == {"v2.4.0": ("Payments 2.4.0", NOTES)}


async def test_a_release_that_is_there_is_left_as_people_have_edited_it(ground: Ground):
    await ground.publisher.tag(REPOSITORY, "v2.4.0", ground.one, "Payments 2.4.0")
    await ground.publisher.release(REPOSITORY, "v2.4.0", "Payments 2.4.0", NOTES)

    found = await ground.publisher.release(REPOSITORY, "v2.4.0", "Another title", "Other notes")

    assert not found.made
    assert ground.releases() == {"v2.4.0": ("Payments 2.4.0", NOTES)}


async def test_a_release_without_its_tag_is_refused_and_makes_none(ground: Ground):
    with pytest.raises(PublisherError, match=r"has no tag “v2\.4\.0”; make it first"):
        await ground.publisher.release(REPOSITORY, "v2.4.0", "Payments 2.4.0", NOTES)

    assert (ground.tags(), ground.releases()) == ({}, {})


async def test_of_many_who_publish_at_once_each_thing_is_there_once(ground: Ground):
    found = await asyncio.gather(*(ground.publisher.tag(REPOSITORY, "v2.4.0", ground.one, "x") for _ in range(5)))
    pages = await asyncio.gather(*(ground.publisher.release(REPOSITORY, "v2.4.0", "x", NOTES) for _ in range(5)))

    assert ground.tags() == {"v2.4.0": ground.one}
    assert list(ground.releases()) == ["v2.4.0"]
    assert [sum(each.made for each in told) for told in (found, pages)] == [1, 1]
    assert {each.url for each in (*found, *pages)} == {
        f"https://github.com/{REPOSITORY}/tree/v2.4.0",
        f"https://github.com/{REPOSITORY}/releases/tag/v2.4.0",
    }


async def test_a_repository_that_is_not_there_is_refused(ground: Ground):
    with pytest.raises(PublisherError):
        await ground.publisher.tag("acme/elsewhere", "v1", ground.one, "x")
    with pytest.raises(PublisherError):
        await ground.publisher.release("acme/elsewhere", "v1", "x", "x")
