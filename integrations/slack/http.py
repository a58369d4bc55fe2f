"""HTTP: the entry for signed requests from Slack. It verifies and parses by itself, and answers at once."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.signature import Clock, SignatureVerifier

from integrations.slack.dispatch import dispatch

log = logging.getLogger(__name__)

PATH = "/slack/events"
_LARGEST = 1024 * 1024
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)


class _At(Clock):
    """The SDK's clock, told by ours."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds

    def now(self) -> float:
        return self._seconds()


class SignedEntry:
    """Takes what Slack posts. A secret that is empty is refused when it starts, not at the first request."""

    def __init__(self, app: AsyncApp, signing_secret: str, *, seconds: Callable[[], float] = time.time) -> None:
        self._app = app
        self._verifier = SignatureVerifier(signing_secret, _At(seconds))

    def routes(self, path: str = PATH) -> list[web.RouteDef]:
        """What is to be served."""
        return [web.post(path, self.handle)]

    async def handle(self, request: web.Request) -> web.Response:
        """Verify, parse, hand over, answer."""
        raw = await _limited(request)
        if raw is None:
            return web.Response(status=413, text="too large")
        if not self._genuine(raw, request):
            log.info("A request from %s without a valid signature was refused.", request.remote)
            return web.Response(status=401, text="invalid signature")
        payload = _parsed(raw, request.content_type)
        if payload is None:
            log.info("A signed request whose body can't be read was refused.")
            return web.Response(status=400, text="unreadable body")
        if payload.get("ssl_check") == "1":
            return web.Response(status=200)
        retry = request.headers.get("X-Slack-Retry-Num")
        reason = request.headers.get("X-Slack-Retry-Reason")
        return await to_aiohttp_response(await dispatch(self._app, payload, retry=retry, reason=reason))

    def _genuine(self, raw: bytes, request: web.Request) -> bool:
        """The SDK raises on a time that is no number, and on what is not ASCII or UTF-8: those are looked at before."""
        stamps = request.headers.getall("X-Slack-Request-Timestamp", [])
        signatures = request.headers.getall("X-Slack-Signature", [])
        if len(stamps) != 1 or len(signatures) != 1:
            return False
        if not _SECONDS.fullmatch(stamps[0]) or not _SIGNATURE.fullmatch(signatures[0]):
            return False
        try:
            body = raw.decode()
        except UnicodeDecodeError:
            return False
        return self._verifier.is_valid(body, stamps[0], signatures[0])


async def _limited(request: web.Request) -> bytes | None:
    """The body; None if it is larger than anything that Slack sends."""
    if (request.content_length or 0) > _LARGEST:
        return None
    chunks, size = [], 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > _LARGEST:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _parsed(raw: bytes, content_type: str) -> dict[str, Any] | None:
    """The payload. Bolt's own parsing empties a form in which `payload` occurs anywhere, a service's name included."""
    text = raw.decode()
    if content_type == "application/json":
        return _document(text)
    try:
        form = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=1000))
    except ValueError:
        return None
    return _document(form["payload"]) if "payload" in form else form


def _document(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
