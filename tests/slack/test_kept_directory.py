"""The directory while Slack is away: what it last said, marked as such, never more than that, and not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.ports import Directory, DirectoryError
from bot.program.desk import Introduced
from bot.rules.people import Person, PersonId, RoleName, Standing
from bot.rules.policy import Catalogue, Role
from integrations.kept_directory import AGAIN, OLDEST, KeptDirectory, Remembering
from integrations.sandbox.server import Sandbox
from integrations.sandbox.workspace import Workspace
from integrations.slack.client import SlackClient
from integrations.slack.directory import SlackDirectory
from integrations.slack.identity import Myself
from tests.makers import NOW, a_catalogue
from tests.people import INES, MAYA, OMAR, ON_CALL, QA, RUTH
from tests.twins.readings import FakeReadings

LISTED = RoleName("listed")
PEOPLE = {each.id: each for each in (INES, MAYA, OMAR, RUTH)}


class FakeSource:
    """A directory that answers, refuses, asks to wait, is away, or takes its time."""

    def __init__(self) -> None:
        self.people = dict(PEOPLE)
        self.held: dict[RoleName, frozenset[PersonId]] = {
            ON_CALL: frozenset({INES.id}),
            QA: frozenset({OMAR.id}),
            LISTED: frozenset({RUTH.id, MAYA.id}),
        }
        self.fails: DirectoryError | None = None
        self.slow = False
        self.asked = 0

    async def person(self, person: PersonId) -> Person:
        await self._there()
        return self.people[person]

    async def holders(self, role: RoleName) -> frozenset[PersonId]:
        await self._there()
        if role not in self.held:
            raise DirectoryError("its user group no longer exists")
        return self.held[role]

    async def by_email(self, email: str) -> PersonId | None:
        await self._there()
        return INES.id if email == "ines@example.com" else None

    async def _there(self) -> None:
        self.asked += 1
        if self.slow:
            await asyncio.sleep(60)
        if self.fails is not None:
            raise self.fails

    def goes_away(self) -> None:
        self.fails = DirectoryError("Slack does not answer me.", away=True)


class Table:
    """What is on the table: the source, what is kept of it, and a clock."""

    def __init__(self) -> None:
        self.source = FakeSource()
        self.readings = FakeReadings()
        self.now = NOW
        self.roles: dict[RoleName, Role] = {
            ON_CALL: Role(ON_CALL, "On call", group="S0ONCALL"),
            QA: Role(QA, "QA", group="S0QA"),
            LISTED: Role(LISTED, "Listed", people=(RUTH.id, MAYA.id)),
        }
        self.remembering = Remembering(self.source, self.readings, self.agreed, self.clock)

    def agreed(self) -> Catalogue:
        return a_catalogue(roles=self.roles)

    def clock(self) -> datetime:
        return self.now

    async def remembers(self, *people: PersonId) -> None:
        await self.remembering.ask_now(people)
        await self.remembering.keep_now()

    def kept(self) -> KeptDirectory:
        return KeptDirectory(self.source, self.readings, self.agreed, self.clock, patience=timedelta(milliseconds=50))

    async def holders(self, role: RoleName) -> frozenset[PersonId] | str:
        """As a terminal hears it: the people, or why nobody knows."""
        told = await self.kept().roles([role])
        return told.members.get(role, told.unknown.get(role, ""))


@pytest.fixture
def there() -> Table:
    return Table()


# ---------------------------------------------------------------- the port, by both


@pytest.fixture(params=["remembering", "kept"])
async def directory(request: pytest.FixtureRequest, there: Table) -> Directory:
    return there.remembering if request.param == "remembering" else there.kept()


async def test_while_slack_answers_its_word_is_told(directory: Directory, there: Table):
    assert await directory.person(INES.id) == INES
    assert (await directory.roles()).members == there.source.held
    assert (await directory.roles([QA])).members == {QA: {OMAR.id}}
    assert await directory.by_email("ines@example.com") == INES.id
    assert await directory.by_email("who@example.com") is None
    there.source.people[INES.id] = replace(INES, standing=Standing.DEACTIVATED)
    assert (await directory.person(INES.id)).standing is Standing.DEACTIVATED


@pytest.mark.parametrize("how", [{}, {"busy": True}])
async def test_a_refusal_is_an_answer_and_nothing_that_was_kept_stands_against_it(
    directory: Directory, there: Table, how: dict[str, bool]
):
    await there.remembers(INES.id)
    there.source.fails = DirectoryError("Slack refuses to tell.", **how)
    with pytest.raises(DirectoryError, match="refuses"):
        await directory.person(INES.id)
    told = await directory.roles([ON_CALL])
    assert told.unknown == {ON_CALL: "Slack refuses to tell"}
    with pytest.raises(DirectoryError):
        await directory.by_email("ines@example.com")


async def test_the_one_that_remembers_never_answers_from_memory(there: Table):
    await there.remembers(INES.id)
    there.source.goes_away()
    with pytest.raises(DirectoryError):
        await there.remembering.person(INES.id)
    assert (await there.remembering.roles()).members == {}


# ---------------------------------------------------------------- away


async def test_while_slack_is_away_the_last_word_is_told_with_its_age(there: Table):
    await there.remembers(INES.id)
    there.now += timedelta(minutes=14)
    there.source.goes_away()
    kept = there.kept()
    assert await kept.person(INES.id) == INES
    assert (await kept.roles([ON_CALL])).members == {ON_CALL: {INES.id}}
    assert kept.read_at == NOW
    with pytest.raises(DirectoryError):
        await kept.by_email("ines@example.com")


async def test_slack_is_waited_for_once_and_not_for_each_question(there: Table):
    await there.remembers(INES.id)
    there.source.slow, asked = True, there.source.asked
    kept = there.kept()
    await kept.person(INES.id)
    await kept.roles()
    assert there.source.asked == asked + 1
    assert kept.read_at == NOW


async def test_what_slack_tells_itself_has_no_age(there: Table):
    await there.remembers(INES.id)
    kept = there.kept()
    await kept.roles()
    assert kept.read_at is None


async def test_a_word_that_is_too_old_is_none(there: Table):
    await there.remembers(INES.id)
    there.source.goes_away()
    there.now += OLDEST
    assert await there.holders(ON_CALL) == {INES.id}
    there.now += timedelta(seconds=1)
    assert "24 hours old" in str(await there.holders(ON_CALL))
    with pytest.raises(DirectoryError, match="24 hours old") as refused:
        await there.kept().person(INES.id)
    assert refused.value.away


async def test_what_was_never_read_stays_unknown(there: Table):
    there.source.goes_away()
    assert "never heard" in str(await there.holders(ON_CALL))
    with pytest.raises(DirectoryError, match="never heard"):
        await there.kept().person(INES.id)


async def test_an_empty_group_is_kept_empty_and_a_refused_one_refused(there: Table):
    await there.remembers()
    there.source.held[ON_CALL] = frozenset()
    del there.source.held[QA]
    await there.remembers()
    there.source.goes_away()
    assert await there.holders(ON_CALL) == frozenset()
    assert await there.holders(QA) == "its user group no longer exists"


@pytest.mark.parametrize("how", [{"away": True}, {"busy": True}])
async def test_what_is_only_away_or_busy_does_not_make_anybody_forget(there: Table, how: dict[str, bool]):
    await there.remembers()
    there.source.fails = DirectoryError("Not now.", **how)
    await there.remembers()
    there.source.goes_away()
    assert await there.holders(ON_CALL) == {INES.id}


async def test_a_role_that_is_another_one_by_now_was_never_read(there: Table):
    await there.remembers()
    there.source.goes_away()
    there.roles[ON_CALL] = Role(ON_CALL, "On call", group="S0OTHERS")
    assert "never heard" in str(await there.holders(ON_CALL))


async def test_a_list_needs_no_slack_and_whoever_has_left_is_on_none(there: Table):
    there.source.goes_away()
    assert await there.holders(LISTED) == {RUTH.id, MAYA.id}
    there.source.fails = None
    there.source.people[RUTH.id] = replace(RUTH, standing=Standing.DEACTIVATED)
    await there.remembers(RUTH.id)
    there.source.goes_away()
    there.now += 3 * OLDEST
    assert await there.holders(LISTED) == {MAYA.id}


async def test_whoever_was_seen_to_have_left_is_in_no_group_that_was_read_before(there: Table):
    await there.remembers()
    there.now += timedelta(minutes=1)
    there.source.people[INES.id] = replace(INES, standing=Standing.DEACTIVATED)
    await there.remembering.person(INES.id)
    await there.remembering.keep_now()
    there.source.goes_away()
    assert await there.holders(ON_CALL) == frozenset()


async def test_without_the_database_nobody_knows(there: Table):
    await there.remembers(INES.id)
    there.source.goes_away()
    there.readings.away = True
    assert "disk is full" in str(await there.holders(ON_CALL))
    with pytest.raises(DirectoryError, match="disk is full"):
        await there.kept().person(INES.id)


# ---------------------------------------------------------------- remembering


async def test_what_stays_the_same_is_written_at_most_every_few_minutes(there: Table):
    await there.remembers(INES.id)
    for _ in range(5):
        there.now += timedelta(seconds=50)
        await there.remembers(INES.id)
    assert there.readings.writes == 1
    there.now += AGAIN
    await there.remembers(INES.id)
    assert there.readings.writes == 2


async def test_what_changes_is_written_at_once(there: Table):
    await there.remembers()
    there.now += timedelta(seconds=1)
    there.source.held[ON_CALL] = frozenset({INES.id, MAYA.id})
    await there.remembers()
    there.source.goes_away()
    assert await there.holders(ON_CALL) == {INES.id, MAYA.id}


async def test_where_it_can_not_be_written_everybody_is_answered_and_it_is_written_later(there: Table):
    there.readings.away = True
    assert (await there.remembering.roles([ON_CALL])).members == {ON_CALL: {INES.id}}
    await there.remembering.keep_now()
    there.readings.away = False
    await there.remembering.keep_now()
    there.source.goes_away()
    assert await there.holders(ON_CALL) == {INES.id}


async def test_at_work_it_asks_by_itself_for_all_roles_and_for_those_with_a_token(there: Table):
    async def people() -> Sequence[PersonId]:
        return [INES.id]

    async with there.remembering.at_work(people), asyncio.timeout(5):
        while not await there.readings.people([INES.id]):  # noqa: ASYNC110 - what is waited for is kept aside
            await asyncio.sleep(0.01)
    there.source.goes_away()
    assert await there.kept().person(INES.id) == INES
    assert await there.holders(QA) == {OMAR.id}


async def test_the_rounds_go_on_when_a_round_fails(there: Table, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("integrations.kept_directory.EVERY", timedelta(milliseconds=1))
    rounds = 0

    async def people() -> Sequence[PersonId]:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            raise OSError("the database is away")
        return [INES.id]

    async with there.remembering.at_work(people), asyncio.timeout(5):
        while not await there.readings.people([INES.id]):  # noqa: ASYNC110 - what is waited for is kept aside
            await asyncio.sleep(0.01)
    assert rounds >= 2


# ---------------------------------------------------------------- with Slack's own directory


async def test_slack_itself_says_when_it_is_away_busy_or_refuses(
    slack: SlackClient, sandbox: Sandbox, workspace: Workspace
):
    group = workspace.add_group(handle="oncall", members=["maya"])
    roles = {ON_CALL: Role(ON_CALL, "On call", group=group.id)}
    me = Myself(slack)
    directory = Introduced(SlackDirectory(slack, lambda: a_catalogue(roles=roles), me.team), me)
    readings = FakeReadings()
    remembering = Remembering(directory, readings, lambda: a_catalogue(roles=roles), lambda: NOW)
    maya = workspace.person("maya").id
    await remembering.ask_now([PersonId(maya)])
    await remembering.keep_now()
    sandbox.away = True
    stranger = Myself(slack)
    away = Introduced(SlackDirectory(slack, lambda: a_catalogue(roles=roles), stranger.team), stranger)
    kept = KeptDirectory(away, readings, lambda: a_catalogue(roles=roles), lambda: NOW)
    assert (await kept.person(PersonId(maya))).standing is Standing.MEMBER
    assert (await kept.roles()).members == {ON_CALL: {maya}}
    sandbox.away = False
    sandbox.faults.next("users.info", error="invalid_auth", times=1)
    refused = KeptDirectory(directory, readings, lambda: a_catalogue(roles=roles), lambda: NOW)
    with pytest.raises(DirectoryError) as told:
        await refused.person(PersonId(maya))
    assert not told.value.away
