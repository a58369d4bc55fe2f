"""Marked points: where a life may be ended from inside, at the very moment that matters.

The program itself knows nothing of them. A life is dressed before it starts: its ports are replaced by the same with a
mark before and after each write, each word to the target, each look at what is served, each message to Slack, and each
move of the engine.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from bot import wiring
from bot.ports import Available, Deployer, Next, Progress, Served, Started, Verifier, Work
from bot.rules.audit import Happened
from integrations.database import records
from integrations.database.outbox import Outbox, Parcel
from integrations.database.page import DatabasePage
from integrations.engine import Engine, EngineStarter
from integrations.slack import client
from integrations.slack.client import SlackClient

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from bot.rules.deployment import Deployment, Order
    from bot.rules.policy import DeployerChoice, Environment, Service

BEFORE, AFTER = "before", "after"

VERBS = (
    "plan",
    "ask to deploy",
    "confirm deploy",
    "roll back",
    "cancel deploy",
    "cancel release",
    "deployment running",
    "deployment verifying",
    "deployment watching",
    "deployment succeeded",
    "deployment failed",
    "deployment cancelled",
)
"""What a page puts on the record, where its commit is a point of its own."""

OTHERS = "anything else"


def both(what: str) -> tuple[str, str]:
    """The points on both sides of it."""
    return f"{BEFORE} {what}", f"{AFTER} {what}"


WRITES = tuple(point for verb in (*VERBS, OTHERS) for point in both(f"the commit of “{verb}”"))
ENGINE = (
    *both("the engine is handed the work, in the transaction"),
    *both("the engine is handed a word, in the transaction"),
    *both("a move"),
    *both("the work is handed to its next life"),
)
TARGET = (
    *both("the target is told to start"),
    "between asking the target and telling it to start",
    *both("the target is asked how far it is"),
    *both("the target is told to stop"),
    *both("what is served is looked at"),
    *both("its health is looked at"),
)
SLACK = (
    "after parcels are taken",
    *both("a new message is sent"),
    *both("a message is brought up to date"),
    *both("where a message stands is kept"),
    *both("a parcel is noted as sent"),
)
EVERYWHERE = (*WRITES, *ENGINE, *TARGET, *SLACK)
BETWEEN_REPLICAS = both("a dead replica's work is taken over")
"""What one process alone never comes to."""


class Marks:
    """Counts how often each point was passed in this life, and ends it where that was wished for."""

    def __init__(self, armed: Mapping[str, int], last_words: Callable[[str], None]) -> None:
        self._left = dict(armed)
        self._last_words = last_words

    def passes(self, point: str) -> None:
        """This point is passed: the last one of this life, if it was armed for now."""
        if point in self._left:
            self._left[point] -= 1
            if self._left[point] <= 0:
                self._last_words(point)
                os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def around(self, what: str) -> Iterator[None]:
        """Before it, and after it has gone well."""
        self.passes(f"{BEFORE} {what}")
        yield
        self.passes(f"{AFTER} {what}")


class MarkedDeployer:
    """The same deployer."""

    def __init__(self, deployer: Deployer, marks: Marks) -> None:
        self._deployer, self._marks = deployer, marks
        self.capabilities = deployer.capabilities

    async def start(self, deployment: Deployment, service: Service, environment: Environment) -> Started:
        with self._marks.around("the target is told to start"):
            return await self._deployer.start(deployment, service, environment)

    async def follow(self, deployment: Deployment, service: Service, environment: Environment) -> Progress:
        with self._marks.around("the target is asked how far it is"):
            return await self._deployer.follow(deployment, service, environment)

    async def cancel(self, deployment: Deployment, service: Service, environment: Environment) -> None:
        with self._marks.around("the target is told to stop"):
            await self._deployer.cancel(deployment, service, environment)

    async def available(self, order: Order, service: Service, environment: Environment) -> Available:
        return await self._deployer.available(order, service, environment)

    async def check(self, choice: DeployerChoice) -> list[str]:
        return await self._deployer.check(choice)


class MarkedVerifier:
    """The same verifier."""

    def __init__(self, verifier: Verifier, marks: Marks) -> None:
        self._verifier, self._marks = verifier, marks

    async def served(self, environment: Environment) -> Served:
        with self._marks.around("what is served is looked at"):
            return await self._verifier.served(environment)

    async def unhealthy(self, address: str) -> str:
        with self._marks.around("its health is looked at"):
            return await self._verifier.unhealthy(address)


def marked_page(marks: Marks) -> type[DatabasePage]:
    """Each commit is a point, by what it puts on the record."""

    class MarkedPage(DatabasePage):
        _verb = OTHERS

        async def put_on_record(self, happened: Happened) -> None:
            # What follows from it is on the same page: another one that is stopped, a veto.
            if self._verb is OTHERS and happened.verb in VERBS:
                self._verb = happened.verb
            await super().put_on_record(happened)

        async def commit(self) -> None:
            with marks.around(f"the commit of “{self._verb}”"):
                await super().commit()

    return MarkedPage


def marked_starter(marks: Marks) -> type[EngineStarter]:
    """Handing a deployment's work over, and words to it."""

    class MarkedStarter(EngineStarter):
        def start(self, connection: Connection, work: Work, key: int) -> None:
            if work is not Work.FOLLOW_DEPLOYMENT:
                super().start(connection, work, key)
                return
            with marks.around("the engine is handed the work, in the transaction"):
                super().start(connection, work, key)

        def nudge(self, connection: Connection, work: Work, key: int, word: str) -> None:
            if work is not Work.FOLLOW_DEPLOYMENT:
                super().nudge(connection, work, key, word)
                return
            with marks.around("the engine is handed a word, in the transaction"):
                super().nudge(connection, work, key, word)

    return MarkedStarter


def marked_engine(marks: Marks) -> type[Engine]:
    """Each move of a deployment, and what engines do with each other's work."""

    class MarkedEngine(Engine):
        def __init__(
            self, url: str, *, works: Mapping[Work, Callable[[int], Awaitable[Next]]], **settings: Any
        ) -> None:
            super().__init__(url, works={**works, Work.FOLLOW_DEPLOYMENT: self._marked(works)}, **settings)

        @staticmethod
        def _marked(works: Mapping[Work, Callable[[int], Awaitable[Next]]]) -> Callable[[int], Awaitable[Next]]:
            async def move(key: int) -> Next:
                with marks.around("a move"):
                    return await works[Work.FOLLOW_DEPLOYMENT](key)

            return move

        async def _hand_over(self, work: str, key: int, life: int) -> None:
            with marks.around("the work is handed to its next life"):
                await super()._hand_over(work, key, life)

        async def _take_over(self, executor: str) -> None:
            with marks.around("a dead replica's work is taken over"):
                await super()._take_over(executor)

    return MarkedEngine


def marked_outbox(marks: Marks) -> type[Outbox]:
    """What a sender notes."""

    class MarkedOutbox(Outbox):
        async def claim(self, now: datetime, owner: str, lease: timedelta, limit: int) -> list[Parcel]:
            taken = await super().claim(now, owner, lease, limit)
            if taken:
                marks.passes("after parcels are taken")
            return taken

        async def sent(self, parcel: Parcel, now: datetime) -> None:
            with marks.around("a parcel is noted as sent"):
                await super().sent(parcel, now)

        async def keep_anchor(self, name: str, channel: str, ts: str, body_digest: str, now: datetime) -> None:
            with marks.around("where a message stands is kept"):
                await super().keep_anchor(name, channel, ts, body_digest, now)

    return MarkedOutbox


def marked_client(marks: Marks) -> type[SlackClient]:
    """Messages, new ones and changed ones."""

    class MarkedClient(SlackClient):
        async def call(self, method: str, /, **arguments: object) -> Mapping[str, Any]:
            what = {"chat.postMessage": "a new message is sent", "chat.update": "a message is brought up to date"}
            if method not in what:
                return await super().call(method, **arguments)
            with marks.around(what[method]):
                return await super().call(method, **arguments)

    return MarkedClient


@contextmanager
def dressed(marks: Marks) -> Iterator[None]:
    """As long as this lasts, what the wiring wires has marks."""
    with ExitStack() as stack:
        for where, name, marked in (
            (records, "DatabasePage", marked_page(marks)),
            (wiring, "EngineStarter", marked_starter(marks)),
            (wiring, "Engine", marked_engine(marks)),
            (wiring, "Outbox", marked_outbox(marks)),
            (client, "SlackClient", marked_client(marks)),
        ):
            stack.enter_context(patch.object(where, name, marked))
        yield
