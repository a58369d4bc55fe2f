"""The record: everything is on it, and what is changed is found."""

from __future__ import annotations

import json
import sqlite3

from tests.stories.roads import deployed, in_staging
from tests.stories.world import World


async def test_everything_is_on_the_record_and_the_evidence_holds_it(world: World):
    await in_staging(world)
    await deployed(world, "production")
    evidence = await world.bot.verbs.evidence(1)
    told = json.loads(evidence.text)
    verbs = [entry["happened"]["verb"] for entry in told["entries"]]
    for verb in ("plan", "approve", "tick", "ask to deploy", "confirm deploy", "deployment succeeded"):
        assert verb in verbs
    assert told["record"]["unbroken"] is True
    assert {each["person"] for each in told["verdicts"]} == {"U0OMAR", "U0RUTH"}
    assert all(entry["happened"]["by"] for entry in told["entries"])
    assert "R-1" in await world.maya.types("/release audit R-1")


async def test_what_is_changed_behind_its_back_is_found(world: World):
    await in_staging(world)
    file = world.settings.database_url.reveal().split("///")[-1]
    with sqlite3.connect(file) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
        assert names, "nothing guards the record"
        for name in names:
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE audit SET person = 'U0SOMEBODY' WHERE number = 3")
    database.close()
    verified = await world.bot.verify_audit()
    assert verified.broken is not None
    assert verified.broken.number == 3
