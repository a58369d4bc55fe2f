"""The feed: what is frozen, as calendar programs read it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import icalendar
import recurring_ical_events
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.freeze import Freeze
from bot.rules.people import SLIPWAY
from bot.rules.policy import ServiceName
from bot.rules.sentence import Refused
from bot.rules.wanted import Wanted
from bot.verbs.freeze import EndFreeze
from bot.verbs.show_freezes import ShowFreezes, Shown
from integrations.calendars.feed import feed
from integrations.calendars.occurrences import in_text
from tests.fakes import InMemoryRecords
from tests.makers import NOW, PAYMENTS, a_catalogue, a_freeze, a_service, a_window
from tests.people import CHANGE_MANAGER, MAYA
from tests.twins import FakeCalendars
from tests.verbs.test_sync_freezes import WEEKENDS, Office

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ROLES = a_catalogue().roles


def text_of(*freezes: Freeze, expected: tuple[Wanted, ...] = (), now: datetime = NOW, **fields) -> str:
    return feed(Shown(freezes, expected, **fields), ROLES, now)


def event_of(*freezes: Freeze, **fields) -> icalendar.Event:
    """The only event, as a calendar program reads it."""
    (event,) = icalendar.Calendar.from_ical(text_of(*freezes, **fields)).events
    assert event.errors == []
    return event


# ---------------------------------------------------------------- one freeze


def test_a_freeze_is_an_event_with_its_times_and_reason():
    event = event_of(a_freeze(owner=CHANGE_MANAGER, window=a_window(services=frozenset({PAYMENTS}))))

    assert event["UID"] == "F-3@slipway"
    assert (event.start, event.end) == (NOW, NOW + 2 * DAY)
    assert event["SUMMARY"] == "Freeze of production of payments: The annual sale"
    assert event["DESCRIPTION"].split("\n") == [
        "The annual sale",
        "",
        "F-3: production of payments.",
        "Nothing is deployed there until it is over, unless its owners make an exception.",
        "Its owners: Change manager.",
        "Rollbacks are never frozen.",
    ]
    assert event.categories == ["Freeze", "production", "payments"]
    assert (event["SEQUENCE"], event["STATUS"], event.LAST_MODIFIED) == (0, "CONFIRMED", NOW)


def test_it_takes_nobodys_time():
    """Whoever follows two weeks of freeze is still to be asked for meetings."""
    event = event_of(a_freeze())

    assert (event["TRANSP"], event["X-MICROSOFT-CDO-BUSYSTATUS"]) == ("TRANSPARENT", "FREE")


def test_one_that_only_asks_for_care_says_so():
    event = event_of(
        a_freeze(window=a_window(hard=False, environments=frozenset(), change_types=frozenset({"feature"})))
    )

    assert event["SUMMARY"] == "Soft freeze of every environment: The annual sale"
    assert "F-3: every environment, for feature.\nWhoever deploys there acknowledges it first." in event["DESCRIPTION"]
    assert event.categories == ["Soft freeze"]


def test_one_that_was_ended_early_ends_there():
    ended = a_freeze(ended_at=NOW + 3 * HOUR, ended_by=MAYA.id, revision=2)
    event = event_of(ended)

    assert (event.start, event.end, event["STATUS"]) == (NOW, NOW + 3 * HOUR, "CONFIRMED")
    assert (event["SEQUENCE"], event.LAST_MODIFIED) == (2, NOW + 3 * HOUR)
    assert "It was ended early." in event["DESCRIPTION"]


def test_one_that_was_called_off_is_cancelled_and_keeps_its_times():
    """Programs that have it already take it out by its name; one that ends before it begins would be an error."""
    event = event_of(a_freeze(ended_at=NOW - HOUR, ended_by=MAYA.id, revision=1))

    assert (event["STATUS"], event.start, event.end) == ("CANCELLED", NOW, NOW + 2 * DAY)


def test_one_that_recurs_is_the_same_event_before_and_after_it_has_a_number():
    origin, window = "weekends/2026-11-27T17:00", a_window()
    before = event_of(expected=(Wanted(origin, window, CHANGE_MANAGER),))
    after = event_of(a_freeze(window=window, declared_by=SLIPWAY, origin=origin, owner=CHANGE_MANAGER))

    assert before["UID"] == after["UID"] == f"{origin}@slipway"
    assert (before.start, before.end, before["SUMMARY"]) == (after.start, after.end, after["SUMMARY"])
    assert "weekends: production." in before["DESCRIPTION"]


# ---------------------------------------------------------------- the calendar


def test_the_calendar_says_what_it_is_and_how_often_to_look():
    calendar = icalendar.Calendar.from_ical(text_of())

    assert (calendar["METHOD"], calendar["VERSION"], calendar["X-WR-CALNAME"]) == ("PUBLISH", "2.0", "Freezes")
    assert calendar.refresh_interval == timedelta(minutes=30)
    text = text_of()
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT30M\r\n" in text
    assert "X-PUBLISHED-TTL:PT30M\r\n" in text


def test_that_of_a_service_has_its_name():
    calendar = icalendar.Calendar.from_ical(text_of(service=a_service(title="Payments, and refunds; all")))

    assert calendar["NAME"] == "Freezes of Payments, and refunds; all"


def test_the_same_freezes_give_the_same_text_all_day():
    some = (a_freeze(), a_freeze(4, ended_at=NOW + HOUR, ended_by=MAYA.id))
    expected = (Wanted("weekends/2027-01-01T17:00", a_window()),)

    assert text_of(*some, expected=expected) == text_of(*some, expected=expected, now=NOW + 5 * HOUR)


def test_lines_are_folded_as_calendar_programs_want_them():
    """At most 75 bytes, ended by a return and a new line; never within a character, nor an escape."""
    reason = "Käufe, Ümläute; “quoted” 🎄🛍️ \\ back " * 12
    text = text_of(a_freeze(window=a_window(reason=reason)))

    lines = text.encode().split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert all(line.decode().isprintable() for line in lines)
    assert b"\n" not in b"".join(lines)
    assert icalendar.Calendar.from_ical(text).events[0]["SUMMARY"] == f"Freeze of production: {reason.strip()}"


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=300))
def test_whatever_the_reason_is_it_arrives_as_it_is(reason: str):
    event = event_of(a_freeze(window=a_window(reason=" ".join(reason.split()) or "x")))

    assert event["DESCRIPTION"].split("\nF-3: ")[0].rstrip("\n") == (" ".join(reason.split()) or "x")


def test_control_characters_and_lines_in_a_reason_do_no_harm():
    event = event_of(a_freeze(window=a_window(reason="Sale\r\nEND:VEVENT\x07\x00")))

    assert event["SUMMARY"] == "Freeze of production: Sale END:VEVENT"


def test_a_program_that_reads_it_sees_what_is_frozen():
    """Read with the library that expands calendars, as calendar programs do."""
    freezes = [
        a_freeze(1),
        a_freeze(2, window=a_window(starts_at=NOW + 7 * DAY, ends_at=NOW + 9 * DAY)),
        a_freeze(3, window=a_window(starts_at=NOW + 14 * DAY, ends_at=NOW + 16 * DAY), ended_at=NOW, ended_by=MAYA.id),
    ]
    calendar = icalendar.Calendar.from_ical(text_of(*freezes))

    seen = recurring_ical_events.of(calendar).between(NOW, NOW + 30 * DAY)

    assert sorted((str(each["UID"]), each.start, str(each["STATUS"])) for each in seen) == [
        ("F-1@slipway", NOW, "CONFIRMED"),
        ("F-2@slipway", NOW + 7 * DAY, "CONFIRMED"),
        ("F-3@slipway", NOW + 14 * DAY, "CANCELLED"),
    ]


def test_our_own_feed_is_a_calendar_that_we_read_without_complaint():
    """It freezes nothing there, since it takes nobody's time: two of us can't freeze each other for ever."""
    assert in_text(text_of(a_freeze()).encode(), "UTC", NOW - DAY, NOW + 9 * DAY) == []


# ---------------------------------------------------------------- which freezes


async def test_it_shows_a_month_back_and_a_year_ahead_each_time_once():
    office = Office()
    await office.agrees(WEEKENDS)
    shown = await ShowFreezes(office.records, office.calendars, office.sync.agreed, office.sync.now)()
    assert isinstance(shown, Shown)

    assert [each.name for each in shown.freezes] == ["F-1", "F-2", "F-3", "F-4", "F-5"]
    weekends = [each.origin for each in (*shown.freezes, *shown.expected)]
    assert len(weekends) == len(set(weekends)) == 52
    assert shown.expected[0].window.starts_at == datetime(2027, 1, 1, 17, tzinfo=UTC)


async def test_one_that_somebody_called_off_does_not_come_back_as_one_to_be_expected():
    office = Office()
    await office.agrees(WEEKENDS)
    end = EndFreeze(office.records, office.end.directory, office.sync.agreed, office.sync.now)
    for freeze in await office.freezes():
        await end(freeze.id, by=office.by(MAYA))
    show = ShowFreezes(office.records, office.calendars, office.sync.agreed, office.sync.now)

    for moment in (office.at, office.at + 31 * DAY):  # then it is a month since it was called off
        office.at = moment
        shown = await show()
        assert isinstance(shown, Shown)
        assert "weekends/2026-12-25T17:00" not in {each.origin for each in shown.expected}


async def test_it_can_show_one_service_only():
    search = ServiceName("search")
    agreed = replace(
        a_catalogue(services={PAYMENTS: a_service(), search: a_service(search)}),
        recurring=(
            replace(WEEKENDS, scope=replace(WEEKENDS.scope, services=frozenset({search}))),
            replace(WEEKENDS, name="nights", scope=replace(WEEKENDS.scope, services=frozenset({PAYMENTS}))),
            replace(WEEKENDS, name="all"),
        ),
    )
    show = ShowFreezes(InMemoryRecords(), FakeCalendars(), lambda: agreed, lambda: NOW)

    shown = await show(PAYMENTS)

    assert isinstance(shown, Shown)
    assert {each.origin.partition("/")[0] for each in shown.expected} == {"nights", "all"}
    refused = await show(ServiceName("nothing"))
    assert isinstance(refused, Refused)
    assert str(refused.why) == "The catalogue has no service nothing."
