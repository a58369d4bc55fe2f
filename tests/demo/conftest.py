"""A ground to try the demo's parts on."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import aiohttp
import pytest

import integrations
from integrations.demo.ground import prepare

ROOT = Path(integrations.__path__[0]).parent


@pytest.fixture
async def ground(tmp_path):
    return await prepare(tmp_path / "ground", pace=0)


@pytest.fixture
async def up(ground):
    """The ground with both environments running."""
    async with ground.running():
        yield ground


@pytest.fixture
async def look(ground):
    """Reads a page: status and text, or the JSON of it."""
    async with aiohttp.ClientSession() as session:

        async def read(environment, path="/"):
            async with session.get(ground.addresses[environment] + path) as answer:
                text = await answer.text()
                return answer.status, json.loads(text) if answer.content_type == "application/json" else text

        yield read


@pytest.fixture
def deploy(ground):
    """Runs the deploy program: its exit code and its lines."""

    async def run(ref, version, environment="staging", *more):
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "integrations.demo.deploy", "--ground", str(ground.folder), "--pace", "0"),
            *("--service", "payments", "--environment", environment),
            *("--commit", ground.commits.get(ref, ref), "--version", version, *more),
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await running.communicate()
        return running.returncode, said.decode().splitlines()

    return run
