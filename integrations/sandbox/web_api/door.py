"""Door: where every call comes in: who is calling, may they, how often, and does something go wrong today."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections import deque
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from integrations.sandbox.faults import Fault, Faults
from integrations.sandbox.limits import RateLimits
from integrations.sandbox.web_api import METHODS
from integrations.sandbox.web_api.call import Call, Method, RefusedError, Result, Stage
from integrations.sandbox.workspace import Workspace

_READABLE = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain")


class Door:
    """Answers /api/<method>."""

    def __init__(
        self, workspace: Workspace, stage: Stage, *, tokens: Mapping[str, str], limits: RateLimits, faults: Faults
    ) -> None:
        self.calls: deque[tuple[str, Mapping[str, Any]]] = deque(maxlen=10_000)
        self._workspace = workspace
        self._stage = stage
        self._tokens = tokens
        self._limits = limits
        self._faults = faults
        self._closing = asyncio.Event()

    def close(self) -> None:
        """Let go of every call that is being left without an answer."""
        self._closing.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        name = request.match_info["method"]
        fault = self._faults.take(name)
        if fault is not None and fault.status in ("timeout", "drop"):
            return await self._leave(request, wait=fault.status == "timeout")
        if fault is not None and (refusal := _unwell(fault)) is not None:
            return refusal
        response = await self._answer(name, request)
        if fault is not None and fault.status in ("timeout_after_effect", "drop_after_effect"):
            return await self._leave(request, wait=fault.status == "timeout_after_effect")
        return response

    async def _answer(self, name: str, request: web.Request) -> web.Response:
        headers = {"x-oauth-scopes": ",".join(sorted(self._workspace.app.scopes))}
        try:
            arguments = await _arguments(request)
            token = _token(request, arguments)
            method = _method(name)
            headers["x-accepted-oauth-scopes"] = ",".join(method.scopes)
            call = Call(name, arguments, self._workspace, self._stage)
            self._admit(method, token, call)
            channel = str(arguments.get("channel", ""))
            if wait := self._limits.seconds_to_wait(name, method.tier, channel=channel):
                return _too_many(wait)
            self.calls.append((name, arguments))
            result = method.run(call)
            answer: Result = {"ok": True, **(await result if inspect.isawaitable(result) else result)}
        except RefusedError as refused:
            answer = {"ok": False, "error": str(refused), **refused.more}
            if refused.messages:
                answer["response_metadata"] = {"messages": list(refused.messages)}
        return web.json_response(answer, headers=headers)

    def _admit(self, method: Method, token: str, call: Call) -> None:
        if method.caller == "anybody":
            return
        if not token:
            raise RefusedError("not_authed")
        kind = self._tokens.get(token)
        if kind is None:
            raise RefusedError("invalid_auth")
        if kind != method.caller:
            raise RefusedError("not_allowed_token_type")
        call.needs_scope(*method.scopes)

    async def _leave(self, request: web.Request, *, wait: bool) -> web.Response:
        """Say nothing: cut the connection, or keep it open until the caller gives up."""
        transport = request.transport
        if wait:
            await self._closing.wait()
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()
        return web.Response(status=503)


def _method(name: str) -> Method:
    if name not in METHODS:
        raise RefusedError("unknown_method", req_method=name)
    return METHODS[name]


def _unwell(fault: Fault) -> web.Response | None:
    if fault.error:
        return web.json_response({"ok": False, "error": fault.error})
    if fault.status == 429:
        return _too_many(fault.retry_after)
    if isinstance(fault.status, int) and fault.status != 200:
        return web.Response(status=fault.status, text="<html><body>Something went wrong.</body></html>")
    return None


def _too_many(wait: int) -> web.Response:
    return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(wait)})


def _token(request: web.Request, arguments: Mapping[str, Any]) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else str(arguments.get("token", ""))


async def _arguments(request: web.Request) -> Mapping[str, Any]:
    arguments: dict[str, Any] = dict(request.query)
    if request.method != "POST" or not request.can_read_body:
        return arguments
    if request.content_type not in _READABLE:
        raise RefusedError("invalid_post_type")
    if request.content_type == "application/json":
        try:
            given = json.loads(await request.text())
        except json.JSONDecodeError as unreadable:
            raise RefusedError("invalid_json") from unreadable
        if not isinstance(given, dict):
            raise RefusedError("json_not_object")
        return arguments | given
    return arguments | {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
