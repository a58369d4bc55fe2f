"""Posting, changing and taking away messages, and everything that Slack refuses about it."""

from __future__ import annotations

import pytest
from slack_sdk.errors import SlackApiError

from tests.sandbox.bricks import actions, button, section


async def refused(call, error):
    with pytest.raises(SlackApiError) as caught:
        await call
    assert caught.value.response["error"] == error
    return caught.value.response


async def test_a_posted_message_comes_back_as_it_is_stored(client, omar):
    answer = await client.chat_postMessage(
        channel="C0RELEASES",
        text="R-12",
        blocks=[section(), actions(button())],
        metadata={"event_type": "card", "event_payload": {"release": "R-12"}},
    )

    [seen] = omar.sees("#releases")
    assert (seen.ts, seen.text, seen.bot_id) == (answer["ts"], "R-12", "B0SLIPWAY")
    stored = answer["message"]["blocks"]
    assert all(block["block_id"] for block in stored), "Slack gives every block an id"
    assert stored[0]["text"] == {"type": "mrkdwn", "text": "hello", "verbatim": False}
    assert answer["message"]["metadata"]["event_payload"] == {"release": "R-12"}
    assert answer["message"]["bot_profile"]["name"] == "Slipway"


async def test_timestamps_are_unique_and_grow_even_if_the_clock_stands_still(client, workspace):
    moment = workspace.now()
    workspace.now = lambda: moment
    stamps = [(await client.chat_postMessage(channel="C0RELEASES", text=str(n)))["ts"] for n in range(5)]
    assert stamps == sorted(set(stamps))


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ({"channel": "", "text": "x"}, "channel_not_found"),
        ({"channel": "C0HIDDEN", "text": "x"}, "channel_not_found"),
        ({"channel": "C0RELEASES"}, "no_text"),
        ({"channel": "C0RELEASES", "text": "", "blocks": []}, "no_text"),
        ({"channel": "C0RELEASES", "text": "x" * 40_001}, "msg_too_long"),
        ({"channel": "C0RELEASES", "text": "x", "blocks": [{"type": "nonsense"}]}, "invalid_blocks"),
        ({"channel": "C0RELEASES", "text": "x", "blocks": "[{"}, "invalid_blocks_format"),
        ({"channel": "C0RELEASES", "text": "x", "blocks": {"type": "section"}}, "invalid_blocks"),
        ({"channel": "C0RELEASES", "text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
        ({"channel": "C0RELEASES", "text": "x", "metadata": {"event_type": "x"}}, "invalid_metadata_format"),
        ({"channel": "C0RELEASES", "text": "x", "metadata": "{"}, "invalid_metadata_format"),
        (
            {"channel": "C0RELEASES", "text": "x", "metadata": {"event_type": "x", "event_payload": {"y": "z" * 9000}}},
            "metadata_too_large",
        ),
        ({"channel": "U0SLIPBOT", "text": "x"}, "cannot_dm_bot"),
    ],
)
async def test_what_slack_refuses_to_post(client, workspace, arguments, error):
    workspace.add_channel("hidden", members=["maya"], is_private=True, with_app=False)
    await refused(client.api_call("chat.postMessage", json=arguments), error)
    assert all(not messages for messages in workspace.messages.values()), "a refusal leaves nothing behind"


async def test_a_public_channel_can_be_written_to_from_outside_only_with_the_scope_for_it(client, workspace, maya):
    await client.chat_postMessage(channel="#general", text="hello")
    assert [m.text for m in maya.sees("general")] == ["hello"]
    workspace.app.scopes.discard("chat:write.public")
    await refused(client.chat_postMessage(channel="C0GENERAL", text="hello"), "not_in_channel")


async def test_an_archived_channel_takes_nothing_and_lets_nothing_be_changed(client, workspace):
    posted = await client.chat_postMessage(channel="C0RELEASES", text="before")
    workspace.archive("releases")
    await refused(client.chat_postMessage(channel="C0RELEASES", text="after"), "is_archived")
    await refused(client.chat_postEphemeral(channel="C0RELEASES", user="U0OMAR", text="after"), "is_archived")
    await refused(client.chat_update(channel="C0RELEASES", ts=posted["ts"], text="after"), "is_inactive")


async def test_a_refusal_of_blocks_names_each_place(client):
    blocks = [section(""), actions(button("x" * 76))]
    response = await refused(client.chat_postMessage(channel="C0RELEASES", text="x", blocks=blocks), "invalid_blocks")
    assert response["response_metadata"]["messages"] == [
        "[ERROR] must be more than 0 characters [json-pointer:/blocks/0/text/text]",
        "[ERROR] must be less than 76 characters [json-pointer:/blocks/1/elements/0/text/text]",
    ]


async def test_blocks_need_a_text_beside_them_for_screen_readers(client, sandbox):
    await refused(client.api_call("chat.postMessage", json={"channel": "C0RELEASES", "blocks": [section()]}), "no_text")
    sandbox.strict_text = False
    await client.api_call("chat.postMessage", json={"channel": "C0RELEASES", "blocks": [section()]})


async def test_a_message_to_a_person_lands_in_the_direct_conversation(client, omar):
    answer = await client.chat_postMessage(channel="U0OMAR", text="psst")
    assert answer["channel"] == omar.direct.id
    assert [m.text for m in omar.sees(answer["channel"])] == ["psst"]
    opened = await client.conversations_open(users="U0OMAR")
    assert opened["channel"]["id"] == answer["channel"]


async def test_a_reply_goes_into_its_thread_and_a_reply_to_a_reply_into_the_same(client, omar):
    root = await client.chat_postMessage(channel="C0RELEASES", text="card")
    first = await client.chat_postMessage(channel="C0RELEASES", text="one", thread_ts=root["ts"])
    await client.chat_postMessage(channel="C0RELEASES", text="two", thread_ts=first["ts"])
    await client.chat_postMessage(channel="C0RELEASES", text="loud", thread_ts=root["ts"], reply_broadcast=True)

    assert [m.text for m in omar.sees("releases")] == ["card", "loud"]
    [card, *_] = omar.sees("releases")
    assert [m.text for m in omar.thread(card)] == ["card", "one", "two", "loud"]
    thread = await client.conversations_replies(channel="C0RELEASES", ts=root["ts"])
    assert thread["messages"][0]["reply_count"] == 3
    assert thread["messages"][1]["parent_user_id"] == "U0SLIPBOT"


async def test_text_alone_takes_the_blocks_away_and_marks_the_message_as_edited(client, omar):
    metadata = {"event_type": "card", "event_payload": {"release": "R-12"}}
    posted = await client.chat_postMessage(channel="C0RELEASES", text="a", blocks=[section()], metadata=metadata)
    where = {"channel": "C0RELEASES", "ts": posted["ts"]}

    await client.chat_update(**where, text="b", blocks=[section("b")])
    [seen] = omar.sees("releases")
    assert (seen.text, len(seen.blocks), seen.edited, seen.metadata) == ("b", 1, None, metadata)

    answer = await client.chat_update(**where, text="c")
    [seen] = omar.sees("releases")
    assert (seen.text, seen.blocks, seen.metadata) == ("c", (), metadata)
    assert answer["message"]["edited"]["user"] == "U0SLIPBOT"

    await client.chat_update(**where, text="d", metadata={})
    assert omar.sees("releases")[0].metadata is None


async def test_only_the_apps_own_standing_messages_can_be_changed_or_taken_away(client, omar):
    mine = await omar.types("releases", "hello")
    for method, error in (("chat.update", "cant_update_message"), ("chat.delete", "cant_delete_message")):
        await refused(client.api_call(method, json={"channel": "C0RELEASES", "ts": mine.ts, "text": "x"}), error)
        gone = {"channel": "C0RELEASES", "ts": "1.000001", "text": "x"}
        await refused(client.api_call(method, json=gone), "message_not_found")

    posted = await client.chat_postMessage(channel="C0RELEASES", text="bye")
    await client.chat_delete(channel="C0RELEASES", ts=posted["ts"])
    assert [m.text for m in omar.sees("releases")] == ["hello"]
    await refused(client.chat_update(channel="C0RELEASES", ts=posted["ts"], text="x"), "message_not_found")


async def test_an_ephemeral_message_is_seen_by_one_person_and_by_no_method(client, omar, maya):
    shown = await client.chat_postEphemeral(channel="C0RELEASES", user="U0OMAR", text="for you")
    where = {"channel": "C0RELEASES", "ts": shown["message_ts"]}

    assert [m.text for m in omar.sees("releases")] == ["for you"]
    assert maya.sees("releases") == []
    await refused(client.chat_update(**where, text="x"), "message_not_found")
    await refused(client.chat_delete(**where), "message_not_found")
    await refused(
        client.reactions_add(channel="C0RELEASES", timestamp=shown["message_ts"], name="eyes"), "message_not_found"
    )
    assert (await client.conversations_history(channel="C0RELEASES"))["messages"] == []
    omar.dismisses(omar.sees("releases")[0])
    assert omar.sees("releases") == []


async def test_ephemeral_messages_reach_only_members_of_the_channel(client, workspace):
    for user in ("U0RUTH", "U0NOBODY"):
        await refused(client.chat_postEphemeral(channel="C0SECRET", user=user, text="x"), "user_not_in_channel")
    await refused(client.chat_postEphemeral(channel="C0NOWHERE", user="U0OMAR", text="x"), "channel_not_found")
    await refused(client.chat_postEphemeral(channel="C0RELEASES", user="", text="x"), "invalid_arguments")
    assert all(not messages for messages in workspace.messages.values())


async def test_a_permalink_leads_to_the_message(client):
    root = await client.chat_postMessage(channel="C0RELEASES", text="card")
    reply = await client.chat_postMessage(channel="C0RELEASES", text="one", thread_ts=root["ts"])
    first = await client.chat_getPermalink(channel="C0RELEASES", message_ts=root["ts"])
    second = await client.chat_getPermalink(channel="C0RELEASES", message_ts=reply["ts"])
    assert first["permalink"].endswith(f"/archives/C0RELEASES/p{root['ts'].replace('.', '')}")
    assert second["permalink"].endswith(f"?thread_ts={root['ts']}&cid=C0RELEASES")
    await refused(client.chat_getPermalink(channel="C0RELEASES", message_ts="1.000001"), "message_not_found")


async def test_a_reaction_counts_once(client, omar, workspace):
    posted = await client.chat_postMessage(channel="C0RELEASES", text="ship it")
    omar.reacts(omar.sees("releases")[0], "rocket")
    await client.reactions_add(channel="C0RELEASES", timestamp=posted["ts"], name="rocket")
    where = {"channel": "C0RELEASES", "timestamp": posted["ts"]}
    await refused(client.reactions_add(**where, name="rocket"), "already_reacted")
    await refused(client.reactions_add(**where, name="Not a name"), "invalid_name")
    [reaction] = omar.sees("releases")[0].reactions
    assert (reaction.name, reaction.users) == ("rocket", ("U0OMAR", "U0SLIPBOT"))
