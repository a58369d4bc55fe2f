"""Wiring: what goes on by itself begins once Slipway knows what is frozen."""

from __future__ import annotations

import asyncio

from bot.ports import DONE, Next
from bot.wiring import once


async def test_nothing_moves_before_the_freezes_are_in_step():
    moved: list[int] = []

    async def advance(key: int) -> Next:
        moved.append(key)
        return DONE

    in_step = asyncio.Event()
    moving = asyncio.create_task(once(in_step, advance)(12))
    await asyncio.sleep(0.01)
    assert moved == []
    in_step.set()
    assert await moving is DONE
    assert moved == [12]
