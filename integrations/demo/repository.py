"""The demo's repository: written once from its history; read with git by everybody else."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

from integrations.demo.history import BUGFIX, HOTFIX, MAIN, RELEASE, as_import

_NOTE = Path(".git") / "demo.json"
"""What was written, noted where it is in nobody's way."""


class GroundError(Exception):
    """The ground could not be prepared; the message says why, for people."""


def git(folder: Path, *arguments: str, given: bytes = b"", index: Path | None = None) -> str:
    """What git says in that folder; GroundError if it can't."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CEILING_DIRECTORIES": str(folder.parent),
        "GIT_TERMINAL_PROMPT": "0",
    }
    if index is not None:
        environment["GIT_INDEX_FILE"] = str(index)
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments, never a shell
            ["git", *arguments],  # noqa: S607 - git is where the path says
            cwd=folder,
            env=environment,
            input=given,
            capture_output=True,
            check=False,
            timeout=60,
        )
    except FileNotFoundError as trouble:
        raise GroundError("The demo needs git, which was not found on this machine.") from trouble
    except subprocess.TimeoutExpired as trouble:
        raise GroundError(f"Git did not come to an end in {folder}.") from trouble
    if done.returncode:
        complaint = done.stderr.decode(errors="replace").strip().splitlines()
        raise GroundError(
            f"Git could not {arguments[0]} in {folder}: {complaint[-1] if complaint else 'no reason given'}"
        )
    return done.stdout.decode(errors="replace").strip()


def named(repository: Path) -> dict[str, str]:
    """The commits that the demo names, as they were written: people may play with the repository, and move branches."""
    told: dict[str, str] = json.loads((repository / _NOTE).read_text())["commits"]
    return told


def write(repository: Path) -> bool:
    """Write the repository, unless this very history was written there before; whether it was written."""
    stream = as_import()
    history = hashlib.sha256(stream).hexdigest()
    with contextlib.suppress(FileNotFoundError, ValueError, KeyError):
        if json.loads((repository / _NOTE).read_text())["history"] == history:
            return False
    draft = repository.with_name(f".{repository.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    git(draft, "init", "--quiet", f"--initial-branch={MAIN}", "--object-format=sha1")
    git(draft, "fast-import", "--quiet", "--done", given=stream)
    git(draft, "reset", "--quiet", "--hard", MAIN)
    (draft / _NOTE).write_text(json.dumps({"history": history, "commits": _commits(draft)}, indent=1))
    shutil.rmtree(repository, ignore_errors=True)
    draft.rename(repository)
    return True


def _commits(repository: Path) -> dict[str, str]:
    """The SHAs by the names that the demo uses: tags, branches, and `candidate`, `fix` and `broken`."""
    names = {name: name for name in ("v2.3.8", "v2.3.9", MAIN, RELEASE, HOTFIX, BUGFIX)}
    names |= {"candidate": f"{RELEASE}~1", "fix": RELEASE, "broken": HOTFIX}
    found = git(repository, "rev-parse", *(f"{place}^{{commit}}" for place in names.values())).split()
    return dict(zip(names, found, strict=True))
