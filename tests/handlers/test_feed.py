"""The address of the calendar of freezes: nobody without the key learns that it is there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from bot.ports import RecordsError
from bot.rules.sentence import refuse
from bot.secret import Secret
from handlers.feed import calendar_by_key

KEY = "canary-5107c0ffee-0123"
PATH = "/freezes.ics"


class Place:
    """A server with the feed, and what it shows."""

    def __init__(self) -> None:
        self.text: object = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
        self.asked: list[str | None] = []
        self.address = ""

    async def text_of(self, service):
        self.asked.append(service)
        if isinstance(self.text, Exception):
            raise self.text
        return self.text

    async def get(self, query: str = f"?key={KEY}", **headers: str):
        async with aiohttp.ClientSession() as session, session.get(self.address + query, headers=headers) as response:
            return response.status, await response.text(), response.headers


@asynccontextmanager
async def a_place(key: str) -> AsyncIterator[Place]:
    ready = Place()
    app = web.Application()
    app.router.add_get(PATH, calendar_by_key(Secret(key), ready.text_of))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    ready.address = f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}"
    yield ready
    await runner.cleanup()


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place(KEY) as ready:
        yield ready


@pytest.fixture
async def keyless() -> AsyncIterator[Place]:
    async with a_place("") as ready:
        yield ready


async def test_who_knows_the_key_gets_the_calendar(place: Place):
    status, text, headers = await place.get()

    assert (status, text) == (200, place.text)
    assert headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert headers["Cache-Control"] == "private, max-age=300"
    assert place.asked == [None]


@pytest.mark.parametrize(
    "query", ["", "?key=", "?key=wrong", f"?key={KEY}x", f"?Key={KEY}", "?key=%ff%fe", "?key=ключ"]
)
async def test_nobody_else_learns_that_there_is_one(place: Place, query: str):
    nowhere = await place.get("/nowhere")

    assert (await place.get(query))[:2] == nowhere[:2] == (404, "404: Not Found")
    assert place.asked == []


@pytest.mark.parametrize("query", ["", "?key=", "?key=anything"])
async def test_without_a_key_in_the_settings_nobody_has_it(keyless: Place, query: str):
    assert (await keyless.get(query))[0] == 404
    assert keyless.asked == []


async def test_one_service_can_be_asked_for(place: Place):
    await place.get(f"?key={KEY}&service=payments")
    assert place.asked == ["payments"]

    place.text = refuse("The catalogue has no service nothing.")
    assert (await place.get(f"?key={KEY}&service=nothing"))[:2] == (404, "The catalogue has no service nothing.")


async def test_a_program_that_has_it_already_is_told_so(place: Place):
    _, _, headers = await place.get()
    version = headers["ETag"]

    for known in (version, f"W/{version}", f'"other", {version}', "*"):
        status, text, headers = await place.get(**{"If-None-Match": known})
        assert (status, text, headers["ETag"]) == (304, "", version), known

    place.text = "BEGIN:VCALENDAR\r\nX:Y\r\nEND:VCALENDAR\r\n"
    status, _, headers = await place.get(**{"If-None-Match": version})
    assert status == 200
    assert headers["ETag"] != version


async def test_while_the_records_can_not_be_read_programs_keep_what_they_have(place: Place, caplog):
    place.text = RecordsError("the database is away")

    status, text, headers = await place.get()

    assert (status, headers["Retry-After"]) == (503, "60")
    assert text == "The freezes can't be read just now."
    assert KEY not in caplog.text
