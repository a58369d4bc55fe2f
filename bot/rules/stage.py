"""A release's stage, derived from facts and never stored."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from bot.rules.approval import standing
from bot.rules.deployment import Attempt, Kind
from bot.rules.gate import Facts, Reason, gate

if TYPE_CHECKING:
    from bot.rules.release import Release


class Stage(StrEnum):
    """Where a release stands on its road."""

    PLANNING = "planning"
    BUILDING = "building"
    TESTING = "testing"
    PREPARING = "preparing"
    READY = "ready"
    DEPLOYING = "deploying"
    DEPLOYED = "deployed"
    RELEASED = "released"
    ROLLED_BACK = "rolled back"
    CANCELLED = "cancelled"


def stage(finals: tuple[Facts, ...]) -> Stage:
    """Where the release stands, from the facts of each final environment of its service (there is at least one).

    - planning: no candidate yet.
    - building: a candidate, which has been nowhere and about which nobody has said anything.
    - testing: it is being tried; approvals are missing or refused.
    - preparing: everybody has agreed; something else still blocks.
    - ready: the gate of a final environment is empty.
    - deploying, deployed, rolled back: what the newest attempts in the final environments say.
    - released, cancelled: what people said.
    """
    release = finals[0].release
    if release.cancelled:
        return Stage.CANCELLED
    if release.launched:
        return Stage.RELEASED
    if release.candidate is None:
        return Stage.PLANNING
    if any(facts.holder and facts.holder.order.release == release.id for facts in finals):
        return Stage.DEPLOYING
    if any(_rolled_back(facts, release) for facts in finals):
        return Stage.ROLLED_BACK
    if all(_stands(facts, release) for facts in finals):
        return Stage.DEPLOYED
    gates = [gate(facts) for facts in finals if not _stands(facts, release)]
    if any(not blockers for blockers in gates):
        return Stage.READY
    about_people = {Reason.APPROVAL, Reason.REJECTED, Reason.UNREADABLE}
    if all(not about_people.intersection(b.reason for b in blockers) for blockers in gates):
        return Stage.PREPARING
    return Stage.TESTING if any(_touched(facts) for facts in finals) else Stage.BUILDING


def _stands(facts: Facts, release: Release) -> bool:
    there = facts.standing
    return (
        there is not None and there.order.release == release.id and there.order.candidate.is_same_as(release.candidate)
    )


def _rolled_back(facts: Facts, release: Release) -> bool:
    """Whether it was here, and the newest success here is a rollback that took it away."""
    ended = [
        each
        for each in facts.deployments
        if each.attempt is Attempt.SUCCEEDED and each.order.environment == facts.environment.name
    ]
    if not ended or ended[0].order.kind is not Kind.ROLLBACK or ended[0].order.release == release.id:
        return False
    replaced = next((each for each in ended if each.id == ended[0].order.replaces), None)
    return (
        replaced is not None
        and replaced.order.release == release.id
        and replaced.order.candidate.is_same_as(release.candidate)
    )


def _touched(facts: Facts) -> bool:
    """Whether this candidate has been anywhere, or anybody has said anything about it."""
    been = any(each.order.candidate.is_same_as(facts.release.candidate) for each in facts.deployments)
    said = facts.seal is not None and bool(standing(facts.release.verdicts, facts.seal))
    return been or said or any(item.done for item in facts.release.checklist)
