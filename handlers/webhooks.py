"""Webhooks: what other machines report, over signed HTTP: `POST /webhooks/checks`, by which CI ticks lines.

A request proves where it comes from with `X-Slipway-Signature: v1=…`, the HMAC-SHA256 of `v1:{timestamp}:{body}`, and
when with `X-Slipway-Timestamp`. Whoever copies a request can only say the same again, which changes nothing.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from bot.ports import Clock, ConflictError, RecordsError
from bot.rules.check import CheckResult
from bot.rules.checklist import LONGEST_LINK, Item, is_web_address
from bot.rules.policy import ServiceName
from bot.rules.release import Release
from bot.rules.sentence import Refused, joined
from bot.secret import Secret
from bot.signatures import NOT_GENUINE, SIGNATURE, TIMESTAMP, TOLERANCE, signed_at
from bot.verbs.report_check import ReportCheck, Reported
from handlers.machines import LARGEST, as_json, failed, limited, problems
from handlers.serving import ATTEMPTS
from handlers.views.text import clip

log = logging.getLogger(__name__)

CHECKS = "/webhooks/checks"
LONGEST_NAME = 100

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PASSED = {"passed": True, "failed": False}
_MEMBERS = ("service", "commit", "check", "status", "at", "url")

_NOT_SET_UP = "Nothing is heard here until SLIPWAY_WEBHOOK_SECRET is set."
_TOO_LARGE = f"A report has at most {LARGEST // 1024} KiB; link to the rest."


def webhooks(secret: Secret, report: ReportCheck, now: Clock) -> list[web.RouteDef]:
    """What is to be served."""
    return [web.post(CHECKS, Checks(secret, report, now).hear)]


@dataclass(frozen=True, slots=True)
class Checks:
    """Verify, parse, ask the domain, answer. Every answer is JSON: what came of it, or every problem at once."""

    secret: Secret
    report: ReportCheck
    now: Clock

    async def hear(self, request: web.Request) -> web.Response:
        """One report."""
        if not self.secret:
            return problems(404, _NOT_SET_UP)
        raw = await limited(request)
        if raw is None:
            return problems(413, _TOO_LARGE)
        signed_at = self._signed_at(request, raw)
        if signed_at is None:
            log.info("A report from %s without a valid signature was refused.", request.remote)
            return problems(401, NOT_GENUINE)
        result = parse(raw, signed_at)
        if not isinstance(result, CheckResult):
            return problems(400, *result)
        try:
            outcome = await self._patiently(result)
        except (ConflictError, RecordsError) as error:
            log.warning("The check %s of %s could not be kept: %s", result.name, result.service, error)
            return problems(503, "The records can't be written just now. Nothing was kept; please send it again.")
        except Exception as error:  # noqa: BLE001 - the boundary: logged with its reference, and answered
            return failed(error, f"the check {result.name} of {result.service}")
        return problems(422, str(outcome.why)) if isinstance(outcome, Refused) else _answer(outcome)

    async def _patiently(self, result: CheckResult) -> Reported | Refused:
        """Again, if somebody else was faster."""
        for attempt in range(1, ATTEMPTS):
            try:
                return await self.report(result)
            except ConflictError:
                await asyncio.sleep(0.05 * attempt * (0.5 + secrets.randbelow(100) / 100))
        return await self.report(result)

    def _signed_at(self, request: web.Request, raw: bytes) -> datetime | None:
        """When it was signed; None if it was not, not by us, or at another time than about now."""
        stamps = request.headers.getall(TIMESTAMP, [])
        signatures = request.headers.getall(SIGNATURE, [])
        if len(stamps) != 1 or len(signatures) != 1:
            return None
        return signed_at([self.secret], stamps[0], signatures[0], raw, self.now())


def parse(raw: bytes, signed_at: datetime) -> CheckResult | list[str]:
    """What the body says, or everything that is wrong with it. Without a time of its own it was said when signed."""
    try:
        body = json.loads(raw.decode())
    except (ValueError, RecursionError):
        return ["The body is no JSON in UTF-8."]
    if not isinstance(body, dict):
        return ["The body is no JSON object with service, commit, check and status."]
    reader = _Reader(body)
    result = CheckResult(
        service=ServiceName(reader.name("service")),
        commit=reader.commit(),
        name=reader.name("check"),
        passed=reader.passed(),
        at=reader.moment("at", signed_at),
        link=reader.address("url"),
    )
    reader.nothing_else()
    return reader.problems or result


@dataclass(slots=True)
class _Reader:
    """Takes members out of a body, and notes what is wrong with each."""

    body: Mapping[str, Any]
    problems: list[str] = field(default_factory=list)

    def text(self, member: str) -> str:
        given = self.body.get(member)
        if isinstance(given, str) and given:
            return given
        self.problems.append(f"“{member}” is missing, or no text.")
        return ""

    def name(self, member: str) -> str:
        """A name, as the catalogue has it."""
        given = self.text(member)
        if given and not (given.isprintable() and given == given.strip() and len(given) <= LONGEST_NAME):
            self.problems.append(
                f"“{member}” is a name of at most {LONGEST_NAME} characters on one line, with no blank at its ends."
            )
        return given

    def commit(self) -> str:
        """A full SHA, in lower case."""
        given = self.text("commit").lower()
        if given and not _SHA.fullmatch(given):
            self.problems.append("“commit” is the full SHA, of 40 (or 64) hexadecimal digits.")
        return given

    def passed(self) -> bool:
        given = self.body.get("status")
        if isinstance(given, str) and given in _PASSED:
            return _PASSED[given]
        self.problems.append("“status” is “passed” or “failed”. While a check is running there is nothing to report.")
        return False

    def moment(self, member: str, signed_at: datetime) -> datetime:
        """A moment with its zone. One that is still to come would outdate everything that is said until then."""
        given = self.body.get(member)
        if given is None:
            return signed_at
        try:
            moment = datetime.fromisoformat(given) if isinstance(given, str) else None
            moment = moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
        except (ValueError, OverflowError):
            moment = None
        if moment is None:
            self.problems.append(f"“{member}” is a time with its zone, such as 2026-11-26T10:00:00Z.")
        elif moment > signed_at + TOLERANCE:
            self.problems.append(f"“{member}” is still to come; is the clock there right?")
        return moment or signed_at

    def address(self, member: str) -> str | None:
        given = self.body.get(member)
        if given is None or (isinstance(given, str) and is_web_address(given)):
            return given
        self.problems.append(
            f"“{member}” is a web address that begins with https:// or http://, of at most {LONGEST_LINK} characters."
        )
        return None

    def nothing_else(self) -> None:
        """A slip in the name of an optional member would go unnoticed."""
        unknown = [f"“{_shown(each)}”" for each in self.body if each not in _MEMBERS]
        if unknown:
            shown = joined([*unknown[:5], *(["more"] if len(unknown) > 5 else [])])
            self.problems.append(f"{shown}: not known here. A report has {joined(_MEMBERS)}.")


def _answer(outcome: Reported) -> web.Response:
    """What came of it. 202: it is kept, and nothing waits for it at this moment."""
    changed = outcome.ticked or outcome.opened
    told: dict[str, object] = {
        "message": message(outcome),
        "ticked": [_line(*each) for each in outcome.ticked],
        "opened": [_line(*each) for each in outcome.opened],
    }
    return as_json(202 if outcome.news and not changed else 200, told)


def _shown(text: str) -> str:
    """Somebody's own word, short, and with nothing in it that can't be written."""
    return clip(text if text.isprintable() else ascii(text), 40)


def _line(release: Release, item: Item) -> dict[str, str]:
    return {"release": release.name, "line": item.key, "text": item.text}


def message(outcome: Reported) -> str:
    """The same in a sentence, for the log of whoever sent it."""
    result = outcome.result
    said = f"{result.name} {'passed' if result.passed else 'failed'} for {result.commit[:7]}"
    if not outcome.news:
        return f"That, or something later, is known of {result.name} for {result.commit[:7]} already: nothing changed."
    lines = outcome.ticked or outcome.opened
    if lines:
        named = joined([f"“{item.text}” of {release.name}" for release, item in lines])
        return f"{said}: ticked {named}." if outcome.ticked else f"{said}: opened {named} again."
    if result.name not in outcome.awaited:
        others = joined([f"“{each}”" for each in sorted(outcome.awaited)]) or "no check at all"
        return f"{said}. It is kept, but no line of {result.service} waits for it; they wait for {others}."
    if not outcome.proposed:
        return f"{said}. It is kept: no open release of {result.service} proposes that commit yet."
    return f"{said}. It is kept, and no line changed."
