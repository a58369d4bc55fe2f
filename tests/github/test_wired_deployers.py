"""Wired: every kind of the catalogue has its deployer, those at GitHub speak with what the settings say, or say how."""

from __future__ import annotations

import logging
import traceback
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot import settings
from bot.ports import DeployerError
from bot.rules.deployment import Phase
from bot.settings import Settings
from bot.wiring import real_neighbours
from integrations.deployers.kinds import KINDS
from tests.github.deployments import says
from tests.github.twin import CANARY
from tests.github.workshop import SERVICE, a_history, a_workflow, of, succeeds, to

ENVIRONMENTS = {kind: to(kind) for kind in ("github-actions", "github-deployments")}


@pytest.fixture
def settled(twin, tmp_path):
    """Settings with these about GitHub."""

    def made(**github: str) -> Settings:
        environment = {f"SLIPWAY_GITHUB_{name.upper()}": value for name, value in github.items()}
        environment |= {"SLIPWAY_GITHUB_API": twin.address, "SLIPWAY_CATALOGUE": str(tmp_path / "slipway.yaml")}
        found = settings.read(environment, slack=False)
        assert isinstance(found, Settings), found
        return found

    return made


@pytest.fixture
def confirmed(repo, written, clock):
    """A deployment that was confirmed just now."""
    clock.at = datetime.now(UTC)
    deployment = of(a_history(written))
    a_workflow(repo)
    return replace(deployment, order=replace(deployment.order, confirmed_at=clock.at))


async def test_every_kind_of_the_catalogue_has_its_deployer(settled):
    async with real_neighbours(settled()) as neighbours:
        assert set(neighbours.deployers) == set(KINDS)
        for kind, environment in ENVIRONMENTS.items():
            [told] = await neighbours.deployers[kind].check(environment.deployer)
            assert "SLIPWAY_GITHUB_APP_ID" in told


async def test_as_an_app_a_deployment_goes_from_its_start_to_its_end(twin, repo, settled, keys, confirmed):
    twin.installed(repo.name)
    async with real_neighbours(settled(app_id="4711", app_key=keys.private)) as neighbours:
        for kind, environment in ENVIRONMENTS.items():
            deployer = neighbours.deployers[kind]
            assert await deployer.check(environment.deployer) == []
            started = await deployer.start(confirmed, SERVICE, environment)
            there = replace(confirmed, target_ref=started.ref)
            if kind == "github-actions":
                succeeds(repo.runs[0])
            else:
                says(twin, repo, "success")
            assert (await deployer.follow(there, SERVICE, environment)).phase is Phase.SUCCEEDED


async def test_no_secret_shows_in_what_a_deployer_says_or_logs(twin, repo, settled, confirmed, caplog):
    caplog.set_level(logging.DEBUG)
    token = twin.token().token
    told = []
    async with real_neighbours(settled(token=token)) as neighbours:
        for kind, environment in ENVIRONMENTS.items():
            deployer = neighbours.deployers[kind]
            told.append(repr(deployer))
            for status in (0, 401, 403):
                fault = twin.fails("*", status, times=99, message=f"You sent {token}")
                for ask in (deployer.start, deployer.follow, deployer.cancel):
                    with pytest.raises(DeployerError) as error:
                        await ask(confirmed, SERVICE, environment)
                    told.append("".join(traceback.format_exception(error.value)) + repr(error.value))
                fault.times = 0
            await deployer.start(confirmed, SERVICE, environment)
        repo.runs[0].ends("failure")
        repo.runs[0].jobs[0].notes.append(("failure", "", f"The token {token} was refused"))
        says(twin, repo, "failure", f"{token} was refused")
        for kind, environment in ENVIRONMENTS.items():
            ended = await neighbours.deployers[kind].follow(confirmed, SERVICE, environment)
            assert (ended.phase, "refused" in ended.step) == (Phase.FAILED, True)
            told.append(repr(ended))
    told.append(caplog.text)

    assert all(CANARY not in each for each in told)
