"""The `command` deployer with programs that really run."""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

from bot.ports import Delivery
from bot.rules.deployment import Deployment, Phase
from bot.rules.policy import DeployerChoice
from integrations.deployers.command import CommandDeployer
from integrations.deployers.job import Job
from tests.makers import an_environment
from tests.twins import Script

PLAY = """#!/bin/sh
cd "$(dirname "$0")" || exit 99
echo "$1" >> starts
cat says
if [ -e waits ]; then while [ ! -e go ]; do sleep 0.02; done; fi
exit "$(cat code)"
"""

SHELF = """#!/bin/sh
cd "$(dirname "$0")" || exit 99
grep -qx "$1" kept && exit 0
echo "It was tidied away."
exit 1
"""


class OnABadDisk(CommandDeployer):
    """The same deployer, whose disk sometimes doesn't answer, as disks over a network do."""

    def __init__(self, ground: CommandGround) -> None:
        super().__init__(state=ground.state, grace=timedelta(seconds=2))
        self._ground = ground

    def _job(self, deployment: Deployment) -> Job:
        if self._ground.is_down:
            return Job(self._state / ("x" * 300))  # a name that no disk can answer for
        return super()._job(deployment)

    async def _see_it_begin(self, job: Job) -> None:
        await super()._see_it_begin(job)
        if self._ground.loses_one:
            self._ground.loses_one = False
            raise OSError(errno.EIO, os.strerror(errno.EIO))


class CommandGround:
    """A program, its state, and a shelf of artifacts, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state = folder, folder / "state"
        self.is_down = self.loses_one = False
        self.program = self._script("play", PLAY)
        self.shelf = self._script("shelf", SHELF)
        (folder / "kept").touch()
        settings = {"program": [str(self.program), "{deployment}"], "artifact": [str(self.shelf), "{commit}"]}
        self.environment = an_environment(deployer=DeployerChoice("command", settings))
        self.deployer = self.another()
        self.plays(Script())

    def _script(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.write_text(text)
        file.chmod(0o755)
        return file

    def another(self) -> CommandDeployer:
        return OnABadDisk(self)

    def plays(self, script: Script) -> None:
        (self.folder / "says").write_text("".join(f"{line}\n" for line in script.says))
        (self.folder / "code").write_text(str(script.code))
        if script.waits:
            (self.folder / "waits").touch()

    def lets_go(self) -> None:
        (self.folder / "go").touch()

    def refuses(self) -> None:
        self.program.chmod(stat.S_IRUSR)

    def starts(self) -> int:
        noted = self.folder / "starts"
        return len(noted.read_text().splitlines()) if noted.exists() else 0

    def goes_down(self) -> None:
        self.is_down = True

    def comes_up(self) -> None:
        self.is_down = False

    def loses_the_next_answer(self) -> None:
        self.loses_one = True

    def loses_everything(self) -> None:
        for file in (*self.state.glob("*/claim.json"), *self.state.glob("*/program.json")):
            os.kill(json.loads(file.read_text())["pid"], signal.SIGKILL)

    def keeps(self, *commits: str) -> None:
        (self.folder / "kept").write_text("".join(f"{each}\n" for each in commits))

    def goes_blind(self) -> None:
        self.shelf.write_text("#!/bin/sh\necho the registry does not answer\nexit 7\n")

    def says_nothing_of_artifacts(self) -> None:
        only = {"program": self.environment.deployer.settings["program"]}
        self.environment = replace(self.environment, deployer=DeployerChoice("command", only))

    def says_it_deploys(self, commit: str) -> NoReturn:
        raise AssertionError("no test asks this of a deployer that says it can't")

    def word(self, deployment: Deployment, phase: Phase, *, forged: bool = False) -> Delivery:
        raise AssertionError("no test asks this of a deployer that says it can't")


@asynccontextmanager
async def a_host(folder: Path) -> AsyncIterator[CommandGround]:
    ground = CommandGround(folder)
    yield ground
    ground.lets_go()  # no program outlives its test


GROUNDS = {"command": a_host}
