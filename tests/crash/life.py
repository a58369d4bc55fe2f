"""One life of a Slipway: the whole of it, as `slipway run` wires it, which also does what it is ordered to.

Orders come over a socket, one JSON line each; they call the same verbs as Slack's handlers do. When whoever orders is
gone, so is this life.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import random
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp

from bot.ports import Suspicion
from bot.rules.deployment import DeploymentId
from bot.rules.people import Actor, Person, PersonId, Standing, Surface
from bot.rules.policy import ChangeTypeName, EnvironmentName, ServiceName
from bot.rules.release import Plan, ReleaseId
from bot.settings import Settings, read
from bot.verbs.ask_deploy import Preview
from bot.verbs.plan_release import Planned
from bot.wired import Verbs
from bot.wiring import Neighbours, Pace, Slipway, running
from integrations.engine import moves
from integrations.slack.pace import AS_FAST_AS_IT_GOES
from integrations.verification import HttpVerifier
from tests.crash.deployer import TargetDeployer
from tests.crash.marks import MarkedDeployer, MarkedVerifier, Marks, dressed
from tests.twins.calendars import FakeCalendars
from tests.twins.code_host import FakeCodeHost
from tests.twins.metrics import FakeMetrics

MOVES_IN_A_LIFE = 6
"""Far fewer than usual, so that handing work over is met as often as everything else."""

PACE = Pace(follow=timedelta(milliseconds=100), speeds=AS_FAST_AS_IT_GOES, drain=timedelta(seconds=5))


@dataclass(frozen=True, slots=True)
class Birth:
    """What a life is born with."""

    life: int
    environment: dict[str, str]
    socket: str
    target: str
    armed: dict[str, int]
    deaths: str


class EveryRef(FakeCodeHost):
    """Has a commit for whatever is named, each beside all others; also for those that were named in another life."""

    async def resolve(self, repository: str, ref: str) -> Any:
        if ref not in self._with(repository).branches:
            sha = hashlib.sha1(f"{repository} {ref}".encode(), usedforsecurity=False).hexdigest()
            self._with(repository, sha)
            self.branch(repository, ref, sha)
        return await super().resolve(repository, ref)

    async def between(self, repository: str, old: str | None, new: str, limit: int = 50) -> Any:
        self._with(repository, new, *([old] if old is not None else ()))
        return await super().between(repository, old, new, limit)

    async def carries(self, repository: str, commit: str, suspicion: Suspicion, limit: int = 10) -> Any:
        self._with(repository, commit, suspicion.good, suspicion.bad)
        return await super().carries(repository, commit, suspicion, limit)

    async def contains(self, repository: str, commit: str, others: Sequence[str]) -> frozenset[str]:
        self._with(repository, commit)
        return await super().contains(repository, commit, others)

    def _with(self, repository: str, *commits: str) -> Any:
        """The repository, with these commits in it, whoever named them first."""
        self.add_repository(repository)
        kept = self._open(repository)
        root = hashlib.sha1(repository.encode(), usedforsecurity=False).hexdigest()
        for sha in (root, *commits):
            if sha not in kept.commits:
                self.commit(repository, "Change", parents=[] if sha == root else [root], sha=sha)
        return kept


def live(birth: Birth) -> None:
    """Live, until killed or told to stop."""
    logging.basicConfig(format=f"{birth.life} %(levelname)s %(name)s: %(message)s", level=logging.WARNING, force=True)
    random.seed(birth.life)
    moves.MOVES_IN_A_LIFE = MOVES_IN_A_LIFE
    asyncio.run(_live(birth))


async def _live(birth: Birth) -> None:
    reader, writer = await asyncio.open_unix_connection(birth.socket)

    def say(**told: Any) -> None:
        writer.write(json.dumps(told).encode() + b"\n")

    def last_words(point: str) -> None:
        words = json.dumps({"life": birth.life, "point": point}).encode() + b"\n"
        file = os.open(birth.deaths, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, words)

    say(life=birth.life)
    marks = Marks(birth.armed, last_words)
    settings = read(birth.environment)
    assert isinstance(settings, Settings), settings
    with dressed(marks):
        async with aiohttp.ClientSession() as session:
            asking = "between asking the target and telling it to start"
            deployer = TargetDeployer(session, birth.target, lambda: marks.passes(asking))
            neighbours = Neighbours(
                deployers={"command": MarkedDeployer(deployer, marks)},
                code_host=EveryRef(),
                verifier=MarkedVerifier(HttpVerifier(session), marks),
                calendars=FakeCalendars(),
                metrics=FakeMetrics(),
            )
            async with running(settings, neighbours=neighbours, pace=PACE) as slipway:
                say(ready=birth.life)
                await _obey(slipway, reader, say)


async def _obey(slipway: Slipway, reader: asyncio.StreamReader, say: Callable[..., None]) -> None:
    """Do what is ordered, several things at a time."""
    at_work = set()
    while line := await reader.readline():
        order = json.loads(line)
        if order["do"] == "stop":
            await asyncio.gather(*at_work)
            return
        task = asyncio.create_task(_carry_out(slipway.verbs, order, say))
        at_work.add(task)
        task.add_done_callback(at_work.discard)
    os._exit(0)  # nobody is left to live for


async def _carry_out(verbs: Verbs, order: dict[str, Any], say: Callable[..., None]) -> None:
    try:
        said = await ORDERS[order["do"]](verbs, order)
    except Exception:  # noqa: BLE001 - it is told, and looked at in the end
        say(n=order["n"], failed=traceback.format_exc(limit=-4))
    else:
        say(n=order["n"], said=type(said).__name__, text=_text(said))


def _text(said: object) -> str:
    match said:
        case Planned():
            return str(said.picture.release.id)
        case Preview():
            return "open" if said.place.open else " ".join(sorted(each.reason for each in said.place.blockers))
        case _:
            return str(getattr(said, "sentence", ""))


def _by(order: dict[str, Any]) -> Actor:
    person = Person(PersonId(order["by"]), order["by"].lower(), standing=Standing.MEMBER)
    return Actor(person, Surface.COMMAND, order["intent"])


async def _plan(verbs: Verbs, order: dict[str, Any]) -> object:
    plan = Plan(
        ServiceName(order["service"]), order["version"], ChangeTypeName("feature"), f"Change {order['version']}"
    )
    return await verbs.plan_release(plan, f"build-{order['version']}", by=_by(order))


async def _ask(verbs: Verbs, order: dict[str, Any]) -> object:
    return await verbs.ask_deploy(ReleaseId(order["release"]), EnvironmentName(order["environment"]), by=_by(order))


async def _confirm(verbs: Verbs, order: dict[str, Any]) -> object:
    return await verbs.confirm_deploy(ReleaseId(order["release"]), EnvironmentName(order["environment"]), by=_by(order))


async def _cancel(verbs: Verbs, order: dict[str, Any]) -> object:
    return await verbs.cancel_deploy(DeploymentId(order["deployment"]), by=_by(order))


async def _roll_back(verbs: Verbs, order: dict[str, Any]) -> object:
    return await verbs.roll_back(
        ServiceName(order["service"]), EnvironmentName(order["environment"]), None, None, "It burns", by=_by(order)
    )


async def _end(verbs: Verbs, order: dict[str, Any]) -> object:
    return await verbs.cancel_release(ReleaseId(order["release"]), "Superseded", by=_by(order))


ORDERS: dict[str, Callable[[Verbs, dict[str, Any]], Awaitable[object]]] = {
    "plan": _plan,
    "ask": _ask,
    "confirm": _confirm,
    "cancel": _cancel,
    "roll back": _roll_back,
    "end": _end,
}
