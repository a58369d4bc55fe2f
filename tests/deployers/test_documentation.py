"""What docs/integrations shows works as it stands: excerpts are loaded, the receiver and the word are really run."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import textwrap
from collections.abc import AsyncIterator
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from bot.catalogue.schema import json_schema
from bot.ports import Capabilities, DeployerError
from bot.rules.deployment import Phase
from bot.rules.policy import DeployerChoice, Environment
from bot.serving import serving
from bot.settings import Settings, read
from bot.verbs.hear_target import HearTarget
from handlers.targets import targets
from integrations.deployers import command_settings, webhook_settings
from integrations.deployers.key import key_of
from integrations.deployers.kinds import KINDS
from integrations.deployers.table import ABILITIES, ROWS, table
from integrations.deployers.webhook import WebhookDeployer
from integrations.deployers.webhook_words import CALLBACK
from tests.catalogue.texts import SHORT, loaded
from tests.deployers.target import SECRET, VARIABLES, settings_for
from tests.makers import PRODUCTION, STAGING, a_deployment, a_service, an_environment
from tests.stories.conftest import free_port
from tests.twins import Script
from tests.verbs.workshop import Workshop

FOLDER = Path(__file__).parents[2] / "docs/integrations"
OVERVIEW, COMMAND, WEBHOOK = ((FOLDER / f"{each}.md").read_text("utf-8") for each in ("README", "command", "webhook"))
SETTINGS = {"command": command_settings.KNOWN, "webhook": webhook_settings.KNOWN}
SERVICE = a_service()


def snippet(page: str, language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
    return str(found)


def now() -> datetime:
    return datetime.now(UTC)


# ---------------------------------------------------------------- what can be written


@pytest.mark.parametrize(
    "excerpt",
    [each for page in (OVERVIEW, COMMAND, WEBHOOK) for each in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)],
)
def test_each_excerpt_can_be_copied_into_a_catalogue(excerpt):
    assert excerpt.startswith("deployer:")
    text = SHORT.replace("        deployer: {command: {program: [./deploy]}}\n", textwrap.indent(excerpt, " " * 8))
    choice = loaded(text).services["payments"].environments[0].deployer
    assert choice.kind in KINDS
    assert choice.settings


@pytest.mark.parametrize(("kind", "page"), [("command", COMMAND), ("webhook", WEBHOOK)])
def test_every_setting_is_on_its_page(kind, page):
    for each in SETTINGS[kind]:
        assert f"| `{each}` |" in page, each


def test_every_member_of_a_word_and_every_state_is_on_the_page():
    for each in (*CALLBACK, *(phase.value for phase in Phase)):
        assert f"`{each}`" in WEBHOOK, each


def test_every_kind_has_a_page_and_a_place_in_the_schema():
    assert set(ABILITIES) == set(KINDS)
    for kind in KINDS:
        assert (FOLDER / f"{kind}.md").is_file()
        assert f'"{kind}"' in str(json_schema(KINDS)).replace("'", '"')


def test_the_table_is_what_the_deployers_say_of_themselves():
    assert table() in OVERVIEW, (
        "run: python -m integrations.deployers.table, and paste it into docs/integrations/README.md"
    )
    assert set(ROWS) == {each.name for each in fields(Capabilities)}


# ---------------------------------------------------------------- the receiver


class Receiver:
    """The page's receiver, at work in a folder of its own, with a deploy program that a test writes."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.process: asyncio.subprocess.Process | None = None
        self.deploys("echo fetching; echo done")

    @property
    def environment(self) -> Environment:
        settings = settings_for(
            f"http://127.0.0.1:{self.port}", cancel=None, artifact=None, callbacks=None, idempotent=True
        )
        return an_environment(deployer=DeployerChoice("webhook", settings))

    def deploys(self, script: str) -> None:
        program = self.folder / "deploy"
        program.write_text(f'#!/bin/sh\necho "$1" >> begun\n{script}\n')
        program.chmod(0o755)

    def begun(self) -> list[str]:
        return (self.folder / "begun").read_text().split() if (self.folder / "begun").exists() else []

    async def begins(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-c", snippet(WEBHOOK, "python")),
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "PORT": str(self.port), **VARIABLES},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with aiohttp.ClientSession() as session:
            for _ in range(3000):
                try:
                    async with session.get(f"http://127.0.0.1:{self.port}/"):
                        return
                except aiohttp.ClientError:
                    await asyncio.sleep(0.02)
        raise AssertionError("the receiver does not get going")

    async def dies(self) -> None:
        assert self.process is not None
        self.process.kill()
        await self.process.wait()


@pytest.fixture
async def receiver(tmp_path) -> AsyncIterator[Receiver]:
    receiver = Receiver(tmp_path)
    await receiver.begins()
    yield receiver
    await receiver.dies()


@pytest.fixture
async def deployer() -> AsyncIterator[WebhookDeployer]:
    async with WebhookDeployer.connected(now, VARIABLES) as deployer:
        yield deployer


async def ended(deployer, deployment, environment):
    for _ in range(3000):
        seen = await deployer.follow(deployment, SERVICE, environment)
        if seen.phase is not Phase.RUNNING:
            return seen
        await asyncio.sleep(0.02)
    raise AssertionError(f"still {seen}")


async def test_the_receiver_deploys_once_and_tells_how_it_goes(receiver, deployer):
    d40, where = a_deployment(40), receiver.environment
    assert await deployer.check(where.deployer) == []
    first = await deployer.start(d40, SERVICE, where)
    await asyncio.gather(*(deployer.start(d40, SERVICE, where) for _ in range(3)))
    seen = await ended(deployer, d40, where)
    assert (seen.phase, seen.step) == (Phase.SUCCEEDED, "done")
    assert first.ref == key_of(d40)
    assert receiver.begun() == [d40.order.candidate.commit]


async def test_the_receiver_tells_of_failures_and_of_what_it_does_not_know(receiver, deployer):
    receiver.deploys("echo column refunds.speed exists; exit 3")
    d40, where = a_deployment(40), receiver.environment
    assert (await deployer.follow(d40, SERVICE, where)).phase is Phase.LOST
    await deployer.start(d40, SERVICE, where)
    seen = await ended(deployer, d40, where)
    assert (seen.phase, seen.step) == (Phase.FAILED, "column refunds.speed exists")


async def test_the_receiver_knows_a_key_again_after_its_own_restart(receiver, deployer):
    d40, where = a_deployment(40), receiver.environment
    await deployer.start(d40, SERVICE, where)
    await ended(deployer, d40, where)
    await receiver.dies()
    await receiver.begins()
    await deployer.start(d40, SERVICE, where)
    assert (await ended(deployer, d40, where)).phase is Phase.SUCCEEDED
    assert len(receiver.begun()) == 1


async def test_the_receiver_lets_nobody_in_who_does_not_know_the_secret(receiver):
    guessed = {"PAYMENTS_DEPLOY_SECRET": "what somebody has guessed".replace(" ", "-") + "-0123456789"}
    async with WebhookDeployer.connected(now, guessed) as deployer:
        with pytest.raises(DeployerError, match="The signature does not fit") as refusal:
            await deployer.start(a_deployment(40), SERVICE, receiver.environment)
    assert refusal.value.ended
    assert receiver.begun() == []


# ---------------------------------------------------------------- the word


@pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("openssl")), reason="curl or openssl is not on this machine"
)
@pytest.mark.parametrize(("secret", "code"), [(SECRET, 0), ("what-somebody-has-guessed-0123456789", 22)])
async def test_the_snippet_sends_a_word_that_is_heard_if_it_is_genuine(deployer, secret, code):
    where = replace(an_environment(PRODUCTION), deployer=DeployerChoice("webhook", settings_for("http://127.0.0.1:1")))
    shop = Workshop(environments=(an_environment(STAGING), where))
    shop.target.script = Script(waits=True)
    shop.follow_deploy = replace(shop.follow_deploy, deployers={"webhook": shop.deployer})
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    hear = HearTarget(shop.records, {"webhook": deployer}, lambda: shop.catalogue)
    settings = read({"SLIPWAY_LISTEN": "127.0.0.1:0"}, slack=False)
    assert isinstance(settings, Settings)
    async with serving(settings, targets(hear, now)) as address:
        process = await asyncio.create_subprocess_exec(
            *("sh", "-c", snippet(WEBHOOK, "sh")),
            env={
                "PATH": os.environ["PATH"],
                "KEY": key_of(deployment),
                "STATE": "running",
                "MESSAGE": "Copying 3 of 7",
                "CALLBACK": f"{address}/webhooks/deployments/{deployment.name}",
                "PAYMENTS_DEPLOY_SECRET": secret,
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
    assert process.returncode == code, said
    there = await shop.deployment(deployment.id)
    assert (there.heard.words if there.heard else None) == (None if code else "Copying 3 of 7")
