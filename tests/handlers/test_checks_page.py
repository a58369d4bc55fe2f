"""What docs/checks.md shows works as it stands: each snippet is run against a Slipway that hears reports."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from handlers.webhooks import CHECKS
from tests.handlers.test_webhooks import CI, RUN, SECRET, at_work
from tests.verbs.workshop import Workshop

PAGE = (Path(__file__).parents[2] / "docs/checks.md").read_text("utf-8")


def snippet(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


@pytest.fixture
async def ci() -> AsyncIterator[CI]:
    shop = Workshop()
    shop.at = datetime.now(UTC)
    async with at_work(shop) as ci:
        yield ci


async def run(ci: CI, *program: str, status: str = "passed", secret: str = SECRET) -> tuple[int, str]:
    """Run it as CI would: with its variables, and nothing of ours."""
    variables = {
        "PATH": os.environ["PATH"],
        "COMMIT": ci.shop.a,
        "STATUS": status,
        "RUN_URL": RUN,
        "SLIPWAY_URL": ci.url.removesuffix(CHECKS),
        "SLIPWAY_WEBHOOK_SECRET": secret,
    }
    process = await asyncio.create_subprocess_exec(
        *program, env=variables, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


PYTHON = (sys.executable, "-I", "-c", snippet("python"))
SHELL = pytest.param(
    ("sh", "-c", snippet("sh")),
    marks=pytest.mark.skipif(
        not (shutil.which("curl") and shutil.which("openssl")), reason="curl or openssl is not on this machine"
    ),
)


@pytest.mark.parametrize("program", [PYTHON, SHELL], ids=["python", "shell"])
async def test_the_snippet_reports_and_prints_what_came_of_it(ci, program):
    release = await ci.shop.planned(ci.shop.a, "1.0.0")
    code, said = await run(ci, *program)
    assert code == 0, said
    assert "ticked “The regression tests have passed” of R-1." in said
    line = await ci.shop.line(release, "regression")
    assert (line.done, line.evidence.link) == (True, RUN)


@pytest.mark.parametrize("program", [PYTHON, SHELL], ids=["python", "shell"])
async def test_the_snippet_fails_where_the_report_was_not_taken(ci, program):
    code, _ = await run(ci, *program, secret="another-secret-that-was-copied-wrong-01234")
    assert code != 0


def test_the_page_says_every_answer_and_every_member():
    from handlers import webhooks

    source = Path(webhooks.__file__).read_text("utf-8")
    for status in set(re.findall(r"_problems\((\d{3})", source)) | {"200", "202"}:
        assert status == "500" or f"| `{status}` |" in PAGE, status
    for member in webhooks._MEMBERS:
        assert f"| `{member}` |" in PAGE
