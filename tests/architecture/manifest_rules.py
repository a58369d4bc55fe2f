"""Slack's rules for an app's manifest, version 2: what may stand where, how long, how many. Only the parts we use."""

from __future__ import annotations

from typing import Any


def _closed(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


def _text(longest: int, shortest: int = 1, **more: Any) -> dict[str, Any]:
    return {"type": "string", "minLength": shortest, "maxLength": longest, **more}


_FLAG = {"type": "boolean"}
_ADDRESS = {"type": "string", "pattern": "^https://[^\\s]+$"}
_COMMAND = _closed(
    ["command", "description"],
    command=_text(32, 2, pattern="^/[a-z0-9_-]+$"),
    description=_text(2000),
    usage_hint=_text(1000),
    should_escape=_FLAG,
    url=_ADDRESS,
)

RULES: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    **_closed(
        ["display_information"],
        _metadata=_closed(["major_version"], major_version={"const": 2}, minor_version={"type": "integer"}),
        display_information=_closed(
            ["name"],
            name=_text(35),
            description=_text(140),
            background_color={"type": "string", "pattern": "^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$"},
            long_description=_text(4000, 175),
        ),
        features=_closed(
            [],
            app_home=_closed(
                [], home_tab_enabled=_FLAG, messages_tab_enabled=_FLAG, messages_tab_read_only_enabled=_FLAG
            ),
            bot_user=_closed(["display_name"], display_name=_text(80, pattern="^[a-z0-9._-]+$"), always_online=_FLAG),
            slash_commands={"type": "array", "minItems": 1, "maxItems": 50, "items": _COMMAND},
        ),
        oauth_config=_closed(
            [],
            scopes=_closed(
                [],
                bot={
                    "type": "array",
                    "maxItems": 255,
                    "uniqueItems": True,
                    "items": {"type": "string", "pattern": "^[a-z]+(:[a-z]+([._][a-z]+)*)?$"},
                },
            ),
        ),
        settings=_closed(
            [],
            event_subscriptions=_closed(
                [],
                request_url=_ADDRESS,
                bot_events={"type": "array", "maxItems": 100, "uniqueItems": True, "items": {"type": "string"}},
            ),
            interactivity=_closed(["is_enabled"], is_enabled=_FLAG, request_url=_ADDRESS),
            org_deploy_enabled=_FLAG,
            socket_mode_enabled=_FLAG,
            token_rotation_enabled=_FLAG,
        ),
    ),
}
