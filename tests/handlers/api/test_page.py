"""What docs/api.md shows works as it stands: each snippet is run against a Slipway, each example is really answered."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from bot.rules.machine_token import MEANINGS, USUAL
from handlers.api import ENDPOINTS
from handlers.api.document import STATUS
from handlers.api.endpoint import BASE, Lines
from handlers.api.models import Problem, example_of
from handlers.api.pace import A_SECOND, AT_ONCE
from handlers.api.parameters import MOST
from handlers.api.problems import Code
from tests.handlers.api.machine import Machine
from tests.handlers.api.served import something_of_everything
from tests.makers import FEATURE

PAGE = (Path(__file__).parents[3] / "docs/api.md").read_text("utf-8")
GATE, ASK, *_ = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
(VERIFY,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
SECTIONS = re.findall(
    r"^`GET (\S+)`, scope `(\S+)`\n\n```sh\n(.*?)```\n\n(?:[^#]*?```json\n(.*?)```)?", PAGE, re.DOTALL | re.MULTILINE
)

with_curl_and_jq = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("jq")), reason="curl or jq is not on this machine"
)


async def run(machine: Machine, script: str, folder: Path, *, commit: str = "", **variables: str) -> tuple[int, str]:
    """Run it as CI would: with its variables, and nothing of ours."""
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", script),
        env={
            "PATH": os.environ["PATH"],
            "COMMIT": commit or machine.shop.a,
            "SLIPWAY_URL": machine.address.removesuffix(BASE),
            "SLIPWAY_API_TOKEN": machine.token,
            **variables,
        },
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


# ------------------------------------------------------------ the gate


@with_curl_and_jq
async def test_the_build_goes_on_where_the_gate_is_open(alone: Machine, tmp_path: Path):
    await alone.shop.approved(alone.shop.a, "1.0.0")
    assert await run(alone, GATE, tmp_path) == (0, "true\n")


@with_curl_and_jq
async def test_the_build_fails_where_something_blocks_and_its_log_says_what_would_help(alone: Machine, tmp_path: Path):
    await alone.shop.planned(alone.shop.a, "1.0.0", FEATURE)
    code, said = await run(alone, GATE, tmp_path)
    assert code != 0
    assert "The approval of qa is missing. Press Approve, or type /release approve R-1 production." in said


@with_curl_and_jq
@pytest.mark.parametrize(
    ("spoilt", "says"),
    [
        ({"SLIPWAY_API_TOKEN": "slipwayapi_" + "0" * 64}, "I don't know this token"),
        ({"commit": "main"}, "“main” is not the full SHA of a commit"),
        ({"SLIPWAY_URL": "http://127.0.0.1:1"}, ""),
    ],
)
async def test_the_build_fails_where_nobody_could_answer(alone: Machine, tmp_path: Path, spoilt, says):
    await alone.shop.approved(alone.shop.a, "1.0.0")
    code, said = await run(alone, GATE.replace("--retry 3", "--retry 0"), tmp_path, **spoilt)
    assert code != 0
    assert says in said
    assert "true" not in said
    assert alone.token not in said


# ------------------------------------------------------------ every path


def test_each_path_is_shown_with_its_scope():
    assert [(path, scope) for path, scope, _, _ in SECTIONS] == [(each.path, each.scope) for each in ENDPOINTS]


@with_curl_and_jq
@pytest.mark.parametrize(("path", "question"), [(path, question) for path, _, question, _ in SECTIONS])
async def test_each_question_is_answered(alone: Machine, tmp_path: Path, path: str, question: str):
    await something_of_everything(alone.shop)
    there = question.replace("R-12", "R-1").replace("D-40", "D-1")
    code, said = await run(alone, f"{ASK}\n{there}", tmp_path)
    assert code == 0, said
    assert said, path


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: each.name)
def test_each_answer_that_is_shown_is_the_models_own_example(endpoint):
    (shown,) = [answer for path, _, _, answer in SECTIONS if path == endpoint.path]
    model = endpoint.answers.model if issubclass(endpoint.answers, Lines) else endpoint.answers
    example = example_of(model) if hasattr(model, "model_config") else None
    assert (json.loads(shown) if shown else None) == example


def test_the_problem_that_is_shown_is_one():
    (shown,) = re.findall(r"```json\n(.*?)```", PAGE.split("## What is no answer")[1], re.DOTALL)
    assert json.loads(shown) == example_of(Problem)


# ------------------------------------------------------------ the record


async def verify(text: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-c", VERIFY),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate(text.encode())
    return process.returncode or 0, said.decode()


async def test_what_is_shown_verifies_the_record_and_finds_what_was_changed(alone: Machine):
    await something_of_everything(alone.shop)
    reply = await alone.asks("/audit")

    code, said = await verify(reply.text)
    changed, found = await verify(reply.text.replace('"reason":"It burns"', '"reason":"It rains"', 1))

    assert (code, said.strip()) == (0, f"Unbroken. The head is {reply.headers['Slipway-Record-Head']}.")
    assert changed == 1
    assert "is not as it was written" in found


async def test_the_entry_that_is_shown_is_a_genuine_one():
    (shown,) = [answer for path, _, _, answer in SECTIONS if path == "/audit"]
    assert (await verify(shown))[0] == 0


# ------------------------------------------------------------ what is said


def test_every_scope_problem_and_limit_is_said():
    for scope, meaning in MEANINGS.items():
        assert f"| `{scope}` | {meaning} |" in PAGE
    told = PAGE.split("## What is no answer")[1]
    assert {*re.findall(r"`([a-z-]+)`", told)} >= {*Code}
    assert {*re.findall(r"^\| (\d{3})", told, re.MULTILINE)} == {*STATUS.values()}
    assert f"{AT_ONCE} questions at once, and {A_SECOND} a second" in told
    weights = {each.path: each.weight for each in ENDPOINTS if each.weight > 1}
    assert weights == {"/audit": 20, "/audit/{release}": 20}
    assert "`/audit` counts as 20" in told
    assert f"at most {MOST}" in PAGE
    assert f"It lasts {USUAL.days} days" in PAGE
