"""Directory: people, groups and channels as the Web API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from integrations.sandbox.members import Channel, Member, UserGroup

if TYPE_CHECKING:
    from integrations.sandbox.roster import Roster


def user_json(member: Member, workspace: Roster) -> dict[str, Any]:
    """Somebody, as users.info shows them. A deactivated account has lost most of its fields, as at Slack."""
    stranger = member.team_id != workspace.team_id
    shown: dict[str, Any] = {
        "id": member.id,
        "team_id": member.team_id,
        "name": member.name,
        "deleted": member.deleted,
        "profile": {
            "real_name": member.real_name,
            "display_name": member.name,
            "real_name_normalized": member.real_name,
            "display_name_normalized": member.name,
            "title": member.title,
            "status_text": "",
            "status_emoji": "",
            "avatar_hash": "g" + member.colour,
            "team": member.team_id,
        },
        "is_bot": member.is_bot,
        "is_app_user": False,
        "updated": int(workspace.now().timestamp()),
    }
    if member.bot_id:
        shown["profile"] |= {"bot_id": member.bot_id, "api_app_id": member.app_id}
    if member.email and not stranger and "users:read.email" in workspace.app.scopes:
        shown["profile"]["email"] = member.email
    if member.is_workflow_bot:
        shown["is_workflow_bot"] = True
    if stranger:
        shown["is_stranger"] = True
    if member.deleted:
        return shown
    offset = workspace.now().astimezone(ZoneInfo(member.tz)).utcoffset()
    shown |= {
        "color": member.colour,
        "real_name": member.real_name,
        "tz": member.tz,
        "tz_label": member.tz,
        "tz_offset": int(offset.total_seconds()) if offset is not None else 0,
        "is_admin": member.is_admin,
        "is_owner": member.is_owner,
        "is_primary_owner": False,
        "is_restricted": member.is_restricted,
        "is_ultra_restricted": member.is_ultra_restricted,
        "is_email_confirmed": not member.is_invited_user,
        "who_can_share_contact_card": "EVERYONE",
    }
    if member.is_invited_user:
        shown["is_invited_user"] = True
    return shown


def group_json(group: UserGroup, workspace: Roster, *, with_users: bool, with_count: bool) -> dict[str, Any]:
    """A user group, as usergroups.list shows it."""
    shown: dict[str, Any] = {
        "id": group.id,
        "team_id": workspace.team_id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": group.description,
        "handle": group.handle,
        "is_external": False,
        "date_create": group.date_create,
        "date_update": group.date_update,
        "date_delete": group.date_delete,
        "auto_type": None,
        "prefs": {"channels": [], "groups": []},
    }
    if with_users:
        shown["users"] = list(group.members)
    if with_count:
        shown["user_count"] = len(group.members)
    return shown


def channel_json(channel: Channel, workspace: Roster, *, with_count: bool = False) -> dict[str, Any]:
    """A conversation, as conversations.info shows it."""
    if channel.is_im:
        return {
            "id": channel.id,
            "created": channel.created,
            "is_im": True,
            "is_archived": channel.is_archived,
            "is_org_shared": False,
            "user": channel.im_with,
            "is_user_deleted": workspace.people[channel.im_with or ""].deleted,
            "is_open": True,
            "context_team_id": workspace.team_id,
        }
    shown: dict[str, Any] = {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_general": False,
        "is_shared": channel.is_ext_shared,
        "is_ext_shared": channel.is_ext_shared,
        "is_org_shared": False,
        "created": channel.created,
        "creator": channel.creator or workspace.app.user_id,
        "is_member": workspace.app.user_id in channel.members,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": channel.purpose, "creator": "", "last_set": 0},
        "context_team_id": workspace.team_id,
    }
    if with_count:
        shown["num_members"] = len(channel.members)
    return shown
