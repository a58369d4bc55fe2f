"""The Slack commands in a terminal while Slack is away: who speaks, what is done, refused, and seen by the shell."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.program.logs import OURS
from bot.rules.audit import Happened
from bot.rules.people import Person, Standing, Surface
from bot.rules.token import Token
from integrations.database.engine import Engines, open_engines
from integrations.database.readings import DatabaseReadings
from integrations.database.records import DatabaseRecords
from integrations.engine import prepare
from integrations.readings import PersonRead
from integrations.tokens import Signer
from tests.cli.seeding import played, written
from tests.fakes import RecordingStarter
from tests.makers import FEATURE, HOTFIX, PRODUCTION, STAGING
from tests.people import BEN, INES, MAYA, RUTH
from tests.twins.deployer import Script
from tests.verbs.workshop import Workshop

KEY = "what-tokens-are-signed-with-" + "2718" * 5
T = TypeVar("T")


@pytest.fixture
def quiet_again() -> Iterator[None]:
    """The program sets the log up for its process; here that is everybody's."""
    root, ours = logging.getLogger(), [logging.getLogger(name) for name in OURS]
    before, levels, level = list(root.handlers), [each.level for each in ours], root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)
    for each, was in zip(ours, levels, strict=True):
        each.setLevel(was)


class Terminal:
    """A terminal on the host: a folder, the catalogue in it, the database, and nobody at Slack's address."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.environment = {
            "SLIPWAY_DATABASE_URL": url,
            "SLIPWAY_TOKEN_KEY": KEY,
            "SLACK_BOT_TOKEN": "xoxb-terminal",
            "SLACK_API_URL": "http://127.0.0.1:1/api/",
            "HOME": str(folder),
        }

    def types(self, *words: str, **environment: str) -> Result:
        result = CliRunner().invoke(main, words, env={**self.environment, **environment})
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def asks(self, question: Callable[[Engines], Awaitable[T]]) -> T:
        async def ask() -> T:
            engines = open_engines(self.url)
            try:
                return await question(engines)
            finally:
                await engines.dispose()

        return asyncio.run(ask())

    def gives(self, person: Person, *, lasting: timedelta = timedelta(days=30), made: timedelta = timedelta()) -> str:
        """A token for them, made so long ago."""

        async def make(engines: Engines) -> Token:
            async with DatabaseRecords(engines, RecordingStarter(), lambda: None).open() as page:
                at = datetime.now(UTC) - made
                token = await page.add_token(person.id, at, at + lasting)
                await page.commit()
            return token

        return Signer(KEY).sign(self.asks(make))

    def has_seen(self, person: Person, ago: timedelta = timedelta(minutes=14)) -> None:
        """Slack told of them so long ago."""
        self.asks(lambda engines: DatabaseReadings(engines).keep([PersonRead(person, datetime.now(UTC) - ago)]))

    def speaks(self, person: Person, ago: timedelta = timedelta(minutes=14)) -> None:
        """From here on they sit there."""
        self.has_seen(person, ago)
        self.environment["SLIPWAY_TOKEN"] = self.gives(person)

    def record(self) -> list[Happened]:
        async def read(engines: Engines) -> list[Happened]:
            async with DatabaseRecords(engines, RecordingStarter(), lambda: None).read() as page:
                return [each.happened for each in await page.record()]

        return self.asks(read)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, sqlite_url: str, tmp_path: Path, quiet_again) -> Iterator[Terminal]:
    for name in list(os.environ):
        if name.startswith(("SLIPWAY_", "SLACK_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    written(tmp_path)
    deploys(tmp_path, "exit 0")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    asyncio.run(prepare(sqlite_url))
    yield Terminal(sqlite_url, tmp_path)
    monkeypatch.undo()
    time.tzset()


def deploys(folder: Path, script: str) -> None:
    """What deploys does this."""
    program = folder / "deploy"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


async def two_versions(shop: Workshop) -> None:
    """2.3.9 and then 2.4.0 in production, both hotfixes."""
    for ref, version in ((shop.a, "2.3.9"), (shop.b, "2.4.0")):
        number = await shop.approved(ref, version, HOTFIX)
        await shop.deployed(number, PRODUCTION)


async def in_staging(shop: Workshop) -> None:
    """R-1 may go to production but for its checklist."""
    number = await shop.approved(shop.a, "2.4.0", FEATURE)
    await shop.deployed(number, STAGING)


# ---------------------------------------------------------------- who speaks


def test_without_a_token_it_is_said_where_one_comes_from(terminal: Terminal):
    result = terminal.types("rollback", "payments", "now", "It", "burns")
    assert result.exit_code == 2
    assert "no token in SLIPWAY_TOKEN" in result.stderr
    assert "/deploy token" in result.stderr


def test_a_token_in_a_file_is_used_if_nobody_else_can_read_it(terminal: Terminal):
    terminal.has_seen(MAYA)
    file = terminal.folder / ".config" / "slipway" / "token"
    file.parent.mkdir(parents=True)
    file.write_text(terminal.gives(MAYA) + "\n")
    for mode in (0o644, 0o640, 0o604, 0o660):
        file.chmod(mode)
        result = terminal.types("deploy", "token", "list")
        assert result.exit_code == 2
        assert "chmod 600 ~/.config/slipway/token" in result.stderr
    file.chmod(0o600)
    result = terminal.types("deploy", "token", "list")
    assert result.exit_code == 0, result.output
    assert "Maya" in result.stdout
    file.write_text("")
    assert "is empty" in terminal.types("deploy", "token", "list").stderr
    file.unlink()
    file.mkdir()
    assert "can't be read" in terminal.types("deploy", "token", "list").stderr


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda _, token: token[:-4] + "AAAA", "no token of mine"),
        (lambda _, token: token[: len(token) // 2], "no token of mine"),
        (lambda _, token: "hello", "no token of mine"),
        (lambda there, _: there.gives(INES, lasting=timedelta(days=1), made=timedelta(days=2)), "expired"),
        (lambda there, _: Signer(KEY[::-1]).sign(Token(1, INES.id, datetime.now(UTC), datetime.now(UTC))), "of mine"),
    ],
)
def test_a_bad_token_lets_nobody_speak(terminal: Terminal, spoil, says):
    terminal.has_seen(INES)
    spoilt = spoil(terminal, terminal.gives(INES))
    result = terminal.types("rollback", "payments", "now", "It burns", SLIPWAY_TOKEN=spoilt)
    assert result.exit_code == 1
    assert says in result.stderr
    assert spoilt not in result.output
    assert terminal.record() == []


def test_a_token_that_was_revoked_on_the_host_lets_nobody_speak(terminal: Terminal):
    terminal.speaks(INES)
    assert "K-1 is revoked" in terminal.types("token", "revoke", "k1").stdout
    result = terminal.types("rollback", "payments", "now", "It burns")
    assert result.exit_code == 1
    assert "was revoked" in result.stderr
    assert "by Slipway" in result.stderr
    (entry,) = terminal.record()
    assert (entry.verb, entry.by, entry.surface, entry.subject) == ("revoke token", "slipway", "terminal", "K-1")
    assert {"host", "user", "person"} <= entry.detail.keys()


def test_whoever_was_last_seen_deactivated_speaks_no_more(terminal: Terminal):
    terminal.speaks(replace(INES, standing=Standing.DEACTIVATED))
    result = terminal.types("rollback", "payments", "now", "It burns")
    assert result.exit_code == 1
    assert "deactivated" in result.stderr


@pytest.mark.parametrize(
    ("ago", "says"), [(timedelta(hours=25), "25 hours old: more than 24"), (None, "never heard how it stands with you")]
)
def test_whoever_was_not_seen_within_a_day_is_not_taken_at_their_word(terminal: Terminal, ago, says):
    if ago:
        terminal.has_seen(INES, ago)
    result = terminal.types("rollback", "payments", "now", "It burns", SLIPWAY_TOKEN=terminal.gives(INES))
    assert result.exit_code == 1
    assert "I can't check who you are just now" in result.stderr
    assert says in result.stderr
    assert terminal.record() == []


def test_a_setting_that_is_missing_is_named(terminal: Terminal):
    terminal.speaks(INES)
    result = terminal.types("rollback", "payments", "now", "It burns", SLACK_BOT_TOKEN="")
    assert result.exit_code == 2
    assert "SLACK_BOT_TOKEN is not set" in result.stderr
    result = terminal.types("rollback", "payments", "now", "It burns", SLIPWAY_TOKEN_KEY="")
    assert result.exit_code == 1
    assert "SLIPWAY_TOKEN_KEY" in result.stderr


# ---------------------------------------------------------------- the words


def test_what_is_mistyped_is_answered_with_the_nearest_that_works_and_2(terminal: Terminal):
    result = terminal.types("deploy", "R-12", "production")
    assert result.exit_code == 2
    assert "Did you mean slipway deploy R-12 to production?" in result.stderr


def test_help_shows_the_forms_that_work_here(terminal: Terminal):
    shown = terminal.types("deploy", "help").stdout
    assert "slipway deploy confirm R-12 to <environment>" in shown
    assert "slipway deploy token list" in shown
    assert "slipway deploy token [" not in shown
    assert "slipway freeze start" in terminal.types("freeze").stdout
    assert "slipway freeze except" not in terminal.types("freeze").stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("deploy", "token"), "A token is made in Slack"),
        (("freeze", "except", "R-1", "It can't wait"), "asked for and granted in Slack"),
        (("freeze", "grant", "X-1"), "a person's word"),
        (("freeze", "refuse", "X-1", "No"), "a person's word"),
        (("deploy", "train", "T-1"), "A train is put together and answered in Slack"),
        (("deploy", "review", "D-1", "The alarm came late"), "A review is written in Slack"),
        (("rollback", "lift", "V-1", "It was not to blame"), "is said in Slack"),
    ],
)
def test_a_persons_word_is_given_in_slack_alone(terminal: Terminal, words, says):
    terminal.speaks(MAYA)
    result = terminal.types(*words)
    assert result.exit_code == 1
    assert says in result.stderr
    assert f"/{' '.join(words)}" in result.stderr
    assert terminal.record() == []


# ---------------------------------------------------------------- freezes


def test_a_freeze_is_declared_seen_moved_and_ended(terminal: Terminal):
    terminal.speaks(MAYA)
    result = terminal.types("freeze", "start", "production", "until", "tomorrow", "07:00", "Sale", "<50 & more>")
    assert result.exit_code == 0, result.output
    assert "F-1 is declared: production is frozen until" in result.stdout
    assert "slipway freeze end F-1" in result.stdout
    assert "as read 14 minutes ago, since Slack could not be asked" in result.stderr
    assert "No Slipway is at work" in result.stdout
    shown = terminal.types("freeze", "list", SLIPWAY_TOKEN="").stdout
    assert "F-1  production, hard, until" in shown
    assert "Maya: Sale <50 & more>" in shown
    assert "F-1 ends" in terminal.types("freeze", "extend", "F-1", "until", "tomorrow", "09:00").stdout
    assert "F-1 is ended" in terminal.types("freeze", "end", "F-1").stdout
    assert "Nothing is frozen" in terminal.types("freeze", "list").stdout
    again = terminal.types("freeze", "end", "F-1")
    assert again.exit_code == 1
    assert "F-1 was over" in again.stderr
    told = terminal.record()
    assert [each.verb for each in told] == ["freeze", "extend freeze", "end freeze"]
    assert {each.surface for each in told} == {Surface.TERMINAL}
    assert all("roles_as_read_at" in each.detail for each in told)


def test_the_role_is_asked_here_too(terminal: Terminal):
    terminal.speaks(BEN)
    result = terminal.types("freeze", "start", "production", "until", "tomorrow", "07:00", "Sale")
    assert result.exit_code == 1
    assert "Only release-manager can declare, change or end a freeze" in result.stderr
    assert terminal.record() == []


# ---------------------------------------------------------------- deploying


def test_the_preview_shows_what_blocks_and_starts_nothing(terminal: Terminal):
    played(terminal.url, in_staging)
    terminal.speaks(MAYA)
    result = terminal.types("deploy", "R-1", "to", "production")
    assert result.exit_code == 0, result.output
    assert "Deploy R-1 Payments 2.4.0 to production?" in result.stdout
    assert "closed: 1 thing blocks" in result.stdout
    assert "Release notes are written" in result.stdout
    assert "Nothing can start yet. Look again with slipway deploy R-1 to production" in result.stdout
    result = terminal.types("deploy", "confirm", "R-1", "to", "production")
    assert result.exit_code == 1
    assert "Nothing was started" in result.stdout
    assert "Release notes are written" in result.stdout
    assert "confirm deploy" not in [each.verb for each in terminal.record()][-1:]


def test_what_is_open_is_previewed_confirmed_and_followed_to_its_end_here_where_no_slipway_is(terminal: Terminal):
    played(terminal.url, in_staging)
    terminal.speaks(MAYA)
    refused = terminal.types("deploy", "confirm", "R-1", "to", "staging")
    assert refused.exit_code == 1
    assert "Please look first at what would change: slipway deploy R-1 to staging" in refused.stderr
    assert "stands there already" in terminal.types("deploy", "payments", "to", "staging").stdout
    result = terminal.types("deploy", "confirm", "payments", "to", "staging")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "✓ D-2 has started. To stop it: slipway deploy cancel D-2"
    assert "No Slipway is at work, so this terminal does it" in lines[1]
    assert any("D-2 succeeded" in line for line in lines)
    assert lines[-1] == "✓ 2.4.0 is in staging (D-2)."


def test_without_waiting_it_is_begun_and_followed_later(terminal: Terminal):
    played(terminal.url, two_versions)
    terminal.speaks(INES)
    result = terminal.types("rollback", "--no-wait", "payments", "now", "It", "burns")
    assert result.exit_code == 0, result.output
    assert "it begins once one is, or with: slipway follow D-3" in result.stdout
    shown = json.loads(terminal.types("status", "--json").stdout)
    assert shown["processes"] == []
    assert [(each["work"], each["key"], each["state"]) for each in shown["work"]] == [
        ("follow-deployment", 3, "queued")
    ]
    (production,) = [each for each in shown["environments"] if each["environment"] == "production"]
    assert (production["runs"]["version"], production["held_by"]["deployment"]) == ("2.4.0", "D-3")
    words = terminal.types("status").stdout
    assert "No Slipway is at work" in words
    assert "Nobody follows yet:" in words
    assert "D-3 payments 2.3.9 to production: starting" in words
    followed = terminal.types("follow", "d-3")
    assert followed.exit_code == 0, followed.output
    assert "production is back on 2.3.9 (D-3)" in followed.stdout
    assert terminal.types("follow", "D-3").exit_code == 0
    assert terminal.types("follow", "D-9").exit_code == 1
    assert terminal.types("follow", "payments").exit_code == 2


def test_a_deployment_that_fails_ends_with_1_and_the_targets_last_words(terminal: Terminal):
    played(terminal.url, two_versions)
    deploys(terminal.folder, "echo The disk is full; exit 4")
    terminal.speaks(INES)
    result = terminal.types("rollback", "payments", "now", "It burns")
    assert result.exit_code == 1
    assert "D-3 failed: 2.3.9 is not in production." in result.stdout
    assert "The disk is full" in result.stdout
    assert "Ines, please have a look" in result.stdout


# ---------------------------------------------------------------- rolling back


def test_where_nobody_can_be_asked_a_rollback_is_only_shown(terminal: Terminal):
    played(terminal.url, two_versions)
    terminal.speaks(INES)
    result = terminal.types("rollback", "payments", "Refunds go out twice")
    assert result.exit_code == 1
    assert "Roll back Payments in production?" in result.stdout
    assert "2.4.0" in result.stdout
    assert "back to" in result.stdout
    assert "slipway rollback payments in production now <reason>" in result.stderr
    assert "roll back" not in [each.verb for each in terminal.record()]


def test_whoever_may_not_roll_back_in_slack_may_not_here(terminal: Terminal):
    played(terminal.url, two_versions)
    terminal.speaks(RUTH)
    for words in (["payments", "now", "It burns"], ["payments"]):
        result = terminal.types("rollback", *words)
        assert result.exit_code == 1
        assert "Only release-manager and on-call can roll back Payments" in result.stderr
    assert "roll back" not in [each.verb for each in terminal.record()]


# ---------------------------------------------------------------- looking


def test_deployments_are_listed_for_people_and_for_machines(terminal: Terminal):
    played(terminal.url, two_versions)
    terminal.has_seen(MAYA)
    lines = terminal.types("deployments").stdout.splitlines()
    assert lines[1].startswith("D-2  payments  production   2.4.0 (")
    assert "succeeded" in lines[1]
    assert lines[1].endswith("Maya")
    told = json.loads(terminal.types("deployments", "payments", "--json").stdout)
    assert [each["deployment"] for each in told] == ["D-2", "D-1"]
    assert told[0]["state"] == "succeeded"
    none = terminal.types("deployments", "storefront")
    assert none.exit_code == 1
    assert "no deployments of storefront" in none.stderr


def test_status_looks_at_the_database_alone_even_with_a_bad_catalogue(terminal: Terminal):
    played(terminal.url, two_versions)
    shown = terminal.types("status", SLACK_BOT_TOKEN="", SLIPWAY_TOKEN="").stdout
    assert "messages" in shown
    assert "Nothing is frozen now" in shown
    assert "payments  production" in shown
    (terminal.folder / "slipway.yaml").write_text("version: 9\n")
    shown = terminal.types("status")
    assert shown.exit_code == 0
    assert "the catalogue can't be read" in shown.stdout
    assert json.loads(terminal.types("status", "--json").stdout)["environments"] is None


def test_the_hosts_list_of_tokens_tells_none(terminal: Terminal):
    assert "There are no tokens" in terminal.types("token", "list").stdout
    terminal.speaks(MAYA)
    shown = terminal.types("token", "list").stdout
    assert "K-1" in shown
    assert "Maya" in shown
    assert terminal.environment["SLIPWAY_TOKEN"] not in shown
    assert terminal.types("token", "revoke", "R-1").exit_code == 2
    assert terminal.types("token", "revoke", "K-7").exit_code == 1


def test_what_was_begun_from_a_terminal_is_on_the_record_with_how_old_the_roles_were(terminal: Terminal):
    played(terminal.url, two_versions)
    terminal.speaks(INES)
    assert terminal.types("rollback", "payments", "now", "It burns").exit_code == 0
    told = {each.verb: each for each in terminal.record()}
    begun = told["roll back"]
    assert (begun.by, begun.surface) == (INES.id, Surface.TERMINAL)
    age = datetime.now(UTC) - datetime.fromisoformat(begun.detail["roles_as_read_at"])
    assert timedelta(minutes=14) <= age < timedelta(minutes=20)
    assert "roles_as_read_at" not in told["deployment succeeded"].detail


# ---------------------------------------------------------------- what meets another


async def two_on_their_way(shop: Workshop) -> None:
    """2.3.9 is in production, 2.4.0 is on its way there for a minute, 2.4.1 and 2.4.2 are approved."""
    await shop.deployed(await shop.approved(shop.a, "2.3.9", HOTFIX), PRODUCTION)
    shop.target.script = Script(waits=True)
    running = await shop.started(await shop.approved(shop.b, "2.4.0", HOTFIX), PRODUCTION)
    assert running.name == "D-2"
    for ref, version in ((shop.c, "2.4.1"), (shop.d, "2.4.2")):
        await shop.approved(ref, version, HOTFIX)


async def with_an_unknown_outcome(shop: Workshop) -> None:
    """Nobody knows whether 2.4.0 came to production, where 2.3.9 was."""
    await shop.deployed(await shop.approved(shop.a, "2.3.9", HOTFIX), PRODUCTION)
    await shop.with_an_unknown_outcome(await shop.approved(shop.b, "2.4.0", HOTFIX))


def test_what_meets_another_waits_is_passed_and_withdrawn(terminal: Terminal):
    played(terminal.url, two_on_their_way)
    terminal.speaks(MAYA)
    for release in ("R-3", "R-4"):
        assert "To have it wait its turn" in terminal.types("deploy", release, "to", "production").stdout
        confirmed = terminal.types("deploy", "--no-wait", "confirm", release, "to", "production")
        assert confirmed.exit_code == 0, confirmed.output
    assert "D-4 waits its turn behind D-2 (2.4.0, running), D-3 (2.4.1, queued)." in confirmed.stdout
    assert "D-3 payments 2.4.1 to production: queued" in terminal.types("status").stdout
    assert "D-3 goes to the end of the line" in terminal.types("deploy", "pass", "D-3").stdout
    assert "Nobody waits behind D-3" in terminal.types("deploy", "pass", "D-3").stderr
    assert "D-4 is withdrawn; it had not begun" in terminal.types("deploy", "cancel", "D-4").stdout
    assert "D-2 was asked to stop" in terminal.types("deploy", "cancel", "D-2").stdout


def test_an_unknown_outcome_is_settled(terminal: Terminal):
    played(terminal.url, with_an_unknown_outcome)
    terminal.speaks(MAYA)
    assert "only an outcome that nobody knows" in terminal.types("deploy", "settle", "D-1", "failed", "So").stderr
    settled = terminal.types("deploy", "settle", "D-2", "succeeded", "I saw it there")
    assert settled.stdout.splitlines() == ["✓ D-2 is settled as succeeded; its environment is free."]


def test_an_environment_is_locked_and_let_go(terminal: Terminal):
    terminal.speaks(MAYA)
    locked = terminal.types("deploy", "lock", "payments", "production", "2h", "The database moves")
    assert locked.exit_code == 0, locked.output
    assert "production of payments is locked until" in locked.stdout
    assert "no longer locked" in terminal.types("deploy", "unlock", "payments", "production").stdout
    assert terminal.types("deploy", "unlock", "payments", "production").exit_code == 1
    assert [each.surface for each in terminal.record()] == [Surface.TERMINAL, Surface.TERMINAL]


def test_the_glass_is_broken_in_two_steps(terminal: Terminal):
    played(terminal.url, in_staging)
    terminal.speaks(INES)
    words = ("R-1", "to", "production", "Checkout is down and this mends it")
    refused = terminal.types("deploy", "break-glass", "confirm", *words)
    assert refused.exit_code == 1
    looked = terminal.types("deploy", "break-glass", *words)
    assert looked.exit_code == 0, looked.output
    assert "Release notes are written" in looked.stdout
    assert "The role release-manager reviews it within 3 days" in looked.stdout
    command = next(line for line in looked.stdout.splitlines() if "To go ahead" in line)
    assert "slipway deploy break-glass confirm R-1 to production 'Checkout is down and this mends it'" in command
    broken = terminal.types("deploy", "break-glass", "confirm", *words)
    assert broken.exit_code == 0, broken.output
    assert "The glass is broken" in broken.stdout
    assert "2.4.0 is in production (D-2)." in broken.stdout


def test_a_rollback_stops_what_is_on_its_way_and_says_so(terminal: Terminal):
    played(terminal.url, two_on_their_way)
    terminal.speaks(INES)
    shown = terminal.types("rollback", "payments")
    assert "D-2 is on its way there (running): it is stopped" in shown.stdout
    started = terminal.types("rollback", "--no-wait", "payments", "now", "It burns")
    assert "D-3 waits its turn behind D-2 (2.4.0, running)." in started.stdout
