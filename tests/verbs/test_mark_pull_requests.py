"""Marks on open pull requests: as it stands with freezes and the gate, written only where it differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.notices import ChannelLine
from bot.ports import Mark, Work
from bot.rules.freeze import CalendarState, Freeze, Window
from bot.rules.mark import MarkState
from bot.rules.policy import CalendarSource, FreezeScope, PullRequestRule
from bot.rules.sentence import Sentence
from bot.verbs.ask_gate import AskGate
from bot.verbs.mark_pull_requests import EVERY, LONGEST, MOST_AT_ONCE, UNWANTED, MarkPullRequests
from bot.verbs.mark_soon import ALL, mark_all
from tests.grounds import database_ground
from tests.makers import FEATURE, PAYMENTS, PRODUCTION, STAGING
from tests.people import MAYA, OMAR
from tests.twins import FakeMarks
from tests.verbs.workshop import REPOSITORY, Workshop

RULE = PullRequestRule((PRODUCTION,))


class Board:
    """A workshop whose pull requests are marked."""

    def __init__(self, shop: Workshop) -> None:
        self.shop = shop
        self.marks = FakeMarks()
        self.work = MarkPullRequests(
            shop.records,
            self.marks,
            AskGate(shop.look),
            lambda: shop.catalogue,
            lambda: shop.at,
            self.write,
        )

    async def write(self, sentences: Sequence[Sentence]) -> str:
        return " ".join(map(str, sentences))

    def opens(self, *heads: str, branch: str = "main") -> None:
        for head in heads:
            self.marks.opens(REPOSITORY, branch, head)

    async def looks(self) -> list[tuple[str, str, str]]:
        """One look; what was written in it: the commit, the word, the sentence."""
        before = len(self.marks.written)
        assert (await self.work(ALL)).after == EVERY
        return [(commit, mark.state.value, mark.sentence) for commit, mark in self.marks.written[before:]]


@pytest.fixture
def shop():
    return Workshop(pull_requests=RULE)


@pytest.fixture
def board(shop):
    return Board(shop)


async def frozen(shop: Workshop, reason: str = "The annual sale", **fields) -> Freeze:
    ready = Window(shop.at, shop.at + timedelta(days=2), reason, frozenset({PRODUCTION}))
    done = await shop.start_freeze(replace(ready, **fields), by=shop.by(MAYA))
    assert isinstance(done, Freeze), done
    return done


async def test_an_open_pull_request_is_told_that_nothing_is_frozen(shop, board):
    board.opens(shop.a)

    assert await board.looks() == [(shop.a, "success", "production is not frozen.")]
    (_, mark) = board.marks.written[0]
    assert mark.context == "slipway/payments/production"
    assert mark.url == "https://slack.com/app_redirect?channel=C0PAYMENTS"


async def test_what_stands_there_already_is_not_written_again(shop, board):
    board.opens(shop.a)
    await board.looks()

    assert await board.looks() == []


async def test_when_a_freeze_starts_and_ends_it_is_brought_up_to_date(shop, board):
    board.opens(shop.a)
    await board.looks()
    freeze = await frozen(shop)
    ((_, state, told),) = await board.looks()
    assert state == "failure"
    assert told == "production is frozen until 2026-11-25 10:00 UTC: The annual sale (F-1)."
    assert await board.looks() == []

    shop.at = freeze.window.ends_at
    assert [state for _, state, _ in await board.looks()] == ["success"]


async def test_a_freeze_that_begins_by_the_clock_is_told_without_anybody(shop, board):
    board.opens(shop.a)
    await frozen(shop, starts_at=shop.at + timedelta(hours=1))
    assert [state for _, state, _ in await board.looks()] == ["success"]
    shop.at += timedelta(hours=1)
    assert [state for _, state, _ in await board.looks()] == ["failure"]


async def test_freezing_does_not_wait_for_the_next_look(shop):
    freeze = await frozen(shop)
    nudge = (Work.MARK_PULL_REQUESTS, ALL, "changed")
    await shop.watch_freeze(freeze.id)
    assert shop.records.nudged.count(nudge) == 1
    await shop.end_freeze(freeze.id, by=shop.by(MAYA))
    await shop.watch_freeze(freeze.id)
    assert shop.records.nudged.count(nudge) == 2


async def test_where_nobody_asks_for_marks_nobody_is_nudged():
    shop = Workshop()
    await frozen(shop)
    assert Work.MARK_PULL_REQUESTS not in {work for work, _, _ in shop.records.nudged}


async def test_a_soft_freeze_is_pending(shop, board):
    board.opens(shop.a)
    await frozen(shop, hard=False)
    assert [state for _, state, _ in await board.looks()] == ["pending"]


async def test_a_freeze_of_somewhere_else_or_of_some_kinds_of_change_does_not_count(shop, board):
    board.opens(shop.a)
    await frozen(shop, environments=frozenset({STAGING}))
    await frozen(shop, change_types=frozenset({FEATURE}))
    assert [state for _, state, _ in await board.looks()] == ["success"]


async def test_a_calendar_that_nobody_can_read_is_pending(shop, board):
    board.opens(shop.a)
    source = CalendarSource("holidays", "/srv/holidays.ics", FreezeScope())
    shop.catalogue = replace(shop.catalogue, calendars=(source,))
    assert await board.looks() == [
        (
            shop.a,
            "pending",
            "Whether production is frozen can't be told: the calendar holidays can't be read.",
        )
    ]
    async with shop.records.open() as page:
        await page.keep_calendar(CalendarState("holidays", shop.at))
        await page.commit()
    assert [state for _, state, _ in await board.looks()] == ["success"]


async def test_several_environments_have_a_mark_each(board, shop):
    service = replace(shop.catalogue.services[PAYMENTS], pull_requests=PullRequestRule((STAGING, PRODUCTION)))
    shop.catalogue = replace(shop.catalogue, services={PAYMENTS: service})
    board.opens(shop.a)
    await frozen(shop)
    await board.looks()

    assert {mark.context: mark.state for _, mark in board.marks.written} == {
        "slipway/payments/staging": MarkState.SUCCESS,
        "slipway/payments/production": MarkState.FAILURE,
    }


async def test_pull_requests_against_another_branch_are_left(board, shop):
    board.opens(shop.a, branch="release/1")
    assert await board.looks() == []


async def test_what_a_release_proposes_is_told_what_its_gate_says(board, shop):
    release = await shop.planned(shop.a, "1.0.0")
    board.opens(shop.a, shop.b)
    written = {commit: (state, told) for commit, state, told in await board.looks()}
    assert written[shop.b][0] == "success"
    state, told = written[shop.a]
    assert state == "pending"
    assert "approval" in told

    await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
    assert await board.looks() == [(shop.a, "success", "R-1 may go to production.")]


async def test_a_sentence_is_never_longer_than_github_takes(board, shop):
    board.opens(shop.a)
    await frozen(shop, "Nothing may change while the auditors are here. " * 6)
    ((_, _, told),) = await board.looks()
    assert len(told) <= LONGEST
    assert told.endswith("…")


async def test_of_very_many_only_so_many_are_written_at_once_and_the_rest_soon(board, shop):
    heads = [f"{each:040x}" for each in range(MOST_AT_ONCE + 5)]
    board.opens(*heads)

    assert len(await board.looks()) == MOST_AT_ONCE
    assert len(await board.looks()) == 5
    assert await board.looks() == []


async def test_what_somebody_else_has_written_over_it_is_mended(board, shop):
    board.opens(shop.a)
    await board.looks()
    await board.marks.mark(REPOSITORY, shop.a, Mark("slipway/payments/production", MarkState.FAILURE, "x", ""))
    assert [state for _, state, _ in await board.looks()] == ["success"]


async def test_while_the_code_host_is_away_nothing_is_said_and_the_next_look_makes_it_good(board, shop):
    board.opens(shop.a)
    board.marks.away = "It does not answer."
    assert await board.looks() == []
    assert await shop.told(ChannelLine) == []
    board.marks.away = ""
    assert len(await board.looks()) == 1


async def test_what_somebody_has_to_mend_is_told_once(board, shop):
    board.opens(shop.a)
    board.marks.refuses = "It takes the permission “Commit statuses: write”."
    for _ in range(3):
        await board.looks()
    (line,) = await shop.told(ChannelLine)
    assert "Commit statuses: write" in str(line.sentence)


async def test_a_catalogue_that_asks_for_none_is_looked_at_seldom(board, shop):
    service = replace(shop.catalogue.services[PAYMENTS], pull_requests=None)
    shop.catalogue = replace(shop.catalogue, services={PAYMENTS: service})
    assert (await board.work(ALL)).after == UNWANTED
    await mark_all(shop.records, shop.catalogue)
    assert (Work.MARK_PULL_REQUESTS, ALL) not in shop.records.started


async def test_one_that_asks_for_them_has_them_from_then_on(shop):
    await mark_all(shop.records, shop.catalogue)
    assert (Work.MARK_PULL_REQUESTS, ALL) in shop.records.started


async def test_over_a_database_it_is_the_same(database_url):
    async with database_ground(database_url) as ground:
        shop = Workshop(ground.records, pull_requests=RULE)
        board = Board(shop)
        board.opens(shop.a)
        await frozen(shop)
        assert [state for _, state, _ in await board.looks()] == ["failure"]
        assert await board.looks() == []
