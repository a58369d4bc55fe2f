"""Shortcuts to where a story begins."""

from __future__ import annotations

from typing import Any

from integrations.sandbox.messages import Message
from tests.stories.world import Player, World, read

REGRESSION = "The regression tests have passed"
NOTES = "Release notes are written"


async def planned(world: World, ref: str = "main", version: str = "2.4.0") -> None:
    """Maya has planned a feature; nothing has been said."""
    await world.maya.types(f"/release new payments {version} {ref}")


async def approved(world: World) -> None:
    """Everything is done that people have to do."""
    await planned(world)
    await world.omar.presses("Approve")
    await world.ruth.presses("Approve")
    for person, item in ((world.omar, REGRESSION), (world.maya, NOTES)):
        await person.presses("Checklist")
        await person.ticks(item)
        await person.desk.closes()


async def in_staging(world: World) -> None:
    """Approved, ticked, and tried in staging: production's gate is empty."""
    await approved(world)
    await deployed(world, "staging")


async def deployed(world: World, environment: str, release: int = 1) -> None:
    """Maya has brought it there; another candidate may have been there before."""
    done = f"is in {environment}"
    before = world.thread(release).count(done)
    await world.maya.types(f"/deploy R-{release} to {environment}")
    await world.maya.types(f"/deploy confirm R-{release} to {environment}")
    await world.until(lambda: world.thread(release).count(done) > before)


async def two_versions_in_production(world: World) -> None:
    """2.3.9 went out as a hotfix long ago (R-1); 2.4.0 stands in production now (R-2, also a hotfix)."""
    for number, (version, ref) in enumerate((("2.3.9", "v2.3.9"), ("2.4.0", "main")), start=1):
        await world.maya.types(f"/release new payments {version} {ref}")
        await world.maya.types(f"/release edit R-{number}")
        await world.maya.fills_in(change_type="hotfix")
        await world.omar.presses("Approve")
        await deployed(world, "production", number)


async def presses_in_thread(player: Player, label: str, on: Message, **which: Any) -> str:
    """Press a button in a thread: the private answer comes there."""
    before = {m.ts for m in player.desk.thread(on)}
    await player.desk.presses(on, label, **which)
    await player.world.settles()
    said = [m for m in player.desk.thread(on) if m.ephemeral_to and m.ts not in before]
    return "\n".join(map(read, said))
