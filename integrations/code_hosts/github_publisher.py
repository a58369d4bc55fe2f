"""The `github` publisher: a version's tag, and a release with its notes.

Each looks first, makes what is missing, and looks again where the answer was lost or somebody else was quicker: so
whatever is asked twice is there once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bot.ports import CodeHostError, Published, PublisherError
from integrations.code_hosts.github_history import maybe, must_be_there
from integrations.code_hosts.github_names import referred
from integrations.code_hosts.words import can_be_named, is_full, shown
from integrations.github.client import GitHub, Repository
from integrations.github.errors import GitHubAwayError, GitHubError, GitHubRefusedError
from integrations.github.places import at_github

_TAKEN = 422
"""How GitHub says that something of that name is there, among other things."""


class GitHubPublisher:
    """Tags and releases at GitHub."""

    def __init__(self, github: GitHub, *, host: str = "github.com") -> None:
        """`host` is the one with GitHub's pages."""
        self._github = github
        self._host = host

    async def tag(self, repository: str, name: str, commit: str, message: str) -> Published:
        """An annotated tag."""
        with _in_our_words():
            repo = self._open(repository)
            if not can_be_named(name):
                raise PublisherError(f"No tag can be called {shown(name)}.")
            if not is_full(commit):
                raise PublisherError(f"{shown(commit)} is not a full commit.")
            url = f"https://{self._host}/{repo.name}/tree/{name}"
            if await _is_tagged(repo, name, commit):
                return Published(made=False, url=url)
            try:
                told = await repo.post(
                    "/git/tags", {"tag": name, "message": message, "object": commit, "type": "commit"}
                )
                await repo.post("/git/refs", {"ref": f"refs/tags/{name}", "sha": told["sha"]})
            except (GitHubAwayError, GitHubRefusedError) as error:
                if not _may_be_there(error) or not await _is_tagged(repo, name, commit):
                    raise
                return Published(made=isinstance(error, GitHubAwayError), url=url)
            return Published(made=True, url=url)

    async def release(self, repository: str, tag: str, title: str, notes: str) -> Published:
        """A release that is no draft. Whether it counts as the latest, GitHub finds by its version."""
        with _in_our_words():
            repo = self._open(repository)
            there = await _page(repo, tag)
            if there is not None:
                return Published(made=False, url=there)
            # Without its tag, GitHub would make one, at whatever the default branch is by then.
            if not can_be_named(tag) or await referred(repo, f"tags/{tag}") is None:
                await must_be_there(repo)
                raise PublisherError(f"{repo.name} has no tag {shown(tag)}; make it first.")
            try:
                told = await repo.post(
                    "/releases", {"tag_name": tag, "name": title, "body": notes, "make_latest": "legacy"}
                )
            except (GitHubAwayError, GitHubRefusedError) as error:
                there = await _page(repo, tag) if _may_be_there(error) else None
                if there is None:
                    raise
                return Published(made=isinstance(error, GitHubAwayError), url=there)
            return Published(made=True, url=told["html_url"])

    def _open(self, repository: str) -> Repository:
        name = at_github(repository, self._host)
        if name is None:
            raise PublisherError(f"{shown(repository)} is no repository at {self._host}.")
        return self._github.repository(name)


async def _is_tagged(repo: Repository, name: str, commit: str) -> bool:
    """Whether that commit is called so; PublisherError if another is."""
    found = await referred(repo, f"tags/{name}")
    if found is not None and found != commit:
        raise PublisherError(
            f"In {repo.name} the tag {shown(name)} stands at {found[:10]}, not at {commit[:10]}. A version's tag is "
            "never moved: choose another name, or remove that tag by hand."
        )
    return found is not None


async def _page(repo: Repository, tag: str) -> str | None:
    """Where that tag's release is."""
    told = await maybe(repo, "/releases/tags/{tag}", tag=tag)
    return str(told["html_url"]) if told is not None else None


def _may_be_there(error: GitHubAwayError | GitHubRefusedError) -> bool:
    """Whether it may have been made all the same, or by somebody else in the meantime."""
    return error.uncertain if isinstance(error, GitHubAwayError) else error.status == _TAKEN


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except GitHubAwayError as error:
        raise PublisherError(str(error), uncertain=error.uncertain) from error
    except (GitHubError, CodeHostError) as error:
        raise PublisherError(str(error)) from error
