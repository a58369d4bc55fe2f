"""A right catalogue, and what becomes of everything that it leaves out."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.catalogue import load
from bot.rules.policy import ApprovalRule, Catalogue, FreezeMeaning, Right
from integrations.deployers.kinds import KINDS
from tests.catalogue.texts import EXAMPLE, SHORT, example_with, loaded, short_with


@pytest.fixture(scope="module")
def example() -> Catalogue:
    found = load(EXAMPLE, deployers=KINDS)
    assert isinstance(found, Catalogue), "\n".join(map(str, found))
    return found


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
