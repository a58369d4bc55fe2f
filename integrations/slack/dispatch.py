"""Dispatch: hands a verified payload to Bolt, whichever way it came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse


async def dispatch(
    app: AsyncApp, payload: dict[str, Any], *, retry: int | str | None = None, reason: str | None = None
) -> BoltResponse:
    """Bolt's answer to a payload. A repeated delivery is handed on as well: after a restart it is the only one."""
    headers: Mapping[str, str] = {
        name: str(value)
        for name, value in (("x-slack-retry-num", retry), ("x-slack-retry-reason", reason))
        if value is not None
    }
    # In this mode Bolt takes a parsed body as it is, instead of parsing one by itself.
    request = AsyncBoltRequest(mode="socket_mode", body=payload, headers=dict(headers))
    return await app.async_dispatch(request)
