"""The API for machines, at `/api/v1`: what there is, in a table of contents. It only reads.

Each endpoint says what can be asked (its parameters), what is answered (its models), and how that is found. Who may
ask, and what is said where there is no answer, is the same for all (`serving.py`, `problems.py`); the document that
describes all of it is generated from the same models (`document.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from aiohttp import web

from bot.verbs.use_machine_token import UseMachineToken
from handlers.api import parameters
from handlers.api.audit import EVIDENCE, RECORD
from handlers.api.deployments import DEPLOYMENT, DEPLOYMENTS
from handlers.api.document import PATH, document
from handlers.api.endpoint import BASE, Desk, Endpoint
from handlers.api.environments import ENVIRONMENTS
from handlers.api.freezes import CALENDAR, FREEZES
from handlers.api.gate import GATE
from handlers.api.pace import Pace
from handlers.api.parameters import Nothing
from handlers.api.problems import bad_request
from handlers.api.releases import RELEASE, RELEASES
from handlers.api.serving import READS, Serving, nowhere, other_method

ENDPOINTS: tuple[Endpoint[Any, Any], ...] = (
    GATE,
    RELEASES,
    RELEASE,
    DEPLOYMENTS,
    DEPLOYMENT,
    ENVIRONMENTS,
    FREEZES,
    CALENDAR,
    RECORD,
    EVIDENCE,
)
"""Everything that can be asked."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def api_routes(desk: Desk, use: UseMachineToken, by_key: Handler, pace: Pace | None = None) -> list[web.RouteDef]:
    """What is to be served. `by_key` answers whoever asks for the calendar with the key of its address."""
    evenly = pace or Pace()
    handlers: dict[str, Handler] = {each.path: Serving(each, desk, use, evenly).answer for each in ENDPOINTS}
    handlers[CALENDAR.path] = _either(by_key, handlers[CALENDAR.path])
    return [
        *(web.route("*", f"{BASE}{path}", handler) for path, handler in handlers.items()),
        web.route("*", PATH, _document),
        web.route("*", BASE, _nowhere),
        web.route("*", f"{BASE}/{{rest:.*}}", _nowhere),
    ]


def _either(by_key: Handler, by_token: Handler) -> Handler:
    """The calendar, by whichever proof is shown."""

    async def answer(request: web.Request) -> web.StreamResponse:
        with_key = "key" in request.query and request.method in READS
        return await (by_key if with_key else by_token)(request)

    return answer


async def _document(request: web.Request) -> web.Response:
    """What the API is, for everybody; or that it is still what whoever asks has."""
    if request.method not in READS:
        return other_method(request.method)
    asked = parameters.read(Nothing, {}, request.query)
    if not isinstance(asked, Nothing):
        return bad_request(asked).response()
    text, version = _written()
    headers = {"ETag": f'"{version}"', "Cache-Control": "no-cache"}
    if any(each.value in {version, "*"} for each in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    return web.Response(text=text, content_type="application/json", headers=headers)


@cache
def _written() -> tuple[str, str]:
    """The document's text, the same as long as the program is; and its digest."""
    text = json.dumps(document(ENDPOINTS), ensure_ascii=False, indent=1) + "\n"
    return text, hashlib.sha256(text.encode()).hexdigest()


async def _nowhere(request: web.Request) -> web.Response:
    del request
    return nowhere([*(f"{BASE}{each.path}" for each in ENDPOINTS), PATH]).response()
