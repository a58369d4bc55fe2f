"""GitHub's deployment protection rules: where a run waits for our word, and how it is given."""

from __future__ import annotations

from dataclasses import dataclass

from bot.ports import PublisherError
from bot.rules.protected_run import Question
from integrations.code_hosts.chosen import SET_UP
from integrations.code_hosts.github_history import must_be_there
from integrations.code_hosts.github_notes import words
from integrations.code_hosts.github_publisher import in_our_words
from integrations.github.client import GitHub
from integrations.github.errors import GitHubNotInstalledError, GitHubRefusedError

LONGEST = 1000
_NOBODY_WAITS = frozenset({404, 409, 410, 422})
"""How GitHub says that this run waits for nothing of ours: it was answered, cancelled, or is over."""


@dataclass(frozen=True, slots=True)
class GitHubProtectionRules:
    """Answers at the run itself. The address that GitHub sends along is never asked: what it names is enough."""

    github: GitHub | None

    async def answer(self, question: Question, *, approved: bool, comment: str) -> bool:
        """Let it go on, or stop it."""
        if self.github is None:
            raise PublisherError(f"Slipway has no way to GitHub. {SET_UP}")
        with in_our_words():
            repo = self.github.repository(question.repository)
            body = {
                "environment_name": question.environment,
                "state": "approved" if approved else "rejected",
                "comment": words(comment, LONGEST),
            }
            try:
                await repo.post("/actions/runs/{run_id}/deployment_protection_rule", body, run_id=question.run)
            except GitHubNotInstalledError:
                raise
            except GitHubRefusedError as error:
                if error.status not in _NOBODY_WAITS:
                    raise
                await must_be_there(repo)
                return False
            return True
