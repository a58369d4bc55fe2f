"""The target: what is deployed to. It outlives every kill, counts what it was asked for, and knows what became of it.

It has two doors. Behind `keyed` a second start with the same key finds the first. Behind `plain` it is started as often
as it is asked to: whoever deploys there must look first.

target.py PORT: serve there, with a fate of its own for each deployment.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from aiohttp import web

from tests.twins.deployer import Script

KEYED, PLAIN = "keyed", "plain"
REFUSAL = "The target takes no deployments today."


@dataclass(frozen=True, slots=True)
class Fate:
    """How one deployment goes: how long it takes, and how it ends."""

    seconds: float = 0.0
    script: Script = field(default_factory=Script)
    refused: bool = False


@dataclass(slots=True)
class Run:
    """One start, and what became of it."""

    number: int
    label: str
    place: str
    commit: str
    phase: str = "running"
    step: str = ""


@dataclass(slots=True)
class Target:
    """Everything out there. `fate` decides over a deployment by its label."""

    fate: Callable[[str], Fate]
    runs: list[Run] = field(default_factory=list)
    withdrawn: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    overlaps: list[str] = field(default_factory=list)
    served: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    """The commits whose artifacts were tidied away."""
    blind: bool = False
    """Whether it can't look just now for what is still there."""
    loses_the_next_answer: bool = False
    """Whether it takes the next start, and whoever asked for it never hears of that."""
    asked_again: int = 0
    """How often a start was asked for that the target knew already."""
    _fates: dict[int, Fate] = field(default_factory=dict)

    def of(self, label: str) -> list[Run]:
        """The runs that were started under that label: one, if all is well."""
        return [run for run in self.runs if run.label == label]

    def start(self, door: str, label: str, place: str, commit: str) -> Run | str:
        """Start it; or why it isn't."""
        known = self.of(label)
        if door == KEYED and known:
            self.asked_again += 1
            return known[0]
        if label in self.withdrawn:
            return "It was cancelled before it began."
        fate = self.fate(label)
        if fate.refused:
            self.refused.add(label)
            return REFUSAL
        self.overlaps += [
            f"{label} began at {place} while {run.label} was at work there"
            for run in self.runs
            if run.place == place and run.phase == "running"
        ]
        run = Run(len(self.runs) + 1, label, place, commit, step=fate.script.says[-1] if fate.script.says else "")
        self.runs.append(run)
        self._fates[run.number] = fate
        if not fate.script.waits:
            asyncio.get_running_loop().call_later(fate.seconds, self.end, run)
        return run

    def end(self, run: Run) -> None:
        """It comes to the end that it is to come to, unless it has ended."""
        if run.phase != "running":
            return
        script = self._fates[run.number].script
        if script.code:
            run.phase = "failed"
            run.step = f"It ended with exit code {script.code}. Its last words: {' / '.join(script.says)}"
        else:
            run.phase = "succeeded"
            self.served[run.place] = run.commit

    def withdraw(self, label: str) -> None:
        """Stop what runs; what hasn't begun never will."""
        self.withdrawn.add(label)
        for run in self.of(label):
            if run.phase == "running":
                run.phase, run.step = "cancelled", "It was stopped, as asked."

    def lets_go(self) -> None:
        """Whatever waits goes on to its end."""
        for run in self.runs:
            self.end(run)

    def loses_everything(self) -> None:
        """What was at work is gone, and nobody knows how it ended."""
        for run in self.runs:
            if run.phase == "running":
                run.phase, run.step = "lost", "It vanished without leaving how it ended."


def routes(target: Target, lag: float = 0.0) -> list[web.RouteDef]:
    """How it is spoken to. Each start takes `lag` seconds before, and again after, it takes effect."""

    async def start(request: web.Request) -> web.Response:
        told, where = await request.json(), request.match_info
        await asyncio.sleep(lag)
        run = target.start(where["door"], told["label"], f"{where['service']}/{where['environment']}", told["commit"])
        await asyncio.sleep(lag)
        if target.loses_the_next_answer and request.transport is not None:
            target.loses_the_next_answer = False
            request.transport.close()
        return web.json_response({"why": run}, status=409) if isinstance(run, str) else web.json_response(asdict(run))

    async def known(request: web.Request) -> web.Response:
        label = request.match_info["label"]
        runs = [asdict(run) for run in target.of(label)]
        return web.json_response({"runs": runs, "withdrawn": label in target.withdrawn})

    async def withdraw(request: web.Request) -> web.Response:
        target.withdraw(request.match_info["label"])
        return web.Response()

    async def served(request: web.Request) -> web.Response:
        where = request.match_info
        return web.json_response({"commit": target.served.get(f"{where['service']}/{where['environment']}")})

    async def shelf(request: web.Request) -> web.Response:
        if target.blind:
            return web.json_response({"there": None, "why": "The registry does not answer."})
        gone = request.match_info["commit"] in target.gone
        return web.json_response({"there": not gone, "why": "It was tidied away." if gone else ""})

    async def report(_: web.Request) -> web.Response:
        return web.json_response(
            {
                "runs": [asdict(run) for run in target.runs],
                "withdrawn": sorted(target.withdrawn),
                "refused": sorted(target.refused),
                "overlaps": target.overlaps,
                "served": target.served,
                "asked_again": target.asked_again,
            }
        )

    return [
        web.post("/{door}/{service}/{environment}/runs", start),
        web.get("/runs/{label}", known),
        web.post("/withdrawn/{label}", withdraw),
        web.get("/served/{service}/{environment}", served),
        web.get("/shelf/{commit}", shelf),
        web.get("/report", report),
    ]


def fated(label: str) -> Fate:
    """Most succeed, some fail, a few are refused; each takes its time. The same label, the same fate."""
    number = int.from_bytes(hashlib.sha256(label.encode()).digest()[:4], "big")
    seconds, lot = 0.1 + number % 701 / 1000, number // 701 % 100
    if lot < 5:
        return Fate(refused=True)
    return Fate(seconds, Script(says=("Copying",), code=3 if lot < 17 else 0))


async def serving(target: Target, port: int = 0, lag: float = 0.0) -> tuple[web.AppRunner, str]:
    """Begin to serve: what ends it, and the address."""
    app = web.Application()
    app.add_routes(routes(target, lag))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    address: Any = runner.addresses[0]
    return runner, f"http://127.0.0.1:{address[1]}"


async def main(port: int) -> None:
    """Serve until whoever started it has gone: its input ends then."""
    runner, _ = await serving(Target(fated), port, lag=0.01)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
