"""The card: everything about a release at a glance, in one living message, with the buttons that make sense now."""

from __future__ import annotations

from collections.abc import Iterator

from bot.rules.approval import standing
from bot.rules.candidate import Seal
from bot.rules.checklist import left_to_do
from bot.rules.deployment import Attempt, Deployment, Kind
from bot.rules.policy import goes_by_itself
from bot.rules.release import Release, r
from bot.rules.stage import Stage
from bot.verbs.look import Picture, Place
from handlers.buttons import OnRelease, OnService, encode
from handlers.names import Press
from handlers.views.blocks import Block, Said, actions, button, context, divider, fields, header, message, section
from handlers.views.text import INDENT, Mrkdwn, Pen, all_of, at, clip, code, counted, day, link, one_line, when, words
from handlers.views.words import (
    approvals,
    attempt,
    blocker,
    glass,
    named,
    passing,
    road,
    stage,
    things_block,
    title,
    waits_for,
    what,
)

_PLACES = 10
_SENTENCES = 3
_DEPLOYMENTS = 3
_ITEMS = 3


def release_card(picture: Picture, pen: Pen) -> Said:
    """The living card."""
    return message(
        f"{one_line(named(picture))}: {picture.stage}. {waits_for(picture, pen)}",
        [
            header(" · ".join(filter(None, (named(picture), title(picture))))),
            context(_about(picture)),
            *_plan(picture.release),
            *_problem(picture, pen),
            *_progress(picture, pen),
            *_said(picture, pen),
            *_gates(picture, pen),
            *_deployments(picture),
            *_buttons(picture),
        ],
    )


def _about(picture: Picture) -> Mrkdwn:
    release, plan = picture.release, picture.release.plan
    told = [stage(picture.stage), one_line(picture.change.title if picture.change else plan.change_type)]
    if picture.change and release.open:
        by_itself = [
            one_line(each.name, 60)
            for each in picture.places
            if goes_by_itself(picture.change, each.facts.service, each.facts.environment)
        ]
        told += [Mrkdwn(f"ships itself to {all_of(by_itself)}")] if by_itself else []
    told.append(Mrkdwn(f"asked for by {at(release.requested_by)} {when(release.created_at)}"))
    if plan.target is not None:
        told.append(Mrkdwn(f"target *{day(plan.target)}*"))
    if plan.depends_on:
        told.append(Mrkdwn(f"depends on {all_of(r(each) for each in plan.depends_on[:10])}"))
    if release.launched is not None:
        told.append(Mrkdwn(f"launched by {at(release.launched.by)} {when(release.launched.at)}"))
    if release.cancelled is not None:
        reason = f": {one_line(release.cancelled.reason)}" if release.cancelled.reason else ""
        told.append(Mrkdwn(f"cancelled by {at(release.cancelled.by)} {when(release.cancelled.at)}{reason}"))
    return Mrkdwn("  ·  ".join(told))


def _plan(release: Release) -> Iterator[Block]:
    plan = release.plan
    if plan.scope.strip():
        yield section(words(plan.scope.strip(), 700))
    if plan.requirements.strip():
        yield context(Mrkdwn(f"*Requirements:* {words(plan.requirements.strip(), 500)}"))


def _problem(picture: Picture, pen: Pen) -> Iterator[Block]:
    if picture.problem is not None:
        yield section(f"⚠️ {pen.write(picture.problem)}")


def _progress(picture: Picture, pen: Pen) -> Iterator[Block]:
    yield context(road(picture.stage))
    yield fields(_candidate(picture, pen), _checklist(picture, pen))


def _candidate(picture: Picture, pen: Pen) -> Mrkdwn:
    release = picture.release
    candidate = release.candidate
    if candidate is None:
        return Mrkdwn(f"*Candidate*\nNone yet: {pen.command(f'/release build {release.name} <commit>')}")
    lines = [f"{code(candidate.short)}" + (f" from {code(candidate.ref)}" if candidate.ref else "")]
    if candidate.artifact:
        lines.append(f"artifact {code(candidate.artifact[:19])}")
    if candidate.authors:
        people = sorted(candidate.author_ids)
        names = [at(each) for each in people] if people else [one_line(each, 60) for each in candidate.authors]
        more = [f"{len(names) - 3} more"] if len(names) > 3 else []
        lines.append(f"by {all_of([*names[:3], *more])}")
    lines.append(f"set by {at(candidate.set_by)} {when(candidate.set_at)}")
    return Mrkdwn("*Candidate*\n" + "\n".join(lines))


def _checklist(picture: Picture, pen: Pen) -> Mrkdwn:
    items = picture.release.checklist
    if not items:
        return Mrkdwn("*Checklist*\nNothing to tick.")
    done = sum(item.done for item in items)
    left = sorted(left_to_do(items), key=picture.overdue, reverse=True)
    lines = [f"*Checklist*\n{done} of {len(items)} done" + (" ✅" if not left else "")]
    for item in left[:_ITEMS]:
        owner = f" · {one_line(pen.title(item.owner), 40)}" if item.owner else ""
        owner = owner or (f" · by the check {code(item.check)}" if item.check else "")
        late = " · ⏰ *overdue*" if picture.release.open and picture.overdue(item) else ""
        lines.append(f"⬜ {one_line(item.text, 90)}{owner}{late}")
    if len(left) > _ITEMS:
        lines.append(f"… and {len(left) - _ITEMS} more")
    return Mrkdwn("\n".join(lines))


def _said(picture: Picture, pen: Pen) -> Iterator[Block]:
    """What was said, in every environment that asks for approvals."""
    for place in [each for each in picture.places if each.facts.approvals][:_PLACES]:
        lines = approvals(place, pen)
        if lines:
            yield section(f"*Approvals for {one_line(place.name, 60)}*\n" + "\n".join(lines[:20]))


def _gates(picture: Picture, pen: Pen) -> Iterator[Block]:
    release = picture.release
    if not picture.places:
        return
    shown = picture.places[:_PLACES]
    explained = _explained(picture)
    lines: list[str] = []
    for place in shown:
        lines.append(_gate(place, release))
        lines += _taken_back(picture, place)
        if release.open and not place.stands_here:
            lines += [f"      •  {each}" for each in passing(place)]
        if release.open and release.candidate is not None and place in explained:
            lines += [f"      •  {blocker(each, pen)}" for each in place.blockers[:_SENTENCES]]
            if len(place.blockers) > _SENTENCES:
                lines.append(f"      •  … and {len(place.blockers) - _SENTENCES} more")
    if len(picture.places) > len(shown):
        lines.append(f"… and {counted(len(picture.places) - len(shown), 'more environment')}")
    yield section("*Environments*\n" + "\n".join(lines))


def _explained(picture: Picture) -> list[Place]:
    """The environments whose blockers the card spells out: the next one, and the one that asks for approvals."""
    return [each for each in (picture.next_place, picture.asking) if each and not _own_holder(each)]


def _own_holder(place: Place) -> Deployment | None:
    """This release's own deployment, on its way there."""
    holder = place.facts.holder
    return holder if holder and holder.order.release == place.facts.release.id else None


def _own_waiting(place: Place) -> Deployment | None:
    """This release's own deployment that waits its turn there."""
    facts = place.facts
    return next(
        (
            each
            for each in facts.deployments
            if each.waits and each.order.environment == place.name and each.order.release == facts.release.id
        ),
        None,
    )


def _gate(place: Place, release: Release) -> Mrkdwn:
    """One environment: what stands there, and whether this release may go there."""
    name = f"*{link(clip(place.name, 60), place.facts.environment.address)}*"
    there = place.facts.standing
    verb = "is back on" if there and there.order.kind is Kind.ROLLBACK else "runs"
    runs = f"{verb} {what(there)}" if there else "nothing runs yet"
    holder = _own_holder(place)
    if holder is not None and holder.attempt is Attempt.UNKNOWN:
        return Mrkdwn(f"❓ {name}  ·  {runs}  ·  nobody can tell how {holder.name} ended")
    if holder is not None and holder.attempt is Attempt.WATCHING:
        return Mrkdwn(f"🔬 {name}  ·  {what(holder)} is there and watched ({holder.name}){glass(holder)}")
    if holder is not None:
        return Mrkdwn(f"🚀 {name}  ·  {runs}  ·  {holder.name} is on its way{glass(holder)}")
    waiting = _own_waiting(place)
    if waiting is not None:
        return Mrkdwn(f"🕓 {name}  ·  {runs}  ·  {waiting.name} waits its turn")
    if place.stands_here and there is not None:
        since = when(there.ended_at or there.order.confirmed_at)
        return Mrkdwn(f"✅ {name}  ·  {runs}, this candidate, since {since}{glass(there)}")
    if not release.open:
        return Mrkdwn(f"▫️ {name}  ·  {runs}")
    if release.candidate is None:
        return Mrkdwn(f"⚪ {name}  ·  {runs}")
    if place.open:
        return Mrkdwn(f"🟢 {name}  ·  {runs}  ·  gate open")
    return Mrkdwn(f"🔴 {name}  ·  {runs}  ·  {things_block(place)}")


def _taken_back(picture: Picture, place: Place) -> Iterator[Mrkdwn]:
    """Who took this release away again from an environment, and why."""
    there = place.facts.standing
    if picture.stage is Stage.ROLLED_BACK and there is not None and there.order.kind is Kind.ROLLBACK:
        order = there.order
        reason = f": {one_line(order.reason, 300)}" if order.reason else ""
        yield Mrkdwn(f"{INDENT}↳ {at(order.confirmed_by)} rolled it back {when(order.confirmed_at)}{reason}")


def _deployments(picture: Picture) -> Iterator[Block]:
    newest = picture.deployments[:_DEPLOYMENTS]
    if newest:
        more = len(picture.deployments) - len(newest)
        lines = [attempt(each) for each in newest]
        yield context("\n".join(lines) + (f"\n… and {more} earlier" if more else ""))


def _buttons(picture: Picture) -> Iterator[Block]:
    release = picture.release
    settled = {Stage.DEPLOYING, Stage.DEPLOYED}
    row = list(_say(picture)) if release.open and picture.stage not in settled else []
    plain = encode(OnRelease(release.id, revision=release.revision))
    if release.open and release.checklist:
        row.append(button("Checklist", Press.CHECKLIST, plain, spoken=f"Checklist of {release.name}"))
    if release.open and picture.problem is None:
        row += _go_on(picture)
    if picture.stage in {Stage.DEPLOYED, Stage.RELEASED} or any(map(_watched, picture.places)):
        row += _go_back(picture)
    if row:
        yield divider()
        yield actions(*row, block_id=f"card-{release.name}")


def _say(picture: Picture) -> Iterator[Block]:
    """Yes and no, sealed to what is on the screen."""
    release, place = picture.release, picture.asking
    if place is not None and place.facts.seal is not None:
        sealed = encode(OnRelease(release.id, place.name, place.facts.seal, release.revision))
        where = f"{release.name} for {place.name}"
        if any(tally.missing for tally in place.tallies):
            yield button("Approve", Press.APPROVE, sealed, style="primary", spoken=f"Approve {where}")
        yield button("Reject", Press.REJECT, sealed, style="danger", spoken=f"Reject {where}")
    if any(standing(release.verdicts, each.facts.proposal) for each in picture.places if each.facts.proposal):
        value = encode(OnRelease(release.id, seal=_last_seal(picture), revision=release.revision))
        yield button("Withdraw", Press.WITHDRAW, value)


def _last_seal(picture: Picture) -> Seal | None:
    """What stands for all that the card shows of the candidate and its rules: the seal where customers are."""
    return picture.places[-1].facts.seal if picture.places else None


def _go_on(picture: Picture) -> Iterator[Block]:
    """The next step: launch what customers have, bring it further, or ask what is in the way."""
    release = picture.release
    if picture.stage is Stage.DEPLOYED:
        value = encode(OnRelease(release.id, seal=_last_seal(picture), revision=release.revision))
        yield button("Launch", Press.LAUNCH, value, style="primary", spoken=f"Launch {release.name}")
        return
    ahead = [each for each in picture.places if not each.stands_here and not _under_way(each)]
    if release.candidate is None or not ahead:
        return
    if ahead[0].open and ahead[0] == picture.next_place:
        value = encode(OnRelease(release.id, ahead[0].name, ahead[0].facts.seal, release.revision))
        yield button("Deploy", Press.DEPLOY, value, spoken=f"Preview the deployment to {ahead[0].name}")
    if any(not each.open for each in ahead):
        value = encode(OnRelease(release.id, revision=release.revision))
        yield button("Why not?", Press.WHY, value, spoken=f"What blocks {release.name}")
    stuck = next((each for each in ahead if each in _explained(picture) and _can_be_lifted(each)), None)
    if stuck is not None:
        value = encode(OnRelease(release.id, stuck.name))
        yield button("Ask them", Press.ASK, value, spoken=f"Ask those who can lift what blocks {stuck.name}")


def _can_be_lifted(place: Place) -> bool:
    return any(each.lifted_by for each in place.blockers)


def _under_way(place: Place) -> bool:
    holder = _own_holder(place)
    return _own_waiting(place) is not None or (holder is not None and holder.attempt is not Attempt.UNKNOWN)


def _watched(place: Place) -> Deployment | None:
    """What this release has brought there, if it is still watched."""
    holder = _own_holder(place)
    return holder if holder is not None and holder.attempt is Attempt.WATCHING else None


def _go_back(picture: Picture) -> Iterator[Block]:
    """The way back from where customers are: from the last environment where this very candidate stands."""
    if picture.service is None:
        return
    finals = {each.name for each in picture.service.final}
    here = [
        (each, there)
        for each in picture.places
        if each.name in finals and (there := _watched(each) or (each.facts.standing if each.stands_here else None))
    ]
    for place, there in here[-1:]:
        value = encode(OnService(picture.service.name, place.name, there.id))
        yield button("Roll back", Press.WAY_BACK, value, spoken=f"Preview the way back in {place.name}")
