"""What Slipway says at GitHub, by the real engine: tags and releases, a freeze beside pull requests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.rules.mark import MarkState
from tests.stories.conftest import a_world
from tests.stories.roads import deployed, in_staging
from tests.stories.world import World

NAME = "acme/payments"
OURS = f"repository: {NAME}\n    tag: {{environment: production}}\n    pull_requests: production"


@pytest.fixture
async def world(tmp_path: Path, sqlite_url: str) -> AsyncIterator[World]:
    """The same world, in which payments is at GitHub."""
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(a_world(tmp_path, sqlite_url))
        text = made.catalogue.read_text("utf-8")
        made.catalogue.write_text(text.replace("repository: /srv/payments", OURS), "utf-8")
        old = made.code.commit(NAME, "Show the receipt", author="Lena Berg", email="lena@example.com")
        new = made.code.commit(NAME, "Refund at once", parents=[old])
        made.code.branch(NAME, "main", new)
        made.marks.opens(NAME, "main", new)
        await stack.enter_async_context(made.running())
        yield made


async def test_a_version_that_is_in_production_has_its_tag_and_its_release_told_in_the_thread(world: World):
    await in_staging(world)
    await deployed(world, "production")
    await world.until(lambda: "its release is published" in world.thread())

    assert list(world.publisher.releases) == [(NAME, "v2.4.0")]
    found = await world.code.resolve(NAME, "v2.4.0")
    assert found is not None
    assert found.subject == "Refund at once"


async def test_a_freeze_shows_beside_open_pull_requests_as_soon_as_it_begins(world: World):
    await world.until(lambda: [mark.state for _, mark in world.marks.written] == [MarkState.SUCCESS])
    await world.maya.types("/freeze start production until tomorrow 07:00 The annual sale")
    await world.until(lambda: len(world.marks.written) == 2)

    _, mark = world.marks.written[-1]
    assert mark.state is MarkState.FAILURE
    assert "The annual sale (F-1)" in mark.sentence
