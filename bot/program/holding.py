"""From a terminal: wait, settle, lock, and break the glass; the same verbs as in Slack."""

from __future__ import annotations

import shlex

from bot.program import terminal
from bot.program.deploying import begun, said_already
from bot.program.desk import Desk
from bot.program.pen import harmless, moment
from bot.rules.people import Actor
from bot.rules.sentence import Code, Refused, Repeated, say
from bot.rules.terms import span
from bot.verbs.break_glass import Glass
from bot.verbs.lock import Wish
from handlers.parsing import commands as c

_MARGIN = 4


async def pass_over(desk: Desk, command: c.LetPass, by: Actor, *, wait: bool) -> int:  # noqa: ARG001 - a route's shape
    """Let those behind go first."""
    outcome = await desk.verbs.pass_over(command.deployment, by=by)
    if isinstance(outcome, Refused):
        return await desk.refuse(outcome.why)
    terminal.good(f"D-{command.deployment} goes to the end of the line.")
    desk.own_up()
    return 0


async def settle(desk: Desk, command: c.SettleIt, by: Actor, *, wait: bool) -> int:  # noqa: ARG001 - a route's shape
    """Say how a deployment ended that nobody could follow to its end."""
    outcome = await desk.verbs.settle(command.deployment, command.reason, succeeded=command.succeeded, by=by)
    if isinstance(outcome, Refused):
        return await desk.refuse(outcome.why)
    ended = "succeeded" if command.succeeded else "failed"
    terminal.good(f"D-{command.deployment} is settled as {ended}; its environment is free.")
    desk.own_up()
    return 0


async def keep(desk: Desk, command: c.KeepIt, by: Actor, *, wait: bool) -> int:  # noqa: ARG001 - a route's shape
    """Say that a deployment which is watched stays."""
    outcome = await desk.verbs.keep(command.deployment, command.reason, by=by)
    if isinstance(outcome, Refused):
        return await desk.refuse(outcome.why)
    terminal.good(f"D-{command.deployment} stays; its watch has ended.")
    desk.own_up()
    return 0


async def lock(desk: Desk, command: c.LockIt, by: Actor, *, wait: bool) -> int:  # noqa: ARG001 - a route's shape
    """Hold a service's environment."""
    wish = Wish(command.service, command.environment, command.reason, command.until, command.release, command.take_over)
    outcome = await desk.verbs.lock(wish, by=by)
    if isinstance(outcome, Refused):
        return await desk.refuse(outcome.why)
    if not isinstance(outcome, Repeated):
        held = outcome.lock.hold
        terminal.good(harmless(f"{held.environment} of {held.service} is locked until {moment(held.ends_at)}."))
        desk.own_up()
    return 0


async def unlock(desk: Desk, command: c.UnlockIt, by: Actor, *, wait: bool) -> int:  # noqa: ARG001 - a route's shape
    """Let go of it."""
    outcome = await desk.verbs.unlock(command.service, command.environment, command.reason, by=by)
    if isinstance(outcome, Refused):
        return await desk.refuse(outcome.why)
    terminal.good(harmless(f"{command.environment} of {command.service} is no longer locked."))
    desk.own_up()
    return 0


async def break_glass(desk: Desk, command: c.GoPastTheGate, by: Actor, *, wait: bool) -> int:
    """Show what would be broken, or break it and follow what that starts."""
    release = await desk.verbs.look.which(command.release)
    if isinstance(release, Refused):
        return await desk.refuse(release.why)
    if not command.confirmed:
        looked = await desk.verbs.break_glass.look(release, command.environment, command.reason, by=by)
        if isinstance(looked, Refused):
            return await desk.refuse(looked.why)
        if isinstance(looked, Glass):
            await _show(desk, looked, " ".join(command.reason.split()))
        return 0
    alone = await desk.nobody_at_work()
    done = await desk.verbs.break_glass(release, command.environment, command.reason, by=by)
    if isinstance(done, Refused):
        return await desk.refuse(done.why)
    if isinstance(done, Repeated):
        return said_already()
    terminal.bad(f"The glass is broken: {len(done.passed)} of the rules were passed. It will be reviewed.")
    return await begun(desk, done.deployment, alone=alone, wait=wait)


async def _show(desk: Desk, glass: Glass, reason: str) -> None:
    """What stands in the way, and how to go past it. What is to be typed can be pasted into a shell as it stands."""
    typed = glass.command.removesuffix(reason) + shlex.quote(reason)
    plan = glass.picture.release.plan
    terminal.bad(harmless(f"Breaking the glass for {plan.service} {plan.version} in {glass.place.name} would pass:"))
    for each in glass.passed:
        terminal.below(await desk.write(each.why), _MARGIN, "red")
    owner, within = glass.review
    terminal.say(
        harmless(f"The role {owner} reviews it within {span(within)}. Everybody concerned hears of it at once.")
    )
    confirm = say("To go ahead, until {until}: {command}", until=moment(glass.until), command=Code(typed))
    terminal.say(await desk.write(confirm))
    desk.own_up()
