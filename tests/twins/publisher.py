"""A twin of the publisher: tags and releases in memory, over the commits of a code host's twin."""

from __future__ import annotations

from bot.ports import CodeHostError, Notes, PublisherError, Tagged
from tests.twins.code_host import FakeCodeHost


class FakePublisher:
    """What was tagged and published stays; a test may have done some of it by hand."""

    def __init__(self, code: FakeCodeHost) -> None:
        self._code = code
        self.releases: dict[tuple[str, str], Notes] = {}
        self.away = ""
        """Why it can't be asked just now; empty while it can."""
        self.refuses = ""
        """Why it takes nothing; empty while it does."""
        self.loses_answers = False
        """What is done is done, and nobody hears of it."""

    async def tag(self, repository: str, name: str, commit: str, message: str) -> Tagged:
        there = await self._named(repository, name)
        if there is None:
            if self.refuses:
                raise PublisherError(self.refuses)
            if await self._resolved(repository, commit) is None:
                raise PublisherError(f"There is no commit {commit} in {repository}.")
            self._code.tag(repository, name, commit)
            self._answers()
        return Tagged(there or commit, _page(repository, name))

    async def published(self, repository: str, tag: str) -> str | None:
        await self._named(repository, tag)
        return _page(repository, tag) if (repository, tag) in self.releases else None

    async def publish(self, repository: str, notes: Notes) -> str:
        await self._named(repository, notes.tag)
        if self.refuses:
            raise PublisherError(self.refuses)
        self.releases.setdefault((repository, notes.tag), notes)
        self._answers()
        return _page(repository, notes.tag)

    def _answers(self) -> None:
        if self.loses_answers:
            self.loses_answers = False
            raise PublisherError("Its answer got lost.", later=True)

    async def _named(self, repository: str, name: str) -> str | None:
        """What the tag of that name names, in whatever way it came to be."""
        return await self._resolved(repository, name)

    async def _resolved(self, repository: str, name: str) -> str | None:
        if self.away:
            raise PublisherError(self.away, later=True)
        try:
            found = await self._code.resolve(repository, name)
        except CodeHostError as error:
            raise PublisherError(str(error)) from error
        return found.sha if found else None


def _page(repository: str, tag: str) -> str:
    return f"https://github.com/{repository.strip('/')}/releases/tag/{tag}"
