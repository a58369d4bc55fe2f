"""A repository to write history into, with the same commits each time."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

FIRST = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


class Repository:
    """A git repository that a test writes, each commit an hour after the one before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.at = FIRST
        subprocess.run(["git", "init", "-q", "-b", "main", self.folder], check=True)
        self.tree = self.git("write-tree")

    def git(self, *arguments: str, author: str = "Ben Castillo", email: str = "", given: str = "") -> str:
        moment = f"{int(self.at.timestamp())} +0100"
        who = {"NAME": author, "EMAIL": email or address(author), "DATE": moment}
        mine = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in who.items()}
        return subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, **mine},
            check=True,
            capture_output=True,
            text=True,
            input=given,
        ).stdout.strip()

    def commit(self, subject: str, *parents: str, author: str = "Ben Castillo", body: str = "", email: str = "") -> str:
        """Add a commit; its SHA."""
        before = [word for parent in parents for word in ("-p", parent)]
        told = ["-m", subject, *(("-m", body) if body else ())]
        made = self.git("commit-tree", self.tree, *before, *told, author=author, email=email)
        self.at += timedelta(hours=1)
        return made

    def commits(self, number: int, parent: str) -> str:
        """Add many at once, one upon the other; the SHA of the last."""
        lines = []
        for each in range(number):
            self.at += timedelta(hours=1)
            message = f"Number {each}"
            lines += [
                "commit refs/heads/many",
                f"committer Ben Castillo <ben@example.com> {int(self.at.timestamp())} +0100",
                f"data {len(message)}",
                message,
                *([f"from {parent}"] if each == 0 else []),
            ]
        self.git("fast-import", "--quiet", given="\n".join(lines) + "\n")
        return self.git("rev-parse", "refs/heads/many")

    def branch(self, name: str, sha: str) -> None:
        self.git("update-ref", f"refs/heads/{name}", sha)

    def tag(self, name: str, sha: str) -> None:
        self.git("tag", "-a", "-m", name, name, sha)


def address(author: str) -> str:
    return f"{author.split(maxsplit=1)[0].lower()}@example.com"
