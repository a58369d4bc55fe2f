"""Hands: people who plan, look, confirm, cancel and roll back, each at one place, over all the deaths in between.

They do what people and Slack do when nobody answers: the same again (a repeated delivery, under the same intent), or a
look at how things stand, and then what is due.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.crash.fleet import DiedError, Fleet

PEOPLE = ("U0MAYA", "U0INES")
LOOK_EVERY = 0.15
LOOKS = 40
"""So often somebody looks whether the gate has read what it has to read, before they go on to something else."""
ENDS = frozenset({"succeeded", "failed", "cancelled", "unknown"})


class Look(Protocol):
    """What anybody can see of the record."""

    async def newest(self, service: str, environment: str, many: int) -> list[tuple[int, str]]:
        """So many of the newest deployments there, and how far each is."""
        ...

    async def release(self, service: str, version: str) -> int | None:
        """The number of that release, if it is there."""
        ...


@dataclass(slots=True)
class Tally:
    """What people did, and what became of it at once."""

    said: Counter[str] = field(default_factory=Counter)
    interrupted: Counter[str] = field(default_factory=Counter)
    repeated: Counter[str] = field(default_factory=Counter)
    answered: dict[str, str] = field(default_factory=dict)
    """Intents that were answered with a yes, and the answer."""


@dataclass(slots=True)
class Hands:
    """Somebody at one place."""

    fleet: Fleet
    look: Look
    service: str
    environment: str
    rng: random.Random
    tally: Tally
    enough: Callable[[], bool]
    _numbers: int = 0

    @property
    def place(self) -> str:
        return f"{self.service}/{self.environment}"

    async def work(self) -> None:
        """One release after the other, until it is enough; what was begun comes to its end."""
        while not self.enough():
            release = await self._planned()
            if release is None:
                continue
            for _ in range(self.rng.choice((1, 1, 2))):
                await self._deployed(release)
            if self.rng.random() < 0.4:
                await self._surely("roll back", self.rng.choice(PEOPLE), twice=self.rng.random() < 0.3)
                await self._watched()
            await self._surely("end", PEOPLE[0], stubborn=True, release=release)

    async def _planned(self) -> int | None:
        self._numbers += 1
        version = f"{self._numbers}.{self.environment}"
        await self._surely("plan", PEOPLE[0], stubborn=True, version=version)
        return await self.look.release(self.service, version)

    async def _deployed(self, release: int) -> None:
        """Look, confirm, and watch; perhaps stop it on the way."""
        first = self.rng.choice(PEOPLE)
        before = await self._last()
        for _ in range(LOOKS):
            told = await self._surely("ask", first, release=release)
            if told is None or told["text"] != "vetoed":
                break
            await asyncio.sleep(LOOK_EVERY)  # until it is read whether the candidate has what was rolled back
        if told is None or told["text"] != "open":
            return
        if self.rng.random() < 0.2:
            # Two people at once, each on their own account: one of the two starts it.
            await asyncio.gather(*(self._surely("confirm", each, release=release) for each in PEOPLE))
        else:
            await self._surely("confirm", first, twice=self.rng.random() < 0.3, release=release)
        if self.rng.random() < 0.35:
            await asyncio.sleep(self.rng.uniform(0, 0.4))
            last = await self._last()
            if last > before:
                await self._surely("cancel", self.rng.choice(PEOPLE), deployment=last)
        await self._watched()

    async def _surely(
        self, do: str, by: str, *, twice: bool = False, stubborn: bool = False, **more: Any
    ) -> dict[str, Any] | None:
        """Order it, `twice` as a double click does; what was said, None if nobody lived to say it.

        Interrupted, it is repeated under the same intent, by the `stubborn` always, by others only now and then.
        """
        self._numbers += 1
        intent = f"crash {do} {self.place} {self._numbers}"
        order = {
            "do": do,
            "by": by,
            "intent": intent,
            "service": self.service,
            "environment": self.environment,
            **more,
        }
        told = None
        for attempt in itertools.count():
            lives = await self.fleet.somebody(self.rng, 2 if twice else 1)
            both = lives * 2 if twice and len(lives) == 1 else lives
            if attempt:
                self.tally.repeated[do] += 1
            answers = await asyncio.gather(*(self.fleet.order(life, **order) for life in both), return_exceptions=True)
            heard = [each for each in answers if isinstance(each, dict)]
            for each in heard:
                self.tally.said[f"{do}: {each.get('said', 'failed')}"] += 1
                if each.get("said") in {"Confirmed", "RollingBack"}:
                    self.tally.answered[intent] = each["said"]
            told = next((each for each in heard if each.get("said", "Repeated") != "Repeated"), None) or told
            strange = [e for e in answers if isinstance(e, BaseException) and not isinstance(e, DiedError)]
            if strange:
                raise strange[0]
            if not any(isinstance(each, DiedError) for each in answers):
                return told
            self.tally.interrupted[do] += 1
            if not stubborn and self.rng.random() < 0.4:
                return told
        raise AssertionError  # it is counted for ever

    async def _watched(self) -> None:
        """Until nothing is on its way here."""
        while True:
            newest = await self.look.newest(self.service, self.environment, 5)
            if all(attempt in ENDS for _, attempt in newest):
                return
            await asyncio.sleep(LOOK_EVERY)

    async def _last(self) -> int:
        newest = await self.look.newest(self.service, self.environment, 1)
        return newest[0][0] if newest else 0
