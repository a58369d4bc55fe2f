"""The steps of a deployment as a terminal shows them: what is behind it, where it is, what is ahead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from bot.program.pen import harmless
from bot.rules.deployment import LIFECYCLE, Attempt, Deployment, Kind


class Sign(StrEnum):
    """How far a step is."""

    DONE = "✓"
    NOW = "…"
    AHEAD = "·"
    BAD = "✗"
    UNSURE = "?"


@dataclass(frozen=True, slots=True)
class Step:
    """One line. `at`: when it was done, or since when it goes on."""

    sign: Sign
    text: str
    at: datetime | None = None


_STYLES = MappingProxyType(
    {Sign.DONE: "green", Sign.NOW: "cyan", Sign.AHEAD: "dim", Sign.BAD: "red", Sign.UNSURE: "yellow"}
)
_ROAD = ((Attempt.STARTING, "Starting"), (Attempt.RUNNING, "Running"), (Attempt.VERIFYING, "Looking at what is served"))
_ENDS = MappingProxyType(
    {
        Attempt.SUCCEEDED: (Sign.DONE, "Done"),
        Attempt.FAILED: (Sign.BAD, "Failed"),
        Attempt.CANCELLED: (Sign.BAD, "Cancelled"),
        Attempt.UNKNOWN: (Sign.UNSURE, "Nobody can tell how it ended"),
    }
)


def is_over(deployment: Deployment) -> bool:
    """Whether there is nothing more to wait for: an unknown outcome may stay so for good."""
    return deployment.attempt is Attempt.UNKNOWN or not LIFECYCLE[deployment.attempt]


def code_of(deployment: Deployment) -> int:
    """What the shell sees once it is over."""
    return {Attempt.SUCCEEDED: 0, Attempt.UNKNOWN: 3}.get(deployment.attempt, 1)


def title(deployment: Deployment) -> str:
    """What is being done."""
    order = deployment.order
    doing = "rolling back to" if order.kind is Kind.ROLLBACK else "deploying"
    where = f"{order.service} in {order.environment}"
    return harmless(f"{deployment.name}  {where}: {doing} {order.version} ({order.candidate.short})")


def steps(deployment: Deployment) -> Iterator[Step]:
    """All of them, in order."""
    now = deployment.attempt
    detail = f": {harmless(deployment.detail)}" if deployment.detail else ""
    yield Step(Sign.DONE, "Confirmed", deployment.order.confirmed_at)
    if deployment.cancel_asked_by is not None and now is not Attempt.CANCELLED:
        yield Step(Sign.NOW, "Asked to stop")
    places = [attempt for attempt, _ in _ROAD]
    if now in places:
        here = places.index(now)
        for number, (_, text) in enumerate(_ROAD):
            if number < here:
                yield Step(Sign.DONE, text, deployment.started_at if number == 0 else None)
            elif number == here:
                yield Step(Sign.NOW, text + detail, deployment.since or deployment.order.confirmed_at)
            else:
                yield Step(Sign.AHEAD, text)
        return
    if now is Attempt.WATCHING:
        for number, (_, text) in enumerate(_ROAD):
            yield Step(Sign.DONE, text, deployment.started_at if number == 0 else None)
        yield Step(Sign.NOW, f"Watched{detail}", deployment.watched_since)
        return
    if now not in _ENDS:
        yield Step(Sign.NOW, now.capitalize() + detail, deployment.since)
        return
    sign, text = _ENDS[now]
    if deployment.started_at is not None:
        yield Step(Sign.DONE, "Started", deployment.started_at)
    yield Step(sign, text + detail, deployment.ended_at)
    if deployment.served:
        yield Step(Sign.DONE if now is Attempt.SUCCEEDED else Sign.UNSURE, f"Served: {harmless(deployment.served)}")


def board(deployment: Deployment, now: datetime) -> RenderableType:
    """The steps on a screen, with what goes on turning."""
    end = deployment.ended_at if is_over(deployment) and deployment.ended_at else now
    elapsed = clock(end - deployment.order.confirmed_at)
    grid = Table.grid(padding=(0, 1))
    for each in steps(deployment):
        turning = each.sign is Sign.NOW
        sign: RenderableType = (
            Spinner("dots", style=_STYLES[each.sign]) if turning else Text(each.sign, _STYLES[each.sign])
        )
        at = f"{each.at.astimezone():%H:%M:%S}" if each.at else ""
        grid.add_row(sign, Text(at, "dim"), Text(each.text, "dim" if each.sign is Sign.AHEAD else ""))
    return Group(Text.assemble((title(deployment), "bold"), f"  {elapsed}"), Padding(grid, (0, 0, 0, 2)))


def line(deployment: Deployment, now: datetime) -> str:
    """Where it is on one line, for a pipe and a log."""
    detail = f": {harmless(deployment.detail)}" if deployment.detail else ""
    return f"{now.astimezone():%H:%M:%S} {deployment.name} {deployment.attempt}{detail}"


def clock(length: timedelta) -> str:
    """`0:42`, `1:02:07`."""
    minutes, seconds = divmod(max(0, int(length.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
