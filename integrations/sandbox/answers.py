"""Answers: the addresses outside the Web API that apps send to: response URLs and uploads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from integrations.sandbox.posting import post_answer
from integrations.sandbox.response_urls import ResponseUrlRefusedError
from integrations.sandbox.workspace import Workspace


class Answers:
    """Takes what apps send to a response URL or an upload URL."""

    def __init__(self, workspace: Workspace, *, strict_text: bool) -> None:
        self._workspace = workspace
        self._strict_text = strict_text

    async def respond(self, request: web.Request) -> web.Response:
        """One answer to something that somebody did."""
        body = await _body(request)
        if body is None:
            return _refusal("invalid_payload", 400)
        try:
            given = self._workspace.response_urls.use(request.match_info["key"])
        except ResponseUrlRefusedError as refused:
            return _refusal(str(refused), 404)
        error = post_answer(self._workspace, given, body, strict_text=self._strict_text)
        return _refusal(error, 400) if error else web.Response(text="ok")

    async def upload(self, request: web.Request) -> web.Response:
        """The content of an announced file."""
        content = await _content(request)
        if not self._workspace.files.receive(request.match_info["ticket"], content):
            return web.Response(status=400, text="No file of that size is expected here.")
        return web.Response(text=f"OK - {len(content)}")

    async def download(self, request: web.Request) -> web.Response:
        """A finished file."""
        file = self._workspace.files.get(request.match_info["file"])
        if file is None:
            return web.Response(status=404, text="There is no such file.")
        return web.Response(body=file.content, content_type=file.mimetype)


async def _body(request: web.Request) -> Mapping[str, Any] | None:
    text = await request.text()
    if request.content_type == "application/x-www-form-urlencoded":
        text = str((await request.post()).get("payload", ""))
    try:
        body = json.loads(text)
    except json.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


async def _content(request: web.Request) -> bytes:
    if request.content_type != "multipart/form-data":
        return await request.read()
    for part in (await request.post()).values():
        if isinstance(part, web.FileField):
            return part.file.read()
    return b""


def _refusal(error: str, status: int) -> web.Response:
    return web.json_response({"ok": False, "error": error}, status=status)
