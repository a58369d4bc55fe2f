"""Calendars that can't be had: each says why in a sentence, soon enough, and never shows the secret in its address."""

from __future__ import annotations

import asyncio
import logging
import os
import time
import traceback
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from bot.ports import CalendarError
from bot.rules.policy import CalendarSource
from integrations.calendars import adapter
from integrations.calendars.adapter import IcalCalendars
from integrations.calendars.fetching import LARGEST, host_of, is_address, stays_private
from tests.calendars.writing import a_calendar, an_event

TOKEN = "private-5107c0ffee"
START = datetime(2026, 11, 23, tzinfo=UTC)
SALE = a_calendar(an_event("SUMMARY:Sale", "DTSTART:20261201T080000Z", "DTEND:20261203T200000Z"))


class Server:
    """Answers as a test says, at an address with a secret in it."""

    def __init__(self, calendars: IcalCalendars) -> None:
        self.calendars = calendars
        self.answer = lambda _: web.Response(body=SALE, content_type="text/calendar")
        self.asked: list[web.Request] = []
        self.address = ""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        answer = self.answer(request)
        return await answer if asyncio.iscoroutine(answer) else answer

    async def read(self, address: str | None = None):
        source = CalendarSource("company", address or f"{self.address}/{TOKEN}/basic.ics?key={TOKEN}")
        return await self.calendars.events(source, START, START + timedelta(days=35))

    async def refusal(self, address: str | None = None) -> str:
        """What people are told; the secret is in nothing that could be logged."""
        with pytest.raises(CalendarError) as refused:
            await self.read(address)
        assert TOKEN not in "".join(traceback.format_exception(refused.value))
        return str(refused.value)


@pytest.fixture
async def server(caplog):
    caplog.set_level(logging.DEBUG)
    async with aiohttp.ClientSession() as session:
        ready = Server(IcalCalendars(session, patience=timedelta(milliseconds=400)))
        app = web.Application()
        app.router.add_get("/{rest:.*}", ready.serve)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ready.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield ready
        await runner.cleanup()
    assert TOKEN not in caplog.text


async def test_it_asks_for_a_calendar_and_gets_one(server: Server):
    (sale,) = await server.read()

    assert sale.title == "Sale"
    assert "text/calendar" in server.asked[0].headers["Accept"]
    assert server.asked[0].query["key"] == TOKEN


@pytest.mark.parametrize("status", [401, 403, 404, 410, 500, 503])
async def test_another_answer_than_a_calendar_is_told_by_its_number(server: Server, status: int):
    server.answer = lambda _: web.Response(status=status, text=f"no {TOKEN} here")

    assert await server.refusal() == f"127.0.0.1 answered with status {status}."


async def test_a_page_to_sign_in_is_no_calendar(server: Server):
    server.answer = lambda _: web.Response(text="<html><body>Sign in</body></html>", content_type="text/html")

    assert await server.refusal() == (
        "127.0.0.1: this is a web page, not a calendar. The address in iCal format is needed."
    )


async def test_what_is_wrong_in_a_calendar_is_told_with_where_it_is_from(server: Server):
    server.answer = lambda _: web.Response(body=a_calendar(an_event("SUMMARY:Sale")))

    assert await server.refusal() == "127.0.0.1: “Sale” has no DTSTART."


async def test_nobody_answers(server: Server):
    assert await server.refusal(f"http://127.0.0.1:1/{TOKEN}.ics") == "127.0.0.1 could not be reached."
    told = await server.refusal(f"https://nowhere.invalid/{TOKEN}.ics")
    assert told in {"nowhere.invalid could not be reached.", "nowhere.invalid did not answer within 0.4 seconds."}


async def test_a_server_that_takes_its_time_is_not_waited_for(server: Server):
    async def slowly(_):
        await asyncio.sleep(2)
        return web.Response(body=SALE)

    server.answer = slowly

    assert await server.refusal() == "127.0.0.1 did not answer within 0.4 seconds."


async def test_a_server_that_drips_is_not_waited_for(server: Server):
    async def drop_by_drop(request):
        response = web.StreamResponse()
        await response.prepare(request)
        for byte in SALE:
            await response.write(bytes([byte]))
            await asyncio.sleep(0.1)
        return response

    server.answer = drop_by_drop

    assert await server.refusal() == "127.0.0.1 did not answer within 0.4 seconds."


async def test_an_answer_that_breaks_off_is_no_calendar(server: Server):
    async def half(request):
        response = web.StreamResponse(headers={"Content-Length": str(len(SALE))})
        await response.prepare(request)
        await response.write(SALE[: len(SALE) // 2])
        request.transport.close()
        return response

    server.answer = half

    assert await server.refusal() == "127.0.0.1 broke off while answering."


async def test_a_calendar_that_is_far_too_large_is_not_read_to_its_end(server: Server):
    async def on_and_on(request):
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"X" * 65536)

    server.answer = on_and_on
    server.calendars._patience = timedelta(seconds=10)

    assert await server.refusal() == "127.0.0.1: this calendar is larger than 2 MiB."


async def test_a_large_one_is_read(server: Server):
    filling = an_event("DTSTART:20200101T080000Z", f"DESCRIPTION:{'x' * (LARGEST - 2000)}", uid="old@example.com")
    server.answer = lambda _: web.Response(body=SALE.replace(b"END:VCALENDAR", f"{filling}END:VCALENDAR".encode()))
    server.calendars._patience = timedelta(seconds=10)

    assert len(await server.read()) == 1


async def test_it_follows_a_few_redirects_and_no_circle(server: Server):
    def moved(request):
        if request.path.endswith("new.ics"):
            return web.Response(body=SALE)
        return web.Response(status=302, headers={"Location": "/new.ics"})

    server.answer = moved
    assert len(await server.read()) == 1

    server.answer = lambda _: web.Response(status=302, headers={"Location": f"/{TOKEN}"})
    assert await server.refusal() == "127.0.0.1 sends readers elsewhere again and again."

    server.answer = lambda _: web.Response(status=302, headers={"Location": "ftp://127.0.0.1/x"})
    assert await server.refusal() == "127.0.0.1: this address can't be read, or leads to one that can't."


def test_what_began_with_https_does_not_go_on_without_it():
    safe, open_to_all = URL("https://example.com/a"), URL("http://example.com/b")

    assert stays_private([safe, safe])
    assert stays_private([open_to_all, safe, safe])
    assert not stays_private([safe, open_to_all, safe])


async def test_webcal_is_another_word_for_https(server: Server):
    """There is no certificate here, so it gets as far as asking for one."""
    told = await server.refusal(server.address.replace("http", "webcal") + f"/{TOKEN}")

    assert told in {"127.0.0.1 has no certificate that can be trusted.", "127.0.0.1 could not be reached."}
    assert server.asked == []


def test_addresses_and_paths_are_told_apart_and_only_the_host_is_shown():
    assert is_address("https://calendar.example.com/private/basic.ics")
    assert is_address("WebCal://calendar.example.com/private/basic.ics")
    assert not is_address("/srv/freezes.ics")
    assert host_of(f"https://maya:{TOKEN}@calendar.example.com:8443/{TOKEN}?{TOKEN}#{TOKEN}") == "calendar.example.com"
    assert host_of(f"https://[{TOKEN}") == "The calendar's address"


async def test_an_address_that_is_none(server: Server):
    assert (
        await server.refusal(f"https://[{TOKEN}")
        == "The calendar's address: this address can't be read, or leads to one that can't."
    )


# ---------------------------------------------------------------- files


async def test_files_are_read_and_told_by_their_names(server: Server, tmp_path):
    file = tmp_path / "freezes.ics"
    assert await server.refusal(str(file)) == "There is no file freezes.ics."
    assert await server.refusal(str(tmp_path)) == f"There is no file {tmp_path.name}."

    file.write_bytes(SALE)
    assert len(await server.read(str(file))) == 1

    file.write_bytes(b"<html>")
    assert (await server.refusal(str(file))).startswith("freezes.ics: this is a web page")

    file.write_bytes(SALE + b" " * LARGEST)
    assert await server.refusal(str(file)) == "freezes.ics: this calendar is larger than 2 MiB."


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
async def test_a_file_that_is_closed_to_us(server: Server, tmp_path):
    file = tmp_path / "freezes.ics"
    file.write_bytes(SALE)
    file.chmod(0)

    assert await server.refusal(str(file)) == "freezes.ics can't be opened: Permission denied."


async def test_a_calendar_that_takes_too_long_to_work_through_is_not_waited_for(server: Server, monkeypatch):
    monkeypatch.setattr(adapter, "LONGEST_READING", timedelta(milliseconds=50))
    monkeypatch.setattr(adapter, "in_text", lambda *_: time.sleep(0.3))

    assert await server.refusal() == "127.0.0.1: working through this calendar takes too long."


async def test_the_loop_goes_on_while_a_large_calendar_is_worked_through(server: Server, tmp_path):
    file = tmp_path / "freezes.ics"
    many = (an_event(f"DTSTART:20200101T{each % 24:02}0000Z", uid=f"{each}@example.com") for each in range(4000))
    file.write_bytes(a_calendar(*many))

    reading = asyncio.create_task(server.read(str(file)))
    turns = 0
    while not reading.done():
        await asyncio.sleep(0.01)
        turns += 1

    assert await reading == []
    assert turns > 10
