"""What people type wrongly: one private answer each time, a clear sentence, and nothing has changed."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable, Iterator

import pytest

from tests.faults.corpus import GROUPS, LONG, RIGHT, RLO
from tests.faults.watch import After, Watch, watching, wrong_with
from tests.stories.roads import planned
from tests.stories.world import Player, World

ROLES = frozenset({"<!subteam^S0RELMGRS>", "<!subteam^S0QA>", "<!subteam^S0CHANGE>", "<!subteam^S0ONCALL>"})


async def after_typing(watch: Watch, who: Player, line: str) -> After:
    """Type it, look, and close what has opened."""
    try:
        return await watch.act(who.desk.types("payments", line))
    finally:
        watch.world.workspace.show_modals(who.desk.id, [])


def complaints(line: str, after: After, who: Player) -> Iterator[str]:
    """What is wrong with what came of it."""
    told = after.to(who)
    if len(told) != 1:
        yield f"there are {len(told)} answers"
    yield from (f"the client says {each!r}" for each in after.notices)
    yield from (f"{other} is told something" for other in after.private if other != who.desk.id)
    yield from after.nothing_changed()
    for each in told:
        # Who can lift something is named by real mentions: in an answer that is private they call nobody.
        yield from (f"{wrong}\n      in: {each[:300]!r}" for wrong in wrong_with(each, line, may_call=ROLES))


async def type_all(watch: Watch, who: Player, lines: Iterable[str]) -> list[str]:
    """Type them all; every complaint about any of them."""
    found = []
    for line in lines:
        after = await after_typing(watch, who, line)
        found += [f"{line[:120]!r}: {each}" for each in complaints(line, after, who)]
    return found


@pytest.mark.parametrize("group", GROUPS)
async def test_what_is_typed_wrongly_is_answered_clearly_and_changes_nothing(real_git: World, group, caplog):
    await planned(real_git)
    caplog.clear()
    async with watching(real_git) as watch:
        found = await type_all(watch, real_git.maya, GROUPS[group])
    assert not found, "\n".join((f"{len(found)} complaints:", *found))
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR or each.exc_info] == []
