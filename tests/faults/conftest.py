"""The worlds in which things go wrong: the stories' own, over both transports, and one with a real repository."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from integrations.code_hosts.git import GitCodeHost
from tests.faults.watch import Watch, watching
from tests.stories.conftest import REPOSITORIES, a_world
from tests.stories.world import World


@pytest.fixture(params=["socket", "http"])
async def world(request: pytest.FixtureRequest, tmp_path: Path, sqlite_url: str) -> AsyncIterator[World]:
    """The world, with Slipway running, over both transports unless a test chooses one."""
    async with a_world(tmp_path, sqlite_url, request.param) as made, made.running():
        yield made


@pytest.fixture
async def watch(world: World) -> AsyncIterator[Watch]:
    """Who is told what, and what changes."""
    async with watching(world) as at_it:
        yield at_it


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit on `main`."""
    folder = tmp_path / "payments"
    folder.mkdir()
    (folder / "app.txt").write_text("hello")
    for words in (("init", "-q", "-b", "main"), ("add", "."), ("commit", "-q", "-m", "One")):
        subprocess.run(
            ["git", "-c", "user.name=Lena Berg", "-c", "user.email=lena@example.com", *words],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            check=True,
            capture_output=True,
        )
    return folder


@pytest.fixture
async def real_git(repository: Path, tmp_path: Path, sqlite_url: str) -> AsyncIterator[World]:
    """The world over Socket Mode, with a real repository: what people type as a commit reaches the git program."""
    async with a_world(tmp_path, sqlite_url) as made:
        agreed = made.catalogue.read_text("utf-8")
        for each in REPOSITORIES:
            agreed = agreed.replace(each, str(repository))
        made.catalogue.write_text(agreed, "utf-8")
        made.code = GitCodeHost(base=tmp_path)  # type: ignore[assignment]
        async with made.running():
            yield made
