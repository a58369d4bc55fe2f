"""The boundary: acknowledges first, knows who is speaking, and always answers."""

from __future__ import annotations

import asyncio
import gc
import logging
import re
from typing import Any

import pytest

from bot.ports import ConflictError, DirectoryError
from bot.rules.people import Actor, Standing, Surface
from handlers.answer import Answer
from handlers.request import Request
from integrations.sandbox.desk import Desk
from integrations.sandbox.server import Sandbox
from integrations.sandbox.workspace import Workspace
from tests.slack.bot import Bot, button, form, row, until, words_of
from tests.slack.conftest import CHANNEL


@pytest.fixture
def omar(workspace: Workspace) -> Desk:
    return workspace.desk("omar")


def errors(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What was logged as a failure."""
    return [each for each in caplog.records if each.levelno >= logging.ERROR]


class Heard:
    """A handler that remembers what it was asked, and answers."""

    def __init__(self, text: str = "Done as you said.") -> None:
        self.requests: list[Request] = []
        self.actors: list[Actor] = []
        self.text = text

    async def __call__(self, request: Request, by: Actor, answer: Answer) -> None:
        self.requests.append(request)
        self.actors.append(by)
        await answer.private(self.text)


async def no_answer(request: Request, by: Actor, answer: Answer) -> None:
    """Does its work and says nothing."""


# ---------------------------------------------------------------- acknowledging


async def test_a_command_is_acknowledged_though_slack_and_the_database_hang(bot: Bot, omar: Desk) -> None:
    hanging = asyncio.Event()

    async def slow(request: Request, by: Actor, answer: Answer) -> None:
        await hanging.wait()
        await answer.private("At last.")

    bot.boundary.command("/release", slow)
    bot.sandbox.faults.next("users.info", status="timeout")  # Slack itself does not answer either

    async with asyncio.timeout(1):
        await omar.types(CHANNEL, "/release list")

    assert not omar.notices
    assert len(bot.tasks) == 1


async def test_a_handler_that_fails_right_after_the_acknowledgement_does_not_undo_it(bot: Bot, omar: Desk) -> None:
    # Bolt looks for the acknowledgement every 10 ms, and loses it if the listener raises before it looks.
    async def fails(request: Request, by: Actor, answer: Answer) -> None:
        raise RuntimeError("The database burns.")

    bot.boundary.command("/release", fails)
    async with asyncio.timeout(1):
        await omar.types(CHANNEL, "/release list")
    await bot.settled()

    assert not omar.notices  # no "/release failed with the error …" on Omar's screen
    assert "Something went wrong on my side" in omar.sees(CHANNEL)[-1].text


async def test_an_unexpected_failure_is_answered_with_the_reference_that_the_log_has(
    bot: Bot, omar: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(request: Request, by: Actor, answer: Answer) -> None:
        raise RuntimeError("The database burns.")

    bot.boundary.command("/release", fails)
    await omar.types(CHANNEL, "/release list")
    await bot.settled()

    told = omar.sees(CHANNEL)[-1]
    assert told.ephemeral_to == omar.id
    assert "database" not in told.text
    found = re.search(r"`([A-Z2-9]{6})`", told.text)
    assert found
    [logged] = errors(caplog)
    assert found[1] in logged.getMessage()
    assert logged.exc_info
    assert "The database burns." in str(logged.exc_info[1])


async def test_work_that_only_its_own_frame_knows_is_not_lost_to_the_garbage_collector(bot: Bot, omar: Desk) -> None:
    # The event loop holds tasks weakly: a listener of Bolt's that waits like this is collected half-way.
    loop = asyncio.get_running_loop()

    async def waits(request: Request, by: Actor, answer: Answer) -> None:
        mine = loop.create_future()
        mine.add_done_callback(lambda _: None)
        waker.append(mine.set_result)
        await mine
        await answer.private("Still here.")

    waker: list[Any] = []
    bot.boundary.command("/release", waits)
    await omar.types(CHANNEL, "/release list")
    await until(lambda: bool(waker))
    gc.collect()
    assert len(bot.tasks) == 1
    waker.pop()(None)
    await bot.settled()

    assert omar.sees(CHANNEL)[-1].text == "Still here."


async def test_a_handler_that_takes_for_ever_is_ended_and_answered(
    sandbox: Sandbox, bot: Bot, omar: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.boundary._serve, "_limit", bot.boundary._serve._limit / 1200)

    async def endless(request: Request, by: Actor, answer: Answer) -> None:
        await asyncio.Event().wait()

    bot.boundary.command("/release", endless)
    await omar.types(CHANNEL, "/release list")
    await bot.settled()

    assert "Something went wrong" in omar.sees(CHANNEL)[-1].text


# ---------------------------------------------------------------- who is speaking


async def test_the_actor_is_looked_up_afresh_and_each_command_is_an_intent_of_its_own(
    bot: Bot, omar: Desk, workspace: Workspace
) -> None:
    heard = Heard()
    bot.boundary.command("/release", heard)
    await omar.types(CHANNEL, "/release list  payments")
    await bot.settled()
    workspace.change_person("omar", tz="Africa/Cairo")
    await omar.types(CHANNEL, "/release list")
    await bot.settled()

    first, second = heard.actors
    assert (first.person.name, first.person.tz, first.surface) == ("Omar Haddad", "Europe/Berlin", Surface.COMMAND)
    assert second.person.tz == "Africa/Cairo"
    assert first.intent != second.intent
    assert heard.requests[0].text == "list  payments"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"is_restricted": True}, "guests can look but not act"),
        ({"is_ultra_restricted": True}, "guests can look but not act"),
        ({"is_invited_user": True}, "guests can look but not act"),
        ({"is_bot": True}, "Bots can't act"),
        ({"is_workflow_bot": True}, "Bots can't act"),
    ],
)
async def test_who_may_not_act_is_told_why_and_the_handler_never_hears_of_it(
    bot: Bot, omar: Desk, workspace: Workspace, change: dict[str, Any], said: str
) -> None:
    heard = Heard()
    bot.boundary.command("/release", heard)
    workspace.change_person("omar", **change)
    await omar.types(CHANNEL, "/release approve R-12")
    await bot.settled()

    assert not heard.requests
    assert said in omar.sees(CHANNEL)[-1].text
    assert omar.sees(CHANNEL)[-1].ephemeral_to == omar.id


async def test_a_guest_may_look_where_the_command_only_looks(bot: Bot, workspace: Workspace) -> None:
    heard = Heard("The list.")
    bot.boundary.command("/release", heard, looking=lambda request: request.text.startswith("list"))
    gus = workspace.desk("gus")
    await gus.types(CHANNEL, "/release list")
    await gus.types(CHANNEL, "/release approve R-12")
    await bot.settled()

    assert [each.text for each in heard.requests] == ["list"]
    assert heard.actors[0].person.standing is Standing.GUEST


async def test_somebody_from_another_workspace_is_known_by_the_payloads_user_and_never_gets_through(
    bot: Bot, workspace: Workspace
) -> None:
    # The payload's own `team`, and all of Bolt's context, name our workspace: the press came from a shared channel.
    fay = workspace.add_person("fay", "Fay Foreign", team_id="T0ELSEWHERE")
    workspace.channels[CHANNEL].members.add(fay.id)
    approve, look = Heard(), Heard()
    bot.boundary.action("approve", approve)
    bot.boundary.action("show", look, looking=True)
    card = bot.post(blocks=(row(button("approve", text="Approve"), button("show", text="Show")),))
    desk = workspace.desk("fay")
    await desk.presses(card, "Approve")
    await desk.presses(card, "Show")
    await bot.settled()

    assert not approve.requests
    assert not look.requests
    assert not bot.calls("users.info")  # what the payload says is enough; nobody's directory can say otherwise
    assert "You belong to another workspace" in desk.sees(CHANNEL)[-1].text


async def test_when_slack_cant_say_who_it_is_nothing_is_done_and_the_person_is_told(bot: Bot, omar: Desk) -> None:
    heard = Heard()
    bot.boundary.command("/release", heard)
    bot.sandbox.faults.next("users.info", status=500, times=5)
    await omar.types(CHANNEL, "/release approve R-12")
    await bot.settled()

    assert not heard.requests
    assert "I can't check who you are just now (Slack does not answer me), so nothing was done." in (
        omar.sees(CHANNEL)[-1].text
    )


async def test_before_our_own_workspace_is_known_nobody_is_taken_for_a_member(bot: Bot, omar: Desk) -> None:
    heard = Heard()
    bot.boundary.command("/release", heard)
    bot.me.known = None
    await omar.types(CHANNEL, "/release approve R-12")
    await bot.settled()

    assert not heard.requests
    assert "which workspace I belong to" in omar.sees(CHANNEL)[-1].text


# ---------------------------------------------------------------- trying again


async def test_a_conflict_is_tried_again_before_anybody_hears_of_it(bot: Bot, omar: Desk) -> None:
    tries: list[str] = []

    async def third_time_lucky(request: Request, by: Actor, answer: Answer) -> None:
        tries.append(by.intent)
        if len(tries) < 3:
            raise ConflictError
        await answer.private("Approved.")

    bot.boundary.command("/release", third_time_lucky)
    await omar.types(CHANNEL, "/release approve R-12")
    await bot.settled()

    assert len(tries) == 3
    assert len(set(tries)) == 1  # one intent, however often it is tried
    assert [each.text for each in omar.sees(CHANNEL)] == ["Approved."]


async def test_a_conflict_that_stays_is_said(bot: Bot, omar: Desk) -> None:
    async def never(request: Request, by: Actor, answer: Answer) -> None:
        raise ConflictError

    bot.boundary.command("/release", never)
    await omar.types(CHANNEL, "/release approve R-12")
    await bot.settled()

    assert "Others are changing the same thing right now" in omar.sees(CHANNEL)[-1].text


async def test_a_directory_that_fails_later_on_is_said_as_well(bot: Bot, omar: Desk) -> None:
    async def asks(request: Request, by: Actor, answer: Answer) -> None:
        raise DirectoryError("Slack asks me to wait a moment.")

    bot.boundary.command("/release", asks)
    await omar.types(CHANNEL, "/release approve R-12")
    await bot.settled()

    assert (
        "(Slack asks me to wait a moment), so nothing was done. Please try again shortly."
        in omar.sees(CHANNEL)[-1].text
    )


# ---------------------------------------------------------------- buttons


async def test_a_name_is_matched_whole_though_bolt_searches_anywhere(bot: Bot, omar: Desk) -> None:
    approve, all_of_them = Heard("approve"), Heard("disapprove_all")
    bot.boundary.action("approve", approve)
    bot.boundary.action("disapprove_all", all_of_them)
    card = bot.post(blocks=(row(button("disapprove_all", text="Disapprove"), button("approve:2", "two", text="Two")),))
    await omar.presses(card, "Disapprove")
    await omar.presses(card, "Two")
    await bot.settled()

    assert [each.name for each in all_of_them.requests] == ["disapprove_all"]
    assert [(each.name, each.value) for each in approve.requests] == [("approve", "two")]


async def test_a_button_of_an_older_version_gets_an_answer(bot: Bot, omar: Desk) -> None:
    bot.boundary.leftovers()
    card = bot.post(blocks=(row(button("promote_v1", text="Promote")),))
    answer = await omar.presses(card, "Promote")
    await bot.settled()

    assert answer
    assert answer.ok
    assert "This button is from an older version of me" in omar.sees(CHANNEL)[-1].text


@pytest.mark.parametrize("known", [True, False])
async def test_a_link_button_is_acknowledged_without_a_word(bot: Bot, omar: Desk, known: bool) -> None:
    if known:
        bot.boundary.link("link")
    bot.boundary.leftovers()
    card = bot.post(blocks=(row(button("link", text="Open", url="https://example.org/")),))
    answer = await omar.presses(card, "Open")
    await bot.settled()

    assert answer
    assert answer.ok
    assert omar.sees(CHANNEL) == [card]


async def test_a_command_that_nobody_registered_gets_an_answer(bot: Bot, omar: Desk) -> None:
    bot.boundary.leftovers()
    await omar.types(CHANNEL, "/old thing")
    await bot.settled()

    assert not omar.notices
    assert "This command is from an older version of me" in omar.sees(CHANNEL)[-1].text


async def test_the_answer_to_a_press_in_a_thread_stays_in_that_thread(bot: Bot, omar: Desk) -> None:
    bot.boundary.action("approve", Heard("In the thread."))
    card = bot.post()
    reply = bot.post(blocks=(row(button("approve", text="Approve")),), thread_ts=card.ts)
    await omar.presses(reply, "Approve")
    await bot.settled()

    assert omar.thread(card)[-1].text == "In the thread."
    assert omar.thread(card)[-1].ephemeral_to == omar.id


async def test_a_private_message_is_replaced_but_what_others_see_never_is(bot: Bot, omar: Desk) -> None:
    async def offers(request: Request, by: Actor, answer: Answer) -> None:
        await answer.private("Sure?", [row(button("yes", text="Yes"))])

    async def replaces(request: Request, by: Actor, answer: Answer) -> None:
        await answer.replace("Started.")

    bot.boundary.command("/release", offers)
    bot.boundary.action("yes", replaces)
    card = bot.post(blocks=(row(button("yes", text="Yes")),))
    await omar.types(CHANNEL, "/release go")
    await bot.settled()
    question = omar.sees(CHANNEL)[-1]
    await omar.presses(question, "Yes")
    await bot.settled()
    assert [each.text for each in omar.sees(CHANNEL)] == ["A card", "Started."]

    await omar.presses(card, "Yes")
    await bot.settled()
    assert [each.text for each in omar.sees(CHANNEL)] == ["A card", "Started.", "Started."]
    assert omar.sees(CHANNEL)[-1].ephemeral_to == omar.id


async def test_a_private_message_can_be_taken_away(bot: Bot, omar: Desk) -> None:
    async def offers(request: Request, by: Actor, answer: Answer) -> None:
        await answer.private("Sure?", [row(button("no", text="No"))])

    async def removes(request: Request, by: Actor, answer: Answer) -> None:
        await answer.remove()

    bot.boundary.command("/release", offers)
    bot.boundary.action("no", removes)
    await omar.types(CHANNEL, "/release go")
    await bot.settled()
    await omar.presses(omar.sees(CHANNEL)[-1], "No")
    await bot.settled()

    assert omar.sees(CHANNEL) == []


async def test_when_the_response_url_is_used_up_the_answer_goes_another_way(bot: Bot, omar: Desk) -> None:
    # The SDK's own respond() would take the 404 for an answer, and the sixth sentence would be lost without a word.
    async def talks(request: Request, by: Actor, answer: Answer) -> None:
        for number in range(1, 7):
            await answer.private(f"Sentence {number}.")

    bot.boundary.command("/release", talks)
    await omar.types(CHANNEL, "/release talk")
    await bot.settled()

    assert [each.text for each in omar.sees(CHANNEL)] == [f"Sentence {number}." for number in range(1, 7)]
    assert len(bot.calls("chat.postEphemeral")) == 1


async def test_where_the_app_cant_answer_in_the_channel_it_answers_directly(
    bot: Bot, omar: Desk, workspace: Workspace
) -> None:
    workspace.add_channel(id="C0SECRET", name="secret", members=["omar"], is_private=True)
    workspace.channels["C0SECRET"].members.discard(workspace.app.user_id)

    async def talks(request: Request, by: Actor, answer: Answer) -> None:
        for number in range(1, 7):
            await answer.private(f"Sentence {number}.")

    bot.boundary.command("/release", talks)
    await omar.types("C0SECRET", "/release talk")
    await bot.settled()

    assert [each.text for each in omar.sees(omar.direct.id)] == ["Sentence 6."]


async def test_an_answer_waits_where_slack_asks_for_a_little_patience(bot: Bot, omar: Desk) -> None:
    async def talks(request: Request, by: Actor, answer: Answer) -> None:
        for number in range(1, 7):
            await answer.private(f"Sentence {number}.")

    bot.boundary.command("/release", talks)
    bot.sandbox.faults.next("chat.postEphemeral", status=429, retry_after=0, times=2)
    await omar.types(CHANNEL, "/release talk")
    await bot.settled()

    assert omar.sees(CHANNEL)[-1].text == "Sentence 6."


async def test_an_answer_that_no_way_is_open_for_is_in_the_log(
    bot: Bot, omar: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    async def talks(request: Request, by: Actor, answer: Answer) -> None:
        bot.sandbox.away = True
        await answer.private("Approved.")

    bot.boundary.command("/release", talks)
    await omar.types(CHANNEL, "/release approve R-12")
    await bot.settled()

    assert any("An answer could not be given" in each.getMessage() for each in errors(caplog))


# ---------------------------------------------------------------- forms


async def test_a_form_opens_at_once_and_is_filled_when_the_handler_is_ready(bot: Bot, omar: Desk) -> None:
    looked_at: list[str] = []

    async def fills(request: Request, by: Actor, answer: Answer) -> None:
        assert omar.modal
        looked_at.append(words_of(omar.modal))
        await answer.open_modal(form())

    waiting = {**form(title="One moment"), "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "…"}}]}
    waiting.pop("submit")
    bot.boundary.action("reject", fills, loading=waiting)
    card = bot.post(blocks=(row(button("reject", text="Reject")),))
    await omar.presses(card, "Reject")
    await bot.settled()

    assert looked_at == ["…"]
    assert omar.modal
    assert omar.modal["title"]["text"] == "Reject"
    assert [view["id"] for view in omar.modals] == [omar.modal["id"]]


async def test_whoever_may_not_act_is_told_in_the_form_that_opened(bot: Bot, workspace: Workspace) -> None:
    bot.boundary.action("reject", Heard(), loading=form(title="One moment"))
    card = bot.post(blocks=(row(button("reject", text="Reject")),))
    gus = workspace.desk("gus")
    await gus.presses(card, "Reject")
    await bot.settled()

    assert "guests can look but not act" in words_of(gus.modal)


async def test_a_trigger_that_came_too_late_is_said(bot: Bot, omar: Desk) -> None:
    async def opens(request: Request, by: Actor, answer: Answer) -> None:
        await answer.open_modal(form())

    bot.boundary.action("reject", opens)
    card = bot.post(blocks=(row(button("reject", text="Reject")),))
    bot.sandbox.faults.next("views.open", error="expired_trigger_id")
    await omar.presses(card, "Reject")
    await bot.settled()

    assert "Opening the form took too long. Nothing was done; please try again." in omar.sees(CHANNEL)[-1].text


async def open_form(bot: Bot, desk: Desk) -> dict[str, Any]:
    """The form that asks for a reason, on somebody's screen."""

    async def opens(request: Request, by: Actor, answer: Answer) -> None:
        await answer.open_modal(form())

    bot.boundary.action("ask", opens)
    card = bot.post(blocks=(row(button("ask", text="Ask")),))
    await desk.presses(card, "Ask")
    await bot.settled()
    assert desk.modal
    return desk.modal


async def test_what_is_wrong_with_a_form_is_said_in_the_form_and_nothing_else_happens(bot: Bot, omar: Desk) -> None:
    heard = Heard()

    def check(request: Request) -> dict[str, str]:
        return {"reason": "Please say more."} if len(request.input("reason")) < 5 else {}

    bot.boundary.view("reject", heard, check=check)
    view = await open_form(bot, omar)

    assert await omar.submits(view, {"Reason": "no"}) == {"reason": "Please say more."}
    await bot.settled()
    assert not heard.requests


async def test_a_form_shows_that_it_was_taken_and_then_what_came_of_it(bot: Bot, omar: Desk) -> None:
    seen: list[str] = []

    async def rejects(request: Request, by: Actor, answer: Answer) -> None:
        await until(lambda: "moment" in words_of(omar.modal))
        seen.append(words_of(omar.modal))
        await answer.private(f"Rejected: {request.input('reason')}")

    bot.boundary.view("reject", rejects)
    view = await open_form(bot, omar)
    assert await omar.submits(view, {"Reason": "It breaks the invoices."}) == {}
    await bot.settled()

    assert seen == ["One moment…"]
    assert words_of(omar.modal) == "Rejected: It breaks the invoices."
    assert "submit" not in omar.modal or omar.modal["submit"] is None  # type: ignore[operator, index]


async def test_a_form_never_keeps_saying_one_moment(bot: Bot, omar: Desk) -> None:
    bot.boundary.view("reject", no_answer)
    view = await open_form(bot, omar)
    await omar.submits(view, {"Reason": "It breaks the invoices."})
    await bot.settled()

    assert words_of(omar.modal) == "Done."


async def test_a_form_that_fails_says_so_with_a_reference(bot: Bot, omar: Desk) -> None:
    async def fails(request: Request, by: Actor, answer: Answer) -> None:
        raise RuntimeError

    bot.boundary.view("reject", fails)
    view = await open_form(bot, omar)
    await omar.submits(view, {"Reason": "It breaks the invoices."})
    await bot.settled()

    assert "Something went wrong on my side" in words_of(omar.modal)


async def test_a_check_that_fails_is_answered_in_the_form(bot: Bot, omar: Desk) -> None:
    def broken(request: Request) -> dict[str, str]:
        raise RuntimeError

    heard = Heard()
    bot.boundary.view("reject", heard, check=broken)
    view = await open_form(bot, omar)
    await omar.submits(view, {"Reason": "It breaks the invoices."})

    assert "Something went wrong on my side" in words_of(omar.modal)
    assert not heard.requests


async def test_a_form_that_was_closed_in_the_meantime_is_no_failure(
    bot: Bot, omar: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    async def slow(request: Request, by: Actor, answer: Answer) -> None:
        await omar.closes(all_of_them=True)
        await answer.private("Rejected.")

    bot.boundary.view("reject", slow)
    view = await open_form(bot, omar)
    bot.boundary.leftovers()
    await omar.submits(view, {"Reason": "It breaks the invoices."})
    await bot.settled()

    assert errors(caplog) == []


async def test_a_form_can_close_at_once_and_be_answered_by_a_direct_message(bot: Bot, omar: Desk) -> None:
    bot.boundary.view("reject", Heard("Rejected."), working=False)
    view = await open_form(bot, omar)
    await omar.submits(view, {"Reason": "It breaks the invoices."})
    assert omar.modal is None
    await bot.settled()

    shown = words_of(omar.modal) if omar.modal else omar.sees(omar.direct.id)[-1].text
    assert shown == "Rejected."


async def test_the_same_form_sent_in_twice_is_one_intent(bot: Bot, omar: Desk) -> None:
    heard = Heard()
    bot.boundary.view("reject", heard)
    view = await open_form(bot, omar)
    bot.sandbox.faults.duplicate_next_delivery()
    await omar.submits(view, {"Reason": "It breaks the invoices."})
    await asyncio.sleep(0.05)
    await bot.settled()

    assert len(heard.actors) == 2
    assert heard.actors[0].intent == heard.actors[1].intent != ""


async def test_presses_in_one_form_are_handled_one_after_another(bot: Bot, omar: Desk) -> None:
    order: list[str] = []
    first_may_end = asyncio.Event()

    async def ticks(request: Request, by: Actor, answer: Answer) -> None:
        order.append(f"begin {request.value}")
        if request.value == "one":
            await first_may_end.wait()
        order.append(f"end {request.value}")
        await answer.update_modal(checklist)

    async def opens(request: Request, by: Actor, answer: Answer) -> None:
        await answer.open_modal(checklist)

    checklist = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Checklist"},
        "blocks": [row(button("tick:1", "one", text="One"), button("tick:2", "two", text="Two"))],
    }
    bot.boundary.action("tick", ticks)
    bot.boundary.action("open", opens)
    card = bot.post(blocks=(row(button("open", text="Open")),))
    await omar.presses(card, "Open")
    await bot.settled()
    assert omar.modal
    await omar.presses(omar.modal, "One")
    await omar.presses(omar.modal, "Two")
    await until(lambda: bool(order))
    await asyncio.sleep(0.02)
    assert order == ["begin one"]
    first_may_end.set()
    await bot.settled()

    assert order == ["begin one", "end one", "begin two", "end two"]


async def test_a_refusal_to_a_press_in_a_form_comes_on_top_of_it(bot: Bot, omar: Desk) -> None:
    async def opens(request: Request, by: Actor, answer: Answer) -> None:
        await answer.open_modal({**form(), "blocks": [row(button("tick", text="Tick"))], "submit": None})

    bot.boundary.action("open", opens)
    bot.boundary.action("tick", Heard("Only QA may tick this."))
    card = bot.post(blocks=(row(button("open", text="Open")),))
    await omar.presses(card, "Open")
    await bot.settled()
    assert omar.modal
    await omar.presses(omar.modal, "Tick")
    await bot.settled()

    assert len(omar.modals) == 2
    assert words_of(omar.modal) == "Only QA may tick this."


async def test_an_answer_whose_blocks_a_form_does_not_take_is_given_in_words(bot: Bot, omar: Desk) -> None:
    async def answers(request: Request, by: Actor, answer: Answer) -> None:
        await answer.private("In words.", [{"type": "markdown", "text": "# Not for forms"}])

    bot.boundary.view("reject", answers)
    view = await open_form(bot, omar)
    await omar.submits(view, {"Reason": "It breaks the invoices."})
    await bot.settled()

    assert words_of(omar.modal) == "In words."


# ---------------------------------------------------------------- App Home and events


async def test_home_is_drawn_and_its_buttons_are_answered_in_a_form(bot: Bot, omar: Desk) -> None:
    async def opened(request: Request, by: Actor, answer: Answer) -> None:
        assert by.surface is Surface.HOME
        await answer.publish_home({"type": "home", "blocks": [row(button("approve", text="Approve"))]})

    approve = Heard("Approved.")
    bot.boundary.event("app_home_opened", opened, looking=True)
    bot.boundary.action("approve", approve)
    await omar.opens_home()
    await bot.sandbox.settle()
    await bot.settled()
    assert omar.home
    await omar.presses(omar.home, "Approve")
    await bot.settled()

    assert approve.actors[0].surface is Surface.HOME
    assert words_of(omar.modal) == "Approved."


async def test_a_repeated_delivery_of_an_event_is_served_once(bot: Bot, omar: Desk) -> None:
    heard: list[str] = []

    async def opened(request: Request, by: Actor, answer: Answer) -> None:
        heard.append(by.intent)

    bot.boundary.event("app_home_opened", opened)
    bot.sandbox.faults.lose_next_ack()
    bot.sandbox.faults.duplicate_next_delivery()
    await omar.opens_home()
    await bot.sandbox.settle()
    await bot.settled()
    assert len(heard) == 1

    await omar.opens_home()
    await bot.sandbox.settle()
    await bot.settled()
    assert len(heard) == 2


async def test_an_event_whose_first_delivery_failed_is_served_when_it_comes_again(bot: Bot, omar: Desk) -> None:
    heard: list[str] = []

    async def opened(request: Request, by: Actor, answer: Answer) -> None:
        heard.append(by.intent)
        if len(heard) == 1:
            raise RuntimeError

    bot.boundary.event("app_home_opened", opened)
    bot.sandbox.faults.lose_next_ack()
    await omar.opens_home()
    await bot.sandbox.settle()
    await bot.settled()

    assert len(heard) == 2
    assert len(set(heard)) == 1


async def test_what_nobody_said_is_heeded_and_a_failure_there_stays_in_the_log(
    bot: Bot, workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    heeded: list[Any] = []

    async def heed(event: Any) -> None:
        heeded.append(event)
        raise RuntimeError

    bot.boundary.fact("user_change", heed)
    workspace.change_person("ruth", title="CAB")
    await bot.sandbox.settle()
    await bot.settled()

    assert heeded[0]["user"]["id"] == "U0RUTH"
    assert any("user_change" in each.getMessage() for each in errors(caplog))


def test_what_is_registered_can_be_listed(bot: Bot) -> None:
    bot.boundary.command("/release", no_answer)
    bot.boundary.action("approve", no_answer)
    bot.boundary.view("reject", no_answer)
    bot.boundary.event("app_home_opened", no_answer)

    registered = bot.boundary.registered
    assert (registered.commands, registered.actions) == (["/release"], ["approve"])
    assert (registered.views, registered.events) == (["reject"], ["app_home_opened"])
