"""A place of the demo: the folder of one environment, with what was brought there and which of it is served.

releases/3f2a1b9c0d1e/   a commit, checked out, with release.json beside the code
current -> releases/…    what is served; replaced in one step
payments.db              the environment's own database
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

from integrations.demo.repository import git


class BrokenServiceError(Exception):
    """The commit's service file can't be used; the message says where, in one line."""


@dataclass(frozen=True, slots=True)
class Put:
    """Something that was brought to a place."""

    folder: Path
    version: str
    commit: str

    @property
    def short(self) -> str:
        """The commit's first seven digits."""
        return self.commit[:7]

    def code(self) -> CodeType:
        """The service's code. BrokenServiceError if there is none that can be read."""
        file = self.folder / "service.py"
        try:
            return compile(file.read_bytes(), str(file), "exec")
        except OSError as trouble:
            raise BrokenServiceError("service.py is missing") from trouble
        except (SyntaxError, ValueError) as trouble:
            line = f", line {trouble.lineno}" if isinstance(trouble, SyntaxError) and trouble.lineno else ""
            reason = trouble.msg if isinstance(trouble, SyntaxError) else str(trouble)
            raise BrokenServiceError(f"service.py{line}: {reason}") from trouble


@dataclass(frozen=True, slots=True)
class Place:
    """One environment's folder."""

    folder: Path

    def standing(self) -> Put | None:
        """What is served now; None before the first deployment."""
        return _read((self.folder / "current").resolve())

    def check_out(self, repository: Path, commit: str, version: str) -> Put:
        """Bring a commit here, beside what is served."""
        folder = self.folder / "releases" / f"{commit[:12]}-{_plain(version)}"
        found = _read(folder)
        if found is not None:
            return found
        draft = folder.with_name(f".{folder.name}.{os.getpid()}")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        index = draft / ".index"
        git(repository, "read-tree", commit, index=index)
        git(repository, "checkout-index", "--all", f"--prefix={draft}/", index=index)
        index.unlink()
        (draft / "release.json").write_text(json.dumps({"version": version, "commit": commit}))
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
        return Put(folder, version, commit)

    def migrate(self, put: Put) -> Iterator[str]:
        """Run the migrations that this place's database hasn't had; each one's name."""
        with closing(sqlite3.connect(self.folder / "payments.db", isolation_level=None)) as database:
            database.execute("CREATE TABLE IF NOT EXISTS migrated (name TEXT PRIMARY KEY)")
            had = {name for (name,) in database.execute("SELECT name FROM migrated")}
            for file in sorted((put.folder / "migrations").glob("*.sql")):
                if file.stem not in had:
                    note = f"INSERT INTO migrated VALUES ('{file.stem}');"  # noqa: S608 - our own files' names
                    database.executescript(f"BEGIN; {file.read_text()} {note} COMMIT;")
                    yield file.stem

    def switch(self, put: Put) -> None:
        """Serve this from now on, in one step: nobody ever finds nothing."""
        draft = self.folder / f".current.{os.getpid()}"
        draft.unlink(missing_ok=True)
        draft.symlink_to(put.folder.relative_to(self.folder))
        draft.replace(self.folder / "current")


def _read(folder: Path) -> Put | None:
    try:
        told = json.loads((folder / "release.json").read_text())
    except FileNotFoundError:
        return None
    return Put(folder, told["version"], told["commit"])


def _plain(version: str) -> str:
    """The version as part of a folder's name."""
    return "".join(letter if letter.isalnum() or letter in ".-+" else "_" for letter in version)[:40]
