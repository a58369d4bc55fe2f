"""The `webhook` deployer: what it sends, what it makes of each answer, whom it hears, and what it never says."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
import traceback
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from bot.ports import Delivery, DeployerError, NotGenuineError, Started, UnreadableError
from bot.rules.deployment import Deployment, Heard, Phase, StepState
from bot.rules.policy import DeployerChoice, Environment
from bot.settings import Settings
from bot.settings import read as read_settings
from bot.wiring import real_neighbours
from integrations.deployers.key import key_of
from integrations.deployers.webhook import WebhookDeployer
from integrations.deployers.webhook_calls import LARGEST
from tests.deployers.target import SECRET, VARIABLES, Machine, at_work, settings_for, sign
from tests.makers import a_candidate, a_deployment, a_service, an_environment, an_order, sha

D40 = a_deployment(40)
KEY = key_of(D40)
SERVICE = a_service()
API_KEY = "k-1234567890/abc"


def now() -> datetime:
    return datetime.now(UTC)


class Ground:
    """A machine that is really called, and a deployer that calls it."""

    def __init__(self, machine: Machine, url: str, deployer: WebhookDeployer) -> None:
        self.machine, self.url, self.deployer = machine, url, deployer
        self.settings = settings_for(url)

    def says(self, **changed: Any) -> Ground:
        """The catalogue has these settings too; None is none."""
        self.settings = settings_for(self.url, **changed)
        return self

    @property
    def environment(self) -> Environment:
        return an_environment(deployer=DeployerChoice("webhook", self.settings))

    def answers(self, path: str, response: Any) -> None:
        """Whatever is asked there is answered so."""

        async def answer(_: web.Request) -> web.StreamResponse:
            return response() if callable(response) else response

        self.machine.answers[path] = answer

    async def start(self, deployment: Deployment = D40) -> Started:
        return await self.deployer.start(deployment, SERVICE, self.environment)

    async def follow(self, deployment: Deployment = D40):
        return await self.deployer.follow(deployment, SERVICE, self.environment)

    async def check(self) -> list[str]:
        return await self.deployer.check(self.environment.deployer)

    def hear(self, body: Any, **signed: Any) -> Heard:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {name.lower(): value for name, value in sign(raw, **signed).items()}
        return self.deployer.hear(Delivery(headers, raw, now()), D40, self.environment)


@pytest.fixture
async def ground() -> AsyncIterator[Ground]:
    machine = Machine()
    variables = {**VARIABLES, "PAYMENTS_OLD_SECRET": "the-one-before-" + "2718" * 5, "DEPLOY_API_KEY": API_KEY}
    async with at_work(machine) as url, WebhookDeployer.connected(now, variables) as deployer:
        yield Ground(machine, url, deployer)


# ---------------------------------------------------------------- what is sent


async def test_a_start_says_all_that_is_to_be_done_and_proves_who_asks(ground):
    ground.says(headers={"Authorization": "Bearer ${DEPLOY_API_KEY}", "X-Team": "payments"})
    await ground.start()

    ((method, path, headers, body),) = ground.machine.asked
    assert (method, path) == ("POST", "/deployments")
    assert json.loads(body) == {
        "action": "start",
        "key": KEY,
        "deployment": "D-40",
        "release": "R-12",
        "service": "payments",
        "environment": "production",
        "kind": "deploy",
        "version": "2.4.0",
        "commit": sha("first"),
        "artifact": None,
        "callback": "/webhooks/deployments/D-40",
    }
    stamp = headers["X-Slipway-Timestamp"]
    told = hmac.new(SECRET.encode(), b"v1:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    assert headers["X-Slipway-Signature"] == f"v1={told}"
    assert abs(int(stamp) - time.time()) < 60
    assert headers["Idempotency-Key"] == KEY
    assert headers["Content-Type"] == "application/json"
    assert (headers["Authorization"], headers["X-Team"]) == (f"Bearer {API_KEY}", "payments")


async def test_every_try_is_the_same_request_and_another_request_has_another_key(ground):
    await ground.start()
    await ground.start()
    await ground.deployer.cancel(D40, SERVICE, ground.environment)

    first, second, cancel = ground.machine.asked
    assert first[3] == second[3]
    assert [each[2]["Idempotency-Key"] for each in ground.machine.asked] == [KEY, KEY, f"{KEY}-cancel"]
    assert json.loads(cancel[3])["action"] == "cancel"


async def test_the_same_number_in_a_new_database_is_another_deployment(ground):
    later = a_deployment(40, order=an_order(confirmed_at=D40.order.confirmed_at + timedelta(days=1)))
    await ground.start()
    await ground.start(later)
    assert len(set(ground.machine.begun)) == 2


async def test_a_target_gets_the_whole_address_of_its_callbacks_where_slipway_knows_its_own(ground):
    async with WebhookDeployer.connected(now, VARIABLES, address="https://slipway.example.com/") as deployer:
        await deployer.start(D40, SERVICE, ground.environment)
    assert json.loads(ground.machine.asked[0][3])["callback"] == (
        "https://slipway.example.com/webhooks/deployments/D-40"
    )


async def test_slipway_knows_its_own_address_from_its_settings(ground, tmp_path, monkeypatch):
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    environment = {
        "SLIPWAY_ADDRESS": "https://slipway.example.com",
        "SLIPWAY_CATALOGUE": str(tmp_path / "slipway.yaml"),
    }
    found = read_settings(environment, slack=False)
    assert isinstance(found, Settings), found
    async with real_neighbours(found) as neighbours:
        await neighbours.deployers["webhook"].start(D40, SERVICE, ground.environment)
    assert json.loads(ground.machine.asked[0][3])["callback"].startswith("https://slipway.example.com/webhooks/")


async def test_what_stands_in_an_address_stays_one_piece_of_it(ground):
    ground.says(start=f"{ground.url}/deployments?tag={{version}}")
    await ground.start(a_deployment(40, order=an_order(version="1.0/../&x=y #z")))
    assert ground.machine.asked[0][1] == "/deployments?tag=1.0%2F..%2F%26x%3Dy%20%23z"


@pytest.mark.parametrize("version", ["..", "."])
async def test_what_would_lead_elsewhere_is_sent_nowhere(ground, version):
    ground.says(start=f"{ground.url}/{{version}}/deployments")
    with pytest.raises(DeployerError, match="would lead elsewhere") as refusal:
        await ground.start(a_deployment(40, order=an_order(version=version)))
    assert (refusal.value.ended, ground.machine.asked) == (True, [])


async def test_a_candidate_without_the_artifact_that_an_address_asks_for_is_not_started(ground):
    ground.says(start=f"{ground.url}/deployments?image={{artifact}}")
    with pytest.raises(DeployerError, match="has none") as refusal:
        await ground.start()
    assert refusal.value.ended
    digest = a_candidate(artifact="sha256:" + "a" * 64)
    await ground.start(a_deployment(40, order=an_order(candidate=digest)))


async def test_a_proxy_that_leads_there_is_gone_by(ground, monkeypatch):
    monkeypatch.setenv("http_proxy", ground.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    ground.says(start="http://deploy.localhost:1/deployments")
    await ground.start()
    assert ground.machine.begun == [KEY]
    monkeypatch.setenv("no_proxy", "deploy.localhost")
    with pytest.raises(DeployerError, match="could not be reached"):
        await ground.start(a_deployment(41))


# ---------------------------------------------------------------- what comes of each answer


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        *((status, True) for status in (400, 401, 403, 404, 405, 409, 410, 422, 429)),
        *((status, False) for status in (408, 500, 501, 502, 503, 504)),
        *((status, True) for status in (301, 307, 308)),
        *((status, False) for status in (300, 302, 303, 304)),
    ],
)
async def test_a_refusal_ends_it_and_what_may_have_begun_does_not(ground, status, ended):
    ground.answers("/deployments", lambda: web.Response(status=status, headers={"Location": f"{ground.url}/other"}))
    with pytest.raises(DeployerError, match=str(status)) as trouble:
        await ground.start()
    assert trouble.value.ended is ended
    assert str(trouble.value).endswith((".", "?"))
    assert len(ground.machine.asked) == 1, "nothing is asked twice, and no redirect is followed"


@pytest.mark.parametrize("body", [b"<html>Please log in</html>", b"[]", b'"yes"', b"\xff", b'{"url": "javascript:1"}'])
async def test_a_yes_that_cannot_be_understood_is_no_yes(ground, body):
    ground.answers("/deployments", lambda: web.Response(body=body))
    with pytest.raises(DeployerError, match="can't be understood") as trouble:
        await ground.start()
    assert trouble.value.ended is False


async def test_a_yes_without_a_word_is_one(ground):
    ground.answers("/deployments", lambda: web.Response(status=204))
    assert await ground.start() == Started(KEY)


async def test_an_answer_that_is_too_long_is_not_read_to_its_end(ground):
    ground.answers("/deployments", lambda: web.Response(body=b'{"ref": "' + b"x" * LARGEST + b'"}'))
    with pytest.raises(DeployerError, match="more than 64 KiB") as trouble:
        await ground.start()
    assert trouble.value.ended is False


async def test_a_compressed_answer_was_not_asked_for(ground):
    def squeezed() -> web.Response:
        response = web.Response(body=b'{"ref": "' + b"x" * 10_000 + b'"}')
        response.enable_compression(web.ContentCoding.gzip)
        return response

    ground.answers("/deployments", squeezed)
    with pytest.raises(DeployerError, match="can't be understood"):
        await ground.start()


async def test_who_takes_too_long_has_perhaps_begun(ground):
    late = asyncio.Event()

    async def waits(_: web.Request) -> web.Response:
        await late.wait()
        return web.Response()

    ground.machine.answers["/deployments"] = waits
    ground.says(timeout="1s")
    with pytest.raises(DeployerError, match="did not answer within 1 second") as trouble:
        await ground.start()
    late.set()
    assert trouble.value.ended is False


@pytest.mark.parametrize("idempotent", [True, False])
async def test_what_never_arrived_is_over_unless_it_can_be_asked_for_again(ground, idempotent):
    ground.says(start="http://127.0.0.1:1/deployments", idempotent=idempotent)
    with pytest.raises(DeployerError, match="could not be reached") as trouble:
        await ground.start()
    assert trouble.value.ended is not idempotent


async def test_a_secret_that_is_not_set_ends_it_before_anything_is_asked(ground):
    ground.says(secret="PAYMENTS_OTHER_SECRET")
    with pytest.raises(DeployerError, match="PAYMENTS_OTHER_SECRET is not set") as refusal:
        await ground.start()
    assert (refusal.value.ended, ground.machine.asked) == (True, [])


# ---------------------------------------------------------------- how it goes


async def test_what_a_target_tells_is_read(ground):
    await ground.start()
    seen = await ground.follow()
    assert (seen.phase, seen.step, seen.commit) == (Phase.SUCCEEDED, "done", sha("first"))
    assert seen.link == f"https://deploy.example.com/runs/{KEY}"
    assert [(step.name, step.state) for step in seen.steps] == [
        ("Build", StepState.DONE),
        ("Switch traffic", StepState.DONE),
    ]


async def test_what_a_target_tells_and_nobody_understands_ends_nothing(ground):
    ground.answers(f"/deployments/{KEY}", lambda: web.json_response({"state": "great", "commit": "abc", "steps": {}}))
    with pytest.raises(DeployerError) as trouble:
        await ground.follow()
    assert trouble.value.ended is False
    for member in ("“state” is one of running", "“commit” is the full SHA", "“steps” is a list"):
        assert member in str(trouble.value)


async def test_the_answer_about_another_deployment_is_not_taken_for_this_one(ground):
    ground.answers(f"/deployments/{KEY}", lambda: web.json_response({"state": "succeeded", "key": "D-41-1f3a90c2"}))
    with pytest.raises(DeployerError, match="another deployment"):
        await ground.follow()


def heard(phase: Phase, ago: timedelta = timedelta(seconds=1)) -> Deployment:
    return replace(D40, heard=Heard(phase, now() - ago, "It said so itself."))


async def test_an_end_that_it_told_by_itself_stays_true_while_it_cannot_be_asked(ground):
    ground.machine.down = True
    assert (await ground.follow(heard(Phase.SUCCEEDED, timedelta(days=1)))).phase is Phase.SUCCEEDED


async def test_an_end_that_it_told_by_itself_stays_true_while_its_status_lags_behind(ground):
    ground.machine.script = replace(ground.machine.script, waits=True)
    await ground.start()
    assert (await ground.follow(heard(Phase.FAILED))).phase is Phase.FAILED


async def test_progress_that_it_told_by_itself_counts_for_a_while_if_it_cannot_be_asked(ground):
    ground.machine.down = True
    assert (await ground.follow(heard(Phase.RUNNING))).step == "It said so itself."
    with pytest.raises(DeployerError):
        await ground.follow(heard(Phase.RUNNING, timedelta(minutes=6)))


async def test_what_it_answers_later_is_newer_than_what_it_told(ground):
    await ground.start()
    assert (await ground.follow(heard(Phase.RUNNING))).phase is Phase.SUCCEEDED


async def test_a_target_with_no_address_to_ask_is_heard(ground):
    ground.says(status=None)
    with pytest.raises(DeployerError, match="sent no word yet") as trouble:
        await ground.follow()
    assert trouble.value.ended is False
    assert (await ground.follow(heard(Phase.SUCCEEDED))).phase is Phase.SUCCEEDED


async def test_whose_word_was_here_before_its_answer_is_not_asked_again(ground):
    assert await ground.start(heard(Phase.RUNNING)) == Started(KEY)
    assert ground.machine.asked == []


async def test_words_do_not_count_where_the_catalogue_no_longer_says_that_they_do(ground):
    ground.says(callbacks=False)
    assert (await ground.follow(heard(Phase.SUCCEEDED))).phase is Phase.LOST


# ---------------------------------------------------------------- whom it hears


async def test_a_target_is_heard_with_all_that_it_tells(ground):
    told = ground.hear(
        {
            "key": KEY,
            "deployment": "D-40",
            "state": "running",
            "message": "Copying\u202e 3 of 7\x1b[31m",
            "at": "2026-11-23T10:00:00.250Z",
            "url": "https://deploy.example.com/1",
            "commit": sha("first").upper(),
            "ref": "run-1",
            "steps": [{"name": "Copy", "state": "running"}],
        }
    )
    assert told == Heard(
        Phase.RUNNING,
        datetime(2026, 11, 23, 10, 0, 0, 250_000, tzinfo=UTC),
        "Copying 3 of 7",
        "https://deploy.example.com/1",
        sha("first"),
        "run-1",
        told.steps,
    )
    assert [(step.name, step.state, step.link) for step in told.steps] == [("Copy", StepState.RUNNING, None)]


async def test_while_a_secret_changes_the_one_before_proves_too(ground):
    old = "the-one-before-" + "2718" * 5
    with pytest.raises(NotGenuineError):
        ground.hear({"key": KEY, "state": "running"}, secret=old)
    ground.says(previous_secret="PAYMENTS_OLD_SECRET")
    assert ground.hear({"key": KEY, "state": "running"}, secret=old).phase is Phase.RUNNING
    await ground.start()
    assert ground.machine.begun, "it is the new one that signs"


@pytest.mark.parametrize("off", [-301, 301])
async def test_a_word_of_another_time_is_not_heard(ground, off):
    with pytest.raises(NotGenuineError):
        ground.hear({"key": KEY, "state": "running"}, stamp=int(time.time()) + off)


@pytest.mark.parametrize("headers", [{}, {"x-slipway-timestamp": "1"}, {"x-slipway-signature": "v1=" + "0" * 64}])
async def test_a_word_without_a_signature_is_not_heard(ground, headers):
    with pytest.raises(NotGenuineError) as refusal:
        ground.deployer.hear(Delivery(headers, b"{}", now()), D40, ground.environment)
    assert "PAYMENTS" not in str(refusal.value)


async def test_nobody_is_heard_while_the_secret_is_not_set(ground, caplog):
    ground.says(secret="PAYMENTS_OTHER_SECRET")
    with pytest.raises(NotGenuineError) as refusal:
        ground.hear({"key": KEY, "state": "running"}, secret="")
    assert "PAYMENTS_OTHER_SECRET" not in str(refusal.value)
    assert "PAYMENTS_OTHER_SECRET is not set" in caplog.text


async def test_a_target_that_is_only_asked_is_not_heard(ground):
    ground.says(callbacks=False)
    with pytest.raises(UnreadableError, match="callbacks: true"):
        ground.hear({"key": KEY, "state": "succeeded"})


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"no json", "no JSON"),
        ([], "no JSON object"),
        ({"state": "running"}, "“key” is missing"),
        ({"key": "D-40-00000000", "state": "running"}, "that of another deployment"),
        ({"key": KEY, "deployment": "D-41", "state": "running"}, "another one than D-40"),
        ({"key": KEY}, "“state” is one of running, succeeded, failed, cancelled and lost"),
        ({"key": KEY, "state": "running", "mesage": "x"}, "“mesage”: not known here"),
        ({"key": KEY, "state": "running", "message": 7}, "“message” is a text"),
        ({"key": KEY, "state": "running", "at": "10:00"}, "a time with its zone"),
        ({"key": KEY, "state": "running", "at": "2999-01-01T00:00:00Z"}, "still to come"),
        ({"key": KEY, "state": "running", "url": "ftp://x"}, "“url” is a web address"),
        ({"key": KEY, "state": "running", "steps": [{"name": "x"}]}, "“steps, number 1: state” is one of"),
        ({"key": KEY, "state": "running", "steps": [{}]}, "“steps, number 1” has a name and a state"),
    ],
)
async def test_a_word_that_cannot_be_understood_is_answered_with_what_is_wrong(ground, body, told):
    with pytest.raises(UnreadableError) as refusal:
        ground.hear(body)
    assert told in str(refusal.value)


async def test_every_problem_of_a_word_is_told_at_once(ground):
    with pytest.raises(UnreadableError) as refusal:
        ground.hear({"state": "great", "commit": 7, "url": 8, "steps": 9})
    assert len(refusal.value.problems) == 5


# ---------------------------------------------------------------- what is never said


@pytest.mark.parametrize("secret", [SECRET, API_KEY, f"Bearer {API_KEY}", API_KEY.replace("/", "%2F")])
async def test_what_a_target_repeats_of_what_it_was_sent_is_covered(ground, secret):
    ground.says(headers={"Authorization": "Bearer ${DEPLOY_API_KEY}"})
    said = {"message": f"I was sent {secret}, and {'x' * 700}", "state": "failed", "ref": secret[:50]}
    ground.answers("/deployments", lambda: web.json_response(said, status=422))
    ground.answers(
        f"/deployments/{KEY}",
        lambda: web.json_response({**said, "url": f"https://x.com/?{secret.replace(' ', '%20')}"}),
    )
    with pytest.raises(DeployerError) as refusal:
        await ground.start()
    seen = await ground.follow()
    for shown in (str(refusal.value), str(seen), repr(ground.hear({"key": KEY, **said}))):
        assert "I was sent •••" in shown
        assert API_KEY not in shown
        assert SECRET not in shown
    assert seen.link is None


async def test_no_sentence_shows_more_of_an_address_than_its_machine(ground):
    ground.says(start="http://127.0.0.1:1/hooks/s3cr3t-path?token=s3cr3t-query")
    with pytest.raises(DeployerError) as trouble:
        await ground.start()
    assert str(trouble.value) == "127.0.0.1:1 could not be reached."
    assert "s3cr3t" not in "".join(traceback.format_exception(trouble.value))


# ---------------------------------------------------------------- doctor


async def test_a_target_that_lets_us_in_has_no_problems(ground):
    assert await ground.check() == []
    ground.says(status=None)
    assert await ground.check() == []
    assert ground.machine.begun == []


async def test_a_target_that_does_not_know_our_secret_is_told(ground):
    ground.machine.secret = "another one"
    (told,) = await ground.check()
    assert told.endswith("does not accept how Slipway proves itself. Are secret and headers the same there?")


@pytest.mark.parametrize(
    ("status", "told"), [(301, "is not followed"), (500, "answered with status 500."), (503, "status 503")]
)
async def test_a_target_in_trouble_is_told(ground, status, told):
    ground.says(status=None)
    ground.answers("/deployments", lambda: web.Response(status=status))
    (problem,) = await ground.check()
    assert told in problem


async def test_a_simple_machine_that_knows_no_options_is_well(ground):
    ground.says(status=None)
    ground.answers("/deployments", lambda: web.Response(status=501))
    assert await ground.check() == []


async def test_a_target_that_cannot_be_reached_is_told(ground):
    ground.says(status="http://127.0.0.1:1/{key}")
    assert await ground.check() == ["127.0.0.1:1 could not be reached."]


async def test_wrong_settings_and_variables_are_told_before_anything_is_asked(ground):
    ground.says(secret="PAYMENTS_OTHER_SECRET", headers={"Authorization": "${NO_SUCH_KEY}"})
    told = await ground.check()
    assert [each.split(" is not set")[0] for each in told] == [
        "The variable PAYMENTS_OTHER_SECRET",
        "The variable NO_SUCH_KEY",
    ]
    assert ground.machine.asked == []
