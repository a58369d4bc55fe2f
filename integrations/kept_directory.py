"""The directory that remembers, and the one that falls back on what was remembered.

`Remembering` stands before Slack's directory wherever Slipway is at work: it answers exactly as that does, and keeps
what it said. `KeptDirectory` is for a terminal: it asks Slack first and, while Slack is away, tells what was kept. A
refusal is an answer, and an empty group stays empty: being away never gives anybody more than Slack last said.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

from bot.ports import Agreed, Clock, DirectoryError, RecordsError
from bot.rules.people import Person, PersonId, RoleName, Roles, Standing
from bot.rules.policy import Catalogue
from integrations.readings import PersonRead, Read, Readings, RoleRead

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=3)
"""How long a terminal waits for a word from Slack: somebody is sitting there, perhaps at three in the morning."""

OLDEST = timedelta(hours=24)
"""Who has left a role since then may still act in it: a day is about as long as Slack may be away, and no longer."""

AGAIN = timedelta(minutes=5)
"""What has not changed is kept anew at most so often."""

EVERY = timedelta(minutes=10)
"""How often everything is read though nobody asks, so that it is there when Slack goes away on a quiet night."""

AT_ONCE = 20
"""So many names are learned in one round, so that a large group is no burden to Slack."""

_WHAT_HELPS = "a role whose people the catalogue lists by name needs no Slack"

T = TypeVar("T")


class Source(Protocol):
    """The directory that is asked: Slack's."""

    async def person(self, person: PersonId) -> Person:
        """Look somebody up afresh. DirectoryError if that is impossible."""
        ...

    async def holders(self, role: RoleName) -> frozenset[PersonId]:
        """Who holds that one role. DirectoryError if that can't be learned."""
        ...

    async def by_email(self, email: str) -> PersonId | None:
        """The member with that address."""
        ...


class Remembering:
    """Answers as the source does, and keeps what it said. Nobody waits for that, and nothing fails by it."""

    def __init__(self, source: Source, readings: Readings, agreed: Agreed, now: Clock) -> None:
        self._source = source
        self._readings = readings
        self._agreed = agreed
        self._now = now
        self._kept: dict[tuple[type[Read], str], Read] = {}
        self._waiting: dict[tuple[type[Read], str], Read] = {}
        self._some = asyncio.Event()

    async def person(self, person: PersonId) -> Person:
        """Look somebody up afresh."""
        at = self._now()
        found = await self._source.person(person)
        self._remember(PersonRead(found, at))
        return found

    async def roles(self, names: Sequence[RoleName] | None = None) -> Roles:
        """Who holds these roles."""
        wanted = list(self._agreed().roles) if names is None else list(dict.fromkeys(names))
        told = dict(zip(wanted, await asyncio.gather(*map(self._holders, wanted)), strict=True))
        return _as_roles(told)

    async def by_email(self, email: str) -> PersonId | None:
        """The member with that address."""
        return await self._source.by_email(email)

    @asynccontextmanager
    async def at_work(self, people: Callable[[], Awaitable[Iterable[PersonId]]]) -> AsyncIterator[None]:
        """Keep what is said; and ask by itself, now and then, for all roles and for these people."""
        going = [
            asyncio.create_task(self._keep_on(), name="keeping what the directory says"),
            asyncio.create_task(self._ask_on(people), name="asking the directory now and then"),
        ]
        try:
            yield
        finally:
            for task in going:
                task.cancel()
            await asyncio.gather(*going, return_exceptions=True)
            await self.keep_now()

    async def keep_now(self) -> None:
        """Keep what waits to be kept. Where the database is busy or away, it waits on."""
        waiting = dict(self._waiting)
        self._some.clear()
        if not waiting:
            return
        try:
            await self._readings.keep(waiting.values())
        except Exception as error:  # noqa: BLE001 - the boundary: nobody asked for it, and it is kept the next time
            log.warning("What the directory said could not be kept yet: %s", error)
            return
        self._kept |= waiting
        self._waiting = {key: read for key, read in self._waiting.items() if waiting.get(key) is not read}

    async def ask_now(self, people: Iterable[PersonId]) -> None:
        """Ask for all roles and for these people, so that it is kept; and for some whose names nobody knows yet."""
        roles = await self.roles()
        everybody = sorted(set().union(*roles.members.values()))
        nameless = [each for each in everybody if (PersonRead, each) not in self._kept]
        for person in dict.fromkeys((*people, *nameless[:AT_ONCE])):
            with suppress(DirectoryError):
                await self.person(person)

    async def _holders(self, role: RoleName) -> frozenset[PersonId] | str:
        # Taken before asking: an answer is about what was agreed, and as old as the question.
        at, of = self._now(), made_of(self._agreed(), role)
        try:
            found = await self._source.holders(role)
        except DirectoryError as error:
            why = str(error).rstrip(".")
            if not error.away and not error.busy:
                self._remember(RoleRead(role, frozenset(), at, of, why))
            return why
        self._remember(RoleRead(role, found, at, of))
        return found

    def _remember(self, read: Read) -> None:
        key = _key(read)
        before = self._kept.get(key)
        if before is None or _said(before) != _said(read) or read.read_at - before.read_at >= AGAIN:
            self._waiting[key] = read
            self._some.set()
        else:
            self._waiting.pop(key, None)

    async def _keep_on(self) -> None:
        while True:
            await self._some.wait()
            await self.keep_now()
            await asyncio.sleep(1)  # what is said within a second is kept together

    async def _ask_on(self, people: Callable[[], Awaitable[Iterable[PersonId]]]) -> None:
        while True:
            try:
                await self.ask_now(await people())
            except Exception as error:  # noqa: BLE001 - the boundary: Slack or the database is away; the next time comes
                log.warning("The directory could not be asked: %s", error)
            await asyncio.sleep(EVERY.total_seconds())


class KeptDirectory:
    """A terminal's directory, for one command: once Slack was found away, it is not waited for again."""

    def __init__(
        self, source: Source, readings: Readings, agreed: Agreed, now: Clock, *, patience: timedelta = PATIENCE
    ) -> None:
        self._source = source
        self._readings = readings
        self._agreed = agreed
        self._now = now
        self._patience = patience
        self._away = ""
        self.read_at: datetime | None = None
        """When the oldest of what was told in place of Slack's own word was read; None where Slack has told all."""

    async def person(self, person: PersonId) -> Person:
        """Slack's word, or the last one that was kept."""
        try:
            return await self._ask(partial(self._source.person, person))
        except DirectoryError as error:
            if not error.away:
                raise
            why = str(error).rstrip(".")
        try:
            kept = (await self._readings.people([person])).get(person)
        except RecordsError as problem:
            raise DirectoryError(f"{why}, and neither does the database: {problem}") from problem
        if kept is None:
            raise DirectoryError(f"{why}, and I have never heard how it stands with you.", away=True)
        if self._too_old(kept.read_at):
            raise DirectoryError(f"{why}, and {self._last(kept.read_at)}.", away=True)
        self._tell_of(kept.read_at)
        return kept.person

    async def roles(self, names: Sequence[RoleName] | None = None) -> Roles:
        """Slack's word for each role, or the last one that was kept of it. Never raises."""
        wanted = list(self._agreed().roles) if names is None else list(dict.fromkeys(names))
        return _as_roles(dict(zip(wanted, await asyncio.gather(*map(self._holders, wanted)), strict=True)))

    async def by_email(self, email: str) -> PersonId | None:
        """The member with that address, by Slack alone."""
        return await self._ask(partial(self._source.by_email, email))

    async def _holders(self, role: RoleName) -> frozenset[PersonId] | str:
        try:
            return await self._ask(partial(self._source.holders, role))
        except DirectoryError as error:
            why = str(error).rstrip(".")
            if not error.away:
                return why
        try:
            return await self._kept_holders(role, why)
        except RecordsError as error:
            return f"{why}, and neither does the database: {error}"

    async def _kept_holders(self, role: RoleName, why: str) -> frozenset[PersonId] | str:
        agreed = self._agreed().roles.get(role)
        if agreed is None:
            return "the catalogue has no such role"
        if agreed.group is None:
            return await self._members(frozenset(agreed.people))
        kept = (await self._readings.roles([role])).get(role)
        if kept is None or kept.made_of != made_of(self._agreed(), role):
            return f"{why}, and I have never heard who holds it; {_WHAT_HELPS}"
        if self._too_old(kept.read_at):
            return f"{why}, and {self._last(kept.read_at)}; {_WHAT_HELPS}"
        self._tell_of(kept.read_at)
        return kept.problem or await self._members(kept.people)

    async def _members(self, people: frozenset[PersonId]) -> frozenset[PersonId]:
        """All but those who were no members when they were last seen, however long ago. A list needs no Slack."""
        known = await self._readings.people(people)
        return frozenset(each for each in people if each not in known or known[each].person.standing is Standing.MEMBER)

    async def _ask(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Slack's answer; a DirectoryError that says `away` if there is none in time."""
        if self._away:
            raise DirectoryError(self._away, away=True)
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                return await ask()
        except TimeoutError as error:
            self._away = f"Slack has not answered within {self._patience.total_seconds():g} seconds"
            raise DirectoryError(self._away, away=True) from error
        except DirectoryError as error:
            if error.away:
                self._away = str(error)
            raise

    def _too_old(self, read_at: datetime) -> bool:
        return self._now() - read_at > OLDEST

    def _last(self, read_at: datetime) -> str:
        hours = int((self._now() - read_at) / timedelta(hours=1))
        return (
            f"its last word is {hours} hours old: more than {int(OLDEST / timedelta(hours=1))} are too many to act upon"
        )

    def _tell_of(self, read_at: datetime) -> None:
        self.read_at = min(self.read_at or read_at, read_at)


def _as_roles(told: Mapping[RoleName, frozenset[PersonId] | str]) -> Roles:
    return Roles(
        {name: answer for name, answer in told.items() if not isinstance(answer, str)},
        {name: answer for name, answer in told.items() if isinstance(answer, str)},
    )


def made_of(agreed: Catalogue, role: RoleName) -> str:
    """The user group and the people of which that role is made up."""
    known = agreed.roles.get(role)
    return " ".join((known.group or "-", *sorted(known.people))) if known else ""


def _key(read: Read) -> tuple[type[Read], str]:
    return (RoleRead, read.role) if isinstance(read, RoleRead) else (PersonRead, read.person.id)


def _said(read: Read) -> object:
    return (read.people, read.problem) if isinstance(read, RoleRead) else read.person
