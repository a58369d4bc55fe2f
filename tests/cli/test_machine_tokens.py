"""Machine tokens, on the host: made and shown once, seen without themselves, revoked; all of it on the record."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.ports import Reading
from bot.rules.machine_token import MachineToken, Scope, digest_of, is_one
from bot.rules.token import Token
from integrations.database.engine import open_engines
from integrations.database.records import DatabaseRecords
from tests.fakes import RecordingStarter
from tests.people import MAYA


class Host:
    """Whoever sits there, and the database."""

    def __init__(self, url: str) -> None:
        self.url = url

    def types(self, *words: str, **environment: str) -> Result:
        return CliRunner().invoke(
            main, ["token", *words], env={"SLIPWAY_DATABASE_URL": self.url, "COLUMNS": "140", **environment}
        )

    def makes(self, name: str = "deploy pipeline", *more: str, scope: str = "gate:read") -> str:
        result = self.types("make", name, "--scope", scope, *more)
        assert result.exit_code == 0, result.output
        return result.stdout.strip()

    def reads(self, question: Callable[[Reading], Awaitable[Any]]) -> Any:
        async def ask() -> Any:
            engines = open_engines(self.url)
            try:
                async with DatabaseRecords(engines, RecordingStarter(), lambda: None).read() as page:
                    return await question(page)
            finally:
                await engines.dispose()

        return asyncio.run(ask())

    def tokens(self) -> list[MachineToken]:
        found: list[MachineToken] = self.reads(lambda page: page.machine_tokens())
        return found

    def record(self) -> list[Any]:
        return [each.happened for each in self.reads(lambda page: page.record())]


@pytest.fixture
def host(sqlite_url: str) -> Host:
    return Host(sqlite_url)


def test_a_token_is_shown_once_and_alone_where_it_can_be_led_on(host: Host):
    result = host.types("make", "deploy pipeline", "--scope", "gate:read", "--scope", "releases:read")

    assert result.exit_code == 0, result.output
    token = result.stdout.strip()
    assert is_one(token)
    assert "M-1 (deploy pipeline) reads gate:read, releases:read until" in result.stderr
    assert token not in result.stderr
    assert token not in host.types("list").output
    (kept,) = host.tokens()
    assert (kept.grant.digest, kept.grant.scopes) == (digest_of(token), {Scope.GATE, Scope.RELEASES})


def test_it_lasts_ninety_days_unless_somebody_says_how_long(host: Host):
    host.makes()
    host.makes("for today", "--expires", "24h")
    lasting = [each.grant.expires_at - each.grant.made_at for each in host.tokens()]
    assert lasting == [timedelta(days=1), timedelta(days=90)]
    assert all(abs(datetime.now(UTC) - each.grant.made_at) < timedelta(minutes=5) for each in host.tokens())


def test_making_and_revoking_are_on_the_record_with_who_sat_there(host: Host):
    token = host.makes()
    revoked = host.types("revoke", "m1")
    assert (revoked.exit_code, "M-1 is revoked" in revoked.stdout) == (0, True)

    made, gone = host.record()
    assert (made.verb, made.by, made.surface, made.subject) == ("make machine token", "slipway", "terminal", "M-1")
    assert (made.detail["label"], made.detail["scopes"]) == ("deploy pipeline", ["gate:read"])
    assert {"host", "user", "expires_at"} <= made.detail.keys()
    assert (gone.verb, gone.subject) == ("revoke machine token", "M-1")
    assert {"host", "user", "label"} <= gone.detail.keys()
    assert token not in repr((made, gone))
    assert digest_of(token) not in repr((made, gone))
    assert not host.tokens()[0].good(datetime.now(UTC))


def test_the_list_shows_what_each_is_for_and_whether_it_is_used(host: Host):
    host.makes("first")
    host.makes("second", scope="audit:read")
    host.types("revoke", "M-1")

    shown = host.types("list").stdout

    assert re.search(r"M-2\s+second\s+audit:read\s+.+never\s+good until", shown)
    assert re.search(r"M-1\s+first\s+gate:read\s+.+never\s+revoked .+ by Slipway", shown)


def test_personal_tokens_are_listed_beside_them(host: Host):
    async def make(page: Any) -> Token:
        made: Token = await page.add_token(MAYA.id, datetime.now(UTC), datetime.now(UTC) + timedelta(days=30))
        await page.commit()
        return made

    async def run() -> None:
        engines = open_engines(host.url)
        try:
            async with DatabaseRecords(engines, RecordingStarter(), lambda: None).open() as page:
                await make(page)
        finally:
            await engines.dispose()

    assert "There are no tokens." in host.types("list").stdout
    asyncio.run(run())
    host.makes()
    shown = host.types("list").stdout
    assert re.search(r"K-1\s+U0MAYA", shown)
    assert "M-1" in shown
    assert "There are no tokens." not in shown


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("make", "pipeline"), 2, "--scope"),
        (("make", "pipeline", "--scope", "gate:write"), 2, "gate:write"),
        (("make", "--scope", "gate:read"), 2, "NAME"),
        (("make", "a\nb", "--scope", "gate:read"), 1, "a name on one line"),
        (("make", " ", "--scope", "gate:read"), 1, "a name on one line"),
        (("make", "x" * 61, "--scope", "gate:read"), 1, "at most 60"),
        (("make", "pipeline", "--scope", "gate:read", "--expires", "400d"), 2, "longer than a year"),
        (("make", "pipeline", "--scope", "gate:read", "--expires", "soon"), 2, "soon"),
        (("revoke", "M-7"), 1, "There is no token M-7."),
        (("revoke", "7"), 2, "a person's is written like K-3, a machine's like M-3"),
        (("revoke", "R-7"), 2, "“R-7” is not a token"),
    ],
)
def test_what_can_not_be_done_is_said_and_leaves_nothing(host: Host, words, code, says):
    result = host.types(*words)
    assert result.exit_code == code, result.output
    assert says in result.stderr
    assert host.tokens() == []
    assert host.record() == []


def test_a_token_is_revoked_once(host: Host):
    host.makes()
    assert host.types("revoke", "M-1").exit_code == 0
    again = host.types("revoke", "M-1")
    assert (again.exit_code, "M-1 was revoked" in again.stderr) == (1, True)
    assert len(host.record()) == 2


def test_what_a_name_holds_can_not_write_over_the_terminal(host: Host):
    refused = host.types("make", "a\x1b[2Jb", "--scope", "gate:read")
    assert (refused.exit_code, "\x1b" in refused.output) == (1, False)
