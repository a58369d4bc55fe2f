"""The feed: the freezes as a calendar to subscribe to, for whoever knows the key in its address."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from aiohttp import web

from bot.ports import ConflictError, RecordsError
from bot.rules.policy import ServiceName
from bot.rules.sentence import Refused
from bot.secret import Secret

log = logging.getLogger(__name__)

KEPT = timedelta(minutes=5)
"""So long a calendar program may show what it has without asking."""

TextOf = Callable[[ServiceName | None], Awaitable[str | Refused]]
"""The calendar of one service, or of all."""


def calendar_by_key(key: Secret, text_of: TextOf) -> Callable[[web.Request], Awaitable[web.Response]]:
    """What answers whoever has the key in their address; without a key in the settings nobody has."""

    async def answer(request: web.Request) -> web.Response:
        if not key or not _knows(key, request):
            raise web.HTTPNotFound  # the same answer as where there is nothing
        service = request.query.get("service", "")
        try:
            text = await text_of(ServiceName(service) if service else None)
        except (RecordsError, ConflictError):
            log.exception("The calendar of freezes can't be drawn.")
            return web.Response(status=503, text="The freezes can't be read just now.", headers={"Retry-After": "60"})
        if isinstance(text, Refused):
            raise web.HTTPNotFound(text=str(text.why))
        return _calendar(text, request)

    return answer


def _knows(key: Secret, request: web.Request) -> bool:
    given = request.query.get("key", "").encode("utf-8", "replace")
    return hmac.compare_digest(given, key.reveal().encode())


def _calendar(text: str, request: web.Request) -> web.Response:
    """The calendar, or that it is still the one that the program has."""
    body = text.encode()
    version = hashlib.sha256(body).hexdigest()
    headers = {"ETag": f'"{version}"', "Cache-Control": f"private, max-age={int(KEPT.total_seconds())}"}
    if any(each.value in {version, "*"} for each in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    headers["Content-Disposition"] = 'inline; filename="freezes.ics"'
    return web.Response(body=body, content_type="text/calendar", charset="utf-8", headers=headers)
