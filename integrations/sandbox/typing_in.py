"""Typing in: how a typed line is escaped before an app gets it, with mentions made unmistakable."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from integrations.sandbox.workspace import Workspace

_MENTION = re.compile(r"(?<![\w<|&])([@#])([\w.-]*\w)")
_LINK = re.compile(r"https?://[^\s<>|]+")


def escape_command(text: str, workspace: Workspace, *, should_escape: bool) -> str:
    """The text behind a slash command; mentions and links are resolved only where the manifest asks for it."""
    return escape(text, workspace, labels=True) if should_escape else _entities(text)


def escape(text: str, workspace: Workspace, *, labels: bool = False) -> str:
    """A typed line as it is stored: entities, then links, then mentions. `labels` writes names beside the ids."""
    linked = _LINK.sub(lambda found: f"<{found[0]}>", _entities(text))
    return _MENTION.sub(lambda found: _mention(found, workspace, labels=labels), linked)


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _mention(found: re.Match[str], workspace: Workspace, *, labels: bool) -> str:
    sign, name = found[1], found[2]
    if sign == "#":
        channel = next((c for c in workspace.channels.values() if c.name == name and not c.is_im), None)
        return f"<#{channel.id}{'|' + channel.name if labels else ''}>" if channel else found[0]
    if name in {"here", "channel", "everyone"}:
        return f"<!{name}>"
    member = next((m for m in workspace.people.values() if m.name == name), None)
    if member:
        return f"<@{member.id}{'|' + member.name if labels else ''}>"
    group = next((g for g in workspace.groups.values() if g.handle == name and not g.date_delete), None)
    if group:
        return f"<!subteam^{group.id}{'|@' + group.handle if labels else ''}>"
    return found[0]
