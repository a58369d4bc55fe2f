"""A twin of what stands beside commits: open pull requests and their marks, in memory."""

from __future__ import annotations

from collections.abc import Mapping

from bot.ports import Mark, PublisherError


class FakeMarks:
    """A test opens and closes pull requests."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], list[str]] = {}
        self._marks: dict[tuple[str, str], dict[str, Mark]] = {}
        self.written: list[tuple[str, Mark]] = []
        """Each commit that was marked, and how, oldest first."""
        self.away = ""
        """Why it can't be asked just now; empty while it can."""
        self.refuses = ""
        """Why it takes nothing; empty while it does."""

    def opens(self, repository: str, branch: str, head: str) -> None:
        """A pull request against that branch, with this newest commit."""
        self._open.setdefault((repository, branch), []).insert(0, head)

    def closes(self, repository: str, branch: str, head: str) -> None:
        self._open[repository, branch].remove(head)

    async def open_heads(self, repository: str, branch: str) -> tuple[str, ...]:
        self._ask()
        return tuple(dict.fromkeys(self._open.get((repository, branch), ())))

    async def marked(self, repository: str, commit: str) -> Mapping[str, Mark]:
        self._ask()
        return dict(self._marks.get((repository, commit), {}))

    async def mark(self, repository: str, commit: str, mark: Mark) -> None:
        self._ask()
        if self.refuses:
            raise PublisherError(self.refuses)
        self._marks.setdefault((repository, commit), {})[mark.context] = mark
        self.written.append((commit, mark))

    def _ask(self) -> None:
        if self.away:
            raise PublisherError(self.away, later=True)
