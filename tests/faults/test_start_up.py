"""The program as people start it: whatever is wrong is said in one clear sentence, and never with a stack trace."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import shutil
import signal
import socket
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.wired import manifest
from integrations.sandbox.server import Sandbox
from integrations.slack.app import build_app
from integrations.slack.client import connected_to_slack
from integrations.slack.identity import Myself
from integrations.slack.sockets import Sockets
from tests.stories.conftest import free_port
from tests.stories.world import APP_TOKEN, BOT_TOKEN, CATALOGUE, SECRET, a_workspace

PROGRAM = Path(sys.executable).with_name("slipway")
SECRETS = (BOT_TOKEN, APP_TOKEN, SECRET, "canary")


@pytest.fixture
async def slack() -> AsyncIterator[Sandbox]:
    """A workspace to connect to."""
    async with Sandbox(
        a_workspace(manifest()), signing_secret=SECRET, bot_token=BOT_TOKEN, app_token=APP_TOKEN, rate_limits="off"
    ) as there:
        yield there


@pytest.fixture
def settings(slack: Sandbox, tmp_path: Path, sqlite_url: str) -> dict[str, str]:
    """Everything that a start needs, all of it right."""
    shutil.copy(CATALOGUE, tmp_path / "slipway.yaml")
    return {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": APP_TOKEN,
        "SLACK_API_URL": slack.api_url,
        "SLIPWAY_DATABASE_URL": sqlite_url,
        "SLIPWAY_CATALOGUE": str(tmp_path / "slipway.yaml"),
        "SLIPWAY_LISTEN": f"127.0.0.1:{free_port()}",
    }


@asynccontextmanager
async def started(folder: Path, environment: Mapping[str, str], *words: str) -> AsyncIterator[Process]:
    """The program, in an environment of its own."""
    program = await asyncio.create_subprocess_exec(
        PROGRAM,
        *(words or ("run",)),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield program
    finally:
        if program.returncode is None:
            program.kill()
        await program.communicate()


async def ends(folder: Path, environment: Mapping[str, str], *words: str, within: float = 30) -> tuple[int, str]:
    """Its code and what it said, without escapes and line breaks, after a look at what it must never say."""
    async with started(folder, environment, *words) as program, asyncio.timeout(within):
        out, err = await program.communicate()
        said = " ".join((out + err).decode().split())
        assert "Traceback" not in said
        assert not re.search(r"\b\w+(?:\.\w+)*(?:Error|Exception)\b", said), said
        assert not re.search(r"\bNone\b|object at 0x|\{\w+\}|\x1b", said), said
        for secret in SECRETS:
            assert secret not in said
        assert program.returncode is not None
        return program.returncode, said


async def test_every_wrong_setting_is_named_at_once_and_the_code_is_2(tmp_path: Path):
    code, said = await ends(
        tmp_path,
        {
            "SLACK_BOT_TOKEN": "xapp-canary",
            "SLACK_APP_TOKEN": "xoxb-canary",
            "SLACK_SIGNING_SECRET": "canary",
            "SLACK_API_URL": "ftp://canary",
            "SLIPWAY_DATABASE_URL": "mysql://root:canary@localhost/slipway",
            "SLIPWAY_LISTEN": "localhost:99999",
            "SLIPWAY_COMMANDS": "deploy=/Ship It",
            "SLIPWAY_LOG": "loud",
            "SLIPWAY_CATALOG": "x.yaml",
        },
    )
    assert code == 2
    for name in (
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SLACK_SIGNING_SECRET",
        "SLACK_API_URL",
        "SLIPWAY_DATABASE_URL",
        "SLIPWAY_LISTEN",
        "SLIPWAY_COMMANDS",
        "SLIPWAY_LOG",
        "SLIPWAY_CATALOG",
    ):
        assert f"{name}: " in said, name


async def test_without_settings_nothing_is_made(tmp_path: Path):
    code, said = await ends(tmp_path, {})
    assert code == 2
    assert "2 settings need your attention" in said
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - one look into a folder


async def no_database(settings: dict[str, str], folder: Path) -> str:
    settings["SLIPWAY_DATABASE_URL"] = f"sqlite:///{folder}/nowhere.db"
    return "slipway db upgrade"


async def an_empty_database(settings: dict[str, str], folder: Path) -> str:
    (folder / "empty.db").touch()
    settings["SLIPWAY_DATABASE_URL"] = f"sqlite:///{folder}/empty.db"
    return "slipway db upgrade"


def _at(settings: dict[str, str], revision: str) -> None:
    with closing(sqlite3.connect(settings["SLIPWAY_DATABASE_URL"].split("///")[1])) as database, database:
        database.execute("UPDATE alembic_version SET version_num = ?", (revision,))


async def a_newer_database(settings: dict[str, str], folder: Path) -> str:
    _at(settings, "9999_from_the_future")
    return "newer version of Slipway"


async def no_sqlite_file(settings: dict[str, str], folder: Path) -> str:
    (folder / "text.db").write_text("This is no database. " * 500)
    settings["SLIPWAY_DATABASE_URL"] = f"sqlite:///{folder}/text.db"
    return "database"


async def a_database_server_that_is_not_there(settings: dict[str, str], folder: Path) -> str:
    settings["SLIPWAY_DATABASE_URL"] = "postgresql://slipway:canary@127.0.0.1:1/slipway"
    return "database"


async def no_catalogue(settings: dict[str, str], folder: Path) -> str:
    (folder / "slipway.yaml").unlink()
    return "slipway.yaml"


async def a_catalogue_that_is_no_text(settings: dict[str, str], folder: Path) -> str:
    (folder / "slipway.yaml").write_bytes(b"\x89PNG\xff\xfe\x00\x00" * 50)
    return "slipway.yaml"


async def a_catalogue_with_two_mistakes(settings: dict[str, str], folder: Path) -> str:
    file = folder / "slipway.yaml"
    file.write_text(
        file.read_text().replace("role: release-manager}", "role: nobody}").replace("version: 1", "version: 2")
    )
    return "slipway.yaml:2:"


async def a_token_that_slack_does_not_know(settings: dict[str, str], folder: Path) -> str:
    settings["SLACK_BOT_TOKEN"] = "xoxb-canary"
    return "SLACK_BOT_TOKEN"


async def an_app_token_that_slack_does_not_know(settings: dict[str, str], folder: Path) -> str:
    settings["SLACK_APP_TOKEN"] = "xapp-canary"
    return "SLACK_APP_TOKEN"


async def an_address_of_somebody_else(settings: dict[str, str], folder: Path) -> str:
    settings["SLIPWAY_LISTEN"] = "203.0.113.7:8080"
    return "203.0.113.7:8080"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (no_database, 1),
        (an_empty_database, 1),
        (a_newer_database, 1),
        (no_sqlite_file, 1),
        (a_database_server_that_is_not_there, 1),
        (no_catalogue, 2),
        (a_catalogue_that_is_no_text, 2),
        (a_catalogue_with_two_mistakes, 2),
        (a_token_that_slack_does_not_know, 1),
        (an_app_token_that_slack_does_not_know, 1),
        (an_address_of_somebody_else, 1),
    ],
)
async def test_a_start_that_cannot_be_says_why(settings: dict[str, str], tmp_path: Path, wrong, code):
    about = await wrong(settings, tmp_path)
    ended, said = await ends(tmp_path, settings)
    assert about in said
    assert ended == code
    assert "is at work" not in said


async def test_a_port_that_is_taken_is_named(settings: dict[str, str], tmp_path: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        settings["SLIPWAY_LISTEN"] = f"127.0.0.1:{port}"
        code, said = await ends(tmp_path, settings)
    assert code == 1
    assert f"127.0.0.1:{port}" in said


async def test_it_runs_answers_for_its_health_and_nobody_else_may_have_its_file(
    settings: dict[str, str], tmp_path: Path
):
    async with started(tmp_path, settings) as program:
        assert program.stdout is not None
        async with asyncio.timeout(30):
            while b"is at work" not in await program.stdout.readline():
                assert program.returncode is None
        other = {**settings, "SLIPWAY_LISTEN": f"127.0.0.1:{free_port()}"}
        code, said = await ends(tmp_path, other)
        assert code == 1
        assert f"process {program.pid}" in said
        assert "PostgreSQL serves several" in said
        program.send_signal(signal.SIGTERM)
        out, err = await asyncio.wait_for(program.communicate(), 20)
        assert program.returncode == 0
        assert b"Traceback" not in out + err
    # Its lock went with it: the next one starts.
    async with started(tmp_path, settings) as program:
        assert program.stdout is not None
        async with asyncio.timeout(30):
            while b"is at work" not in await program.stdout.readline():
                assert program.returncode is None
        program.send_signal(signal.SIGINT)
        await asyncio.wait_for(program.communicate(), 20)
        assert program.returncode == 0


async def test_slack_being_away_at_the_start_is_waited_for_over_http(
    settings: dict[str, str], slack: Sandbox, tmp_path: Path
):
    """Signed HTTP needs nobody's leave to listen; who we are is learned once Slack is back."""
    del settings["SLACK_APP_TOKEN"]
    settings["SLACK_SIGNING_SECRET"] = SECRET
    slack.away = True
    async with started(tmp_path, settings) as program:
        assert program.stdout is not None
        async with asyncio.timeout(30):
            while b"is at work" not in await program.stdout.readline():
                assert program.returncode is None
        program.send_signal(signal.SIGTERM)
        _, err = await asyncio.wait_for(program.communicate(), 20)
        assert program.returncode == 0
        assert b"Traceback" not in err


async def test_slack_being_away_is_told_in_a_line_at_a_time_and_the_links_come_up_once_it_is_back(
    slack: Sandbox, caplog
):
    """Socket Mode goes on trying; a stack trace every ten seconds would bury what an operator looks for."""
    caplog.set_level(logging.INFO)
    slack.away = True
    async with connected_to_slack(BOT_TOKEN, api_url=slack.api_url) as client:
        app = build_app(client, Myself(client))
        sockets = Sockets(app, client, APP_TOKEN, ping_interval=timedelta(milliseconds=200))
        await sockets.start(timedelta(milliseconds=700))
        slack.away = False
        await slack.connected(2)
        await sockets.close()
    told = [each for each in caplog.records if "Failed to connect" in each.getMessage()]
    assert told
    assert all(each.levelno == logging.WARNING for each in told)
    assert not any(each.exc_info for each in caplog.records)
