"""The record, line by line as it is read, so that somebody else can keep and verify it; the evidence of one release."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from bot.ports import Records, RecordsError
from bot.rules.audit import GENESIS, Entry, Happened
from bot.rules.people import Surface
from bot.verbs.audit import ExportRecord
from handlers.api import audit
from tests.handlers.api.machine import Machine, Reply, a_desk, at_work
from tests.makers import NOW
from tests.people import MAYA
from tests.verbs.workshop import Workshop


def verified(reply: Reply, *, after: str = GENESIS) -> list[str]:
    """What somebody who has nothing but the answer can prove: returns what is wrong."""
    wrong, last = [], after
    for entry in reply.lines:
        said = dict(entry)
        digest = said.pop("digest")
        told = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        if said["previous"] != last or hashlib.sha256(told.encode()).hexdigest() != digest:
            wrong.append(f"entry {said['number']}")
        last = digest
    if last != reply.headers["Slipway-Record-Head"]:
        wrong.append("the end")
    return wrong


async def many(shop: Workshop, count: int) -> None:
    """So many entries more."""
    async with shop.records.open() as page:
        for number in range(count):
            await page.put_on_record(Happened("say", MAYA.id, Surface.COMMAND, NOW, detail={"ß": [number, 1.5, None]}))
        await page.commit()


async def test_the_whole_record_is_handed_out_and_can_be_verified(machine: Machine):
    await machine.shop.shipped(machine.shop.a, "1.0.0")

    reply = await machine.asks("/audit")

    assert reply.status == 200
    assert reply.headers["Cache-Control"] == "no-store"
    assert [each["number"] for each in reply.lines] == list(range(1, len(reply.lines) + 1))
    assert "approve" in {each["verb"] for each in reply.lines}
    assert int(reply.headers["Slipway-Record-Entries"]) == len(reply.lines)
    assert verified(reply) == []


async def test_only_what_is_new_can_be_asked_for(machine: Machine):
    await many(machine.shop, 5)
    first = await machine.asks("/audit")
    newest = first.lines[-1]
    await many(machine.shop, 2)

    reply = await machine.asks("/audit", after=str(newest["number"]))

    assert [each["number"] for each in reply.lines] == [newest["number"] + 1, newest["number"] + 2]
    assert verified(reply, after=newest["digest"]) == []
    nothing_new = await machine.asks("/audit", after=str(newest["number"] + 2))
    assert (nothing_new.status, nothing_new.lines) == (200, [])


class Tampered:
    """Records of which somebody has changed or removed entries in the database."""

    def __init__(self, records: Records, change: Callable[[Entry], Entry | None]) -> None:
        self._records, self._change = records, change

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Any]:
        async with self._records.read() as page:
            yield _TamperedPage(page, self._change)


class _TamperedPage:
    def __init__(self, page: Any, change: Callable[[Entry], Entry | None]) -> None:
        self._change, self.record_head, self._record = change, page.record_head, page.record

    async def record(self, **asked: Any) -> list[Entry]:
        found = [self._change(each) for each in await self._record(**asked)]
        return [each for each in found if each is not None]


@pytest.mark.parametrize(
    ("change", "noticed"),
    [
        (lambda e: replace(e, happened=replace(e.happened, verb="never mind")) if e.number == 3 else e, ["entry 3"]),
        (lambda e: None if e.number == 3 else e, ["entry 4"]),
        (lambda e: None if e.number > 3 else e, ["the end"]),
    ],
)
async def test_what_was_changed_or_removed_is_noticed_by_whoever_verifies(alone: Machine, change, noticed):
    desk = a_desk(alone.shop, Tampered(alone.shop.records, change))
    async with at_work(alone.shop, desk=desk) as machine:
        await many(alone.shop, 4)
        assert verified(await machine.asks("/audit")) == noticed


async def test_a_long_record_is_read_part_by_part(machine: Machine, monkeypatch: pytest.MonkeyPatch):
    await many(machine.shop, 23)
    monkeypatch.setattr(audit, "ExportRecord", lambda records: ExportRecord(records, page=5))
    reply = await machine.asks("/audit")
    assert len(reply.lines) == 24, "the machine's own token is on the record as well"
    assert verified(reply) == []


async def test_what_comes_while_it_is_read_comes_the_next_time(alone: Machine):
    await many(alone.shop, 5)
    found = await ExportRecord(alone.shop.records, page=2)()
    first = await anext(found.pages)
    await many(alone.shop, 5)
    rest = [each.number async for page in found.pages for each in page]
    assert [*(each.number for each in first), *rest] == list(range(1, found.entries + 1))


class Breaking:
    """Records that can be read a few times."""

    def __init__(self, records: Any, times: int, error: Exception) -> None:
        self._records, self._times, self._error = records, times, error

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Any]:
        self._times -= 1
        if self._times < 0:
            raise self._error
        async with self._records.read() as page:
            yield page


@pytest.mark.parametrize("error", [RecordsError("The disk is gone."), ZeroDivisionError("a mistake of ours")])
async def test_what_is_cut_off_can_not_be_taken_for_the_whole(error, monkeypatch: pytest.MonkeyPatch, caplog):
    shop = Workshop()
    await many(shop, 20)
    monkeypatch.setattr(audit, "ExportRecord", lambda records: ExportRecord(records, page=5))
    desk = a_desk(shop, Breaking(shop.records, 3, error))
    async with at_work(shop, desk=desk) as machine:
        with pytest.raises((aiohttp.ClientPayloadError, aiohttp.ClientConnectionError)):
            await machine.asks("/audit")
    assert "cut off" in caplog.text or "Reference" in caplog.text
    assert "Traceback" not in caplog.text or isinstance(error, ZeroDivisionError)


async def test_a_record_that_can_not_be_read_at_all_is_said_so(alone: Machine):
    desk = a_desk(alone.shop, Breaking(alone.shop.records, 1, RecordsError("The disk is gone.")))
    await many(alone.shop, 1)
    async with at_work(alone.shop, desk=desk) as machine:
        reply = await machine.asks("/audit")
    assert (reply.status, reply.headers["Retry-After"]) == (503, "15")
    assert "can't be read just now" in reply.detail


async def test_head_tells_where_the_record_ends_without_the_record(alone: Machine):
    reply = await alone.asks("/audit", method="HEAD")
    assert (reply.status, reply.text, reply.headers["Slipway-Record-Entries"]) == (200, "", "1")


async def test_the_evidence_of_a_release_is_that_of_the_file(machine: Machine):
    shop = machine.shop
    await shop.shipped(shop.a, "1.0.0")

    told = (await machine.asks("/audit/R-1")).told

    file = await shop.evidence(1)
    assert told == json.loads(file.text)
    assert told["record"]["unbroken"] is True


async def test_there_is_no_evidence_of_a_release_that_is_not_there(alone: Machine):
    reply = await alone.asks("/audit/R-9")
    assert (reply.status, reply.told["code"]) == (404, "not-found")
