"""The `command` deployer: a program of this host deploys. It goes on when Slipway dies, and never starts twice.

Slipway starts a runner (see `runner`) for each deployment and lets go of it at once; what is known about the
deployment is what stands in its folder (see `job`), so that any Slipway process can follow or cancel it later.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import integrations
from bot.ports import Available, Capabilities, DeployerError, Progress, Started
from bot.rules.deployment import Deployment, Order, Phase
from bot.rules.policy import DeployerChoice, Environment, Service
from integrations.deployers.artifacts import ask
from integrations.deployers.command_settings import (
    CommandSettings,
    PlaceholderError,
    SettingsError,
    fill_in,
    read,
    values_for,
    values_of,
)
from integrations.deployers.command_words import progress_of, secrets_of, why_not_started
from integrations.deployers.job import CANCELLED, NOBODY, NOT_STARTED, Job
from integrations.deployers.key import key_of
from integrations.deployers.processes import group_lives, signal_group, still_there
from integrations.deployers.tidying import tidy

INHERITED = ("PATH", "HOME", "LANG")
"""What a program gets of Slipway's own environment; everything else could be a secret."""
DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"

LOOK_EVERY = 0.02

CAN = Capabilities(cancels=True, survives_restart=True, links=False, finds_artifacts=True, forestalls=True)
"""The most that it can do."""


def can_with(settings: Mapping[str, Any]) -> Capabilities:
    """Where no program is named that tells what is still there, it can't tell that."""
    return replace(CAN, finds_artifacts="artifact" in settings)


class CommandDeployer:
    """Runs a program of this host for each deployment."""

    def __init__(
        self,
        *,
        state: Path,
        grace: timedelta = timedelta(seconds=10),
        patience: timedelta = timedelta(seconds=15),
        looks_within: timedelta = timedelta(seconds=3),
    ) -> None:
        """`state` keeps what was started; `grace` lies between the kind and the unkind signal.

        `patience` is how long a runner may take to get going, `looks_within` how long to see whether an artifact is
        there.
        """
        self._state = state.absolute()
        self._grace = grace
        self._patience = patience
        self._looks_within = looks_within

    @property
    def capabilities(self) -> Capabilities:
        """It cancels and survives; a program of this host has no page to watch it on."""
        return CAN

    def capabilities_with(self, settings: Mapping[str, Any]) -> Capabilities:
        """The same, but for what a program has to be named for."""
        return can_with(settings)

    async def start(self, deployment: Deployment, service: Service, environment: Environment) -> Started:
        """Start the program, or find that it was started before."""
        del service  # all that the program is told stands in the deployment
        job = self._job(deployment)
        try:
            if job.claim() is None:
                request = self._request(deployment, environment)
                self._make_room(job)
                await self._launch(job, request)
                await self._see_it_begin(job)
            return _found(job)
        except (OSError, ValueError) as trouble:
            # Where nobody has taken the job by now, nobody will: only a new start would.
            raise DeployerError(self._unusable(trouble), ended=_surely_nowhere(job)) from trouble

    async def follow(self, deployment: Deployment, service: Service, environment: Environment) -> Progress:
        """Read how far it is."""
        del service
        job = self._job(deployment)
        try:
            if not job.exists:
                return Progress(Phase.LOST, f"This host knows nothing of {deployment.name}.")
            if job.claim() is None:
                # The host's own clock, as for the file's time: another Slipway may be starting it at this moment.
                if time.time() - job.folder.stat().st_mtime < 2 * self._patience.total_seconds():
                    return Progress(Phase.RUNNING, "Starting")
                _nobody_takes(job, NOT_STARTED, "The program was never started.")
            return progress_of(job, secrets_of(environment.deployer.settings.get("environment")))
        except (OSError, ValueError) as trouble:
            raise DeployerError(self._unusable(trouble), ended=False) from trouble

    async def cancel(self, deployment: Deployment, service: Service, environment: Environment) -> None:
        """Ask the runner to stop the program; one that hasn't begun never will."""
        del service
        job = self._job(deployment)
        try:
            self._make_room(job)
            if _nobody_takes(job, CANCELLED, "It was cancelled before it began.") or job.outcome() is not None:
                return
            job.ask_to_cancel({"at": time.time()})
            if not job.has_runner():
                await self._put_down(job, environment)
        except (OSError, ValueError) as trouble:
            raise DeployerError(self._unusable(trouble), ended=False) from trouble

    async def available(self, order: Order, service: Service, environment: Environment) -> Available:
        """Ask the program that the settings name for it; only a clear answer counts."""
        del service
        try:
            settings = read(environment.deployer.settings)
            asked = [fill_in(each, values_of(order)) for each in settings.artifact]
        except (SettingsError, PlaceholderError) as trouble:
            return Available(None, str(trouble))
        if not asked:
            return Available(None)
        return await ask(asked, _folder(settings), _variables(settings), self._looks_within)

    async def check(self, choice: DeployerChoice) -> list[str]:
        """Try everything that can be tried without deploying."""
        try:
            settings = read(choice.settings)
        except SettingsError as trouble:
            return trouble.problems
        programs = (settings.program, settings.artifact) if settings.artifact else (settings.program,)
        problems = [problem for problem in (_missing(settings, each) for each in programs) if problem]
        nearest = next(folder for folder in (self._state, *self._state.parents) if folder.exists())
        if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
            problems.append(f"The folder {self._state}, where deployments are followed, can't be written.")
        return problems

    async def tidy(self, at_work: Sequence[Deployment]) -> int:
        """Clear away the folders of what was over long ago."""
        return await asyncio.to_thread(tidy, self._state, {key_of(each) for each in at_work})

    def _job(self, deployment: Deployment) -> Job:
        """The deployment's folder."""
        return Job(self._state / key_of(deployment))

    def _make_room(self, job: Job) -> None:
        self._state.mkdir(parents=True, exist_ok=True, mode=0o700)
        job.folder.mkdir(exist_ok=True, mode=0o700)

    def _request(self, deployment: Deployment, environment: Environment) -> dict[str, object]:
        """What the runner is told. DeployerError if it can't be said, or could not be run."""
        try:
            settings = read(environment.deployer.settings)
            program = [fill_in(each, values_for(deployment)) for each in settings.program]
        except (SettingsError, PlaceholderError) as trouble:
            raise DeployerError(str(trouble), ended=True) from trouble
        missing = _missing(settings, settings.program)
        if missing:
            raise DeployerError(missing, ended=True)
        return {
            "program": program,
            "directory": str(_folder(settings)),
            "environment": _variables(settings),
            "timeout": settings.timeout.total_seconds(),
            "cancel_signal": settings.cancel_signal.name,
            "grace": self._grace.total_seconds(),
        }

    async def _launch(self, job: Job, request: dict[str, object]) -> None:
        """Start a runner, which lets go of us as soon as it has read the request."""
        root = Path(integrations.__path__[0]).parent
        with job.diary.open("ab") as diary:
            # It needs the standard library and this package, so it gets just these (-S, -P), and none of our secrets.
            launched = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-S", "-P", "-m", "integrations.deployers.runner", str(job.folder)),
                stdin=asyncio.subprocess.PIPE,
                stdout=diary,
                stderr=diary,
                env={"PATH": os.environ.get("PATH", DEFAULT_PATH), "PYTHONPATH": str(root)},
                cwd=job.folder,
                start_new_session=True,
            )
        try:
            await asyncio.wait_for(launched.communicate(json.dumps(request).encode()), self._patience.total_seconds())
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                launched.kill()
            await launched.wait()

    async def _see_it_begin(self, job: Job) -> None:
        """Wait until the program has started, or can't: a wrong setting is then told at once."""
        deadline = time.monotonic() + self._patience.total_seconds()
        while time.monotonic() < deadline:
            if job.claim() is not None and (job.program() is not None or job.outcome() is not None):
                return
            await asyncio.sleep(LOOK_EVERY)
        # From here no runner can take it any more, so that it is certain that nothing happens; unless one has.
        _nobody_takes(job, NOT_STARTED, f"The runner did not get going; {job.diary} may tell why.")

    async def _put_down(self, job: Job, environment: Environment) -> None:
        """End a program whose runner is gone, and write down for it that this is how it ended."""
        program = job.program()
        if program is None or not still_there(program["pid"], program["born"]):
            return
        try:
            number = read(environment.deployer.settings).cancel_signal
        except SettingsError:
            number = signal.SIGTERM
        signal_group(program["pid"], number)
        deadline = time.monotonic() + self._grace.total_seconds()
        while group_lives(program["pid"]) and time.monotonic() < deadline:  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(LOOK_EVERY)
        signal_group(program["pid"], signal.SIGKILL)
        job.ended({"how": CANCELLED, "status": None, "at": time.time()})

    def _unusable(self, trouble: OSError | ValueError) -> str:
        reason = trouble.strerror if isinstance(trouble, OSError) else "a file in it is damaged"
        return f"The folder {self._state}, where deployments are followed, can't be used: {reason}."


def _found(job: Job) -> Started:
    """What was started. DeployerError where it was settled that nothing will be."""
    claim, outcome = job.claim() or {}, job.outcome()
    if claim.get("by") == NOBODY:
        raise DeployerError(str(claim.get("why", "")), ended=True)
    if outcome is not None and outcome["how"] == NOT_STARTED:
        raise DeployerError(why_not_started(outcome, claim), ended=True)
    return Started(ref=job.folder.name)


def _surely_nowhere(job: Job) -> bool:
    """Whether it is certain that nobody ever wanted to start it here; a disk that doesn't answer tells nothing."""
    try:
        return not job.exists
    except OSError:
        return False


def _nobody_takes(job: Job, how: str, why: str) -> bool:
    """Take the job so that it can never run; False if it was taken before."""
    return job.take({"by": NOBODY, "how": how, "why": why, "at": time.time()})


def _folder(settings: CommandSettings) -> Path:
    return settings.directory or Path.cwd()


def _variables(settings: CommandSettings) -> dict[str, str]:
    basics = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {"PATH": DEFAULT_PATH} | basics | dict(settings.environment)


def _missing(settings: CommandSettings, called: tuple[str, ...]) -> str:
    """What that program lacks on this host; empty when it can be started."""
    folder, program = _folder(settings), called[0]
    if not folder.is_dir():
        return f"The folder {folder} to run in does not exist."
    if "/" not in program:
        found = shutil.which(program, path=_variables(settings)["PATH"])
        return "" if found else f"The program {program} was not found on the path."
    place = folder / program
    if not place.is_file():
        return f"The program {place} does not exist."
    return "" if os.access(place, os.X_OK) else f"The program {place} is not executable."
