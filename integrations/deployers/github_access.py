"""Access to GitHub, as both of its deployers need it: who we are there, and what we were granted."""

from __future__ import annotations

from collections.abc import Mapping

from bot.ports import DeployerError
from integrations.github.client import GitHub, Repository
from integrations.github.errors import GitHubError, permission

NOT_CONNECTED = (
    "Slipway is not connected to GitHub. Set SLIPWAY_GITHUB_APP_ID and SLIPWAY_GITHUB_APP_KEY, or "
    "SLIPWAY_GITHUB_TOKEN, and start it again."
)
_LEVELS = ("read", "write", "admin")


def at(github: GitHub | None, repository: str, *, ended: bool) -> Repository:
    """The repository. DeployerError if nobody told us how to speak to GitHub."""
    if github is None:
        raise DeployerError(NOT_CONNECTED, ended=ended)
    return github.repository(repository)


async def not_granted(
    github: GitHub, repository: Repository, needs: Mapping[str, str], scopes: frozenset[str]
) -> list[str]:
    """Which of these permissions we lack there, in sentences, as far as GitHub tells. GitHubError if it can't be asked.

    `scopes` are those of a classic token of which one is enough. A fine-grained token tells of no permission.
    """
    granted = await repository.permissions()
    if granted is None:
        has = (await github.identity()).scopes
        if has is None or has & scopes:
            return []
        return [f"The token for GitHub lacks the scope {' or '.join(sorted(scopes))}; make another one with it."]
    missing = [f"“{permission(name, level)}”" for name, level in needs.items() if not _covers(granted.get(name), level)]
    if not missing:
        return []
    lack = f"Slipway's GitHub App lacks {' and '.join(missing)} for {repository.name}."
    return [f"{lack} Grant it on the App's page, “Permissions & events”, and accept the change where it is installed."]


async def reads_no_checks(github: GitHub, repository: Repository) -> bool:
    """Whether we have a fine-grained token, and the repository is private: no such token can read checks there."""
    if await repository.permissions() is not None or (await github.identity()).scopes is not None:
        return False
    return bool((await repository.get("")).get("private"))


async def reachable(repository: Repository) -> list[str]:
    """Whether the repository is there, in sentences."""
    try:
        told = await repository.get("")
    except GitHubError as error:
        return [str(error)]
    return (
        [f"{repository.name} is archived at GitHub, so nothing can be started there."] if told.get("archived") else []
    )


def _covers(granted: str | None, needed: str) -> bool:
    return granted in _LEVELS and _LEVELS.index(granted) >= _LEVELS.index(needed)
