"""A Slipway that is there to be killed: an engine whose every move leaves a line in a file.

child.py URL FILE [hang-in N] [moves N] [pause SECONDS] [ticks]: hang inside the Nth move of all; be done after so many.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timedelta
from pathlib import Path

from bot.ports import DONE, Next, Schedule, Work, again
from integrations.engine import Engine


async def main(url: str, file: str, wishes: list[str]) -> None:
    def wish(name: str, otherwise: float) -> float:
        return float(wishes[wishes.index(name) + 1]) if name in wishes else otherwise

    path = Path(file)

    def leave(line: str) -> None:
        with path.open("a") as lines:
            lines.write(line + "\n")

    def begin(key: int) -> int:
        leave(f"begin {key}")
        return path.read_text().count(f"begin {key}\n")

    async def advance(key: int) -> Next:
        number = begin(key)
        if number == wish("hang-in", 0):
            await asyncio.sleep(3600)
        leave(f"end {key}")
        return DONE if number >= wish("moves", 1) else again(timedelta(seconds=wish("pause", 0)))

    async def tick(key: str, due: datetime) -> None:
        leave(f"tick {key} {due.isoformat()}")

    async with Engine(url, works={Work.FOLLOW_DEPLOYMENT: advance}, tick=tick) as engine:
        if "ticks" in wishes:
            await engine.keep_schedules([Schedule("every-second", "* * * * * *", "Europe/Berlin")])
        leave("open")
        await asyncio.sleep(3600)


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
