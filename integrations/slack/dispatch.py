"""Dispatch: hands a verified payload to Bolt, whichever way it came."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

log = logging.getLogger(__name__)


async def dispatch(
    app: AsyncApp, payload: dict[str, Any], *, retry: int | str | None = None, reason: str | None = None
) -> BoltResponse:
    """Bolt's answer to a payload. A repeated delivery is handed on as well: after a restart it is the only one."""
    if not _has_its_parts(payload):
        log.warning("A request of the kind %.40r lacks what such a request has; it was refused.", payload.get("type"))
        return BoltResponse(status=400, body="unreadable payload")
    headers: Mapping[str, str] = {
        name: str(value)
        for name, value in (("x-slack-retry-num", retry), ("x-slack-retry-reason", reason))
        if value is not None
    }
    # In this mode Bolt takes a parsed body as it is, instead of parsing one by itself.
    try:
        request = AsyncBoltRequest(mode="socket_mode", body=payload, headers=dict(headers))
        return await app.async_dispatch(request)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        # What a listener raises never comes out here: this is Bolt, stumbling over a part that has an odd type.
        log.warning("A request of the kind %.40r could not be read (%s).", payload.get("type"), type(error).__name__)
        return BoltResponse(status=400, body="unreadable payload")


def _has_its_parts(payload: Mapping[str, Any]) -> bool:
    """Whether what Bolt looks for is there and of its type: it takes that for granted, and raises at once if not."""
    match payload.get("type"):
        case "event_callback":
            return isinstance(_part(payload, "event").get("type"), str)
        case "block_actions":
            actions = payload.get("actions")
            return isinstance(actions, list) and bool(actions) and all(_is_action(each) for each in actions)
        case "view_submission" | "view_closed":
            return isinstance(_part(payload, "view").get("callback_id"), str)
        case "shortcut" | "message_action":
            return isinstance(payload.get("callback_id"), str)
        case None:
            return isinstance(payload.get("command", ""), str)
        case kind:
            return isinstance(kind, str)


def _is_action(action: object) -> bool:
    return isinstance(action, Mapping) and isinstance(action.get("action_id"), str)


def _part(payload: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = payload.get(name)
    return found if isinstance(found, Mapping) else {}
