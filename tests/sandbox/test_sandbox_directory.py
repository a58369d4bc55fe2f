"""People, groups and channels as the Web API shows them, with all kinds of people who may not decide anything."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from slack_sdk.errors import SlackApiError


async def refused(call, error):
    with pytest.raises(SlackApiError) as caught:
        await call
    assert caught.value.response["error"] == error


async def test_somebody_is_shown_with_name_title_and_time_zone(client, workspace):
    workspace.now = lambda: datetime(2026, 11, 23, tzinfo=UTC)
    omar = (await client.users_info(user="U0OMAR"))["user"]
    assert (omar["name"], omar["real_name"], omar["profile"]["title"]) == ("omar", "Omar Haddad", "QA lead")
    assert (omar["tz"], omar["tz_offset"]) == ("Europe/Berlin", 3600)
    assert not any(omar[flag] for flag in ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_admin"))
    assert "is_stranger" not in omar


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"deleted": True}, "deleted"),
        ({"is_bot": True}, "is_bot"),
        ({"is_restricted": True}, "is_restricted"),
        ({"is_ultra_restricted": True}, "is_ultra_restricted"),
        ({"team_id": "T0ELSEWHERE"}, "is_stranger"),
        ({"is_workflow_bot": True}, "is_workflow_bot"),
        ({"is_invited_user": True}, "is_invited_user"),
    ],
)
async def test_those_who_may_not_decide_are_told_apart(client, workspace, change, field):
    assert not (await client.users_info(user="U0OMAR"))["user"].get(field)
    workspace.change_person("omar", **change)
    assert (await client.users_info(user="U0OMAR"))["user"][field] is True


async def test_a_deactivated_account_has_lost_its_time_zone_and_its_place_in_groups(client, workspace):
    assert (await client.usergroups_users_list(usergroup="S0QA"))["users"] == ["U0OMAR"]
    workspace.change_person("omar", deleted=True)
    assert "tz" not in (await client.users_info(user="U0OMAR"))["user"]
    assert (await client.usergroups_users_list(usergroup="S0QA"))["users"] == []


async def test_an_address_is_shown_only_with_its_scope_and_never_that_of_a_stranger(client, workspace):
    assert (await client.users_info(user="U0MAYA"))["user"]["profile"]["email"] == "maya@example.com"
    workspace.app.scopes.discard("users:read.email")
    assert "email" not in (await client.users_info(user="U0MAYA"))["user"]["profile"]
    workspace.app.scopes.add("users:read.email")
    workspace.change_person("maya", team_id="T0ELSEWHERE")
    assert "email" not in (await client.users_info(user="U0MAYA"))["user"]["profile"]


async def test_the_list_of_people_comes_in_pages_without_strangers(client):
    names, cursor = [], ""
    while True:
        page = await client.users_list(limit=2, cursor=cursor)
        assert len(page["members"]) <= 2
        names += [member["name"] for member in page["members"]]
        cursor = page["response_metadata"]["next_cursor"]
        if not cursor:
            break
    assert names == ["slipway", "maya", "omar", "ruth", "gus"]
    await refused(client.users_list(cursor="bm9uc2Vuc2U="), "invalid_cursor")
    await refused(client.users_list(cursor="%%%"), "invalid_cursor")
    await refused(client.users_list(limit=5000), "invalid_limit")
    await refused(client.users_info(user="U0NOBODY"), "user_not_found")


async def test_groups_are_listed_with_their_people_and_disabled_ones_only_if_asked_for(client, workspace):
    [group] = (await client.usergroups_list(include_users=True, include_count=True))["usergroups"]
    assert (group["handle"], group["users"], group["user_count"], group["date_delete"]) == ("qa", ["U0OMAR"], 1, 0)
    workspace.change_group("qa", members=["omar", "maya"], disabled=True)
    assert (await client.usergroups_list())["usergroups"] == []
    [group] = (await client.usergroups_list(include_disabled=True))["usergroups"]
    assert group["date_delete"] > 0
    await refused(client.usergroups_users_list(usergroup="S0QA"), "no_such_subteam")
    await refused(client.usergroups_users_list(usergroup="S0NOWHERE"), "no_such_subteam")


async def test_channels_are_listed_by_kind_and_looked_up(client, workspace):
    listed = await client.conversations_list(types="public_channel,private_channel")
    assert {channel["name"] for channel in listed["channels"]} == {"releases", "general", "secret"}
    workspace.archive("general")
    rest = await client.conversations_list(exclude_archived=True)
    assert [channel["name"] for channel in rest["channels"]] == ["releases"]
    shown = await client.conversations_info(channel="C0RELEASES", include_num_members=True)
    assert (shown["channel"]["num_members"], shown["channel"]["is_member"]) == (6, True)
    await refused(client.conversations_info(channel="C0NOWHERE"), "channel_not_found")
    await refused(client.conversations_list(types="nonsense"), "invalid_types")
    members = await client.conversations_members(channel="C0SECRET")
    assert members["members"] == ["U0MAYA", "U0SLIPBOT"]


async def test_the_app_can_come_into_a_public_channel(client, workspace):
    await refused(client.conversations_history(channel="C0GENERAL"), "not_in_channel")
    assert (await client.conversations_join(channel="C0GENERAL"))["channel"]["is_member"] is True
    assert (await client.conversations_join(channel="C0GENERAL"))["warning"] == "already_in_channel"
    assert (await client.conversations_history(channel="C0GENERAL"))["messages"] == []
    workspace.archive("general")
    await refused(client.conversations_join(channel="C0GENERAL"), "is_archived")
    await refused(client.conversations_join(channel="C0SECRET"), "method_not_supported_for_channel_type")


async def test_direct_conversations_are_opened_with_active_people_only(client, workspace, omar):
    opened = await client.conversations_open(users="U0OMAR", return_im=True)
    assert (opened["channel"]["id"], opened["channel"]["user"]) == (omar.direct.id, "U0OMAR")
    again = await client.conversations_open(channel=omar.direct.id)
    assert again["channel"] == {"id": omar.direct.id}
    workspace.change_person("ruth", deleted=True)
    await refused(client.conversations_open(users="U0RUTH"), "user_disabled")
    await refused(client.conversations_open(users="U0NOBODY"), "user_not_found")
    await refused(client.conversations_open(users="U0SLIPBOT"), "cannot_dm_bot")
    await refused(client.conversations_open(channel="C0RELEASES"), "method_not_supported_for_channel_type")


async def test_history_is_newest_first_in_pages_with_metadata_only_if_asked_for(client):
    metadata = {"event_type": "card", "event_payload": {"n": 1}}
    stamps = [
        (await client.chat_postMessage(channel="C0RELEASES", text=str(n), metadata=metadata))["ts"] for n in range(5)
    ]
    first = await client.conversations_history(channel="C0RELEASES", limit=3, include_all_metadata=True)
    assert [m["text"] for m in first["messages"]] == ["4", "3", "2"]
    assert first["messages"][0]["metadata"] == metadata
    assert first["has_more"] is True
    rest = await client.conversations_history(channel="C0RELEASES", cursor=first["response_metadata"]["next_cursor"])
    assert [m["text"] for m in rest["messages"]] == ["1", "0"]
    assert "metadata" not in rest["messages"][0]

    between = {"channel": "C0RELEASES", "oldest": stamps[1], "latest": stamps[3]}
    assert [m["text"] for m in (await client.conversations_history(**between))["messages"]] == ["2"]
    both = await client.conversations_history(**between, inclusive=True)
    assert [m["text"] for m in both["messages"]] == ["3", "2", "1"]
    await refused(client.conversations_replies(channel="C0RELEASES", ts="1.000001"), "thread_not_found")
    for name in ("oldest", "latest"):
        unreadable = {"channel": "C0RELEASES", name: "yesterday"}
        await refused(client.conversations_history(**unreadable), f"invalid_ts_{name}")


async def test_the_bot_can_look_itself_up(client):
    assert (await client.bots_info(bot="B0SLIPWAY"))["bot"]["user_id"] == "U0SLIPBOT"
    await refused(client.bots_info(bot="B0OTHER"), "bot_not_found")
