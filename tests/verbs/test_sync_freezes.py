"""Sync freezes: what recurs or stands in a calendar is frozen in time, and whoever changes it by hand is left alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.notices import CardChanged, ChannelLine, FreezeTold
from bot.ports import Records, RecordsError, Work
from bot.rules.freeze import Freeze, FreezeId
from bot.rules.people import SLIPWAY, Actor, Person, Surface
from bot.rules.policy import CalendarSource, FreezeScope, RecurringFreeze
from bot.rules.sentence import Refused
from bot.verbs.freeze import EndFreeze, ExtendFreeze, WatchFreeze
from bot.verbs.sync_freezes import SyncFreezes
from tests.fakes import InMemoryRecords
from tests.grounds import database_ground
from tests.makers import PRODUCTION, a_candidate, a_catalogue, a_draft
from tests.people import CHANGE_MANAGER, MAYA, QA
from tests.twins import Event, FakeCalendars
from tests.verbs.workshop import FakeDirectory

MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)

WEEKENDS = RecurringFreeze(
    "weekends",
    "Nobody is in the office",
    datetime.fromisoformat("2026-10-02 17:00"),
    datetime.fromisoformat("2026-10-05 07:00"),
    "FREQ=WEEKLY;BYDAY=FR",
    "UTC",
    FreezeScope(environments=frozenset({PRODUCTION})),
    owner=QA,
)
COMPANY = CalendarSource("company", "https://example.com/s3cr3t.ics", owner=CHANGE_MANAGER)


def at(day: int, hour: int = 0, month: int = 12) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


SALE = Event("sale@example.com", at(1, 8), at(3, 20))


class Office:
    """A catalogue, calendars, a clock, and the freezes that come of them."""

    def __init__(self, records: Records | None = None) -> None:
        self.records = records or InMemoryRecords()
        self.calendars = FakeCalendars()
        self.catalogue = a_catalogue()
        self.at = MONDAY
        common = (self.records, FakeDirectory(), lambda: self.catalogue, lambda: self.at)
        self.sync = SyncFreezes(self.records, self.calendars, lambda: self.catalogue, lambda: self.at)
        self.end, self.extend = EndFreeze(*common), ExtendFreeze(*common)
        self.watch = WatchFreeze(self.records, lambda: self.catalogue, lambda: self.at)

    async def agrees(self, *rules: RecurringFreeze, calendars: tuple[CalendarSource, ...] = ()) -> None:
        """From now on this is agreed, and all is brought in step."""
        self.catalogue = replace(self.catalogue, recurring=rules, calendars=calendars)
        await self.sync()

    async def holds(self, *events: Event) -> None:
        """The company's calendar holds this, and is read."""
        self.calendars.has("company", *events)
        await self.sync()

    async def later(self, moment: datetime) -> None:
        """Time goes by, hour by hour: freezes are watched, calendars read."""
        while self.at < moment:
            self.at = min(self.at + HOUR, moment)
            await self.sync()
            await self.watched()

    async def watched(self) -> None:
        for each in await self.freezes():
            await self.watch(each.id)

    async def freezes(self) -> list[Freeze]:
        async with self.records.read() as page:
            return sorted(await page.freezes(limit=1000), key=lambda each: each.id)

    async def standing(self) -> list[tuple[str, str]]:
        """What is frozen now or ahead."""
        return [(each.name, times(each)) for each in await self.freezes() if each.over_at > self.at]

    async def record(self) -> list[str]:
        async with self.records.read() as page:
            return [f"{each.happened.by}: {each.happened.verb} {each.happened.subject}" for each in await page.record()]

    def told(self) -> list[str]:
        """What channels were told since this was last asked."""
        lines = [
            f"F-{each.freeze} {each.moment}" if isinstance(each, FreezeTold) else str(each.sentence)
            for each in self.records.told
            if isinstance(each, FreezeTold | ChannelLine)
        ]
        self._heard, before = len(lines), getattr(self, "_heard", 0)
        return lines[before:]

    def by(self, person: Person) -> Actor:
        return Actor(person, Surface.COMMAND)


def times(freeze: Freeze) -> str:
    return f"{freeze.window.starts_at:%m-%d %H:%M} {freeze.over_at:%m-%d %H:%M}"


@pytest.fixture
def office() -> Office:
    return Office()


# ---------------------------------------------------------------- rules


async def test_what_recurs_becomes_freezes_five_weeks_ahead(office: Office):
    await office.agrees(WEEKENDS)

    freezes = await office.freezes()
    assert [times(each) for each in freezes] == [
        "11-27 17:00 11-30 07:00",
        "12-04 17:00 12-07 07:00",
        "12-11 17:00 12-14 07:00",
        "12-18 17:00 12-21 07:00",
        "12-25 17:00 12-28 07:00",
    ]
    first = freezes[0]
    assert (first.declared_by, first.owner, first.origin) == (SLIPWAY, QA, "weekends/2026-11-27T17:00")
    assert (first.window.reason, first.window.environments) == ("Nobody is in the office", {PRODUCTION})
    assert office.records.started == [(Work.WATCH_FREEZE, each.id) for each in freezes]
    assert await office.record() == [f"slipway: freeze {each.name}" for each in freezes]


async def test_it_is_told_before_it_comes_when_it_begins_and_when_it_is_over(office: Office):
    """Nobody wants to hear five weeks ahead of every weekend."""
    await office.agrees(WEEKENDS)
    assert office.told() == []

    await office.later(at(30, 7, 11))

    assert office.told() == ["F-1 coming", "F-1 coming", "F-1 started", "F-1 ended"]


async def test_as_time_goes_by_the_next_ones_come(office: Office):
    await office.agrees(WEEKENDS)
    await office.later(MONDAY + 7 * DAY)

    assert [name for name, _ in await office.standing()] == ["F-2", "F-3", "F-4", "F-5", "F-6"]


async def test_bringing_in_step_what_is_in_step_changes_nothing(office: Office):
    await office.agrees(WEEKENDS, calendars=(COMPANY,))
    await office.holds(SALE)
    before, record, told = await office.freezes(), await office.record(), office.told()

    await office.sync()
    await office.sync()

    assert await office.freezes() == before
    assert await office.record() == record
    assert told
    assert office.told() == []


async def test_one_that_is_under_way_when_it_is_agreed_freezes_from_now_on(office: Office):
    """Nothing is frozen backwards: what was deployed this morning was allowed."""
    office.at = at(28, 9, 11)

    await office.agrees(WEEKENDS)
    await office.watched()

    assert (await office.standing())[0] == ("F-1", "11-28 09:00 11-30 07:00")
    assert office.told() == ["F-1 started"]


async def test_one_that_comes_sooner_than_its_first_notice_is_told_at_once(office: Office):
    office.at = at(27, 12, 11)

    await office.agrees(WEEKENDS)
    await office.later(at(27, 17, 11))

    assert office.told() == ["F-1 declared", "F-1 coming", "F-1 started"]


async def test_another_end_in_the_catalogue_moves_the_ends(office: Office):
    await office.agrees(WEEKENDS)
    await office.agrees(replace(WEEKENDS, ends=WEEKENDS.ends + 2 * HOUR, reason="Still nobody", owner=CHANGE_MANAGER))

    first = (await office.freezes())[0]
    assert (times(first), first.window.reason, first.owner) == (
        "11-27 17:00 11-30 09:00",
        "Still nobody",
        CHANGE_MANAGER,
    )
    assert len(await office.freezes()) == 5
    assert (await office.record())[5:] == [f"slipway: change freeze F-{each}" for each in range(1, 6)]
    assert office.told() == []


async def test_the_end_of_one_in_force_is_told_where_it_is_moved(office: Office):
    await office.agrees(WEEKENDS)
    await office.later(at(28, 9, 11))
    office.told()

    await office.agrees(replace(WEEKENDS, ends=WEEKENDS.ends - 19 * HOUR))

    assert (await office.standing())[0] == ("F-1", "11-27 17:00 11-29 12:00")
    assert office.told() == ["F-1 extended"]
    assert (Work.WATCH_FREEZE, 1, "changed") in office.records.nudged


async def test_a_rule_that_leaves_the_catalogue_takes_its_freezes_with_it(office: Office):
    """The one in force ends, those ahead are called off; nobody hears that what they never heard of doesn't come."""
    await office.agrees(WEEKENDS)
    await office.later(at(28, 9, 11))
    office.told()

    await office.agrees()
    await office.watched()

    assert await office.standing() == []
    assert {each.ended_by for each in await office.freezes()} == {SLIPWAY}
    assert office.told() == ["F-1 ended"]


async def test_people_who_were_told_that_it_comes_hear_that_it_does_not(office: Office):
    await office.agrees(WEEKENDS)
    await office.later(at(27, 10, 11))
    assert office.told() == ["F-1 coming"]

    await office.agrees()
    await office.watched()

    assert office.told() == ["F-1 ended"]


async def test_a_rule_that_comes_back_freezes_again(office: Office):
    await office.agrees(WEEKENDS)
    await office.agrees()
    await office.agrees(WEEKENDS)
    await office.sync()

    assert await office.standing() == [
        ("F-6", "11-27 17:00 11-30 07:00"),
        ("F-7", "12-04 17:00 12-07 07:00"),
        ("F-8", "12-11 17:00 12-14 07:00"),
        ("F-9", "12-18 17:00 12-21 07:00"),
        ("F-10", "12-25 17:00 12-28 07:00"),
    ]
    await office.agrees()
    await office.agrees(WEEKENDS)
    assert [name for name, _ in await office.standing()] == ["F-11", "F-12", "F-13", "F-14", "F-15"]


# ---------------------------------------------------------------- people


async def test_what_somebody_called_off_stays_called_off(office: Office):
    await office.agrees(WEEKENDS)
    await office.end(FreezeId(1), by=office.by(MAYA))

    await office.later(at(29, 0, 11))

    assert next(name for name, _ in await office.standing()) == "F-2"


async def test_what_somebody_ended_stays_ended(office: Office):
    await office.agrees(WEEKENDS)
    await office.later(at(28, 9, 11))
    await office.end(FreezeId(1), by=office.by(MAYA))

    await office.later(at(29, 0, 11))

    assert next(name for name, _ in await office.standing()) == "F-2"
    assert (await office.freezes())[0].ended_by == MAYA.id


@pytest.mark.parametrize("end", [at(30, 12, 11), at(29, 12, 11)])
async def test_an_end_that_somebody_moved_stays_moved(office: Office, end: datetime):
    """Also when the catalogue says something else by now, and when the rule is gone."""
    await office.agrees(WEEKENDS)
    await office.later(at(28, 9, 11))
    assert not isinstance(await office.extend(FreezeId(1), end, by=office.by(MAYA)), Refused)

    await office.later(at(28, 12, 11))
    await office.agrees(replace(WEEKENDS, ends=WEEKENDS.ends + HOUR))
    await office.later(at(28, 14, 11))
    await office.agrees()
    await office.later(at(28, 15, 11))

    assert await office.standing() == [("F-1", f"11-27 17:00 {end:%m-%d %H:%M}")]


async def test_a_weekend_that_somebody_cut_short_is_not_frozen_again(office: Office):
    await office.agrees(WEEKENDS)
    await office.later(at(28, 9, 11))
    await office.extend(FreezeId(1), at(28, 10, 11), by=office.by(MAYA))

    await office.later(at(29, 9, 11))

    assert next(name for name, _ in await office.standing()) == "F-2"


async def test_what_only_slipway_has_changed_is_not_taken_for_somebodys_word(office: Office):
    await office.agrees(WEEKENDS)
    await office.agrees(replace(WEEKENDS, ends=WEEKENDS.ends + HOUR))
    await office.agrees(replace(WEEKENDS, ends=WEEKENDS.ends + 2 * HOUR))

    assert (await office.standing())[0] == ("F-1", "11-27 17:00 11-30 09:00")


# ---------------------------------------------------------------- calendars


async def test_events_become_freezes_with_their_titles_as_reasons(office: Office):
    office.calendars.has("company", SALE, Event("plain@example.com", at(5), at(6), title=" "))
    await office.agrees(calendars=(replace(COMPANY, hard=False),))

    sale, plain = await office.freezes()
    assert (times(sale), sale.window.reason, sale.owner) == (
        "12-01 08:00 12-03 20:00",
        "The annual sale",
        CHANGE_MANAGER,
    )
    assert sale.window.hard is False
    assert plain.window.reason == "In the calendar company"


async def test_what_a_calendar_held_at_first_is_no_news_but_what_comes_new_is(office: Office):
    office.calendars.has("company", SALE)
    await office.agrees(calendars=(COMPANY,))
    assert office.told() == []

    await office.holds(SALE, Event("audit@example.com", at(7), at(9)))

    assert office.told() == ["F-2 declared"]


async def test_an_event_that_moves_takes_its_freeze_with_it(office: Office):
    """It keeps its number, so that whoever was promised an exception keeps it."""
    await office.agrees(calendars=(COMPANY,))
    await office.holds(SALE)
    assert office.told() == ["F-1 declared"]

    await office.holds(replace(SALE, starts=at(8, 8), ends=at(10, 20)))

    assert await office.standing() == [("F-1", "12-08 08:00 12-10 20:00")]
    assert office.told() == ["F-1 declared"]
    assert (Work.WATCH_FREEZE, 1, "changed") in office.records.nudged


async def test_another_title_alone_is_nothing_to_tell(office: Office):
    await office.agrees(calendars=(COMPANY,))
    await office.holds(SALE)
    office.told()

    await office.holds(replace(SALE, title="The very annual sale"))

    assert (await office.freezes())[0].window.reason == "The very annual sale"
    assert office.told() == []


async def test_an_event_that_is_gone_is_called_off_and_told(office: Office):
    await office.agrees(calendars=(COMPANY,))
    await office.holds(SALE)
    await office.holds()
    await office.watched()

    assert await office.standing() == []
    assert office.told() == ["F-1 declared", "F-1 ended"]


async def test_a_freeze_that_holds_goes_on_when_its_calendar_forgets_it(office: Office):
    """A calendar that loses its events must not open production; people can end it."""
    await office.agrees(calendars=(COMPANY,))
    await office.holds(SALE)
    await office.later(at(2))

    await office.holds()
    assert await office.standing() == [("F-1", "12-01 08:00 12-03 20:00")]

    await office.agrees()
    assert await office.standing() == []


async def test_an_event_that_moves_away_while_it_holds_is_another_freeze(office: Office):
    await office.agrees(calendars=(COMPANY,))
    await office.holds(SALE)
    await office.later(at(2))

    await office.holds(replace(SALE, starts=at(8, 8), ends=at(10, 20)))
    await office.sync()

    assert await office.standing() == [("F-1", "12-01 08:00 12-03 20:00"), ("F-2", "12-08 08:00 12-10 20:00")]


async def test_an_event_that_is_used_again_for_another_time_is_another_freeze(office: Office):
    """Somebody drags last week's event to next week; that last week's was ended by hand has nothing to do with it."""
    await office.agrees(calendars=(COMPANY,))
    await office.holds(SALE)
    await office.later(at(2))
    await office.end(FreezeId(1), by=office.by(MAYA))
    await office.later(at(5))

    await office.holds(replace(SALE, starts=at(8, 8), ends=at(10, 20)))
    await office.sync()

    assert await office.standing() == [("F-2", "12-08 08:00 12-10 20:00")]


async def test_an_event_that_moves_out_of_sight_and_back_is_frozen_when_it_is_near(office: Office):
    far = at(1) + timedelta(days=60)
    await office.agrees(calendars=(COMPANY,))
    await office.holds(SALE)
    await office.holds(replace(SALE, starts=far, ends=far + DAY))
    assert await office.standing() == []

    await office.later(far - 30 * DAY)

    assert await office.standing() == [("F-2", "01-30 00:00 01-31 00:00")]


async def test_a_calendar_that_leaves_the_catalogue_takes_its_freezes_with_it(office: Office):
    await office.agrees(calendars=(COMPANY,))
    await office.holds(SALE)
    await office.agrees()
    await office.watched()

    assert await office.standing() == []
    assert office.told() == ["F-1 declared", "F-1 ended"]


# ---------------------------------------------------------------- calendars that can't be read


async def test_a_calendar_that_can_not_be_read_keeps_its_freezes_and_its_owners_hear_of_it_once(office: Office):
    await office.agrees(WEEKENDS, calendars=(COMPANY,))
    await office.holds(SALE)
    office.told()
    before = await office.freezes()

    office.calendars.away["company"] = "example.com could not be reached."
    await office.sync()
    office.at += HOUR
    await office.sync()

    assert await office.freezes() == before
    assert office.told() == [
        (
            "@change-manager: the calendar company can't be read: example.com could not be reached. What is known of "
            "it counts for 2 hours; then nothing is deployed where it may hold a freeze."
        )
    ]
    async with office.records.read() as page:
        (state,) = await page.calendars()
    assert (state.read_at, state.problem) == (MONDAY, "example.com could not be reached.")

    await office.holds(SALE)
    await office.sync()
    assert office.told() == ["@change-manager: the calendar company can be read again."]

    office.calendars.away["company"] = "example.com answered with status 500."
    await office.sync()
    assert len(office.told()) == 1


async def test_a_calendar_that_was_never_read_blocks_at_once_and_a_soft_one_never(office: Office):
    office.calendars.away = dict.fromkeys(("company", "holidays"), "There is no file x.ics.")

    await office.agrees(calendars=(COMPANY, CalendarSource("holidays", "/srv/x.ics", hard=False)))

    assert office.told() == [
        (
            "@change-manager: the calendar company can't be read: There is no file x.ics. "
            "Until it can, nothing is deployed where it may hold a freeze."
        ),
        (
            "@release-manager: the calendar holidays can't be read: There is no file x.ics. "
            "What is known of it stays as it is; deployments see a warning."
        ),
    ]


async def test_where_a_calendar_closes_the_gate_or_opens_it_cards_are_drawn_anew(office: Office):
    async with office.records.open() as page:
        release = await page.add_release(a_draft(candidate=a_candidate()))
        await page.commit()

    def drawn() -> int:
        return office.records.told.count(CardChanged(release.id))

    await office.agrees(calendars=(COMPANY,))
    assert drawn() == 1  # it has been read
    office.calendars.away["company"] = "example.com could not be reached."
    await office.later(MONDAY + HOUR)
    assert drawn() == 1  # taken at its word
    await office.later(MONDAY + 3 * HOUR)
    assert drawn() == 2  # nobody can say
    await office.holds()
    assert drawn() == 3  # it can be read again


async def test_one_that_can_not_be_read_does_not_keep_the_others_from_being_read(office: Office):
    office.calendars.away["company"] = "example.com could not be reached."
    office.calendars.has("holidays", Event("day@example.com", at(24), at(27)))

    await office.agrees(WEEKENDS, calendars=(COMPANY, CalendarSource("holidays", "/srv/x.ics")))

    assert len(await office.standing()) == 6


async def test_what_a_calendar_holds_is_there_before_it_counts_as_read(office: Office):
    """In between, its gate would be open; and where the freezes can't be kept, it stays shut."""

    class Failing(SyncFreezes):
        async def _take(self, step, *rest, **named):
            async with office.records.read() as page:
                assert await page.calendars() == []
            raise RecordsError("The disk is full.")

    office.catalogue = replace(office.catalogue, calendars=(COMPANY,))
    office.calendars.has("company", SALE)
    with pytest.raises(RecordsError):
        await Failing(office.records, office.calendars, lambda: office.catalogue, lambda: office.at)()
    async with office.records.read() as page:
        assert await page.calendars() == []
    await office.sync()
    async with office.records.read() as page:
        assert [each.read_at for each in await page.calendars()] == [office.at]


# ---------------------------------------------------------------- replicas


async def test_several_replicas_at_once_declare_each_freeze_once(database_url: str):
    async with database_ground(database_url) as ground:
        office = Office(ground.records)
        office.calendars.has("company", SALE)
        office.catalogue = replace(office.catalogue, recurring=(WEEKENDS,), calendars=(COMPANY,))

        await asyncio.gather(*(office.sync() for _ in range(5)))
        await office.sync()

        assert len(await office.freezes()) == 6
        assert len(await office.record()) == 6

        office.catalogue = replace(office.catalogue, recurring=(), calendars=())
        await asyncio.gather(*(office.sync() for _ in range(5)))

        assert await office.standing() == []
        assert len(await office.record()) == 12


async def test_a_freeze_that_somebody_changes_at_the_same_moment_is_left_to_them(office: Office):
    """Between looking and acting, Maya has ended it: the rest goes on, and the next time it stays ended."""
    await office.agrees(WEEKENDS)
    take, first = SyncFreezes._take, []

    class Late(SyncFreezes):
        async def _take(self, step, *rest, **named):
            if not first:
                first.append(await office.end(FreezeId(1), by=office.by(MAYA)))
            await take(self, step, *rest, **named)

    office.catalogue = replace(office.catalogue, recurring=())
    await Late(office.records, office.calendars, lambda: office.catalogue, lambda: office.at)()

    freezes = await office.freezes()
    assert freezes[0].ended_by == MAYA.id
    assert {each.ended_by for each in freezes[1:]} == {SLIPWAY}
