"""The command deployer with real programs: what only a program of this host can do wrong, or be spared."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.ports import DeployerError
from bot.rules.deployment import Phase
from bot.rules.policy import DeployerChoice
from integrations.deployers import runner
from integrations.deployers.command import CommandDeployer
from integrations.deployers.job import Job
from integrations.deployers.processes import signal_group, still_there
from tests.makers import NOW, a_candidate, a_deployment, a_service, an_environment, an_order, sha

D40 = a_deployment(40)
SERVICE = a_service()
ENDINGS = (Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED, Phase.LOST)


def running(*program, **settings):
    """An environment to which this program deploys."""
    return an_environment(deployer=DeployerChoice("command", {"program": list(program), **settings}))


def shell(script, *arguments, **settings):
    return running("/bin/sh", "-c", script, "sh", *arguments, **settings)


@pytest.fixture
def deployer(tmp_path):
    yield CommandDeployer(state=tmp_path / "state", grace=timedelta(seconds=0.4))
    # A test that fails leaves nothing running either.
    for job in (Job(folder) for folder in tmp_path.glob("state/*/")):
        for process in (job.claim() or {}, job.program() or {}):
            if "pid" in process and still_there(process["pid"], process["born"]):
                signal_group(process["pid"], signal.SIGKILL)


async def ended(deployer, environment, deployment=D40, within=20):
    deadline = time.monotonic() + within
    while True:
        progress = await deployer.follow(deployment, SERVICE, environment)
        if progress.phase in ENDINGS:
            return progress
        assert time.monotonic() < deadline, f"still {progress}"
        await asyncio.sleep(0.02)


async def runs(deployer, environment, deployment=D40):
    await deployer.start(deployment, SERVICE, environment)
    return await ended(deployer, environment, deployment)


async def eventually(found):
    deadline = time.monotonic() + 20
    while not found():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def only_job(tmp_path):
    (folder,) = (tmp_path / "state").iterdir()
    return Job(folder)


# ------------------------------------------------------------ what the program is told


async def test_placeholders_reach_the_program_as_single_arguments_that_no_shell_has_read(deployer, tmp_path):
    nasty = "2.4.0 $(touch pwned); `id` 'x' \"y\" *"
    deployment = a_deployment(order=an_order(version=nasty, candidate=a_candidate(artifact="sha256:beef")))
    told = tmp_path / "told"
    script = 'for each in "$@"; do printf "%s\\n" "$each"; done > told'

    progress = await runs(
        deployer,
        shell(
            script,
            *(
                "{service}",
                "--to={environment}",
                "{version}",
                "{commit}",
                "{artifact}",
                "{deployment}",
                "{kind}",
                "{{}}",
            ),
            directory=str(tmp_path),
        ),
        deployment,
    )

    assert progress.phase is Phase.SUCCEEDED
    assert told.read_text().splitlines() == [
        "payments",
        "--to=production",
        nasty,
        sha("first"),
        "sha256:beef",
        "D-40",
        "deploy",
        "{}",
    ]
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    ("version", "complaint"),
    [("--force", "begins with a dash"), ("2.4\n.0", "can't be handed"), ("2.4\x00", "can't be handed")],
)
async def test_a_value_that_would_be_something_else_to_the_program_is_refused(deployer, version, complaint):
    deployment = a_deployment(order=an_order(version=version))

    with pytest.raises(DeployerError, match=complaint) as refusal:
        await deployer.start(deployment, SERVICE, running("/bin/echo", "{version}"))

    assert refusal.value.ended


async def test_a_missing_artifact_is_not_an_empty_word(deployer):
    with pytest.raises(DeployerError, match=r"asks for \{artifact\}") as refusal:
        await deployer.start(D40, SERVICE, running("/bin/echo", "{artifact}"))

    assert refusal.value.ended


async def test_the_program_sees_none_of_our_environment_but_path_home_and_language(deployer, tmp_path, monkeypatch):
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-very-secret")
    monkeypatch.setenv("SLIPWAY_DATABASE_URL", "postgresql://slipway:hunter2@db/slipway")
    monkeypatch.setenv("LANG", "C.UTF-8")

    await runs(
        deployer,
        shell(
            "env > seen; tr '\\0' '\\n' < /proc/$PPID/environ > above",
            directory=str(tmp_path),
            environment={"REGION": "eu-1"},
        ),
    )

    seen = dict(line.split("=", 1) for line in (tmp_path / "seen").read_text().splitlines())
    given_by_the_shell = {"PWD", "OLDPWD", "SHLVL", "_"}
    assert set(seen) - given_by_the_shell == {"PATH", "HOME", "LANG", "REGION"}
    assert seen["REGION"] == "eu-1"
    assert seen["PATH"] == os.environ["PATH"]
    # Neither can the program read it from the runner, its parent.
    assert "secret" not in (tmp_path / "above").read_text()
    assert "hunter2" not in (tmp_path / "above").read_text()


async def test_secrets_are_in_no_file_and_in_no_sentence(deployer, tmp_path):
    environment = shell("echo token is $DEPLOY_TOKEN; exit 1", environment={"DEPLOY_TOKEN": "s3cr3t-t0k3n"})

    progress = await runs(deployer, environment)

    assert progress.phase is Phase.FAILED
    assert "token is •••" in progress.step
    job = only_job(tmp_path)
    for file in job.folder.iterdir():
        if file != job.output:
            assert "s3cr3t" not in file.read_text()
    assert job.folder.stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o077 == 0 for file in job.folder.iterdir() if file != job.diary)


# ------------------------------------------------------------ what can't be started


@pytest.mark.parametrize("name", ["no-such-program-anywhere", "/no/such/program", "./missing"])
async def test_a_program_that_is_not_there(deployer, name, tmp_path):
    with pytest.raises(DeployerError, match=r"missing|no.such") as refusal:
        await deployer.start(D40, SERVICE, running(name, directory=str(tmp_path)))

    assert refusal.value.ended
    # Nothing is left that could be in the way once it is there.
    assert not (tmp_path / "state").exists()


async def test_a_folder_that_is_not_there(deployer, tmp_path):
    environment = running("/bin/echo", directory=str(tmp_path / "gone"))

    with pytest.raises(DeployerError, match="gone to run in does not exist") as refusal:
        await deployer.start(D40, SERVICE, environment)

    assert refusal.value.ended
    assert await deployer.check(environment.deployer) == [str(refusal.value)]


async def test_a_file_that_is_no_program_is_told_at_once_and_ever_after(deployer, tmp_path):
    file = tmp_path / "notes"
    file.write_bytes(b"\x00\x01 no program")
    file.chmod(0o755)

    for _ in range(2):
        with pytest.raises(DeployerError, match="no program this host can run") as refusal:
            await deployer.start(D40, SERVICE, running(str(file)))
        assert refusal.value.ended

    assert (await ended(deployer, running(str(file)))).phase is Phase.FAILED


async def test_a_state_folder_that_is_none_is_told(tmp_path):
    (tmp_path / "state").write_text("a file, of all things")
    deployer = CommandDeployer(state=tmp_path / "state" / "jobs")

    with pytest.raises(DeployerError, match="can't be used") as refusal:
        await deployer.start(D40, SERVICE, running("/bin/true"))

    assert refusal.value.ended
    assert any("can't be written" in each for each in await deployer.check(running("/bin/true").deployer))


# ------------------------------------------------------------ how it ends


async def test_a_program_that_takes_too_long_is_stopped_with_its_children(deployer, tmp_path):
    environment = shell("sleep 300 & echo $! > child; echo waiting; wait", directory=str(tmp_path), timeout="0.3s")

    progress = await runs(deployer, environment)

    assert progress.phase is Phase.FAILED
    assert "took longer than 0.3 seconds" in progress.step
    assert "waiting" in progress.step
    assert is_gone(int((tmp_path / "child").read_text()))


async def test_a_program_that_will_not_hear_is_killed_after_a_grace_period(deployer, tmp_path):
    environment = shell("trap '' TERM; echo deaf; touch up; while :; do sleep 0.05; done", directory=str(tmp_path))
    await deployer.start(D40, SERVICE, environment)
    await eventually((tmp_path / "up").exists)

    asked = time.monotonic()
    await deployer.cancel(D40, SERVICE, environment)
    progress = await ended(deployer, environment)

    assert progress.phase is Phase.CANCELLED
    assert time.monotonic() - asked >= 0.4


async def test_the_signal_that_cancels_can_be_chosen(deployer, tmp_path):
    environment = shell(
        "trap 'echo tidied up; exit 5' INT; touch up; while :; do sleep 0.02; done",
        directory=str(tmp_path),
        cancel_signal="SIGINT",
    )
    await deployer.start(D40, SERVICE, environment)
    await eventually((tmp_path / "up").exists)

    await deployer.cancel(D40, SERVICE, environment)
    progress = await ended(deployer, environment)

    assert progress.phase is Phase.CANCELLED
    assert "tidied up" in progress.step


async def test_a_program_that_finishes_although_it_was_asked_to_stop_has_succeeded(deployer, tmp_path):
    environment = shell(
        "trap 'echo too late; exit 0' TERM; touch up; while :; do sleep 0.02; done", directory=str(tmp_path)
    )
    await deployer.start(D40, SERVICE, environment)
    await eventually((tmp_path / "up").exists)

    await deployer.cancel(D40, SERVICE, environment)
    progress = await ended(deployer, environment)

    assert progress.phase is Phase.SUCCEEDED
    assert "before it could be stopped" in progress.step


async def test_a_program_that_was_killed_by_somebody_else_has_failed(deployer):
    progress = await runs(deployer, shell("echo about to go; kill -9 $$"))

    assert progress.phase is Phase.FAILED
    assert progress.step == "The program was ended by SIGKILL. Its last words: about to go"


async def test_what_a_program_leaves_running_does_not_keep_it_from_its_end(deployer, tmp_path):
    progress = await runs(deployer, shell("sleep 5 & echo $! > child; echo started it", directory=str(tmp_path)))

    assert progress.phase is Phase.SUCCEEDED
    assert not is_gone(int((tmp_path / "child").read_text()))
    os.kill(int((tmp_path / "child").read_text()), signal.SIGKILL)


# ------------------------------------------------------------ what it says


@pytest.mark.parametrize(
    ("printed", "seen"),
    [
        (r"\033[1;32mgreen\033[0m light", "green light"),
        (r"\033]8;;http://evil\033\\link\033]8;;\033\\", "link"),
        (r"10%%\r50%%\r100%%", "100%"),
        (r"done\r", "done"),
        (r"caf\303\251 \377", "café �"),
        (r"a\tb\000c\007\010", "a bc"),
        (r"admin\342\200\256nimda", "adminnimda"),
        (r"last\n\n   \n", "last"),
    ],
)
async def test_output_is_made_fit_for_people(deployer, printed, seen):
    assert (await runs(deployer, shell(f"printf '{printed}'"))).step == seen


async def test_a_line_without_end_is_cut(deployer):
    progress = await runs(deployer, shell("head -c 100000 /dev/zero | tr '\\0' x"))

    assert len(progress.step) == 300
    assert progress.step.endswith("x…")


async def test_a_flood_of_output_neither_fills_the_disk_nor_hides_the_end(deployer, tmp_path):
    megabyte = "head -c 1000000 /dev/zero | tr '\\0' 'y' | fold -w 80"
    script = f"i=0; while [ $i -lt 12 ]; do {megabyte}; sleep 0.03; i=$((i+1)); done; echo; echo the end"

    progress = await runs(deployer, shell(script))

    assert progress.phase is Phase.SUCCEEDED
    assert progress.step == "the end"
    assert only_job(tmp_path).output.stat().st_size <= runner.MOST_OUTPUT


# ------------------------------------------------------------ what dies


START_AND_DIE = """
import asyncio, os, signal, sys
from pathlib import Path
from bot.rules.policy import DeployerChoice
from integrations.deployers.command import CommandDeployer
from tests.makers import a_deployment, a_service, an_environment

async def main():
    deployer = CommandDeployer(state=Path(sys.argv[1]))
    program = ["/bin/sh", "-c", sys.argv[2]]
    environment = an_environment(deployer=DeployerChoice("command", {"program": program, "directory": sys.argv[3]}))
    await deployer.start(a_deployment(40), a_service(), environment)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_the_program_goes_on_and_is_followed_to_its_end_when_slipway_is_killed(deployer, tmp_path):
    script = "echo half way; while [ ! -e go ]; do sleep 0.02; done; echo arrived"
    environment = shell(script, directory=str(tmp_path))
    bot = await asyncio.create_subprocess_exec(
        sys.executable, "-c", START_AND_DIE, str(tmp_path / "state"), script, str(tmp_path)
    )
    assert await bot.wait() == -signal.SIGKILL

    seen = await deployer.follow(D40, SERVICE, environment)
    again = await deployer.start(D40, SERVICE, environment)
    (tmp_path / "go").touch()
    progress = await ended(deployer, environment)

    assert seen.phase is Phase.RUNNING
    assert again.ref == only_job(tmp_path).folder.name
    assert progress.phase is Phase.SUCCEEDED
    assert progress.step == "arrived"
    assert only_job(tmp_path).output.read_text().count("half way") == 1


async def test_a_crash_before_the_runner_was_started_is_made_good_by_asking_again(deployer, tmp_path):
    deployer._job(D40).folder.mkdir(parents=True)

    assert (await deployer.follow(D40, SERVICE, running("/bin/true"))).phase is Phase.RUNNING
    assert (await runs(deployer, running("/bin/echo", "here"))).step == "here"


async def test_nobody_asking_again_after_such_a_crash_it_is_settled_that_it_never_started(tmp_path):
    deployer = CommandDeployer(state=tmp_path / "state", patience=timedelta(0))
    deployer._job(D40).folder.mkdir(parents=True)

    progress = await deployer.follow(D40, SERVICE, running("/bin/true"))

    assert progress.phase is Phase.FAILED
    assert progress.step == "The program was never started."
    with pytest.raises(DeployerError, match="never started") as refusal:
        await CommandDeployer(state=tmp_path / "state").start(D40, SERVICE, running("/bin/true"))
    assert refusal.value.ended


async def test_two_runners_for_one_job_run_it_once(deployer, tmp_path):
    environment = shell("echo once >> starts; sleep 0.1", directory=str(tmp_path))
    job = deployer._job(D40)
    job.folder.mkdir(parents=True)
    request = deployer._request(D40, environment)

    await asyncio.gather(*(deployer._launch(job, request) for _ in range(6)))

    assert (await ended(deployer, environment)).phase is Phase.SUCCEEDED
    assert (tmp_path / "starts").read_text() == "once\n"


async def test_a_program_that_outlives_its_runner_is_running_can_be_cancelled_and_else_is_lost(deployer, tmp_path):
    environment = shell("echo on my own; touch up; while [ ! -e go ]; do sleep 0.02; done", directory=str(tmp_path))
    await deployer.start(D40, SERVICE, environment)
    await eventually((tmp_path / "up").exists)
    job = only_job(tmp_path)

    os.kill(job.claim()["pid"], signal.SIGKILL)
    await eventually(lambda: not job.has_runner())

    assert (await deployer.follow(D40, SERVICE, environment)).phase is Phase.RUNNING
    await deployer.cancel(D40, SERVICE, environment)
    assert is_gone(job.program()["pid"])
    assert (await deployer.follow(D40, SERVICE, environment)).phase is Phase.CANCELLED


async def test_an_orphan_that_ends_unseen_is_lost(deployer, tmp_path):
    environment = shell("touch up; while [ ! -e go ]; do sleep 0.02; done", directory=str(tmp_path))
    await deployer.start(D40, SERVICE, environment)
    await eventually((tmp_path / "up").exists)
    os.kill(only_job(tmp_path).claim()["pid"], signal.SIGKILL)

    (tmp_path / "go").touch()
    progress = await ended(deployer, environment)

    assert progress.phase is Phase.LOST
    assert "vanished" in progress.step


async def test_a_number_that_was_given_to_another_process_is_not_mistaken_and_never_killed(deployer, tmp_path):
    environment = running("/bin/true")
    await runs(deployer, environment)
    job = only_job(tmp_path)
    (job.folder / "outcome.json").unlink()
    bystander = await asyncio.create_subprocess_exec("/bin/sleep", "60", start_new_session=True)
    (job.folder / "program.json").write_text(json.dumps({"pid": bystander.pid, "born": "another boot 17"}))
    try:
        progress = await deployer.follow(D40, SERVICE, environment)
        await deployer.cancel(D40, SERVICE, environment)

        assert progress.phase is Phase.LOST
        assert bystander.returncode is None
        assert not is_gone(bystander.pid)
    finally:
        bystander.kill()
        await bystander.wait()


async def test_a_new_database_that_counts_from_one_again_does_not_find_an_old_success(deployer):
    old = a_deployment(1)
    new = a_deployment(1, order=replace(an_order(), confirmed_at=NOW + timedelta(days=3)))
    await runs(deployer, running("/bin/echo", "old"), old)

    assert (await runs(deployer, running("/bin/echo", "new"), new)).step == "new"


async def test_a_damaged_folder_is_said_and_not_guessed_at(deployer, tmp_path):
    await runs(deployer, running("/bin/true"))
    (only_job(tmp_path).folder / "outcome.json").write_text("{ha")

    with pytest.raises(DeployerError, match="damaged") as trouble:
        await deployer.follow(D40, SERVICE, running("/bin/true"))

    assert not trouble.value.ended


def is_gone(pid):
    """Whether that process is dead; a dead one that nobody has buried yet counts."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


async def test_a_program_that_takes_too_long_to_tell_of_an_artifact_is_put_down(tmp_path):
    mark = tmp_path / "mark"
    look = ["/bin/sh", "-c", f"(sleep 1; touch {mark}) & sleep 60"]
    environment = an_environment(deployer=DeployerChoice("command", {"program": ["true"], "artifact": look}))
    deployer = CommandDeployer(state=tmp_path / "state", looks_within=timedelta(seconds=0.2))

    found = await deployer.available(a_deployment().order, a_service(), environment)

    assert (found.there, found.why) == (None, "The program that tells did not answer within 0.2 seconds.")
    await asyncio.sleep(1.2)
    assert not mark.exists(), "what it had started went on"


@pytest.mark.parametrize(
    ("look", "why"),
    [
        (["/no/such/program"], "could not be started"),
        (["/bin/sh", "-c", "yes | head -c 300000; exit 3"], "exit code 3. y"),
        (["look", "{artifact}"], "this candidate has none"),
    ],
)
async def test_what_cannot_tell_of_an_artifact_says_why(tmp_path, look, why):
    environment = an_environment(deployer=DeployerChoice("command", {"program": ["true"], "artifact": look}))
    deployer = CommandDeployer(state=tmp_path / "state")

    found = await deployer.available(a_deployment().order, a_service(), environment)

    assert found.there is None
    assert why in found.why


async def test_a_program_that_tells_of_artifacts_and_is_not_there_is_found_by_the_check(tmp_path):
    settings = {"program": ["true"], "artifact": ["/no/such/program"]}
    problems = await CommandDeployer(state=tmp_path / "state").check(DeployerChoice("command", settings))

    assert problems == ["The program /no/such/program does not exist."]
