"""GitHub: what it tells of repositories, over signed HTTP: `POST /webhooks/github`.

Only a delivery's body is signed. So what counts stands in the body, with its moments; the headers that name the event
and number the delivery only say how to read it. Whoever copies a delivery can only say the same again, and late.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from aiohttp import web
from gidgethub import ValidationFailure
from gidgethub.sansio import validate_event

from bot.ports import Clock, ConflictError, RecordsError
from bot.rules.sentence import joined
from bot.secret import Secret
from bot.verbs.answer_protection_rule import HearProtectionRule
from bot.verbs.hear_pull_request import HearPullRequest
from bot.verbs.hear_push import Followed, HearPush
from bot.verbs.look_sooner import LookSooner
from bot.verbs.report_check import Reported
from bot.verbs.report_run import ReportRun, Run, Unawaited
from handlers.github_payloads import Payload, Reading, Silent
from handlers.github_protection import EVENT, protection_question
from handlers.machines import as_json, failed, limited, problems
from handlers.serving import ATTEMPTS
from handlers.views.text import clip
from handlers.webhooks import message

log = logging.getLogger(__name__)

_T = TypeVar("_T")

GITHUB = "/webhooks/github"
LARGEST = 5 * 1024 * 1024
"""A push of two thousand commits fits; GitHub itself sends up to 25 MB."""
EVENTS = ("push", "workflow_run", "check_suite", "deployment_status", "pull_request")
"""What is listened to."""

_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}", re.ASCII)
_WORD = re.compile(r"[a-z_]{1,60}", re.ASCII)
_NUMBER = re.compile(r"[A-Za-z0-9-]{1,60}", re.ASCII)
_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"

_NOT_SET_UP = "Nothing of GitHub is heard here until SLIPWAY_GITHUB_WEBHOOK_SECRET is set."
_NOT_SIGNED = (
    "It is not signed with a secret. In the webhook's settings at GitHub, enter the secret that Slipway has in "
    "SLIPWAY_GITHUB_WEBHOOK_SECRET."
)
_NOT_GENUINE = (
    "The signature does not fit: the secret in the webhook's settings at GitHub is another one than Slipway's "
    "SLIPWAY_GITHUB_WEBHOOK_SECRET."
)
_TOO_LARGE = f"A delivery has at most {LARGEST // 1024 // 1024} MiB here. If it was a push, set the candidate by hand."
_OF_ANOTHER_KIND = f"A delivery is {_JSON} or {_FORM}. Choose “application/json” in the webhook's settings at GitHub."
_NO_EVENT = "The header X-GitHub-Event names one event, such as push."
_NOT_KEPT = "The records can't be written just now. Nothing was kept; please redeliver it."


def github_webhooks(secret: Secret, hears: Hears) -> list[web.RouteDef]:
    """What is to be served."""
    return [web.post(GITHUB, GitHubWebhooks(secret, hears).hear)]


@dataclass(frozen=True, slots=True)
class Hears:
    """Who hears what GitHub tells."""

    report: ReportRun
    push: HearPush
    pull_request: HearPullRequest
    look_sooner: LookSooner
    now: Clock
    protection_rule: HearProtectionRule | None = None
    """None: nobody answers."""
    api: str = ""
    """The address of GitHub's REST API."""


@dataclass(frozen=True, slots=True)
class GitHubWebhooks:
    """Verify, parse, ask the domain, answer. What GitHub shows beside each delivery says what came of it."""

    secret: Secret
    hears: Hears

    async def hear(self, request: web.Request) -> web.Response:
        """One delivery."""
        raw = await self._genuine(request)
        if isinstance(raw, web.Response):
            return raw
        events = request.headers.getall("X-GitHub-Event", [])
        if len(events) != 1 or not _WORD.fullmatch(events[0]):
            return problems(400, _NO_EVENT)
        body = _body(raw, request.content_type)
        if isinstance(body, str):
            return problems(400, body)
        name = f"delivery {_number(request)} of GitHub ({events[0]})"
        try:
            payload = Payload(body, self.hears.now())
            told = await _patiently(lambda: self._told(events[0], payload))
            if payload.problems:
                return problems(400, *payload.problems)
        except (ConflictError, RecordsError) as error:
            log.warning("The %s could not be kept: %s", name, error)
            return problems(503, _NOT_KEPT)
        except Exception as error:  # noqa: BLE001 - the boundary: logged with its reference, and answered
            return failed(error, f"the {name}")
        log.info("The %s: %s", name, told)
        return as_json(200, {"message": told})

    async def _genuine(self, request: web.Request) -> bytes | web.Response:
        """The body as it was sent and signed; or why it is not heard."""
        if not self.secret:
            return problems(404, _NOT_SET_UP)
        if request.content_type not in {_JSON, _FORM}:
            return problems(415, _OF_ANOTHER_KIND)
        raw = await limited(request, LARGEST)
        if raw is None:
            return problems(413, _TOO_LARGE)
        signatures = request.headers.getall("X-Hub-Signature-256", [])
        if not signatures:
            log.info("A delivery from %s without a signature was refused.", request.remote)
            return problems(401, _NOT_SIGNED)
        if not self._fits(signatures, raw):
            log.info("A delivery from %s without a valid signature was refused.", request.remote)
            return problems(401, _NOT_GENUINE)
        return raw

    def _fits(self, signatures: list[str], raw: bytes) -> bool:
        """Whether GitHub signed that. Its older kind of signature, by SHA-1, isn't taken."""
        if len(signatures) != 1 or not _SIGNATURE.fullmatch(signatures[0]):
            return False
        try:
            validate_event(raw, signature=signatures[0], secret=self.secret.reveal())  # in constant time
        except ValidationFailure:
            return False
        return True

    async def _told(self, event: str, payload: Payload) -> str:
        """What came of it, in sentences; whatever is missing in the payload is noted there."""
        match event:
            case "ping":
                return _greeting(payload)
            case "workflow_run":
                return await self._workflow_run(payload)
            case "check_suite":
                return await self._ended(payload.check_suite())
            case "deployment_status":
                return await self._moved(payload)
            case "push":
                return await self._push(payload)
            case "pull_request":
                return await self._pull_request(payload)
            case "deployment_protection_rule" if self.hears.protection_rule is not None:
                return await self._protection_rule(payload, self.hears.protection_rule)
            case _:
                return f"Slipway doesn't listen to {event}. Nothing was changed."

    async def _workflow_run(self, payload: Payload) -> str:
        hint = payload.run_hint()
        ended = payload.workflow_run()
        if payload.problems or hint is None:
            return ""
        looked = await self.hears.look_sooner(hint)
        said = await self._ended(ended)
        return " ".join(filter(None, (_looked([each.name for each in looked]), said)))

    async def _moved(self, payload: Payload) -> str:
        hint = payload.deployment_hint()
        if payload.problems or hint is None:
            return ""
        looked = await self.hears.look_sooner(hint)
        return _looked([each.name for each in looked]) or "It is no deployment that Slipway follows at this moment."

    async def _ended(self, read: Reading[Run | Silent]) -> str:
        """Something has ended: is it a check?"""
        if read is None:
            return ""
        if isinstance(read, Silent):
            return read.why
        outcomes = await self.hears.report(read)
        return " ".join(_came_of_it(read, each) for each in outcomes) or _unknown(read.repository)

    async def _push(self, payload: Payload) -> str:
        read = payload.push()
        if read is None:
            return ""
        if isinstance(read, Silent):
            return read.why
        followed = await self.hears.push(read)
        return _what_follows(followed, read.branch) if followed.services else _unknown(read.repository)

    async def _pull_request(self, payload: Payload) -> str:
        read = payload.pull_request()
        if read is None:
            return ""
        if isinstance(read, Silent):
            return read.why
        marked = await self.hears.pull_request(read)
        if not marked.services:
            return _unknown(read.repository)
        names = [each.title for each in marked.wanted]
        return _looked(names) or f"Pull requests against {clip(read.branch, 100)} aren't marked. Nothing was changed."

    async def _protection_rule(self, payload: Payload, hear: HearProtectionRule) -> str:
        """A workflow waits for an answer, which is given at the run itself."""
        question = protection_question(EVENT, payload.body, api=self.hears.api, now=self.hears.now())
        if question is None:
            return "It asks nothing. Nothing was changed."
        if isinstance(question, list):
            payload.problems.extend(question)
            return ""
        await hear(question)
        return f"Run {question.run} will be told whether it may go on to {clip(question.environment, 100)}."


async def _patiently(ask: Callable[[], Awaitable[_T]]) -> _T:
    """Again, if somebody else was faster."""
    for attempt in range(1, ATTEMPTS):
        try:
            return await ask()
        except ConflictError:
            await asyncio.sleep(0.05 * attempt * (0.5 + secrets.randbelow(100) / 100))
    return await ask()


def _body(raw: bytes, content_type: str) -> dict[str, Any] | str:
    """What was sent, or why it can't be read."""
    try:
        text = raw.decode()
        if content_type == _FORM:
            given = [
                value for name, value in parse_qsl(text, strict_parsing=True, max_num_fields=2) if name == "payload"
            ]
            if len(given) != 1:
                return "The form has no field “payload”, or several. Choose “application/json” at GitHub."
            text = given[0]
        body = json.loads(text)
    except (ValueError, RecursionError):
        return "The body is no JSON in UTF-8, or no form with JSON in it."
    return body if isinstance(body, dict) else "The body is no JSON object."


def _number(request: web.Request) -> str:
    """GitHub's number of the delivery, to find it there; whoever sends it can write what they like."""
    given = request.headers.get("X-GitHub-Delivery", "")
    return given if _NUMBER.fullmatch(given) else "without a number"


def _greeting(payload: Payload) -> str:
    """The answer to `ping`, by which GitHub tries a new webhook: what it should send, and doesn't."""
    missing = sorted({*EVENTS} - payload.events()) if "*" not in payload.events() else []
    if not missing:
        return "Slipway hears this webhook."
    return f"Slipway hears this webhook. It could use these events, too: {joined(missing)}."


def _looked(names: list[str]) -> str:
    return f"Looking at {joined(names)} now." if names else ""


def _unknown(repository: str) -> str:
    return f"No service of the catalogue is at {clip(repository, 100)}. Nothing was changed."


def _came_of_it(run: Run, outcome: Reported | Unawaited) -> str:
    if isinstance(outcome, Reported):
        return message(outcome)
    others = joined([f"“{each}”" for each in sorted(outcome.others)]) or "no check at all"
    return f"No line of {outcome.service} waits for “{run.name}”; they wait for {others}."


def _what_follows(followed: Followed, branch: str) -> str:
    """What came of a push."""
    told = [f"{each.name} proposes {each.candidate.short} now." for each in followed.proposed if each.candidate]
    if followed.told:
        names = joined([each.name for each in followed.told])
        told.append(f"The thread of {names} says that {branch} has moved on.")
    return " ".join(told) or f"No release follows {branch}, or none had to be told of it. Nothing was changed."
