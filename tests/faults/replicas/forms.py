"""The workflow's code as it was in the first version, as it is, and as a change to it looks.

A process takes one of them: `first`, the present one without a word, `next` (the recipe of docs/upgrading.md), or
`careless` (the same change by somebody who has not read it).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from dbos import DBOS

from integrations.engine.moves import MOVES_IN_A_LIFE, Follower
from integrations.engine.names import CONTROL, id_of

Greet = Callable[[int], Awaitable[None]]


async def as_in_the_first_version(self: Follower, work: str, key: int, life: int) -> str:
    """`Follower.follow` as it went out first, word for word where it speaks to the engine."""
    name = id_of(work, key)
    with self._stopping.inside(id_of(work, key, life)), self._placed(name):
        moves = failures = 0
        while True:
            moved = await DBOS.run_step_async({"name": "move"}, self._move, work, key, life)
            moves += 1
            if moved["done"]:
                self.troubles.pop(name, None)
                return "done"
            failures = failures + 1 if moved["error"] else 0
            pause = self._note(name, work, key, moved, failures)
            with self._stopping.waiting():
                await DBOS.recv_async(CONTROL, timeout_seconds=pause)
            if moves >= MOVES_IN_A_LIFE and not failures and await self._handed_over(work, key, life + 1):
                return "handed over"


def take(form: str, greet: Greet) -> None:
    """Let this process follow in that form."""
    as_it_is = Follower.follow

    async def with_a_greeting(self: Follower, work: str, key: int, life: int) -> str:
        if await DBOS.patch_async("greet first"):
            await DBOS.run_step_async({"name": "greet"}, greet, key)
        return await as_it_is(self, work, key, life)

    async def with_a_careless_greeting(self: Follower, work: str, key: int, life: int) -> str:
        await DBOS.run_step_async({"name": "greet"}, greet, key)
        return await as_it_is(self, work, key, life)

    forms = {
        "": as_it_is,
        "first": as_in_the_first_version,
        "next": with_a_greeting,
        "careless": with_a_careless_greeting,
    }
    Follower.follow = forms[form]
