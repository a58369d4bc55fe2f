"""The demo's deploy program: fetch, check out, migrate, switch traffic, wait until it is healthy.

`python -m integrations.demo.deploy --ground FOLDER --service payments --environment staging --commit SHA --version V`
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
import urllib.request
from pathlib import Path
from types import FrameType
from urllib.error import HTTPError

from integrations.demo.places import BrokenServiceError, Place, Put
from integrations.demo.repository import GroundError, git

NOT_DONE, BROKEN, UNHEALTHY, STOPPED = 1, 2, 3, 4
THERE, GONE, NOBODY_KNOWS = 0, 1, 5
"""What looking for a commit ends with."""
HEALTHY_WITHIN = 10.0

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Whatever proxy this machine has, an environment on this machine is asked without it."""


class _StoppedError(Exception):
    """Somebody asked to stop."""


class Deploy:
    """One run of the program."""

    def __init__(self, ground: Path, service: str, environment: str, pace: float) -> None:
        self._note = ground / "ground.json"
        told = json.loads(self._note.read_text())
        self._playing = told.get("playing")
        for kind, name, known in (
            ("service", service, [told["service"]]),
            ("environment", environment, told["addresses"]),
        ):
            if name not in known:
                raise GroundError(f"There is no {kind} called {name} here.")
        self._environment = environment
        self._address = told["addresses"][environment]
        self._repository = ground / told["service"]
        self._place = Place(ground / "environments" / environment)
        self._pace = pace

    def look(self, commit: str) -> int:
        """Whether that commit is still there to be fetched."""
        try:
            git(self._repository, "cat-file", "-e", "--end-of-options", f"{commit}^{{commit}}")
        except GroundError:
            self._say(f"The repository has no commit {commit[:7]} any more.")
            return GONE
        return THERE

    def run(self, commit: str, version: str) -> int:
        """Every step, each with a line that says what happens. The exit code."""
        before = self._place.standing()
        try:
            put = self._bring(commit, version)
            for name in self._migrations(put):
                self._say(f"Migrating the database: {name.replace('_', ' ')}", 0.5)
            self._place.switch(put)
            self._say(f"Switched traffic to {version} ({put.short})", 0.6)
            problem = self._wait_until_healthy(put)
        except BrokenServiceError as trouble:
            self._say(f"This commit can't be served: {trouble}. {self._environment.title()} was not touched.")
            return BROKEN
        except _StoppedError:
            there = self._place.standing()
            self._say(f"Stopped; {self._environment} serves {there.version if there else 'nothing'}.")
            return STOPPED
        if problem:
            if before is not None:
                self._place.switch(before)
            back = f"; traffic is back on {before.version}" if before else ""
            self._say(f"{version} is not healthy ({problem}){back}.")
            return UNHEALTHY
        self._say(f"Healthy: {self._environment} serves {version} ({put.short})")
        return 0

    def _bring(self, commit: str, version: str) -> Put:
        subject = git(self._repository, "show", "--no-patch", "--format=%s", "--end-of-options", f"{commit}^{{commit}}")
        self._say(f"Fetched {commit[:7]}: {subject}", 0.8)
        put = self._place.check_out(self._repository, commit, version)
        files = sum(1 for each in put.folder.rglob("*") if each.is_file()) - 1
        self._say(f"Checked out {files} files", 0.7)
        put.code()
        self._say("The service file is sound", 0.5)
        return put

    def _migrations(self, put: Put) -> list[str]:
        done = list(self._place.migrate(put))
        if not done:
            self._say("The database is up to date", 0.4)
        return done

    def _wait_until_healthy(self, put: Put) -> str:
        """What keeps it from being healthy; empty once it is."""
        deadline = time.monotonic() + HEALTHY_WITHIN
        while True:
            problem = self._look(put)
            if not problem or time.monotonic() >= deadline:
                return problem
            time.sleep(0.1)
            self._see_that_it_goes_on()

    def _look(self, put: Put) -> str:
        try:
            with _DIRECT.open(f"{self._address}/version", timeout=2) as answer:
                there = json.load(answer)
            if there.get("commit") != put.commit:
                return f"it still serves {str(there.get('commit'))[:7]}"
            with _DIRECT.open(f"{self._address}/health", timeout=2):
                return ""
        except HTTPError as refusal:
            with refusal:
                return str(json.load(refusal).get("problem", refusal.reason))
        except (OSError, ValueError) as trouble:
            return f"{self._address} can't be reached: {getattr(trouble, 'reason', trouble)}"

    def _say(self, line: str, work: float = 0) -> None:
        """Say it at once, then take the time that a real deployment would take for it."""
        print(line, flush=True)  # noqa: T201 - a program's output is its word
        if work:
            time.sleep(work * self._pace)
            self._see_that_it_goes_on()

    def _see_that_it_goes_on(self) -> None:
        """Nobody waits for a deployment of a demo that has ended, and it may be in the way of the next."""
        if json.loads(self._note.read_text()).get("playing") != self._playing:
            raise _StoppedError


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise _StoppedError


def main() -> int:
    """Read the arguments and deploy."""
    parser = argparse.ArgumentParser(description="Deploys a commit of the demo's repository.")
    parser.add_argument("--ground", type=Path, required=True)
    for name in ("service", "environment", "commit", "version"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--pace", type=float, default=1.0, help="0 for at once; 1 takes about four seconds")
    parser.add_argument("--look", action="store_true", help="only tell whether that commit can still be deployed")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    try:
        deploy = Deploy(given.ground, given.service, given.environment, given.pace)
        return deploy.look(given.commit) if given.look else deploy.run(given.commit, given.version)
    except _StoppedError:
        trouble = "Stopped before anything was done."
    except (OSError, ValueError) as problem:
        trouble = f"The ground at {given.ground} can't be used: {getattr(problem, 'strerror', None) or problem}."
    except GroundError as problem:
        trouble = str(problem)
    print(trouble, flush=True)  # noqa: T201 - as above
    return NOBODY_KNOWS if given.look else NOT_DONE


if __name__ == "__main__":
    sys.exit(main())
