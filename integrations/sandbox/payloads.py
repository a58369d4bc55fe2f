"""Payloads: what Slack sends to an app, field for field."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from integrations.sandbox.members import Channel, Member
from integrations.sandbox.messages import Message, View

if TYPE_CHECKING:
    from integrations.sandbox.roster import Roster
    from integrations.sandbox.workspace import Workspace

VERIFICATION_TOKEN = "sandbox-verification-token"  # noqa: S105  (Slack's deprecated field; nothing is secured by it)


def message_json(message: Message, workspace: Workspace) -> dict[str, Any]:
    """A message as the Web API and the payloads show it."""
    shown: dict[str, Any] = {"type": "message", "user": message.user, "text": message.text, "ts": message.ts}
    shown["team"] = workspace.people[message.user].team_id
    if message.bot_id:
        shown |= {
            "bot_id": message.bot_id,
            "app_id": workspace.app.app_id,
            "bot_profile": {
                "id": message.bot_id,
                "app_id": workspace.app.app_id,
                "user_id": workspace.app.user_id,
                "name": workspace.app.name,
                "team_id": workspace.team_id,
                "deleted": False,
            },
        }
    if message.blocks:
        shown["blocks"] = [dict(block) for block in message.blocks]
    shown |= _thread_json(message, workspace)
    if message.metadata:
        shown["metadata"] = dict(message.metadata)
    if message.edited:
        shown["edited"] = dict(message.edited)
    if message.files:
        shown["files"] = [{"id": f.id, "name": f.name, "title": f.title, "mimetype": f.mimetype} for f in message.files]
    if message.reactions:
        shown["reactions"] = [
            {"name": r.name, "users": list(r.users), "count": len(r.users)} for r in message.reactions
        ]
    return shown


def _thread_json(message: Message, workspace: Workspace) -> dict[str, Any]:
    if message.is_reply:
        root = workspace.message(message.channel, message.thread_ts or "")
        broadcast = {"subtype": "thread_broadcast"} if message.reply_broadcast else {}
        parent = {"parent_user_id": root.user} if root else {}
        return {"thread_ts": message.thread_ts, **parent, **broadcast}
    replies = [m for m in workspace.replies(message.channel, message.ts) if m.ephemeral_to is None]
    if not replies:
        return {}
    writers = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users_count": len(writers),
        "reply_users": writers,
        "latest_reply": replies[-1].ts,
    }


def _who(member: Member) -> dict[str, str]:
    return {"id": member.id, "username": member.name, "name": member.name, "team_id": member.team_id}


def _frame(kind: str, member: Member, workspace: Workspace) -> dict[str, Any]:
    return {
        "type": kind,
        "user": _who(member),
        "api_app_id": workspace.app.app_id,
        "token": VERIFICATION_TOKEN,
        "team": {"id": workspace.team_id, "domain": workspace.domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def channel_label(channel: Channel) -> str:
    """What payloads call a channel: the names of private ones stay private."""
    if channel.is_im:
        return "directmessage"
    return "privategroup" if channel.is_private else channel.name


def slash_command(
    workspace: Workspace,
    member: Member,
    channel: Channel,
    *,
    command: str,
    text: str,
    trigger_id: str,
    response_url: str,
) -> dict[str, Any]:
    """A typed slash command: a flat form."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": workspace.team_id,
        "team_domain": workspace.domain,
        "channel_id": channel.id,
        "channel_name": channel_label(channel),
        "user_id": member.id,
        "user_name": member.name,
        "command": command,
        "text": text,
        "api_app_id": workspace.app.app_id,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def message_action(
    workspace: Workspace,
    member: Member,
    message: Message,
    *,
    action: Mapping[str, Any],
    state: Mapping[str, Any],
    trigger_id: str,
    response_url: str,
) -> dict[str, Any]:
    """Something pressed or chosen in a message. The text of an ephemeral message is not kept, hence not sent along."""
    container: dict[str, Any] = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": message.ephemeral_to is not None,
    }
    if message.is_reply:
        container["thread_ts"] = message.thread_ts
    channel = workspace.channels[message.channel]
    payload = _frame("block_actions", member, workspace) | {
        "container": container,
        "trigger_id": trigger_id,
        "channel": {"id": channel.id, "name": channel_label(channel)},
        "state": {"values": state},
        "response_url": response_url,
        "actions": [dict(action)],
    }
    if message.ephemeral_to is None:
        payload["message"] = message_json(message, workspace)
    return payload


def view_action(
    workspace: Workspace,
    member: Member,
    view: View,
    *,
    action: Mapping[str, Any],
    state: Mapping[str, Any],
    trigger_id: str,
) -> dict[str, Any]:
    """Something pressed or chosen in a form or on Home: there is no channel and no response_url."""
    return _frame("block_actions", member, workspace) | {
        "container": {"type": "view", "view_id": view["id"]},
        "trigger_id": trigger_id,
        "view": view | {"state": {"values": state}},
        "actions": [dict(action)],
    }


def view_submission(
    workspace: Workspace, member: Member, view: View, *, state: Mapping[str, Any], trigger_id: str
) -> dict[str, Any]:
    """A submitted form."""
    return _frame("view_submission", member, workspace) | {
        "trigger_id": trigger_id,
        "view": view | {"state": {"values": state}},
        "response_urls": [],
    }


def view_closed(
    workspace: Workspace, member: Member, view: View, *, state: Mapping[str, Any], cleared: bool
) -> dict[str, Any]:
    """A closed form."""
    return _frame("view_closed", member, workspace) | {
        "view": view | {"state": {"values": state}},
        "is_cleared": cleared,
    }


def event_callback(workspace: Roster, event: Mapping[str, Any]) -> dict[str, Any]:
    """An event in its envelope; `event_id` stays the same over all deliveries of it."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": workspace.team_id,
        "context_team_id": workspace.team_id,
        "api_app_id": workspace.app.app_id,
        "event": dict(event),
        "type": "event_callback",
        "event_id": "Ev" + secrets.token_hex(6).upper(),
        "event_time": int(workspace.now().timestamp()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": workspace.team_id,
                "user_id": workspace.app.user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": "4-" + secrets.token_urlsafe(12),
    }
