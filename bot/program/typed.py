"""Typed: the words of the Slack commands in a terminal. What they mean is read once, and its handler is in a table."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from rich.text import Text

from bot.ports import ConflictError
from bot.program import deploying, freezing, holding, overview, terminal, tokens
from bot.program.desk import Desk, open_desk, utc_now
from bot.program.pen import COMMAND
from bot.program.speaking import speaker
from bot.rules.people import Actor, Person, PersonId
from bot.rules.sentence import Code, Refused, Sentence, say
from bot.settings import Settings
from bot.trouble import Trouble
from handlers.names import CommandNames
from handlers.parsing import commands as c
from handlers.parsing import grammar
from handlers.parsing.commands import Command
from handlers.parsing.grammar import Family
from handlers.parsing.hints import Hint, parse
from handlers.parsing.known import known

ATTEMPTS = 4
"""So often it is tried when somebody else keeps changing the same thing."""


class Route(Protocol):
    """Does what one form means, in somebody's name; what the shell sees. `wait`: until a deployment is over."""

    def __call__(self, desk: Desk, command: Any, by: Actor, /, *, wait: bool) -> Awaitable[int]:
        """Do it."""
        ...


Look = Callable[[Desk, Any], Awaitable[int]]
"""Shows something that anybody on this host may see."""

ROUTES: Mapping[type, Route] = MappingProxyType(
    {
        c.PreviewDeploy: deploying.preview,
        c.StartDeploy: deploying.confirm,
        c.StopDeploy: deploying.cancel,
        c.GoBack: deploying.roll_back,
        c.DeclareFreeze: freezing.declare,
        c.Thaw: freezing.end,
        c.Prolong: freezing.extend,
        c.ListTokens: tokens.show,
        c.DropToken: tokens.drop,
        c.LetPass: holding.pass_over,
        c.SettleIt: holding.settle,
        c.KeepIt: holding.keep,
        c.LockIt: holding.lock,
        c.UnlockIt: holding.unlock,
        c.GoPastTheGate: holding.break_glass,
    }
)
LOOKS: Mapping[type, Look] = MappingProxyType({c.ShowStatus: overview.what_runs, c.ListFreezes: freezing.show})

IN_SLACK: Mapping[type, str] = MappingProxyType(
    {
        c.AskToken: "A token is made in Slack, where everybody is known for who they are: {command}",
        c.AskException: "An exception is asked for and granted in Slack: {command}",
        c.GrantException: "What is a person's word is given in Slack alone: {command}",
        c.RefuseException: "What is a person's word is given in Slack alone: {command}",
        **dict.fromkeys(
            (c.PreviewTrain, c.StartTrain, c.ShowTrain, c.SteerTrain),
            "A train is put together and answered in Slack, where everybody aboard sees it: {command}",
        ),
        c.SayWhatWasLearned: "A review is written in Slack, where everybody concerned reads it: {command}",
        c.Blame: "What stays out after a rollback is said in Slack, where everybody concerned reads it: {command}",
        c.LetBack: "What stays out after a rollback is said in Slack, where everybody concerned reads it: {command}",
    }
)
"""What can't be done from here, and why."""
NOT_HERE = "This can't be done from a terminal. Please type it in Slack: {command}"


async def typed(settings: Settings, family: Family, words: tuple[str, ...], *, wait: bool = True) -> int:
    """Do what these words mean, or say what would have worked; what the shell sees."""
    text = as_slack_sends_it(" ".join(words))
    async with open_desk(settings) as desk:
        # Which form it is depends on nobody; only what a time means does, which is asked again below.
        command = _read(desk, family, text, Person(PersonId(""), ""))
        if isinstance(command, Hint):
            return await _hint(desk, command)
        if isinstance(command, c.Help):
            return _help(desk, family)
        look = LOOKS.get(type(command))
        if look is not None:
            return await look(desk, command)
        route = ROUTES.get(type(command))
        if route is None:
            here = CommandNames(**settings.commands).here(f"{family} {' '.join(words)}")
            return await desk.refuse(say(IN_SLACK.get(type(command), NOT_HERE), command=Code(here)))
        by = await speaker(desk)
        if isinstance(by, Refused):
            return await desk.refuse(by.why)
        command = _read(desk, family, text, by.person)
        if isinstance(command, Hint):
            return await _hint(desk, command)
        return await _done(desk, route, command, by, wait=wait)


async def _done(desk: Desk, route: Route, command: Command, by: Actor, *, wait: bool) -> int:
    """Do it; again, if somebody else was faster, since then nothing was done."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await route(desk, command, by, wait=wait)
        except ConflictError as error:
            if attempt == ATTEMPTS:
                raise Trouble(
                    "Others are changing the same thing right now, so nothing was done. Please try again."
                ) from error
            await asyncio.sleep(0.1 * attempt)
    raise AssertionError("The last attempt returns or raises.")


def as_slack_sends_it(text: str) -> str:
    """What was typed in a shell, as the reader expects it: with the three characters escaped that mean something."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _read(desk: Desk, family: Family, text: str, typist: Person) -> Command | Hint:
    return parse(family, text, known(desk.agreed, typist, utc_now()))


async def _hint(desk: Desk, told: Hint) -> int:
    """What didn't fit, and the nearest command that would have worked."""
    terminal.bad(await desk.write(told.why), aside=True)
    nearest: Sentence = say("  Did you mean {command}?", command=Code(told.nearest))
    terminal.say(await desk.write(nearest), aside=True)
    return 2


def _help(desk: Desk, family: Family) -> int:
    """Every form that works here, with an example."""
    for each in grammar.of(family):
        form = desk.here(each.form)
        if form.startswith("slipway "):
            terminal.say(Text.assemble((form, COMMAND), f"  {each.does}"))
            if each.example != each.form:
                terminal.below(Text.assemble("for example ", (desk.here(each.example), COMMAND)), 4)
    terminal.say("Who you are is told by your token, which /deploy token makes in Slack.", "dim")
    return 0
