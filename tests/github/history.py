"""What the twin knows of code: a real repository on this machine, read through git."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_FORMAT = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B"
_FIELDS = 10
_EXPRESSION = re.compile(r"[~^:?*\[\\\s]|\.\.|@\{")


@dataclass(frozen=True)
class Signature:
    name: str
    email: str
    date: str


@dataclass(frozen=True)
class Written:
    """A commit, as git has it."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


class History:
    """One repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def git(self, *arguments: str, given: str = "") -> str:
        """What git says; CalledProcessError if it can't."""
        environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        who = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in {"NAME": "GitHub", "EMAIL": "noreply@github.com"}.items()
        }
        return subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env=environment | who,
            check=True,
            capture_output=True,
            text=True,
            input=given,
        ).stdout

    def named(self, name: str) -> str | None:
        """The commit that GitHub would take this for: `heads/…`, `tags/…`, a name, a SHA or the beginning of one."""
        if not name or name.startswith("-") or _EXPRESSION.search(name):
            return None
        return self._peeled(name)

    def reference(self, reference: str) -> str | None:
        """The object that `refs/…` points to, an annotated tag's own included."""
        told = self.git("for-each-ref", "--format=%(refname) %(objectname)", "--", reference)
        return dict(line.split(" ") for line in told.splitlines()).get(reference)

    def is_empty(self) -> bool:
        """Whether nothing was ever committed."""
        return not self.git("rev-list", "--all", "--max-count=1")

    def kind(self, sha: str) -> str:
        """Whether that is a commit, a tag, a tree or a blob; empty if it isn't there."""
        try:
            return self.git("cat-file", "-t", sha).strip()
        except subprocess.CalledProcessError:
            return ""

    def _peeled(self, name: str) -> str | None:
        try:
            return self.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").strip()
        except subprocess.CalledProcessError:
            return None

    def commit(self, sha: str) -> Written:
        """One commit."""
        return self._log("--no-walk", sha)[0]

    def log(self, sha: str) -> list[Written]:
        """All that it has, newest first."""
        return self._log("--date-order", sha)

    def since(self, base: str, head: str) -> list[Written]:
        """What `head` has and `base` doesn't, oldest first."""
        return self._log("--date-order", "--reverse", head, f"^{base}")

    def merge_base(self, one: str, other: str) -> str | None:
        try:
            return self.git("merge-base", one, other).split()[0]
        except subprocess.CalledProcessError:
            return None

    def _log(self, *arguments: str) -> list[Written]:
        told = self.git("log", "-z", f"--format={_FORMAT}", *arguments, "--")
        fields = told.split("\0")
        return [_written(fields[at : at + _FIELDS]) for at in range(0, len(fields) - _FIELDS + 1, _FIELDS)]


def _written(fields: Sequence[str]) -> Written:
    sha, tree, parents, *people, message = fields
    author, committer = Signature(*people[:3]), Signature(*people[3:])
    return Written(sha.strip(), tree, tuple(parents.split()), author, committer, message.rstrip("\n"))
