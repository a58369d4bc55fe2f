"""Kills Slipway, again and again, and looks whether anything was lost or doubled. docs/crash-safety.md explains it.

`make crash`, or `python bench/crash.py --database sqlite --kills 100 --seed 7`. It ends with 1 if a promise was broken.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import platform
import re
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

sys.path.pop(0)
sys.path.insert(0, str(Path(__file__).parent.parent))

from integrations.database.schema import upgrade_blocking
from tests.crash.marks import BETWEEN_REPLICAS, EVERYWHERE
from tests.crash.run import Ended, Wanted, crash
from tests.postgres import running_postgres
from tests.quick import quick_root

REPLICAS = {"sqlite": 1, "postgres": 3}
TITLES = {"sqlite": "SQLite, one process", "postgres": "PostgreSQL, three replicas"}
SHOWN = 20
"""So many facts about broken promises, and lines of the log, are printed at most."""


def wanted(database: str, kills: int, seed: int) -> Wanted:
    """Half of the kills at random moments, the other half at the marked points, one after the other."""
    points = (*EVERYWHERE, *(BETWEEN_REPLICAS if database == "postgres" else ()))
    at_points = kills // 2
    return Wanted(
        REPLICAS[database], seed, kills - at_points, tuple(itertools.islice(itertools.cycle(points), at_points))
    )


@contextmanager
def a_database(kind: str, folder: Path) -> Iterator[str]:
    """A migrated database of one's own: its address."""
    if kind == "sqlite":
        url = f"sqlite:///{folder / 'slipway.db'}"
        upgrade_blocking(url)
        yield url
        return
    with running_postgres(f"crash-{os.getpid()}") as server, server.database() as url:
        yield url


def progress(kills: int) -> None:
    """A word for whoever waits."""
    if sys.stderr.isatty():
        print(f"\r{kills} kills", end="\r", file=sys.stderr, flush=True)


def measured(kind: str, kills: int, seed: int) -> Ended:
    """One run. Its files are kept if a promise was broken."""
    folder = Path(tempfile.mkdtemp(prefix="slipway-crash-", dir=quick_root()))
    with a_database(kind, folder) as url:
        ended = asyncio.run(crash(url, folder, wanted(kind, kills, seed), progress))
    if ended.broken:
        print(f"\nThe files of this run are in {folder}.")
    else:
        shutil.rmtree(folder)
    return ended


def figures(ended: Ended) -> dict[str, object]:
    """What is worth a line in the table."""
    killed, tally = ended.killed, ended.tally
    asked = ("confirm", "roll back")
    return {
        "kills": killed.total,
        "… at random moments": killed.at_random,
        "… … of them before the start was over": killed.before_ready,
        "… … of them all replicas at once": killed.all_at_once,
        "… at marked points": killed.at_points.total(),
        "marked points": f"{len(killed.at_points)} of {len(set(ended.wanted.points))}",
        "requests whose answer a kill cut off": tally.interrupted.total(),
        "… of them confirmations and rollbacks": sum(tally.interrupted[each] for each in asked),
        "… delivered again": tally.repeated.total(),
        **ended.judgement.figures,
        "requests that failed without a kill": len(ended.failures),
        "minutes": f"{ended.seconds / 60:.1f}",
    }


def table(runs: dict[str, Ended]) -> None:
    """The figures side by side."""
    columns = {TITLES[kind]: figures(ended) for kind, ended in runs.items()}
    print(f"\n| what | {' | '.join(columns)} |\n| --- |{' --- |' * len(columns)}")
    for what in dict.fromkeys(itertools.chain(*columns.values())):
        print(f"| {what} | {' | '.join(str(each.get(what, 0)) for each in columns.values())} |")


def points(runs: dict[str, Ended]) -> None:
    """How often lives ended at each marked point."""
    print(f"\n| marked point | {' | '.join(TITLES[kind] for kind in runs)} |\n| --- |{' --- |' * len(runs)}")
    for point in (*EVERYWHERE, *BETWEEN_REPLICAS):
        print(f"| {point} | {' | '.join(str(ended.killed.at_points[point]) for ended in runs.values())} |")


def log(kind: str, ended: Ended) -> None:
    """What the lives wrote into their log, the same things counted together."""
    lines = [line.partition(" ")[2] for line in ended.log if re.match(r"\d+ (WARNING|ERROR|CRITICAL)", line)]
    said = Counter(re.sub(r"\S*\d\S*", "…", line)[:160] for line in lines)
    if said:
        print(f"\nThe log of {TITLES[kind]}:")
    for line, many in said.most_common(SHOWN):
        print(f"  {many} times: {line}")


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--kills", type=int, default=500, help="how many on each database (500)")
    parser.add_argument("--seed", type=int, default=1, help="the same people, fates and moments again (1)")
    given = parser.parse_args()
    bolt = f"DBOS {version('dbos')}, slack-bolt {version('slack-bolt')}"
    print(
        f"{os.cpu_count()} CPUs, {platform.system()} {platform.release()}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {bolt}; seed {given.seed}",
        flush=True,
    )
    runs = {}
    for kind in REPLICAS if given.database == "both" else (given.database,):
        ended = runs[kind] = measured(kind, given.kills, given.seed)
        print(f"{TITLES[kind]}: {ended.killed.total} kills in {ended.seconds / 60:.1f} minutes.", flush=True)
    table(runs)
    points(runs)
    broken = False
    for kind, ended in runs.items():
        log(kind, ended)
        for each in ended.broken[:SHOWN]:
            print(f"\nBROKEN ({TITLES[kind]}, seed {given.seed}): {each}")
        broken |= bool(ended.broken)
    print("\nA promise was broken." if broken else "\nEvery promise was kept.")
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
