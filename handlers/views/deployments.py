"""Deployments: the living message that follows one, the preview before it, and what runs where."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from bot.ports import Changes, Commit
from bot.rules.deployment import Attempt, Deployment, Kind, Step, StepState
from bot.rules.freeze import Freeze
from bot.rules.lock import Lock
from bot.rules.policy import EnvironmentName, FreezeMeaning, Service, ServiceName, takes_two_people
from bot.rules.review import Review
from bot.rules.rollback import stands_now
from bot.rules.sentence import Sentence
from bot.verbs.ask_deploy import Preview
from bot.verbs.confirm_deploy import Blocked
from bot.verbs.in_between import SHOWN, headline
from bot.verbs.look import Place
from bot.verbs.standing_back import StandsBack
from bot.verbs.trains import TrainSeen
from handlers.names import LINK
from handlers.views.blocks import Block, Said, actions, context, header, link_button, message, section
from handlers.views.exceptions import way_past
from handlers.views.locks import held
from handlers.views.reviews import owed
from handlers.views.text import INDENT, Mrkdwn, Pen, at, clip, code, counted, link, one_line, when, words
from handlers.views.trains import row as train_row
from handlers.views.why import gate
from handlers.views.words import ATTEMPTS, BROKE_GLASS, attempt, glass, named, passing, what

_SERVICES = 20
_WAITING = 5
_REVIEWS = 5
_IRREVERSIBLE = 5
_TRAINS = 5
MOST_STEPS = 20
_LOOKED_FOR = (StepState.FAILED, StepState.RUNNING, StepState.WAITING, StepState.DONE, StepState.SKIPPED)
_STEPS = MappingProxyType(
    {
        StepState.WAITING: "▫️",
        StepState.RUNNING: "⏳",
        StepState.DONE: "✅",
        StepState.FAILED: "❌",
        StepState.SKIPPED: "⏭️",
    }
)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

_ENDED = MappingProxyType(
    {
        Attempt.SUCCEEDED: "done",
        Attempt.FAILED: "failed",
        Attempt.CANCELLED: "cancelled",
        Attempt.UNKNOWN: "nobody can tell how it ended",
    }
)


def deployment_progress(deployment: Deployment, before: Sequence[Deployment] = ()) -> Said:
    """One deployment from its start to its end, in the thread. `before`: what goes there before it, if it waits."""
    order = deployment.order
    doing = "Rolling back to" if order.kind is Kind.ROLLBACK else "Deploying"
    opening = (
        f"{ATTEMPTS[deployment.attempt]} *{deployment.name}*  ·  {doing} {what(deployment)} → "
        f"*{one_line(order.environment, 60)}*"
    )
    blocks = [section(opening), section("\n".join(_steps(deployment, before)))]
    if order.broke_glass:
        blocks.append(context(BROKE_GLASS))
    if order.reason:
        blocks.append(context(f"Reason: {one_line(order.reason, 500)}"))
    if deployment.attempt is Attempt.UNKNOWN:
        blocks.append(context("The environment stays held until somebody has found out what happened."))
    if deployment.link is not None and _is_web(deployment.link):
        blocks.append(actions(link_button("Watch", LINK, deployment.link)))
    told = f"{deployment.name}: {one_line(order.version)} to {one_line(order.environment)}: {deployment.attempt}"
    return message(told, blocks)


def _steps(deployment: Deployment, before: Sequence[Deployment]) -> Iterator[str]:
    order, now = deployment.order, deployment.attempt
    last = words(deployment.detail, 600)
    said = f": {last}" if last else ""
    yield f"✅ Confirmed by {at(order.confirmed_by)} {when(order.confirmed_at)}"
    if deployment.cancel_asked_by is not None and now is not Attempt.CANCELLED:
        yield f"⏹️ {at(deployment.cancel_asked_by)} asked to stop it"
    if now is Attempt.QUEUED:
        yield f"🕓 *{place_in_line(before)}*"
        if last:
            yield f"{INDENT}Not ready when its turn came: {last}"
        return
    if now is Attempt.STARTING:
        yield f"⏳ *Starting*{said}"
        yield "▫️ Running"
        yield "▫️ Looking at what is served"
        return
    if deployment.started_at is not None:
        yield f"✅ Started {when(deployment.started_at)}"
    if now is Attempt.RUNNING:
        yield f"⏳ *Running*{said}"
        yield from _targets_steps(deployment.steps)
        yield "▫️ Looking at what is served"
    elif now is Attempt.VERIFYING:
        yield "✅ Ran"
        yield from _targets_steps(deployment.steps)
        yield f"⏳ *Looking at what is served*{said}"
    elif now is Attempt.SUCCEEDED:
        served = f", serving {code(_short(deployment.served))}" if deployment.served else ""
        yield f"✅ *Done*{_ended(deployment)}{served}"
        if last:
            yield f"{INDENT}{last}"
        yield from _targets_steps(deployment.steps)
    else:
        yield f"{ATTEMPTS[now]} *{_ENDED[now].capitalize()}*{_ended(deployment)}{said}"
        yield from _targets_steps(deployment.steps)


def _targets_steps(steps: Sequence[Step]) -> Iterator[str]:
    """The target's own steps; of very many, those that people look for: what failed and what is at work comes first."""
    shown = steps
    if len(steps) > MOST_STEPS:
        kept = set(
            sorted(range(len(steps)), key=lambda each: (_LOOKED_FOR.index(steps[each].state), each))[:MOST_STEPS]
        )
        shown = [step for place, step in enumerate(steps) if place in kept]
    for step in shown:
        there = step.link if step.link is not None and _is_web(step.link) else None
        yield f"{INDENT}{_STEPS[step.state]} {link(clip(step.name, 80), there)}"
    if len(shown) < len(steps):
        yield f"{INDENT}… and {len(steps) - len(shown)} more"


def place_in_line(before: Sequence[Deployment]) -> str:
    """How many go first, and who they are."""
    if not before:
        return "Waits: it is the first in line"
    names = ", ".join(f"{each.name} ({one_line(each.order.version, 40)}, {each.attempt})" for each in before[:5])
    more = f" and {len(before) - 5} more" if len(before) > 5 else ""
    return f"Waits its turn: place {len(before)}, behind {names}{more}"


def _short(served: str) -> str:
    """What an environment says that it serves: a commit as people write it, a version as it is."""
    return served[:7] if _COMMIT.fullmatch(served) else served


def _ended(deployment: Deployment) -> str:
    return f" {when(deployment.ended_at)}" if deployment.ended_at else ""


def _is_web(url: str) -> bool:
    return url.startswith(("https://", "http://")) and len(url) <= 3000


def started(deployment: Deployment, pen: Pen, before: Sequence[Deployment] = ()) -> Said:
    """The private answer to who started it, or whose deployment waits its turn."""
    order = deployment.order
    name = one_line(order.environment, 60)
    if deployment.waits:
        text = f"🕓 {deployment.name} is confirmed: {what(deployment)} to *{name}*. {place_in_line(before)}."
        ways = (
            f"It starts by itself if the gate is still open then. To withdraw it: "
            f"{pen.command(f'/deploy cancel {deployment.name}')}. To let others go first: "
            f"{pen.command(f'/deploy pass {deployment.name}')}"
        )
        return message(f"{text} {ways}", [section(text), context(ways)])
    text = f"🚀 {deployment.name} has started: {what(deployment)} to *{name}*. Its release's thread follows it."
    stop = f"To stop it: {pen.command(f'/deploy cancel {deployment.name}')}"
    return message(f"{text} {stop}", [section(text), context(stop)])


def blocked(told: Blocked, pen: Pen) -> Said:
    """The gate is not empty, so nothing was started."""
    name = one_line(told.place.name, 60)
    text = f"✋ Nothing was started: {one_line(named(told.picture))} may not go to *{name}* yet."
    return message(text, [section(text), *gate(told.place, pen, asks=True)])


def preview(told: Preview, pen: Pen) -> Said:
    """What a deployment would change, what blocks it, and how to confirm it. Nothing has started."""
    picture, place = told.picture, told.place
    release = picture.release
    name = one_line(place.name, 60)
    title = f"Deploy {named(picture)} to {place.name}?"
    blocks = [header(title), section(_instead_of(told))]
    blocks += _commits(told.changes, told.problem)
    blocks += irreversible(told.irreversible, pen)
    blocks += gate(place, pen, how=False)
    blocks += _frozen(place)
    blocks.append(section(_safety(told, pen)))
    if (place.open or place.can_wait) and not place.stands_here:
        two = takes_two_people(place.facts.change, place.facts.service, place.facts.environment)
        start = "To start it, type" if place.open else "To have it wait its turn, type"
        who = "*Somebody else* confirms it by typing" if two else start
        blocks.append(section(f"{who}\n{pen.command(told.command)}"))
    elif place.open:
        blocks.append(context("This candidate stands there already."))
    else:
        again = pen.command(f"/deploy {release.name} to {place.name}")
        blocks.append(context(f"Nothing can start yet. Look again with {again}."))
        past = list(way_past([place]))
        if past:
            blocks.append(actions(*past))
    state = "the gate is open" if place.open else "it would wait its turn" if place.can_wait else "the gate is closed"
    return message(f"{one_line(title)} Nothing has started; {state} for {name}.", blocks)


def _instead_of(told: Preview) -> Mrkdwn:
    candidate = told.picture.release.candidate
    version = one_line(told.picture.release.plan.version, 60)
    new = f"*{version}* {code(candidate.short)}" if candidate else f"*{version}*"
    if told.standing is None:
        return Mrkdwn(f"{new} would be the first version there.")
    since = when(told.standing.ended_at or told.standing.order.confirmed_at)
    return Mrkdwn(f"{new} would take the place of {what(told.standing)}, there since {since} ({told.standing.name}).")


def _safety(told: Preview, pen: Pen) -> Mrkdwn:
    if told.fallback is None:
        return Mrkdwn("↩️ There is no good version to fall back to: this would be the first.")
    back = pen.command(f"/rollback {told.place.facts.service.name} in {told.place.name}")
    return Mrkdwn(f"↩️ Last good version to fall back to: {what(told.fallback)}, brought back by {back}")


def _commits(changes: Changes | None, problem: str, *, lost: bool = False) -> Iterator[Block]:
    if changes is None:
        if problem:
            yield section(f"⚠️ I couldn't read the commits in between: {words(problem, 500)}")
        return
    number = counted(changes.total, "commit")
    if not changes.total:
        yield section("There are no commits in between.")
        return
    if lost:
        opening = f"*Customers would lose {number}:*"
    elif changes.backwards:
        opening = f"⚠️ *This goes back: {number} would be lost*"
    else:
        opening = f"*{number} would come along:*"
    lines = [f"•  {_commit(each)}" for each in changes.commits[:SHOWN]]
    rest = changes.total - len(lines)
    if rest > 0:
        lines.append(f"… and {link(counted(rest, 'more commit'), changes.url)}")
    yield section(opening + "\n" + "\n".join(lines))


def _commit(commit: Commit) -> Mrkdwn:
    sha = link(commit.sha[:7], commit.url) if commit.url else code(commit.sha[:7])
    pull = f" ({link(f'#{commit.pull.number}', commit.pull.url)})" if commit.pull else ""
    return Mrkdwn(f"{sha} {one_line(headline(commit), 90)}{pull} — {one_line(commit.author_name, 40)}")


def lost_commits(changes: Changes | None, problem: str) -> Iterator[Block]:
    """What a rollback would take away from customers."""
    return _commits(changes, problem, lost=True)


def irreversible(told: Sequence[Sentence], pen: Pen) -> Iterator[Block]:
    """What of the migrations in between can't be undone, before anybody presses."""
    if told:
        lines = [pen.write(each) for each in told[:_IRREVERSIBLE]]
        if len(told) > len(lines):
            lines.append(Mrkdwn(f"… and {len(told) - len(lines)} more that can't be undone"))
        yield section("\n".join(lines))


def _frozen(place: Place) -> Iterator[Block]:
    """What doesn't block, and is good to know of: freezes ahead, those that let it pass, and a lock that is for it."""
    facts = place.facts
    lines = [f"❄️ It {each}." for each in passing(place)]
    if facts.lock is not None and facts.lock.lets(facts.release.id):
        lines.insert(0, held(facts.lock, facts.now))
    for each in facts.freezes:
        if not each.covers(facts.service.name, facts.environment.name, facts.change.name):
            continue
        reason = one_line(each.window.reason, 150)
        if not each.active(facts.now) and each.window.starts_at > facts.now:
            lines.append(f"❄️ {each.name} begins {when(each.window.starts_at)}: {reason}")
        elif each.active(facts.now) and facts.change.freeze is FreezeMeaning.PASSES:
            lines.append(f"❄️ {each.name} is in force; a {one_line(facts.change.title)} may pass: {reason}")
    if lines:
        yield context("\n".join(lines[:5]))


def status(
    services: Sequence[Service],
    history: Mapping[ServiceName, Sequence[Deployment]],
    freezes: Sequence[Freeze],
    pen: Pen,
    *,
    locks: Sequence[Lock],
    now: datetime,
    reviews: Sequence[Review] = (),
    behind: Sequence[StandsBack] = (),
    trains: Sequence[TrainSeen] = (),
) -> Said:
    """What runs where, and who holds it. `history` is each service's deployments, newest first.

    `behind` is where an older version stands.
    """
    blocks = [header("What runs where")]
    if trains:
        blocks.append(section("\n".join(train_row(each, pen) for each in trains[:_TRAINS])))
    for service in services[:_SERVICES]:
        mine = history.get(service.name, ())
        older = {each.environment: each for each in behind if each.service.name == service.name}
        lines = [
            "\n".join((_runs(each.name, mine, older.get(each.name)), *_held(locks, service.name, each.name, now)))
            for each in service.environments[:15]
        ]
        blocks.append(section(f"*{one_line(service.title)}*\n" + "\n".join(lines)))
    if len(services) > _SERVICES:
        rest = counted(len(services) - _SERVICES, "more service")
        blocks.append(context(f"… and {rest}: {pen.command('/deploy status <service>')}"))
    if freezes:
        told = ", ".join(f"{each.name} until {when(each.over_at)}" for each in freezes[:5])
        blocks.append(context(f"❄️ {told}"))
    if reviews:
        blocks.append(context("\n".join(owed(each, pen, now) for each in reviews[:_REVIEWS])))
    return message("What runs where", blocks)


def _held(locks: Sequence[Lock], service: ServiceName, environment: EnvironmentName, now: datetime) -> Iterator[str]:
    """Who holds it, on a line of its own."""
    return (f"{INDENT}{held(each, now)}" for each in locks if each.is_on(service, environment))


def _runs(environment: EnvironmentName, deployments: Sequence[Deployment], older: StandsBack | None) -> str:
    here = [each for each in deployments if each.order.environment == environment]
    there = stands_now(here)
    name = f"*{one_line(environment, 60)}*"
    line = f"▫️ {name}  ·  nothing yet"
    if there is not None:
        since = when(there.ended_at or there.order.confirmed_at)
        sign = "↩️" if there.order.kind is Kind.ROLLBACK else "🟢"
        line = f"{sign} {name}  ·  {what(there)} since {since} ({there.name}, R-{there.order.release}){glass(there)}"
    if older is not None:
        by = at(older.standing.order.confirmed_by)
        line += f"\n{INDENT}⚠️ older than {what(older.newer)}, which {by} rolled back {when(older.since)}"
    holder = next((each for each in here if each.holds), None)
    waiting = sorted((each for each in here if each.waits), key=lambda each: each.place)
    if holder is not None:
        line += f"\n{INDENT}{attempt(holder)}"
    else:
        last = next((each for each in here if not each.waits and each.begun), None)
        if last is not None and last.attempt in {Attempt.FAILED, Attempt.CANCELLED}:
            line += f"\n{INDENT}last try: {attempt(last)}"
    for number, each in enumerate(waiting[:_WAITING], start=1):
        line += f"\n{INDENT}{number}. {attempt(each)}"
    if len(waiting) > _WAITING:
        line += f"\n{INDENT}… and {len(waiting) - _WAITING} more wait"
    return line


def passed(deployment: Deployment) -> Said:
    """The private answer to who let others go first."""
    text = f"🕓 {deployment.name} goes to the end of the line; its thread shows its place."
    return message(text, [section(text)])


def settled(deployment: Deployment) -> Said:
    """The private answer to who said how it ended."""
    sign = ATTEMPTS[deployment.attempt]
    text = f"{sign} {deployment.name} is settled as {deployment.attempt}; its environment is free."
    return message(text, [section(text)])


def stopping(deployment: Deployment) -> Said:
    """The private answer to who asked for its end."""
    if deployment.over:
        text = f"⏹️ {deployment.name} is withdrawn; it had not begun."
        return message(text, [section(text)])
    text = f"⏹️ {deployment.name} was asked to stop. It holds its environment until it has; its thread will show it."
    return message(text, [section(text)])
