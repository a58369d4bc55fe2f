"""Rolling back: which deployment was the last good one, and whether it can be gone back to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.rules.deployment import Attempt, Deployment, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence


def stands_now(history: Sequence[Deployment]) -> Deployment | None:
    """What stands in an environment: the newest success in its history (newest first)."""
    return next((each for each in history if each.attempt is Attempt.SUCCEEDED), None)


def good_versions(history: Sequence[Deployment]) -> tuple[Deployment, ...]:
    """What this environment can go back to, best first.

    A version is good if it succeeded here, isn't what stands here now, and was not itself rolled away from.
    `history` is the environment's deployments, newest first.
    """
    now = stands_now(history)
    bad = {
        replaced.order.candidate.commit
        for each in history
        if each.order.kind is Kind.ROLLBACK and each.attempt is Attempt.SUCCEEDED
        for replaced in history
        if replaced.id == each.order.replaces
    }
    seen: set[str] = {now.order.candidate.commit} if now else set()
    result: list[Deployment] = []
    for each in history:
        commit = each.order.candidate.commit
        if each.attempt is Attempt.SUCCEEDED and commit not in seen and commit not in bad:
            result.append(each)
            seen.add(commit)
    return tuple(result)


def last_good(history: Sequence[Deployment], wanted: str | None = None) -> Deployment | None:
    """The last good version, or the good one that `wanted` names by version, number (`D-4`) or commit."""
    good = good_versions(history)
    if wanted is None:
        return good[0] if good else None
    named = wanted.strip().lower()
    shortest = 7
    return next(
        (
            each
            for each in good
            if named in {each.order.version.lower(), each.name.lower()}
            or (len(named) >= shortest and each.order.candidate.commit.startswith(named))
        ),
        None,
    )
