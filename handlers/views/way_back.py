"""The way back: what a rollback would bring back and take away, one button to confirm it, and what else is possible."""

from __future__ import annotations

from collections.abc import Iterator

from bot.rules.deployment import UNDER_WAY, Attempt, Deployment
from bot.verbs.roll_back import RollingBack, WayBack
from handlers.buttons import OnService, encode
from handlers.names import Press
from handlers.views.blocks import Block, Said, actions, asks, button, context, header, message, section
from handlers.views.deployments import irreversible, lost_commits
from handlers.views.text import Pen, clip, joined_names, one_line, when, words
from handlers.views.words import what

_OTHERS = 5


def way_back(told: WayBack, pen: Pen, reason: str = "") -> Said:
    """The private confirm message."""
    service, place = told.service, one_line(told.environment, 60)
    version = clip(told.target.order.version, 60)
    title = f"Roll back {service.title} in {told.environment}?"
    since = when(told.target.ended_at or told.target.order.confirmed_at)
    blocks = [
        header(title),
        section(f"*{place}* would go from {what(told.standing)} ({told.standing.name}) back to {what(told.target)}."),
        *_stops_first(told.standing),
        context(f"{told.target.name} brought it there {since}. Freezes and missing approvals don't stop a rollback."),
        *irreversible(told.irreversible, pen),
        *lost_commits(told.lost, told.problem),
        *_certain(told),
    ]
    if reason:
        blocks.append(context(f"Reason: {one_line(reason, 500)}"))
    carried = OnService(service.name, told.environment, told.standing.id, told.target.name, reason or None)
    sure = asks(
        f"Roll back to {version}?",
        f"{one_line(service.title, 60)} in {place} starts going back at once.",
        "Roll back",
        danger=True,
    )
    spoken = f"Roll {service.title} back to {version}"
    blocks.append(
        actions(button("Roll back", Press.ROLL_BACK, encode(carried), style="danger", asks=sure, spoken=spoken))
    )
    if told.others:
        lines = [
            f"•  {what(each)}: {pen.command(f'/rollback {service.name} in {told.environment} to {each.order.version}')}"
            for each in told.others[:_OTHERS]
        ]
        blocks.append(section("*Other good versions*\n" + "\n".join(lines)))
    return message(f"{one_line(title)} To {one_line(version)}. Nothing has started.", blocks)


def _stops_first(standing: Deployment) -> Iterator[Block]:
    if standing.attempt is Attempt.WATCHING:
        yield section(f"🔬 {standing.name} is there and still watched: its watch ends, and it counts as failed.")
    elif standing.attempt in UNDER_WAY:
        yield section(f"✋ {standing.name} is on its way there ({standing.attempt}): it is stopped first.")


def _certain(told: WayBack) -> Iterator[Block]:
    """What is not certain about the version that would come back, and which ones can't."""
    lines = []
    if told.unseen:
        lines.append("⚠️ Nobody has seen this version served here, although that can be looked at.")
    if told.available.there:
        lines.append("📦 What was deployed then is still there.")
    elif told.available.why:
        lines.append(f"⚠️ I can't tell whether what was deployed then is still there: {words(told.available.why, 300)}")
    if told.gone:
        names = joined_names([one_line(each.order.version, 60) for each in told.gone], _OTHERS)
        lines.append(f"🕳️ No longer there, so not offered: {names}")
    if lines:
        yield context("\n".join(lines))


def rolling_back(told: RollingBack, pen: Pen) -> Said:
    """The private answer to who started it."""
    order = told.deployment.order
    if told.stops is not None:
        return _stopping_first(told, told.stops, pen)
    text = (
        f"↩️ {told.deployment.name} has started: *{one_line(order.environment, 60)}* goes back to {what(told.target)}. "
        "Its release's thread follows it."
    )
    stop = f"To stop it: {pen.command(f'/deploy cancel {told.deployment.name}')}"
    return message(f"{text} {stop}", [section(text), context(stop)])


def _stopping_first(told: RollingBack, stops: Deployment, pen: Pen) -> Said:
    """What is on its way there ends first."""
    name, place = told.deployment.name, one_line(told.deployment.order.environment, 60)
    how = "was asked to stop" if stops.cancel_asked_by is not None else "can't be stopped and runs to its end"
    text = (
        f"↩️ *{place}* goes back to {what(told.target)} ({name}) as soon as {stops.name} has ended: it {how}. "
        "The release's thread follows it."
    )
    ways = f"If {stops.name} can't be seen to end, the thread says so, and what to do. To withdraw this: "
    ways += pen.command(f"/deploy cancel {name}")
    return message(f"{text} {ways}", [section(text), context(ways)])
