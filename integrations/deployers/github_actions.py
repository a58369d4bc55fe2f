"""The `github-actions` deployer: a workflow at GitHub deploys, given the exact commit, and its run is followed.

GitHub has no key that would keep a workflow from being started twice. So each run carries the deployment's key, in an
input and by that in its name, and is looked for before another one is started (see `github_once`, and decision 23).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.ports import Available, Capabilities, Clock, DeployerError, Progress, Started
from bot.rules.deployment import Deployment, Order, Phase
from bot.rules.policy import DeployerChoice, Environment, Service
from integrations.deployers.command_settings import PlaceholderError, SettingsError
from integrations.deployers.github_access import NOT_CONNECTED, at, not_granted, reachable, reads_no_checks
from integrations.deployers.github_once import Once, Rest
from integrations.deployers.github_runs import (
    SUCCESS,
    Job,
    Note,
    Run,
    address,
    ending,
    job_of,
    note_of,
    reported,
    run_of,
    steps_of,
    under_way,
    waiting_for,
)
from integrations.deployers.github_settings import ActionsSettings, Deploys, fill_in, read_actions, values_for
from integrations.deployers.github_workflow import UnreadableWorkflowError, declared_in, lacks, text_of
from integrations.deployers.key import key_of
from integrations.github.client import GitHub, Repository
from integrations.github.errors import GitHubError, GitHubNotFoundError, GitHubRefusedError

log = logging.getLogger(__name__)

NEEDS = {"actions": "write", "checks": "read", "contents": "read"}
SCOPES = frozenset({"repo"})
BEFORE = timedelta(hours=1)
"""Runs that are so much older than the deployment are not its own, however clocks differ."""
APPEARS = timedelta(minutes=10)
"""How long a run that was taken may stay out of sight, before it is said to be lost."""
LOOKS = (1.0, 2.0, 4.0)
"""The pauses between looks for a run that was taken, where GitHub doesn't say which one it is."""
ASK_AGAIN = timedelta(seconds=30)
"""How often a run that doesn't stop is asked to."""
DETAILS = "return_run_details"
MOST_JOBS = 20
"""Of how many jobs the notes are read."""
_UNREPORTED = (
    "The run has succeeded, but did not say which commit it has deployed: none of its jobs left a notice titled "
    "“deployed” with the full commit."
)


_NO_CHECKS = (
    "With a fine-grained token Slipway can't read what a run reports: GitHub has no permission for checks there. Make "
    "Slipway a GitHub App, or set “deploys” to input or head."
)
CAN = Capabilities(cancels=True, survives_restart=True, links=True, steps=True, names_commit=True, names_run=True)


def can_with(settings: Mapping[str, Any]) -> Capabilities:
    """All but telling the commit, which not every workflow does."""
    return replace(CAN, names_commit=settings.get("deploys") in {Deploys.HEAD, Deploys.REPORTED})


class GitHubActionsDeployer:
    """Runs a workflow for each deployment. Without `github` it says how to connect Slipway."""

    def __init__(self, github: GitHub | None, now: Clock, rest: Rest = asyncio.sleep) -> None:
        self._github = github
        self._now = now
        self._rest = rest
        self._once = Once(now, rest)
        self._tells_runs = True
        """Whether a start is answered with its run: github.com does so since 2026, a server of one's own may not."""
        self._stopping: dict[int, datetime] = {}

    @property
    def capabilities(self) -> Capabilities:
        """The most that it can do."""
        return CAN

    def capabilities_with(self, settings: Mapping[str, Any]) -> Capabilities:
        """What it can do with that workflow."""
        return can_with(settings)

    async def start(self, deployment: Deployment, service: Service, environment: Environment) -> Started:
        """Start the workflow, or find the run that was started before."""
        del service
        first = self._once.is_first(deployment)
        try:
            settings = read_actions(environment.deployer.settings)
        except SettingsError as trouble:
            raise DeployerError(str(trouble), ended=first) from trouble
        repository = at(self._github, settings.repository, ended=first)

        async def make() -> Run | None:
            ref, inputs = _filled(settings, deployment)
            if settings.deploys is Deploys.HEAD:
                await _points_to(repository, ref, deployment.order.candidate.commit)
            return await self._dispatch(repository, settings, ref, inputs)

        async def find() -> Run | None:
            return await self._find(repository, settings, deployment)

        run = await self._once.begin(deployment, find, make)
        run = await self._the_one(run, repository, settings, deployment)
        return Started(ref=str(run.id), link=run.link) if run else Started(ref=key_of(deployment))

    async def follow(self, deployment: Deployment, service: Service, environment: Environment) -> Progress:
        """Read how far the run is."""
        del service
        try:
            settings = read_actions(environment.deployer.settings)
            repository = at(self._github, settings.repository, ended=False)
            run = await self._run(repository, settings, deployment)
            if run is None:
                return self._nothing_of(deployment)
            return await self._progress(repository, settings, run, deployment.order.candidate.commit)
        except (SettingsError, GitHubError) as trouble:
            raise DeployerError(str(trouble), ended=False) from trouble

    async def cancel(self, deployment: Deployment, service: Service, environment: Environment) -> None:
        """Ask GitHub to cancel the run; one that won't stop is cancelled by force after a while."""
        del service
        try:
            settings = read_actions(environment.deployer.settings)
            repository = at(self._github, settings.repository, ended=False)
            run = await self._run(repository, settings, deployment)
            if run is None:
                self._once.call_off(deployment)
            elif not run.over:
                asked = deployment.cancel_asked_at
                force = asked is not None and self._now() - asked >= settings.force_cancel_after
                await self._stop(repository, run, force=force)
        except (SettingsError, GitHubError) as trouble:
            raise DeployerError(str(trouble), ended=False) from trouble

    async def available(self, order: Order, service: Service, environment: Environment) -> Available:
        """Nobody can tell: what a workflow deploys is known to it alone."""
        del order, service, environment
        return Available(None)

    async def check(self, choice: DeployerChoice) -> list[str]:
        """Try everything that can be tried without starting a run."""
        try:
            settings = read_actions(choice.settings)
        except SettingsError as trouble:
            return trouble.problems
        if self._github is None:
            return [NOT_CONNECTED]
        try:
            repository = self._github.repository(settings.repository)
            problems = await reachable(repository)
            if problems:
                return problems
            problems = await not_granted(self._github, repository, NEEDS, SCOPES)
            if settings.deploys is Deploys.REPORTED and await reads_no_checks(self._github, repository):
                problems.append(_NO_CHECKS)
            return problems + await _wrong_with_workflow(repository, settings)
        except GitHubError as error:
            return [str(error)]

    # ------------------------------------------------------------ starting

    async def _dispatch(
        self, repository: Repository, settings: ActionsSettings, ref: str, inputs: dict[str, str]
    ) -> Run | None:
        """Start it; None if GitHub has taken it and doesn't tell which run that is."""
        body: dict[str, Any] = {"ref": ref, "inputs": inputs}
        told = None
        if self._tells_runs:
            try:
                told = await self._post(repository, settings, {**body, DETAILS: True})
            except GitHubRefusedError as error:
                if DETAILS not in error.reason:
                    raise
                self._tells_runs = False
        if not self._tells_runs:
            told = await self._post(repository, settings, body)
        number = told.get("workflow_run_id") if isinstance(told, dict) else None
        if not isinstance(number, int):
            return None
        # What it is at is of no matter here; it is looked at when it is followed.
        link = address(told.get("html_url")) if told else None
        return Run(number, "", "", "queued", None, 1, "", link, self._now())

    async def _post(self, repository: Repository, settings: ActionsSettings, body: dict[str, Any]) -> Any:
        try:
            return await repository.post("/actions/workflows/{file}/dispatches", body, file=settings.workflow)
        except GitHubNotFoundError as error:
            raise _no_workflow(repository, settings, error) from None

    async def _find(self, repository: Repository, settings: ActionsSettings, deployment: Deployment) -> Run | None:
        """The run of that deployment. Of several the first one counts, and the others are cancelled."""
        found = await self._runs_of(repository, settings, deployment)
        return await self._first(repository, found)

    async def _runs_of(self, repository: Repository, settings: ActionsSettings, deployment: Deployment) -> list[Run]:
        key, oldest = key_of(deployment), deployment.order.confirmed_at - BEFORE
        found = []
        path = "/actions/workflows/{file}/runs{?per_page}"
        try:
            # Not filtered by GitHub: its filters go through a search, which lags behind.
            async for told in repository.each(path, "workflow_runs", file=settings.workflow):
                run = run_of(told)
                if run.created < oldest:
                    break
                if run.carries(key):
                    found.append(run)
        except GitHubNotFoundError as error:
            raise _no_workflow(repository, settings, error) from None
        return found

    async def _first(self, repository: Repository, runs: Sequence[Run]) -> Run | None:
        if not runs:
            return None
        first, *doubles = sorted(runs, key=lambda each: each.id)
        for each in doubles:
            if not each.over:
                log.warning("Run %s does the same as run %s, and is cancelled.", each.link, first.link)
                await self._stop(repository, each, force=False)
        return first

    async def _the_one(
        self, run: Run | None, repository: Repository, settings: ActionsSettings, deployment: Deployment
    ) -> Run | None:
        """The run to follow: looked for where it isn't known; and if another replica was as fast, the first of them."""
        try:
            for pause in LOOKS if run is None else ():
                run = await self._find(repository, settings, deployment)
                if run is not None:
                    return run
                await self._rest(pause)
            if run is None or run.title:
                return run
            others = await self._runs_of(repository, settings, deployment)
            return await self._first(repository, [run, *(each for each in others if each.id != run.id)])
        except GitHubError as error:
            log.warning("%s has been started at GitHub; its run can't be looked at yet: %s", deployment.name, error)
            return run

    # ------------------------------------------------------------ following

    async def _run(self, repository: Repository, settings: ActionsSettings, deployment: Deployment) -> Run | None:
        """The run of that deployment; None if there is none to be seen."""
        ref = deployment.target_ref or ""
        if not ref.isascii() or not ref.isdigit():
            return await self._find(repository, settings, deployment)
        try:
            return run_of(await repository.get("/actions/runs/{run}", run=ref))
        except GitHubNotFoundError:
            await repository.get("")  # its repository is there, so it is the run that isn't
            return None

    def _nothing_of(self, deployment: Deployment) -> Progress:
        taken = deployment.target_ref == key_of(deployment)
        if deployment.target_ref is None:
            never = self._once.never_began(deployment)
            if never is None:
                return Progress(Phase.RUNNING, "Looking whether GitHub has begun it, before it is called off.")
            if never:
                return Progress(Phase.CANCELLED, "It was cancelled before it began.")
        since = deployment.started_at or deployment.order.confirmed_at
        if taken and self._now() - since < APPEARS:
            return Progress(Phase.RUNNING, "GitHub has taken it, and shows no run of it yet.")
        return Progress(Phase.LOST, f"GitHub shows no run of {deployment.name}, or none any more.")

    async def _progress(self, repository: Repository, settings: ActionsSettings, run: Run, approved: str) -> Progress:
        jobs = [job_of(each) async for each in repository.each("/actions/runs/{run}/jobs", "jobs", run=run.id)]
        seen = Progress(Phase.RUNNING, link=run.link, steps=steps_of(jobs))
        if settings.deploys is Deploys.HEAD:
            seen = replace(seen, commit=run.commit)
        if not run.over:
            if settings.deploys is Deploys.REPORTED:
                done = [each for each in jobs if each.conclusion is not None]
                seen = replace(seen, commit=reported(await _notes(repository, done, needed=False), approved))
            return replace(seen, step=await _under_way(repository, run, jobs))
        notes = await _notes(
            repository, jobs, needed=settings.deploys is Deploys.REPORTED and run.conclusion == SUCCESS
        )
        phase, words = ending(run, jobs, notes)
        ended = replace(seen, phase=phase, step=words)
        if settings.deploys is Deploys.HEAD:
            return ended
        said = reported(notes, approved)
        if phase is Phase.SUCCEEDED and said is None and settings.deploys is Deploys.REPORTED:
            return replace(ended, phase=Phase.FAILED, step=_UNREPORTED)
        return replace(ended, commit=said)

    # ------------------------------------------------------------ cancelling

    async def _stop(self, repository: Repository, run: Run, *, force: bool) -> None:
        """Ask once, and again only after a while."""
        asked = self._stopping.get(run.id)
        if asked is not None and self._now() - asked < ASK_AGAIN:
            return
        try:
            await repository.post(f"/actions/runs/{{run}}/{'force-cancel' if force else 'cancel'}", run=run.id)
        except GitHubRefusedError as error:
            if error.status != 409:  # it has ended, or is about to
                raise
        self._stopping[run.id] = self._now()


def _filled(settings: ActionsSettings, deployment: Deployment) -> tuple[str, dict[str, str]]:
    """The ref and the inputs of that deployment. GitHubRefusedError where they can't be filled in."""
    values = values_for(deployment)
    try:
        inputs = {name: fill_in(each, values) for name, each in settings.inputs.items()}
        return fill_in(settings.ref, values), {**inputs, settings.correlation: key_of(deployment)}
    except PlaceholderError as trouble:
        raise GitHubRefusedError(str(trouble), status=422) from None


async def _under_way(repository: Repository, run: Run, jobs: Sequence[Job]) -> str:
    if run.status != "waiting":
        return under_way(run, jobs)
    try:
        return waiting_for(await repository.get("/actions/runs/{run}/pending_deployments", run=run.id))
    except GitHubRefusedError:  # for whom it waits is good to know, and no more
        return waiting_for(())


async def _notes(repository: Repository, jobs: Sequence[Job], *, needed: bool) -> list[Note]:
    """What the jobs noted. Where that may not be read, and isn't needed, there is none."""
    found = []
    try:
        for job in jobs[:MOST_JOBS]:
            if job.check is not None:
                notes = repository.each("/check-runs/{check}/annotations", check=job.check)
                found += [note_of(each) async for each in notes]
    except GitHubRefusedError:
        if needed:
            raise
    return found


async def _points_to(repository: Repository, ref: str, commit: str) -> None:
    """GitHubRefusedError unless that ref is at the approved commit: the workflow would deploy something else."""
    told = await repository.get("/commits/{ref}", ref=ref)
    there = str(told.get("sha"))
    if there != commit:
        raise GitHubRefusedError(
            f"{ref} is at {there[:10]} in {repository.name}, and approved was {commit[:10]}. The workflow deploys what "
            "its ref points to, so it was not started. Bring the ref to the approved commit, or let the workflow check "
            "out the commit that it is given.",
            status=409,
        )


def _no_workflow(repository: Repository, settings: ActionsSettings, error: GitHubNotFoundError) -> GitHubNotFoundError:
    told = (
        f"{repository.name} has no workflow {settings.workflow} at GitHub, or Slipway may not see it. It is one once "
        "its file is on the default branch."
    )
    return GitHubNotFoundError(told, status=error.status, needs=error.needs)


async def _wrong_with_workflow(repository: Repository, settings: ActionsSettings) -> list[str]:
    try:
        told = await repository.get("/actions/workflows/{file}", file=settings.workflow)
    except GitHubNotFoundError as error:
        return [str(_no_workflow(repository, settings, error))]
    if told.get("state") != "active":
        return [f"The workflow {settings.workflow} of {repository.name} is disabled at GitHub. Enable it on its page."]
    path = f".github/workflows/{settings.workflow}"
    try:
        if "{" in settings.ref:  # which one it is shows only with a deployment: then the default branch's
            content = await repository.get("/contents/{file}", file=path)
        else:
            content = await repository.get("/contents/{file}{?ref}", file=path, ref=settings.ref)
        return list(lacks(declared_in(text_of(content)), settings))
    except GitHubNotFoundError:
        return [f"There is no {path} at {settings.ref} in {repository.name}. Correct “ref”, or add the file there."]
    except UnreadableWorkflowError as error:
        return [f"The workflow {settings.workflow} can't be read: {error}."]
