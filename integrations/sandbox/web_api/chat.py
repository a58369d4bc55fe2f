"""chat.*: posting, changing and taking away messages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from integrations.sandbox import events
from integrations.sandbox.members import Channel
from integrations.sandbox.messages import Block, Message
from integrations.sandbox.payloads import message_json
from integrations.sandbox.posting import PostRefusedError, check_content, check_metadata
from integrations.sandbox.web_api.call import Call, Method, RefusedError, Result


def post_message(call: Call) -> Result:
    """Post a message into a channel, or into the direct conversation with a person."""
    channel = _target(call)
    blocks, text = _content(call)
    message = Message(
        channel=channel.id,
        ts=call.workspace.next_ts(),
        user=call.workspace.app.user_id,
        bot_id=call.workspace.app.bot_id,
        text=text,
        blocks=tuple(blocks),
        thread_ts=_thread(call, channel),
        reply_broadcast=call.flag("reply_broadcast"),
        metadata=_metadata(call) or None,
    )
    call.workspace.put(message)
    events.message_posted(call.workspace, message)
    return {"channel": channel.id, "ts": message.ts, "message": message_json(message, call.workspace)}


def post_ephemeral(call: Call) -> Result:
    """Show a message to one person in a channel."""
    channel = _target(call)
    user = call.needs("user")
    if user not in channel.members:
        raise RefusedError("user_not_in_channel")
    blocks, text = _content(call)
    message = Message(
        channel=channel.id,
        ts=call.workspace.next_ts(),
        user=call.workspace.app.user_id,
        bot_id=call.workspace.app.bot_id,
        text=text,
        blocks=tuple(blocks),
        thread_ts=_thread(call, channel),
        ephemeral_to=user,
    )
    call.workspace.put(message)
    return {"message_ts": message.ts}


def update(call: Call) -> Result:
    """Change a message. Text alone takes the blocks away and marks it as edited; blocks do not."""
    channel, message = _own(call, "cant_update_message")
    if channel.is_archived:
        raise RefusedError("is_inactive")
    blocks, text = _content(call)
    given = _metadata(call)
    edited = message.edited
    if not blocks:
        edited = {"user": call.workspace.app.user_id, "ts": call.workspace.next_ts()}
    changed = call.workspace.put(
        replace(
            message,
            text=text,
            blocks=tuple(blocks),
            metadata=message.metadata if given is None else given or None,
            edited=edited,
            reply_broadcast=message.reply_broadcast or call.flag("reply_broadcast"),
        )
    )
    shown = message_json(changed, call.workspace)
    return {"channel": channel.id, "ts": changed.ts, "text": changed.text, "message": shown}


def delete(call: Call) -> Result:
    """Take a message away."""
    channel, message = _own(call, "cant_delete_message")
    call.workspace.remove(message)
    return {"channel": channel.id, "ts": message.ts}


def get_permalink(call: Call) -> Result:
    """The address of a message."""
    channel = call.channel()
    message = call.workspace.message(channel.id, call.needs("message_ts"))
    if message is None or message.ephemeral_to is not None:
        raise RefusedError("message_not_found")
    address = f"{call.stage.url}/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.is_reply:
        address += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": address}


def _target(call: Call) -> Channel:
    """Where to post: a conversation's id, a channel's name, or a person's id for the direct conversation."""
    given, workspace = call.text("channel"), call.workspace
    if given in workspace.people:
        if workspace.people[given].deleted or workspace.people[given].is_bot:
            raise RefusedError("channel_not_found" if workspace.people[given].deleted else "cannot_dm_bot")
        return workspace.direct(given)
    named = [c for c in workspace.channels.values() if not c.is_im and c.name == given.removeprefix("#")]
    channel = workspace.channels.get(given) or next(iter(named), None)
    if channel is None:
        raise RefusedError("channel_not_found")
    if workspace.app.user_id not in channel.members:
        if channel.is_private or channel.is_im:
            raise RefusedError("channel_not_found")
        if "chat:write.public" not in workspace.app.scopes:
            raise RefusedError("not_in_channel")
    if channel.is_archived:
        raise RefusedError("is_archived")
    return channel


def _content(call: Call) -> tuple[list[Block], str]:
    text = call.text("text")
    blocks = call.json("blocks", error="invalid_blocks_format")
    try:
        return list(check_content(call.workspace, text, blocks, strict_text=call.stage.strict_text)), text
    except PostRefusedError as refused:
        raise RefusedError(str(refused), *refused.messages) from refused


def _metadata(call: Call) -> Any:
    try:
        return check_metadata(call.json("metadata", error="invalid_metadata_format"))
    except PostRefusedError as refused:
        raise RefusedError(str(refused)) from refused


def _thread(call: Call, channel: Channel) -> str | None:
    ts = call.text("thread_ts")
    if not ts:
        return None
    root = call.workspace.message(channel.id, ts)
    if root is None or root.ephemeral_to is not None:
        raise RefusedError("thread_not_found")
    return root.thread_ts if root.is_reply else root.ts


def _own(call: Call, error: str) -> tuple[Channel, Message]:
    """The app's own message. Ephemeral ones are not kept, so they are never found."""
    channel = call.channel()
    message = call.workspace.message(channel.id, call.needs("ts"))
    if message is None or message.ephemeral_to is not None:
        raise RefusedError("message_not_found")
    if message.bot_id != call.workspace.app.bot_id:
        raise RefusedError(error)
    return channel, message


METHODS = {
    "chat.postMessage": Method(post_message, tier=3, scopes=("chat:write",)),
    "chat.postEphemeral": Method(post_ephemeral, tier=4, scopes=("chat:write",)),
    "chat.update": Method(update, tier=3, scopes=("chat:write",)),
    "chat.delete": Method(delete, tier=3, scopes=("chat:write",)),
    "chat.getPermalink": Method(get_permalink, tier=4),
}
