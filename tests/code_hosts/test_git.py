"""The git code host with real repositories: what only git, or a folder, can do wrong."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from datetime import timedelta

import pytest

from bot.ports import CodeHostError, Suspicion
from integrations.code_hosts import git_program
from integrations.code_hosts.git import GitCodeHost


def git(folder, *arguments, **environment):
    return subprocess.run(
        ["git", "-c", "user.name=Ben Castillo", "-c", "user.email=ben@example.com", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "payments"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "app.txt").write_text("hello")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "One")
    return folder


async def test_a_folder_that_is_no_repository(tmp_path):
    (tmp_path / "plain").mkdir()

    for ref in ("main", "", "-x", "f" * 40):
        with pytest.raises(CodeHostError, match="plain is not a git repository"):
            await GitCodeHost(base=tmp_path).resolve("plain", ref)


async def test_a_folder_inside_a_repository_is_not_that_repository(repository, tmp_path):
    (repository / "sub").mkdir()

    with pytest.raises(CodeHostError, match="sub is not a git repository"):
        await GitCodeHost(base=tmp_path).resolve("payments/sub", "main")


async def test_an_empty_repository_has_no_commits(tmp_path):
    git(tmp_path, "init", "-q", "empty")

    host = GitCodeHost(base=tmp_path)

    assert await host.resolve("empty", "main") is None
    assert await host.resolve("empty", "f" * 10) is None


async def test_a_bare_repository_will_do(repository, tmp_path):
    git(tmp_path, "clone", "-q", "--bare", str(repository), "bare.git")

    found = await GitCodeHost().resolve(str(tmp_path / "bare.git"), "main")

    assert found is not None
    assert found.subject == "One"


async def test_a_clone_knows_the_branches_that_it_fetched(repository, tmp_path):
    git(repository, "branch", "release/2.4")
    git(tmp_path, "clone", "-q", str(repository), "clone")

    found = await GitCodeHost(base=tmp_path).resolve("clone", "release/2.4")

    assert found is not None
    assert found.sha == git(repository, "rev-parse", "HEAD")


async def test_a_linked_worktree_will_do(repository, tmp_path):
    git(repository, "worktree", "add", "-q", str(tmp_path / "tree"), "-b", "other")

    assert await GitCodeHost(base=tmp_path).resolve("tree", "other") is not None


async def test_a_sha_of_a_file_or_a_tree_is_no_commit(repository, tmp_path):
    host = GitCodeHost(base=tmp_path)

    for thing in ("HEAD:app.txt", "HEAD^{tree}"):
        sha = git(repository, "rev-parse", thing)
        assert await host.resolve("payments", sha) is None
        assert await host.resolve("payments", sha[:10]) is None


async def test_a_repository_of_another_owner_is_read_since_the_catalogue_names_it(repository, tmp_path):
    if os.getuid() == 0:
        for path in (repository, repository / ".git"):
            os.chown(path, 12345, 12345)

    assert await GitCodeHost(base=tmp_path).resolve("payments", "main") is not None


async def test_a_repository_can_not_make_git_run_anything(repository, tmp_path):
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    for name in ("core.fsmonitor", "gpg.program", "core.pager", "core.sshCommand", "diff.external"):
        git(repository, "config", name, str(trap))
    git(repository, "config", "log.showSignature", "true")
    signed = git(repository, "cat-file", "commit", "HEAD").replace(
        "\n\nOne", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----\n\nOne"
    )
    (tmp_path / "signed").write_text(signed + "\n")
    sha = git(repository, "hash-object", "-t", "commit", "-w", str(tmp_path / "signed"))
    host = GitCodeHost(base=tmp_path)

    found = await host.resolve("payments", sha)
    await host.between("payments", None, sha)

    assert found is not None
    assert not (tmp_path / "sprung").exists()


async def test_our_environment_does_not_lead_git_astray(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-very-secret")

    assert await GitCodeHost(base=tmp_path).resolve("payments", "main") is not None
    assert not (tmp_path / "trace").exists()


async def test_odd_messages_become_one_clean_line(repository, tmp_path):
    git(
        repository,
        "commit",
        "-q",
        "--allow-empty",
        "--cleanup=verbatim",
        "-m",
        "Red\x1b[31m al\x1eert\x07\nstill subject",
    )
    git(repository, "commit", "-q", "--allow-empty", "--allow-empty-message", "-m", "")
    git(repository, "commit", "-q", "--allow-empty", "-m", "x" * 5000)

    changes = await GitCodeHost(base=tmp_path).between("payments", None, "main")

    assert [each.subject for each in changes.commits] == ["x" * 300, "", "Red [31m al ert still subject", "One"]


async def test_a_date_that_no_calendar_has_does_not_hide_the_commit(repository, tmp_path):
    raw = git(repository, "cat-file", "commit", "HEAD")
    odd = raw.replace(raw.split("committer ")[1].split("> ")[1].split("\n")[0], "99999999999999 +0000")
    (tmp_path / "odd").write_text(odd + "\n")
    sha = git(repository, "hash-object", "-t", "commit", "-w", "--literally", str(tmp_path / "odd"))

    found = await GitCodeHost(base=tmp_path).resolve("payments", sha)

    assert found is not None
    assert found.sha == sha


@pytest.fixture
def slow_git(repository, tmp_path, monkeypatch):
    """A git that takes its time, and counts how many of it are at work."""
    tools = tmp_path / "tools"
    tools.mkdir()
    program = tools / "git"
    program.write_text(
        f"#!/bin/sh\necho + >> {tmp_path}/busy\nsleep ${{SLOW:-0.1}}\necho - >> {tmp_path}/busy\nexit 1\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    return program


async def test_a_git_that_does_not_answer_is_given_up_and_leaves_nothing_behind(slow_git, tmp_path):
    slow_git.write_text("#!/bin/sh\necho $$ > ../pid\nsleep 60\n")
    host = GitCodeHost(base=tmp_path, timeout=timedelta(seconds=0.3))

    with pytest.raises(CodeHostError, match=r"did not answer within 0\.3 seconds about payments"):
        await host.resolve("payments", "main")

    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


async def test_only_a_few_run_at_a_time(slow_git, tmp_path):
    host = GitCodeHost(base=tmp_path, at_once=2)

    await asyncio.gather(*(host.resolve("payments", "f" * 40) for _ in range(6)), return_exceptions=True)

    busy, most = 0, 0
    for line in (tmp_path / "busy").read_text().splitlines():
        busy += 1 if line == "+" else -1
        most = max(most, busy)
    assert most == 2


async def test_no_git_on_this_host_is_said(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(CodeHostError, match="git was not found on this host"):
        await GitCodeHost(base=tmp_path).resolve("payments", "main")


async def test_an_answer_without_end_is_cut_off(slow_git, tmp_path, monkeypatch):
    monkeypatch.setattr(git_program, "MOST_OUTPUT", 1000)
    slow_git.write_text("#!/bin/sh\nwhile :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done\n")

    with pytest.raises(CodeHostError, match="too long"):
        await GitCodeHost(base=tmp_path).resolve("payments", "main")


async def test_an_answer_that_comes_faster_than_it_is_read_is_cut_off_as_well(slow_git, tmp_path, monkeypatch):
    """The loop pauses a pipe that nobody keeps up with, and then calls no process ended whose pipe it has paused."""
    monkeypatch.setattr(git_program, "MOST_OUTPUT", 1000)
    slow_git.write_text(
        "#!/bin/sh\nwhile :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done\n"
    )
    read = asyncio.StreamReader.read

    async def leisurely(reader, size=-1):
        part = await read(reader, size)
        for _ in range(20):
            await asyncio.sleep(0.005)
        return part

    monkeypatch.setattr(asyncio.StreamReader, "read", leisurely)
    async with asyncio.timeout(20):
        with pytest.raises(CodeHostError, match="too long"):
            await GitCodeHost(base=tmp_path).resolve("payments", "main")


async def test_a_damaged_repository_is_said_in_words(repository, tmp_path):
    (repository / ".git" / "config").write_text("[core\n")

    with pytest.raises(CodeHostError, match="Git could not read payments: bad config"):
        await GitCodeHost(base=tmp_path).resolve("payments", "main")


def written(folder, commits):
    """Write these (message, parents' places) into a new repository as fast as git can; their SHAs."""
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    told = []
    for number, (message, parents) in enumerate(commits, start=1):
        who = f"committer Ben Castillo <ben@example.com> {1767225600 + number} +0000"
        told += [f"commit refs/heads/b{number}", f"mark :{number}", who, f"data {len(message.encode())}", message]
        told += [f"{'merge' if place else 'from'} :{parent + 1}" for place, parent in enumerate(parents)]
        told.append("")
    subprocess.run(
        ["git", "fast-import", "--quiet", "--export-marks=.git/marks"],
        cwd=folder,
        input="\n".join(told),
        check=True,
        text=True,
    )
    marks = dict(line.split() for line in (folder / ".git/marks").read_text().splitlines())
    return [marks[f":{number}"] for number in range(1, len(commits) + 1)]


async def test_a_range_of_five_thousand_commits_is_read_in_a_few_calls(tmp_path, monkeypatch):
    history = [("Good", ())] + [(f"Change {n} of the many\n\nWhy it is made.", (n - 1,)) for n in range(1, 5001)]
    shas = written(tmp_path / "many", history)
    git(tmp_path / "many", "checkout", "-q", "b5001")
    git(tmp_path / "many", "commit", "--allow-empty", "-m", "Take it back", "-m", f"This reverts commit {shas[-1]}.")
    head = git(tmp_path / "many", "rev-parse", "HEAD")
    calls = []
    run = git_program.Git.run

    async def counted(self, folder, *arguments, given=""):
        calls.append(arguments[0])
        return await run(self, folder, *arguments, given=given)

    monkeypatch.setattr(git_program.Git, "run", counted)
    host = GitCodeHost(base=tmp_path)
    began = time.monotonic()
    found = await host.carries("many", head, Suspicion(shas[0], shas[-1]))
    took = time.monotonic() - began

    assert (found.suspects, found.total, found.mended, len(found.carried)) == (5000, 4999, 1, 10)
    assert found.carried[0].sha == shas[-2]
    assert len(calls) <= 6, "three to see that the commits are there, two for the range, one for the names"
    assert took < 5, f"it took {took:.1f} s"


async def test_a_revert_that_git_itself_wrote_is_understood_also_of_a_merge(repository, tmp_path):
    good = git(repository, "rev-parse", "HEAD")
    git(repository, "checkout", "-q", "-b", "feature")
    git(repository, "commit", "-q", "--allow-empty", "-m", "Empty")
    (repository / "app.txt").write_text("refunds")
    git(repository, "commit", "-q", "-am", "Refund at once")
    git(repository, "checkout", "-q", "main")
    git(repository, "merge", "-q", "--no-ff", "--no-edit", "feature")
    bad = git(repository, "rev-parse", "HEAD")
    host = GitCodeHost(base=tmp_path)

    assert (await host.carries("payments", bad, Suspicion(good, bad))).total == 2
    git(repository, "revert", "--no-edit", "-m", "1", bad)
    reverted = git(repository, "rev-parse", "HEAD")
    assert (await host.carries("payments", reverted, Suspicion(good, bad))).total == 0
    git(repository, "revert", "--no-edit", reverted)
    again = git(repository, "rev-parse", "HEAD")
    assert (await host.carries("payments", again, Suspicion(good, bad))).total == 2


async def test_what_a_repository_is_set_to_changes_nothing_about_how_messages_are_searched(repository, tmp_path):
    good = git(repository, "rev-parse", "HEAD")
    git(repository, "config", "grep.patternType", "fixed")
    git(repository, "commit", "-q", "--allow-empty", "-m", "Refund at once (#12)")
    bad = git(repository, "rev-parse", "HEAD")
    git(repository, "commit", "-q", "--allow-empty", "-m", 'Revert "Refund at once" (#13)', "-m", "Reverts acme/app#12")

    found = await GitCodeHost(base=tmp_path).carries(
        "payments", git(repository, "rev-parse", "HEAD"), Suspicion(good, bad)
    )

    assert (found.total, found.mended) == (0, 1)
