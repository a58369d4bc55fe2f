"""Every question that a screen asks is answered from an index; no table is searched from end to end."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from bot.rules.candidate import Seal
from bot.rules.deployment import DeploymentId
from bot.rules.freeze import ExceptionId, FreezeId
from bot.rules.lock import LockId
from bot.rules.machine_token import MachineTokenId
from bot.rules.protected_run import ProtectedRunId
from bot.rules.release import ReleaseId
from bot.rules.token import TokenId
from bot.rules.train import TrainId
from bot.rules.veto import VetoId
from integrations.database.outbox import Outbox
from integrations.database.tables import metadata
from tests.grounds import DatabaseGround, database_ground
from tests.makers import NOW, PAYMENTS, PRODUCTION, a_candidate, a_draft, sha
from tests.people import MAYA

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from bot.ports import Reading

R1 = ReleaseId(1)
QUESTIONS: dict[str, Callable[[Reading], Awaitable[Any]]] = {
    "a release": lambda reading: reading.release(R1),
    "releases": lambda reading: reading.releases(),
    "open releases": lambda reading: reading.releases(open_only=True),
    "a service's releases": lambda reading: reading.releases(service=PAYMENTS),
    "a service's open releases": lambda reading: reading.releases(service=PAYMENTS, open_only=True),
    "the next page of releases": lambda reading: reading.releases(before=ReleaseId(100)),
    "ended releases": lambda reading: reading.releases(ended_only=True),
    "the next page of a service's releases": lambda reading: reading.releases(service=PAYMENTS, before=ReleaseId(100)),
    "my releases": lambda reading: reading.releases(requested_by=MAYA.id),
    "my open releases": lambda reading: reading.releases(requested_by=MAYA.id, open_only=True),
    "these releases": lambda reading: reading.releases(ids=[R1]),
    "a deployment": lambda reading: reading.deployment(DeploymentId(1)),
    "deployments": lambda reading: reading.deployments(),
    "running deployments": lambda reading: reading.deployments(holding_only=True),
    "a service's deployments": lambda reading: reading.deployments(service=PAYMENTS),
    "an environment's deployments": lambda reading: reading.deployments(service=PAYMENTS, environment=PRODUCTION),
    "what holds an environment": lambda reading: reading.deployments(
        service=PAYMENTS, environment=PRODUCTION, holding_only=True
    ),
    "a release's deployments": lambda reading: reading.deployments(release=R1),
    "a week's deployments": lambda reading: reading.deployments(service=PAYMENTS, since=NOW - timedelta(days=7)),
    "the next page of deployments": lambda reading: reading.deployments(before=DeploymentId(100)),
    "the next page of an environment's deployments": lambda reading: reading.deployments(
        service=PAYMENTS, environment=PRODUCTION, before=DeploymentId(100)
    ),
    "what the gate needs": lambda reading: reading.history_for(PAYMENTS, R1),
    "what the gates of several releases need": lambda reading: reading.history_for(PAYMENTS, R1, ReleaseId(2)),
    "a freeze": lambda reading: reading.freeze(FreezeId(1)),
    "freezes": lambda reading: reading.freezes(),
    "freezes now and to come": lambda reading: reading.freezes(not_over_at=NOW),
    "freezes from a calendar": lambda reading: reading.freezes_from("weekends/", not_over_at=NOW),
    "an exception": lambda reading: reading.exception(ExceptionId(1)),
    "exceptions": lambda reading: reading.exceptions(),
    "exceptions of these releases": lambda reading: reading.exceptions(releases=[R1, ReleaseId(2)]),
    "exceptions from a freeze": lambda reading: reading.exceptions(freeze=FreezeId(1)),
    "a quarter's exceptions": lambda reading: reading.exceptions(since=NOW - timedelta(days=90)),
    "a lock": lambda reading: reading.lock(LockId(1)),
    "locks": lambda reading: reading.locks(not_over_at=NOW),
    "locks for a release": lambda reading: reading.locks(not_over_at=NOW, release=R1),
    "the lock on a place": lambda reading: reading.lock_on(PAYMENTS, PRODUCTION),
    "a veto": lambda reading: reading.veto(VetoId(1)),
    "a service's vetoes": lambda reading: reading.vetoes(PAYMENTS),
    "what was read about them": lambda reading: reading.findings(PAYMENTS, [sha("one"), sha("two")]),
    "calendars": lambda reading: reading.calendars(),
    "absences": lambda reading: reading.absences(not_over_at=NOW),
    "my absences": lambda reading: reading.absences(not_over_at=NOW, person=MAYA.id),
    "whom people asked": lambda reading: reading.asked(R1),
    "what checks said": lambda reading: reading.checks(PAYMENTS, sha("first")),
    "a token": lambda reading: reading.token(TokenId(1)),
    "tokens": lambda reading: reading.tokens(),
    "my tokens": lambda reading: reading.tokens(person=MAYA.id),
    "who can speak from a terminal": lambda reading: reading.tokens(good_at=NOW),
    "a machine token": lambda reading: reading.machine_token(MachineTokenId(1)),
    "the machine token that is shown": lambda reading: reading.machine_token_by("a" * 64),
    "machine tokens": lambda reading: reading.machine_tokens(),
    "a protected run": lambda reading: reading.protected_run(ProtectedRunId(1)),
    "who asked": lambda reading: reading.ask(R1, PRODUCTION, Seal("abc")),
    "a review": lambda reading: reading.review(DeploymentId(1)),
    "reviews": lambda reading: reading.reviews(),
    "reviews that are owed": lambda reading: reading.reviews(open_only=True),
    "what I broke": lambda reading: reading.reviews(open_only=True, broken_by=MAYA.id),
    "a release's reviews": lambda reading: reading.reviews(release=R1),
    "a train": lambda reading: reading.train(TrainId(1)),
    "trains on their way": lambda reading: reading.trains(),
    "trains to an environment": lambda reading: reading.trains(environment=PRODUCTION),
    "the train of a deployment": lambda reading: reading.train_with(DeploymentId(1)),
    "the record": lambda reading: reading.record(),
    "the record's next page": lambda reading: reading.record(after=1000),
    "a release's record": lambda reading: reading.record(release=R1),
    "the record's last day": lambda reading: reading.record(since=NOW),
}
SENDERS: dict[str, Callable[[Outbox], Awaitable[Any]]] = {
    "what may be sent": lambda box: box.claim(NOW, "me", timedelta(seconds=30), 10),
    "when something may be sent": lambda box: box.next_moment(),
    "how much waits": lambda box: box.depth(),
    "what was given up": lambda box: box.given_up(),
    "what may be forgotten": lambda box: box.prune(NOW),
}
READ_IN_ORDER = {
    "releases": "SCAN releases",
    "deployments": "SCAN deployments",
    "the record": "SCAN audit",
    "freezes": "SCAN freezes USING INDEX ix_freezes_starts_at_id",
    "exceptions": "SCAN freeze_exceptions USING INDEX ix_freeze_exceptions_asked_at_id",
    "calendars": "SCAN calendars",
    "reviews": "SCAN reviews USING INDEX ix_reviews_due_at_id",
    "tokens": "SCAN tokens",
    "machine tokens": "SCAN machine_tokens",
    "ended releases": "SCAN releases",
}
"""What has no condition: read in its order until the page is full."""
TABLES = tuple(metadata.tables)


@pytest.fixture
async def there(sqlite_url: str) -> AsyncIterator[DatabaseGround]:
    """SQLite says in one line what it does with a question."""
    async with database_ground(sqlite_url) as ground:
        async with ground.records.open() as page:
            await page.add_release(a_draft(candidate=a_candidate()))
            await page.commit()
        yield ground


@contextmanager
def noted(there: DatabaseGround) -> Iterator[list[tuple[str, Any]]]:
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            asked.append((statement, parameters))

    engines = (there.engines.reading.sync_engine, there.engines.writing.sync_engine)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield asked
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


async def plans(there: DatabaseGround, asked: list[tuple[str, Any]]) -> list[str]:
    lines = []
    async with there.engines.reading.connect() as connection:
        for statement, parameters in asked:
            rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            lines += [row.detail for row in rows]
    return lines


def searched_whole(lines: list[str]) -> set[str | None]:
    assert lines
    return {line for line in lines if line.startswith("SCAN ") and line.split()[1] in TABLES}


@pytest.mark.parametrize("question", QUESTIONS)
async def test_a_screens_question_is_answered_from_an_index(there: DatabaseGround, question: str) -> None:
    with noted(there) as asked:
        async with there.records.read() as reading:
            await QUESTIONS[question](reading)
    assert searched_whole(await plans(there, asked)) <= {READ_IN_ORDER.get(question)}


@pytest.mark.parametrize("question", SENDERS)
async def test_a_senders_question_is_answered_from_an_index(there: DatabaseGround, question: str) -> None:
    with noted(there) as asked:
        await SENDERS[question](Outbox(there.engines))
    assert searched_whole(await plans(there, asked)) == set()


async def test_this_test_would_see_a_table_that_is_searched_whole(there: DatabaseGround) -> None:
    asked = [("SELECT * FROM releases WHERE title = ? ORDER BY version", ("x",))]
    assert searched_whole(await plans(there, asked)) == {"SCAN releases"}
