"""The gate: everything that still blocks a deployment, who can lift it and how. An empty gate means: may deploy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.rules.approval import Proposal, Word, barred, rejections, tallies, void
from bot.rules.candidate import Seal, seal, subject
from bot.rules.checklist import left_to_do
from bot.rules.deployment import Attempt, Deployment
from bot.rules.freeze import Freeze, FreezeException
from bot.rules.lock import Lock
from bot.rules.people import SLIPWAY, Roles
from bot.rules.policy import (
    CalendarSource,
    ChangeType,
    Environment,
    FreezeMeaning,
    Right,
    Service,
    bake_before,
    hours_for,
    must_be_ticked_before,
)
from bot.rules.release import Release, ReleaseId, r
from bot.rules.rollback import been_there, newest_success, stands_now, taken_away
from bot.rules.sentence import AllOf, At, AtRole, Code, Sentence, When, say
from bot.rules.terms import span, terms_of
from bot.rules.veto import Finding, Standing, Veto, VetoId
from bot.rules.veto import standing as stands_to

if TYPE_CHECKING:
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
    VETOED = "vetoed"
    DEPENDENCY = "dependency"
    BAKE = "bake"
    HOURS = "hours"
    FREEZE = "freeze"
    LOCKED = "locked"
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
    about: str = ""
    """What of its kind it is about: a role, a line's key, a freeze's name."""

    @property
    def key(self) -> str:
        """Its name among the blockers of an environment, the same as long as it is there."""
        return f"{self.reason}:{self.about}"


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
    exceptions: tuple[FreezeException, ...] = ()
    """What was asked for and decided for this release about freezes."""
    unread: tuple[tuple[CalendarSource, str], ...] = ()
    """The calendars of freezes that can't be read now, each with why."""
    locks: tuple[Lock, ...] = ()
    """The locks that may hold an environment of this service."""
    vetoes: tuple[Veto, ...] = ()
    """What was rolled back of this service, also where that was lifted again."""
    findings: Mapping[VetoId, Finding] = field(default_factory=dict)
    """What was read of this candidate about each of them."""
    proposal: Proposal | None = field(init=False)
    """What an approval given now would be sealed to; None without a candidate. Asked for often, so it is kept."""

    def __post_init__(self) -> None:
        """Seal it."""
        candidate, version = self.release.candidate, self.release.plan.version
        proposal = None
        if candidate is not None:
            terms = terms_of(self.change, self.service, self.environment.name)
            proposal = Proposal(
                self.environment.name,
                seal(candidate, version, self.environment.name, terms.digest),
                subject(candidate, version, self.environment.name),
                terms,
                candidate.identity,
                version,
            )
        object.__setattr__(self, "proposal", proposal)

    @property
    def seal(self) -> Seal | None:
        """What stands for the proposal on a button; None without a candidate."""
        return self.proposal.seal if self.proposal else None

    @property
    def approvals(self) -> tuple[ApprovalRule, ...]:
        """The approvals that are asked for here."""
        return self.change.approvals.get(self.environment.name, ())

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """How far each approval rule has come."""
        if self.proposal is None or self.release.candidate is None:
            return ()
        own = barred(self.change, self.release.requested_by, self.release.candidate)
        return tallies(
            self.approvals,
            self.release.verdicts,
            self.proposal,
            self.roles,
            own,
            at=self.now,
            lasts=self.change.approvals_last,
        )

    def soft(self, freeze: Freeze) -> bool:
        """Whether that freeze only has to be acknowledged by this change."""
        return not freeze.window.hard or self.change.freeze is FreezeMeaning.ACKNOWLEDGE

    def passed(self, freeze: Freeze) -> FreezeException | None:
        """The exception by which this release passes that freeze now.

        What was only acknowledged does not count any more once the change is one that needs the owners' yes.
        """
        return next(
            (
                each
                for each in self.exceptions
                if each.plea.freeze == freeze.id and each.counts(self.now) and (not each.plea.soft or self.soft(freeze))
            ),
            None,
        )

    def asked_of(self, freeze: Freeze) -> FreezeException | None:
        """What was asked of that freeze for this release and waits for an answer."""
        return next((each for each in self.exceptions if each.plea.freeze == freeze.id and each.granted is None), None)

    @property
    def in_force(self) -> tuple[Freeze, ...]:
        """The freezes that are in force now, for this change here. Whether they block is another question."""
        name = self.environment.name
        return tuple(
            each
            for each in self.freezes
            if each.active(self.now) and each.covers(self.service.name, name, self.change.name)
        )

    @property
    def frozen_by(self) -> tuple[Freeze, ...]:
        """Those of them that block: the release doesn't pass them."""
        if self.change.freeze is FreezeMeaning.PASSES:
            return ()
        return tuple(each for each in self.in_force if self.passed(each) is None)

    @property
    def doubtful(self) -> tuple[tuple[CalendarSource, str], ...]:
        """The calendars that can't be read now and may hold a freeze for this change here, each with why."""
        if self.change.freeze is FreezeMeaning.PASSES:
            return ()
        return tuple((source, why) for source, why in self.unread if self._concerned_by(source))

    def doubt_blocks(self, source: CalendarSource) -> bool:
        """Whether such a calendar blocks; one that doesn't is a warning."""
        return source.hard and self.change.freeze is FreezeMeaning.BLOCKS

    def _concerned_by(self, source: CalendarSource) -> bool:
        scope = source.scope
        return (
            (not scope.environments or self.environment.name in scope.environments)
            and (not scope.services or self.service.name in scope.services)
            and (not scope.change_types or self.change.name in scope.change_types)
        )

    @property
    def lock(self) -> Lock | None:
        """The lock that is in force here now. Whether it blocks is another question."""
        place = (self.service.name, self.environment.name)
        return next((each for each in self.locks if each.is_on(*place) and each.in_force(self.now)), None)

    def has_had(self, environment: EnvironmentName) -> bool:
        """Whether that environment has had exactly this candidate, and it was not rolled back there."""
        brought = newest_success(self.release.candidate, environment, self.deployments)
        return brought is not None and not taken_away(brought, self.deployments)

    def stays(self, environment: EnvironmentName) -> Iterator[tuple[datetime, datetime | None]]:
        """Each time that exactly this candidate stood there: since when and until when (None: now), newest first."""
        since: datetime | None = None
        until: datetime | None = None
        newer: Deployment | None = None
        for each in self.deployments:
            if each.order.environment != environment or each.attempt is not Attempt.SUCCEEDED:
                continue
            came = each.there_since
            if each.order.candidate.is_same_as(self.release.candidate):
                if since is None and newer is not None and (newer.order.replaces or each.id) != each.id:
                    until = came  # others that weren't read came in between, so nobody knows how long it stood
                since = came  # deployed there once more, it goes on standing there
                continue
            if since is not None:
                yield since, until
            since, until, newer = None, came, each
        if since is not None:
            yield since, until

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
    def been(self) -> Deployment | None:
        """The newest deployment by which exactly this candidate came here, whether it held or not."""
        return been_there(self.release.candidate, self.environment.name, self.deployments)

    @property
    def rolled_back(self) -> bool:
        """Whether this candidate was here and was taken away by a rollback."""
        been = self.been
        return been is not None and taken_away(been, self.deployments)

    @property
    def forgiven(self) -> bool:
        """Whether the veto of the rollback that took this candidate away was lifted: then it may come again."""
        mine = self.taken_away_by
        return bool(mine) and all(each.lifted is not None for each in mine)

    @property
    def taken_away_by(self) -> tuple[Veto, ...]:
        """The vetoes, also lifted ones, of the rollback that took this candidate away."""
        been = self.been
        back = {each.id for each in self.deployments if been is not None and each.order.replaces == been.id}
        return tuple(each for each in self.vetoes if each.taken.rollback in back)

    @property
    def kept_out_by(self) -> tuple[tuple[Veto, Standing], ...]:
        """The vetoes that keep this candidate out of here, or may do so: which of the two."""
        candidate = self.release.candidate
        if candidate is None:
            return ()
        readable = self.service.repository is not None
        found = (
            (each, stands_to(each, candidate.commit, self.findings.get(each.id), readable=readable))
            for each in self.vetoes
            if each.reaches(self.environment.name, self.service)
        )
        return tuple(each for each in found if each[1] is not Standing.CLEAN)


@dataclass(frozen=True, slots=True)
class Check:
    """One question that the gate asks: what it is about, and what stands in the way by it."""

    about: str
    blockers: tuple[Blocker, ...]


def checks(facts: Facts) -> tuple[Check, ...]:
    """Every question with its answer, in the order in which people best deal with what blocks."""
    if not facts.release.open:
        return (Check("whether it is open", tuple(_ended(facts))),)
    if facts.proposal is None:
        return (Check("a candidate", (_without_candidate(facts),)),)
    return tuple(Check(about, tuple(asked(facts))) for about, asked in _QUESTIONS)


def gate(facts: Facts) -> tuple[Blocker, ...]:
    """Every blocker, in the order in which people best deal with them. Empty: may deploy."""
    return tuple(blocker for check in checks(facts) for blocker in check.blockers)


MOST_STEPS = 500
"""More changes than lie between now and a moment worth waiting for."""


def opens_by_itself(facts: Facts) -> datetime | None:
    """When nothing will block any more if nobody does anything; None if somebody has to. Now, if nothing blocks."""
    for _ in range(MOST_STEPS):
        blockers = gate(facts)
        if not blockers:
            return facts.now
        moments = [each.opens_at for each in blockers]
        known = [each for each in moments if each is not None]
        if len(known) < len(moments) or max(known) <= facts.now:
            return None
        # What ends then may not be all: hours may be over by then, another freeze may have begun.
        facts = replace(facts, now=max(known))
    return None


def _without_candidate(facts: Facts) -> Blocker:
    return Blocker(
        Reason.CANDIDATE,
        say("{release} has no candidate yet.", release=facts.release.name),
        (At(facts.release.requested_by),),
        say("Set one with {command}.", command=Code(f"/release build {facts.release.name} <commit>")),
    )


def _ended(facts: Facts) -> Iterator[Blocker]:
    release = facts.release
    if release.cancelled:
        yield Blocker(Reason.ENDED, say("{release} was cancelled.", release=release.name))
    elif release.launched:
        yield Blocker(Reason.ENDED, say("{release} has been launched already.", release=release.name))


def _rejected(facts: Facts) -> Iterator[Blocker]:
    assert facts.proposal is not None
    for verdict in rejections(facts.release.verdicts, facts.proposal):
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
            about=f"{verdict.role}/{verdict.person}",
        )


def _unapproved(facts: Facts) -> Iterator[Blocker]:
    assert facts.proposal is not None
    outdated = {verdict.role for verdict in void(facts.release.verdicts, facts.proposal) if verdict.word is Word.YES}
    for tally in facts.tallies:
        role = tally.rule.role
        if role in facts.roles.unknown:
            yield Blocker(
                Reason.UNREADABLE,
                say("I can't look up who is in {role}: {why}", role=AtRole(role), why=facts.roles.unknown[role]),
                step=say("Nothing goes ahead until that works again."),
                about=role,
            )
        if tally.missing:
            yield Blocker(
                Reason.APPROVAL,
                _lacking(tally, outdated=role in outdated),
                (AtRole(role),),
                say(
                    "Press Approve, or type {command}.",
                    command=Code(f"/release approve {facts.release.name} {facts.environment.name}"),
                ),
                about=role,
            )


def _lacking(tally: Tally, *, outdated: bool) -> Sentence:
    """Why an approval is missing, as far as that can be told."""
    role = AtRole(tally.rule.role)
    if tally.lapsed:
        return say(
            "{people} approved, but can't count as {role} for this candidate now; {missing} more needed.",
            people=AllOf(tuple(At(each.person) for each in tally.lapsed)),
            role=role,
            missing=tally.missing,
        )
    if tally.expired:
        return say(
            "The approval of {people} as {role} has expired; {missing} more needed.",
            people=AllOf(tuple(At(each.person) for each in tally.expired)),
            role=role,
            missing=tally.missing,
        )
    if outdated:
        return say("{role} approved something else; this candidate needs its own approval.", role=role)
    if tally.missing == 1 and tally.rule.quorum == 1:
        return say("The approval of {role} is missing.", role=role)
    return say(
        "{missing} of {quorum} approvals by {role} are missing.",
        missing=tally.missing,
        quorum=tally.rule.quorum,
        role=role,
    )


def _unchecked(facts: Facts) -> Iterator[Blocker]:
    if not must_be_ticked_before(facts.change, facts.service, facts.environment.name):
        return
    for item in left_to_do(facts.release.checklist):
        by_hand = say("Tick it with {command}.", command=Code(f"/release checklist {facts.release.name}"))
        by_check = say("The check {name} ticks it once it passes.", name=Code(item.check or ""))
        yield Blocker(
            Reason.CHECKLIST,
            say("Checklist: “{item}” is not done.", item=item.text),
            (AtRole(item.owner),) if item.owner else (At(facts.release.requested_by),),
            by_check if item.check else by_hand,
            about=item.key,
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
                about=earlier,
            )


def _unbaked(facts: Facts) -> Iterator[Blocker]:
    """Time shows what no test does: it must have stood there for a while."""
    needed = bake_before(facts.change, facts.environment)
    if not needed or not facts.change.keeps_order:
        return
    for earlier in facts.environment.after:
        if not facts.has_had(earlier):
            continue  # which is said already
        stays = list(facts.stays(earlier))
        if any((until or facts.now) - since >= needed for since, until in stays):
            continue
        since, until = stays[0]
        step = (
            say("Wait: it is left alone there until then.")
            if until is None
            else say(
                "Something else stands there now. To have it stand there again: {command}.",
                command=Code(f"/rollback {facts.service.name} in {earlier} to {facts.release.plan.version}"),
            )
        )
        yield Blocker(
            Reason.BAKE,
            say(
                "It must stand in {environment} for {needed} first; it came there {since}.",
                environment=earlier,
                needed=span(needed),
                since=When(since),
            ),
            step=step,
            opens_at=since + needed if until is None else None,
            about=earlier,
        )


def _been_here(facts: Facts) -> Iterator[Blocker]:
    """Going backwards is only ever called rollback."""
    brought, standing = facts.been if facts.rolled_back else facts.brought, facts.standing
    if brought is None or standing is None or standing.order.candidate.is_same_as(facts.release.candidate):
        return
    if facts.rolled_back:
        if facts.forgiven:
            return
        veto = next((each for each in facts.taken_away_by if each.lifted is None), None)
        roles = tuple(AtRole(role) for role in facts.service.roles_for(Right.ROLL_BACK))
        yield Blocker(
            Reason.ROLLED_BACK,
            say(
                "This candidate was in {environment} ({deployment}) and was rolled back.",
                environment=facts.environment.name,
                deployment=brought.name,
            ),
            (At(facts.release.requested_by), *(roles if veto is not None else ())),
            say("Mend it, and set a new candidate: {command}.", command=_build(facts))
            if veto is None
            else say(
                "Mend it, and set a new candidate: {build}. Or whoever may roll back lifts {veto}: {lift}.",
                build=_build(facts),
                veto=veto.name,
                lift=Code(f"/rollback lift {veto.name} <reason>"),
            ),
            about=brought.name,
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
            about=brought.name,
        )


def _vetoed(facts: Facts) -> Iterator[Blocker]:
    """What was rolled back does not come again in something else: not without its revert, or somebody's word."""
    for veto, how in facts.kept_out_by:
        taken = veto.taken
        candidate = facts.release.candidate
        here = taken.environment == facts.environment.name
        if facts.rolled_back and here and candidate is not None and candidate.commit == taken.bad:
            continue  # which is said already
        finding = facts.findings.get(veto.id)
        roles = tuple(AtRole(role) for role in facts.service.roles_for(Right.ROLL_BACK))
        if how is Standing.UNKNOWN:
            yield _not_read_yet(veto, finding, roles)
        elif finding is not None and finding.carried:
            yield _carries(facts, veto, finding, roles)
        else:
            yield Blocker(
                Reason.VETOED,
                say(
                    "This candidate was rolled back in {environment} with {version} ({veto}).",
                    environment=taken.environment,
                    version=taken.bad_version,
                    veto=veto.name,
                ),
                (At(facts.release.requested_by), *roles),
                say(
                    "Mend it, and set a new candidate: {build}. Or whoever may roll back lifts it: {lift}.",
                    build=_build(facts),
                    lift=Code(f"/rollback lift {veto.name} <reason>"),
                ),
                about=veto.name,
            )


NAMED = 3
"""So many commits are named in a blocker; the rest are counted."""


def _carries(facts: Facts, veto: Veto, finding: Finding, roles: tuple[AtRole, ...]) -> Blocker:
    taken, shown = veto.taken, finding.carried[:NAMED]
    named: tuple[str, ...] = tuple(f"{each.short} “{_cut(each.subject)}” by {_cut(each.author)}" for each in shown)
    rest = finding.total - len(shown)
    several = finding.total > 1
    word = "commits" if several else "commit"
    revert = Code(f"git revert {shown[0].short if finding.total == 1 else '<commit>'}")
    lift = Code(f"/rollback lift {veto.name} with <commit> <reason>")
    build = _build(facts)
    culprit = Code(f"/rollback culprit {veto.name} <commit> <reason>")
    return Blocker(
        Reason.VETOED,
        say(
            "It carries {count} {word} that {were} rolled back in {environment} with {version} ({veto}): {commits}.",
            count=finding.total,
            word=word,
            were="were" if several else "was",
            environment=taken.environment,
            version=taken.bad_version,
            veto=veto.name,
            commits=AllOf((*named, f"{rest} more") if rest > 0 else named),
        ),
        (At(facts.release.requested_by), *roles),
        say(
            "Set a candidate with the revert ({revert}, then {build}). Whoever may roll back can say who is to blame "
            "({culprit}), or that it is mended ({lift}).",
            revert=revert,
            build=build,
            culprit=culprit,
            lift=lift,
        )
        if several
        else say(
            "Set a candidate with the revert ({revert}, then {build}). Whoever may roll back can say that it is mended "
            "({lift}).",
            revert=revert,
            build=build,
            lift=lift,
        ),
        about=veto.name,
    )


def _cut(text: str, longest: int = 80) -> str:
    """Not more of what somebody wrote than a sentence can hold."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _not_read_yet(veto: Veto, finding: Finding | None, roles: tuple[AtRole, ...]) -> Blocker:
    taken = veto.taken
    problem = finding.problem if finding is not None else ""
    why = say(
        "It isn't known yet whether it carries what was rolled back in {environment} with {version} ({veto}): "
        "{problem}" + ("" if problem else "."),
        environment=taken.environment,
        version=taken.bad_version,
        veto=veto.name,
        problem=problem or "its history is being read",
    )
    lift = Code(f"/rollback lift {veto.name} <reason>")
    step = say("It is read as soon as that works again. If that can't wait, it can be lifted: {lift}.", lift=lift)
    return Blocker(
        Reason.VETOED, why, roles if problem else (), step if problem else say("Wait a moment."), about=veto.name
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
                about=r(release),
            )


def _after_hours(facts: Facts) -> Iterator[Blocker]:
    hours = hours_for(facts.change, facts.environment)
    if hours is None or hours.allow(facts.now):
        return
    opens = hours.next_from(facts.now)
    yield Blocker(
        Reason.HOURS,
        say("{environment} may only be deployed to {hours}.", environment=facts.environment.name, hours=str(hours)),
        step=say("Wait until then."),
        opens_at=opens,
    )


def _frozen(facts: Facts) -> Iterator[Blocker]:
    for freeze in facts.frozen_by:
        soft = facts.soft(freeze)
        template = (
            "{freeze} asks for care in {environment} until {end}: {reason}"
            if soft
            else "{freeze} freezes {environment} until {end}: {reason}"
        )
        roles = facts.service.roles_for(Right.DEPLOY)
        yield Blocker(
            Reason.FREEZE,
            say(
                template,
                freeze=freeze.name,
                environment=facts.environment.name,
                end=When(freeze.over_at),
                reason=freeze.window.reason,
            ),
            tuple(AtRole(role) for role in roles) if soft else _owner(freeze),
            _past(facts, freeze),
            opens_at=freeze.over_at,
            about=freeze.name,
        )


def _past(facts: Facts, freeze: Freeze) -> Sentence:
    """The way past a freeze: acknowledge it, ask its owners, or wait for their answer."""
    ask = Code(f"/freeze except {facts.release.name} <reason>")
    if facts.soft(freeze):
        return say("Whoever may deploy acknowledges it with {ask}.", ask=ask)
    waits = facts.asked_of(freeze)
    if waits is not None:
        return say(
            "{who} asked for an exception {at}: {exception} waits for an answer.",
            who=At(waits.plea.by),
            at=When(waits.plea.at),
            exception=waits.name,
        )
    return say("Wait, ask for an exception with {ask}, or have it ended with {end}.", ask=ask, end=_thaw(freeze))


def _owner(freeze: Freeze) -> tuple[At | AtRole, ...]:
    """Who can let something pass it, as far as the freeze itself tells: nobody declared a recurring one."""
    return () if freeze.owner is None and freeze.declared_by == SLIPWAY else (freeze_owner(freeze),)


def freeze_owner(freeze: Freeze) -> At | AtRole:
    """Who can let something pass it."""
    return AtRole(freeze.owner) if freeze.owner else At(freeze.declared_by)


def _thaw(freeze: Freeze) -> Code:
    return Code(f"/freeze end {freeze.name}")


def _unread(facts: Facts) -> Iterator[Blocker]:
    """A calendar that can't be read may hold a freeze; what should block has to."""
    for source, why in facts.doubtful:
        if facts.doubt_blocks(source):
            yield Blocker(
                Reason.UNREADABLE,
                say("The calendar {name}, which may hold a freeze, can't be read: {why}", name=source.name, why=why),
                (AtRole(source.owner),) if source.owner else (),
                say("Nothing goes ahead until that works again."),
                about=f"calendar {source.name}",
            )


def _locked(facts: Facts) -> Iterator[Blocker]:
    """Somebody holds the environment. Their own releases wait as well, unless it is held for one of them."""
    lock = facts.lock
    if lock is None or lock.lets(facts.release.id):
        return
    hold = lock.hold
    place = f"{hold.service} {hold.environment}"
    only = f", and only {r(hold.release)} may go there" if hold.release is not None else ""
    yield Blocker(
        Reason.LOCKED,
        say(
            "{who} has locked {environment} since {since}, until {end}{only}: {reason}",
            who=At(hold.by),
            environment=facts.environment.name,
            since=When(lock.locked_at),
            end=When(lock.over_at),
            only=only,
            reason=hold.reason,
        ),
        (At(hold.by), *(AtRole(role) for role in facts.service.roles_for(Right.DEPLOY))),
        say(
            "Wait, or unlock it with {unlock} (without a reason, only {who} can). To hold it instead: {take_over}.",
            unlock=Code(f"/deploy unlock {place} <reason>"),
            who=At(hold.by),
            take_over=Code(f"/deploy lock {place} take over <reason>"),
        ),
        opens_at=lock.over_at,
        about=lock.name,
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
                "Look whether {version} is there, then say so: {command}. A rollback takes it in hand, too.",
                version=holder.order.version,
                command=Code(f"/deploy settle {holder.name} succeeded|failed <reason>"),
            ),
            about=holder.name,
        )
    elif holder.attempt is Attempt.WATCHING:
        yield Blocker(
            Reason.HELD,
            say(
                "{deployment} ({version}) has come to {environment} and is still watched.",
                deployment=holder.name,
                version=holder.order.version,
                environment=facts.environment.name,
            ),
            (At(holder.order.confirmed_by),),
            say(
                "Confirm once nothing else is in the way, and it waits its turn; or end the watch with {command}.",
                command=Code(f"/deploy keep {holder.name} <reason>"),
            ),
            about=holder.name,
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
            say(
                "Confirm once nothing else is in the way, and it waits its turn; or stop that one with {command}.",
                command=Code(f"/deploy cancel {holder.name}"),
            ),
            about=holder.name,
        )


_QUESTIONS: tuple[tuple[str, Callable[[Facts], Iterator[Blocker]]], ...] = (
    ("rejections", _rejected),
    ("approvals", _unapproved),
    ("checklist", _unchecked),
    ("order of environments", _out_of_order),
    ("bake time", _unbaked),
    ("what stands there", _been_here),
    ("what was rolled back", _vetoed),
    ("dependencies", _waiting_for_others),
    ("allowed hours", _after_hours),
    ("freezes", _frozen),
    ("calendars", _unread),
    ("locks", _locked),
    ("what is on its way there", _held),
)


__all__ = ["Blocker", "Check", "Facts", "Reason", "checks", "freeze_owner", "gate", "opens_by_itself"]
