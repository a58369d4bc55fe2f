"""Following a deployment in a terminal until it is over, whoever does the work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field

from rich.console import Console
from rich.live import Live

from bot.ports import ConflictError, RecordsError
from bot.program import steps, terminal
from bot.program.desk import Desk, open_desk, utc_now
from bot.program.standing_in import standing_in
from bot.rules.deployment import Attempt, Deployment, DeploymentId, Kind
from bot.rules.on_record import number_of
from bot.settings import Settings
from bot.trouble import WRONG_SETTINGS, Trouble
from bot.verbs.came_to import ending
from integrations.engine import AlreadyRunningError

_PAUSE = 0.3
_WHO_IS_THERE = 2.0
"""Seconds between two looks whether anybody does the work."""


async def follow(desk: Desk, deployment_id: DeploymentId) -> int:
    """Show it until it is over; what the shell sees. Ctrl-C leaves it to itself."""
    here = Here(desk)
    try:
        async with AsyncExitStack() as stack:
            shown = stack.enter_context(display(await _look(desk, deployment_id)))
            if not await _until_over(shown, here, stack):
                return 0
            over = shown.deployment
            back = await _taken_back_by(desk, over)
            if back is not None and here.standing_in:
                # Slipway has begun to roll it back, and there is no other Slipway that would go on with that.
                deployment_id = back.id
                shown.show(back)
                await _until_over(shown, here, stack)
    except asyncio.CancelledError:
        _left_alone(deployment_id, here)
        raise
    await _say_the_end(desk, over)
    if shown.deployment is not over:
        await _say_the_end(desk, shown.deployment)
    elif back is not None:
        terminal.say(f"Slipway rolls it back: slipway follow {back.name}")
    return steps.code_of(over)


async def _until_over(shown: Shown, here: Here, stack: AsyncExitStack) -> bool:
    """Show it until it is over; False if it only keeps its place in line until a Slipway is at work."""
    number = shown.deployment.id
    while not steps.is_over(shown.deployment):
        # What was begun is not given up since the database is busy or away for a while.
        await asyncio.sleep(_PAUSE)
        with suppress(ConflictError, RecordsError):
            await here.if_nobody_else(stack)
            shown.show(await _look(here.desk, number))
        if here.standing_in and shown.deployment.waits and shown.deployment.order.kind is Kind.DEPLOY:
            terminal.say(f"{shown.deployment.name} keeps its place in line until a Slipway is at work.")
            return False
    return True


async def _taken_back_by(desk: Desk, over: Deployment) -> Deployment | None:
    """The rollback that takes it back since its watch did not hold, if that is still on its way."""
    if over.watched_since is None or over.attempt is not Attempt.FAILED:
        return None
    async with desk.records.read() as reading:
        holding = await reading.deployments(
            service=over.order.service, environment=over.order.environment, holding_only=True
        )
    return next((each for each in holding if each.order.replaces == over.id and each.order.kind is Kind.ROLLBACK), None)


async def _say_the_end(desk: Desk, over: Deployment) -> None:
    sentence = ending(over, over.order.confirmed_by)
    if sentence is not None:
        say = terminal.good if steps.code_of(over) == 0 else terminal.bad
        say(await desk.write(sentence))


async def follow_by_name(settings: Settings, name: str) -> int:
    """The same for the one that is called so."""
    number = number_of(name.upper())
    longest = 11  # “D-” and nine digits: more is no number of ours
    if number is None or len(name) > longest or not name.upper().startswith("D-"):
        raise Trouble(f"“{name}” is not a deployment; one is written like D-40.", code=WRONG_SETTINGS)
    async with open_desk(settings) as desk:
        return await follow(desk, DeploymentId(number))


@dataclass(slots=True)
class Here:
    """Whether this process does the work itself."""

    desk: Desk
    standing_in: bool = False
    looked_at: float = field(default=float("-inf"))

    async def if_nobody_else(self, stack: AsyncExitStack) -> None:
        """Do the work here if no Slipway is there to do it, now and then asked anew: one may end half-way."""
        if self.standing_in or time.monotonic() - self.looked_at < _WHO_IS_THERE:
            return
        self.looked_at = time.monotonic()
        if await self.desk.nobody_at_work():
            try:
                await stack.enter_async_context(standing_in(self.desk))
            except AlreadyRunningError:  # one has just come
                return
            self.standing_in = True


class Shown:
    """A deployment as it was last seen, for a display to draw."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment

    def show(self, deployment: Deployment) -> None:
        """It is so now."""
        self.deployment = deployment


class Lines(Shown):
    """For a pipe: a line for each thing that is new."""

    def __init__(self, deployment: Deployment) -> None:
        super().__init__(deployment)
        terminal.say(steps.title(deployment))
        terminal.say(steps.line(deployment, utc_now()))

    def show(self, deployment: Deployment) -> None:
        before, self.deployment = self.deployment, deployment
        if (before.attempt, before.detail) != (deployment.attempt, deployment.detail):
            terminal.say(steps.line(deployment, utc_now()))


@contextmanager
def display(deployment: Deployment) -> Iterator[Shown]:
    """On a screen the steps, redrawn in place; elsewhere lines."""
    console = Console(highlight=False)
    if not console.is_terminal:
        yield Lines(deployment)
        return
    shown = Shown(deployment)
    with Live(console=console, refresh_per_second=8, get_renderable=lambda: steps.board(shown.deployment, utc_now())):
        yield shown


async def _look(desk: Desk, deployment_id: DeploymentId) -> Deployment:
    async with desk.records.read() as reading:
        found = await reading.deployment(deployment_id)
    if found is None:
        raise Trouble(f"There is no deployment D-{deployment_id}.", "slipway deployments shows the newest.")
    return found


def _left_alone(deployment_id: DeploymentId, here: Here) -> None:
    name, again = f"D-{deployment_id}", f"slipway follow D-{deployment_id}"
    if here.standing_in:
        terminal.say(f"{name} goes on at its target, but nobody follows it until Slipway runs, or: {again}")
    else:
        terminal.say(f"{name} goes on without this terminal. To look again: {again}")
