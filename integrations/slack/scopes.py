"""Scopes: which permission each method needs that we call. The manifest is held against this table."""

from __future__ import annotations

from types import MappingProxyType

BOT = MappingProxyType(
    {
        "auth.test": frozenset[str](),
        "chat.postEphemeral": frozenset({"chat:write"}),
        "chat.postMessage": frozenset({"chat:write", "chat:write.public"}),
        "chat.update": frozenset({"chat:write"}),
        "conversations.history": frozenset({"channels:history", "groups:history", "im:history"}),
        "conversations.info": frozenset({"channels:read", "groups:read"}),
        "conversations.open": frozenset({"im:write"}),
        "conversations.replies": frozenset({"channels:history", "groups:history", "im:history"}),
        "files.completeUploadExternal": frozenset({"files:write"}),
        "files.getUploadURLExternal": frozenset({"files:write"}),
        "usergroups.list": frozenset({"usergroups:read"}),
        "usergroups.users.list": frozenset({"usergroups:read"}),
        "users.info": frozenset({"users:read"}),
        "users.list": frozenset({"users:read"}),
        "users.lookupByEmail": frozenset({"users:read", "users:read.email"}),
        "views.open": frozenset[str](),
        "views.publish": frozenset[str](),
        "views.push": frozenset[str](),
        "views.update": frozenset[str](),
    }
)
"""With the bot's token. Where a method works with any of several scopes, all that we need are named."""

APP = MappingProxyType({"apps.connections.open": frozenset({"connections:write"})})
"""With the app-level token, for Socket Mode."""

EVENTS = MappingProxyType(
    {
        "app_home_opened": frozenset[str](),
        "subteam_members_changed": frozenset({"usergroups:read"}),
        "subteam_updated": frozenset({"usergroups:read"}),
        "user_change": frozenset({"users:read"}),
    }
)
"""To be told of these events."""

COMMANDS = frozenset({"commands"})
"""For slash commands."""


def needed() -> frozenset[str]:
    """Every scope that the bot's token must have."""
    return COMMANDS.union(*BOT.values(), *EVENTS.values())


def missing(granted: frozenset[str]) -> dict[str, list[str]]:
    """Each scope that is not granted, and what does not work without it."""
    told: dict[str, list[str]] = {}
    uses = {**BOT, **{f"the event {name}": scopes for name, scopes in EVENTS.items()}, "slash commands": COMMANDS}
    for use, scopes in uses.items():
        for scope in scopes - granted:
            told.setdefault(scope, []).append(use)
    return {scope: sorted(uses_of) for scope, uses_of in sorted(told.items())}
