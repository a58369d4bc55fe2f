"""Lists: the database is asked a few questions, however long a list is."""

from __future__ import annotations

from sqlalchemy import event

from tests.makers import a_candidate, a_draft, a_plan
from tests.verbs.workshop import Workshop


async def test_a_long_list_asks_the_database_no_more_than_a_short_one(database):
    shop = Workshop(database.records)
    asked: list[str] = []
    event.listen(database.engines.reading.sync_engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    counts = []
    for first, last in ((0, 3), (3, 30)):
        async with shop.records.open() as page:
            for number in range(first, last):
                await page.add_release(a_draft(candidate=a_candidate(), plan=a_plan(version=f"3.0.{number}")))
            await page.commit()
        asked.clear()
        assert len(await shop.look.all_open()) == last
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert counts[0] < 20
