"""A target on disk that any number of processes deploy to: what was asked of it, and what it did.

It knows a deployment by its number, as every target must: asked twice, it begins once.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from bot.ports import Capabilities, Progress, Started
from bot.rules.deployment import Deployment, Phase
from bot.rules.policy import DeployerChoice, Environment, Service


class DiskTarget:
    """A folder. `lasts`: seconds that a deployment takes."""

    def __init__(self, folder: Path, lasts: float = 0.5) -> None:
        self._folder = folder
        self._lasts = lasts

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(cancels=True, survives_restart=True, links=False)

    async def start(self, deployment: Deployment, service: Service, environment: Environment) -> Started:
        """Begin it, unless it has begun. Where a test has put a stone in the way, wait in the middle."""
        del service, environment
        self.note("asked", deployment.id)
        while self.stone(deployment.id).exists():  # noqa: ASYNC110 - another process takes it away
            await asyncio.sleep(0.02)
        self.note("arrived", deployment.id)
        try:
            begun = os.open(self._begun(deployment), os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        except FileExistsError:
            pass
        else:
            os.close(begun)
            self.note("began", deployment.id)
        return Started(ref=deployment.name)

    async def follow(self, deployment: Deployment, service: Service, environment: Environment) -> Progress:
        del service, environment
        self.note("looked", deployment.id)
        try:
            age = time.time() - self._begun(deployment).stat().st_mtime
        except FileNotFoundError:
            return Progress(Phase.LOST, f"Nothing is known of {deployment.name} here.")
        if age < self._lasts or self.dam.exists():
            return Progress(Phase.RUNNING, f"{age / self._lasts:.0%}")
        return Progress(Phase.SUCCEEDED, "Done.")

    async def cancel(self, deployment: Deployment, service: Service, environment: Environment) -> None:
        """Nobody cancels here."""

    async def check(self, choice: DeployerChoice) -> list[str]:
        del choice
        return []

    @property
    def dam(self) -> Path:
        """While this file is there, no deployment ends."""
        return self._folder / "dam"

    def stone(self, number: int) -> Path:
        """While this file is there, a start of that deployment gets no further."""
        return self._folder / f"stone-{number}"

    def _begun(self, deployment: Deployment) -> Path:
        return self._folder / f"begun-{deployment.id}"

    def note(self, what: str, number: int) -> None:
        """Leave a line of what happened."""
        with (self._folder / "noted").open("a") as noted:
            noted.write(f"{what} {number} {os.getpid()} {time.time():.3f}\n")

    # ------------------------------------------------------------ what a test reads

    def noted(self, what: str, number: int | None = None) -> list[tuple[int, int, float]]:
        """Deployment, process and moment of everything of that kind, in order."""
        path = self._folder / "noted"
        lines = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
        found = [(int(each[1]), int(each[2]), float(each[3])) for each in lines if each[0] == what and len(each) == 4]
        return [each for each in found if number in {None, each[0]}]

    def follower(self, number: int) -> int:
        """The process that looked at it last."""
        return self.noted("looked", number)[-1][1]
