"""Who may ask: tokens, scopes, methods, pace; and that there is an answer always, without a secret in it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.ports import ConflictError, RecordsError
from bot.rules.machine_token import Scope, written
from bot.rules.people import Surface, slipway
from bot.verbs.revoke_machine_token import RevokeMachineToken
from bot.verbs.use_machine_token import USED_ANEW
from handlers.api import ENDPOINTS, sending
from handlers.api.pace import Pace
from tests.handlers.api.machine import Machine, a_desk, at_work
from tests.verbs.workshop import Workshop

FORGED = written("0" * 64)
PATHS = [each.path.replace("{release}", "R-1").replace("{deployment}", "D-1") for each in ENDPOINTS]


async def token_of(machine: Machine, number: int) -> Any:
    async with machine.shop.records.read() as page:
        return await page.machine_token(number)


# ------------------------------------------------------------ tokens


@pytest.mark.parametrize("path", PATHS)
async def test_nothing_is_told_without_a_token(alone: Machine, path: str):
    reply = await alone.asks(path, token="")
    assert (reply.status, reply.told["code"]) == (401, "no-token")
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="slipway"'
    assert "slipway token make" in reply.detail


@pytest.mark.parametrize("path", PATHS)
async def test_nothing_is_told_to_a_forged_token(alone: Machine, path: str):
    reply = await alone.asks(path, token=FORGED)
    assert (reply.status, reply.told["code"]) == (401, "bad-token")
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="slipway", error="invalid_token"'
    assert reply.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: each.name)
async def test_each_endpoint_needs_its_own_scope_and_no_other(alone: Machine, endpoint):
    await alone.shop.shipped(alone.shop.a, "1.0.0")
    path = endpoint.path.replace("{release}", "R-1").replace("{deployment}", "D-1")
    query = {"environment": "production", "release": "R-1"} if path == "/gate" else {}
    enough = await alone.is_given(endpoint.scope)
    others = await alone.is_given(*(set(Scope) - {endpoint.scope}))

    assert (await alone.asks(path, token=enough.text, **query)).status == 200
    refused = await alone.asks(path, token=others.text, **query)
    assert (refused.status, refused.told["code"], refused.told["scope"]) == (403, "missing-scope", endpoint.scope)
    assert refused.headers["WWW-Authenticate"] == (
        f'Bearer realm="slipway", error="insufficient_scope", scope="{endpoint.scope}"'
    )


@pytest.mark.parametrize(
    "shown",
    [
        FORGED[:-1],
        FORGED + "0",
        FORGED.upper(),
        "slipwayapi_",
        "x",
        "ünï",
        "' OR 1=1",
        "a b",
    ],
)
async def test_what_is_no_token_is_answered_like_a_forged_one(alone: Machine, shown: str):
    forged = await alone.asks("/releases", token=FORGED)
    assert (await alone.asks("/releases", token=shown)).told == forged.told


async def test_a_token_that_has_expired_opens_nothing(machine: Machine):
    made = await machine.is_given(Scope.RELEASES, until=machine.shop.at + timedelta(days=1))
    assert (await machine.asks("/releases", token=made.text)).status == 200
    machine.shop.at += timedelta(days=1)
    reply = await machine.asks("/releases", token=made.text)
    assert (reply.status, reply.told["code"]) == (401, "bad-token")
    assert reply.detail.startswith("This token, M-2, expired 2026-11-24 10:00 UTC.")


async def test_a_token_that_was_revoked_opens_nothing(machine: Machine):
    made = await machine.is_given(Scope.RELEASES)
    assert (await machine.asks("/releases", token=made.text)).status == 200
    await RevokeMachineToken(machine.shop.records, lambda: machine.shop.at)(
        made.token.id, by=slipway(Surface.TERMINAL, "press")
    )
    reply = await machine.asks("/releases", token=made.text)
    assert reply.status == 401
    assert "was revoked" in reply.detail
    assert reply.headers["WWW-Authenticate"].endswith('error="invalid_token"')


async def test_somebodys_personal_token_is_no_machine_token(alone: Machine):
    reply = await alone.asks("/releases", token="slipway_WzNd.abc-_")
    assert reply.status == 401
    assert "somebody's personal token" in reply.detail
    assert "WzNd" not in reply.text


@pytest.mark.parametrize("header", ["Basic dTpw", "Bearer", "Bearer ", "{}", "Bearer  , {}", "Token {}"])
async def test_a_header_without_a_bearer_token_is_told_how_one_is_sent(alone: Machine, header: str):
    reply = await alone.sends("/releases", headers={"Authorization": header.format(alone.token)})
    assert reply.status == 401
    assert alone.token not in reply.text


async def test_bearer_is_written_as_anybody_likes(alone: Machine):
    assert (await alone.sends("/releases", headers={"Authorization": f"bEARER  {alone.token} "})).status == 200


async def test_two_tokens_are_none(alone: Machine):
    headers = [("Authorization", f"Bearer {alone.token}"), ("Authorization", f"Bearer {alone.token}")]
    assert (await alone.sends("/releases", headers=headers)).status == 401


@pytest.mark.parametrize("query", ["?token={}", "?access_token={}", "?key={}", "?{}", "?a=%73lipwayapi_{}"])
async def test_a_token_in_the_address_is_never_accepted_and_never_said_again(alone: Machine, query: str):
    reply = await alone.sends("/releases" + query.format(alone.token))
    assert (reply.status, reply.told["code"]) == (401, "token-in-address")
    assert "revoked" in reply.detail
    assert alone.token not in reply.text
    with_header = await alone.asks("/releases" + query.format(alone.token))
    assert (with_header.status, with_header.told["code"]) == (400, "token-in-address")


async def test_when_a_token_was_used_is_noted_now_and_then(machine: Machine):
    first = machine.shop.at
    await machine.asks("/releases")
    assert (await token_of(machine, 1)).used_at == first
    machine.shop.at += USED_ANEW - timedelta(seconds=1)
    await machine.asks("/releases")
    assert (await token_of(machine, 1)).used_at == first
    machine.shop.at += timedelta(seconds=1)
    await machine.asks("/releases")
    assert (await token_of(machine, 1)).used_at == machine.shop.at


class ReadOnly:
    """Records that can't be written."""

    def __init__(self, records: Any) -> None:
        self.read = records.read

    def open(self) -> Any:
        raise ConflictError("Others are faster.")


async def test_an_answer_does_not_wait_for_that_note():
    shop = Workshop()
    async with at_work(shop) as there, at_work(shop, records=ReadOnly(shop.records)) as machine:
        assert (await machine.asks("/releases", token=there.token)).status == 200


async def test_no_token_is_ever_logged(alone: Machine, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    await alone.asks("/releases")
    await alone.asks(f"/releases?token={alone.token}")
    await alone.asks("/releases", method="POST")
    assert alone.token not in caplog.text


async def test_the_records_keep_no_token(alone: Machine):
    async with alone.shop.records.read() as page:
        (kept,) = await page.machine_tokens()
        entries = await page.record()
    assert alone.token not in repr(kept) + repr(kept.grant.digest) + repr(entries)
    assert kept.grant.digest not in repr(entries) + repr(kept)


# ------------------------------------------------------------ methods


@pytest.mark.parametrize("path", [*PATHS, "/openapi.json"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE"])
async def test_nothing_can_be_changed(alone: Machine, path: str, method: str):
    reply = await alone.asks(path, method=method)
    assert (reply.status, reply.told["code"]) == (405, "method-not-allowed")
    assert reply.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", [*PATHS, "/openapi.json"])
async def test_what_can_be_done_is_told_without_a_token(alone: Machine, path: str):
    reply = await alone.asks(path, method="OPTIONS", token="")
    assert (reply.status, reply.text, reply.headers["Allow"]) == (204, "", "GET, HEAD, OPTIONS")
    assert "Access-Control-Allow-Origin" not in reply.headers


@pytest.mark.parametrize("path", ["/releases", "/freezes.ics", "/openapi.json", "/releases/R-9"])
async def test_head_is_the_answer_without_its_body(alone: Machine, path: str):
    got, head = await alone.asks(path), await alone.asks(path, method="HEAD")
    assert (head.status, head.text) == (got.status, "")
    for name in ("Content-Type", "Content-Length", "Cache-Control"):
        assert head.headers[name] == got.headers[name]


@pytest.mark.parametrize("path", ["", "/", "/gates", "/releases/R-1/gate", "/../v1/x", "/releases/"])
async def test_what_is_not_there_is_told_what_is(alone: Machine, path: str):
    reply = await alone.asks(path)
    assert (reply.status, reply.told["code"]) == (404, "not-found")
    assert "/api/v1/gate" in reply.detail


# ------------------------------------------------------------ pace


async def test_a_token_that_asks_too_much_is_told_when_to_ask_again():
    clock = [0.0]
    async with at_work(Workshop(), pace=Pace(at_once=2, a_second=0.5, clock=lambda: clock[0])) as machine:
        other = await machine.is_given(Scope.RELEASES, label="another")
        assert [(await machine.asks("/releases")).status for _ in range(2)] == [200, 200]

        reply = await machine.asks("/releases")

        assert (reply.status, reply.told["code"], reply.headers["Retry-After"]) == (429, "too-many-requests", "2")
        assert reply.detail == "M-1 (deploy pipeline) asks too much. Please ask again in 2 seconds."
        assert (await machine.asks("/releases", token=other.text)).status == 200
        clock[0] += 2
        assert (await machine.asks("/releases")).status == 200


async def test_who_shows_no_good_token_uses_up_nobodys_pace():
    async with at_work(Workshop(), pace=Pace(at_once=1, a_second=0.001, clock=lambda: 0.0)) as machine:
        for token in ("", FORGED):
            assert (await machine.asks("/releases", token=token)).status == 401
        assert (await machine.asks("/releases")).status == 200


def test_what_reads_much_counts_for_more_and_what_was_refused_for_nothing():
    clock = [0.0]
    pace = Pace(at_once=10, a_second=1, clock=lambda: clock[0])
    assert pace.wait(1, 8) == 0
    assert pace.wait(1, 8) == 6
    assert pace.wait(1, 2) == 0
    clock[0] += 6
    assert pace.wait(1, 6) == 0
    clock[0] += 1000
    assert pace.wait(1, 10) == 0, "silence is not saved up"
    assert pace.wait(1, 1) == 1


# ------------------------------------------------------------ failures


class Broken:
    """Records that can't be asked."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def read(self) -> Any:
        raise self._error


@pytest.mark.parametrize("error", [RecordsError("The disk is gone."), ConflictError("busy"), TimeoutError()])
async def test_records_that_can_not_be_read_allow_nothing(error):
    shop = Workshop()
    async with at_work(shop) as there, at_work(shop, desk=a_desk(shop, Broken(error))) as machine:
        reply = await machine.asks("/deployments", token=there.token)
    assert (reply.status, reply.told["code"], reply.headers["Retry-After"]) == (503, "unavailable", "15")
    assert "nothing is allowed" in reply.detail
    assert "disk" not in reply.text


async def test_a_mistake_of_ours_has_a_reference_that_the_log_has_too(caplog: pytest.LogCaptureFixture):
    shop = Workshop()
    async with at_work(shop, desk=a_desk(shop, Broken(ZeroDivisionError("a canary")))) as machine:
        reply = await machine.asks("/deployments")
    assert (reply.status, reply.told["code"]) == (500, "failed")
    assert reply.told["reference"] in reply.detail
    assert reply.told["reference"] in caplog.text
    assert "canary" not in reply.text


class Slow:
    """Records that never answer."""

    def read(self) -> Any:
        return self

    async def __aenter__(self) -> None:
        await asyncio.Event().wait()

    async def __aexit__(self, *_: object) -> None:
        """Nothing was opened."""


async def test_what_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch):
    from handlers.api import serving

    monkeypatch.setattr(serving, "PATIENCE", timedelta(milliseconds=20))
    assert timedelta(seconds=10) <= sending.PATIENCE
    shop = Workshop()
    async with at_work(shop, desk=a_desk(shop, Slow())) as machine:
        assert (await machine.asks("/deployments")).status == 503


async def test_an_answer_that_can_not_be_written_is_a_mistake_of_ours(alone: Machine, monkeypatch: pytest.MonkeyPatch):
    """Half of a character, which nobody should have been able to type."""
    await alone.shop.planned(None, "1.0.0")
    async with alone.shop.records.open() as page:
        release = await page.release(1)
        assert release is not None
        await page.keep(replace(release, plan=replace(release.plan, title="\ud800")))
        await page.commit()
    assert (await alone.asks("/releases")).status == 500
