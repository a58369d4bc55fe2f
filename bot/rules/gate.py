"""The gate: everything that still blocks a deployment, who can lift it and how. An empty gate means: may deploy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.rules.approval import Word, barred, rejections, tallies, void
from bot.rules.candidate import Seal, seal
from bot.rules.checklist import left_to_do
from bot.rules.deployment import Attempt, Deployment
from bot.rules.freeze import Freeze
from bot.rules.people import Roles
from bot.rules.policy import ChangeType, Environment, FreezeMeaning, Right, Service, must_be_ticked_before, rules_digest
from bot.rules.release import Release, ReleaseId, r
from bot.rules.rollback import newest_success, stands_now, taken_away
from bot.rules.sentence import AllOf, At, AtRole, Code, Sentence, When, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.rules.approval import Tally
    from bot.rules.policy import ApprovalRule, EnvironmentName


class Reason(StrEnum):
    """What kind of thing blocks."""

    ENDED = "ended"
    CANDIDATE = "candidate"
    REJECTED = "rejected"
    APPROVAL = "approval"
    CHECKLIST = "checklist"
    ORDER = "order"
    ROLLED_BACK = "rolled back"
    OVERTAKEN = "overtaken"
    DEPENDENCY = "dependency"
    FREEZE = "freeze"
    HELD = "held"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Blocker:
    """One thing in the way: a sentence, the ones who can lift it, what they do, and when it ends by itself."""

    reason: Reason
    why: Sentence
    lifted_by: tuple[At | AtRole, ...] = ()
    step: Sentence | None = None
    opens_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the gate's answer depends on, read at one moment."""

    release: Release
    service: Service
    environment: Environment
    change: ChangeType
    roles: Roles
    now: datetime
    deployments: tuple[Deployment, ...] = ()
    """This service's deployments, newest first: at least the newest per environment and all of this release."""
    freezes: tuple[Freeze, ...] = ()
    dependencies: Mapping[ReleaseId, bool] = field(default_factory=dict)
    """Each release that this one depends on, and whether it is in this environment (or launched)."""
    seal: Seal | None = field(init=False)
    """What an approval given now would be sealed to; None without a candidate. Asked for often, so it is kept."""

    def __post_init__(self) -> None:
        """Seal it."""
        candidate, version = self.release.candidate, self.release.plan.version
        sealed = seal(candidate, version, self.environment.name, self.rules) if candidate else None
        object.__setattr__(self, "seal", sealed)

    @property
    def approvals(self) -> tuple[ApprovalRule, ...]:
        """The approvals that are asked for here."""
        return self.change.approvals.get(self.environment.name, ())

    @property
    def rules(self) -> str:
        """The digest of the rules in force."""
        return rules_digest(self.change, self.service, self.environment.name)

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """How far each approval rule has come."""
        if self.seal is None or self.release.candidate is None:
            return ()
        own = barred(self.change, self.release.requested_by, self.release.candidate)
        return tallies(self.approvals, self.release.verdicts, self.seal, self.roles, own)

    def has_had(self, environment: EnvironmentName) -> bool:
        """Whether that environment has had exactly this candidate, and it was not rolled back there."""
        brought = newest_success(self.release.candidate, environment, self.deployments)
        return brought is not None and not taken_away(brought, self.deployments)

    @property
    def holder(self) -> Deployment | None:
        """The deployment that holds this environment now."""
        return next((d for d in self.deployments if d.holds and d.order.environment == self.environment.name), None)

    @property
    def standing(self) -> Deployment | None:
        """What stands in this environment: its newest success."""
        return stands_now([each for each in self.deployments if each.order.environment == self.environment.name])

    @property
    def brought(self) -> Deployment | None:
        """The newest deployment that brought exactly this candidate here."""
        return newest_success(self.release.candidate, self.environment.name, self.deployments)

    @property
    def rolled_back(self) -> bool:
        """Whether this candidate was here and was taken away by a rollback."""
        return self.brought is not None and taken_away(self.brought, self.deployments)


def gate(facts: Facts) -> tuple[Blocker, ...]:
    """Every blocker, in the order in which people best deal with them. Empty: may deploy."""
    if not facts.release.open:
        return tuple(_ended(facts))
    if facts.release.candidate is None:
        return (
            Blocker(
                Reason.CANDIDATE,
                say("{release} has no candidate yet.", release=facts.release.name),
                (At(facts.release.requested_by),),
                say("Set one with {command}.", command=Code(f"/release build {facts.release.name} <commit>")),
            ),
        )
    return (
        *_rejected(facts),
        *_unapproved(facts),
        *_unchecked(facts),
        *_out_of_order(facts),
        *_been_here(facts),
        *_waiting_for_others(facts),
        *_frozen(facts),
        *_held(facts),
    )


def _ended(facts: Facts) -> Iterator[Blocker]:
    release = facts.release
    if release.cancelled:
        yield Blocker(Reason.ENDED, say("{release} was cancelled.", release=release.name))
    elif release.launched:
        yield Blocker(Reason.ENDED, say("{release} has been launched already.", release=release.name))


def _rejected(facts: Facts) -> Iterator[Blocker]:
    seal_now = facts.seal
    if seal_now is None:
        return
    for verdict in rejections(facts.release.verdicts, seal_now):
        yield Blocker(
            Reason.REJECTED,
            say(
                "{who} rejected this candidate as {role}: {reason}",
                who=At(verdict.person),
                role=AtRole(verdict.role),
                reason=verdict.reason,
            ),
            (At(verdict.person), At(facts.release.requested_by)),
            say("Set a new candidate, or have the rejection withdrawn."),
        )


def _unapproved(facts: Facts) -> Iterator[Blocker]:
    seal_now = facts.seal
    if seal_now is None:
        return
    outdated = {
        verdict.role
        for verdict in void(facts.release.verdicts, facts.environment.name, seal_now)
        if verdict.word is Word.YES
    }
    for tally in facts.tallies:
        role = tally.rule.role
        if role in facts.roles.unknown and facts.approvals:
            yield Blocker(
                Reason.UNREADABLE,
                say("I can't look up who is in {role}: {why}", role=AtRole(role), why=facts.roles.unknown[role]),
                step=say("Nothing goes ahead until that works again."),
            )
        if not tally.missing:
            continue
        who = (AtRole(role),)
        command = Code(f"/release approve {facts.release.name} {facts.environment.name}")
        step = say("Press Approve, or type {command}.", command=command)
        if tally.lapsed:
            yield Blocker(
                Reason.APPROVAL,
                say(
                    "{people} approved, but can't count as {role} for this candidate now; {missing} more needed.",
                    people=AllOf(tuple(At(each.person) for each in tally.lapsed)),
                    role=AtRole(role),
                    missing=tally.missing,
                ),
                who,
                step,
            )
        elif role in outdated:
            yield Blocker(
                Reason.APPROVAL,
                say("{role} approved something else; this candidate needs its own approval.", role=AtRole(role)),
                who,
                step,
            )
        elif tally.missing == 1 and tally.rule.quorum == 1:
            yield Blocker(Reason.APPROVAL, say("{role} has not approved yet.", role=AtRole(role)), who, step)
        else:
            yield Blocker(
                Reason.APPROVAL,
                say(
                    "{missing} of {quorum} approvals by {role} are missing.",
                    missing=tally.missing,
                    quorum=tally.rule.quorum,
                    role=AtRole(role),
                ),
                who,
                step,
            )


def _unchecked(facts: Facts) -> Iterator[Blocker]:
    if not must_be_ticked_before(facts.change, facts.service, facts.environment.name):
        return
    for item in left_to_do(facts.release.checklist):
        who = (AtRole(item.owner),) if item.owner else (At(facts.release.requested_by),)
        yield Blocker(
            Reason.CHECKLIST,
            say("Checklist: “{item}” is not done.", item=item.text),
            who,
            say("Tick it with {command}.", command=Code(f"/release checklist {facts.release.name}")),
        )


def _out_of_order(facts: Facts) -> Iterator[Blocker]:
    if not facts.change.keeps_order:
        return
    for earlier in facts.environment.after:
        if not facts.has_had(earlier):
            yield Blocker(
                Reason.ORDER,
                say("This candidate has not been in {environment} yet.", environment=earlier),
                tuple(AtRole(role) for role in facts.service.roles_for(Right.DEPLOY)),
                say("Deploy it there first: {command}.", command=Code(f"/deploy {facts.release.name} to {earlier}")),
            )


def _been_here(facts: Facts) -> Iterator[Blocker]:
    """Going backwards is only ever called rollback."""
    brought, standing = facts.brought, facts.standing
    if brought is None or standing is None or standing.order.candidate.is_same_as(facts.release.candidate):
        return
    if facts.rolled_back:
        yield Blocker(
            Reason.ROLLED_BACK,
            say(
                "This candidate was in {environment} ({deployment}) and was rolled back.",
                environment=facts.environment.name,
                deployment=brought.name,
            ),
            (At(facts.release.requested_by),),
            say("Mend it, and set a new candidate: {command}.", command=_build(facts)),
        )
    else:
        yield Blocker(
            Reason.OVERTAKEN,
            say(
                "This candidate was in {environment} before ({deployment}); {version} stands there now.",
                environment=facts.environment.name,
                deployment=brought.name,
                version=standing.order.version,
            ),
            tuple(AtRole(role) for role in facts.service.roles_for(Right.ROLL_BACK)),
            say("Going back is a rollback: {command}.", command=_back(facts, brought)),
        )


def _build(facts: Facts) -> Code:
    return Code(f"/release build {facts.release.name} <commit>")


def _back(facts: Facts, to: Deployment) -> Code:
    return Code(f"/rollback {facts.service.name} in {facts.environment.name} to {to.order.version}")


def _waiting_for_others(facts: Facts) -> Iterator[Blocker]:
    for release, there in facts.dependencies.items():
        if not there:
            yield Blocker(
                Reason.DEPENDENCY,
                say(
                    "It depends on {other}, which is not in {environment} yet.",
                    other=r(release),
                    environment=facts.environment.name,
                ),
                step=say(
                    "Deploy {other} first, or take the dependency out with {command}.",
                    other=r(release),
                    command=Code(f"/release edit {facts.release.name}"),
                ),
            )


def _frozen(facts: Facts) -> Iterator[Blocker]:
    if facts.change.freeze is FreezeMeaning.PASSES:
        return
    for freeze in facts.freezes:
        if freeze.active(facts.now) and freeze.covers(facts.service.name, facts.environment.name, facts.change.name):
            yield Blocker(
                Reason.FREEZE,
                say(
                    "{freeze} freezes {environment} until {end}: {reason}",
                    freeze=freeze.name,
                    environment=facts.environment.name,
                    end=When(freeze.over_at),
                    reason=freeze.window.reason,
                ),
                (At(freeze.declared_by),),
                say("Wait, or have it ended with {command}.", command=Code(f"/freeze end {freeze.name}")),
                opens_at=freeze.over_at,
            )


def _held(facts: Facts) -> Iterator[Blocker]:
    holder = facts.holder
    if holder is None:
        return
    if holder.attempt is Attempt.UNKNOWN:
        yield Blocker(
            Reason.HELD,
            say(
                "The outcome of {deployment} in {environment} is unknown, so nothing else may start there.",
                deployment=holder.name,
                environment=facts.environment.name,
            ),
            (At(holder.order.confirmed_by),),
            say(
                "Look whether {version} is there; {command} gives that deployment up, and a rollback does, too.",
                version=holder.order.version,
                command=Code(f"/deploy cancel {holder.name}"),
            ),
        )
    else:
        yield Blocker(
            Reason.HELD,
            say(
                "{deployment} ({version}) is on its way to {environment}.",
                deployment=holder.name,
                version=holder.order.version,
                environment=facts.environment.name,
            ),
            (At(holder.order.confirmed_by),),
            say("Wait for its end, or stop it with {command}.", command=Code(f"/deploy cancel {holder.name}")),
        )


__all__ = ["Blocker", "Facts", "Reason", "gate"]
