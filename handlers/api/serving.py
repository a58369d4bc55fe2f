"""Serving: who asks, whether it may, what is asked, and an answer always. No token is ever logged or said again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import aclosing
from datetime import timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from bot.ports import ConflictError, RecordsError
from bot.rules.machine_token import PREFIX, MachineToken, Scope
from bot.rules.sentence import Refused
from bot.verbs.use_machine_token import UseMachineToken
from handlers.api import parameters
from handlers.api.endpoint import CalendarText, Desk, Endpoint, Lines
from handlers.api.models import Model
from handlers.api.pace import Pace
from handlers.api.parameters import Parameters
from handlers.api.pen import Pen
from handlers.api.problems import NO_STORE, Code, Trouble, bad_request
from handlers.api.sending import PATIENCE, Streaming, whole
from handlers.serving import a_reference

log = logging.getLogger(__name__)

READS = ("GET", "HEAD")
ALLOWED = MappingProxyType({"Allow": ", ".join((*READS, "OPTIONS"))})
AGAIN = timedelta(seconds=15)
"""After so long it is worth asking again."""

AWAY = "The records can't be read just now. Please ask again shortly; until there is an answer, nothing is allowed."

_CHALLENGE = 'Bearer realm="slipway"'
_PERSONAL = "slipway_"
_HOW = "Send one in the header “Authorization: Bearer slipwayapi_…”; “slipway token make” makes it, on Slipway's host."


class Serving:
    """Serves one endpoint. Nothing that happens below leaves it but as an answer."""

    def __init__(self, endpoint: Endpoint[Any, Any], desk: Desk, use: UseMachineToken, pace: Pace) -> None:
        self._endpoint = endpoint
        self._pace = pace
        self._desk = desk
        self._use = use

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The answer, or the problem."""
        if request.method not in READS:
            return other_method(request.method)
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                found = await self._answered(request)
                sent = await _begun(found, request)
        except (RecordsError, ConflictError, TimeoutError) as error:
            log.warning("%s could not be answered: %s", self._endpoint.path, str(error) or "it took too long")
            sent = _unavailable().response()
        except Exception as error:  # noqa: BLE001 - the boundary: logged with its reference, and answered
            sent = self._failed(error).response()
        return await self._streamed(sent, request) if isinstance(sent, Streaming) else sent

    async def _streamed(self, sent: Streaming, request: web.Request) -> web.StreamResponse:
        """What is cut off has no end, and so nobody takes it for the whole."""
        try:
            async with aclosing(sent.lines.pages):
                return await sent.send(request)
        except (RecordsError, ConflictError, TimeoutError, ConnectionError) as error:
            log.warning("%s was cut off: %s", self._endpoint.path, str(error) or "it took too long")
        except Exception as error:  # noqa: BLE001 - the boundary: logged with its reference, and cut off
            self._failed(error)
        if request.transport is not None:
            request.transport.abort()
        raise web.HTTPServiceUnavailable  # to nobody: the connection is gone

    async def _answered(self, request: web.Request) -> Model | CalendarText | Lines | Trouble:
        token = await self._who(request)
        if isinstance(token, Trouble):
            return token
        if self._endpoint.scope not in token.grant.scopes:
            return _lacks(token, self._endpoint.scope)
        early = self._pace.wait(token.id, self._endpoint.weight)
        if early:
            return _too_early(token, early)
        asked = parameters.read(self._endpoint.asks, request.match_info, request.query)
        if not isinstance(asked, Parameters):
            return bad_request(asked)
        found: Model | CalendarText | Lines | Trouble = await self._endpoint.give(self._desk, asked)
        return found

    async def _who(self, request: web.Request) -> MachineToken | Trouble:
        """The token that is shown, in the one place where it belongs."""
        given = request.headers.getall("Authorization", [])
        if PREFIX in unquote(request.raw_path):
            return _in_the_address(shown=bool(given))
        if not given:
            return _unauthorized(Code.NO_TOKEN, f"This needs a machine token. {_HOW}")
        scheme, _, text = given[0].partition(" ")
        text = text.strip()
        if len(given) > 1 or scheme.lower() != "bearer" or not text:
            return _unauthorized(Code.BAD_TOKEN, f"The header “Authorization” holds no single bearer token. {_HOW}")
        if text.startswith(_PERSONAL):
            return _unauthorized(
                Code.BAD_TOKEN,
                "This is somebody's personal token, with which people speak from a terminal. The API needs a machine "
                f"token. {_HOW}",
            )
        found = await self._use(text)
        if isinstance(found, Refused):
            return _unauthorized(Code.BAD_TOKEN, Pen().write(found.why))
        return found

    def _failed(self, error: Exception) -> Trouble:
        reference = a_reference()
        log.error("Reference %s: %s failed.", reference, self._endpoint.path, exc_info=error)
        return Trouble(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            Code.FAILED,
            "Something went wrong on Slipway's side. If it happens again, please tell its administrator the reference "
            f"{reference}.",
            reference=reference,
        )


async def _begun(found: Model | CalendarText | Lines | Trouble, request: web.Request) -> web.Response | Streaming:
    """The answer; of a long one its beginning."""
    if isinstance(found, Trouble):
        return found.response()
    return await Streaming.begun(found) if isinstance(found, Lines) else whole(found, request)


def _unauthorized(code: Code, detail: str) -> Trouble:
    challenge = _CHALLENGE if code is Code.NO_TOKEN else f'{_CHALLENGE}, error="invalid_token"'
    return Trouble(HTTPStatus.UNAUTHORIZED, code, detail, headers={"WWW-Authenticate": challenge})


def _in_the_address(*, shown: bool) -> Trouble:
    """A token where every proxy on the way keeps it."""
    detail = (
        "There is a token in the address, where logs keep it all along the way. It belongs into the header "
        "“Authorization: Bearer …”. Whoever can read such a log can use this one: have it revoked and make another."
    )
    if shown:
        return Trouble(HTTPStatus.BAD_REQUEST, Code.TOKEN_IN_ADDRESS, detail)
    return _unauthorized(Code.TOKEN_IN_ADDRESS, detail)


def _lacks(token: MachineToken, scope: Scope) -> Trouble:
    has = ", ".join(sorted(token.grant.scopes))
    return Trouble(
        HTTPStatus.FORBIDDEN,
        Code.MISSING_SCOPE,
        f"{token.name} ({token.grant.label}) may not read this: it lacks the scope {scope}. It has {has}.",
        scope=scope,
        headers={"WWW-Authenticate": f'{_CHALLENGE}, error="insufficient_scope", scope="{scope}"'},
    )


def _too_early(token: MachineToken, early: int) -> Trouble:
    return Trouble(
        HTTPStatus.TOO_MANY_REQUESTS,
        Code.TOO_MANY,
        f"{token.name} ({token.grant.label}) asks too much. Please ask again in {early} "
        f"{'second' if early == 1 else 'seconds'}.",
        headers={"Retry-After": str(early)},
    )


def _unavailable() -> Trouble:
    return Trouble(
        HTTPStatus.SERVICE_UNAVAILABLE,
        Code.UNAVAILABLE,
        AWAY,
        headers={"Retry-After": str(int(AGAIN.total_seconds()))},
    )


def other_method(method: str) -> web.Response:
    """Nothing can be changed here; but whoever asks what can be done is told."""
    if method == "OPTIONS":
        return web.Response(status=HTTPStatus.NO_CONTENT, headers={**NO_STORE, **ALLOWED})
    return Trouble(
        HTTPStatus.METHOD_NOT_ALLOWED,
        Code.METHOD,
        f"{method} is not possible here: there is {' and '.join(READS)}, since the API only reads.",
        headers=ALLOWED,
    ).response()


def nowhere(paths: Iterable[str]) -> Trouble:
    """There is no such endpoint."""
    return Trouble(
        HTTPStatus.NOT_FOUND, Code.NOT_FOUND, f"There is nothing at this address. There is {', '.join(paths)}."
    )
