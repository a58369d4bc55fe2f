"""The desk: everything that a typed command works with, straight on the database, with or without Slack."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from bot.messages import MessengerError
from bot.ports import DirectoryError, TokenSigner
from bot.program import check, terminal
from bot.program.logs import log_quietly
from bot.program.pen import TerminalPen
from bot.program.record import in_a_sentence
from bot.rules.people import Person, PersonId, RoleName
from bot.rules.policy import Catalogue
from bot.rules.sentence import Sentence, people_in
from bot.settings import Settings
from bot.trouble import WRONG_SETTINGS
from bot.verbs.stand_ins import WithStandIns
from bot.wired import Verbs, wire
from bot.wiring import Neighbours, real_neighbours, signer_of
from handlers.names import CommandNames
from handlers.parsing.grammar import Family
from handlers.views.text import span
from integrations.database.engine import Engines, open_engines
from integrations.database.errors import in_our_words
from integrations.database.guard import check_schema
from integrations.database.readings import DatabaseReadings
from integrations.database.records import DatabaseRecords
from integrations.engine import EngineStarter, prepare, processes
from integrations.kept_directory import PATIENCE, KeptDirectory
from integrations.slack.client import connected_to_slack
from integrations.slack.directory import SlackDirectory, unknown
from integrations.slack.identity import Myself

IN_SLACK_ONLY = ("except", "grant", "refuse", "token", "review", "culprit", "lift", "train")
"""The verbs of these commands that a terminal doesn't have …"""
HERE_TOO = ("token list", "token revoke")
"""… but for these."""


def utc_now() -> datetime:
    """Now."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Introduced:
    """Slack's directory, which learns who we are when it is asked first."""

    directory: SlackDirectory
    me: Myself

    async def person(self, person: PersonId) -> Person:
        """Look somebody up afresh."""
        await self._know()
        return await self.directory.person(person)

    async def holders(self, role: RoleName) -> frozenset[PersonId]:
        """Who holds that one role."""
        await self._know()
        return await self.directory.holders(role)

    async def by_email(self, email: str) -> PersonId | None:
        """The member with that address."""
        await self._know()
        return await self.directory.by_email(email)

    async def _know(self) -> None:
        if self.me.known is None:
            try:
                await self.me.learn()
            except MessengerError as error:
                raise unknown(error) from error


@dataclass(slots=True)
class Desk:
    """What is there to work with. `names` are those whose names were looked up so far."""

    settings: Settings
    agreed: Catalogue
    engines: Engines
    records: DatabaseRecords
    readings: DatabaseReadings
    directory: KeptDirectory
    people: WithStandIns
    neighbours: Neighbours
    verbs: Verbs
    signer: TokenSigner | None
    names: dict[PersonId, str] = field(default_factory=dict)

    @property
    def pen(self) -> TerminalPen:
        """Writes for this terminal."""
        return TerminalPen(names=self.names, here=self.here)

    def here(self, command: str) -> str:
        """A command as it is typed here; what only Slack has, as it is typed there."""
        family, _, rest = command.partition(" ")
        here = family in {Family.DEPLOY, Family.ROLLBACK, Family.FREEZE} and (
            rest.split(" ")[0] not in IN_SLACK_ONLY or rest.startswith(HERE_TOO)
        )
        return f"slipway {command.removeprefix('/')}" if here else CommandNames(**self.settings.commands).here(command)

    async def know(self, people: Iterable[PersonId]) -> None:
        """Look up the names of these people, as far as they were ever read."""
        unheard = set(people) - self.names.keys()
        if unheard:
            found = await self.readings.people(unheard)
            self.names |= {person: read.person.name for person, read in found.items()}

    async def write(self, sentence: Sentence) -> Text:
        """A sentence for this terminal, with everybody's name."""
        await self.know(people_in([sentence]))
        return self.pen.write(sentence)

    async def refuse(self, why: Sentence) -> int:
        """Say no, and why; what the shell sees."""
        terminal.bad(await self.write(why), aside=True)
        self.own_up()
        return 1

    def own_up(self) -> None:
        """Say on what it was decided, where Slack could not be asked."""
        read_at = self.directory.read_at
        if read_at is not None:
            age = span(utc_now() - read_at)
            terminal.say(f"  People and roles as read {age} ago, since Slack could not be asked.", "yellow", aside=True)

    async def nobody_at_work(self) -> bool:
        """Whether no Slipway is at work on this database. The engine's tables are seen to then, for what is begun."""
        if await processes(self.engines, utc_now()):
            return False
        with in_our_words():
            await prepare(self.engines.url)
        return True


@asynccontextmanager
async def open_desk(settings: Settings) -> AsyncIterator[Desk]:
    """Everything, as it is agreed and kept now. Trouble where there is nothing to work with."""
    # People read sentences here. Who wants the log besides says so with SLIPWAY_LOG.
    log_quietly(logging.CRITICAL if settings.log_level == logging.WARNING else settings.log_level)
    catalogue = check.read(settings.catalogue, code=WRONG_SETTINGS)

    def agreed() -> Catalogue:
        return catalogue

    url = settings.database_url.reveal()
    engines = open_engines(url)
    starter = EngineStarter(url)
    token = settings.slack_bot_token.reveal()
    try:
        with in_a_sentence():
            await check_schema(engines)
            async with (
                connected_to_slack(token, api_url=settings.slack_api_url, patience=PATIENCE) as client,
                real_neighbours(settings) as neighbours,
            ):
                me = Myself(client)
                readings = DatabaseReadings(engines)
                source = Introduced(SlackDirectory(client, agreed, me.team), me)
                directory = KeptDirectory(source, readings, agreed, utc_now)
                records = DatabaseRecords(
                    engines, starter, lambda: None, utc_now, besides=lambda: circumstances(directory)
                )
                people = WithStandIns(directory, records, utc_now)
                signer = signer_of(settings)
                verbs = wire(records, people, agreed, neighbours, utc_now, signer=signer)
                yield Desk(
                    settings,
                    catalogue,
                    engines,
                    records,
                    readings,
                    directory,
                    people,
                    neighbours,
                    verbs,
                    signer,
                )
    finally:
        starter.close()
        await engines.dispose()


def circumstances(directory: KeptDirectory) -> Mapping[str, Any]:
    """What the record keeps besides: that Slack was not asked, and how old its word was."""
    return {} if directory.read_at is None else {"roles_as_read_at": directory.read_at.isoformat()}


def cannot_tell(error: DirectoryError) -> str:
    """Nobody knows how it stands with whoever speaks."""
    why = str(error).rstrip(".")
    return f"I can't check who you are just now ({why}), so nothing was done. Please try again shortly."
