"""Words that several messages share: stages, attempts, versions, gates and approvals, each on a line."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType

from bot.rules.approval import Proposal, Tally, Verdict, Word, rejections, void
from bot.rules.deployment import Attempt, Deployment, Kind
from bot.rules.gate import Blocker, Reason
from bot.rules.stage import Stage
from bot.verbs.look import Picture, Place
from handlers.views.text import INDENT, Mrkdwn, Pen, all_of, at, code, counted, link, one_line, when

STAGES = MappingProxyType(
    {
        Stage.PLANNING: "📝",
        Stage.BUILDING: "🔨",
        Stage.TESTING: "🧪",
        Stage.PREPARING: "📋",
        Stage.READY: "🟢",
        Stage.DEPLOYING: "🚀",
        Stage.DEPLOYED: "📦",
        Stage.RELEASED: "🎉",
        Stage.ROLLED_BACK: "↩️",
        Stage.CANCELLED: "🚫",
    }
)
ATTEMPTS = MappingProxyType(
    {
        Attempt.QUEUED: "🕓",
        Attempt.STARTING: "⏳",
        Attempt.RUNNING: "🚀",
        Attempt.VERIFYING: "🔎",
        Attempt.WATCHING: "🔬",
        Attempt.SUCCEEDED: "✅",
        Attempt.FAILED: "❌",
        Attempt.CANCELLED: "⏹️",
        Attempt.UNKNOWN: "❓",
    }
)
ROAD = (
    Stage.PLANNING,
    Stage.BUILDING,
    Stage.TESTING,
    Stage.PREPARING,
    Stage.READY,
    Stage.DEPLOYING,
    Stage.DEPLOYED,
    Stage.RELEASED,
)
_OUTDATED = 4
"""So many words that no longer count are shown; the rest are counted."""


def stage(of: Stage) -> Mrkdwn:
    """A stage with its one emoji."""
    return Mrkdwn(f"{STAGES[of]} *{of.capitalize()}*")


def road(now: Stage) -> Mrkdwn:
    """How far the release has come: what is behind it, where it is, what is next, a dot for each stage after that."""
    if now is Stage.CANCELLED:
        return Mrkdwn(f"*● {now}*")
    here = ROAD.index(Stage.RELEASED if now is Stage.ROLLED_BACK else now)
    ahead = () if now is Stage.ROLLED_BACK else ROAD[here + 1 :]
    steps = [*(f"✓ {each}" for each in ROAD[:here]), f"*● {now}*", *ahead[:1]]
    return Mrkdwn(" → ".join(steps) + "  ○" * len(ahead[1:]))


def named(picture: Picture) -> str:
    """`R-12 Payments 2.4.0`, in plain words."""
    plan = picture.release.plan
    service = picture.service.title if picture.service else plan.service
    return f"{picture.release.name} {service} {plan.version}"


def title(picture: Picture) -> str:
    """What the release is called; empty if that only says its service and version again. Plain words."""
    told = picture.release.plan.title
    return "" if named(picture).endswith(told) else told


def what(deployment: Deployment) -> Mrkdwn:
    """A version and its commit."""
    order = deployment.order
    return Mrkdwn(f"*{one_line(order.version, 60)}* {code(order.candidate.short)}")


BROKE_GLASS = "🚨 *It broke the glass*: it went past what stood in the way."


def glass(deployment: Deployment) -> str:
    """The mark of a deployment that went past the gate."""
    return "  ·  🚨 broke the glass" if deployment.order.broke_glass else ""


def attempt(deployment: Deployment) -> Mrkdwn:
    """A deployment on one line: what, where, how it went, who and when."""
    order = deployment.order
    verb = "back to" if order.kind is Kind.ROLLBACK else "with"
    return Mrkdwn(
        f"{ATTEMPTS[deployment.attempt]} {link(deployment.name, deployment.link)} {verb} {what(deployment)} in "
        f"{one_line(order.environment, 60)}: {deployment.attempt} · {at(order.confirmed_by)} · "
        f"{when(deployment.ended_at or order.confirmed_at)}{glass(deployment)}"
    )


def blocker(each: Blocker, pen: Pen, *, step: bool = False) -> Mrkdwn:
    """One thing in the way, who can lift it and, if wanted, how."""
    line = f"{pen.write(each.why)}"
    others = [who for who in map(pen.part, each.lifted_by) if who not in line]
    if others:
        line = f"{line.removesuffix('.')} · {all_of(dict.fromkeys(others))}"
    if step and each.step is not None:
        line += f"\n{INDENT}↳ {pen.write(each.step)}"
    if step and each.opens_at is not None:
        line += f"\n{INDENT}↳ Opens by itself {when(each.opens_at)}."
    return Mrkdwn(line)


def passing(place: Place) -> list[Mrkdwn]:
    """The freezes in force that this release passes, until when, and who let it."""
    facts, lines = place.facts, []
    for freeze in facts.in_force:
        by = facts.passed(freeze)
        if by is None or by.decided_by is None:
            continue
        until = f" until {when(by.ends_at)}" if by.ends_at else ""
        word = "acknowledgement" if by.plea.soft else "exception"
        lines.append(Mrkdwn(f"passes {freeze.name}{until} by {at(by.decided_by)}'s {word} {by.name}"))
    return lines


def things_block(place: Place) -> str:
    """`3 things block`."""
    return counted(len(place.blockers), "thing blocks", "things block")


def approvals(place: Place, pen: Pen) -> list[Mrkdwn]:
    """Each rule of this environment with what was said, then what no longer counts."""
    proposal = place.facts.proposal
    release = place.facts.release
    lines: list[Mrkdwn] = []
    if proposal is not None:
        refused = rejections(release.verdicts, proposal)
        lines += [
            Mrkdwn(
                f"❌ *{one_line(pen.title(each.role))}* · {at(each.person)} rejected it{_for(each)} {when(each.at)}: "
                f"{one_line(each.reason, 300)}"
            )
            for each in refused
        ]
        for tally in place.tallies:
            counting = release.open and not place.stands_here
            # Nobody waits for the yes of a role that has just said no.
            asked = counting and all(each.role != tally.rule.role for each in refused)
            lasts = place.facts.change.approvals_last if counting else None
            lines += _tally(tally, pen, still_asked=asked, lasts=lasts)
        lines += _outdated(void(release.verdicts, proposal), proposal, pen)
    else:
        for rule in place.facts.approvals:
            needed = f" ({rule.quorum} needed)" if rule.quorum > 1 else ""
            lines.append(Mrkdwn(f"▫️ *{one_line(pen.title(rule.role))}*{needed}"))
    return lines


def _tally(tally: Tally, pen: Pen, *, still_asked: bool, lasts: timedelta | None) -> list[Mrkdwn]:
    title = one_line(pen.title(tally.rule.role))
    lines = [Mrkdwn(f"✅ *{title}* · {_approved(each, lasts)}") for each in tally.given]
    if tally.missing and still_asked:
        progress = f" ({len(tally.given)} of {tally.rule.quorum})" if tally.rule.quorum > 1 else ""
        lines.append(Mrkdwn(f"⬜ *{title}* · waiting for {pen.role(tally.rule.role)}{progress}"))
    lines += [
        Mrkdwn(f"⚠️ ~{at(each.person)} approved as {title}~ · can't count in that role now") for each in tally.lapsed
    ]
    lines += [Mrkdwn(f"⌛ ~{at(each.person)} approved as {title}~ · it has expired") for each in tally.expired]
    return lines


def _for(verdict: Verdict) -> str:
    return f" in the place of {at(verdict.on_behalf_of)}" if verdict.on_behalf_of else ""


def _approved(verdict: Verdict, lasts: timedelta | None) -> str:
    """Who approved, in whose place, when, what they said with it, and until when it counts."""
    end = verdict.expires_at(lasts)
    comment = f": “{one_line(verdict.reason, 200)}”" if verdict.reason else ""
    until = f" · counts until {when(end)}" if end else ""
    return f"{at(verdict.person)} approved{_for(verdict)} {when(verdict.at)}{comment}{until}"


def _outdated(outdated: tuple[Verdict, ...], now: Proposal, pen: Pen) -> list[Mrkdwn]:
    """Words that were given to something else, each with the difference. The newest first."""
    lines = [
        Mrkdwn(f"~{at(each.person)} {each.word} as {one_line(pen.title(each.role))}~ · {difference(each, now)}")
        for each in reversed(outdated)
    ]
    rest = len(lines) - _OUTDATED
    return lines if rest <= 0 else [*lines[:_OUTDATED], Mrkdwn(f"… and {rest} older that no longer count")]


def difference(verdict: Verdict, now: Proposal) -> Mrkdwn:
    """What is other now than when that was said, so that it no longer counts."""
    if verdict.terms is None or not verdict.candidate:
        return Mrkdwn("said about something else, so it no longer counts")
    if verdict.candidate != now.candidate:
        then, there = _exactly(verdict.candidate, now.candidate)
        return Mrkdwn(f"no longer counts: that was {code(then)}, and {code(there)} is proposed now")
    if verdict.version != now.version:
        return Mrkdwn(f"no longer counts: that was called {code(verdict.version)}, and is {code(now.version)} now")
    if verdict.subject != now.subject:
        return Mrkdwn("no longer counts: it was replaced and proposed anew since")
    rules, before = one_line(now.terms.in_words(), 200), one_line(verdict.terms.in_words(), 200)
    return Mrkdwn(f"no longer counts: the rules ask for more now: {rules} (then: {before})")


def _exactly(then: str, now: str) -> tuple[str, str]:
    """Two candidates as people tell them apart: by commit, or, where that is the same, by artifact."""
    (commit, _, artifact), (other, _, another) = then.partition("@"), now.partition("@")
    if commit != other:
        return commit[:7], other[:7]
    return artifact[:19] or "no artifact", another[:19] or "no artifact"


def waits_for(picture: Picture, pen: Pen) -> Mrkdwn:
    """The one thing that a release waits for now, in a sentence."""
    if picture.problem is not None:
        return pen.write(picture.problem)
    match picture.stage:
        case Stage.DEPLOYING:
            return _on_its_way(picture)
        case Stage.DEPLOYED:
            return Mrkdwn(f"Waits for its launch: {pen.command(f'/release launch {picture.release.name}')}")
        case Stage.RELEASED:
            return Mrkdwn("Customers have it.")
        case Stage.CANCELLED:
            return Mrkdwn("It was cancelled.")
        case Stage.ROLLED_BACK:
            # Its gate may well be open still. What has just been taken away from customers is not what to offer them.
            return Mrkdwn(
                f"Waits for another candidate: {pen.command(f'/release build {picture.release.name} <commit>')}"
            )
    asking = picture.asking
    refused = [each for each in asking.blockers if each.reason is Reason.REJECTED] if asking else []
    if refused:
        return blocker(refused[0], pen)
    place = picture.next_place
    if place is None:
        return Mrkdwn("It is in every environment.")
    if place.open:
        return Mrkdwn(f"May go to {one_line(place.name)}: {_deploy(picture, place, pen)}")
    return _foremost(place, pen)


def _on_its_way(picture: Picture) -> Mrkdwn:
    lost = next((each for each in picture.deployments if each.attempt is Attempt.UNKNOWN), None)
    watched = next((each for each in picture.deployments if each.attempt is Attempt.WATCHING), None)
    if lost is not None:
        return Mrkdwn(f"Nobody can tell how {lost.name} ended.")
    return Mrkdwn(f"{watched.name} is there, and is watched." if watched else "A deployment is on its way.")


def _foremost(place: Place, pen: Pen) -> Mrkdwn:
    """The blocker to deal with first, and how many more there are."""
    first, *others = place.blockers
    if not others:
        return blocker(first, pen)
    return Mrkdwn(f"{blocker(first, pen).removesuffix('.')} (and {counted(len(others), 'more thing')})")


def _deploy(picture: Picture, place: Place, pen: Pen) -> Mrkdwn:
    return pen.command(f"/deploy {picture.release.name} to {place.name}")


def said(word: Word) -> str:
    """`Approved` or `Rejected`, with its sign."""
    return "✅ Approved" if word is Word.YES else "❌ Rejected"
