"""The HTTP verifier against servers that behave badly in every way we could think of."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web

from bot.rules.policy import Verification
from integrations.verification import HttpVerifier
from tests.makers import an_environment


async def answer(request):
    return web.Response(body=ANSWERS[request.match_info["what"]], content_type="text/plain")


async def status(request):
    return web.json_response({"commit": "abc"}, status=int(request.match_info["code"]))


async def slow(request):
    await request.app[LET_GO].wait()
    return web.Response()


async def breaks(request):
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"com')
    request.transport.close()
    return response


async def drips(request):
    response = web.StreamResponse()
    await response.prepare(request)
    while not request.app[LET_GO].is_set():
        await response.write(b" ")
        await asyncio.sleep(0.02)
    return response


async def endless(request):
    response = web.StreamResponse()
    await response.prepare(request)
    with contextlib.suppress(ConnectionResetError):
        while not request.app[LET_GO].is_set():
            await response.write(b"x" * 65536)
    return response


async def bomb(request):
    return web.Response(body=gzip.compress(b" " * 20_000_000), headers={"Content-Encoding": "gzip"})


async def circle(request):
    raise web.HTTPFound("/circle")


async def moved(request):
    raise web.HTTPFound("/answer/good")


LET_GO = web.AppKey("let_go", asyncio.Event)


@pytest.fixture
async def address():
    """A server whose every path misbehaves in its own way."""
    app = web.Application()
    app[LET_GO] = asyncio.Event()
    app.router.add_get("/answer/{what}", answer)
    app.router.add_get("/status/{code}", status)
    for handler in (slow, breaks, drips, endless, bomb, circle, moved):
        app.router.add_get(f"/{handler.__name__}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    app[LET_GO].set()
    await runner.cleanup()


ANSWERS = {
    "good": b'{"commit": "abc1234", "build": {"list": [{"sha": "def"}], "number": 17}, "a.b": "dotted"}',
    "text": b"abc1234",
    "empty": b"",
    "cut": b'{"commit": "ab',
    "latin": b'{"commit": "\xff\xfe"}',
    "list": b'["abc"]',
    "null": b"null",
    "deep": b"[" * 60_000,
    "huge-number": b'{"commit": ' + b"9" * 6000 + b"}",
    "object": b'{"commit": {"sha": "abc"}}',
    "no-value": b'{"commit": null}',
    "true": b'{"commit": true}',
    "blank": b'{"commit": "  "}',
    "novel": b'{"commit": "' + b"x" * 300 + b'"}',
    "escapes": b'{"commit": "abc\\u001b[31m"}',
    "long": b'{"commit": "abc", "x": "' + b"x" * 70_000 + b'"}',
}


@pytest.fixture
async def served(address):
    async with aiohttp.ClientSession() as session:
        verifier = HttpVerifier(session, timeout=timedelta(seconds=0.5))

        async def ask(path, member="commit"):
            url = path if "://" in path or not path.startswith("/") else address + path
            return await verifier.served(an_environment(verification=Verification(url, member)))

        yield ask


@pytest.mark.parametrize(
    ("member", "version"),
    [("commit", "abc1234"), ("build.number", "17"), ("build.list.0.sha", "def"), ("a.b", "dotted")],
)
async def test_a_member_may_lie_deeper(served, member, version):
    assert (await served("/answer/good", member)).version == version


@pytest.mark.parametrize("member", ["", ".", "commit.sha", "build", "build.list", "build.list.1.sha", "build.list.x"])
async def test_a_member_that_is_not_there_is_named(served, member):
    told = await served("/answer/good", member)

    assert told.version is None
    assert told.problem.endswith(f"has no version at “{member}”.")


@pytest.mark.parametrize("what", ["list", "null", "object", "no-value", "true", "blank", "novel", "escapes"])
async def test_a_document_without_a_version(served, what):
    told = await served(f"/answer/{what}")

    assert told.version is None
    assert "has no version at “commit”." in told.problem


@pytest.mark.parametrize("what", ["text", "empty", "cut", "latin", "deep", "huge-number"])
async def test_an_answer_that_is_no_document(served, what):
    told = await served(f"/answer/{what}")

    assert told.version is None
    assert told.problem.endswith("is not JSON.")


@pytest.mark.parametrize("path", ["/answer/long", "/endless", "/bomb"])
async def test_an_answer_that_is_too_long_is_not_read_to_its_end(served, path):
    told = await served(path)

    assert told.version is None
    assert told.problem.endswith("is longer than a version should be.")


@pytest.mark.parametrize("path", ["/slow", "/drips"])
async def test_an_answer_that_takes_too_long(served, path):
    told = await served(path)

    assert told.version is None
    assert told.problem.endswith(f"{path} did not answer within 0.5 seconds.")


async def test_an_answer_that_breaks_off(served):
    told = await served("/breaks")

    assert told.version is None
    assert told.problem.endswith("broke off while answering.")


@pytest.mark.parametrize("code", [201, 400, 404, 500, 503])
async def test_any_other_status_is_told(served, code):
    told = await served(f"/status/{code}")

    assert told.version is None
    assert told.problem.endswith(f"answered with status {code}.")


async def test_one_redirection_is_followed_and_a_circle_is_not(served):
    assert (await served("/moved")).version == "abc1234"
    assert (await served("/circle")).problem.endswith("sends readers elsewhere again and again.")


@pytest.mark.parametrize(
    "url", ["", "nonsense", "ftp://host/x", "http://", "http://[::1", "http://host:99999/x", "file:///etc/passwd"]
)
async def test_an_address_that_is_none(served, url):
    told = await served(url)

    assert told.version is None
    assert told.problem.endswith("is no address that can be read.")


async def test_nobody_there(served, unused_port):
    told = await served(f"http://127.0.0.1:{unused_port}/version")

    assert told.version is None
    assert told.problem == f"http://127.0.0.1:{unused_port}/version could not be reached."


async def test_what_may_be_secret_in_an_address_is_not_repeated(served, unused_port):
    told = await served(f"http://admin:hunter2@127.0.0.1:{unused_port}/version?token=s3cr3t")

    assert "hunter2" not in told.problem
    assert "s3cr3t" not in told.problem
    assert f"127.0.0.1:{unused_port}/version" in told.problem


@pytest.fixture
async def unused_port():
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port
