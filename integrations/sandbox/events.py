"""Events: what the app hears of by itself, if it asked for it in its manifest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from integrations.sandbox.directory import user_json
from integrations.sandbox.members import Channel, Member, UserGroup
from integrations.sandbox.messages import Message
from integrations.sandbox.payloads import event_callback, message_json

if TYPE_CHECKING:
    from integrations.sandbox.roster import Roster
    from integrations.sandbox.workspace import Workspace


def emit(workspace: Roster, subscribed_as: str, event: Mapping[str, Any]) -> bool:
    """Send one event if the app subscribed to it; whether it did."""
    if workspace.link is None or subscribed_as not in workspace.app.events:
        return False
    workspace.link.event(event_callback(workspace, event))
    return True


def message_posted(workspace: Workspace, message: Message) -> None:
    """A message in a conversation that the app is in; and its being mentioned there."""
    channel = workspace.channels[message.channel]
    if workspace.app.user_id not in channel.members or message.ephemeral_to is not None:
        return
    shown = message_json(message, workspace)
    frame = {"channel": channel.id, "event_ts": message.ts, "channel_type": _type_of(channel)}
    emit(workspace, "message." + _family_of(channel), shown | frame)
    if f"<@{workspace.app.user_id}>" in message.text and not message.bot_id and not channel.is_im:
        mention = {key: value for key, value in shown.items() if key != "subtype"}
        emit(workspace, "app_mention", mention | {"type": "app_mention", "channel": channel.id, "event_ts": message.ts})


def home_opened(workspace: Workspace, member: Member, *, tab: str) -> None:
    """Somebody looks at the app's Home, or at its messages."""
    event: dict[str, Any] = {
        "type": "app_home_opened",
        "user": member.id,
        "channel": workspace.direct(member.id).id,
        "tab": tab,
        "event_ts": workspace.next_ts(),
    }
    if tab == "home" and member.id in workspace.homes:
        event["view"] = workspace.homes[member.id]
    emit(workspace, "app_home_opened", event)


def reacted(workspace: Workspace, member: Member, message: Message, reaction: str, *, added: bool) -> None:
    """Somebody put an emoji under a message, or took it away."""
    kind = "reaction_added" if added else "reaction_removed"
    item = {"type": "message", "channel": message.channel, "ts": message.ts}
    event = {"user": member.id, "reaction": reaction, "item_user": message.user, "item": item}
    emit(workspace, kind, {"type": kind, "event_ts": workspace.next_ts(), **event})


def joined(workspace: Workspace, member: Member, channel: Channel) -> None:
    """Somebody, perhaps the app, came into a channel."""
    event = {"user": member.id, "channel": channel.id, "channel_type": _type_of(channel)[0].upper()}
    frame = {"type": "member_joined_channel", "team": workspace.team_id, "event_ts": workspace.next_ts()}
    emit(workspace, "member_joined_channel", frame | event)


def person_changed(workspace: Roster, member: Member) -> None:
    """Something about somebody changed: name, time zone, guest, deactivated."""
    event = {"type": "user_change", "user": user_json(member, workspace), "event_ts": workspace.next_ts()}
    emit(workspace, "user_change", event)


def group_changed(workspace: Roster, group: UserGroup, *, before: set[str]) -> None:
    """Somebody came into a group or left it."""
    after = set(group.members)
    added, removed = sorted(after - before), sorted(before - after)
    event = {
        "type": "subteam_members_changed",
        "subteam_id": group.id,
        "team_id": workspace.team_id,
        "date_update": group.date_update,
        "added_users": added,
        "added_users_count": len(added),
        "removed_users": removed,
        "removed_users_count": len(removed),
        "event_ts": workspace.next_ts(),
    }
    emit(workspace, "subteam_members_changed", event)


def _family_of(channel: Channel) -> str:
    if channel.is_im:
        return "im"
    return "groups" if channel.is_private else "channels"


def _type_of(channel: Channel) -> str:
    if channel.is_im:
        return "im"
    return "group" if channel.is_private else "channel"
