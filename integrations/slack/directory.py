"""Directory: who people are and which roles they hold, by Slack's accounts and user groups."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from bot.messages import MessengerError
from bot.ports import Agreed, DirectoryError
from bot.rules.people import Person, PersonId, RoleName, Roles, Standing
from integrations.slack.accounts import person_of
from integrations.slack.client import SlackClient
from integrations.slack.errors import SlackAwayError, SlackBusyError, SlackRefusedError
from integrations.slack.kept import Kept

_GROUPS = 60.0
_STANDINGS = 60.0
_ADDRESSES = 600.0
_AT_ONCE = 8
_PAGE = 500
_MANY = 30
"""From so many people on it takes fewer calls to read the list of everybody."""
_NO_HOME = "I don't know yet which workspace I belong to."
_NOBODY = frozenset({"user_not_found", "users_not_found", "user_not_visible"})


class SlackDirectory:
    """The directory. What is kept for a while is thrown away as soon as Slack says that it has changed."""

    def __init__(
        self,
        client: SlackClient,
        agreed: Agreed,
        home: Callable[[], str | None],
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._agreed = agreed
        self._home = home
        self._groups: Kept[str, frozenset[PersonId]] = Kept(_GROUPS, seconds)
        self._disabled: Kept[None, frozenset[str]] = Kept(_GROUPS, seconds)
        self._standings: Kept[PersonId, Standing] = Kept(_STANDINGS, seconds)
        self._addresses: Kept[str, PersonId | None] = Kept(_ADDRESSES, seconds)
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def person(self, person: PersonId) -> Person:
        """Look somebody up afresh."""
        home = self._home()
        if home is None:
            raise DirectoryError(_NO_HOME, away=True)
        mark = self._standings.mark(person)
        try:
            reply = await self._client.call("users.info", user=person)
        except MessengerError as error:
            if error.code in _NOBODY:
                self._standings.put(person, Standing.FOREIGN, mark)
                return Person(person, person, standing=Standing.FOREIGN)
            raise unknown(error) from error
        found = person_of(reply["user"], home)
        self._standings.put(person, found.standing, mark)
        return found

    async def roles(self, names: Sequence[RoleName] | None = None) -> Roles:
        """Who holds these roles. What can't be learned is said to be unknown: nothing is loosened by a loss."""
        wanted = list(self._agreed().roles) if names is None else list(dict.fromkeys(names))
        answers = await asyncio.gather(*map(self._holders, wanted))
        told = dict(zip(wanted, answers, strict=True))
        return Roles(
            {name: answer for name, answer in told.items() if not isinstance(answer, str)},
            {name: answer for name, answer in told.items() if isinstance(answer, str)},
        )

    async def by_email(self, email: str) -> PersonId | None:
        """The member with that address."""

        async def ask() -> PersonId | None:
            try:
                reply = await self._client.call("users.lookupByEmail", email=email)
            except SlackRefusedError as error:
                if error.code in _NOBODY:
                    return None
                raise
            return PersonId(str(reply["user"]["id"]))

        if "@" not in email:
            return None
        try:
            return await self._addresses.get(email.lower(), ask)
        except MessengerError as error:
            raise unknown(error) from error

    def forget_group(self, group: str) -> None:
        """Slack says that this group has changed."""
        self._groups.drop(group)
        self._disabled.drop(None)

    def forget_person(self, person: PersonId) -> None:
        """Slack says that this account has changed."""
        self._standings.drop(person)

    async def holders(self, role: RoleName) -> frozenset[PersonId]:
        """Who holds that one role. DirectoryError if that can't be learned."""
        agreed = self._agreed().roles.get(role)
        if agreed is None:
            raise DirectoryError("the catalogue has no such role")
        try:
            members = frozenset(agreed.people)
            if agreed.group is not None:
                if agreed.group in await self._disabled.get(None, self._ask_disabled):
                    raise DirectoryError("its user group is disabled")
                members |= await self._groups.get(agreed.group, self._asking_for(agreed.group))
            return await self._fit(members)
        except MessengerError as error:
            if error.code == "no_such_subteam":
                raise DirectoryError("its user group no longer exists") from error
            raise unknown(error) from error

    async def _holders(self, role: RoleName) -> frozenset[PersonId] | str:
        """Who holds it, or why that can't be learned."""
        try:
            return await self.holders(role)
        except DirectoryError as error:
            return str(error).rstrip(".")

    def _asking_for(self, group: str) -> Callable[[], Awaitable[frozenset[PersonId]]]:
        async def ask() -> frozenset[PersonId]:
            reply = await self._client.call("usergroups.users.list", usergroup=group)
            return frozenset(PersonId(str(each)) for each in reply["users"])

        return ask

    async def _ask_disabled(self) -> frozenset[str]:
        reply = await self._client.call("usergroups.list", include_disabled=True)
        return frozenset(str(each["id"]) for each in reply["usergroups"] if each.get("date_delete"))

    async def _fit(self, members: frozenset[PersonId]) -> frozenset[PersonId]:
        """Those who could act: a group's list also names guests, and people who have left."""
        unseen = [each for each in members if self._standings.peek(each) is None]
        if len(unseen) > _MANY:
            await self._read_everybody(set(unseen))
            unseen = [each for each in unseen if self._standings.peek(each) is None]
        await asyncio.gather(*(self._look_up(each) for each in unseen))
        return frozenset(each for each in members if self._standings.peek(each) is Standing.MEMBER)

    async def _look_up(self, person: PersonId) -> None:
        async with self._turns:
            if self._standings.peek(person) is None:
                await self.person(person)

    async def _read_everybody(self, wanted: set[PersonId]) -> None:
        """Page through the whole list, until everybody who is wanted was seen."""
        home = self._home()
        if home is None:
            raise DirectoryError(_NO_HOME, away=True)
        marks = {each: self._standings.mark(each) for each in wanted}
        cursor: str | None = None
        while wanted:
            reply = await self._client.call("users.list", limit=_PAGE, cursor=cursor)
            self._learn(reply["members"], home, wanted, marks)
            cursor = str((reply.get("response_metadata") or {}).get("next_cursor") or "") or None
            if cursor is None:
                return

    def _learn(
        self, accounts: Iterable[dict[str, object]], home: str, wanted: set[PersonId], marks: Mapping[PersonId, int]
    ) -> None:
        for account in accounts:
            person = person_of(account, home)
            if person.id in wanted:
                self._standings.put(person.id, person.standing, marks[person.id])
                wanted.discard(person.id)


def unknown(error: MessengerError) -> DirectoryError:
    """A failure as the directory's own."""
    away, busy = isinstance(error, SlackAwayError), isinstance(error, SlackBusyError)
    return DirectoryError(f"{_why(error)}.", away=away, busy=busy)


def _why(error: MessengerError) -> str:
    """A failure in words for people, to stand in a sentence; the log has the rest."""
    match error:
        case SlackBusyError():
            return "Slack asks me to wait a moment"
        case SlackRefusedError(code="missing_scope", needed=needed):
            return f"Slack says that I lack the permission {needed}"
        case SlackRefusedError(code=code):
            return f"Slack refuses to tell ({code})"
        case _:
            return "Slack does not answer me"
