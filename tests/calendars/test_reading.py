"""A calendar is read for sure, or not at all: what is wrong with it is said, and no freeze is silently missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.ports import CalendarError, Occurrence
from integrations.calendars.occurrences import in_text
from tests.calendars.writing import a_calendar, an_event

START = datetime(2026, 11, 23, tzinfo=UTC)
END = START + timedelta(days=35)
SALE = ("SUMMARY:The annual sale", "DTSTART:20261201T080000Z", "DTEND:20261203T200000Z")


def read(text: bytes, timezone: str = "Europe/Berlin") -> list[Occurrence]:
    return in_text(text, timezone, START, END)


def spans(text: bytes, timezone: str = "Europe/Berlin") -> list[str]:
    return [f"{each.starts_at:%m-%d %H:%M} {each.ends_at:%m-%d %H:%M}" for each in read(text, timezone)]


def refusal(text: bytes) -> str:
    with pytest.raises(CalendarError) as refused:
        read(text)
    return str(refused.value)


# ---------------------------------------------------------------- what is no calendar


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "there is nothing here."),
        (b" \r\n", "there is nothing here."),
        (b"<!DOCTYPE html><html>Sign in</html>", "this is a web page, not a calendar."),
        (b'\xef\xbb\xbf {"error": "not found"}', "this is JSON, not a calendar."),
        (b"Hello", "this is no calendar in iCal format."),
        (b"BEGIN:VEVENT\r\nEND:VEVENT\r\n", "this is no calendar in iCal format."),
        (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "this calendar breaks off before its end."),
        (a_calendar(an_event(*SALE))[:-30], "this calendar breaks off before its end."),
        (b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\nEND:VCALENDAR\r\nEND:VCALENDAR\r\n", "this calendar can't be understood."),
    ],
)
def test_what_is_no_calendar_is_refused_with_what_it_is(text: bytes, said: str):
    assert refusal(text).startswith(said)


def test_a_mark_at_the_beginning_and_lines_without_returns_do_no_harm():
    text = a_calendar(an_event(*SALE)).replace(b"\r\n", b"\n")

    assert spans(b"\xef\xbb\xbf\n" + text) == ["12-01 08:00 12-03 20:00"]


# ---------------------------------------------------------------- what is wrong with an event


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("SUMMARY:Sale",), "“Sale” has no DTSTART."),
        (("SUMMARY:Sale", "DTSTART:tomorrow"), "“Sale” can't be read for sure (DTSTART)."),
        (("SUMMARY:Sale", "DTSTART:20261301T000000Z"), "“Sale” can't be read for sure (DTSTART)."),
        (("DTSTART:tomorrow",), "An event without a title can't be read for sure (DTSTART)."),
        ((*SALE, "DTSTART:20261202T080000Z"), "“The annual sale” can't be read for sure (DTSTART)."),
        ((*SALE[:2], "DTEND:soon"), "“The annual sale” can't be read for sure (DTEND)."),
        ((*SALE[:2], "DTEND:20261201T075959Z"), "“The annual sale” ends before it begins."),
        ((*SALE[:2], "DURATION:-PT1H"), "“The annual sale” ends before it begins."),
        ((*SALE[:2], "DTEND;VALUE=DATE:20261203"), "“The annual sale” begins on a day and ends at a time"),
        ((*SALE, "RRULE:FREQ=SOMETIMES"), "“The annual sale” can't be read for sure (RRULE)."),
        ((*SALE, "RRULE:FREQ=WEEKLY;BYDAY=SOMEDAY"), "“The annual sale” can't be read for sure (RRULE)."),
        ((*SALE, "RRULE:FREQ=WEEKLY;UNTIL=later"), "“The annual sale” can't be read for sure (RRULE)."),
        ((*SALE, "RRULE:COUNT=4"), "this calendar can't be understood."),
        ((*SALE, "EXDATE:one day"), "“The annual sale” can't be read for sure (EXDATE)."),
        ((*SALE, "and so on"), "“The annual sale” has a line that can't be read."),
        (
            ("SUMMARY:Sale", "DTSTART;TZID=Home:20261201T080000", "DTEND;TZID=Home:20261201T090000"),
            "“Sale” is in a time zone that nobody knows (Home).",
        ),
    ],
)
def test_an_event_that_can_not_be_read_makes_the_calendar_unreadable(lines: tuple[str, ...], said: str):
    good = an_event(*SALE, uid="good@example.com")

    assert refusal(a_calendar(good, an_event(*lines))).startswith(said)


def test_an_event_without_a_name_of_its_own_is_refused():
    nameless = an_event(*SALE).replace("UID:sale@example.com\n", "")
    twice = an_event("SUMMARY:Another one", "DTSTART:20261210T080000Z", "DTEND:20261210T090000Z")

    assert refusal(a_calendar(nameless)) == "“The annual sale” has no UID."
    assert refusal(a_calendar(an_event(*SALE), twice)) == (
        "“Another one” has the same UID as “The annual sale”, so one of the two would be missed."
    )


def test_what_stands_there_twice_word_for_word_counts_once_and_a_revision_replaces_the_one_before():
    later = an_event("SUMMARY:Sale", "DTSTART:20261202T080000Z", "DTEND:20261203T200000Z", "SEQUENCE:1")

    assert spans(a_calendar(an_event(*SALE), an_event(*SALE))) == ["12-01 08:00 12-03 20:00"]
    assert spans(a_calendar(an_event(*SALE), later)) == ["12-02 08:00 12-03 20:00"]


def test_what_has_no_part_in_when_it_is_may_be_as_odd_as_it_likes():
    odd = an_event(*SALE, "GEO:here", "ATTENDEE;CN=:nobody", "X-WHATEVER;A=B:C", "PRIORITY:high", "URL:")

    assert spans(a_calendar(odd)) == ["12-01 08:00 12-03 20:00"]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;INTERVAL=5",
        "FREQ=HOURLY;BYMINUTE=0,30",
        "FREQ=DAILY;BYHOUR=8,9,10;BYMINUTE=0,1,2,3,4,5,6,7,8",
    ],
)
def test_what_recurs_all_the_time_is_refused_before_anybody_counts(rule: str):
    assert refusal(a_calendar(an_event(*SALE, f"RRULE:{rule}"))) == "an event recurs more often than once an hour."


def test_a_rule_that_never_gets_on_is_refused():
    """The library would count the same moment for ever."""
    text = a_calendar(an_event(*SALE, "RRULE:FREQ=YEARLY;INTERVAL=0"))

    assert refusal(text) == "an event recurs after no time at all (INTERVAL)."


def test_more_than_anybody_wants_as_freezes_is_refused():
    hourly = an_event("DTSTART:20260101T080000Z", "DTEND:20260101T081500Z", "RRULE:FREQ=HOURLY")
    other = an_event("DTSTART:20260101T080000Z", "DTEND:20260101T081500Z", "RRULE:FREQ=HOURLY", uid="b@example.com")

    assert len(read(a_calendar(hourly))) == 35 * 24
    assert refusal(a_calendar(hourly, other)).startswith(
        "this calendar has more than 1000 events from 23 Nov to 28 Dec"
    )


# ---------------------------------------------------------------- when it is


def test_a_day_is_a_whole_day_however_its_end_is_written():
    day = ("DTSTART;VALUE=DATE:20261201",)
    ends = ((), ("DTEND;VALUE=DATE:20261202",), ("DTEND;VALUE=DATE:20261201",), ("DURATION:P1D",))

    for end in ends:
        assert spans(a_calendar(an_event(*day, *end))) == ["11-30 23:00 12-01 23:00"], end


def test_what_takes_no_time_freezes_nothing():
    """A reminder has a beginning only."""
    assert spans(a_calendar(an_event("DTSTART:20261201T080000Z"))) == []
    assert spans(a_calendar(an_event("DTSTART:20261201T080000Z", "DTEND:20261201T080000Z"))) == []


def test_a_length_says_the_same_as_an_end():
    assert spans(a_calendar(an_event(SALE[1], "DURATION:P2DT12H"))) == ["12-01 08:00 12-03 20:00"]


def test_all_day_events_have_exceptions_however_they_are_written():
    holidays = ("DTSTART;VALUE=DATE:20261201", "DTEND;VALUE=DATE:20261202", "RRULE:FREQ=DAILY;COUNT=4")
    exceptions = ("EXDATE;VALUE=DATE:20261202", "EXDATE:20261202T000000", "EXDATE;TZID=Europe/Berlin:20261202T000000")

    for exception in exceptions:
        found = spans(a_calendar(an_event(*holidays, exception)))
        assert found == ["11-30 23:00 12-01 23:00", "12-02 23:00 12-03 23:00", "12-03 23:00 12-04 23:00"], exception


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("until", ["20261215", "20261215T170000", "20261215T235959Z"])
def test_the_last_day_of_a_rule_is_one_of_its_days(zone: str, until: str):
    timed = (f"DTSTART;TZID={zone}:20261201T170000", f"DTEND;TZID={zone}:20261201T180000")
    days = ("DTSTART;VALUE=DATE:20261201", "DTEND;VALUE=DATE:20261202")

    for lines in (timed, days):
        text = a_calendar(an_event(*lines, f"RRULE:FREQ=WEEKLY;UNTIL={until}"))
        assert len(read(text, zone)) == 3, lines


def test_single_days_and_periods_can_be_added_to_a_rule():
    text = a_calendar(
        an_event(
            "DTSTART;TZID=Europe/Berlin:20261201T170000",
            "DTEND;TZID=Europe/Berlin:20261201T180000",
            "RDATE;TZID=Europe/Berlin:20261203T170000,20261204T120000",
            "RDATE;TZID=Europe/Berlin;VALUE=PERIOD:20261205T100000/PT3H",
        )
    )

    assert spans(text) == [
        "12-01 16:00 12-01 17:00",
        "12-03 16:00 12-03 17:00",
        "12-04 11:00 12-04 12:00",
        "12-05 09:00 12-05 12:00",
    ]


def test_what_is_written_in_utc_recurs_by_the_clock_that_the_calendar_is_shown_in():
    lines = ("DTSTART:20260901T150000Z", "DTEND:20260901T160000Z", "RRULE:FREQ=WEEKLY")
    text = a_calendar(an_event(*lines), head="X-WR-TIMEZONE:Europe/Berlin\n")
    unknown = a_calendar(an_event(*lines), head="X-WR-TIMEZONE:W. Europe Standard Time\n")

    assert spans(text)[0] == "11-24 16:00 11-24 17:00"  # 17:00 in Berlin, as in September
    assert spans(unknown)[0] == "11-24 15:00 11-24 16:00"


def test_zones_with_their_makers_name_before_them_and_zones_defined_after_their_use():
    evolution = an_event(
        "DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Berlin:20261201T170000", "DURATION:PT1H", uid="a@b"
    )
    later = an_event("DTSTART;TZID=Ours:20261202T170000", "DURATION:PT1H", uid="c@d") + (
        "BEGIN:VTIMEZONE\nTZID:Ours\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0200\n"
        "END:STANDARD\nEND:VTIMEZONE\n"
    )

    assert spans(a_calendar(evolution, later)) == ["12-01 16:00 12-01 17:00", "12-02 15:00 12-02 16:00"]


def test_an_hour_that_comes_twice_is_the_longer_one_in_every_kind_of_zone():
    """An event from 02:30 to 02:45 in the night in which 02:30 comes twice."""
    ours = (
        "BEGIN:VTIMEZONE\nTZID:Ours\nBEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n"
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010101T020000\n"
        "TZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\nEND:VTIMEZONE\n"
    )
    for zone in ("Europe/Berlin", "Ours"):
        event = an_event(f"DTSTART;TZID={zone}:20261025T023000", f"DTEND;TZID={zone}:20261025T024500")
        (found,) = in_text(a_calendar(ours, event), "UTC", datetime(2026, 10, 1, tzinfo=UTC), END)
        assert found.starts_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC), zone
        assert found.ends_at == datetime(2026, 10, 25, 1, 45, tzinfo=UTC), zone


def test_this_one_and_all_that_follow_can_be_moved():
    lines = ("DTSTART:20261201T170000Z", "DTEND:20261201T180000Z")
    weekly = an_event(*lines, "RRULE:FREQ=WEEKLY;COUNT=4")
    moved = an_event(
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20261208T170000Z", "DTSTART:20261209T170000Z", "DTEND:20261209T180000Z"
    )

    found = read(a_calendar(weekly, moved))

    assert [f"{each.starts_at:%m-%d}" for each in found] == ["12-01", "12-09", "12-16", "12-23"]
    assert len({each.key for each in found}) == 4


def test_a_time_that_was_moved_into_those_weeks_from_far_away_is_told():
    weekly = an_event("DTSTART:20260105T170000Z", "DTEND:20260105T180000Z", "RRULE:FREQ=WEEKLY;COUNT=3")
    moved = an_event("RECURRENCE-ID:20260112T170000Z", "DTSTART:20261209T170000Z", "DTEND:20261209T180000Z")

    assert spans(a_calendar(weekly, moved)) == ["12-09 17:00 12-09 18:00"]


# ---------------------------------------------------------------- whatever stands there


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_stands_in_a_calendar_it_is_read_or_refused_with_a_sentence(data: st.DataObject):
    """Characters lost, doubled or replaced anywhere in a good calendar."""
    text = bytearray(a_calendar(an_event(*SALE, "RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=TU", "EXDATE:20261208T080000Z")))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text) - 1))
        text[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        found = read(bytes(text))
    except CalendarError as refused:
        assert str(refused).endswith(".")  # noqa: PT017 - either outcome is right
    else:
        assert all(each.starts_at < each.ends_at for each in found)
