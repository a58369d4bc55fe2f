"""From a terminal: the same rules and the same record, also while Slack is away, and while no Slipway is at work."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.rules.audit import Happened
from integrations.database.engine import open_engines
from integrations.database.records import DatabaseRecords
from tests.cli.site import ROOT, Site, a_site
from tests.fakes import RecordingStarter

pytestmark = pytest.mark.timeout(240)  # each story starts several programs, one after the other


@pytest.fixture
async def site(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Site]:
    async with a_site(tmp_path, sqlite_url) as there:
        yield there


async def record(site: Site) -> dict[str, Happened]:
    """The newest entry of each verb."""
    engines = open_engines(site.settings["SLIPWAY_DATABASE_URL"])
    try:
        async with DatabaseRecords(engines, RecordingStarter(), lambda: None).read() as page:
            return {each.happened.verb: each.happened for each in await page.record()}
    finally:
        await engines.dispose()


async def test_a_rollback_while_slack_is_away_and_the_thread_is_complete_when_it_is_back(site: Site):
    async with site.serving():
        await site.is_given_a_token("ines")
        site.sandbox.away = True
        ended = await site.types("rollback", "payments", "now", "Refunds go out twice", by="ines")
        assert ended.code == 0, ended.said
        assert "production is back on 2.3.8 (D-5)" in ended.out
        assert re.search(r"People and roles as read .* ago, since Slack could not be asked", ended.err)
        assert await site.served("production") == "2.3.8"
        assert "rolls *production*" not in site.read("payments")
        status = await site.types("status")
        assert "✓ Slipway on " in status.out
        assert re.search(r"messages +\d+ wait", status.out)
        site.sandbox.away = False
        await site.until(lambda: "production is back on 2.3.8 (D-5)" in site.read("payments"))
        thread = site.read("payments")
        assert thread.count("rolls production back from 2.3.9 to 2.3.8 (D-5). Reason: Refunds go out twice") >= 1
        assert thread.index("rolls production back") < thread.index("production is back on")
    begun = (await record(site))["roll back"]
    assert (begun.by, begun.surface) == ("U0INES", "terminal")
    assert "roles_as_read_at" in begun.detail
    assert (await site.types("audit", "verify")).code == 0


async def test_a_rollback_while_neither_slack_nor_slipway_is_there(site: Site):
    async with site.serving():
        await site.is_given_a_token("ines")
    site.sandbox.away = True
    ended = await site.types("rollback", "payments", "now", "Refunds go out twice", by="ines")
    assert ended.code == 0, ended.said
    assert "No Slipway is at work, so this terminal does it" in ended.out
    assert await site.served("production") == "2.3.8"
    assert json.loads((await site.types("status", "--json")).out)["outbox"]["waiting"] > 0
    site.sandbox.away = False
    async with site.serving():
        await site.until(lambda: "production is back on 2.3.8 (D-5)" in site.read("payments"))


async def test_two_who_roll_back_at_once_beside_a_slipway_roll_back_once(site: Site):
    await site.has_a_past("ines", "maya")
    async with site.serving():
        await several_roll_back_at_once(site)


async def test_without_a_slipway_they_roll_back_once_as_well(site: Site):
    await site.has_a_past("ines", "maya")
    site.sandbox.away = True
    await several_roll_back_at_once(site)


async def several_roll_back_at_once(site: Site) -> None:
    words = ("rollback", "payments", "to", "2.3.8", "now", "It burns")
    ended = await asyncio.gather(*(site.types(*words, by=each) for each in ("ines", "maya", "ines")))
    assert sorted(each.code for each in ended) == [0, 1, 1], [each.said for each in ended]
    lost = [each.err for each in ended if each.code]
    assert all(
        re.search(
            "took production|no version that production|no good version|is bringing 2.3.8 back to production already",
            each,
        )
        for each in lost
    ), lost
    assert await site.served("production") == "2.3.8"
    shown = json.loads((await site.types("deployments", "--json")).out)
    assert [each["kind"] for each in shown].count("rollback") == 1


async def test_on_postgresql_it_is_the_same(tmp_path: Path, postgres_url: str):
    async with a_site(tmp_path, postgres_url) as site:
        await site.has_a_past("ines")
        site.sandbox.away = True
        ended = await site.types("rollback", "payments", "now", "It burns", by="ines")
        assert ended.code == 0, ended.said
        assert "so this terminal does it" in ended.out
        assert "as read 14 minutes ago" in ended.err
        assert await site.served("production") == "2.3.8"


async def test_whoever_has_lost_the_role_has_lost_it_here_as_well(site: Site):
    async with site.serving():
        await site.is_given_a_token("ines")
        site.workspace.change_group("on-call", members=[])
        ended = await site.types("rollback", "payments", "now", "It burns", by="ines")
        assert ended.code == 1
        assert "Only release-manager and on-call can roll back" in ended.err
        assert "as read" not in ended.err
        # What Slipway saw of it is what counts once Slack is away.
        await site.workspace.desk("maya").types("payments", "/deploy status")
        await site.workspace.desk("maya").types("payments", "/release list")
        await asyncio.sleep(3)
        site.sandbox.away = True
        ended = await site.types("rollback", "payments", "now", "It burns", by="ines")
        assert ended.code == 1, ended.said
        assert "Only release-manager and on-call can roll back" in ended.err
    assert await site.served("production") == "2.3.9"


async def test_ctrl_c_leaves_it_to_slipway(site: Site):
    site.takes_its_time()
    await site.has_a_past("ines")
    async with site.serving():
        words = ("rollback", "payments", "now", "Refunds go out twice")
        async with site.started(*words, SLIPWAY_TOKEN=site.tokens["ines"]) as process:
            assert process.stdout is not None
            async with asyncio.timeout(60):
                while b"running" not in await process.stdout.readline():
                    pass
            process.send_signal(signal.SIGINT)
            out, err = await asyncio.wait_for(process.communicate(), 30)
            assert process.returncode == 130
            assert b"D-5 goes on without this terminal. To look again: slipway follow D-5" in out
            assert b"Traceback" not in out + err
        ended = await site.types("follow", "D-5")
        assert ended.code == 0, ended.said
        assert await site.served("production") == "2.3.8"


async def test_somebody_who_sits_there_is_asked_and_sees_the_steps(site: Site):
    await site.has_a_past("ines")
    async with site.serving():
        no = await asyncio.to_thread(sitting, site, "rollback payments Refunds go out twice", "n")
        assert "Roll payments back to 2.3.8 now? [y/N]" in no or "Roll Payments back to 2.3.8 now? [y/N]" in no
        assert "Nothing was started." in no
        assert await site.served("production") == "2.3.9"
        yes = await asyncio.to_thread(sitting, site, "rollback payments Refunds go out twice", "y")
        assert "Looking at what is served" in yes
        assert "production is back on 2.3.8" in yes
        assert await site.served("production") == "2.3.8"


def sitting(site: Site, line: str, answer: str) -> str:
    """Type it on a real terminal, and answer the question; what stands there afterwards, without its colours."""
    ours, theirs = pty.openpty()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HOME": str(site.home),
        "TERM": "xterm",
        "COLUMNS": "140",
        **site.settings,
        "SLIPWAY_TOKEN": site.tokens["ines"],
    }
    with subprocess.Popen(
        [sys.executable, "-m", "bot", *line.split()],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        cwd=site.home,
    ) as process:
        os.close(theirs)
        seen, answered = b"", False
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other end is closed: it has ended
                break
            if not piece:
                break
            seen += piece
            if b"[y/N]" in seen and not answered:
                answered = True
                os.write(ours, f"{answer}\n".encode())
        process.wait(30)
    os.close(ours)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode())
