"""The ground of the measurements: a database with releases planned in it, and the requests that people send."""

from __future__ import annotations

import hashlib
import itertools
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg

from bot.catalogue.loading import load
from bot.rules.audit import Happened
from bot.rules.candidate import Candidate
from bot.rules.checklist import fresh
from bot.rules.people import PersonId, Roles, Surface
from bot.rules.policy import Catalogue, ChangeTypeName, ServiceName
from bot.rules.release import Draft, Plan
from bot.verbs.look import take
from bot.wired import manifest
from handlers.names import CommandNames, Press
from handlers.views.card import release_card
from handlers.views.text import Pen
from integrations.database.engine import open_engines
from integrations.database.records import DatabaseRecords, utc_now
from integrations.database.schema import upgrade
from integrations.deployers.kinds import KINDS
from integrations.engine import EngineStarter
from integrations.sandbox import payloads
from integrations.sandbox.http_delivery import signature
from integrations.sandbox.messages import Message
from tests.stories.world import CAST, CATALOGUE, GROUPS, SECRET, a_workspace

MAYA, OMAR, BEN = (PersonId(CAST[name][0]) for name in ("maya", "omar", "ben"))


@dataclass(frozen=True, slots=True)
class Signed:
    """One request, ready to be sent. `key`: the end of its `response_url`; `release`: the one that it writes about."""

    key: str
    body: bytes
    headers: dict[str, str]
    release: int = 0


class Requests:
    """Makes requests as Slack does. Each has a trigger and a `response_url` of its own: nothing is a repetition."""

    def __init__(self, slack: str) -> None:
        self._slack = slack
        self._workspace = a_workspace(manifest())
        self._numbers = itertools.count(1)

    def command(self, text: str) -> Signed:
        """Omar types that."""
        key = f"k{next(self._numbers)}"
        form = payloads.slash_command(
            self._workspace,
            self._workspace.people[OMAR],
            self._workspace.channel("payments"),
            command="/release",
            text=text,
            trigger_id=f"1.{key}",
            response_url=f"{self._slack}/bench/answers/{key}",
        )
        return _signed(key, form)

    def approval(self, release: int, blocks: list[dict[str, Any]]) -> Signed:
        """Omar presses Approve on that card."""
        key = f"k{next(self._numbers)}"
        ts = self._workspace.next_ts()
        app = self._workspace.app
        card = Message("C0PAYMENTS", ts, app.user_id, f"R-{release}", tuple(blocks), bot_id=app.bot_id)
        pressed, block = next(
            (element, block)
            for block in blocks
            for element in block.get("elements", ())
            if element.get("action_id") == Press.APPROVE
        )
        payload = payloads.message_action(
            self._workspace,
            self._workspace.people[OMAR],
            card,
            action={**pressed, "block_id": block["block_id"], "action_ts": ts},
            state={},
            trigger_id=f"1.{key}",
            response_url=f"{self._slack}/bench/answers/{key}",
        )
        return _signed(key, {"payload": json.dumps(payload)}, release)


def _signed(key: str, form: dict[str, Any], release: int = 0) -> Signed:
    body, stamp = urlencode(form), str(int(time.time()))
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": signature(SECRET, stamp, body),
    }
    return Signed(key, body.encode(), headers, release)


async def planned(url: str, many: int) -> list[list[dict[str, Any]]]:
    """So many releases, R-1 first, each wanting Omar's approval: the blocks of their cards."""
    await upgrade(url)
    agreed = load(CATALOGUE, deployers=KINDS)
    assert isinstance(agreed, Catalogue)
    roles = Roles({name: frozenset(map(PersonId, GROUPS[role.group or ""][1])) for name, role in agreed.roles.items()})
    now, pen = datetime.now(UTC), Pen(agreed.roles, CommandNames())
    engines, starter = open_engines(url), EngineStarter(url)
    try:
        async with DatabaseRecords(engines, starter, lambda: None, utc_now).open() as page:
            cards = []
            for number in range(1, many + 1):
                commit = hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest()
                candidate = Candidate(commit, None, "main", ("lena@example.com",), frozenset(), BEN, now)
                plan = Plan(ServiceName("payments"), f"3.{number}.0", ChangeTypeName("feature"), "Refunds at once")
                items = fresh(agreed.change_types[plan.change_type].checklist)
                release = await page.add_release(Draft(plan, MAYA, now, candidate, items))
                await page.put_on_record(
                    Happened("plan", MAYA, Surface.COMMAND, now, release=release.id, candidate=candidate.identity)
                )
                cards.append(release_card(await take(page, release, agreed, roles=roles, now=now), pen)["blocks"])
            await page.commit()
    finally:
        starter.close()
        await engines.dispose()
    return cards


class Database:
    """The database, looked at from outside: which verdicts are committed. And it can be held, so that nobody writes."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._file = url.split("///", 1)[1] if url.startswith("sqlite") else ""

    @contextmanager
    def looking(self) -> Iterator[Looking]:
        """Look at it, as long as this lasts."""
        if self._file:
            with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=30)) as connection:
                yield Looking(connection)
        else:
            with psycopg.connect(self._url, autocommit=True) as postgres:
                yield Looking(postgres)

    @contextmanager
    def held(self) -> Iterator[Looking]:
        """Nobody else reads or writes a release, as long as this lasts."""
        if self._file:
            with closing(sqlite3.connect(self._file, timeout=30, isolation_level=None)) as connection:
                connection.execute("BEGIN EXCLUSIVE")
                try:
                    yield Looking(connection)
                finally:
                    connection.execute("ROLLBACK")
        else:
            with psycopg.connect(self._url) as postgres:
                postgres.execute("LOCK TABLE releases, intents, verdicts IN ACCESS EXCLUSIVE MODE")
                try:
                    yield Looking(postgres)
                finally:
                    postgres.rollback()


class Looking:
    """One look after another."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def approved(self, releases: list[int]) -> int:
        """How many of these (consecutive) releases have their verdict."""
        between = f"SELECT count(*) FROM verdicts WHERE release_id BETWEEN {min(releases)} AND {max(releases)}"
        return int(self._connection.execute(between).fetchone()[0])


@contextmanager
def a_database(kind: str, folder: Path) -> Iterator[str]:
    """An empty database of one's own: its address. PostgreSQL comes from the test tools' wheel."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'slipway.db'}"
        return
    from tests.postgres import running_postgres  # noqa: PLC0415 - the server's wheel is needed for this alone

    with running_postgres(f"bench-{folder.name}") as server, server.database(empty=True) as url:
        yield url
