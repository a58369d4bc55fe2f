"""Launch: what was on the screen is what is given to customers."""

from __future__ import annotations

from tests.stories.roads import deployed
from tests.stories.world import World, read


async def test_launch_on_an_old_card_does_not_launch_what_it_did_not_show(world: World):
    """The card says that 2.4.0 is deployed with the first candidate; another one has been deployed since."""
    await world.maya.types("/release new payments 2.4.0 main")
    await world.maya.types("/release edit R-1")
    await world.maya.fills_in(change_type="hotfix")
    await world.omar.presses("Approve")
    await deployed(world, "production")
    old = world.card()
    await world.ben.types("/release build R-1 mend")
    await world.omar.presses("Approve")
    await world.maya.types("/deploy R-1 to production")
    await world.maya.types("/deploy confirm R-1 to production")
    await world.until(lambda: world.thread().count("2.4.0 is in production") == 2)
    assert "changed since you looked" in await world.maya.presses("Launch", on=old, stale=True)
    assert "*Released*" not in read(world.card())
    await world.maya.presses("Launch")
    assert "*Released*" in read(world.card())
