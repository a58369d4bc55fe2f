"""The policy from a terminal: the gate explains itself, and the record is replayed under other rules."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pty
import re
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.verbs.tick_item import TickItem
from integrations.sandbox.server import Sandbox
from integrations.sandbox.workspace import Workspace
from tests.cli.seeding import played, written
from tests.makers import FEATURE, PRODUCTION, STAGING, a_window
from tests.people import MAYA, OMAR, RUTH
from tests.verbs.workshop import Workshop

A_DAY = timedelta(days=1)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, sqlite_url: str, tmp_path: Path):
    """Type a command beside the agreed catalogue and a database, on a machine in Berlin."""
    for name in list(os.environ):
        if name.startswith(("SLIPWAY_", "SLACK_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    written(tmp_path)
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()

    def type_it(*words: str, **environment: str) -> Result:
        result = CliRunner().invoke(main, words, env={"SLIPWAY_DATABASE_URL": sqlite_url, **environment})
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    yield type_it
    monkeypatch.undo()
    time.tzset()


async def ready(shop: Workshop) -> None:
    """R-1, a feature that has everything for production."""
    number = await shop.approved(shop.a, "2.4.0", FEATURE)
    await shop.deployed(number, STAGING)
    await ticked(shop)


async def ticked(shop: Workshop, done: bool = True) -> None:
    tick = TickItem(shop.records, shop.directory, lambda: shop.catalogue, lambda: shop.at)
    await tick(1, "notes", done, by=shop.by(MAYA))


async def rejected(shop: Workshop) -> None:
    await ready(shop)
    await shop.withdraw(1, by=shop.by(OMAR))
    await shop.reject(1, PRODUCTION, None, "Refunds fail twice", by=shop.by(OMAR))


async def unapproved(shop: Workshop) -> None:
    await ready(shop)
    await shop.withdraw(1, by=shop.by(RUTH))


async def changed(shop: Workshop) -> None:
    await ready(shop)
    await shop.set_candidate(1, shop.b, by=shop.by(MAYA))
    await shop.deployed(1, STAGING)


async def frozen(shop: Workshop) -> None:
    """By a freeze that ends tomorrow."""
    await ready(shop)
    shop.at += 4 * A_DAY
    await shop.start_freeze(a_window(starts_at=shop.at, ends_at=shop.at + 2 * A_DAY), by=shop.by(MAYA))


async def not_in_staging(shop: Workshop) -> None:
    await shop.approved(shop.a, "2.4.0", FEATURE)
    await ticked(shop)


async def forgotten(shop: Workshop) -> None:
    await ready(shop)
    await ticked(shop, done=False)


async def ended(shop: Workshop) -> None:
    await ready(shop)
    await shop.cancel_release(1, "Not wanted", by=shop.by(MAYA))


async def without_candidate(shop: Workshop) -> None:
    await shop.planned(None, "2.4.0", FEATURE)


# ---------------------------------------------------------------- explain


def test_an_open_gate_says_what_satisfies_each_question_and_ends_with_0(typed, sqlite_url):
    played(sqlite_url, ready)
    result = typed("policy", "explain", "R-1", "production")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "R-1 Payments 2.4.0 to production: open"
    assert re.fullmatch(r"  candidate  [0-9a-f]{7}, set by U0MAYA, \w+ \d+ \w+ \d{4}, \d\d:\d\d CES?T", lines[1])
    assert lines[2].startswith("  rules      feature: approved by qa, change-manager, checklist of 1 (Release notes")
    assert sum(line.startswith("✓ ") for line in lines) == 13
    for sentence in (
        "    Nobody rejects this candidate.",
        r"    U0OMAR approved as qa, \w+ \d+ \w+ \d{4}, \d\d:\d\d CES?T.",
        r"    U0RUTH approved as change-manager, .*",
        r"    “Release notes are written” was ticked by U0MAYA, .*",
        r"    D-1 brought it to staging, .*",
        "    Nothing is on its way to production.",
    ):
        assert any(re.fullmatch(sentence, line) for line in lines), sentence
    assert "Nothing blocks. To deploy, type /deploy R-1 to production in Slack." in lines


@pytest.mark.parametrize(
    ("story", "about", "told"),
    [
        (
            rejected,
            "rejections",
            [
                "    U0OMAR rejected this candidate as qa: Refunds fail twice",
                "      who can lift it: U0OMAR and U0MAYA",
                "      → Set a new candidate, or have the rejection withdrawn.",
            ],
        ),
        (
            unapproved,
            "approvals",
            [
                "    The approval of change-manager is missing.",
                "      who can lift it: change-manager (U0RUTH)",
                "      → Press Approve, or type /release approve R-1 production.",
            ],
        ),
        (
            changed,
            "approvals",
            [
                "    qa approved something else; this candidate needs its own approval.",
                "      who can lift it: qa (U0OMAR)",
                "      → Press Approve, or type /release approve R-1 production.",
            ],
        ),
        (frozen, "freezes", ["      who can lift it: U0MAYA"]),
        (
            not_in_staging,
            "order of environments",
            [
                "    This candidate has not been in staging yet.",
                "      → Deploy it there first: /deploy R-1 to staging.",
            ],
        ),
        (
            forgotten,
            "checklist",
            [
                "    Checklist: “Release notes are written” is not done.",
                "      who can lift it: release-manager (U0MAYA)",
                "      → Tick it with /release checklist R-1.",
            ],
        ),
        (ended, "whether it is open", ["    R-1 was cancelled."]),
        (without_candidate, "a candidate", ["    R-1 has no candidate yet."]),
    ],
)
def test_a_closed_gate_says_what_blocks_who_can_lift_it_and_how_and_ends_with_1(typed, sqlite_url, story, about, told):
    played(sqlite_url, story)
    result = typed("policy", "explain", "r1", "production")
    assert result.exit_code == 1, result.output
    assert "closed, " in result.stdout.splitlines()[0]
    answer = result.stdout.partition(f"✗ {about}\n")[2]
    for line in told:
        assert f"{line}\n" in answer


def test_a_gate_that_only_waits_says_when_it_opens_by_itself(typed, sqlite_url):
    played(sqlite_url, frozen)
    told = typed("policy", "explain", "payments", "production").stdout
    assert "closed, 1 thing blocks" in told
    (over,) = re.findall(r"      over by itself (.*)", told)
    assert f"It opens by itself {over}, if nobody does anything until then." in told


def test_what_waits_for_somebody_does_not_open_by_itself(typed, sqlite_url):
    played(sqlite_url, unapproved)
    assert (
        "It doesn't open by itself: somebody has to do something."
        in typed("policy", "explain", "1", "production").stdout
    )


def test_what_has_ended_stays_closed(typed, sqlite_url):
    played(sqlite_url, ended)
    assert "It stays closed: R-1 has ended." in typed("policy", "explain", "1", "production").stdout


def test_who_has_approved_stands_below_who_has_not(typed, sqlite_url):
    played(sqlite_url, unapproved)
    assert "    ✓ U0OMAR approved as qa, " in typed("policy", "explain", "1", "production").stdout


def test_a_user_group_that_nobody_can_look_up_blocks_as_it_does_in_the_gate(typed, sqlite_url, tmp_path):
    played(sqlite_url, ready)
    written(tmp_path, ("people: [U0OMAR]", "group: S0QA"))
    told = typed("policy", "explain", "1", "production")
    assert told.exit_code == 1
    assert (
        "    I can't look up who is in qa: its user group S0QA is in Slack, and SLACK_BOT_TOKEN is not set"
        in told.stdout
    )
    assert "Slack was not asked, since SLACK_BOT_TOKEN is not set" in told.stdout
    offline = typed("policy", "explain", "1", "production", "--offline", SLACK_BOT_TOKEN="xoxb-1")
    assert "its user group S0QA is in Slack, and --offline was asked for" in offline.stdout


async def test_names_and_groups_come_from_slack_where_it_can_be_asked(typed, sqlite_url, tmp_path):
    workspace = Workspace()
    for name in ("omar", "maya", "ruth", "ines"):
        workspace.add_person(name, name.title(), id=f"U0{name.upper()}")
    workspace.add_group("qa", members=["omar"], id="S0QA")
    written(tmp_path, ("people: [U0OMAR]", "group: S0QA"))
    await asyncio.to_thread(played, sqlite_url, unapproved)
    async with Sandbox(workspace, rate_limits="off") as slack:
        environment = {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_API_URL": slack.api_url}
        result = await asyncio.to_thread(typed, "policy", "explain", "1", "production", **environment)
    assert result.exit_code == 1, result.output
    assert "    ✓ Omar approved as qa, " in result.stdout
    assert "      who can lift it: change-manager (Ruth)" in result.stdout
    assert "Slack was not asked" not in result.stdout


def test_machines_get_json(typed, sqlite_url):
    played(sqlite_url, frozen)
    result = typed("policy", "explain", "R-1", "production", "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert (told["release"], told["environment"], told["open"]) == ("R-1", "production", False)
    (freezes,) = (each for each in told["questions"] if each["about"] == "freezes")
    (blocker,) = freezes["blockers"]
    assert blocker["key"] == "freeze:F-1"
    assert blocker["lifted_by"] == [{"person": "U0MAYA"}]
    assert blocker["opens_at"] == told["opens_by_itself_at"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["R-9", "production"], "There is no release R-9."),
        (["wallet", "production"], "I know no release and no service called wallet."),
        (["R-1", "moon"], "Payments has no environment moon."),
        (["R-1"], "Missing argument 'ENVIRONMENT'"),
    ],
)
def test_what_can_not_be_asked_about_ends_with_2_and_not_as_if_it_were_closed(typed, sqlite_url, words, says):
    played(sqlite_url, ready)
    result = typed("policy", "explain", *words)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_service_that_left_the_catalogue_ends_with_2(typed, sqlite_url, tmp_path):
    played(sqlite_url, ready)
    written(tmp_path, ("  payments:", "  wallet:"))
    result = typed("policy", "explain", "R-1", "production")
    assert result.exit_code == 2
    assert "no longer has the service payments" in result.stderr


def test_without_a_database_nothing_is_said_of_the_gate(typed, tmp_path):
    result = typed("policy", "explain", "R-1", "production", SLIPWAY_DATABASE_URL=f"sqlite:///{tmp_path}/none.db")
    assert result.exit_code == 2
    assert "slipway db upgrade" in result.stderr


def test_words_that_would_steer_the_terminal_are_harmless(typed, sqlite_url):
    async def story(shop: Workshop) -> None:
        await unapproved(shop)
        await shop.reject(1, PRODUCTION, None, "No\x1b[2J\nway \u202etsop", by=shop.by(RUTH))

    played(sqlite_url, story)
    told = typed("policy", "explain", "1", "production").stdout
    assert "U0RUTH rejected this candidate as change-manager: No[2J way tsop\n" in told


def test_what_stands_there_already_need_not_be_deployed(typed, sqlite_url):
    played(sqlite_url, ready)
    told = typed("policy", "explain", "1", "staging").stdout
    assert "It stands there already. Nothing would block bringing it there once more." in told


# ---------------------------------------------------------------- replay

STRICTER = ("approvals: {production: [qa, change-manager]}", "approvals: {production: [qa, security]}")
LOOSER = ("feature:\n", "feature:\n    freeze: passes\n")


async def a_week(shop: Workshop) -> None:
    """A feature that shipped, and the next one, which a freeze holds up."""
    await ready(shop)
    await shop.deployed(1)
    number = await shop.approved(shop.b, "2.5.0", FEATURE)
    tick = TickItem(shop.records, shop.directory, lambda: shop.catalogue, lambda: shop.at)
    await tick(number, "notes", True, by=shop.by(MAYA))
    await shop.deployed(number, STAGING)
    await shop.start_freeze(a_window(starts_at=shop.at, ends_at=shop.at + A_DAY), by=shop.by(MAYA))
    await shop.ask_deploy(number, PRODUCTION, by=shop.by(MAYA))


def table(told: str) -> list[str]:
    """What a table says, without its moments."""
    return [re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d CES?T", "then", line) for line in told.splitlines()]


def test_the_catalogue_that_was_in_force_changes_nothing(typed, sqlite_url):
    played(sqlite_url, a_week)
    result = typed("policy", "replay", "--catalogue", "slipway.yaml")
    assert result.exit_code == 0, result.output
    assert re.match(
        r"What slipway.yaml would have made of the time since \w+ \d+ \w+ \d{4}, \d\d:\d\d CES?T", result.stdout
    )
    said = table(result.stdout)
    assert said[1:6] == [
        "",
        "R-1 payments 2.4.0 (feature)",
        "  staging     then  D-1 was started  let through",
        "  production  then  D-2 was started  let through",
        "",
    ]
    assert said[-4:] == [
        "",
        "Of 3 deployments none would have been blocked.",
        "Of 1 blocked attempt none would have been let through.",
        "Nothing would have been other.",
    ]
    assert "(feature)" in said[6]
    assert any(line.endswith(": The annual sale") for line in said)


def test_stricter_and_looser_rules_are_told_release_by_release(typed, sqlite_url, tmp_path):
    played(sqlite_url, a_week)
    written(tmp_path, STRICTER, name="stricter.yaml")
    stricter = typed("policy", "replay", "--catalogue", "stricter.yaml", "--changes-only").stdout
    assert table(stricter)[1:] == [
        "",
        "R-1 payments 2.4.0 (feature)",
        "  production  then  D-2 was started  blocked",
        "                                                     · The approval of security is missing.",
        "",
        "Of 3 deployments 1 would have been blocked.",
        "Of 1 blocked attempt none would have been let through.",
    ]
    written(tmp_path, LOOSER, name="looser.yaml")
    looser = typed("policy", "replay", "--catalogue", "looser.yaml", "--changes-only").stdout
    assert "  production  then  was blocked  let through" in table(looser)
    assert re.search(r"· then: F-1 freezes production until .* UTC: The annual sale\n", looser)
    assert "Of 1 blocked attempt 1 would have been let through." in looser


def test_new_bake_time_and_a_new_recurring_freeze_are_asked_of_the_past(typed, sqlite_url, tmp_path):
    played(sqlite_url, a_week)
    nights = (
        "  recurring: {nights: {reason: We sleep, starts: 2026-01-01 00:00, ends: 2026-01-02 00:00, rule: FREQ=DAILY}}"
    )
    written(tmp_path, ("freezes:\n", f"freezes:\n{nights}\n"), name="frozen.yaml")
    told = typed("policy", "replay", "--catalogue", "frozen.yaml").stdout
    assert "Of 3 deployments 3 would have been blocked." in told
    assert re.search(r"· nights freezes staging until .*: We sleep\n", told)
    written(tmp_path, ("      production:\n", "      production:\n        bake: 3h\n"), name="baked.yaml")
    told = typed("policy", "replay", "--catalogue", "baked.yaml").stdout
    assert "Of 3 deployments 1 would have been blocked." in told
    assert re.search(r"· It must stand in staging for 3 hours first; it came there .*\.\n", told)


def test_what_the_catalogue_no_longer_has_is_listed_as_such(typed, sqlite_url, tmp_path):
    played(sqlite_url, a_week)
    written(tmp_path, ("      staging:\n        deployer: {command: {program: [./deploy]}}\n", ""), name="new.yaml")
    told = typed("policy", "replay", "--catalogue", "new.yaml").stdout
    assert "· In this catalogue, payments has no staging." in told
    assert "2 of these can't be asked about, since this catalogue doesn't have what they are about." in told


def test_a_record_without_deployments_is_said_so(typed):
    told = typed("policy", "replay", "--catalogue", "slipway.yaml").stdout
    assert "Nothing was started and nothing was blocked in that time." in told


def test_only_the_time_that_is_asked_for_is_looked_at(typed, sqlite_url):
    played(sqlite_url, a_week)
    told = typed("policy", "replay", "--catalogue", "slipway.yaml", "--since", "1d").stdout
    assert "Nothing was started" in told


def test_machines_get_the_replay_as_json(typed, sqlite_url, tmp_path):
    played(sqlite_url, a_week)
    written(tmp_path, STRICTER, name="stricter.yaml")
    told = json.loads(typed("policy", "replay", "--catalogue", "stricter.yaml", "--json").stdout)
    assert (told["deployments"], told["would_be_blocked"]) == (3, 1)
    assert (told["blocked_attempts"], told["would_be_let_through"], told["can_not_be_asked"]) == (1, 0, 0)
    (case,) = (each for each in told["cases"] if each["other"])
    assert (case["release"], case["environment"], case["deployment"]) == ("R-1", "production", "D-2")
    assert [each["key"] for each in case["blockers"]] == ["approval:security"]
    (attempt,) = (each for each in told["cases"] if each["deployment"] is None)
    assert attempt["answer"] == "blocked"
    assert "freezes production" in attempt["blocked_by"][0]


def test_a_wrong_catalogue_shows_its_problems_and_ends_with_2(typed, sqlite_url, tmp_path):
    written(tmp_path, ("[qa, change-manager]", "[qa, change-manger]"), name="new.yaml")
    result = typed("policy", "replay", "--catalogue", "new.yaml")
    assert result.exit_code == 2
    assert result.stdout.startswith("new.yaml:")
    assert "change-manger" in result.stdout
    assert "1 problem to mend." in result.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "Missing option '--catalogue'"),
        (["--catalogue", "slipway.yaml", "--since", "yesterday"], "is not a duration"),
        (["--catalogue", "slipway.yaml", "--since", "5w6y"], "is not a duration"),
    ],
)
def test_wrong_words_end_with_2(typed, words, says):
    result = typed("policy", "replay", *words)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_replay_of_no_database_is_said_so(typed, tmp_path):
    url = f"sqlite:///{tmp_path}/none.db"
    result = typed("policy", "replay", "--catalogue", "slipway.yaml", SLIPWAY_DATABASE_URL=url)
    assert result.exit_code == 1
    assert "slipway db upgrade" in result.stderr


def test_on_a_screen_lines_are_broken_with_their_indentation(sqlite_url, tmp_path):
    """A real terminal of 70 columns: nothing hangs over, and what goes on stands below what it belongs to."""
    played(sqlite_url, a_week)
    written(tmp_path)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "SLIPWAY_DATABASE_URL": sqlite_url,
        "COLUMNS": "70",
        "TERM": "xterm",
    }
    words = [sys.executable, "-m", "bot", "policy", "replay", "--catalogue", "slipway.yaml"]
    told = on_a_screen(words, environment, tmp_path)
    assert max(map(len, told)) <= 70
    last = next(number for number, line in enumerate(told) if "· F-1 freezes" in line)
    assert told[last + 1].startswith(" " * 50)


def on_a_screen(words: list[str], environment: dict[str, str], folder: Path) -> list[str]:
    """What a program writes onto a terminal, line by line, without colours."""
    ours, its = pty.openpty()
    with subprocess.Popen(words, stdout=its, stderr=its, env=environment, cwd=folder) as running:
        os.close(its)
        told = b""
        with contextlib.suppress(OSError):  # that is how a terminal says that nobody writes any more
            while more := os.read(ours, 4096):
                told += more
        running.wait()
    os.close(ours)
    return [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", told.decode()).splitlines()]
