"""The adapter for Prometheus against servers that answer in every way we could think of."""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web

from bot.ports import MetricsError, Sample
from bot.rules.watch import MetricsSource
from integrations.prometheus.adapter import LARGEST, Prometheus, shown
from tests.prometheus import served

SECRET = "glsa_5107c0ffee"
AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


class Server:
    """Answers as it was told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.body, self.status, self.headers = b"{}", 200, {}
        self.asked, self.authorized, self.paths = [], [], []
        self.let_go = asyncio.Event()

    def says(self, document, status=200, **headers) -> None:
        self.body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.status, self.headers = status, headers

    def gives(self, result, kind="vector", **more) -> None:
        self.says({"status": "success", "data": {"resultType": kind, "result": result}, **more})

    async def answer(self, request):
        self.asked.append(dict(await request.post()))
        self.authorized.append(request.headers.get("Authorization"))
        self.paths.append(request.path_qs)
        return web.Response(body=self.body, status=self.status, headers=self.headers)

    async def slow(self, request):
        await self.let_go.wait()
        return web.Response()

    async def endless(self, request):
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionResetError):
            while not self.let_go.is_set():
                await response.write(b" " * 65536)
        return response

    async def breaks(self, request):
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"sta')
        request.transport.close()
        return response


@pytest.fixture
async def server():
    ready = Server()
    routes = [web.post(f"/{how}/api/v1/query", getattr(ready, how)) for how in ("slow", "endless", "breaks")]
    async with served(*routes, web.post("/{rest:.*}", ready.answer)) as place:
        ready.url = f"http://{place}"
        yield ready
        ready.let_go.set()


@pytest.fixture
async def session():
    async with aiohttp.ClientSession() as opened:
        yield opened


async def now(session, server, path="", environ=None, query="up", **source) -> Sample:
    metrics = Prometheus(session, environ or {})
    return await metrics.now(MetricsSource(f"{server.url}{path}", **source), query)


async def trouble(session, server, *rest, **more) -> str:
    with pytest.raises(MetricsError) as caught:
        await now(session, server, *rest, **more)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


# ------------------------------------------------------------ what is asked


async def test_a_query_is_posted_as_it_is_with_a_time_limit(session, server):
    server.gives([{"metric": {}, "value": [AT.timestamp(), "0.25"]}])
    query = 'sum(rate(errors{service="payments"}[5m])) / 2 > bool 1 # & + %'
    assert await now(session, server, query=query) == Sample(0.25, AT)
    assert server.asked == [{"query": query, "timeout": "10000ms"}]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("", "/api/v1/query"),
        ("/", "/api/v1/query"),
        ("/prometheus/", "/prometheus/api/v1/query"),
        ("/t?tenant=a%26b", "/t/api/v1/query?tenant=a%26b"),
    ],
)
async def test_an_address_may_have_a_path_and_a_query_of_its_own(session, server, path, asked):
    server.gives([AT.timestamp(), "1"], kind="scalar")
    assert (await now(session, server, path)).value == 1
    assert server.paths == [asked]


async def test_the_token_is_looked_up_by_name_each_time(session, server):
    server.gives([AT.timestamp(), "1"], kind="scalar")
    environ = {"PROMETHEUS_TOKEN": f" {SECRET}\n"}
    metrics, source = Prometheus(session, environ), MetricsSource(server.url, bearer="PROMETHEUS_TOKEN")
    await metrics.now(source, "up")
    environ["PROMETHEUS_TOKEN"] = "another"
    await metrics.now(source, "up")
    assert server.authorized == [f"Bearer {SECRET}", "Bearer another"]


async def test_without_a_bearer_no_token_is_sent(session, server):
    server.gives([AT.timestamp(), "1"], kind="scalar")
    await now(session, server, environ={"PROMETHEUS_TOKEN": SECRET})
    assert server.authorized == [None]


@pytest.mark.parametrize("value", ["", "  ", "a\r\nX-Evil: 1", "pässword"])
async def test_a_token_that_is_none_is_told_by_its_name_and_nothing_is_asked(session, server, value):
    told = await trouble(session, server, bearer="PROMETHEUS_TOKEN", environ={"PROMETHEUS_TOKEN": value})
    assert told.startswith("PROMETHEUS_TOKEN ")
    assert "pässword" not in told
    assert server.asked == []


async def test_nobody_is_followed_elsewhere_with_a_token(session, server):
    server.says(b"", 302, Location=f"{server.url}/elsewhere")
    told = await trouble(session, server, bearer="T", environ={"T": SECRET})
    assert told == f"{server.url} sends readers elsewhere (status 302); a sign-in page may stand before it."
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_who_is_not_let_in_hears_which_variable_to_look_at(session, server, status):
    server.says(b"no", status)
    told = await trouble(session, server, bearer="PROMETHEUS_TOKEN", environ={"PROMETHEUS_TOKEN": SECRET})
    assert "PROMETHEUS_TOKEN is right" in told
    assert SECRET not in told
    assert "under “bearer”" in await trouble(session, server)


# ------------------------------------------------------------ what is answered


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("bad_data", "Prometheus does not understand the query: Oh."),
        ("execution", "Prometheus could not work the query out: Oh."),
        ("timeout", "Prometheus took too long over the query: Oh."),
        ("canceled", "Prometheus gave the query up: Oh."),
        ("unavailable", "Prometheus can't answer just now: Oh."),
        ("something", "Prometheus refuses the query: Oh."),
        (["a"], "Prometheus refuses the query: Oh."),
    ],
)
async def test_errors_are_told_in_sentences(session, server, kind, said):
    server.says({"status": "error", "errorType": kind, "error": "Oh"}, 422)
    assert await trouble(session, server) == said


async def test_a_very_long_error_is_cut_and_stays_on_one_line(session, server):
    server.says({"status": "error", "errorType": "bad_data", "error": "a\nb " * 1000}, 400)
    told = await trouble(session, server)
    assert len(told) < 400
    assert "\n" not in told


async def test_warnings_come_along_as_sentences(session, server):
    value = [{"metric": {}, "value": [AT.timestamp(), "1"]}]
    server.gives(value, warnings=["some stores are away", 7, "PromQL: look out!"])
    sample = await now(session, server)
    assert sample.warnings == ("Prometheus warns: some stores are away.", "Prometheus warns: PromQL: look out!")


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"resultType": "string", "result": [1, "a"]},
        {"resultType": "matrix", "result": []},
        {"resultType": "vector", "result": None},
        {"resultType": "vector", "result": [None]},
        {"resultType": "vector", "result": [{}]},
        {"resultType": "vector", "result": [{"metric": {}, "histogram": [1, {}]}]},
        {"resultType": "vector", "result": [{"metric": {}, "value": [1, "one"]}]},
        {"resultType": "vector", "result": [{"metric": {}, "value": [1e300, "1"]}]},
        {"resultType": "vector", "result": [{"metric": {}, "value": ["NaN", "1"]}]},
        {"resultType": "vector", "result": [{"metric": {}, "value": [1, None]}]},
        {"resultType": "vector", "result": [{"metric": {}, "value": "12"}]},
        {"resultType": "scalar", "result": {}},
    ],
)
async def test_what_gives_no_number_is_never_taken_for_one(session, server, data):
    server.says({"status": "success", "data": data})
    assert (await trouble(session, server)).endswith(".")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 100_000, b'{"status": 1}', b'"success"', b"\xff"])
async def test_what_is_not_prometheus_is_told(session, server, body):
    server.says(body)
    assert await trouble(session, server) == f"{server.url} answered with status 200, and not as Prometheus does."


async def test_an_answer_without_end_is_not_read_to_the_end(session, server):
    assert "too long; let the query give one number" in await trouble(session, server, "/endless")
    server.says(b" " * (LARGEST + 1))
    assert "too long; let the query give one number" in await trouble(session, server)


async def test_an_answer_that_does_not_come_is_not_waited_for(session, server):
    told = await trouble(session, server, "/slow", timeout=timedelta(seconds=0.1))
    assert told == f"{server.url}/slow did not answer within 0.1 seconds."


async def test_an_answer_that_breaks_off_is_told(session, server):
    assert "broke off while answering" in await trouble(session, server, "/breaks")


async def test_who_speaks_no_tls_is_told(session, server):
    server.url = server.url.replace("http:", "https:")
    assert "does not speak TLS" in await trouble(session, server)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://nobody.invalid", "http://[", "gopher://x", "http://x:99999"]
)
async def test_an_address_that_leads_nowhere_is_told(session, server, url):
    server.url = url
    assert (await trouble(session, server)).endswith(("could not be reached.", "is no address that can be asked."))


def test_what_is_shown_of_an_address_holds_no_secret():
    assert shown("https://me:secret@metrics.example/x/?token=secret#secret") == "https://metrics.example/x"
    assert shown("http://[") == "The address of the metrics"


async def test_a_history_is_asked_for_at_each_step(session, server):
    values = [[AT.timestamp(), "1"], [AT.timestamp() + 60, "NaN"]]
    server.gives([{"metric": {}, "values": values}], kind="matrix")
    metrics = Prometheus(session, {})
    source, minute = MetricsSource(server.url), timedelta(minutes=1)
    series = await metrics.history(source, "up", AT, AT + 2 * minute, minute)
    assert [at for at, _ in series.samples] == [AT, AT + minute]
    assert server.paths == ["/api/v1/query_range"]
    (asked,) = server.asked
    assert (asked["start"], asked["end"], asked["step"]) == ("1795428000.000", "1795428120.000", "60.000")


@pytest.mark.parametrize("result", [None, [{}], [{"metric": {}, "values": "x"}], [{"metric": {}, "values": [[1]]}]])
async def test_a_history_of_no_numbers_is_none(session, server, result):
    server.gives(result, kind="matrix")
    with pytest.raises(MetricsError):
        await Prometheus(session, {}).history(MetricsSource(server.url), "up", AT, AT, timedelta(minutes=1))
