"""Targets: what is deployed to tells of its work by itself: `POST /webhooks/deployments/D-40`, signed.

Whoever copies a word can only say the same again, and words that overtake each other on their way are put in order.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from dataclasses import dataclass

from aiohttp import web

from bot.ports import Clock, ConflictError, Delivery, NotGenuineError, RecordsError, UnreadableError
from bot.rules.deployment import DeploymentId
from bot.rules.sentence import Refused
from bot.verbs.hear_target import HearTarget, News
from handlers.machines import LARGEST, as_json, failed, limited, problems
from handlers.serving import ATTEMPTS

log = logging.getLogger(__name__)

TARGETS = "/webhooks/deployments/{number}"

_NUMBER = re.compile(r"[Dd]?-?([0-9]{1,9})", re.ASCII)
_TOO_LARGE = f"A word about a deployment has at most {LARGEST // 1024} KiB; link to the rest."
_NO_NUMBER = "The address ends with a deployment's number, such as D-40."
_TWICE = "The header “{name}” is there twice, and which one counts can't be told."


def targets(hear: HearTarget, now: Clock) -> list[web.RouteDef]:
    """What is to be served."""
    return [web.post(TARGETS, Targets(hear, now).hear)]


@dataclass(frozen=True, slots=True)
class Targets:
    """Translate, ask the domain, answer. Every answer is JSON: what came of it, or every problem at once."""

    heard: HearTarget
    now: Clock

    async def hear(self, request: web.Request) -> web.Response:
        """One word."""
        number = _NUMBER.fullmatch(request.match_info["number"])
        if number is None:
            return problems(404, _NO_NUMBER)
        raw = await limited(request)
        if raw is None:
            return problems(413, _TOO_LARGE)
        headers = [name.decode("latin-1").lower() for name, _ in request.raw_headers]  # `headers` shows each name once
        twice = next((name for name in headers if headers.count(name) > 1), None)
        if twice is not None:
            return problems(400, _TWICE.format(name=twice))
        delivery = Delivery({name.lower(): value for name, value in request.headers.items()}, raw, self.now())
        deployment = DeploymentId(int(number[1]))
        try:
            outcome = await self._patiently(deployment, delivery)
        except NotGenuineError as error:
            log.info("A word from %s about D-%d that proves nothing was refused.", request.remote, deployment)
            return problems(401, str(error))
        except UnreadableError as error:
            return problems(400, *error.problems)
        except (ConflictError, RecordsError) as error:
            log.warning("What the target of D-%d says could not be kept: %s", deployment, error)
            return problems(503, "The records can't be written just now. Nothing was kept; please send it again.")
        except Exception as error:  # noqa: BLE001 - the boundary: logged with its reference, and answered
            return failed(error, f"a word about D-{deployment}")
        if isinstance(outcome, Refused):
            return problems(404, str(outcome.why))
        return as_json(200, {"message": _HEARD if outcome else _KNOWN})

    async def _patiently(self, number: DeploymentId, delivery: Delivery) -> News | Refused:
        """Again, if somebody else was faster."""
        for attempt in range(1, ATTEMPTS):
            try:
                return await self.heard(number, delivery)
            except ConflictError:
                await asyncio.sleep(0.05 * attempt * (0.5 + secrets.randbelow(100) / 100))
        return await self.heard(number, delivery)


_HEARD = "Heard."
_KNOWN = "That, or something later, is known already: nothing changed."
