"""A right catalogue, and what becomes of everything that it leaves out."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from bot.catalogue import load
from bot.rules.hours import Span
from bot.rules.policy import (
    ApprovalRule,
    CalendarSource,
    Catalogue,
    ChangeType,
    Environment,
    ExceptionRules,
    FreezeMeaning,
    FreezeScope,
    ItemRule,
    LockRules,
    RecurringFreeze,
    Reminders,
    ReviewRules,
    Right,
    bake_before,
    checklist_of,
    takes_two_people,
)
from bot.rules.quiet import QuietHours
from bot.rules.terms import terms_of
from integrations.deployers.kinds import KINDS
from tests.catalogue.right import TWO_PLACES, calendar, feature, in_service, item, production, recurring
from tests.catalogue.texts import SHORT, example_with, loaded, short_with
from tests.sample import sample


@pytest.fixture(scope="module")
def example() -> Catalogue:
    return sample()


def test_the_example_has_two_services_with_staging_before_production(example):
    assert list(example.services) == ["payments", "storefront"]
    for service in example.services.values():
        assert [each.name for each in service.environments] == ["staging", "production"]
        assert service.environment("staging").after == ()
        assert service.environment("production").after == ("staging",)
        assert [each.name for each in service.final] == ["production"]


def test_a_feature_needs_qa_and_the_change_manager_and_a_hotfix_passes_freezes(example):
    feature, hotfix = example.change_types["feature"], example.change_types["hotfix"]
    assert example.approvals_for(feature, "production") == (ApprovalRule("qa"), ApprovalRule("change-manager"))
    assert example.approvals_for(feature, "staging") == ()
    assert feature.freeze is FreezeMeaning.BLOCKS
    assert hotfix.freeze is FreezeMeaning.PASSES
    assert not hotfix.keeps_order
    assert [item.key for item in feature.checklist if not item.required] == ["dashboards"]


def test_titles_come_from_names_where_none_is_given(example):
    assert example.roles["change-manager"].title == "Change manager"
    assert example.roles["qa"].title == "QA"
    assert example.services["storefront"].title == "Web shop"
    assert example.services["payments"].title == "Payments"


def test_the_defaults_hold_for_every_service(example):
    for service in example.services.values():
        assert service.roles_for(Right.LAUNCH) == ("release-manager",)
        assert service.roles_for(Right.DEPLOY) == ("release-manager", "on-call")
    assert example.services["payments"].two_people
    assert not example.services["storefront"].two_people


def test_friendly_times_become_cron_in_the_default_time_zone(example):
    assert [(each.cron, each.timezone) for each in example.digests] == [
        ("0 9 * * 1,2,3,4,5", "Europe/Berlin"),
        ("0 15 * * 5", "Europe/Berlin"),
    ]
    assert example.digests[1].services == ("payments",)


def test_what_is_verified_can_be_an_address_or_its_settings(example):
    payments = example.services["payments"]
    assert payments.environment("staging").verification.within == timedelta(seconds=30)
    assert payments.environment("production").verification.within == timedelta(minutes=2)
    assert example.services["storefront"].environment("staging").verification is None


def test_a_short_file_is_enough():
    catalogue = loaded(SHORT)
    service = catalogue.services["payments"]
    assert service.channel == "C0TEAM"
    assert service.repository is None
    assert not service.two_people
    assert service.roles_for(Right.DEPLOY) == ()
    assert catalogue.freeze_rights == ()
    assert catalogue.freeze_notices.before == (timedelta(days=1), timedelta(hours=1))
    assert catalogue.digests == ()


def test_without_change_types_nobody_ships_on_their_own_word():
    catalogue = loaded(SHORT)
    assert list(catalogue.change_types) == ["feature", "bugfix", "hotfix"]
    for change in catalogue.change_types.values():
        assert catalogue.approvals_for(change, "production") == (ApprovalRule("team"),)
        assert not change.requester_may_approve


def test_an_environment_may_have_siblings_or_several_before_it():
    text = short_with(
        "      production:\n",
        "      qa1: {deployer: {command: {program: [x]}}}\n"
        "      qa2: {deployer: {command: {program: [x]}}, after: []}\n"
        "      production:\n        after: [qa1, qa2]\n",
    )
    service = loaded(text).services["payments"]
    assert [each.after for each in service.environments] == [(), (), ("qa1", "qa2")]


def test_one_name_may_stand_where_a_list_can():
    text = short_with(
        "      production:\n", "      qa: {deployer: {command: {program: [x]}}}\n      production:\n        after: qa\n"
    )
    assert loaded(text).services["payments"].environment("production").after == ("qa",)


def test_more_than_one_person_of_a_role_can_be_asked_for():
    catalogue = loaded(SHORT + "change_types: {feature: {approvals: {production: {team: 2}}}}\n")
    assert catalogue.change_types["feature"].approvals["production"] == (ApprovalRule("team", 2),)


def test_an_item_written_as_a_text_gets_a_key_that_can_be_found_again():
    catalogue = loaded(SHORT + "change_types: {feature: {checklist: [Release notes are written!]}}\n")
    (item,) = catalogue.change_types["feature"].checklist
    assert (item.key, item.text, item.owner, item.required) == (
        "release-notes-are-written",
        "Release notes are written!",
        None,
        True,
    )


def test_who_may_break_the_glass_and_who_reviews_that_is_agreed(example):
    for service in example.services.values():
        assert service.roles_for(Right.BREAK_GLASS) == ("on-call",)
    assert example.reviews == ReviewRules("change-manager", timedelta(days=2))


def test_nobody_may_break_the_glass_unless_a_role_is_named():
    agreed = loaded(SHORT)
    assert agreed.services["payments"].roles_for(Right.BREAK_GLASS) == ()
    assert agreed.reviews == ReviewRules(None, timedelta(days=3))


def test_rights_of_a_service_replace_the_default_one_by_one():
    text = example_with("    two_people: true ", "    rights: {deploy: qa}\n    two_people: true ")
    rights = loaded(text).services["payments"].rights
    assert rights[Right.DEPLOY] == ("qa",)
    assert rights[Right.LAUNCH] == ("release-manager",)


def test_local_paths_begin_at_the_folder_of_the_file(tmp_path):
    (tmp_path / "templates").mkdir()
    file = tmp_path / "slipway.yaml"
    file.write_text(SHORT.replace("  payments:\n", "  payments:\n    repository: ./code\n") + "templates: templates\n")
    catalogue = load(file, deployers=KINDS)
    assert isinstance(catalogue, Catalogue)
    assert catalogue.services["payments"].repository == str(tmp_path.resolve() / "code")
    assert catalogue.templates == str(tmp_path.resolve() / "templates")


def test_a_name_at_a_code_host_is_left_as_it_is(example):
    assert example.services["payments"].repository == "acme/payments"


def test_anchors_and_merges_save_writing():
    text = """\
version: 1
owners: {role: team, channel: C0TEAM}
roles: {team: {people: [U0ANN, U0BOB]}}
services:
  one: &service
    environments: {production: {deployer: {command: {program: [x]}}}}
    two_people: yes
  two:
    <<: *service
    title: Number two
"""
    services = loaded(text).services
    assert services["two"].two_people
    assert services["two"].title == "Number two"
    assert services["one"].environments == services["two"].environments


def in_production(text: str) -> Environment:
    return loaded(text).services["payments"].environment("production")


def for_features(text: str) -> ChangeType:
    return loaded(text).change_types["feature"]


def test_what_nobody_asks_for_is_not_asked_for():
    catalogue = loaded(TWO_PLACES + "change_types: {feature: {checklist: [Notes]}}\n")
    place, change = catalogue.services["payments"].environment("production"), catalogue.change_types["feature"]
    assert (place.bake, place.hours, place.two_people) == (timedelta(0), None, None)
    assert (change.bake, change.any_hour, change.two_people, change.approvals_last) == ({}, False, None, None)
    assert change.ships_itself == frozenset()
    assert (change.requester_may_confirm, change.author_may_confirm, change.approver_may_confirm) == (True, True, True)
    assert change.checklist == (ItemRule("notes", "Notes"),)
    assert catalogue.services["payments"].checklist == ()
    assert (catalogue.recurring, catalogue.calendars) == ((), ())
    assert catalogue.exceptions == ExceptionRules(timedelta(days=1), None, timedelta(days=90))
    assert catalogue.reminders == Reminders(timedelta(days=1), timedelta(days=1), timedelta(hours=4), "UTC")


@pytest.mark.parametrize(
    ("hours", "shown"),
    [
        ("mon-fri 09:00-16:00", "mon-fri 09:00-16:00 (Asia/Tokyo)"),
        ("[mon-thu 09:00-16:00, fri 09:00-12:00]", "mon-thu 09:00-16:00, fri 09:00-12:00 (Asia/Tokyo)"),
        ("{at: daily 22:00-06:00}", "daily 22:00-06:00 (Asia/Tokyo)"),
        ("{at: [sat 00:00-24:00], timezone: Europe/London}", "sat 00:00-24:00 (Europe/London)"),
    ],
)
def test_hours_are_those_of_the_default_time_zone_or_of_their_own(hours, shown):
    assert str(in_production(production(f"hours: {hours}") + "defaults: {timezone: Asia/Tokyo}\n").hours) == shown


@pytest.mark.parametrize(
    ("own", "default", "asked"),
    [("", "", 0), ("", "1d", 24), ("bake: 2h", "1d", 2), ("bake: 0h", "1d", 0), ("bake: 2h", "", 2)],
)
def test_an_environments_own_bake_time_comes_before_the_default(own, default, asked):
    text = production(own) + (f"defaults: {{bake: {default}}}\n" if default else "")
    assert in_production(text).bake == timedelta(hours=asked)


@pytest.mark.parametrize(("bake", "asked"), [("1h", 1), ("{production: 2h}", 2), ("{production: 0h}", 0), ("0h", 0)])
def test_a_changes_own_bake_time_comes_first(bake, asked):
    catalogue = loaded(feature(f"bake: {bake}") + "defaults: {bake: 1d}\n")
    change, service = catalogue.change_types["feature"], catalogue.services["payments"]
    assert bake_before(change, service.environment("production")) == timedelta(hours=asked)


def test_nothing_bakes_before_the_first_environment():
    catalogue = loaded(feature("bake: 1h") + "defaults: {bake: 1d}\n")
    staging = catalogue.services["payments"].environment("staging")
    for change in (catalogue.change_types["feature"], ChangeType("other", "Other")):
        assert bake_before(change, staging) == timedelta(0)
    assert terms_of(catalogue.change_types["feature"], catalogue.services["payments"], "staging").bake == timedelta(0)


@pytest.mark.parametrize(
    ("of_change", "of_place", "of_service", "default", "asked"),
    [
        ("false", "true", "true", "true", False),
        ("", "false", "true", "true", False),
        ("", "", "false", "true", False),
        ("", "", "", "true", True),
        ("true", "false", "false", "false", True),
        ("", "", "", "", False),
    ],
)
def test_the_nearest_word_on_two_people_counts(of_change, of_place, of_service, default, asked):
    change, place, team, rest = (
        f"two_people: {word}" if word else "" for word in (of_change, of_place, of_service, default)
    )
    text = f"{in_service(team)}        {place}\nchange_types: {{feature: {{{change}}}}}\ndefaults: {{{rest}}}\n"
    catalogue = loaded(text)
    found = catalogue.services["payments"]
    assert takes_two_people(catalogue.change_types["feature"], found, found.environment("production")) is asked


def test_a_line_of_a_checklist_can_say_how_where_by_when_and_by_which_check():
    (line,) = for_features(
        item("key: a, owner: team, note: How, link: https://x.example, due: 2d, check: unit / 3.11, reopens: true")
    ).checklist
    assert line == ItemRule(
        "a",
        "Tried out",
        "team",
        note="How",
        link="https://x.example",
        due=timedelta(days=2),
        check="unit / 3.11",
        reopens=True,
    )


def test_a_services_lines_stand_below_those_of_the_change_type():
    text = in_service("checklist: [Scan it, {text: Look at it, only_for: hotfix}]")
    catalogue = loaded(text + "change_types: {feature: {checklist: [Notes]}, hotfix: {checklist: []}}\n")

    def lines(change: str) -> list[str]:
        return [each.text for each in checklist_of(catalogue.change_types[change], catalogue.services["payments"])]

    assert lines("feature") == ["Notes", "Scan it"]
    assert lines("hotfix") == ["Scan it", "Look at it"]


def test_a_change_that_ships_itself_may_still_need_two_people_elsewhere():
    text = feature("ships_itself: production").replace(
        "  payments:\n",
        "  storefront: {two_people: true, environments: {production: {deployer: {command: {program: [x]}}}}}\n"
        "  payments:\n",
    )
    assert for_features(text).ships_itself == {"production"}


def test_a_recurring_freeze_is_hard_and_of_everything_unless_it_says_otherwise():
    (freeze,) = loaded(recurring() + "defaults: {timezone: Europe/Berlin}\n").recurring
    assert freeze == RecurringFreeze(
        "weekends",
        "Nobody is here",
        datetime.fromisoformat("2026-01-02T17:00"),
        datetime.fromisoformat("2026-01-05T07:00"),
        "FREQ=WEEKLY",
        "Europe/Berlin",
        FreezeScope(),
        hard=True,
        owner=None,
    )


def test_a_recurring_freeze_can_say_all_of_it():
    (freeze,) = loaded(
        recurring(
            rule="rrule:freq=weekly;byday=fr;",
            soft="true",
            owner="team",
            services="payments",
            environments="production",
            change_types="[feature]",
            timezone="Asia/Tokyo",
        )
    ).recurring
    assert freeze.rule == "FREQ=WEEKLY;BYDAY=FR"
    assert freeze.scope == FreezeScope(frozenset({"production"}), frozenset({"payments"}), frozenset({"feature"}))
    assert (freeze.hard, freeze.owner, freeze.timezone) == (False, "team", "Asia/Tokyo")


def test_a_freeze_that_doesnt_come_again_never_keeps_slipway_from_starting():
    """Otherwise the first restart after New Year would find a catalogue that was right the day before."""
    for rule in ("FREQ=WEEKLY;COUNT=2", "FREQ=WEEKLY;UNTIL=20201231"):
        (freeze,) = loaded(recurring(starts="2020-01-03", ends="2020-01-04", rule=rule)).recurring
        assert freeze.rule == rule


def test_a_calendars_file_lies_beside_the_catalogue(tmp_path):
    (tmp_path / "days.ics").write_text("")
    file = tmp_path / "slipway.yaml"
    file.write_text(calendar("file: days.ics") + "defaults: {timezone: Asia/Tokyo}\n")
    found = load(file, deployers=KINDS)
    assert isinstance(found, Catalogue)
    assert found.calendars == (
        CalendarSource("holidays", str(tmp_path.resolve() / "days.ics"), hard=True, timezone="Asia/Tokyo"),
    )


def test_a_calendar_at_an_address_is_left_where_it_is():
    (found,) = loaded(calendar("address: https://calendar.example.com/a.ics, soft: true, owner: team")).calendars
    assert (found.source, found.hard, found.owner) == ("https://calendar.example.com/a.ics", False, "team")


def test_locks_and_quiet_hours():
    given = loaded(
        SHORT
        + "locks: {lasts: 30m, longest: 1d, remind_before: 5m, forgotten_after: 8h}\n"
        + "quiet_hours: {at: daily 19:00-08:00, timezone: Asia/Tokyo}\n"
    )
    assert given.locks == LockRules(timedelta(minutes=30), timedelta(days=1), timedelta(minutes=5), timedelta(hours=8))
    night = Span(frozenset(range(7)), time(19), time(8))
    assert given.quiet_hours == QuietHours((night,), "Asia/Tokyo")
    assert loaded(SHORT).locks == LockRules()
    assert loaded(SHORT).quiet_hours is None
    assert loaded(SHORT + "quiet_hours: daily 19:00-08:00\n").quiet_hours == QuietHours((night,))


def test_exceptions_and_reminders_can_be_bounded():
    text = TWO_PLACES + (
        "defaults: {timezone: Asia/Tokyo}\n"
        "freezes: {exceptions: {lasts: 12h, budget: 2, per: 30d}}\n"
        "reminders: {before_expiry: 2d, before_target: 12h, ask_again_after: 30m}\n"
    )
    catalogue = loaded(text)
    assert catalogue.exceptions == ExceptionRules(timedelta(hours=12), 2, timedelta(days=30))
    assert catalogue.reminders == Reminders(timedelta(days=2), timedelta(hours=12), timedelta(minutes=30), "Asia/Tokyo")


def test_the_fingerprint_changes_with_the_text_and_only_with_it():
    assert loaded(SHORT).fingerprint == loaded(SHORT).fingerprint
    assert loaded(SHORT).fingerprint != loaded(SHORT + "# changed\n").fingerprint


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path):
    file = tmp_path / "slipway.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + SHORT.replace("\n", "\r\n").encode())
    assert isinstance(load(file, deployers=KINDS), Catalogue)


@pytest.mark.parametrize(
    ("words", "cron"),
    [
        ("mon-fri 09:00", "0 9 * * 1,2,3,4,5"),
        ("weekdays 9:05", "5 9 * * 1,2,3,4,5"),
        ("daily 17:30", "30 17 * * *"),
        ("17:30", "30 17 * * *"),
        ("mon, wed, fri 00:00", "0 0 * * 1,3,5"),
        ("sat-sun 23:59", "59 23 * * 0,6"),
        ("fri-mon 08:00", "0 8 * * 0,1,5,6"),
        ("Monday 08:00", "0 8 * * 1"),
        ("*/15 9-17 * * mon-fri", "*/15 9-17 * * mon-fri"),
    ],
)
def test_times_can_be_written_for_people_or_as_cron(words, cron):
    text = SHORT + f"digests: [{{channel: C0TEAM, at: '{words}'}}]\n"
    assert loaded(text).digests[0].cron == cron


@pytest.mark.parametrize(
    ("words", "span"),
    [
        ("90s", timedelta(seconds=90)),
        ("1h30m", timedelta(minutes=90)),
        ("1d", timedelta(days=1)),
        ("2w", timedelta(weeks=2)),
        ("1d 12h", timedelta(hours=36)),
    ],
)
def test_durations_carry_their_unit(words, span):
    assert loaded(SHORT + f"freezes: {{notices_before: [{words}]}}\n").freeze_notices.before == (span,)


def test_freeze_notices_come_longest_first_and_once():
    text = SHORT + "freezes: {notices_before: [1h, 1d, 60m]}\n"
    assert loaded(text).freeze_notices.before == (timedelta(days=1), timedelta(hours=1))


def test_the_file_that_is_named_is_the_one_in_the_problems(tmp_path):
    file = tmp_path / "ours.yaml"
    file.write_text("version: 2\n")
    found = load(file, deployers=KINDS)
    assert isinstance(found, list)
    assert all(str(problem).startswith(f"{file}:1:") for problem in found)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "folder"),
        (lambda path: path.write_bytes(b"version: 1\nowners: \xff\n"), "UTF-8"),
        (lambda path: path.write_text(""), "empty"),
        (lambda path: path.write_text("# only a comment\n"), "empty"),
        (lambda path: path.write_text("x" * 1_000_001), "larger than a megabyte"),
    ],
)
def test_a_file_that_can_not_be_read_is_said_so(tmp_path: Path, make, says):
    path = tmp_path / "slipway.yaml"
    make(path)
    found = load(path, deployers=KINDS)
    assert isinstance(found, list)
    assert says in str(found[0])
    assert str(found[0]).startswith(str(path))
