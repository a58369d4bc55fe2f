"""The page over real HTTP, for the tests that need no browser."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from integrations.sandbox import page
from integrations.sandbox.workspace import Workspace
from tests.sandbox.page.world import a_workspace


@pytest.fixture
def workspace() -> Workspace:
    return a_workspace()


@pytest.fixture
async def client(workspace: Workspace) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    """The page over real HTTP, with a guide of two steps and no app behind it."""
    app = web.Application()
    app.add_routes(
        page.routes(
            workspace,
            guide=[("lists releases.", "omar", "/release list"), page.Step("looks in.", "ruth", place="home")],
        )
    )
    async with TestClient(TestServer(app)) as client:
        yield client
