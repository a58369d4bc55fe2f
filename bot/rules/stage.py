"""A release's stage, derived from facts and never stored."""

from __future__ import annotations

from enum import StrEnum

from bot.rules.approval import standing
from bot.rules.deployment import Kind
from bot.rules.gate import Facts, Reason, gate


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
    - deploying, deployed, rolled back: what the attempts with this candidate in the final environments say. A release
      that a later one has replaced stays deployed.
    - released, cancelled: what people said; what was rolled back after its launch is no longer released.
    """
    release = finals[0].release
    if release.cancelled:
        return Stage.CANCELLED
    if any(_on_its_way(facts) for facts in finals):
        return Stage.DEPLOYING
    if any(facts.rolled_back for facts in finals):
        return Stage.ROLLED_BACK
    if release.launched:
        return Stage.RELEASED
    if release.candidate is None:
        return Stage.PLANNING
    if all(facts.brought for facts in finals):
        return Stage.DEPLOYED
    gates = [gate(facts) for facts in finals if not facts.brought]
    if any(not blockers for blockers in gates):
        return Stage.READY
    about_people = {Reason.APPROVAL, Reason.REJECTED, Reason.UNREADABLE}
    if all(not about_people.intersection(b.reason for b in blockers) for blockers in gates):
        return Stage.PREPARING
    return Stage.TESTING if any(_touched(facts) for facts in finals) else Stage.BUILDING


def _on_its_way(facts: Facts) -> bool:
    holder = facts.holder
    return holder is not None and holder.order.kind is Kind.DEPLOY and holder.order.release == facts.release.id


def _touched(facts: Facts) -> bool:
    """Whether this candidate has been anywhere, or anybody has said anything about it."""
    been = any(each.order.candidate.is_same_as(facts.release.candidate) for each in facts.deployments)
    said = facts.proposal is not None and bool(standing(facts.release.verdicts, facts.proposal))
    return been or said or any(item.done for item in facts.release.checklist)
