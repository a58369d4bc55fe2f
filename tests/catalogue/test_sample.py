"""The sample's team: its feature asks for everything, its bug fix ships itself, its hotfix is let through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import icalendar
import pytest

from bot.catalogue.recurrence import times
from bot.rules.checklist import fresh
from bot.rules.deployment import Attempt, Deployment
from bot.rules.freeze import Freeze
from bot.rules.gate import Facts, Reason, gate, opens_by_itself
from bot.rules.people import SLIPWAY
from bot.rules.policy import ChangeTypeName, checklist_of, takes_two_people
from bot.rules.terms import terms_of
from tests.makers import PAYMENTS, PRODUCTION, STAGING, a_deployment, a_freeze, a_plan, a_release, an_order
from tests.people import roles
from tests.sample import sample

MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
"""Eleven in the morning in Berlin."""
AN_HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)


def facts(
    change: str,
    at: datetime = MONDAY,
    *,
    ticked: bool = False,
    staged: timedelta | None = None,
    freezes: tuple[Freeze, ...] = (),
) -> Facts:
    """A release of payments on its way to production; `staged` so long ago it came to staging."""
    kind, service = sample().change_types[ChangeTypeName(change)], sample().services[PAYMENTS]
    items = fresh(checklist_of(kind, service))
    deployments: tuple[Deployment, ...] = ()
    if staged is not None:
        there = an_order(environment=STAGING, confirmed_at=at - staged)
        deployments = (a_deployment(order=there, attempt=Attempt.SUCCEEDED, ended_at=at - staged),)
    return Facts(
        release=a_release(
            plan=a_plan(change_type=change),
            checklist=tuple(each.ticked(SLIPWAY, at) if ticked and each.check else each for each in items),
        ),
        service=service,
        environment=service.environment(PRODUCTION),
        change=kind,
        roles=roles(),
        now=at,
        deployments=deployments,
        freezes=freezes,
    )


def reasons(of: Facts) -> list[Reason]:
    return [each.reason for each in gate(of)]


def test_a_feature_asks_for_everything():
    on_saturday = MONDAY + timedelta(days=5)
    assert set(reasons(facts("feature", on_saturday, staged=AN_HOUR, freezes=(a_freeze(),)))) >= {
        Reason.APPROVAL,
        Reason.CHECKLIST,
        Reason.BAKE,
        Reason.HOURS,
    }
    assert Reason.ORDER in reasons(facts("feature"))
    feature, payments = sample().change_types["feature"], sample().services[PAYMENTS]
    assert terms_of(feature, payments, PRODUCTION).in_words() == (
        "approved by qa, change-manager, checklist of 7 (Acceptance criteria are met on staging (qa); "
        "The ledger balances after a day of test payments; Database migrations can be rolled back (developer); "
        "Release notes are written (release-manager); The card scheme's rules were looked at again (qa); "
        "The regression tests have passed (qa); Support knows what changes (release-manager)), "
        "1 day in the environment before, only mon-thu 09:00-16:00, fri 09:00-12:00 (Europe/Berlin), "
        "confirmed by a second person, not confirmed by an author"
    )


def test_a_bug_fix_waits_for_its_checks_and_for_an_hour_in_staging_and_for_nobody():
    assert reasons(facts("bugfix", staged=AN_HOUR)) == [Reason.CHECKLIST] * 3
    assert reasons(facts("bugfix", staged=AN_HOUR / 2, ticked=True)) == [Reason.BAKE]
    assert reasons(facts("bugfix", staged=AN_HOUR, ticked=True)) == []


def test_a_bug_fix_ships_itself_wherever_it_goes_and_nothing_asks_for_a_second_person():
    bugfix = sample().change_types["bugfix"]
    for service in sample().services.values():
        for place in service.environments:
            assert place.name in bugfix.ships_itself
            assert not takes_two_people(bugfix, service, place)
            assert sample().approvals_for(bugfix, place.name) == ()


def test_a_bug_fix_that_is_ready_after_hours_ships_itself_in_the_morning():
    friday_evening = datetime(2026, 11, 27, 17, 30, tzinfo=UTC)
    late = facts("bugfix", friday_evening, staged=AN_HOUR, ticked=True)
    assert reasons(late) == [Reason.HOURS]
    assert opens_by_itself(late) == datetime(2026, 11, 30, 8, 0, tzinfo=UTC)


def test_a_freeze_stops_a_feature_asks_a_bug_fix_for_a_word_and_lets_a_hotfix_pass():
    says = {
        change: [str(each.why) for each in gate(facts(change, freezes=(a_freeze(),))) if each.reason is Reason.FREEZE]
        for change in sample().change_types
    }
    assert "freezes production" in says["feature"][0]
    assert "asks for care in production" in says["bugfix"][0]
    assert says["hotfix"] == []


def test_a_hotfix_needs_the_change_manager_and_its_incident_at_any_hour():
    at_night = MONDAY + timedelta(hours=14)
    assert reasons(facts("hotfix", at_night)) == [Reason.APPROVAL, Reason.CHECKLIST]


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("weekends", ["2026-01-02", "2026-01-09", "2026-01-16", "2026-01-23"]),
        ("year-end", ["2026-12-18", "2027-12-18", "2028-12-18"]),
        ("payday", ["2026-01-30", "2026-02-27", "2026-03-31", "2026-04-30", "2026-05-29", "2026-06-30", "2026-07-31"]),
    ],
)
def test_its_freezes_come_on_these_days(name, days):
    (freeze,) = (each for each in sample().recurring if each.name == name)
    found = islice(times(freeze.rule, freeze.starts, freeze.timezone), len(days))
    assert [f"{each:%Y-%m-%d}" for each in found] == days


def test_its_holidays_are_beside_it_and_no_event_is_one_that_leaves_people_free():
    (holidays, campaigns) = sample().calendars
    assert (holidays.hard, campaigns.hard) == (True, False)
    assert campaigns.source.startswith("https://")
    calendar = icalendar.Calendar.from_ical(Path(holidays.source).read_bytes())
    events = {str(each["SUMMARY"]): each for each in calendar.walk("VEVENT")}
    assert {"New Year's Day", "Good Friday", "Easter Monday", "Christmas"} <= set(events)
    for event in events.values():
        assert event["DTEND"].dt > event["DTSTART"].dt
        assert str(event.get("TRANSP", "OPAQUE")) == "OPAQUE"
