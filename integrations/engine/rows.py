"""Looking into the engine's tables: what goes on, what may be forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dbos import DBOSClient, WorkflowStatus
from sqlalchemy import Connection, TableClause, column, or_, select, table

from bot.ports import Work
from integrations.engine.names import FOLLOW, TICK, id_of, root_of
from integrations.engine.store import SCHEMA

ACTIVE = ["ENQUEUED", "PENDING", "DELAYED"]
STUMBLED = ["ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
OVER = ["SUCCESS", "CANCELLED", *STUMBLED]
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Pending:
    """One piece of durable work that goes on.

    `state`: `queued` (nobody has taken it up yet), `moving`, `waiting`, `in trouble` (its last move failed; it waits to
    try again), or `elsewhere` (another process follows it). `until`: when it moves again by itself, where we know.
    """

    work: str
    key: int
    state: str
    since: datetime | None = None
    until: datetime | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """What the engine has to do. `counts`: pieces of work by the name of their work; `failed`: what ended badly."""

    counts: Mapping[str, int]
    pending: tuple[Pending, ...]
    ticks: int
    failed: int


def going_on(connection: Connection, work: Work, key: int) -> str | None:
    """The newest life of that piece of work, by its name in the engine, if it goes on."""
    statuses = _statuses(connection)
    root = id_of(work, key)
    found = connection.execute(
        select(statuses.c.workflow_uuid).where(
            statuses.c.status.in_(ACTIVE),
            or_(statuses.c.workflow_uuid == root, statuses.c.workflow_uuid.startswith(f"{root}/", autoescape=True)),
        )
    )
    return max(found.scalars(), key=_life, default=None)


def begun_with(found: WorkflowStatus) -> tuple[str, int, int]:
    """The work, the key and the life that a piece of work was begun with."""
    assert found.input is not None, "it was asked for with its input"
    work, key, life = found.input["args"]
    return work, key, life


def active(client: DBOSClient) -> list[WorkflowStatus]:
    """All of ours that goes on, the oldest first, with what it was begun with."""
    return client.list_workflows(name=[FOLLOW, TICK], status=ACTIVE, load_output=False)


def held_by(client: DBOSClient, executor: str) -> set[str]:
    """The workflows that this process has taken up, by the engine's record."""
    found = client.list_workflows(
        name=[FOLLOW, TICK], status="PENDING", executor_id=executor, load_input=False, load_output=False
    )
    return {each.workflow_id for each in found}


def stumbled(client: DBOSClient) -> list[tuple[str, int, int]]:
    """Work that the engine ended with an error, which our workflows never do: its name, key and newest life."""
    ended = client.list_workflows(name=FOLLOW, status=STUMBLED, load_output=False)
    newest: dict[str, tuple[str, int, int]] = {}
    for each in ended:
        work, key, life = begun_with(each)
        if life >= newest.get(root_of(each.workflow_id), (work, key, 0))[2]:
            newest[root_of(each.workflow_id)] = (work, key, life)
    later = [id_of(work, key, life + 1) for work, key, life in newest.values()]
    there = {root_of(each.workflow_id) for each in client.list_workflows(workflow_ids=later)} if later else set()
    return [found for root, found in newest.items() if root not in there]


def badly_ended(client: DBOSClient) -> int:
    """How many of ours ended with an error or were cancelled. None should: somebody reached in by hand."""
    bad = ["CANCELLED", *STUMBLED]
    over = client.list_workflows(name=[FOLLOW, TICK], status=bad, load_input=False, load_output=False)
    return len(over)


def has_ticked(client: DBOSClient, prefix: str) -> bool:
    """Whether that schedule ever ticked."""
    found = client.list_workflows(workflow_id_prefix=prefix, limit=1, load_input=False, load_output=False)
    return bool(found)


def forget(client: DBOSClient, before: datetime) -> int:
    """Remove what ended before that moment. A piece of work with a life that goes on keeps all of its lives."""
    kept = {root_of(each.workflow_id) for each in active(client)}
    ended = client.list_workflows(
        name=[FOLLOW, TICK],
        status=OVER,
        completed_before=before.isoformat(),
        load_input=False,
        load_output=False,
    )
    names = [each.workflow_id for each in ended if root_of(each.workflow_id) not in kept]
    for start in range(0, len(names), CHUNK):
        client.delete_workflows(names[start : start + CHUNK])
    return len(names)


def _statuses(connection: Connection) -> TableClause:
    schema = SCHEMA if connection.dialect.name == "postgresql" else None
    return table("workflow_status", column("workflow_uuid"), column("status"), schema=schema)


def _life(workflow_id: str) -> int:
    return int(workflow_id.partition("/")[2] or 1)
