"""A workspace with people in it, a sandbox around it, and the real SDK's clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from integrations.sandbox.server import Sandbox
from integrations.sandbox.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from integrations.sandbox.desk import Desk


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    # The SDK would send loopback calls through a proxy that is named here.
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def workspace() -> Workspace:
    made = Workspace()
    made.add_person("maya", "Maya Lindqvist", title="Release manager", tz="Europe/Stockholm", email="maya@example.com")
    made.add_person("omar", "Omar Haddad", title="QA lead", tz="Europe/Berlin")
    made.add_person("ruth", "Ruth Osei", title="Change manager", tz="America/New_York")
    made.add_person("gus", "Gus Guest", is_restricted=True)
    made.add_person("fia", "Fia Foreign", team_id="T0ELSEWHERE")
    made.add_channel("releases", members=["maya", "omar", "ruth", "gus", "fia"])
    made.add_channel("general", members=["maya", "omar"], with_app=False)
    made.add_channel("secret", members=["maya"], is_private=True)
    made.add_group("qa", members=["omar"], name="Quality")
    made.add_command("/release", description="Plan and follow a release", usage_hint="list", should_escape=True)
    made.add_command("/raw", description="As it was typed")
    return made


@pytest.fixture
async def sandbox(workspace: Workspace) -> AsyncIterator[Sandbox]:
    async with Sandbox(workspace, rate_limits="off", ack_within=2.0, event_retries=(0.0, 0.05, 0.05)) as running:
        yield running


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[AsyncWebClient]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
        yield AsyncWebClient(sandbox.bot_token, base_url=sandbox.api_url, session=session, retry_handlers=[])


@pytest.fixture
def omar(workspace: Workspace) -> Desk:
    return workspace.desk("omar")


@pytest.fixture
def maya(workspace: Workspace) -> Desk:
    return workspace.desk("maya")
