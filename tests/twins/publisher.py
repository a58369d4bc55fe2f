"""A twin of a publisher: tags and pages in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.ports import Published, PublisherError
from integrations.code_hosts.words import can_be_named


@dataclass(slots=True)
class _Shelf:
    commits: set[str] = field(default_factory=set)
    tags: dict[str, str] = field(default_factory=dict)
    releases: dict[str, tuple[str, str]] = field(default_factory=dict)


class FakePublisher:
    """Publishes into memory, for the repositories and commits that a test adds."""

    def __init__(self) -> None:
        self._shelves: dict[str, _Shelf] = {}

    def add(self, repository: str, *commits: str) -> None:
        """There is that repository, with these commits."""
        self._shelves.setdefault(repository, _Shelf()).commits.update(commits)

    def tags(self, repository: str) -> dict[str, str]:
        """Each tag and its commit."""
        return self._shelves[repository].tags

    def releases(self, repository: str) -> dict[str, tuple[str, str]]:
        """The title and the notes of each, by its tag."""
        return self._shelves[repository].releases

    async def tag(self, repository: str, name: str, commit: str, message: str) -> Published:
        shelf = self._open(repository)
        if not can_be_named(name):
            raise PublisherError(f"No tag can be called “{name}”.")
        if shelf.tags.get(name, commit) != commit:
            raise PublisherError(f"In {repository} the tag “{name}” stands elsewhere. A version's tag is never moved.")
        if commit not in shelf.commits:
            raise PublisherError(f"{repository} has no commit {commit}.")
        made = name not in shelf.tags
        shelf.tags[name] = commit
        return Published(made, f"https://github.com/{repository}/tree/{name}")

    async def release(self, repository: str, tag: str, title: str, notes: str) -> Published:
        shelf = self._open(repository)
        if tag not in shelf.tags:
            raise PublisherError(f"{repository} has no tag “{tag}”; make it first.")
        made = tag not in shelf.releases
        shelf.releases.setdefault(tag, (title, notes))
        return Published(made, f"https://github.com/{repository}/releases/tag/{tag}")

    def _open(self, repository: str) -> _Shelf:
        if repository not in self._shelves:
            raise PublisherError(f"There is no repository {repository}.")
        return self._shelves[repository]
