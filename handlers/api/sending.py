"""Sending: an answer at once; or, where it is long, as it is read."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from handlers.api.endpoint import CalendarText, Lines
from handlers.api.models import Model
from handlers.api.problems import NO_STORE

JSON_LINES = "application/jsonl"
PATIENCE = timedelta(seconds=30)
"""How long an answer, or a part of a long one, may take: a build's script has given up by then."""


def whole(found: Model | CalendarText, request: web.Request) -> web.Response:
    """All of it at once."""
    if isinstance(found, CalendarText):
        return web.Response(
            text=found.text,
            content_type="text/calendar",
            charset="utf-8",
            headers={**NO_STORE, "Content-Disposition": 'inline; filename="freezes.ics"'},
        )
    return web.Response(
        body=found.model_dump_json().encode() + b"\n",
        content_type="application/json",
        headers={**NO_STORE, **_following(found, request)},
    )


def _following(found: Model, request: web.Request) -> Mapping[str, str]:
    """Where the next page is, for programs that follow links."""
    following = getattr(found, "next", None)
    return {"Link": f'<{request.rel_url.update_query(cursor=following)}>; rel="next"'} if following else {}


@dataclass(frozen=True, slots=True)
class Streaming:
    """A long answer, of which the first part has been read."""

    lines: Lines
    first: bytes

    @classmethod
    async def begun(cls, lines: Lines) -> Streaming:
        """Read the first part, so that it can still be said if it can't be read."""
        return cls(lines, await _part(lines))

    async def send(self, request: web.Request) -> web.StreamResponse:
        """Send it, part by part: no more of it is kept than whoever reads it takes."""
        response = web.StreamResponse(headers={**NO_STORE, **self.lines.headers, "Content-Type": JSON_LINES})
        await response.prepare(request)
        part = self.first if request.method == "GET" else b""
        while part:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                await response.write(part)
                part = await _part(self.lines)
        await response.write_eof()
        return response


async def _part(lines: Lines) -> bytes:
    page = await anext(lines.pages, None)
    return b"".join(each.model_dump_json().encode() + b"\n" for each in page or ())
