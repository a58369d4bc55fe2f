"""What every deployer promises, held against the twin and against programs that really run."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest

from bot.ports import Available, Deployer, DeployerError, Progress
from bot.rules.deployment import Phase
from bot.rules.policy import DeployerChoice, Environment
from integrations.deployers.command import CommandDeployer
from tests.crash.ground import a_target_ground
from tests.makers import a_deployment, a_service, an_environment
from tests.twins import FakeDeployer, FakeTarget, Script

D40 = a_deployment(40)
SERVICE = a_service()

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


class Ground(Protocol):
    """A deployer and the target behind it."""

    deployer: Deployer
    environment: Environment

    def plays(self, script: Script) -> None: ...
    def lets_go(self) -> None: ...
    def refuses(self) -> None: ...
    def loses_everything(self) -> None: ...
    def starts(self) -> int: ...
    def another(self) -> Deployer: ...
    def keeps(self, *commits: str) -> None: ...
    def goes_blind(self) -> None: ...
    def says_nothing_of_artifacts(self) -> None: ...


class TwinGround:
    def __init__(self) -> None:
        self.target = FakeTarget()
        self.deployer = FakeDeployer(self.target)
        self.environment = an_environment(deployer=DeployerChoice("fake", {"program": ["play"]}))

    def plays(self, script):
        self.target.script = script

    def lets_go(self):
        self.target.lets_go()

    def refuses(self):
        self.target.refuses = "The target takes no deployments today."

    def loses_everything(self):
        self.target.loses_everything()

    def starts(self):
        return len(self.target.started)

    def another(self):
        return FakeDeployer(self.target)

    def keeps(self, *commits):
        self.target.gone = {D40.order.candidate.commit} - set(commits)

    def goes_blind(self):
        self.target.blind = "The registry does not answer."

    def says_nothing_of_artifacts(self):
        self.target.remembers = False


class CommandGround:
    def __init__(self, folder: Path) -> None:
        self.folder, self.state = folder, folder / "state"
        self.program = folder / "play"
        self.program.write_text(PLAY)
        self.program.chmod(0o755)
        self.deployer = self.another()
        self.environment = an_environment(
            deployer=DeployerChoice("command", {"program": [str(self.program), "{deployment}"]})
        )
        self.plays(Script())
        self.shelf = folder / "shelf"
        self.shelf.write_text(SHELF)
        self.shelf.chmod(0o755)
        asks = {"artifact": [str(self.shelf), "{commit}"]}
        self.environment = replace(
            self.environment, deployer=DeployerChoice("command", {**self.environment.deployer.settings, **asks})
        )
        (folder / "kept").touch()

    def keeps(self, *commits):
        (self.folder / "kept").write_text("".join(f"{each}\n" for each in commits))

    def goes_blind(self):
        self.shelf.write_text("#!/bin/sh\necho the registry does not answer\nexit 7\n")

    def says_nothing_of_artifacts(self):
        only = {"program": self.environment.deployer.settings["program"]}
        self.environment = replace(self.environment, deployer=DeployerChoice("command", only))

    def plays(self, script):
        (self.folder / "says").write_text("".join(f"{line}\n" for line in script.says))
        (self.folder / "code").write_text(str(script.code))
        if script.waits:
            (self.folder / "waits").touch()

    def lets_go(self):
        (self.folder / "go").touch()

    def refuses(self):
        self.program.chmod(stat.S_IRUSR)

    def loses_everything(self):
        for file in (*self.state.glob("*/claim.json"), *self.state.glob("*/program.json")):
            os.kill(json.loads(file.read_text())["pid"], signal.SIGKILL)

    def starts(self):
        record = self.folder / "starts"
        return len(record.read_text().splitlines()) if record.exists() else 0

    def another(self):
        return CommandDeployer(state=self.state, grace=timedelta(seconds=2))


@pytest.fixture(params=["twin", "command", "the crash harness's"])
async def ground(request, tmp_path):
    if request.param == "the crash harness's":
        async with a_target_ground() as ready:
            yield ready
        return
    ready = TwinGround() if request.param == "twin" else CommandGround(tmp_path)
    yield ready
    ready.lets_go()  # no program outlives its test


async def until(deployer: Deployer, environment: Environment, *phases: Phase, step: str = "") -> Progress:
    """Follow until it is in one of these phases, and says that."""
    deadline = time.monotonic() + 20
    while True:
        progress = await deployer.follow(D40, SERVICE, environment)
        if progress.phase in phases and step in progress.step:
            return progress
        assert time.monotonic() < deadline, f"still {progress}"
        await asyncio.sleep(0.02)


ENDINGS = (Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED, Phase.LOST)


async def test_what_is_started_is_followed_to_its_success(ground: Ground):
    started = await ground.deployer.start(D40, SERVICE, ground.environment)

    ended = await until(ground.deployer, ground.environment, *ENDINGS)

    assert started.ref
    assert ended.phase is Phase.SUCCEEDED
    assert ended.step == "done"
    assert ground.starts() == 1


async def test_slow_work_is_running_and_tells_its_latest_step(ground: Ground):
    ground.plays(Script(says=("fetching", "migrating"), waits=True))
    await ground.deployer.start(D40, SERVICE, ground.environment)

    seen = await until(ground.deployer, ground.environment, Phase.RUNNING, step="migrating")
    ground.lets_go()
    ended = await until(ground.deployer, ground.environment, *ENDINGS)

    assert seen.step == "migrating"
    assert ended.phase is Phase.SUCCEEDED


async def test_a_failure_tells_its_code_and_its_last_words(ground: Ground):
    ground.plays(Script(says=("migrating", "column refunds.speed exists"), code=3))
    await ground.deployer.start(D40, SERVICE, ground.environment)

    ended = await until(ground.deployer, ground.environment, *ENDINGS)

    assert ended.phase is Phase.FAILED
    assert "exit code 3" in ended.step
    assert "column refunds.speed exists" in ended.step


async def test_a_deployment_can_be_cancelled(ground: Ground):
    assert ground.deployer.capabilities.cancels
    ground.plays(Script(waits=True))
    await ground.deployer.start(D40, SERVICE, ground.environment)
    await until(ground.deployer, ground.environment, Phase.RUNNING)

    await ground.deployer.cancel(D40, SERVICE, ground.environment)

    assert (await until(ground.deployer, ground.environment, *ENDINGS)).phase is Phase.CANCELLED


async def test_cancelling_twice_is_cancelling_once(ground: Ground):
    ground.plays(Script(waits=True))
    await ground.deployer.start(D40, SERVICE, ground.environment)

    await asyncio.gather(*(ground.deployer.cancel(D40, SERVICE, ground.environment) for _ in range(3)))

    assert (await until(ground.deployer, ground.environment, *ENDINGS)).phase is Phase.CANCELLED


async def test_cancelling_what_has_ended_changes_nothing(ground: Ground):
    await ground.deployer.start(D40, SERVICE, ground.environment)
    ended = await until(ground.deployer, ground.environment, *ENDINGS)

    await ground.deployer.cancel(D40, SERVICE, ground.environment)

    assert await ground.deployer.follow(D40, SERVICE, ground.environment) == ended


async def test_what_is_cancelled_before_it_began_never_begins(ground: Ground):
    await ground.deployer.cancel(D40, SERVICE, ground.environment)

    with pytest.raises(DeployerError, match="cancelled before it began") as refusal:
        await ground.deployer.start(D40, SERVICE, ground.environment)

    assert refusal.value.ended
    assert (await ground.deployer.follow(D40, SERVICE, ground.environment)).phase is Phase.CANCELLED
    assert ground.starts() == 0


async def test_asked_to_start_again_it_finds_what_it_started(ground: Ground):
    ground.plays(Script(waits=True))

    first = await ground.deployer.start(D40, SERVICE, ground.environment)
    second = await ground.deployer.start(D40, SERVICE, ground.environment)

    assert first == second
    ground.lets_go()
    assert (await until(ground.deployer, ground.environment, *ENDINGS)).phase is Phase.SUCCEEDED
    assert await ground.deployer.start(D40, SERVICE, ground.environment) == first
    assert ground.starts() == 1


async def test_five_at_once_start_it_once(ground: Ground):
    several = [ground.another() for _ in range(5)]

    started = await asyncio.gather(*(each.start(D40, SERVICE, ground.environment) for each in several))

    assert len(set(started)) == 1
    assert (await until(ground.deployer, ground.environment, *ENDINGS)).phase is Phase.SUCCEEDED
    assert ground.starts() == 1


async def test_after_a_restart_it_finds_follows_and_cancels_what_another_started(ground: Ground):
    assert ground.deployer.capabilities.survives_restart
    ground.plays(Script(says=("migrating",), waits=True))
    first = await ground.deployer.start(D40, SERVICE, ground.environment)

    after = ground.another()

    assert await after.start(D40, SERVICE, ground.environment) == first
    await until(after, ground.environment, Phase.RUNNING, step="migrating")
    await after.cancel(D40, SERVICE, ground.environment)
    assert (await until(after, ground.environment, *ENDINGS)).phase is Phase.CANCELLED
    assert ground.starts() == 1


async def test_what_was_never_started_is_not_known(ground: Ground):
    progress = await ground.deployer.follow(D40, SERVICE, ground.environment)

    assert progress.phase is Phase.LOST
    assert progress.step


async def test_what_vanished_without_a_word_is_lost_and_not_started_again(ground: Ground):
    ground.plays(Script(says=("migrating",), waits=True))
    await ground.deployer.start(D40, SERVICE, ground.environment)
    await until(ground.deployer, ground.environment, Phase.RUNNING, step="migrating")

    ground.loses_everything()

    assert (await until(ground.deployer, ground.environment, *ENDINGS)).phase is Phase.LOST
    await ground.another().start(D40, SERVICE, ground.environment)
    assert ground.starts() == 1


async def test_a_refusal_says_why_and_that_nothing_was_done(ground: Ground):
    ground.refuses()

    with pytest.raises(DeployerError) as refusal:
        await ground.deployer.start(D40, SERVICE, ground.environment)

    assert refusal.value.ended
    assert str(refusal.value).endswith(".")
    assert ground.starts() == 0


async def test_different_deployments_do_not_meet(ground: Ground):
    await ground.deployer.start(D40, SERVICE, ground.environment)
    await until(ground.deployer, ground.environment, Phase.SUCCEEDED)

    other = await ground.deployer.follow(a_deployment(41), SERVICE, ground.environment)
    await ground.deployer.start(a_deployment(41), SERVICE, ground.environment)

    assert other.phase is Phase.LOST
    deadline = time.monotonic() + 10
    while ground.starts() < 2:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_right_settings_have_no_problems_and_wrong_ones_are_told(ground: Ground):
    assert await ground.deployer.check(ground.environment.deployer) == []
    assert await ground.deployer.check(DeployerChoice(ground.environment.deployer.kind, {})) != []


# ---------------------------------------------------------------- whether an artifact is still there


async def test_whether_an_artifact_is_there_is_known_gone_or_not_to_be_told(ground: Ground):
    ground.keeps(D40.order.candidate.commit)
    there = await ground.deployer.available(D40.order, SERVICE, ground.environment)
    ground.keeps()
    gone = await ground.deployer.available(D40.order, SERVICE, ground.environment)
    ground.goes_blind()
    blind = await ground.deployer.available(D40.order, SERVICE, ground.environment)

    assert (there.there, gone.there, blind.there) == (True, False, None)
    assert "tidied away" in gone.why
    assert blind.why


async def test_where_nothing_says_how_to_look_nobody_can_tell(ground: Ground):
    ground.says_nothing_of_artifacts()
    assert await ground.deployer.available(D40.order, SERVICE, ground.environment) == Available(None)
