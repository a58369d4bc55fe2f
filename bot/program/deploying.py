"""Deploying and rolling back from a terminal: the same verbs, looked at first, confirmed, and followed to the end."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence

import click
from rich.text import Text

from bot.ports import Changes
from bot.program import terminal
from bot.program.desk import Desk
from bot.program.following import follow
from bot.program.pen import harmless, moment
from bot.rules.deployment import UNDER_WAY, Deployment, DeploymentId, Kind
from bot.rules.gate import Blocker
from bot.rules.people import Actor, PersonId
from bot.rules.policy import takes_two_people
from bot.rules.sentence import At, Code, Refused, Repeated, Sentence, people_in, say
from bot.verbs.ask_deploy import Preview
from bot.verbs.confirm_deploy import Blocked
from bot.verbs.in_between import SHOWN, headline
from bot.verbs.look import Picture, Place
from bot.verbs.roll_back import WayBack
from handlers.parsing import commands as c
from handlers.views.text import counted

_OTHERS = 5
_MARGIN = 4


async def preview(desk: Desk, command: c.PreviewDeploy, by: Actor, *, wait: bool) -> int:  # noqa: ARG001 - a route's shape
    """What it would change, what blocks, and what confirms it. Nothing starts."""
    release = await desk.verbs.look.which(command.release)
    if isinstance(release, Refused):
        return await desk.refuse(release.why)
    told = await desk.verbs.ask_deploy(release, command.environment, by=by)
    if isinstance(told, Refused):
        return await desk.refuse(told.why)
    place = told.place
    await desk.know(_people_of(place))
    _title(f"Deploy {_named(told.picture)} to {place.name}?")
    _row("instead of", _instead_of(told))
    _changes(told.changes, told.problem, lost=False)
    for each in told.irreversible:
        _row("careful", Text.assemble(await desk.write(each), style="red"))
    _gate(desk, place)
    if told.fallback is not None:
        back = Code(f"/rollback {place.facts.service.name} in {place.name}")
        way = say("{version}, brought back by {command}", version=_version(told.fallback), command=back)
        _row("fallback", await desk.write(way))
    await _confirmed_by(desk, told)
    desk.own_up()
    return 0


async def confirm(desk: Desk, command: c.StartDeploy, by: Actor, *, wait: bool) -> int:
    """Start it, if nothing blocks, and follow it."""
    release = await desk.verbs.look.which(command.release)
    if isinstance(release, Refused):
        return await desk.refuse(release.why)
    alone = await desk.nobody_at_work()
    outcome = await desk.verbs.confirm_deploy(release, command.environment, by=by)
    match outcome:
        case Refused():
            return await desk.refuse(outcome.why)
        case Blocked():
            await desk.know(_people_of(outcome.place))
            terminal.bad(f"Nothing was started: {_named(outcome.picture)} may not go to {outcome.place.name} yet.")
            _gate(desk, outcome.place)
            desk.own_up()
            return 1
        case Repeated():
            return said_already()
    return await begun(desk, outcome.deployment, alone=alone, wait=wait, before=outcome.before)


async def cancel(desk: Desk, command: c.StopDeploy, by: Actor, *, wait: bool) -> int:  # noqa: ARG001 - a route's shape
    """Ask for its end."""
    alone = await desk.nobody_at_work()
    outcome = await desk.verbs.cancel_deploy(command.deployment, by=by)
    if isinstance(outcome, Refused):
        return await desk.refuse(outcome.why)
    name = f"D-{command.deployment}"
    if isinstance(outcome, Deployment) and outcome.over:
        terminal.good(f"{name} is withdrawn; it had not begun.")
        desk.own_up()
        return 0
    terminal.good(f"{name} was asked to stop. It holds its environment until it has.")
    desk.own_up()
    if alone:
        terminal.say(f"  No Slipway is at work, so that is done once one is, or now with: slipway follow {name}")
    return 0


async def roll_back(desk: Desk, command: c.GoBack, by: Actor, *, wait: bool) -> int:
    """Look at the way back and ask, or take it at once with `now`; then follow it."""
    seen: DeploymentId | None = None
    if not command.now:
        way = await desk.verbs.roll_back.preview(command.service, command.environment, command.wanted, by=by)
        if isinstance(way, Refused):
            return await desk.refuse(way.why)
        await _show(desk, way, command.reason)
        if not _asked(way):
            return 1
        seen = way.standing.id
    alone = await desk.nobody_at_work()
    outcome = await desk.verbs.roll_back(
        command.service, command.environment, command.wanted, seen, command.reason, by=by
    )
    if isinstance(outcome, Refused):
        return await desk.refuse(outcome.why)
    if isinstance(outcome, Repeated):
        return said_already()
    stops = (outcome.stops,) if outcome.stops is not None else ()
    return await begun(desk, outcome.deployment, alone=alone, wait=wait, before=stops)


def said_already() -> int:
    """It was done at the first try, and only what came after that had to be tried again."""
    terminal.good("That is done already; slipway deployments shows it, and slipway follow D-… follows it.")
    return 0


async def begun(
    desk: Desk, deployment: Deployment, *, alone: bool, wait: bool, before: Sequence[Deployment] = ()
) -> int:
    """It is on the record; say who does it, and follow it if that is wanted. `before`: what goes there first."""
    stop = Code(f"/deploy cancel {deployment.name}")
    if deployment.waits:
        others = ", ".join(f"{each.name} ({harmless(each.order.version)}, {each.attempt})" for each in before)
        template = "{name} waits its turn behind {others}. To withdraw it: {stop}"
        sentence = say(template, name=deployment.name, others=others or "others", stop=stop)
    else:
        sentence = say("{name} has started. To stop it: {stop}", name=deployment.name, stop=stop)
    terminal.good(await desk.write(sentence))
    desk.own_up()
    if alone and deployment.waits and deployment.order.kind is Kind.DEPLOY:
        terminal.say("  No Slipway is at work: its turn comes once one is.", "yellow")
        return 0
    if alone and not wait:
        terminal.say(
            f"  No Slipway is at work: it begins once one is, or with: slipway follow {deployment.name}", "yellow"
        )
    elif alone:
        terminal.say("  No Slipway is at work, so this terminal does it. Messages go to Slack once one is.", "yellow")
    return await follow(desk, deployment.id) if wait else 0


async def _confirmed_by(desk: Desk, told: Preview) -> None:
    place = told.place
    facts = place.facts
    if place.stands_here:
        terminal.say("This candidate stands there already.")
    elif place.open or place.can_wait:
        two = takes_two_people(facts.change, facts.service, facts.environment)
        who = "Somebody else confirms it with {command}" if two else _how(place)
        terminal.say(await desk.write(say(who, command=Code(told.command))))
    else:
        again = Code(f"/deploy {facts.release.name} to {place.name}")
        terminal.say(await desk.write(say("Nothing can start yet. Look again with {command}", command=again)))


def _how(place: Place) -> str:
    return "To start it: {command}" if place.open else "To have it wait its turn: {command}"


async def _show(desk: Desk, way: WayBack, reason: str) -> None:
    """What rolling back would bring back and take away."""
    _title(f"Roll back {way.service.title} in {way.environment}?")
    _row("from", f"{_version(way.standing)}, {way.standing.name}")
    since = way.target.ended_at or way.target.order.confirmed_at
    _row("back to", f"{_version(way.target)}, {way.target.name}, brought there {moment(since)}")
    if reason:
        _row("reason", harmless(reason))
    if way.standing.attempt in UNDER_WAY:
        _row(
            "first", Text(f"{way.standing.name} is on its way there ({way.standing.attempt}): it is stopped", "yellow")
        )
    _changes(way.lost, way.problem, lost=True)
    for each in way.irreversible:
        _row("careful", Text.assemble(await desk.write(each), style="red"))
    if way.unseen:
        _row("careful", Text("nobody has seen this version served there, although that can be looked at", "yellow"))
    if way.available.there:
        _row("artifact", "still there")
    elif way.available.why:
        _row("artifact", Text(f"can't be told: {harmless(way.available.why)}", "yellow"))
    for one in way.others[:_OTHERS]:
        other = Code(f"/rollback {way.service.name} in {way.environment} to {one.order.version}")
        _row("or", await desk.write(say("{version}: {command}", version=_version(one), command=other)))
    terminal.say("Freezes and missing approvals don't stop a rollback.", "dim")
    desk.own_up()


def _asked(way: WayBack) -> bool:
    """Whether somebody who sits here says yes. Where nobody sits, nothing is started."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        terminal.bad("Nothing was started: there is nobody to ask here.", aside=True)
        terminal.say(
            f"  To start at once: slipway rollback {way.service.name} in {way.environment} now <reason>", aside=True
        )
        return False
    # The loop's own handler would only note Ctrl-C, and go on waiting for an answer.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        if click.confirm(f"Roll {way.service.title} back to {way.target.order.version} now?", default=False):
            return True
    except click.Abort:
        terminal.say("")
    finally:
        signal.signal(signal.SIGINT, before)
    terminal.say("Nothing was started.")
    return False


def _title(text: str) -> None:
    terminal.say(Text(harmless(text), "bold"))


def _row(label: str, text: str | Text) -> None:
    terminal.beside(label, text)


def _named(picture: Picture) -> str:
    plan = picture.release.plan
    return f"{picture.release.name} {picture.service.title if picture.service else plan.service} {plan.version}"


def _version(deployment: Deployment) -> str:
    return harmless(f"{deployment.order.version} ({deployment.order.candidate.short})")


def _instead_of(told: Preview) -> str:
    if told.standing is None:
        return "nothing: it would be the first version there"
    since = told.standing.ended_at or told.standing.order.confirmed_at
    return f"{_version(told.standing)}, {told.standing.name}, there since {moment(since)}"


def _changes(changes: Changes | None, problem: str, *, lost: bool) -> None:
    """The commits in between."""
    if changes is None:
        if problem:
            _row("commits", Text(f"can't be read: {harmless(problem)}", "yellow"))
        return
    number = counted(changes.total, "commit")
    if lost or changes.backwards:
        _row("commits", Text(f"{number} would be lost", "yellow" if changes.total else ""))
    else:
        _row("commits", f"{number} would come along" if changes.total else "none in between")
    for each in changes.commits[:SHOWN]:
        pull = f" (#{each.pull.number})" if each.pull else ""
        line = f"{each.sha[:7]} {harmless(headline(each))[:90]}{pull}, by {harmless(each.author_name)[:40]}"
        terminal.below(line, _MARGIN)
    rest = changes.total - len(changes.commits[:SHOWN])
    if rest > 0:
        terminal.below(f"… and {rest} more", _MARGIN)


def _gate(desk: Desk, place: Place) -> None:
    """The gate of that environment, blocker by blocker."""
    if place.stands_here:
        return
    if place.open:
        _row("gate", Text("open: nothing blocks", "green"))
        return
    things = counted(len(place.blockers), "thing blocks", "things block")
    _row("gate", Text(f"closed: {things}", "red"))
    pen = desk.pen
    for each in place.blockers:
        terminal.below(pen.write(each.why), _MARGIN, "red")
        if each.lifted_by:
            terminal.below(f"who can lift it: {pen.lifted_by(each.lifted_by)}", _MARGIN + 2)
        if each.step is not None:
            terminal.below(Text.assemble(("→ ", "yellow"), pen.write(each.step)), _MARGIN + 2)
        if each.opens_at is not None:
            terminal.below(f"over by itself {moment(each.opens_at)}", _MARGIN + 2)


def _people_of(place: Place) -> set[PersonId]:
    """Everybody who is named in what blocks."""
    return {person for each in place.blockers for person in _named_in(each)}


def _named_in(blocker: Blocker) -> Iterator[PersonId]:
    sentences: list[Sentence] = [blocker.why, *([blocker.step] if blocker.step is not None else [])]
    yield from people_in(sentences)
    yield from (each.id for each in blocker.lifted_by if isinstance(each, At))
