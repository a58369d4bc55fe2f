"""Work is moved along until it is done, whatever its moves do."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.ports import again
from integrations.engine import moves as moving
from integrations.engine.names import FOLLOW
from tests.engine.workshop import DEPLOYMENT, FREEZE, LONG, Moves, Workshop, all_ended, until, until_status

AT_ONCE = again(timedelta(0))


async def test_moves_follow_each_other_in_their_pauses(file_workshop: Workshop) -> None:
    moves = Moves({1: [AT_ONCE, again(timedelta(seconds=0.3))]})
    async with file_workshop.engine(moves) as engine:
        await file_workshop.starts(1)
        await until(lambda: moves.seen[1] == 2)
        second = datetime.now(UTC)
        await until(lambda: moves.seen[1] == 3)
        assert datetime.now(UTC) - second >= timedelta(seconds=0.25)
        await all_ended(engine)


@pytest.mark.usefixtures("short_pauses")
async def test_a_move_that_fails_is_tried_again_and_recovers(
    workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    moves = Moves({1: [ValueError("The target said “no”.")] * 3 + [LONG]})
    async with workshop.engine(moves) as engine:
        await workshop.starts(1)
        await until(lambda: moves.seen[1] == 4)
        await until(lambda: not engine.troubles())
        assert [each.state for each in (await engine.status()).pending] == ["waiting"]
        await workshop.nudges(1)
        await all_ended(engine)
    failures = [record for record in caplog.records if record.name == "integrations.engine.moves"]
    assert len(failures) == 3
    assert all(record.exc_info for record in failures)


async def test_a_trouble_shows_what_is_wrong_since_when_and_when_it_is_tried_again(
    file_workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "PAUSES", (0.05, 300.0))
    moves = Moves({1: [ValueError("first"), ValueError("second")], 2: [LONG]})
    async with file_workshop.engine(moves) as engine:
        await file_workshop.starts(1, 2)
        await until(lambda: [each.failures for each in engine.troubles()] == [2])
        (trouble,) = engine.troubles()
        assert (trouble.work, trouble.key, trouble.error) == ("follow-deployment", 1, "ValueError: second")
        assert trouble.since < trouble.again_at - timedelta(minutes=4)
        states = {each.key: (each.state, each.trouble) for each in (await engine.status()).pending}
        assert states == {1: ("in trouble", "ValueError: second"), 2: ("waiting", "")}
    # The next process knows of it too, and a word is reason enough to try at once.
    async with file_workshop.engine(moves) as engine:
        await until(lambda: [each.failures for each in engine.troubles()] == [2])
        assert engine.troubles() == (trouble,)
        await file_workshop.nudges(1)
        await until(lambda: moves.seen[1] == 3 and not engine.troubles())


async def test_work_that_this_program_does_not_know_waits_for_one_that_does(file_workshop: Workshop) -> None:
    moves = Moves()
    async with file_workshop.engine(works={DEPLOYMENT: moves}) as engine:
        await file_workshop.starts(1, work=FREEZE)
        await until(engine.troubles)
        assert "watch-freeze" in engine.troubles()[0].error
    async with file_workshop.engine(works={DEPLOYMENT: moves, FREEZE: moves}):
        await until(lambda: moves.seen[1])


async def test_a_long_life_is_handed_on_and_still_hears_words(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "MOVES_IN_A_LIFE", 3)
    moves = Moves({1: [AT_ONCE] * 7 + [LONG, LONG]})
    async with workshop.engine(moves) as engine:
        await workshop.starts(1)
        await until(lambda: moves.seen[1] == 8)
        await asyncio.sleep(0.1)
        await workshop.starts(1)  # it is the same work, in its third life
        await workshop.nudges(1)
        await until(lambda: moves.seen[1] == 9)
        assert [each.key for each in (await engine.status()).pending] == [1]
        await workshop.nudges(1)
        await all_ended(engine)
        assert moves.seen[1] == 10


@pytest.mark.usefixtures("short_pauses")
async def test_a_life_that_can_not_be_handed_on_goes_on(
    file_workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "MOVES_IN_A_LIFE", 2)
    moves = Moves({1: [AT_ONCE] * 5})
    engine = file_workshop.engine(moves)

    async def refuses(work: str, key: int, life: int) -> None:
        raise OSError("The database is away.")

    engine._follower._hand_over = refuses
    async with engine:
        await file_workshop.starts(1)
        await until(lambda: moves.seen[1] == 6)
        await all_ended(engine)


async def test_work_that_the_engine_itself_ended_gets_another_life(
    file_workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    moves = Moves({1: [LONG, LONG]})
    engine = file_workshop.engine(moves)
    stumbles = True
    follow = engine._follower.follow

    async def stumbling(work: str, key: int, life: int) -> str:
        if stumbles:
            raise RuntimeError("Something in the engine is not as it was.")
        return await follow(work, key, life)

    engine._follower.follow = stumbling
    async with engine:
        await file_workshop.starts(1)
        await until_status(engine, lambda status: status.failed)
        stumbles = False
        await engine._revive()
        await engine._revive()
        await until(lambda: moves.seen[1] == 1)
        assert [each.key for each in (await engine.status()).pending] == [1]
        await file_workshop.nudges(1)
        await until(lambda: moves.seen[1] == 2)
    assert "it goes on in another life" in caplog.text
    assert FOLLOW in {each.name for each in engine._client.list_workflows()}
