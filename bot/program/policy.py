"""What `slipway policy` does: the gate's reasoning about now, and what other rules would have made of the past."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.ports import Directory, DirectoryError
from bot.program import check, explaining, replaying, terminal
from bot.program.offline import OfflineDirectory
from bot.program.pen import TerminalPen
from bot.program.record import in_a_sentence, open_records
from bot.rules.people import PersonId
from bot.rules.policy import Catalogue, EnvironmentName
from bot.rules.sentence import Refused
from bot.settings import Settings
from bot.trouble import WRONG_SETTINGS, Trouble
from bot.verbs.explain import Explain
from bot.verbs.look import Look
from bot.verbs.replay_policy import ReplayPolicy
from bot.verbs.stand_ins import WithStandIns
from handlers.names import CommandNames
from integrations.calendars.adapter import IcalCalendars
from integrations.slack.client import connected_to_slack
from integrations.slack.directory import SlackDirectory


async def explain(settings: Settings, release: str, environment: str, *, offline: bool, as_json: bool) -> bool:
    """Show it; True if the gate is open. Whatever keeps us from an answer is no “closed”: it ends with 2."""
    try:
        return await _explain(settings, release, environment, offline=offline, as_json=as_json)
    except Trouble as found:
        raise Trouble(found.message, *found.lines, code=WRONG_SETTINGS) from found


async def _explain(settings: Settings, release: str, environment: str, *, offline: bool, as_json: bool) -> bool:
    agreed = check.read(settings.catalogue, code=WRONG_SETTINGS)
    why = "--offline was asked for" if offline else "" if settings.slack_bot_token else "SLACK_BOT_TOKEN is not set"
    with in_a_sentence():
        async with open_records(settings) as records, _directory(settings, agreed, why) as directory:
            people = WithStandIns(directory, records, _now)
            told = await Explain(Look(records, people, lambda: agreed, _now))(release, EnvironmentName(environment))
            if isinstance(told, Refused):
                raise Trouble(TerminalPen().write(told.why).plain)
            if as_json:
                terminal.say(explaining.as_json(told))
                return told.open
            names = await _names(directory, explaining.everybody_in(told))
    pen = TerminalPen(told.facts.roles, names, CommandNames(**settings.commands).here)
    explaining.show(told, pen)
    if why:
        terminal.say(f"Slack was not asked, since {why}: people are shown by their ids, and user groups block.", "dim")
    return told.open


async def replay(settings: Settings, file: Path, since: timedelta, *, only_others: bool, as_json: bool) -> None:
    """Show what that catalogue would have made of the time since then."""
    catalogue = check.read(file, code=WRONG_SETTINGS)
    with in_a_sentence():
        async with open_records(settings) as records, IcalCalendars.connected() as calendars:
            replayed = await ReplayPolicy(records, calendars, _now)(catalogue, _now() - since)
    if as_json:
        terminal.say(replaying.as_json(replayed, str(file)))
        return
    pen = TerminalPen(here=CommandNames(**settings.commands).here)
    replaying.show(replayed, pen, str(file), only_others=only_others)


def _now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def _directory(settings: Settings, agreed: Catalogue, why_not_slack: str) -> AsyncIterator[Directory]:
    """Slack's, unless there is a reason not to ask it."""
    if why_not_slack:
        yield OfflineDirectory(agreed, why_not_slack)
        return
    from bot.wiring import introduced  # noqa: PLC0415 - it brings the engine along, which takes its time

    async with connected_to_slack(settings.slack_bot_token.reveal(), api_url=settings.slack_api_url) as client:
        me = await introduced(client)
        yield SlackDirectory(client, lambda: agreed, me.team)


async def _names(directory: Directory, people: Iterable[PersonId]) -> dict[PersonId, str]:
    """Everybody's name, as far as the directory tells it."""

    async def name(person: PersonId) -> tuple[PersonId, str]:
        try:
            return person, (await directory.person(person)).name
        except DirectoryError:
            return person, person

    return dict(await asyncio.gather(*map(name, sorted(people))))
