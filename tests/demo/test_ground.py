"""The ground of the demo: what is prepared, that it stays, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from bot.catalogue.loading import load
from bot.rules.policy import Catalogue
from integrations.code_hosts.git import GitCodeHost
from integrations.demo.ground import prepare
from integrations.demo.history import HISTORY
from integrations.demo.people import CHANNELS, GROUPS, GUS, PEOPLE
from integrations.demo.repository import GroundError
from integrations.deployers.command import CommandDeployer
from integrations.deployers.command_settings import problems_of
from tests.demo.conftest import ROOT

KNOWN = {
    "v2.3.8": "191a1f11f3db6f009a493e58b75140200aaeb16a",
    "v2.3.9": "6518d418d7f7fd7e66f712dd21544fdc3a0d941b",
    "candidate": "2d7cf2a0239c3947857f1a4949ae9b567ee824c9",
    "fix": "d51edaf1070fba5c47a1a5e8d46b1a4107690805",
    "broken": "9e45f74ef587fb92b9ae2f51a592efe873fdb29b",
    "bugfix/2.4.1": "9655fa8ad0b7f217468bb027611de65d9c9fe4bf",
}


def sees(ground):
    return load(ground.catalogue, deployers={"command": problems_of}, base=ground.folder)


async def test_every_machine_gets_the_same_commits(ground):
    assert {name: ground.commits[name] for name in KNOWN} == KNOWN


async def test_the_history_is_one_that_a_code_host_can_tell(ground):
    host = GitCodeHost()
    repository = str(ground.repository)

    coming = await host.between(repository, "v2.3.9", "release/2.4")
    before = await host.between(repository, None, "v2.3.9")
    hurried = await host.between(repository, "v2.3.9", "hotfix/2.3.10")

    mended = await host.between(repository, "release/2.4", "bugfix/2.4.1")

    assert (coming.total, before.total, hurried.total, mended.total) == (6, 8, 1, 1)
    assert coming.commits[0].sha == ground.commits["fix"]
    assert coming.commits[1].sha == ground.commits["candidate"]
    assert {each.author_email for each in coming.commits} == {
        "ben@acme.example",
        "lena@acme.example",
        "aiko@acme.example",
    }
    moments = [each.at for each in HISTORY]
    assert moments == sorted(moments)
    assert moments[-1] - moments[0] < timedelta(weeks=4)


async def test_preparing_again_keeps_all_that_is_there(ground, tmp_path):
    marker = ground.repository / "played-with.txt"
    marker.touch()
    place = ground.folder / "environments" / "production" / "current"
    before = place.resolve()

    again = await prepare(tmp_path / "ground", pace=0)

    assert again == ground
    assert marker.exists()
    assert place.resolve() == before


async def test_a_preparation_that_was_interrupted_is_made_good(ground, tmp_path):
    (ground.repository / ".git" / "demo.json").unlink()
    (ground.folder / "environments" / "staging" / "current").unlink()

    assert await prepare(tmp_path / "ground", pace=0) == ground
    assert (ground.folder / "environments" / "staging" / "current" / "service.py").exists()


async def test_a_fresh_ground_begins_where_the_demo_begins(up, deploy, look, tmp_path):
    await deploy("fix", "2.4.0", "production")
    assert (await look("production", "/version"))[1]["version"] == "2.4.0"

    await prepare(tmp_path / "ground", ports=up.ports, pace=0, fresh=True)

    assert (await look("production", "/version"))[1]["version"] == "2.3.9"


async def test_a_port_that_somebody_else_took_meanwhile_is_left_to_them(ground, tmp_path):
    with socket.create_server(("127.0.0.1", ground.ports["staging"])):
        again = await prepare(tmp_path / "ground", pace=0)

    assert again.ports["staging"] != ground.ports["staging"]
    assert again.ports["production"] == ground.ports["production"]


async def test_both_environments_serve_what_the_seed_says(up, look):
    newest = up.seed[-1]

    for environment in ("staging", "production"):
        status, told = await look(environment, "/version")
        assert status == 200
        assert (told["version"], told["commit"]) == (newest.version, newest.commit)
    assert [each.version for each in up.seed] == ["2.3.8", "2.3.9"]
    assert all(each.planned_at < each.deployed_at["staging"] < each.deployed_at["production"] for each in up.seed)
    assert up.seed[0].launched_at < up.seed[1].planned_at


async def test_the_catalogue_is_one_that_slipway_agrees_to_and_its_deployer_and_addresses_work(up, look):
    catalogue = sees(up)

    assert isinstance(catalogue, Catalogue), catalogue
    service = catalogue.services["payments"]
    assert service.repository == str(up.repository)
    deployer = CommandDeployer(state=up.state)
    for environment in service.environments:
        assert await deployer.check(environment.deployer) == []
        assert environment.address == up.addresses[environment.name]
        assert environment.verification is not None
        assert environment.verification.url == up.addresses[environment.name] + "/version"
    groups = {each.id for each in GROUPS}
    assert {role.group for role in catalogue.roles.values()} == groups


async def test_the_catalogue_bears_odd_paths(tmp_path):
    ground = await prepare(tmp_path / 'a "quoted" {place} of Ünits', pace=0)

    assert isinstance(sees(ground), Catalogue)


def test_everybody_named_is_somebody():
    ids = {each.id for each in PEOPLE}

    assert {member for each in (*GROUPS, *CHANNELS) for member in each.members} == ids
    assert not any(GUS.id in each.members for each in GROUPS)


async def test_nothing_runs_any_more_once_it_is_over(ground, look):
    async with ground.running():
        assert (await look("staging", "/health"))[0] == 200

    for port in ground.ports.values():
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


async def test_nothing_runs_any_more_when_something_goes_wrong_inside(ground):
    with pytest.raises(RuntimeError, match="oh no"):
        async with ground.running():
            raise RuntimeError("oh no")

    assert all(is_free(port) for port in ground.ports.values())


async def test_a_port_that_is_taken_is_said_and_nothing_is_left_running(ground):
    running = ground.running()
    said = rf"production did not start: Port {ground.ports['production']} can't be used"

    with socket.create_server(("127.0.0.1", ground.ports["production"])), pytest.raises(GroundError, match=said):
        await running.__aenter__()

    assert is_free(ground.ports["staging"])


RUN = """
import asyncio, signal, sys
# As in a terminal: what a shell starts in the background inherits that Ctrl-C means nothing to it.
signal.signal(signal.SIGINT, signal.default_int_handler)
from pathlib import Path
from integrations.demo.ground import prepare

async def main():
    ground = await prepare(Path(sys.argv[1]), pace=0)
    async with ground.running():
        print("up", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_whatever_ends_the_demo_ends_its_environments(ground, number):
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", RUN, str(ground.folder)),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert (await demo.stdout.readline()) == b"up\n"

    demo.send_signal(number)
    await demo.wait()

    deadline = time.monotonic() + 10
    while not all(is_free(port) for port in ground.ports.values()):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def is_free(port):
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) != 0


async def test_without_git_it_is_said_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(GroundError, match="The demo needs git"):
        await prepare(tmp_path / "ground")


async def test_people_can_work_in_the_repository(ground):
    def git(*arguments):
        return subprocess.run(
            ["git", "-c", "user.name=You", "-c", "user.email=you@acme.example", *arguments],
            cwd=ground.repository,
            env={"PATH": os.environ["PATH"], "HOME": str(Path("/"))},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    assert git("status", "--porcelain") == ""
    git("checkout", "-q", "release/2.4")
    git("commit", "-q", "--allow-empty", "-m", "Mine")
    assert (await prepare(ground.folder, pace=0)).commits == ground.commits
