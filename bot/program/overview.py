"""Overview: what runs where, who is at work with what, and what waits. From the database alone; Slack is not asked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from bot.catalogue.loading import load
from bot.ports import Reading, Work
from bot.program import freezing, terminal
from bot.program.desk import Desk, utc_now
from bot.program.pen import TerminalPen, harmless, moment, moment_in_a_column
from bot.program.record import in_a_sentence, open_records
from bot.rules.deployment import Deployment
from bot.rules.freeze import Freeze
from bot.rules.people import PersonId
from bot.rules.policy import Catalogue, Service, ServiceName
from bot.rules.rollback import stands_now
from bot.settings import Settings
from bot.trouble import Trouble
from handlers.parsing import commands as c
from handlers.views.text import span
from integrations.database.engine import Engines, open_engines
from integrations.database.outbox import Outbox
from integrations.database.readings import DatabaseReadings
from integrations.database.rows.outbox import Depth
from integrations.deployers.kinds import KINDS
from integrations.engine import Going, Process, processes, work

_QUIET = {Work.WATCH_FREEZE, Work.WATCH_RELEASE, Work.MARK_PULL_REQUESTS}
"""Work that only waits for its hour: counted, and named only where it is in trouble."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One environment of a service: what stands there, and what holds it."""

    service: str
    environment: str
    stands: Deployment | None
    holder: Deployment | None


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything at one moment. `spots` is None where the catalogue can't be read."""

    at: datetime
    processes: Sequence[Process]
    going: Sequence[Going]
    running: Mapping[int, Deployment]
    outbox: Depth
    spots: Sequence[Spot] | None
    freezes: Sequence[Freeze]
    names: Mapping[PersonId, str]


async def status(settings: Settings, *, as_json: bool) -> None:
    """Show it."""
    with in_a_sentence():
        seen = await _look(settings)
    if as_json:
        terminal.say(json.dumps(_as_json(seen), indent=2, ensure_ascii=False))
    else:
        _show(seen)


async def deployments(settings: Settings, service: str | None, *, as_json: bool) -> None:
    """Show the newest deployments, of all services or of one."""
    with in_a_sentence():
        async with open_records(settings) as records, records.read() as page:
            found = await page.deployments(service=ServiceName(service) if service else None, limit=20)
        async with _engines(settings) as engines:
            names = await _names(engines, found, ())
    if as_json:
        terminal.say(json.dumps([deployment_as_json(each) for each in found], indent=2, ensure_ascii=False))
        return
    if not found:
        raise Trouble(f"There are no deployments{f' of {harmless(service)}' if service else ''} yet.")
    content = Table("", "service", "environment", "version", "state", "since", "by", box=None, pad_edge=False)
    pen = TerminalPen(names=names)
    for each in found:
        order = each.order
        since = moment_in_a_column(each.ended_at or each.since or order.confirmed_at)
        version = harmless(f"{order.version} ({order.candidate.short})")
        by = pen.person(order.confirmed_by)
        told = (each.name, order.service, order.environment, version, _attempt(each), since, by)
        content.add_row(*told, style="bold" if each.holds else "")
    terminal.table(content)


async def what_runs(desk: Desk, command: c.ShowStatus) -> int:
    """What stands where, and what is on its way."""
    services = [each for each in desk.agreed.services.values() if command.service in {None, each.name}]
    async with desk.records.read() as page:
        spots = await _spots(page, services)
    _show_spots(spots, utc_now())
    return 0


async def _look(settings: Settings) -> Overview:
    found = load(settings.catalogue, deployers=KINDS)
    async with _engines(settings) as engines, open_records(settings) as records:
        now = utc_now()
        there, going = await processes(engines, now), await work(engines, now)
        depth = await Outbox(engines).depth()
        async with records.read() as page:
            running = await page.deployments(holding_only=True, limit=1000)
            if isinstance(found, Catalogue):
                running += [each for service in found.services for each in await page.waiting(service)]
            freezes = [each for each in await page.freezes(not_over_at=now, limit=None) if each.active(now)]
            spots = await _spots(page, found.services.values()) if isinstance(found, Catalogue) else None
        names = await _names(engines, running, freezes)
    return Overview(now, there, going, {each.id: each for each in running}, depth, spots, freezes, names)


@asynccontextmanager
async def _engines(settings: Settings) -> AsyncIterator[Engines]:
    engines = open_engines(settings.database_url.reveal())
    try:
        yield engines
    finally:
        await engines.dispose()


async def _names(engines: Engines, found: Iterable[Deployment], freezes: Iterable[Freeze]) -> Mapping[PersonId, str]:
    people = {each.order.confirmed_by for each in found} | {each.declared_by for each in freezes}
    known = await DatabaseReadings(engines).people(people)
    return {person: read.person.name for person, read in known.items()}


async def _spots(page: Reading, services: Iterable[Service]) -> list[Spot]:
    spots = []
    for service in services:
        history = await page.history_for(service.name)
        for environment in service.environments:
            here = [each for each in history if each.order.environment == environment.name]
            holder = next((each for each in here if each.holds), None)
            spots.append(Spot(service.name, environment.name, stands_now(here), holder))
    return spots


# ---------------------------------------------------------------- for people


def _show(seen: Overview) -> None:
    _show_processes(seen)
    terminal.say("")
    _show_outbox(seen)
    _show_work(seen)
    terminal.say("")
    if seen.spots is None:
        terminal.say("What runs where can't be told: the catalogue can't be read (slipway check says why).", "yellow")
    else:
        _show_spots(seen.spots, seen.at)
    terminal.say("")
    if not seen.freezes:
        terminal.say("Nothing is frozen now.")
    pen = TerminalPen(names=seen.names)
    for each in seen.freezes:
        terminal.say(freezing.row(each, seen.at, whose=each.source or pen.person(each.declared_by)))


def _show_processes(seen: Overview) -> None:
    """Each Slipway, and the deployments that it follows."""
    if not seen.processes:
        terminal.say("No Slipway is at work.", "bold yellow")
    for process in seen.processes:
        pid = f", process {process.pid}" if process.pid is not None else ""
        sign = f", last sign of life {span(seen.at - process.seen_at)} ago"
        since = moment(process.since)
        terminal.good(f"Slipway on {harmless(process.host)}{pid}, since {since}{sign}")
        for each in seen.going:
            if process.has(each.executor) and each.state != "queued":
                _follows(each, seen)
    orphans = [each for each in seen.going if each.state == "queued" or not _whose(each, seen.processes)]
    loose = [each for each in orphans if each.work not in _QUIET]
    if loose:
        terminal.say("Nobody follows yet:")
        for each in loose:
            _follows(each, seen)


def _follows(each: Going, seen: Overview) -> None:
    if each.work in _QUIET and each.state != "in trouble":
        return
    deployment = seen.running.get(each.key) if each.work == Work.FOLLOW_DEPLOYMENT else None
    if deployment is not None:
        order = deployment.order
        age = span(seen.at - order.confirmed_at)
        told = (
            f"{deployment.name} {order.service} {order.version} to {order.environment}: {deployment.attempt}, {age} old"
        )
    else:
        told = f"{each.work} {each.key}: {each.state}"
    terminal.below(harmless(told))
    if each.trouble:
        terminal.below(Text(harmless(each.trouble), "red"), 6)


def _show_outbox(seen: Overview) -> None:
    depth = seen.outbox
    if depth.oldest is None:
        told = "nothing waits"
    else:
        failing = f", {depth.failing} of them tried before" if depth.failing else ""
        told = f"{depth.waiting} wait{failing}, the oldest for {span(seen.at - depth.oldest)}"
    lost = f"; {depth.given_up} given up" if depth.given_up else ""
    terminal.beside("messages", f"{told}{lost}")


def _show_work(seen: Overview) -> None:
    counts = Counter(each.state for each in seen.going)
    told = ", ".join(f"{counts[state]} {state}" for state in _STATES if counts[state])
    terminal.beside("work", told or "nothing goes on")


_STATES = ("queued", "moving", "waiting", "in trouble")


def _show_spots(spots: Sequence[Spot], now: datetime) -> None:
    content = Table("service", "environment", "runs", "since", "held by", box=None, pad_edge=False)
    for each in spots:
        stands, holder = each.stands, each.holder
        runs = (
            harmless(f"{stands.order.version} ({stands.order.candidate.short}), {stands.name}") if stands else "nothing"
        )
        since = moment_in_a_column(stands.ended_at or stands.order.confirmed_at) if stands else ""
        held = ""
        if holder is not None:
            age = span(now - holder.order.confirmed_at)
            held = harmless(f"{holder.name} with {holder.order.version}: {holder.attempt}, {age} old")
        content.add_row(each.service, each.environment, runs, since, Text(held, "cyan"))
    terminal.table(content)


def _attempt(deployment: Deployment) -> Text:
    style = {"succeeded": "green", "failed": "red", "unknown": "yellow"}.get(deployment.attempt, "")
    return Text(deployment.attempt, style)


def _whose(going: Going, there: Sequence[Process]) -> Process | None:
    return next((each for each in there if each.has(going.executor)), None)


# ---------------------------------------------------------------- for machines


def deployment_as_json(deployment: Deployment) -> dict[str, Any]:
    """One deployment: people by their ids, moments in UTC."""
    order = deployment.order
    return {
        "deployment": deployment.name,
        "release": f"R-{order.release}",
        "service": order.service,
        "environment": order.environment,
        "kind": order.kind,
        "version": order.version,
        "candidate": order.candidate.identity,
        "state": deployment.attempt,
        "detail": deployment.detail,
        "link": deployment.link,
        "served": deployment.served,
        "confirmed_by": order.confirmed_by,
        "confirmed_at": order.confirmed_at.isoformat(),
        "started_at": _iso(deployment.started_at),
        "ended_at": _iso(deployment.ended_at),
        "reason": order.reason,
    }


def _as_json(seen: Overview) -> dict[str, Any]:
    return {
        "at": seen.at.isoformat(),
        "processes": [
            {
                "host": each.host,
                "pid": each.pid,
                "since": each.since.isoformat(),
                "seen_at": each.seen_at.isoformat(),
                "follows": [_work_as_json(going) for going in seen.going if _follows_it(each, going)],
            }
            for each in seen.processes
        ],
        "work": [_work_as_json(each) for each in seen.going],
        "work_by_state": {state: sum(each.state == state for each in seen.going) for state in _STATES},
        "outbox": {
            "waiting": seen.outbox.waiting,
            "failing": seen.outbox.failing,
            "given_up": seen.outbox.given_up,
            "oldest": _iso(seen.outbox.oldest),
        },
        "environments": None
        if seen.spots is None
        else [
            {
                "service": each.service,
                "environment": each.environment,
                "runs": deployment_as_json(each.stands) if each.stands else None,
                "held_by": deployment_as_json(each.holder) if each.holder else None,
            }
            for each in seen.spots
        ],
        "freezes": [
            {
                "freeze": each.name,
                "until": each.over_at.isoformat(),
                "hard": each.window.hard,
                "environments": sorted(each.window.environments),
                "services": sorted(each.window.services),
                "change_types": sorted(each.window.change_types),
                "reason": each.window.reason,
            }
            for each in seen.freezes
        ],
    }


def _follows_it(process: Process, going: Going) -> bool:
    return going.state != "queued" and process.has(going.executor)


def _work_as_json(going: Going) -> dict[str, Any]:
    return {
        "work": going.work,
        "key": going.key,
        "state": going.state,
        "since": going.since.isoformat(),
        "until": _iso(going.until),
        "trouble": going.trouble,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
