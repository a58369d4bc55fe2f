"""The GitHub publisher: what only GitHub can do wrong, and notes in which nobody's words are markup."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from bot.ports import Changes, Commit, Notes, PublisherError, PullRequest
from bot.verbs.tag_version import SHOWN
from integrations.code_hosts.github_notes import LONGEST, words, written
from integrations.code_hosts.github_publisher import GitHubPublisher
from tests.catalogue.texts import SHORT, loaded
from tests.github.conftest import NAME
from tests.github.state import EVERYTHING

AT = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture
async def publisher(twin, repo, connect) -> AsyncIterator[GitHubPublisher]:
    """As the App, which is installed."""
    twin.installed(NAME)
    async with connect() as github:
        yield GitHubPublisher(github)


def notes(commit: str, **fields) -> Notes:
    ready = {"about": "Instant refunds", "changes": None}
    return Notes("v2.4.0", commit, "Payments 2.4.0", **{**ready, **fields})


def a_commit(subject: str, number: int = 1, pull: PullRequest | None = None) -> Commit:
    sha = f"{number:040x}"
    return Commit(sha, subject, "Ben", "ben@example.com", AT, f"https://github.com/{NAME}/commit/{sha}", pull=pull)


# ---------------------------------------------------------------- tags


async def test_a_tag_is_annotated_and_tells_whose_version_it_is(publisher, written, repo):
    one = written.commit("One")
    await publisher.tag(NAME, "v2.4.0", one, "Payments 2.4.0")

    assert repo.history.kind(repo.history.reference("refs/tags/v2.4.0")) == "tag"
    assert repo.history.named("v2.4.0") == one
    assert "Payments 2.4.0" in repo.history.git("cat-file", "tag", "v2.4.0")


async def test_a_tag_that_somebody_made_by_hand_in_the_simple_way_is_the_same(publisher, written, twin):
    one = written.commit("One")
    written.git("update-ref", "refs/tags/v2.4.0", one)

    assert (await publisher.tag(NAME, "v2.4.0", one, "x")).commit == one
    assert twin.times("git/create-tag") == 0


async def test_a_tag_of_a_tree_names_no_commit_and_stays(publisher, written):
    one = written.commit("One")
    written.tag("v2.4.0", written.tree)

    assert (await publisher.tag(NAME, "v2.4.0", one, "x")).commit is None


async def test_of_two_who_tag_at_once_the_later_finds_what_the_first_one_made(publisher, written, twin):
    one = written.commit("One")
    two = written.commit("Two", one)
    written.branch("main", two)
    twin.fails("git/create-ref", 422, message="Reference already exists", after=True)

    assert (await publisher.tag(NAME, "v2.4.0", one, "x")).commit == one


async def test_a_rule_against_tags_is_told_and_is_no_tag(publisher, written, twin):
    one = written.commit("One")
    twin.fails("git/create-ref", 422, message="Cannot create ref due to creations being restricted")

    with pytest.raises(PublisherError, match="creations being restricted") as refused:
        await publisher.tag(NAME, "v2.4.0", one, "x")
    assert not refused.value.later


async def test_without_the_permission_its_name_is_told(twin, repo, connect, written):
    one = written.commit("One")
    twin.installed(NAME, permissions={**EVERYTHING, "contents": "read"})
    async with connect() as github:
        with pytest.raises(PublisherError, match="“Contents: write”"):
            await GitHubPublisher(github).tag(NAME, "v2.4.0", one, "x")


async def test_where_github_is_not_set_up_it_says_what_to_set():
    with pytest.raises(PublisherError, match="SLIPWAY_GITHUB_APP_ID") as refused:
        await GitHubPublisher(None).tag(NAME, "v2.4.0", "f" * 40, "x")
    assert not refused.value.later


async def test_another_repository_than_one_at_github_is_refused(publisher):
    with pytest.raises(PublisherError, match=r"no repository at github\.com"):
        await publisher.tag("https://gitlab.example/a/b", "v1", "f" * 40, "x")


# ---------------------------------------------------------------- releases


async def test_a_release_has_its_name_and_its_notes(publisher, written, repo):
    one = written.commit("One")
    await publisher.tag(NAME, "v2.4.0", one, "x")
    await publisher.publish(NAME, notes(one))

    (made,) = repo.releases
    assert (made["name"], made["body"], made["draft"], made["prerelease"]) == (
        "Payments 2.4.0",
        "Instant refunds",
        False,
        False,
    )


async def test_a_version_that_is_not_yet_the_real_one_is_a_prerelease(publisher, written, repo):
    one = written.commit("One")
    await publisher.publish(NAME, notes(one, preliminary=True))

    assert repo.releases[0]["prerelease"]


async def test_a_release_whose_tag_was_deleted_meanwhile_is_made_at_its_own_commit(publisher, written, repo):
    one = written.commit("One")
    written.branch("main", written.commit("Two", one))
    await publisher.publish(NAME, notes(one))

    assert repo.history.named("v2.4.0") == one


async def test_a_release_that_a_workflow_published_is_left_as_it_is(publisher, written, repo):
    one = written.commit("One")
    await publisher.publish(NAME, notes(one, about="By the workflow"))
    await publisher.publish(NAME, notes(one, about="By Slipway"))

    assert [each["body"] for each in repo.releases] == ["By the workflow"]


async def test_what_answers_and_is_not_github_can_be_tried_later(publisher, written, twin):
    one = written.commit("One")
    twin.fails("repos/create-release", 200, page="<html>A proxy</html>")

    with pytest.raises(PublisherError) as error:
        await publisher.publish(NAME, notes(one))
    assert error.value.later


# ---------------------------------------------------------------- notes


def test_each_pull_request_is_told_once_and_a_commit_without_one_by_itself():
    pull = PullRequest(12, "Refund at once", f"https://github.com/{NAME}/pull/12")
    commits = (a_commit("Refund", 1, pull), a_commit("Mend a test", 2, pull), a_commit("Turn it on", 3))
    text = written(
        notes("f" * 40, changes=Changes(commits, 5, url=f"https://github.com/{NAME}/compare/a...b"), since="2.3.9")
    )

    assert text == (
        "Instant refunds\n\n"
        "### Changes since 2.3.9\n\n"
        f"- Refund at once ([#12](https://github.com/{NAME}/pull/12))\n"
        f"- Turn it on ([0000000](https://github.com/{NAME}/commit/{3:040x}))\n\n"
        "And 2 more commits.\n\n"
        f"[Everything that has changed](https://github.com/{NAME}/compare/a...b)"
    )


HOSTILE = [
    "# A heading",
    "- A list",
    "1. A list",
    "12) A list",
    "+ A list",
    "> A quotation",
    "[a link](https://evil.example)",
    "![a picture](https://evil.example/x.png)",
    "<img src=https://evil.example/x.png>",
    "<!-- hidden",
    "&lt;b&gt;",
    "**bold** _slanted_ ~~gone~~ `code`",
    "a | b",
    "---",
    "===",
    "```",
    "\\",
    "$x$",
    "See https://evil.example and www.evil.example",
    "[^1]: a note",
]


@pytest.mark.parametrize("title", HOSTILE)
def test_a_title_reads_as_it_was_written_and_is_no_markup(title):
    markdown = MarkdownIt("gfm-like", {"linkify": False, "html": True})
    (item,) = [each for each in markdown.parse(f"- {words(title)}") if each.type == "inline"]

    kinds = {each.type for each in item.children or ()}
    assert kinds <= {"text", "text_special"}, kinds
    assert "".join(each.content for each in item.children or ()).replace("\u200b", "") == title


@pytest.mark.parametrize("title", ["Ask @omar", "Mends #12", "acme/other#7", "GH-12", "cc @acme/team"])
def test_a_title_calls_nobody_and_mentions_no_other_issue(title):
    read = MarkdownIt().renderInline(words(title))

    assert title not in read
    assert read.replace("\u200b", "") == title


def test_lines_and_what_cannot_be_printed_stay_on_one_line():
    assert words("One\n# Two\x00\u202ethree") == "One # Two three"


def test_what_was_planned_keeps_its_lines():
    assert written(notes("f" * 40, about="Refunds\r\nat once\n\n# For all")) == "Refunds  \nat once\n\n\\# For all"


def test_notes_are_never_longer_than_github_takes():
    commits = tuple(a_commit("*" * 500, each) for each in range(100))
    text = written(notes("f" * 40, about="*\n\n" * 30_000, changes=Changes(commits, 100)))
    assert len(text) <= LONGEST


# ---------------------------------------------------------------- the page about it

PAGE = (Path(__file__).parents[2] / "docs/integrations/github-marks.md").read_text()


def test_the_excerpts_on_the_page_load():
    for excerpt in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL):
        (service,) = loaded(SHORT.partition("services:")[0] + excerpt).services.values()
        assert service.repository == "acme/payments"


def test_the_page_tells_how_many_changes_are_listed():
    assert f"at most {SHOWN} of them" in PAGE
