"""The API for machines, at `/api/v1`: what there is, in a table of contents. It only reads.

Each endpoint says what can be asked (its parameters), what is answered (its models), and how that is found. Who may
ask, and what is said where there is no answer, is the same for all (`serving.py`, `problems.py`); the document that
describes all of it is generated from the same models (`document.py`).
"""

from __future__ import annotations

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
from handlers.api.parameters import Nothing
from handlers.api.problems import NO_STORE, bad_request
from handlers.api.releases import RELEASE, RELEASES
from handlers.api.serving import READS, Serving, no_such_method, nowhere

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


def api_routes(desk: Desk, use: UseMachineToken, by_key: Handler) -> list[web.RouteDef]:
    """What is to be served. `by_key` answers whoever asks for the calendar with the key of its address."""
    handlers: dict[str, Handler] = {each.path: Serving(each, desk, use) for each in ENDPOINTS}
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
    """What the API is, for everybody."""
    if request.method not in READS:
        return no_such_method(request.method).response()
    asked = parameters.read(Nothing, {}, request.query)
    if not isinstance(asked, Nothing):
        return bad_request(asked).response()
    return web.Response(text=_written(), content_type="application/json", headers=NO_STORE)


@cache
def _written() -> str:
    """The document's text: the same as long as the program is."""
    return json.dumps(document(ENDPOINTS), ensure_ascii=False, indent=1)


async def _nowhere(request: web.Request) -> web.Response:
    del request
    return nowhere([*(f"{BASE}{each.path}" for each in ENDPOINTS), PATH]).response()
