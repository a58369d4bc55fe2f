"""Calendars written by hand, line by line, so that nothing of the library that reads them has a part in them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from tests.twins.calendars import Event


def a_calendar(*events: str | Event, head: str = "") -> bytes:
    """A calendar with these events in it."""
    inside = "".join(each if isinstance(each, str) else written(each) for each in events)
    lines = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Acme//Calendar//EN\n{head}{inside}END:VCALENDAR\n"
    return lines.replace("\r\n", "\n").replace("\n", "\r\n").encode()


def an_event(*lines: str, uid: str = "sale@example.com") -> str:
    """An event with these lines."""
    return "\n".join(("BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20261101T090000Z", *lines, "END:VEVENT", ""))


def written(event: Event) -> str:
    """That event, and each of its times that was moved."""
    lines = [*_from_to(event.starts, event.ends), *_said(event)]
    if event.weeks > 1:
        lines.append(f"RRULE:FREQ=WEEKLY;COUNT={event.weeks}")
    text = an_event(*lines, uid=event.uid)
    for number, (starts, ends) in event.moved.items():
        planned = _time("RECURRENCE-ID", event.starts + timedelta(weeks=number))
        text += an_event(planned, *_from_to(starts, ends), *_said(event), uid=event.uid)
    return text


def _said(event: Event) -> list[str]:
    title = event.title.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;").replace("\n", "\\n")
    lines = [f"SUMMARY:{title}"]
    if event.cancelled:
        lines.append("STATUS:CANCELLED")
    if event.free:
        lines.append("TRANSP:TRANSPARENT")
    return lines


def _from_to(starts: date, ends: date) -> list[str]:
    return [_time("DTSTART", starts), _time("DTEND", ends)]


def _time(name: str, shown: date) -> str:
    if not isinstance(shown, datetime):
        return f"{name};VALUE=DATE:{shown:%Y%m%d}"
    return f"{name}:{shown:%Y%m%dT%H%M%S}{'Z' if shown.tzinfo else ''}"
