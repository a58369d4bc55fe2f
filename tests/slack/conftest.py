"""A workspace on this machine with our app in it, over signed HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from integrations.sandbox.server import Sandbox
from integrations.sandbox.workspace import Workspace
from integrations.slack.client import SlackClient, connected_to_slack
from integrations.slack.identity import Myself
from tests.slack.bot import Bot, Doorway

CHANNEL = "C0RELEASES"


@pytest.fixture
def workspace() -> Workspace:
    workspace = Workspace()
    for name, real_name in (("omar", "Omar Haddad"), ("ruth", "Ruth Bell"), ("maya", "Maya Lind")):
        workspace.add_person(name, real_name, tz="Europe/Berlin")
    workspace.add_person("gus", "Gus Guest", is_restricted=True)
    workspace.add_channel(id=CHANNEL, name="releases", members=["omar", "ruth", "maya", "gus", "slipway"])
    workspace.add_command("/release")
    workspace.add_command("/old")
    return workspace


@pytest.fixture
async def doorway() -> AsyncIterator[Doorway]:
    async with Doorway() as doorway:
        yield doorway


@pytest.fixture
async def sandbox(workspace: Workspace, doorway: Doorway) -> AsyncIterator[Sandbox]:
    async with Sandbox(workspace, deliver="http", request_url=doorway.url, rate_limits="off") as sandbox:
        yield sandbox


@pytest.fixture
async def slack(sandbox: Sandbox) -> AsyncIterator[SlackClient]:
    async with connected_to_slack(sandbox.bot_token, api_url=sandbox.api_url) as client:
        yield client


@pytest.fixture
async def me(slack: SlackClient) -> Myself:
    me = Myself(slack)
    await me.learn()
    return me


@pytest.fixture
async def bot(sandbox: Sandbox, slack: SlackClient, me: Myself, doorway: Doorway) -> AsyncIterator[Bot]:
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(Bot(sandbox, slack, me, doorway))
