"""Calendars as Outlook and Google export them, with all that those programs do in their own way."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bot.ports import Occurrence
from integrations.calendars.occurrences import in_text

EXPORTS = Path(__file__).with_name("exports")
AUTUMN, NEW_YEAR = datetime(2026, 10, 1, tzinfo=UTC), datetime(2027, 1, 31, tzinfo=UTC)


def read(name: str, timezone: str) -> list[Occurrence]:
    return in_text((EXPORTS / name).read_bytes(), timezone, AUTUMN, NEW_YEAR)


def told(found: list[Occurrence]) -> list[tuple[str, str, str]]:
    return [(f"{each.starts_at:%m-%d %H:%M}", f"{each.ends_at:%m-%d %H:%M}", each.title) for each in found]


def test_outlook():
    """Zones by their Windows names, defined in the file from the year 1601 on, and one that only this file knows."""
    assert told(read("outlook.ics", "Europe/Berlin")) == [
        ("10-09 15:00", "10-12 05:00", "Weekend, nobody is there"),
        ("10-16 15:00", "10-19 05:00", "Weekend, nobody is there"),
        ("10-23 15:00", "10-26 06:00", "Weekend, nobody is there"),  # clocks go back on the 25th
        ("11-13 11:00", "11-16 06:00", "Weekend, begins earlier"),  # the two before are excepted
        ("11-20 16:00", "11-23 06:00", "Weekend, nobody is there"),
        ("12-01 08:30", "12-01 10:30", "Data centre move"),
        ("12-20 23:00", "01-03 23:00", "Year end"),
    ]


def test_google():
    """Single events in UTC, others with a zone; exceptions on lines of their own, one moved and one cancelled."""
    assert told(read("google.ics", "America/New_York")) == [
        ("10-16 20:00", "10-16 23:00", "Friday afternoon"),
        ("10-23 20:00", "10-23 23:00", "Friday afternoon"),
        ("11-06 21:00", "11-07 00:00", "Friday afternoon"),  # clocks went back on the 1st
        ("11-13 21:00", "11-14 00:00", "Friday afternoon"),
        ("11-19 21:00", "11-20 00:00", "Friday afternoon, on Thursday"),
        ("11-27 13:00", "12-01 05:00", "Black Friday 🛍️"),
        ("12-24 05:00", "12-27 05:00", "Christmas"),
    ]


def test_keys_are_short_enough_to_keep_and_one_of_a_kind():
    found = [*read("outlook.ics", "UTC"), *read("google.ics", "UTC")]

    assert len({each.key for each in found}) == len(found)
    assert max(len(each.key) for each in found) <= 120
    assert all(each.key.isascii() and each.key.isprintable() and " " not in each.key for each in found)


def test_one_calendar_does_not_change_what_another_means_by_the_same_zone():
    """The library keeps zones by their names for the whole process."""
    outlook = (EXPORTS / "outlook.ics").read_bytes()
    elsewhere = outlook.replace(b"+0330", b"-0800")

    before = in_text(outlook, "UTC", AUTUMN, NEW_YEAR)
    moved = in_text(elsewhere, "UTC", AUTUMN, NEW_YEAR)

    assert in_text(outlook, "UTC", AUTUMN, NEW_YEAR) == before
    assert ("12-01 20:00", "12-01 22:00", "Data centre move") in told(moved)
