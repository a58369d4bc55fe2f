"""Each story gets a world of its own: a workspace, a target, a repository, a database."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings, read
from bot.wired import manifest
from integrations.sandbox.server import Sandbox
from tests.stories.world import APP_TOKEN, BOT_TOKEN, CATALOGUE, SECRET, WEBHOOK_SECRET, World, a_workspace
from tests.twins.code_host import FakeCodeHost
from tests.twins.deployer import FakeTarget
from tests.twins.verifier import FakeVerifier

GITHUB_SECRET = "what-github-signs-with-" + "4711" * 5
REPOSITORIES = ("/srv/payments", "/srv/storefront")


def written_code() -> tuple[FakeCodeHost, dict[str, str]]:
    """A repository with what the stories are about: an old version, a new one, and its mend."""
    code, commits = FakeCodeHost(), {}
    for repository in REPOSITORIES:
        old = code.commit(repository, "Show the receipt", author="Lena Berg", email="lena@example.com")
        new = code.commit(repository, "Refund at once", parents=[old])
        mended = code.commit(repository, "Refund once, not twice", parents=[new])
        code.tag(repository, "v2.3.9", old)
        code.branch(repository, "main", new)
        code.branch(repository, "mend", mended)
        commits |= {"old": old, "new": new, "mended": mended}
    return code, commits


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def a_world(folder: Path, database_url: str, transport: str = "socket", **sandbox: Any) -> AsyncIterator[World]:
    """A world at rest: the workspace is there, Slipway is not running yet."""
    port = free_port()
    workspace = a_workspace(manifest())
    code, commits = written_code()
    target, verifier = FakeTarget(), FakeVerifier()
    target.on_success = verifier.sees
    catalogue = folder / "slipway.yaml"
    catalogue.write_text(CATALOGUE.read_text("utf-8"), "utf-8")
    async with Sandbox(
        workspace,
        signing_secret=SECRET,
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        deliver=transport,
        request_url=f"http://127.0.0.1:{port}/slack/events" if transport == "http" else "",
        rate_limits="off",
        **sandbox,
    ) as slack:
        environment = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_API_URL": slack.api_url,
            "SLIPWAY_DATABASE_URL": database_url,
            "SLIPWAY_CATALOGUE": str(catalogue),
            "SLIPWAY_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "SLIPWAY_GITHUB_WEBHOOK_SECRET": GITHUB_SECRET,
            "SLIPWAY_LISTEN": f"127.0.0.1:{port}",
            **({"SLACK_APP_TOKEN": APP_TOKEN} if transport == "socket" else {"SLACK_SIGNING_SECRET": SECRET}),
        }
        settings = read(environment)
        assert isinstance(settings, Settings), settings
        yield World(workspace, slack, settings, target, verifier, code, catalogue, commits)


@pytest.fixture
async def world(tmp_path: Path, sqlite_url: str) -> AsyncIterator[World]:
    """The world, with Slipway running: Socket Mode, a SQLite file."""
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(a_world(tmp_path, sqlite_url))
        await stack.enter_async_context(made.running())
        yield made
