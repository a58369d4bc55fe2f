"""The GitHub publisher: a tag for each version, and a release beside it. Asks before it makes anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bot.ports import CodeHostError, Notes, PublisherError, Tagged
from integrations.code_hosts.chosen import SET_UP
from integrations.code_hosts.github_history import maybe, must_be_there
from integrations.code_hosts.github_notes import written
from integrations.code_hosts.words import shown
from integrations.github.client import GitHub, Repository
from integrations.github.errors import GitHubAwayError, GitHubError, GitHubLimitedError, GitHubRefusedError
from integrations.github.places import at_github

_THERE_ALREADY = 422
"""How GitHub says so; and many other things, so it is asked what is there."""
_MOST_TAGS = 5
"""So many tags of tags are followed."""


@dataclass(frozen=True, slots=True)
class GitHubPublisher:
    """Tags and releases at GitHub. `github` None: it isn't set up; `host` is the one with its pages."""

    github: GitHub | None
    host: str = "github.com"

    async def tag(self, repository: str, name: str, commit: str, message: str) -> Tagged:
        """The tag of that name, which is made where there is none."""
        with in_our_words():
            repo = self._open(repository)
            url = f"https://{self.host}/{repo.name}/releases/tag/{quote(name)}"
            there = await _named_by(repo, name)
            if there is not None:
                return Tagged(there.commit, url)
            made = await repo.post("/git/tags", {"tag": name, "message": message, "object": commit, "type": "commit"})
            try:
                await repo.post("/git/refs", {"ref": f"refs/tags/{name}", "sha": _told(made, "sha")})
            except GitHubRefusedError as error:
                there = await _named_by(repo, name) if error.status == _THERE_ALREADY else None
                if there is None:
                    raise
                return Tagged(there.commit, url)  # somebody else was faster
            return Tagged(commit, url)

    async def published(self, repository: str, tag: str) -> str | None:
        """The page of the release that belongs to that tag. Drafts are none."""
        with in_our_words():
            repo = self._open(repository)
            found = await maybe(repo, "/releases/tags/{tag}", tag=tag)
            if found is None:
                await must_be_there(repo)
                return None
            return _told(found, "html_url")

    async def publish(self, repository: str, notes: Notes) -> str:
        """Publish a release; one that is there by now stays as it is."""
        with in_our_words():
            repo = self._open(repository)
            body = {
                "tag_name": notes.tag,
                # Counts only if the tag is gone by now: GitHub would else make it at the newest commit of all.
                "target_commitish": notes.commit,
                "name": notes.title,
                "body": written(notes),
                "draft": False,
                "prerelease": notes.preliminary,
                # By its number: what mends an old version is not the latest because it is the newest.
                "make_latest": "legacy",
            }
            try:
                return _told(await repo.post("/releases", body), "html_url")
            except GitHubRefusedError as error:
                there = await self.published(repository, notes.tag) if error.status == _THERE_ALREADY else None
                if there is None:
                    raise
                return there

    def _open(self, repository: str) -> Repository:
        if self.github is None:
            raise PublisherError(f"Slipway has no way to GitHub. {SET_UP}")
        name = at_github(repository, self.host)
        if name is None:
            raise PublisherError(f"{shown(repository)} is no repository at {self.host}.")
        return self.github.repository(name)


@dataclass(frozen=True, slots=True)
class _There:
    """A tag that is there. `commit` None: it names a tree, a file, or nothing that can be found."""

    commit: str | None


async def _named_by(repo: Repository, tag: str) -> _There | None:
    """What that tag names; None if there is no such tag."""
    reference = f"tags/{tag}"
    told = await maybe(repo, "/git/ref/{ref}", ref=reference)
    if not isinstance(told, Mapping) or told.get("ref") != f"refs/{reference}":
        await must_be_there(repo)
        return None
    leads = told["object"]
    for _ in range(_MOST_TAGS):
        if leads["type"] != "tag":
            break
        told = await maybe(repo, "/git/tags/{tag_sha}", tag_sha=leads["sha"])
        if told is None:
            return _There(None)
        leads = told["object"]
    return _There(str(leads["sha"]) if leads["type"] == "commit" else None)


def _told(answer: Any, name: str) -> str:
    value = answer.get(name) if isinstance(answer, Mapping) else None
    if not isinstance(value, str):
        raise GitHubAwayError("What answers there is not GitHub.", uncertain=True)
    return value


@contextmanager
def in_our_words() -> Iterator[None]:
    """GitHub's errors as those of a publisher."""
    try:
        yield
    except GitHubError as error:
        later = isinstance(error, GitHubAwayError | GitHubLimitedError)
        raise PublisherError(str(error), later=later) from error
    except CodeHostError as error:
        raise PublisherError(str(error)) from error
