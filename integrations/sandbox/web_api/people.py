"""users.*, usergroups.*, bots.*: who is there."""

from __future__ import annotations

from integrations.sandbox.directory import group_json, user_json
from integrations.sandbox.web_api.call import Call, Method, RefusedError, Result


def users_info(call: Call) -> Result:
    """Somebody."""
    member = call.workspace.people.get(call.needs("user"))
    if member is None:
        raise RefusedError("user_not_found")
    return {"user": user_json(member, call.workspace)}


def users_list(call: Call) -> Result:
    """Everybody of this workspace; people of other ones are not listed."""
    own = [m for m in call.workspace.people.values() if m.team_id == call.workspace.team_id]
    members, metadata = call.page(own)
    now = int(call.workspace.now().timestamp())
    shown = [user_json(member, call.workspace) for member in members]
    return {"members": shown, "cache_ts": now, "response_metadata": metadata}


def users_lookup_by_email(call: Call) -> Result:
    """The member with an address; deactivated people and those of other workspaces are not found."""
    wanted = call.needs("email").lower()
    for member in call.workspace.people.values():
        if member.email.lower() == wanted and not member.deleted and member.team_id == call.workspace.team_id:
            return {"user": user_json(member, call.workspace)}
    raise RefusedError("users_not_found")


def usergroups_list(call: Call) -> Result:
    """All user groups; disabled ones only if asked for."""
    with_disabled = call.flag("include_disabled")
    return {
        "usergroups": [
            group_json(
                group, call.workspace, with_users=call.flag("include_users"), with_count=call.flag("include_count")
            )
            for group in call.workspace.groups.values()
            if with_disabled or not group.date_delete
        ]
    }


def usergroups_users_list(call: Call) -> Result:
    """Who is in a group."""
    group = call.workspace.groups.get(call.needs("usergroup"))
    if group is None or (group.date_delete and not call.flag("include_disabled")):
        raise RefusedError("no_such_subteam")
    # As at Slack, deactivated people drop out of their groups.
    return {"users": [user for user in group.members if not call.workspace.people[user].deleted]}


def bots_info(call: Call) -> Result:
    """The app's bot."""
    app = call.workspace.app
    if call.text("bot", app.bot_id) != app.bot_id:
        raise RefusedError("bot_not_found")
    bot = {"id": app.bot_id, "deleted": False, "name": app.name, "app_id": app.app_id, "user_id": app.user_id}
    return {"bot": bot | {"updated": int(call.workspace.now().timestamp()), "icons": {}}}


METHODS = {
    "users.info": Method(users_info, tier=4, scopes=("users:read",)),
    "users.lookupByEmail": Method(users_lookup_by_email, tier=3, scopes=("users:read.email",)),
    "users.list": Method(users_list, tier=2, scopes=("users:read",)),
    "usergroups.list": Method(usergroups_list, tier=2, scopes=("usergroups:read",)),
    "usergroups.users.list": Method(usergroups_users_list, tier=2, scopes=("usergroups:read",)),
    "bots.info": Method(bots_info, tier=3, scopes=("users:read",)),
}
