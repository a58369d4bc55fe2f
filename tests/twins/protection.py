"""A twin of the protection rules: runs that wait, and what they were told."""

from __future__ import annotations

from bot.ports import PublisherError
from bot.rules.protected_run import Question


class FakeProtectionRules:
    """A run waits before an environment once a test says so."""

    def __init__(self) -> None:
        self._waiting: set[tuple[str, int, str]] = set()
        self.answers: list[tuple[int, bool, str]] = []
        """Each run that was answered, whether it may go on, and why."""
        self.away = ""
        """Why it can't be asked just now; empty while it can."""
        self.refuses = ""
        """Why it takes nothing; empty while it does."""
        self.loses_answers = False
        """What is said is said, and nobody hears that it was."""

    def waits(self, question: Question) -> None:
        """That run stands before its environment."""
        self._waiting.add((question.repository, question.run, question.environment.lower()))

    async def answer(self, question: Question, *, approved: bool, comment: str) -> bool:
        if self.away:
            raise PublisherError(self.away, later=True)
        if self.refuses:
            raise PublisherError(self.refuses)
        key = (question.repository, question.run, question.environment.lower())
        if key not in self._waiting:
            return False
        self._waiting.remove(key)
        self.answers.append((question.run, approved, comment))
        if self.loses_answers:
            self.loses_answers = False
            raise PublisherError("Its answer got lost.", later=True)
        return True
