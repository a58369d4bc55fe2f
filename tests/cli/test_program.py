"""The program as it is typed: what it prints, where, and what the shell sees."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from bot.cli import main
from tests.catalogue.texts import EXAMPLE, SHORT


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Type a command in an empty folder, with nothing in the environment but what is named."""
    for name in list(os.environ):
        if name.startswith(("SLIPWAY_", "SLACK_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def type_it(*words: str, **environment: str) -> Result:
        result = CliRunner().invoke(main, words, env=environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in result.output
        return result

    return type_it


def test_version(typed):
    assert re.fullmatch(r"slipway \d+\.\d+\.\d+\n", typed("--version").output)


def test_help_names_every_command(typed):
    shown = typed("--help").output
    for command in ("run", "demo", "check", "manifest", "db", "audit", "policy", "doctor", "deploy", "rollback"):
        assert re.search(rf"^  {command} ", shown, re.MULTILINE)
    for command in ("freeze", "follow", "status", "deployments", "token"):
        assert re.search(rf"^  {command} ", shown, re.MULTILINE)


def test_help_is_instant():
    """Nothing heavy is loaded for it: no Slack, no database, no engine."""
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "bot", "--help"], capture_output=True, text=True, check=True
    ).stderr
    for heavy in ("slack_sdk", "sqlalchemy", "dbos", "pydantic", "rich.console", "ruamel"):
        assert not re.search(rf"\| +{heavy}$", told, re.MULTILINE), f"{heavy} is loaded for a page of help"


def test_an_unknown_command_ends_with_2_and_a_word_of_help(typed):
    result = typed("lunch")
    assert result.exit_code == 2
    assert "No such command" in result.stderr


def test_check_says_what_is_in_a_right_catalogue(typed):
    result = typed("check", str(EXAMPLE))
    assert result.exit_code == 0
    assert f"{EXAMPLE} is right: 2 services, 5 roles, 3 change types, " in result.stdout
    assert "3 recurring freezes, 2 calendars, 2 digests." in result.stdout


def test_check_says_which_freezes_are_over_and_calls_the_catalogue_right_all_the_same(typed, tmp_path):
    (tmp_path / "slipway.yaml").write_text(
        SHORT
        + """\
freezes:
  recurring:
    move: {reason: We move, starts: 2020-01-03, ends: 2020-01-04, rule: FREQ=WEEKLY;COUNT=3}
    weekends: {reason: Nobody is here, starts: 2020-01-03, ends: 2020-01-06, rule: FREQ=WEEKLY}
"""
    )
    result = typed("check")
    assert result.exit_code == 0
    assert "2 recurring freezes" in result.stdout
    assert "The freeze “move” doesn't come again (FREQ=WEEKLY;COUNT=3); it can be taken out." in result.stdout
    assert "“weekends”" not in result.stdout


def test_check_reads_the_file_of_the_settings_unless_another_is_named(typed, tmp_path):
    (tmp_path / "ours.yaml").write_text(SHORT)
    assert "ours.yaml is right: 1 service" in typed("check", SLIPWAY_CATALOGUE="ours.yaml").stdout
    assert typed("check").exit_code == 1


def test_check_shows_every_problem_with_its_place_and_ends_with_1(typed, tmp_path):
    (tmp_path / "slipway.yaml").write_text(SHORT.replace("version: 1", "version: 9") + "digsts: []\n")
    result = typed("check")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "slipway.yaml:1:10: version: This Slipway reads version 1 of the format: write “version: 1”.",
        "slipway.yaml:10:1: digsts: “digsts” is unknown here; did you mean “digests”?",
    ]
    assert "2 problems to mend." in result.stderr


def test_long_lines_are_not_broken_for_a_pipe(typed, tmp_path):
    (tmp_path / "slipway.yaml").write_text(SHORT.replace("C0TEAM", "general"))
    assert len(typed("check").stdout.splitlines()) == 1


def test_check_prints_the_schema(typed):
    assert json.loads(typed("check", "--schema").stdout)["properties"]["version"]


def test_the_manifest_is_printed_for_renamed_commands_and_for_http(typed):
    result = typed("manifest", "--commands", "deploy=ship", "--url", "https://slipway.example.com/")
    made = YAML(typ="safe", pure=True).load(result.stdout)
    assert "/ship" in [each["command"] for each in made["features"]["slash_commands"]]
    assert made["settings"]["interactivity"]["request_url"] == "https://slipway.example.com/slack/events"


def test_the_manifest_follows_the_setting(typed):
    made = json.loads(typed("manifest", "--json", SLIPWAY_COMMANDS="release=rel").stdout)
    assert "/rel" in [each["command"] for each in made["features"]["slash_commands"]]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--commands", "deploy=Ship"], "lower-case"),
        (["--commands", "ship"], "deploy=ship"),
        (["--url", "http://slipway.example.com"], "https"),
        (["--url", "slipway.example.com"], "https"),
        (["--url", "https://[::1"], "https"),
    ],
)
def test_a_wrong_wish_for_a_manifest_ends_with_2(typed, words, says):
    result = typed("manifest", *words)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stdout == ""


def test_a_start_without_settings_names_all_that_is_missing_and_ends_with_2(typed):
    result = typed("run", SLIPWAY_LOG="loud")
    assert result.exit_code == 2
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLIPWAY_LOG"):
        assert f"  {name}: " in result.stderr
    assert "3 settings need your attention:" in result.stderr


def test_doctor_without_settings_says_so_one_by_one_and_ends_with_2(typed):
    result = typed("doctor")
    assert result.exit_code == 2
    assert "✗ Setting SLACK_BOT_TOKEN" in result.stdout
    assert "settings come first" in result.stderr


def test_a_database_is_made_and_its_empty_record_is_whole(typed, tmp_path):
    result = typed("db", "upgrade")
    assert result.exit_code == 0
    assert (tmp_path / "slipway.db").exists()
    assert "up to date" in result.stdout
    assert "0 entries, unbroken." in typed("audit", "verify").stdout


def test_a_record_of_no_database_is_said_so(typed):
    result = typed("audit", "verify")
    assert result.exit_code == 1
    assert "slipway db upgrade" in result.stderr


def test_a_wrong_address_of_the_database_ends_with_2_and_without_its_password(typed):
    result = typed("db", "upgrade", SLIPWAY_DATABASE_URL="postgresql://me:canary@host")
    assert result.exit_code == 2
    assert "names no database" in result.stderr
    assert "canary" not in result.output


def test_a_database_that_does_not_answer_is_said_so_without_its_password(typed):
    result = typed("db", "upgrade", SLIPWAY_DATABASE_URL="postgresql://me:canary@127.0.0.1:1/slipway")
    assert result.exit_code == 1
    assert "can't be opened" in result.stderr
    assert "canary" not in result.output


@pytest.mark.parametrize("name", ["payments", "R12x", "-", "D-12"])
def test_evidence_of_what_is_no_release_ends_with_2(typed, name):
    result = typed("audit", "export", "--", name)
    assert result.exit_code == 2
    assert "looks like R-12" in result.stderr


def test_evidence_of_a_release_that_there_is_not_ends_with_1(typed):
    typed("db", "upgrade")
    result = typed("audit", "export", "R-12")
    assert result.exit_code == 1
    assert "R-12" in result.stderr


def test_a_terminal_without_our_characters_gets_what_it_can_show():
    shown = subprocess.run(
        [sys.executable, "-m", "bot", "check", str(EXAMPLE)],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    ).stdout
    assert b"is right: 2 services" in shown


def test_a_reader_who_goes_away_is_no_trouble():
    found = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -m bot check --schema | head -c 10"],
        capture_output=True,
        check=True,
        text=True,
    )
    assert found.stdout.startswith("{")
    assert "Traceback" not in found.stderr
