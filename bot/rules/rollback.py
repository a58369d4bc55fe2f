"""Rolling back: what runs now, what was good before, and what was taken away again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from bot.rules.candidate import Candidate
from bot.rules.deployment import UNDER_WAY, Attempt, Deployment, DeploymentId, Kind
from bot.rules.policy import EnvironmentName


def stands_now(history: Sequence[Deployment]) -> Deployment | None:
    """What stands in an environment, as far as is known: the newest success in its history (newest first)."""
    return next((each for each in history if each.attempt is Attempt.SUCCEEDED), None)


def last_touch(history: Sequence[Deployment]) -> Deployment | None:
    """What may have changed the environment last: its newest success, or what failed, got lost or began after that."""
    return next((each for each in history if each.touched or each.attempt in UNDER_WAY), None)


def taken_away(deployment: Deployment, history: Iterable[Deployment]) -> bool:
    """Whether a rollback that succeeded took this deployment away. `history` may be in any order."""
    return any(
        each.order.kind is Kind.ROLLBACK and each.attempt is Attempt.SUCCEEDED and each.order.replaces == deployment.id
        for each in history
    )


def newest_success(
    candidate: Candidate | None, environment: EnvironmentName, history: Iterable[Deployment]
) -> Deployment | None:
    """The newest deployment that brought exactly this candidate there. `history` is newest first."""
    return next(
        (
            each
            for each in history
            if each.attempt is Attempt.SUCCEEDED
            and each.order.kind is Kind.DEPLOY
            and each.order.environment == environment
            and each.order.candidate.is_same_as(candidate)
        ),
        None,
    )


def been_there(
    candidate: Candidate | None, environment: EnvironmentName, history: Iterable[Deployment]
) -> Deployment | None:
    """The newest deployment by which exactly this candidate came there, held or not. `history` is newest first."""
    return next(
        (
            each
            for each in history
            if (each.attempt is Attempt.SUCCEEDED or each.did_not_hold)
            and each.order.kind is Kind.DEPLOY
            and each.order.environment == environment
            and each.order.candidate.is_same_as(candidate)
        ),
        None,
    )


def good_versions(history: Sequence[Deployment]) -> tuple[Deployment, ...]:
    """What this environment can go back to, best first. `history` is the environment's deployments, newest first.

    A version is good if its newest deployment here succeeded and was not rolled away from. What stands here is among
    them only if something after it failed, has an unknown outcome or is under way: then it is the first to go back to.
    """
    now, last = stands_now(history), last_touch(history)
    seen = [now.order.candidate] if now is not None and now is last else []
    if last is not None and last.attempt is Attempt.WATCHING:
        seen.append(last.order.candidate)  # it is there, and whoever wants to go back wants to leave it
    result: list[Deployment] = []
    left: list[Deployment] = []
    for each in history:
        candidate = each.order.candidate
        if each.attempt is not Attempt.SUCCEEDED or any(candidate.is_same_as(other) for other in seen):
            continue
        seen.append(candidate)
        brought = each if each.order.kind is Kind.DEPLOY else newest_success(candidate, each.order.environment, history)
        if brought is None or not taken_away(brought, history):
            # Somebody is on the way back from it, or failed to get back: it is the last to be brought back unasked.
            (left if brought is not None and _left(brought, history) else result).append(each)
    return (*result, *left)


def _left(deployment: Deployment, history: Iterable[Deployment]) -> bool:
    """Whether anybody went back from this deployment, however far they came."""
    return any(
        each.order.kind is Kind.ROLLBACK
        and each.order.replaces == deployment.id
        and each.attempt is not Attempt.CANCELLED
        for each in history
    )


def best_first(
    good: Sequence[Deployment], *, verified: bool, gone: Collection[DeploymentId] = ()
) -> tuple[Deployment, ...]:
    """Good versions in the order in which to go back to them.

    Where it can be seen what is served (`verified`), those that were seen come before those that nobody has seen;
    those whose artifact is gone come last.
    """
    return tuple(sorted(good, key=lambda each: (each.id in gone, verified and each.served is None)))


def last_good(history: Sequence[Deployment], wanted: str | None = None) -> Deployment | None:
    """The last good version, or the good one that `wanted` names by version, number (`D-4`) or commit."""
    return named(good_versions(history), wanted)


def named(good: Sequence[Deployment], wanted: str | None) -> Deployment | None:
    """The best of these, or the one that `wanted` names by version, number (`D-4`) or commit."""
    if wanted is None:
        return good[0] if good else None
    name = wanted.strip().lower()
    shortest = 7
    return next(
        (
            each
            for each in good
            if name in {each.order.version.lower(), each.name.lower()}
            or (len(name) >= shortest and each.order.candidate.commit.startswith(name))
        ),
        None,
    )
