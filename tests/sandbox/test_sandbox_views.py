"""Forms and Homes over the Web API: triggers, stacks, hashes, and everything that is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from slack_sdk.errors import SlackApiError

from tests.sandbox.bricks import actions, button, home, modal, section, text_input


async def refused(call, error):
    with pytest.raises(SlackApiError) as caught:
        await call
    assert caught.value.response["error"] == error
    return caught.value.response


@pytest.fixture
def clock(workspace):
    class Clock:
        moment = datetime(2026, 11, 23, 9, tzinfo=UTC)

        def __call__(self):
            return self.moment

    clock = Clock()
    workspace.now = workspace.triggers._now = workspace.response_urls._now = clock
    return clock


async def test_a_trigger_opens_one_form_within_three_seconds(client, workspace, omar, clock):
    trigger = workspace.triggers.issue(omar.id)
    clock.moment += timedelta(seconds=3)
    answer = await client.views_open(trigger_id=trigger, view=modal(private_metadata="R-12", callback_id="plan"))
    view = answer["view"]
    assert omar.modal == view
    assert (view["private_metadata"], view["callback_id"], view["root_view_id"]) == ("R-12", "plan", view["id"])
    assert (view["app_id"], view["previous_view_id"], view["state"]) == ("A0SLIPWAY", None, {"values": {}})

    await refused(client.views_open(trigger_id=trigger, view=modal()), "exchanged_trigger_id")
    late = workspace.triggers.issue(omar.id)
    clock.moment += timedelta(seconds=3.1)
    await refused(client.views_open(trigger_id=late, view=modal()), "expired_trigger_id")
    await refused(client.views_open(trigger_id="1.2.abc", view=modal()), "invalid_trigger_id")
    await refused(client.views_open(trigger_id="", view=modal()), "invalid_arguments")
    assert omar.modals == [view]


async def test_a_refused_form_does_not_use_up_its_trigger(client, workspace, omar):
    trigger = workspace.triggers.issue(omar.id)
    bad = await refused(client.views_open(trigger_id=trigger, view=modal(section(""))), "invalid_arguments")
    assert bad["response_metadata"]["messages"] == [
        "[ERROR] must be more than 0 characters [json-pointer:/view/blocks/0/text/text]"
    ]
    await client.views_open(trigger_id=trigger, view=modal())


@pytest.mark.parametrize(
    ("view", "error"),
    [
        ({"type": "modal", "blocks": []}, "invalid_arguments"),
        (home(), "invalid_arguments"),
        ("nonsense", "invalid_arguments"),
        (modal(title={"type": "plain_text", "text": "x" * 25}), "invalid_arguments"),
        (modal(private_metadata="x" * 3001), "invalid_arguments"),
        (modal(text_input(), submit=None), "invalid_arguments"),
        (modal(*[section("x" * 3000)] * 90), "view_too_large"),
        (modal(*[section()] * 101), "invalid_arguments"),
    ],
    ids=["no title", "a Home", "no object", "title", "metadata", "no submit", "too large", "too many"],
)
async def test_views_that_cannot_be_opened(client, workspace, omar, view, error):
    trigger = workspace.triggers.issue(omar.id)
    await refused(client.api_call("views.open", json={"trigger_id": trigger, "view": view}), error)
    assert omar.modal is None


async def test_at_most_three_forms_stand_on_top_of_each_other(client, workspace, omar):
    await client.views_open(trigger_id=workspace.triggers.issue(omar.id), view=modal())
    for _ in range(2):
        await client.views_push(trigger_id=workspace.triggers.issue(omar.id, view_id=omar.modal["id"]), view=modal())
    assert len(omar.modals) == 3
    again = workspace.triggers.issue(omar.id, view_id=omar.modal["id"])
    await refused(client.views_push(trigger_id=again, view=modal()), "push_limit_reached")
    nothing_under = workspace.triggers.issue("U0MAYA")
    await refused(client.views_push(trigger_id=nothing_under, view=modal()), "invalid_arguments")


async def test_an_update_with_an_old_hash_is_a_conflict(client, workspace, omar):
    await client.views_open(trigger_id=workspace.triggers.issue(omar.id), view=modal(text_input()))
    old = omar.modal
    omar.fills(old, {"Title": "half written"})
    view_id = old["id"]

    await client.views_update(view_id=view_id, hash=old["hash"], view=modal(text_input(), section("more")))
    assert omar.modal["id"] == view_id
    assert omar.modal["hash"] != old["hash"]
    await refused(client.views_update(view_id=view_id, hash=old["hash"], view=modal()), "hash_conflict")
    assert omar.draft(omar.modal)["title"]["text"]["value"] == "half written", "what is being typed survives"

    await refused(client.views_update(view_id=view_id, view=home()), "invalid_arguments")
    await refused(client.views_update(view_id=view_id, view=modal(section(""))), "invalid_arguments")
    await client.views_update(view_id=view_id, view=modal(text_input(block_id="other")))
    assert omar.draft(omar.modal) == {"other": {"text": {"type": "plain_text_input", "value": None}}}


async def test_a_form_is_found_by_its_external_id_and_two_cannot_share_one(client, workspace, omar):
    await client.views_open(trigger_id=workspace.triggers.issue(omar.id), view=modal(external_id="plan-1"))
    other = workspace.triggers.issue("U0MAYA")
    await refused(client.views_open(trigger_id=other, view=modal(external_id="plan-1")), "duplicate_external_id")
    await client.views_update(external_id="plan-1", view=modal(section("found"), external_id="plan-1"))
    assert omar.modal["blocks"][0]["text"]["text"] == "found"
    await omar.closes()
    await refused(client.views_update(external_id="plan-1", view=modal()), "not_found")
    await refused(client.api_call("views.update", json={"view": modal()}), "invalid_arguments")


async def test_home_is_published_to_one_person_and_guarded_by_its_hash(client, workspace, omar, maya):
    first = (await client.views_publish(user_id=omar.id, view=home(actions(button()))))["view"]
    assert omar.home == first
    assert maya.home is None
    await client.views_publish(user_id=omar.id, view=home(), hash=first["hash"])
    assert omar.home["id"] == first["id"]
    await refused(client.views_publish(user_id=omar.id, view=home(), hash=first["hash"]), "hash_conflict")
    await client.views_update(view_id=first["id"], view=home(section("updated")))
    assert omar.home["blocks"][0]["text"]["text"] == "updated"

    await refused(client.views_publish(user_id="U0NOBODY", view=home()), "invalid_arguments")
    await refused(client.views_publish(user_id=omar.id, view=modal()), "invalid_arguments")
    workspace.change_person("ruth", deleted=True)
    await refused(client.views_publish(user_id="U0RUTH", view=home()), "invalid_arguments")


async def test_an_app_may_change_a_form_while_it_is_being_submitted(client, workspace, omar):
    """What is submitted is what stands there now, not what the person's screen showed before."""
    await client.views_open(
        trigger_id=workspace.triggers.issue(omar.id), view=modal(text_input(), private_metadata="1")
    )
    before = omar.modal
    await client.views_update(view_id=before["id"], view=modal(text_input(), private_metadata="2"))
    sent = []
    link = workspace.link
    original = link.request

    async def request(kind, payload):
        sent.append(payload["view"]["private_metadata"])
        return await original(kind, payload)

    link.request = request
    await omar.submits(before, {"Title": "x"})
    assert sent == ["2"]


async def test_closing_tells_the_app_only_if_it_asked_and_clears_all_where_the_form_says_so(client, workspace, omar):
    await client.views_open(trigger_id=workspace.triggers.issue(omar.id), view=modal())
    push = workspace.triggers.issue(omar.id, view_id=omar.modal["id"])
    await client.views_push(trigger_id=push, view=modal(clear_on_close=True))
    await omar.closes()
    assert omar.modals == []
    assert omar.notices == []
