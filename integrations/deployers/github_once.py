"""Once: what GitHub is asked to begin is begun once, although GitHub has no key that would see to that itself.

Before anything is begun it is looked for. Where an answer got lost, nothing is begun again before what was asked for
has had the time to show itself; the deployment's own silence tells of that over restarts.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from bot.ports import Clock, DeployerError
from bot.rules.deployment import Deployment
from integrations.deployers.key import key_of
from integrations.github.errors import GitHubAwayError, GitHubError, GitHubRefusedError

log = logging.getLogger(__name__)

FRESH = timedelta(seconds=10)
"""Nobody can have tried before: no process is given up, and its work taken over, so soon after its turn came."""
LAG = timedelta(seconds=5)
"""How long GitHub may take, on a good day, until what was begun stands in its lists."""
SETTLES = timedelta(minutes=3)
"""How long to look for what may have been begun, before it is begun again."""

Rest = Callable[[float], Awaitable[None]]
_T = TypeVar("_T")


class Once:
    """Begins each deployment once, as far as that can be seen to."""

    def __init__(self, now: Clock, rest: Rest = asyncio.sleep) -> None:
        self._now = now
        self._rest = rest
        self._asked: dict[str, datetime | None] = {}
        """When each was asked for that got no answer; None: for certain nothing came of it."""
        self._off: set[str] = set()
        """What was called off before it was begun."""

    async def begin(
        self,
        deployment: Deployment,
        find: Callable[[], Awaitable[_T | None]],
        make: Callable[[], Awaitable[_T | None]],
    ) -> _T | None:
        """What `find` finds, or else what `make` makes: None if that was taken, and can't be seen yet.

        DeployerError if it was refused, or if nobody knows.
        """
        key = key_of(deployment)
        found = await self._look_for(deployment, find)
        if found is not None:
            self._asked.pop(key, None)
            return found
        if self._called_off(deployment):
            raise DeployerError("It was cancelled before it began.", ended=True)
        unclear = self._unclear_since(deployment)
        if unclear is not None and self._now() - unclear < SETTLES:
            raise DeployerError(
                f"GitHub did not say whether it has taken {deployment.name}, and shows nothing of it yet. Before it is "
                "asked once more, that has some minutes to show.",
                ended=False,
            )
        return await self._make(deployment, make, certain=unclear is None)

    def is_first(self, deployment: Deployment) -> bool:
        """Whether nobody can have begun it before: then what is refused has not begun."""
        key = key_of(deployment)
        if key in self._asked:
            return self._asked[key] is None
        fresh = self._now() - (deployment.since or deployment.order.confirmed_at) < FRESH
        return fresh and deployment.silent_since is None

    def call_off(self, deployment: Deployment) -> None:
        """Nothing of it was found, and nothing is to be begun any more."""
        self._off.add(key_of(deployment))

    def never_began(self, deployment: Deployment) -> bool | None:
        """Whether it was called off before it began, now that nothing of it is found; None: too early to tell."""
        if not self._called_off(deployment):
            return False
        unclear, asked = self._unclear_since(deployment), deployment.cancel_asked_at
        if unclear is not None:
            return None if self._now() - unclear < SETTLES else True
        if asked is not None and not self.is_first(deployment):
            return None if self._now() - asked < LAG else True
        return True

    def _called_off(self, deployment: Deployment) -> bool:
        return deployment.cancel_asked_by is not None or key_of(deployment) in self._off

    def _unclear_since(self, deployment: Deployment) -> datetime | None:
        """Since when it may have begun without our knowing. What this process knows itself, it knows better."""
        return self._asked.get(key_of(deployment), deployment.silent_since)

    async def _look_for(self, deployment: Deployment, find: Callable[[], Awaitable[_T | None]]) -> _T | None:
        first = self.is_first(deployment)
        unknown = not first and deployment.silent_since is None and key_of(deployment) not in self._asked
        try:
            found = await find()
            if found is None and unknown:
                # Another process may have begun it and died the moment after, when lists don't have it yet.
                await self._rest(LAG.total_seconds())
                found = await find()
        except GitHubError as error:
            if first:
                self._asked[key_of(deployment)] = None
            ended = first and isinstance(error, GitHubRefusedError)
            raise DeployerError(str(error), ended=ended) from error
        return found

    async def _make(
        self, deployment: Deployment, make: Callable[[], Awaitable[_T | None]], *, certain: bool
    ) -> _T | None:
        key = key_of(deployment)
        try:
            made = await make()
        except GitHubRefusedError as error:
            raise DeployerError(str(error), ended=certain) from error
        except GitHubError as error:
            self._asked[key] = self._now() if isinstance(error, GitHubAwayError) and error.uncertain else None
            raise DeployerError(str(error), ended=False) from error
        self._asked.pop(key, None)
        return made
