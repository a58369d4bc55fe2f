"""What is posted to the address for Slack's requests: only what is genuine gets in, and nothing odd does harm."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from multidict import CIMultiDict

from integrations.sandbox import payloads
from integrations.sandbox.http_delivery import signature
from tests.faults.tampering import closes_all
from tests.faults.watch import Watch, wrong_with
from tests.stories.roads import planned
from tests.stories.world import BOT_TOKEN, SECRET, World

pytestmark = pytest.mark.parametrize("world", ["http"], indirect=True)

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
CANARY = "canary-in-the-body"
STAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"


@dataclass
class Caller:
    """Somebody who posts."""

    session: aiohttp.ClientSession
    url: str
    world: World

    def signed(self, body: str, *, at: float | None = None, secret: str = SECRET) -> dict[str, str]:
        """The two headers as Slack makes them."""
        stamp = str(int(time.time() if at is None else at))
        return {STAMP: stamp, SIGNATURE: signature(secret, stamp, body)}

    async def posts(
        self, body: str | bytes, kind: str = FORM, headers: Any = None, *, more: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """Post it, rightly signed unless there are other headers."""
        text = body if isinstance(body, str) else body.decode("latin-1")
        given = CIMultiDict(self.signed(text) if headers is None else headers)
        given.extend({"Content-Type": kind, **(more or {})} if kind else more or {})
        data = io.BytesIO(body.encode() if isinstance(body, str) else body)
        async with self.session.post(self.url, data=data, headers=given, skip_auto_headers=["Content-Type"]) as answer:
            return answer.status, await answer.text()

    def command(self, text: str, *, who: str = "omar", command: str = "/release", **fields: str) -> dict[str, str]:
        """What Slack sends for a typed command."""
        workspace = self.world.workspace
        place = workspace.channels["C0PAYMENTS"]
        given = workspace.response_urls.issue(user=workspace.person(who).id, channel=place.id)
        made = payloads.slash_command(
            workspace,
            workspace.person(who),
            place,
            command=command,
            text=text,
            trigger_id=workspace.triggers.issue(workspace.person(who).id),
            response_url=f"{self.world.sandbox.url}/response/{given.key}",
        )
        return made | fields


@pytest.fixture
async def caller(world: World) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as session:
        yield Caller(session, f"{world.bot.address}/slack/events", world)


@pytest.fixture(autouse=True)
def a_log_without_secrets(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever is posted, the log has no traceback, no failure, no body and no secret."""
    caplog.set_level(logging.DEBUG, logger="")
    for noisy in ("aiosqlite", "asyncio"):
        caplog.set_level(logging.WARNING, logger=noisy)
    yield
    records = caplog.get_records("call")
    failures = [each.getMessage() for each in records if each.exc_info or each.levelno >= logging.ERROR]
    # Who did not say who they are can't be answered; that is said, and no more.
    assert [each for each in failures if "Slack did not say who you are" not in each] == []
    told = "\n".join(each.getMessage() for each in records if each.levelno >= logging.INFO)
    for secret in (CANARY, SECRET, BOT_TOKEN, "Traceback"):
        assert secret not in told


# ---------------------------------------------------------------- who posts


def forged(caller: Caller, body: str) -> dict[str, Any]:
    """Headers that are not right, by what is wrong with them."""
    right = caller.signed(body)
    stamp, sign = right[STAMP], right[SIGNATURE]
    now = time.time()
    return {
        "no headers": {},
        "no signature": {STAMP: stamp},
        "no time": {SIGNATURE: sign},
        "empty signature": {STAMP: stamp, SIGNATURE: ""},
        "empty time": {STAMP: "", SIGNATURE: sign},
        "another secret": caller.signed(body, secret="0" * 32),
        "no secret": caller.signed(body, secret=""),
        "another body": caller.signed(body + "&x=1"),
        "zeros": {STAMP: stamp, SIGNATURE: "v0=" + "0" * 64},
        "capitals": {STAMP: stamp, SIGNATURE: "v0=" + sign[3:].upper()},
        "another version": {STAMP: stamp, SIGNATURE: "v1=" + sign[3:]},
        "no version": {STAMP: stamp, SIGNATURE: sign[3:]},
        "cut": {STAMP: stamp, SIGNATURE: sign[:-1]},
        "with more": {STAMP: stamp, SIGNATURE: sign + "0"},
        "not ASCII": {STAMP: stamp, SIGNATURE: "v0=é" + sign[4:]},
        "a list": {STAMP: stamp, SIGNATURE: f"{sign}, {sign}"},
        "signature twice": [(STAMP, stamp), (SIGNATURE, sign), (SIGNATURE, sign)],
        "a wrong one as well": [(STAMP, stamp), (SIGNATURE, "v0=" + "0" * 64), (SIGNATURE, sign)],
        "time twice": [(STAMP, stamp), (STAMP, stamp), (SIGNATURE, sign)],
        "another time as well": [(STAMP, "1"), (STAMP, stamp), (SIGNATURE, sign)],
        "six minutes old": caller.signed(body, at=now - 360),
        "six minutes ahead": caller.signed(body, at=now + 360),
        "the year 1970": caller.signed(body, at=0),
        "before 1970": {STAMP: "-1", SIGNATURE: signature(SECRET, "-1", body)},
        "another time than signed": {STAMP: str(int(stamp) - 1), SIGNATURE: sign},
        "a word": {STAMP: "yesterday", SIGNATURE: signature(SECRET, "yesterday", body)},
        "a float": {STAMP: f"{stamp}.5", SIGNATURE: signature(SECRET, f"{stamp}.5", body)},
        "an exponent": {STAMP: "2e9", SIGNATURE: signature(SECRET, "2e9", body)},
        "a sign": {STAMP: f"+{stamp}", SIGNATURE: signature(SECRET, f"+{stamp}", body)},
        "underscores": {STAMP: "1_795_000_000", SIGNATURE: signature(SECRET, "1_795_000_000", body)},
        "other digits": {STAMP: "१७९५००००००", SIGNATURE: signature(SECRET, "१७९५००००००", body)},
        "infinity": {STAMP: "inf", SIGNATURE: signature(SECRET, "inf", body)},
        "no end": {STAMP: "9" * 5000, SIGNATURE: signature(SECRET, "9" * 5000, body)},
    }


async def test_what_is_not_signed_rightly_is_refused_and_has_no_effect(world: World, watch: Watch, caller: Caller):
    await planned(world)
    body = urlencode(caller.command(f"reject R-1 {CANARY}"))
    wrong = {}

    async def post_all() -> None:
        for what, headers in forged(caller, body).items():
            answer = await caller.posts(body, headers=headers)
            if answer != (401, "invalid signature"):
                wrong[what] = answer

    after = await watch.act(post_all())
    assert wrong == {}
    assert after == type(after)()
    assert (await caller.posts(body))[0] == 200


async def test_only_posting_is_understood_and_only_there(world: World, caller: Caller):
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        async with caller.session.request(method, caller.url) as answer:
            assert answer.status == 405
    for path in ("/slack/events/", "/slack", "/slack/events/../events/x", "/", "/.env", "/slack/events%00"):
        async with caller.session.post(world.bot.address + path, data=b"x") as answer:
            assert answer.status == 404
            assert "Traceback" not in await answer.text()


# ---------------------------------------------------------------- what is posted

UNREADABLE = (
    ("", JSON),
    ("{", JSON),
    ("[]", JSON),
    ("null", JSON),
    ("7", JSON),
    ('"text"', JSON),
    ("NaN", JSON),
    ("{'type': 'event_callback'}", JSON),
    ("[" * 100_000, JSON),
    ('{"a":' * 50_000 + "1" + "}" * 50_000, JSON),
    ("payload=", FORM),
    ("payload=%7B", FORM),
    ("payload=[]", FORM),
    ("payload=null", FORM),
    ("payload=7", FORM),
    ("payload=" + "[" * 100_000, FORM),
    ("&".join(f"f{n}=1" for n in range(1100)), FORM),
)


async def test_what_cannot_be_read_is_refused(world: World, watch: Watch, caller: Caller):
    async def post_all() -> None:
        for body, kind in UNREADABLE:
            assert (await caller.posts(body, kind))[0] == 400, body[:60]

    after = await watch.act(post_all())
    assert after == type(after)()


async def test_what_is_larger_than_anything_of_slacks_is_refused_unread(world: World, caller: Caller):
    body = urlencode(caller.command("x" * 2_000_000))
    assert (await caller.posts(body))[0] == 413
    assert (await caller.posts(body, headers={}))[0] == 413

    async def slowly() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 50_000

    async with caller.session.post(
        caller.url, data=slowly(), headers={STAMP: "1", SIGNATURE: "v0=" + "0" * 64}
    ) as answer:
        assert answer.status == 413
    assert (await caller.posts(b"\xff\xfe\x00", headers=caller.signed("x")))[0] == 401


async def test_another_content_type_is_no_way_around(world: World, watch: Watch, caller: Caller):
    """Slack's two kinds are read as what they are; anything else is read as a form, and is one or isn't."""
    await planned(world)
    command = urlencode(caller.command("show R-1"))
    for kind in (FORM, f"{FORM}; charset=utf-8", "text/plain", "application/octet-stream", "", "multipart/form-data"):
        answers = []

        async def post(kind: str = kind, answers: list[Any] = answers) -> None:
            answers.append(await caller.posts(command, kind))

        after = await watch.act(post())
        assert answers[0][0] in {200, 400}, kind
        assert after.nothing_changed() == []
    assert (await caller.posts(command, JSON))[0] == 400
    press = urlencode({"payload": json.dumps({"type": "block_actions"})})
    assert (await caller.posts(press, JSON))[0] == 400


SHAPES: tuple[dict[str, Any], ...] = (
    {},
    {"type": None},
    {"type": 7},
    {"type": []},
    {"type": ""},
    {"type": "x" * 5000},
    {"type": "unheard_of"},
    {"type": "event_callback"},
    {"type": "event_callback", "event": None},
    {"type": "event_callback", "event": []},
    {"type": "event_callback", "event": "app_home_opened"},
    {"type": "event_callback", "event": {}},
    {"type": "event_callback", "event": {"type": None}},
    {"type": "event_callback", "event": {"type": {}}},
    {"type": "event_callback", "event": {"type": "unheard_of", "user": []}},
    {"type": "event_callback", "event": {"type": "message", "subtype": 7}},
    {"type": "event_callback", "event": {"type": "app_home_opened"}},
    {"type": "event_callback", "event": {"type": "app_home_opened", "user": None, "view": 7}},
    {"type": "event_callback", "event": {"type": "app_home_opened", "user": {"id": "U0OMAR"}}, "event_id": 7},
    {"type": "event_callback", "event": {"type": "user_change", "user": None}},
    {"type": "event_callback", "event": {"type": "user_change", "user": "U0OMAR"}},
    {"type": "event_callback", "event": {"type": "subteam_updated", "subteam": None}},
    {"type": "event_callback", "event": {"type": "subteam_updated", "subteam": "S0QA"}},
    {"type": "event_callback", "event": {"type": "subteam_members_changed", "subteam_id": ["S0QA"]}},
    {"type": "event_callback", "authorizations": 7, "event": {"type": "app_home_opened", "user": "U0OMAR"}},
    {"type": "event_callback", "authorizations": [None], "event": {"type": "app_home_opened", "user": "U0OMAR"}},
    {"type": "block_actions"},
    {"type": "block_actions", "actions": None},
    {"type": "block_actions", "actions": []},
    {"type": "block_actions", "actions": "approve"},
    {"type": "block_actions", "actions": [None]},
    {"type": "block_actions", "actions": [[]]},
    {"type": "block_actions", "actions": [{}]},
    {"type": "block_actions", "actions": [{"action_id": None}]},
    {"type": "block_actions", "actions": [{"action_id": "approve"}]},
    {"type": "block_actions", "actions": [{"action_id": "approve", "block_id": 7, "type": None}]},
    {"type": "block_actions", "actions": [{"action_id": "approve", "value": ["r", 1]}], "user": {"id": "U0OMAR"}},
    {"type": "block_actions", "actions": [{"action_id": "unheard_of", "block_id": "b"}], "user": "U0OMAR"},
    {"type": "view_submission"},
    {"type": "view_submission", "view": None},
    {"type": "view_submission", "view": []},
    {"type": "view_submission", "view": {}},
    {"type": "view_submission", "view": {"callback_id": None}},
    {"type": "view_submission", "view": {"callback_id": "reject"}},
    {"type": "view_submission", "view": {"callback_id": "new", "state": {"values": []}}, "user": None},
    {"type": "view_submission", "view": {"callback_id": "unheard_of", "id": 7}, "user": {"id": "U0OMAR"}},
    {"type": "view_closed", "view": 7},
    {"type": "view_closed", "view": {"callback_id": "checklist"}},
    {"type": "shortcut"},
    {"type": "shortcut", "callback_id": 7},
    {"type": "shortcut", "callback_id": "unheard_of"},
    {"type": "message_action", "callback_id": "unheard_of", "message": None},
    {"type": "block_suggestion"},
    {"type": "block_suggestion", "action_id": None, "value": 7},
    {"type": "block_suggestion", "action_id": "service", "block_id": "b", "value": "p"},
    {"type": "dialog_submission", "callback_id": "old"},
    {"type": "interactive_message", "actions": []},
    {"type": "workflow_step_edit", "callback_id": "x"},
    {"type": "app_rate_limited", "minute_rate_limited": 1},
    {"command": None},
    {"command": 7},
    {"command": []},
    {"command": ""},
    {"command": "/unheard_of"},
    {"command": "/release", "text": None},
    {"command": "/release", "text": ["show"], "user_id": 7},
    {"command": "/release", "user": [], "team": "x", "enterprise": 7, "channel": {"id": 7}},
    {"is_enterprise_install": [], "type": "unheard_of", "team": [], "user": 7},
)


async def test_a_payload_of_any_shape_is_acknowledged_or_refused_and_never_fails(
    world: World, watch: Watch, caller: Caller
):
    found = {}

    async def post_all() -> None:
        for shape in SHAPES:
            body, press = json.dumps(shape), urlencode({"payload": json.dumps(shape)})
            for text, kind in ((body, JSON), (press, FORM)):
                status, said = await caller.posts(text, kind)
                if status not in {200, 400} or "Traceback" in said:
                    found[f"{kind}: {shape}"] = (status, said)
            closes_all(world)

    after = await watch.act(post_all())
    assert found == {}
    assert after.nothing_changed() == []
    assert [wrong for told in after.private.values() for each in told for wrong in wrong_with(each)] == []


async def test_the_word_payload_anywhere_is_an_ordinary_word(world: World, watch: Watch, caller: Caller):
    for service in ("payload-svc", "my-payload", "payload", "payload=1&x"):
        after = await watch.act(caller.posts(urlencode(caller.command(f"list {service}"))))
        (told,) = after.to(world.omar)
        assert "The catalogue has no service" in told, service
        assert "payload" in told, service
    for fields in ({"channel_name": "payload"}, {"user_name": "payload"}, {"team_domain": "payload="}):
        after = await watch.act(caller.posts(urlencode(caller.command("help", **fields))))
        assert len(after.to(world.omar)) == 1, fields


async def test_slacks_own_questions_are_answered_only_if_it_asks(world: World, caller: Caller):
    challenge = json.dumps({"type": "url_verification", "challenge": "3eZbrw1aB", "token": "x"})
    status, said = await caller.posts(challenge, JSON)
    assert (status, json.loads(said)) == (200, {"challenge": "3eZbrw1aB"})
    assert await caller.posts("ssl_check=1&token=x") == (200, "")
    for body, kind in ((challenge, JSON), ("ssl_check=1&token=x", FORM)):
        assert (await caller.posts(body, kind, {}))[0] == 401
    for odd in (None, 7, [], "<script>alert(1)</script>", "x" * 5000):
        status, said = await caller.posts(json.dumps({"type": "url_verification", "challenge": odd}), JSON)
        assert status in {200, 400}, odd
        assert "<script>" not in said or json.loads(said) == {"challenge": odd}
    assert (await caller.posts(json.dumps({"type": "url_verification"}), JSON))[0] in {200, 400}


# ---------------------------------------------------------------- again


async def test_a_request_that_is_replayed_has_one_effect(world: World, watch: Watch, caller: Caller):
    """Whoever records a signed request can post it again for five minutes: it is answered, and does nothing."""
    await planned(world)
    for body, verb in (
        (urlencode(caller.command("new payments 2.5.0 main", who="maya")), "plan"),
        (urlencode(caller.command("approve R-1")), "approve"),
        (urlencode(caller.command("reject R-2 the runbook is missing", who="ruth")), "reject"),
        (urlencode(caller.command("build R-1 mend", who="ben")), "set candidate"),
        (urlencode(caller.command("start production until mon 07:00 Sale", who="maya", command="/freeze")), "freeze"),
    ):
        headers = caller.signed(body)
        first = await watch.act(caller.posts(body, headers=headers))
        assert first.recorded == [verb]
        if verb == "freeze":
            await world.until(lambda: "has begun" in world.channel("payments"))
        again = await watch.act(caller.posts(body, headers=headers))
        assert again.nothing_changed() == [], verb
        at_once = await watch.act(_together(*(caller.posts(body, headers=headers) for _ in range(5))))
        assert at_once.nothing_changed() == [], verb


async def test_a_first_delivery_in_many_copies_has_one_effect(world: World, watch: Watch, caller: Caller):
    await planned(world)
    body = urlencode(caller.command("approve R-1"))
    headers = caller.signed(body)
    after = await watch.act(_together(*(caller.posts(body, headers=headers) for _ in range(10))))
    assert after.recorded == ["approve"]
    assert len(after.to(world.omar)) == 1
    assert world.thread().count("@omar approved") == 1


async def _together(*posts: Any) -> None:
    assert {status for status, _ in await asyncio.gather(*posts)} == {200}
