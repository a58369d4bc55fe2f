"""The GitHub publisher: answers that are lost, permissions, and tags that mean something else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.ports import PublisherError
from integrations.code_hosts.github_publisher import GitHubPublisher
from tests.github.conftest import NAME

TAG, REF, RELEASE = "git/create-tag", "git/create-ref", "repos/create-release"


@pytest.fixture
async def publisher(twin, repo, connect) -> AsyncIterator[GitHubPublisher]:
    twin.installed(NAME)
    async with connect() as github:
        yield GitHubPublisher(github)


@pytest.mark.parametrize("status", [0, 500, 502])
async def test_a_tag_whose_answer_was_lost_is_found(publisher, written, twin, status):
    one = written.commit("One")
    twin.fails(REF, status, after=True)

    assert (await publisher.tag(NAME, "v1", one, "One")).made
    assert not (await publisher.tag(NAME, "v1", one, "One")).made

    assert twin.times(REF) == 1


@pytest.mark.parametrize("operation", [TAG, REF])
@pytest.mark.parametrize("status", [0, 500])
async def test_a_tag_that_was_not_made_is_said_to_be_uncertain_and_can_be_asked_for_again(
    publisher, written, twin, operation, status
):
    one = written.commit("One")
    twin.fails(operation, status)

    with pytest.raises(PublisherError) as error:
        await publisher.tag(NAME, "v1", one, "One")

    assert error.value.uncertain
    assert (await publisher.tag(NAME, "v1", one, "One")).made


@pytest.mark.parametrize("status", [0, 500])
async def test_a_release_whose_answer_was_lost_is_found_and_one_that_was_not_made_is_uncertain(
    publisher, written, twin, repo, status
):
    await publisher.tag(NAME, "v1", written.commit("One"), "One")
    twin.fails(RELEASE, status)
    with pytest.raises(PublisherError) as error:
        await publisher.release(NAME, "v1", "One", "Notes")
    assert error.value.uncertain
    assert repo.releases == []

    twin.fails(RELEASE, status, after=True)
    found = await publisher.release(NAME, "v1", "One", "Notes")

    assert found.made
    assert len(repo.releases) == 1


async def test_a_tag_that_somebody_else_put_there_in_the_meantime_on_another_commit_is_told(publisher, written, twin):
    one = written.commit("One")
    written.tag("v1", written.commit("Two", one))

    with pytest.raises(PublisherError, match=f"stands at [0-9a-f]{{10}}, not at {one[:10]}"):
        await publisher.tag(NAME, "v1", one, "One")

    assert twin.times(TAG) == 0


async def test_a_tag_is_annotated_with_its_message(publisher, written):
    one = written.commit("One")
    await publisher.tag(NAME, "v1", one, "Payments 1\n\nRefunds")

    assert written.git("cat-file", "-t", "v1") == "tag"
    assert written.git("tag", "-l", "--format=%(contents)", "v1").strip() == "Payments 1\n\nRefunds"


async def test_a_tag_that_is_not_annotated_will_do(publisher, written, twin):
    one = written.commit("One")
    written.git("tag", "v1", one)

    assert not (await publisher.tag(NAME, "v1", one, "One")).made
    assert twin.times(TAG) == 0


async def test_a_missing_permission_is_named_and_is_certain(twin, repo, written, connect):
    one = written.commit("One")
    twin.installed(NAME, permissions={"metadata": "read", "contents": "read"})
    async with connect() as github:
        with pytest.raises(PublisherError, match="it takes the permission “Contents: write”") as error:
            await GitHubPublisher(github).tag(NAME, "v1", one, "One")

    assert not error.value.uncertain


@pytest.mark.parametrize("commit", ["main", "abc1234", ""])
async def test_only_a_full_commit_is_tagged(publisher, written, commit):
    written.branch("main", written.commit("One"))

    with pytest.raises(PublisherError, match="is not a full commit"):
        await publisher.tag(NAME, "v1", commit, "One")


async def test_a_path_is_not_published_to(publisher):
    with pytest.raises(PublisherError, match=r"is no repository at github\.com"):
        await publisher.release("/srv/payments", "v1", "One", "Notes")


async def test_a_hotfix_of_an_older_version_is_not_made_the_latest_release(publisher, written, twin):
    await publisher.tag(NAME, "v1.0.1", written.commit("One"), "One")
    await publisher.release(NAME, "v1.0.1", "One", "Notes")

    (asked,) = [each.body for each in twin.heard if each.operation == RELEASE]
    assert asked["make_latest"] == "legacy", "then GitHub finds out by version and date"
