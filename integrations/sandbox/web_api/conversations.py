"""conversations.*: channels, who is in them, and what was said there."""

from __future__ import annotations

from typing import Any

from integrations.sandbox import events
from integrations.sandbox.directory import channel_json
from integrations.sandbox.members import Channel
from integrations.sandbox.messages import Message
from integrations.sandbox.payloads import message_json
from integrations.sandbox.web_api.call import Call, Method, RefusedError, Result

_KINDS = ("public_channel", "private_channel", "mpim", "im")


def info(call: Call) -> Result:
    """One conversation."""
    channel = _readable(call, "read")
    return {"channel": channel_json(channel, call.workspace, with_count=call.flag("include_num_members"))}


def list_all(call: Call) -> Result:
    """The conversations that the app can see."""
    kinds = [kind.strip() for kind in call.text("types", "public_channel").split(",")]
    if any(kind not in _KINDS for kind in kinds):
        raise RefusedError("invalid_types")
    for kind in kinds:
        family = {"public_channel": "channels", "private_channel": "groups"}.get(kind, kind)
        call.needs_scope(f"{family}:read")
    app = call.workspace.app.user_id
    seen = [
        channel
        for channel in call.workspace.channels.values()
        if _kind(channel) in kinds
        and (_kind(channel) == "public_channel" or app in channel.members)
        and not (channel.is_archived and call.flag("exclude_archived"))
    ]
    channels, metadata = call.page(seen)
    shown = [channel_json(channel, call.workspace, with_count=True) for channel in channels]
    return {"channels": shown, "response_metadata": metadata}


def open_direct(call: Call) -> Result:
    """Open the direct conversation with one person."""
    given = call.text("users")
    if not given:
        channel = call.channel()
    else:
        if "," in given:
            raise RefusedError(
                "users_list_not_supplied", "[ERROR] the sandbox knows no conversations of several people"
            )
        member = call.workspace.people.get(given)
        if member is None:
            raise RefusedError("user_not_found")
        if member.deleted:
            raise RefusedError("user_disabled")
        if member.is_bot:
            raise RefusedError("cannot_dm_bot")
        channel = call.workspace.direct(member.id)
    if not channel.is_im:
        raise RefusedError("method_not_supported_for_channel_type")
    shown = channel_json(channel, call.workspace) if call.flag("return_im") else {"id": channel.id}
    return {"channel": shown}


def members(call: Call) -> Result:
    """Who is in a conversation."""
    channel = _readable(call, "read")
    ids, metadata = call.page(sorted(channel.members))
    return {"members": ids, "response_metadata": metadata}


def join(call: Call) -> Result:
    """Come into a public channel."""
    channel = call.channel()
    if channel.is_im or channel.is_private:
        raise RefusedError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise RefusedError("is_archived")
    app = call.workspace.app.user_id
    result: Result = {"channel": channel_json(channel, call.workspace)}
    if app in channel.members:
        return result | {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
    channel.members.add(app)
    call.workspace.tell("channels", channel=channel.id)
    events.joined(call.workspace, call.workspace.people[app], channel)
    return {"channel": channel_json(channel, call.workspace)}


def history(call: Call) -> Result:
    """What was said in a conversation, newest first, without replies and without what only one person saw."""
    channel = _spoken_in(call)
    said = [m for m in _said(call, channel) if not m.is_reply or m.reply_broadcast]
    page, metadata = call.page(said[::-1], default=100, most=999)
    return {
        "messages": [_shown(call, message) for message in page],
        "has_more": bool(metadata["next_cursor"]),
        "pin_count": 0,
        "response_metadata": metadata,
    }


def replies(call: Call) -> Result:
    """A thread, oldest first."""
    channel = _spoken_in(call)
    ts = call.needs("ts")
    asked = call.workspace.message(channel.id, ts)
    if asked is None or asked.ephemeral_to is not None:
        raise RefusedError("thread_not_found")
    root = asked.thread_ts or asked.ts
    thread = [m for m in _said(call, channel, always=root) if root in (m.ts, m.thread_ts)]
    page, metadata = call.page(thread)
    return {
        "messages": [_shown(call, message) for message in page],
        "has_more": bool(metadata["next_cursor"]),
        "response_metadata": metadata,
    }


def _kind(channel: Channel) -> str:
    if channel.is_im:
        return "im"
    return "private_channel" if channel.is_private else "public_channel"


def _family(channel: Channel) -> str:
    return {"im": "im", "private_channel": "groups"}.get(_kind(channel), "channels")


def _readable(call: Call, what: str) -> Channel:
    channel = call.channel()
    call.needs_scope(f"{_family(channel)}:{what}")
    return channel


def _spoken_in(call: Call) -> Channel:
    channel = _readable(call, "history")
    if call.workspace.app.user_id not in channel.members:
        raise RefusedError("not_in_channel")
    return channel


def _said(call: Call, channel: Channel, *, always: str = "") -> list[Message]:
    low, high = _moment(call, "oldest", 0.0), _moment(call, "latest", float("inf"))
    inclusive = call.flag("inclusive")
    return [
        m
        for m in call.workspace.messages[channel.id]
        if m.ephemeral_to is None and (m.ts == always or low < m.at < high or (inclusive and m.at in (low, high)))
    ]


def _moment(call: Call, name: str, default: float) -> float:
    given = call.text(name)
    try:
        return float(given) if given else default
    except ValueError as unreadable:
        raise RefusedError(f"invalid_ts_{name}") from unreadable


def _shown(call: Call, message: Message) -> dict[str, Any]:
    shown = message_json(message, call.workspace)
    if not call.flag("include_all_metadata"):
        shown.pop("metadata", None)
    return shown


_READ = tuple(f"{family}:read" for family in ("channels", "groups", "im", "mpim"))
_HISTORY = tuple(f"{family}:history" for family in ("channels", "groups", "im", "mpim"))

METHODS = {
    "conversations.info": Method(info, tier=3, scopes=_READ),
    "conversations.list": Method(list_all, tier=2, scopes=_READ),
    "conversations.open": Method(open_direct, tier=3, scopes=("im:write",)),
    "conversations.members": Method(members, tier=4, scopes=_READ),
    "conversations.join": Method(join, tier=3, scopes=("channels:join",)),
    "conversations.history": Method(history, tier=3, scopes=_HISTORY),
    "conversations.replies": Method(replies, tier=3, scopes=_HISTORY),
}
