"""The demo's deploy program and what its environments serve: really deployed, really rolled back, really refused."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from contextlib import closing

import pytest

from bot.rules.deployment import Phase
from bot.rules.policy import Catalogue
from integrations.demo.places import Place
from integrations.deployers.command import CommandDeployer
from integrations.verification import HttpVerifier
from tests.demo.conftest import ROOT
from tests.demo.test_ground import sees
from tests.makers import PRODUCTION, STAGING, a_candidate, a_deployment, an_order


async def test_a_deployment_changes_what_is_served_and_going_back_brings_it_back(up, deploy, look):
    first = await look("staging")
    there = await deploy("fix", "2.4.0")
    new = await look("staging")
    back = await deploy("v2.3.9", "2.3.9")
    last = await look("staging")

    assert there == (
        0,
        [
            f"Fetched {up.commits['fix'][:7]}: Show both digits of the cents again (PAY-342)",
            "Checked out 7 files",
            "The service file is sound",
            "Migrating the database: 0003 refunds",
            f"Switched traffic to 2.4.0 ({up.commits['fix'][:7]})",
            f"Healthy: staging serves 2.4.0 ({up.commits['fix'][:7]})",
        ],
    )
    assert "<h1>2.4.0</h1>" in new[1]
    assert "Refunds within a minute" in new[1]
    assert back[0] == 0
    assert "The database is up to date" in back[1]
    assert first == last
    assert "<h1>2.3.9</h1>" in last[1]


async def test_a_deployment_that_the_demo_leaves_behind_stops_by_itself(ground, deploy):
    async with ground.running():
        left_behind = asyncio.create_task(deploy("fix", "2.4.0", "staging", "--pace", "1"))
        place = Place(ground.folder / "environments" / "staging")
        while not list(place.folder.glob("releases/*-2.4.0")):  # noqa: ASYNC110 - another program brings it there
            await asyncio.sleep(0.01)
    code, lines = await asyncio.wait_for(left_behind, 3)
    assert (code, lines[-1]) == (4, "Stopped; staging serves 2.3.9.")


async def test_each_version_has_its_own_colour_and_says_where_it_runs(up, deploy, look):
    await deploy("fix", "2.4.0", "production")

    _, staging = await look("staging")
    _, production = await look("production")

    assert "#1f7a4d" in staging
    assert "#6a3fb5" in production
    assert '<span class="place">production</span>' in production


async def test_what_qa_finds_is_really_there_and_really_mended(up, deploy, look):
    await deploy("candidate", "2.4.0")
    _, wrong = await look("staging")
    await deploy("fix", "2.4.0")
    _, right = await look("staging")

    assert "€ 84.0<" in wrong
    assert "€ 84.00<" in right


async def test_a_broken_commit_is_refused_before_anything_is_touched(up, deploy, look):
    code, said = await deploy("broken", "2.3.10", "production")

    assert code == 2
    assert said[-1] == (
        "This commit can't be served: service.py, line 24: '(' was never closed. Production was not touched."
    )
    assert (await look("production", "/version"))[1]["version"] == "2.3.9"


async def test_what_turns_out_unhealthy_is_taken_back(up, deploy, look, monkeypatch):
    place = Place(up.folder / "environments" / "staging")
    put = place.check_out(up.repository, up.commits["candidate"], "2.4.0")
    (put.folder / "service.py").write_text("def page(*_):\n    raise RuntimeError('no such table: refund')\n")

    # The program waits for it to recover; nobody needs to wait that long here.
    code, said = await asyncio.to_thread(deploy_here, up, "candidate", "2.4.0", monkeypatch)

    assert code == 3
    assert said[-1].startswith(
        "2.4.0 is not healthy (service.py: RuntimeError: no such table: refund); traffic is back"
    )
    assert (await look("staging", "/version"))[1]["version"] == "2.3.9"
    assert (await look("staging", "/health"))[0] == 200


def deploy_here(ground, ref, version, monkeypatch):
    from integrations.demo import deploy

    monkeypatch.setattr(deploy, "HEALTHY_WITHIN", 0.3)
    said = []
    monkeypatch.setattr(deploy.Deploy, "_say", lambda _self, line, _work=0: said.append(line))
    return deploy.Deploy(ground.folder, "payments", "staging", 0).run(ground.commits[ref], version), said


async def test_an_environment_that_is_down_is_told_and_taken_back(ground, monkeypatch):
    code, said = await asyncio.to_thread(deploy_here, ground, "fix", "2.4.0", monkeypatch)

    assert code == 3
    assert "can't be reached" in said[-1]
    assert Place(ground.folder / "environments" / "staging").standing().version == "2.3.9"


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ("--environment=moon", "There is no environment called moon here."),
        ("--service=search", "There is no service called search here."),
        ("--commit=" + "f" * 40, "Git could not show"),
        ("--commit=--output=pwned", "Git could not show"),
        ("--ground=/nowhere", "The ground at /nowhere can't be used"),
    ],
)
async def test_what_can_not_be_deployed_is_said_in_one_line(up, deploy, wrong, complaint):
    code, said = await deploy("fix", "2.4.0", "staging", wrong)

    assert code == 1
    assert len(said) == 1
    assert said[0].startswith(complaint)
    assert not list(up.folder.rglob("pwned"))


async def test_the_database_of_each_environment_is_migrated_once(up, deploy):
    await deploy("candidate", "2.4.0")
    await deploy("fix", "2.4.0")

    had = {}
    for environment in up.ports:
        with closing(sqlite3.connect(up.folder / "environments" / environment / "payments.db")) as database:
            had[environment] = [name for (name,) in database.execute("SELECT name FROM migrated ORDER BY name")]
    assert had["staging"] == ["0001_payments", "0002_time_zone", "0003_refunds"]
    assert had["production"] == ["0001_payments", "0002_time_zone"]


async def test_readers_never_find_nothing_while_it_switches(up, deploy, look):
    seen = []

    async def reads():
        while True:
            seen.append((await look("staging"))[0])

    reading = asyncio.create_task(reads())
    for ref, version in (("fix", "2.4.0"), ("v2.3.9", "2.3.9")) * 2:
        assert (await deploy(ref, version))[0] == 0
    reading.cancel()

    assert len(seen) > 20
    assert set(seen) == {200}


async def test_stopped_in_the_middle_it_says_what_is_served(up, look):
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "integrations.demo.deploy", "--ground", str(up.folder), "--pace", "100"),
        *("--service", "payments", "--environment", "staging", "--commit", up.commits["fix"], "--version", "2.4.0"),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    await running.stdout.readline()

    running.send_signal(signal.SIGTERM)
    said, _ = await running.communicate()

    assert running.returncode == 4
    assert said.decode() == "Stopped; staging serves 2.3.9.\n"
    assert (await look("staging", "/version"))[1]["version"] == "2.3.9"


async def test_pages_that_are_not_there(up, look):
    assert (await look("staging", "/nope"))[0] == 404
    assert (await look("staging", "/version?x=1"))[0] == 200
    assert (await look("staging", "/health"))[1] == {"status": "ok"}


async def test_an_environment_without_a_deployment_says_so(up, look):
    (up.folder / "environments" / "staging" / "current").unlink()

    for path in ("/", "/version", "/health"):
        assert (await look("staging", path))[0] == 503


async def test_what_people_type_does_not_become_markup(up, deploy, look):
    await deploy("fix", "2.4.0<script>")

    assert "<h1>2.4.0&lt;script&gt;</h1>" in (await look("staging"))[1]


async def test_slipway_itself_deploys_here_sees_it_and_is_refused_what_is_broken(up):
    """The demo's catalogue, the command deployer and the verifier, as the bot uses them."""
    import aiohttp

    catalogue = sees(up)
    assert isinstance(catalogue, Catalogue)
    service = catalogue.services["payments"]
    deployer = CommandDeployer(state=up.state)

    async def goes(number, ref, version, environment):
        place = service.environment(environment)
        order = an_order(environment=environment, version=version, candidate=a_candidate(commit=up.commits[ref]))
        deployment = a_deployment(number, order=order)
        await deployer.start(deployment, service, place)
        while True:
            progress = await deployer.follow(deployment, service, place)
            if progress.phase is not Phase.RUNNING:
                return progress
            await asyncio.sleep(0.02)

    async with aiohttp.ClientSession() as session:
        verifier = HttpVerifier(session)
        good = await goes(1, "fix", "2.4.0", STAGING)
        seen = await verifier.served(service.environment(STAGING))
        bad = await goes(2, "broken", "2.3.10", PRODUCTION)
        untouched = await verifier.served(service.environment(PRODUCTION))

    assert good.phase is Phase.SUCCEEDED
    assert good.step == f"Healthy: staging serves 2.4.0 ({up.commits['fix'][:7]})"
    assert seen.version == up.commits["fix"]
    assert bad.phase is Phase.FAILED
    assert "exit code 2" in bad.step
    assert "'(' was never closed" in bad.step
    assert untouched.version == up.commits["v2.3.9"]


async def test_a_version_to_go_back_to_is_looked_for(up, deploy):
    there = await deploy("v2.3.9", "2.3.9", "production", "--look")
    gone = await deploy("f" * 40, "1.0.0", "production", "--look")
    unknown = await deploy("v2.3.9", "2.3.9", "the moon", "--look")

    assert there == (0, [])
    assert gone == (1, ["The repository has no commit fffffff any more."])
    assert unknown[0] == 5
