"""The sender: everything that is told arrives once, in order; while Slack is away, it waits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.messages import Message
from bot.notices import (
    CardChanged,
    ChannelLine,
    DeploymentChanged,
    DirectLine,
    ExceptionWanted,
    Notice,
    ThreadLine,
    living,
)
from bot.ports import ConflictError, RecordsError
from bot.rules.deployment import DeploymentId
from bot.rules.freeze import ExceptionId
from bot.rules.people import PersonId
from bot.rules.policy import ChannelId
from bot.rules.release import ReleaseId
from bot.rules.sentence import say
from integrations.database.engine import Engines, open_engines
from integrations.database.outbox import Outbox, Parcel
from integrations.database.records import DatabaseRecords
from integrations.sandbox.desk import Desk
from integrations.sandbox.messages import Message as Shown
from integrations.sandbox.server import Sandbox
from integrations.sandbox.workspace import Workspace
from integrations.slack.client import SlackClient, connected_to_slack
from integrations.slack.outbox import Sender
from integrations.slack.pace import AS_FAST_AS_IT_GOES, Speed, Speeds
from integrations.slack.posting import EVENT_TYPE
from tests.grounds import RowStarter
from tests.slack.bot import button, row, until
from tests.slack.conftest import CHANNEL

R12, R13 = ReleaseId(12), ReleaseId(13)
HOME = ChannelId(CHANNEL)


def now() -> datetime:
    return datetime.now(UTC)


class Facts:
    """What the messages are drawn from."""

    def __init__(self) -> None:
        self.stage = "planning"
        self.drawn: list[Notice] = []
        self.broken: Exception | None = None
        self.blocks: list[dict[str, Any]] = []
        self.channel = CHANNEL
        self.not_before: datetime | None = None

    async def render(self, notice: Notice) -> Message | None:
        self.drawn.append(notice)
        if self.broken is not None:
            raise self.broken
        match notice:
            case CardChanged(release=release):
                card = f"card:R-{release}"
                text = f"R-{release} is {self.stage}"
                return Message(self.channel, text, self.card_blocks(), living=card, not_before=self.not_before)
            case DeploymentChanged(release=release, deployment=deployment):
                text = f"D-{deployment} is {self.stage}"
                name = f"deployment:D-{deployment}"
                return Message(self.channel, text, self.blocks, thread_of=f"card:R-{release}", living=name)
            case ThreadLine(release=release, sentence=sentence, loud=loud):
                thread = f"card:R-{release}"
                return Message(self.channel, str(sentence), self.blocks, thread_of=thread, broadcast=loud)
            case DirectLine(person=person, sentence=sentence):
                return Message(person, str(sentence), not_before=self.not_before)
            case ExceptionWanted(person=person, exception=exception):
                return Message(person, f"X-{exception} is {self.stage}", self.card_blocks(), living=living(notice))
            case ChannelLine(channel=channel, sentence=sentence):
                return Message(channel, str(sentence), self.blocks)
            case _:
                return None

    def card_blocks(self) -> list[dict[str, Any]]:
        text = {"type": "mrkdwn", "text": f"It is *{self.stage}*."}
        return [{"type": "section", "block_id": "stage", "text": text}, row(button("approve", text="Approve"))]


class World:
    """Records, an outbox, a sender, and what people see."""

    def __init__(self, engines: Engines, slack: SlackClient, facts: Facts, sandbox: Sandbox) -> None:
        self.facts = facts
        self.slack = slack
        self.sandbox = sandbox
        self.store = Outbox(engines)
        self.given_up: list[tuple[int, str]] = []
        self.records = DatabaseRecords(engines, RowStarter(), lambda: None, now)
        self.omar: Desk = sandbox.workspace.desk("omar")

    async def tell(self, *notices: Notice) -> None:
        async with self.records.open() as page:
            for notice in notices:
                await page.tell(notice)
            await page.commit()

    def sender(self, store: Any = None, **settings: Any) -> Sender[Any]:
        given: dict[str, Any] = {
            "speeds": AS_FAST_AS_IT_GOES,
            "poll": timedelta(milliseconds=50),
            "first_pause": timedelta(milliseconds=20),
            "report": self._given_up,
            "owner": "one",
            **settings,
        }
        return Sender(self.slack, store or self.store, self.facts.render, now=now, **given)

    async def _given_up(self, parcel: Any, reason: str) -> None:
        self.given_up.append((parcel.id, reason))

    @asynccontextmanager
    async def sending(self, **settings: Any) -> AsyncIterator[Sender[Any]]:
        sender = self.sender(**settings)
        running = asyncio.create_task(sender.run())
        try:
            yield sender
        finally:
            await sender.drain(timedelta(seconds=2))
            await running

    async def deliver(self, *notices: Notice, **settings: Any) -> None:
        await self.tell(*notices)
        async with self.sending(**settings) as sender:
            await sender.settle(timedelta(seconds=15))

    def calls(self, method: str) -> int:
        return sum(1 for name, _ in self.sandbox.calls if name == method)

    def cards(self) -> list[Shown]:
        return self.omar.sees(CHANNEL)

    def texts(self) -> list[str]:
        return [each.text for each in self.cards()]

    def thread(self) -> list[str]:
        return [each.text for each in self.omar.thread(self.cards()[0])][1:]


@pytest.fixture
async def world(sqlite_url: str, slack: SlackClient, sandbox: Sandbox) -> AsyncIterator[World]:
    engines = open_engines(sqlite_url)
    try:
        yield World(engines, slack, Facts(), sandbox)
    finally:
        await engines.dispose()


def line(text: str, release: ReleaseId = R12, **fields: Any) -> ThreadLine:
    return ThreadLine(release, say(text), **fields)


# ---------------------------------------------------------------- cards and threads


async def test_a_card_is_posted_once_and_edited_in_place_from_then_on(world: World) -> None:
    await world.deliver(CardChanged(R12))
    world.facts.stage = "testing"
    await world.deliver(CardChanged(R12))

    [card] = world.cards()
    assert card.text == "R-12 is testing"
    assert card.blocks[0]["text"]["text"] == "It is *testing*."
    assert card.blocks[1]["elements"][0]["action_id"] == "approve"  # text alone would have taken the buttons away
    assert card.edited is None  # blocks come along, so nothing says "(edited)"
    assert (world.calls("chat.postMessage"), world.calls("chat.update")) == (1, 1)


async def test_a_card_that_looks_the_same_is_not_edited(world: World) -> None:
    for _ in range(3):
        await world.deliver(CardChanged(R12))
    assert world.calls("chat.update") == 0


async def test_a_card_that_somebody_deleted_is_posted_anew(world: World, workspace: Workspace) -> None:
    await world.deliver(CardChanged(R12))
    workspace.remove(world.cards()[0])
    world.facts.stage = "testing"
    await world.deliver(CardChanged(R12))
    world.facts.stage = "ready"
    await world.deliver(CardChanged(R12))

    assert world.texts() == ["R-12 is ready"]
    assert world.calls("chat.postMessage") == 2


async def test_lines_go_under_the_card_in_order_and_loud_ones_show_in_the_channel(world: World) -> None:
    await world.deliver(CardChanged(R12), line("one"), line("two", loud=True), line("three"))

    assert world.thread() == ["one", "two", "three"]
    assert world.texts() == ["R-12 is planning", "two"]


async def test_a_deployments_message_lives_in_the_thread(world: World) -> None:
    deployment = DeploymentChanged(R12, DeploymentId(40))
    await world.deliver(CardChanged(R12), deployment)
    world.facts.stage = "running"
    await world.deliver(deployment)

    assert world.thread() == ["D-40 is running"]
    assert world.texts() == ["R-12 is planning"]


async def test_a_line_whose_card_is_gone_brings_the_card_back_first(world: World, workspace: Workspace) -> None:
    await world.deliver(CardChanged(R12))
    workspace.remove(world.cards()[0])
    await world.deliver(line("still here"))

    assert world.texts() == ["R-12 is planning"]
    assert world.thread() == ["still here"]


async def test_a_line_without_any_card_posts_the_card_first(world: World) -> None:
    await world.deliver(line("out of nowhere"))
    assert world.texts() == ["R-12 is planning"]
    assert world.thread() == ["out of nowhere"]


async def test_a_line_for_one_person_goes_to_the_direct_conversation(world: World) -> None:
    await world.deliver(DirectLine(PersonId("U0OMAR"), say("For you.")), DirectLine(PersonId("U0OMAR"), say("Again.")))

    assert [each.text for each in world.omar.sees(world.omar.direct.id)] == ["For you.", "Again."]
    assert world.calls("conversations.open") == 1


async def test_a_private_message_that_asks_is_posted_once_and_edited_in_place(world: World) -> None:
    asked = ExceptionWanted(PersonId("U0OMAR"), ExceptionId(4))
    await world.deliver(DirectLine(PersonId("U0OMAR"), say("Good morning.")), asked)
    world.facts.stage = "granted"
    await world.deliver(DirectLine(PersonId("U0OMAR"), say("For you.")), asked)

    [before, living_one, after] = world.omar.sees(world.omar.direct.id)
    assert [each.text for each in (before, living_one, after)] == ["Good morning.", "X-4 is granted", "For you."]
    assert living_one.blocks[0]["text"]["text"] == "It is *granted*."
    assert (world.calls("chat.postMessage"), world.calls("chat.update")) == (3, 1)
    assert world.given_up == []


async def test_what_asks_several_people_is_a_message_of_its_own_for_each(world: World, workspace: Workspace) -> None:
    maya = workspace.desk("maya")
    notices = [ExceptionWanted(PersonId(person), ExceptionId(4)) for person in ("U0OMAR", "U0MAYA")]
    await world.deliver(*notices)
    world.facts.stage = "granted"
    await world.deliver(*notices)

    for desk in (world.omar, maya):
        assert [each.text for each in desk.sees(desk.direct.id)] == ["X-4 is granted"]


async def test_a_private_message_whose_answer_got_lost_is_found_and_edited_from_then_on(
    world: World, sandbox: Sandbox
) -> None:
    asked = ExceptionWanted(PersonId("U0OMAR"), ExceptionId(4))
    sandbox.faults.next("chat.postMessage", status="drop_after_effect")
    await world.deliver(asked)
    world.facts.stage = "granted"
    await world.deliver(asked)

    assert [each.text for each in world.omar.sees(world.omar.direct.id)] == ["X-4 is granted"]


async def test_a_private_message_that_is_gone_is_sent_anew(world: World, workspace: Workspace) -> None:
    asked = ExceptionWanted(PersonId("U0OMAR"), ExceptionId(4))
    await world.deliver(asked)
    workspace.remove(world.omar.sees(world.omar.direct.id)[0])
    world.facts.stage = "granted"
    await world.deliver(asked)

    assert [each.text for each in world.omar.sees(world.omar.direct.id)] == ["X-4 is granted"]


async def test_what_has_nothing_to_tell_any_more_is_done(world: World) -> None:
    from bot.notices import DigestDue

    await world.deliver(DigestDue(HOME), ChannelLine(HOME, say("after it")))
    assert world.texts() == ["after it"]


# ---------------------------------------------------------------- once


@pytest.mark.parametrize("fault", ["drop_after_effect", "timeout_after_effect"])
async def test_a_message_whose_answer_got_lost_is_found_and_not_posted_twice(
    world: World, sandbox: Sandbox, fault: Any
) -> None:
    patience = timedelta(milliseconds=200)
    async with connected_to_slack(sandbox.bot_token, api_url=sandbox.api_url, patience=patience) as impatient:
        world.slack = impatient
        sandbox.faults.next("chat.postMessage", status=fault)
        await world.deliver(CardChanged(R12), line("one"))

    assert world.texts() == ["R-12 is planning"]
    assert world.thread() == ["one"]
    assert world.calls("chat.postMessage") == 2
    [card] = world.cards()
    assert card.metadata
    assert card.metadata["event_type"] == EVENT_TYPE

    world.facts.stage = "testing"
    await world.deliver(CardChanged(R12))  # the card that was found is the one that lives on
    assert world.texts() == ["R-12 is testing"]


@pytest.mark.parametrize("where", ["in the thread", "in the channel", "to a person"])
async def test_a_lost_answer_is_looked_for_wherever_the_message_went(
    world: World, sandbox: Sandbox, where: str
) -> None:
    await world.deliver(CardChanged(R12))
    notice: Notice = {
        "in the thread": line("once"),
        "in the channel": ChannelLine(HOME, say("once")),
        "to a person": DirectLine(PersonId("U0OMAR"), say("once")),
    }[where]
    sandbox.faults.next("chat.postMessage", status="drop_after_effect")
    await world.deliver(notice)

    said = [*world.thread(), *world.texts(), *(each.text for each in world.omar.sees(world.omar.direct.id))]
    assert said.count("once") == 1


async def test_a_lost_answer_is_found_also_behind_much_else_that_was_said(world: World, sandbox: Sandbox) -> None:
    sandbox.faults.next("chat.postMessage", status="drop_after_effect")
    await world.tell(ChannelLine(HOME, say("once")))
    async with world.sending(first_pause=timedelta(milliseconds=200)) as sender:
        await until(lambda: bool(world.cards()))
        for number in range(250):
            await world.omar.types(CHANNEL, f"chatter {number}")
        await sender.settle(timedelta(seconds=15))

    assert world.texts().count("once") == 1
    assert world.calls("conversations.history") == 2


async def test_where_it_cant_be_looked_for_a_message_is_rather_said_twice_than_never(
    world: World, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.workspace.app.scopes -= {"channels:history"}
    sandbox.faults.next("chat.postMessage", status="drop")
    await world.deliver(ChannelLine(HOME, say("once")))

    assert world.texts() == ["once"]
    assert "can't be looked up" in caplog.text


async def test_a_message_that_did_not_arrive_is_posted_after_all(world: World, sandbox: Sandbox) -> None:
    sandbox.faults.next("chat.postMessage", status="drop")
    await world.deliver(ChannelLine(HOME, say("once")))
    assert world.texts() == ["once"]


async def test_the_card_that_was_found_is_brought_up_to_date(world: World, sandbox: Sandbox) -> None:
    sandbox.faults.next("chat.postMessage", status="drop_after_effect")
    await world.tell(CardChanged(R12))
    async with world.sending(first_pause=timedelta(milliseconds=100)) as sender:
        await until(lambda: world.calls("chat.postMessage") == 1)
        world.facts.stage = "testing"
        await sender.settle(timedelta(seconds=15))

    assert world.texts() == ["R-12 is testing"]


async def test_a_sender_that_died_after_posting_is_followed_by_one_that_looks_first(world: World) -> None:
    class Died(Outbox):
        async def sent(self, parcel: Parcel, now: datetime) -> None:
            raise RecordsError("The plug was pulled.")

        async def keep_anchor(self, name: str, channel: str, ts: str, body_digest: str, now: datetime) -> None:
            raise RecordsError("The plug was pulled.")

    await world.tell(CardChanged(R12), ChannelLine(HOME, say("once")))
    lease = timedelta(milliseconds=300)
    async with world.sending(store=Died(world.store._engines), lease=lease):
        await until(lambda: len(world.cards()) == 2)
        await asyncio.sleep(0.05)
    async with world.sending(owner="two") as second:
        await second.settle(timedelta(seconds=15))

    assert sorted(world.texts()) == ["R-12 is planning", "once"]


async def test_two_senders_do_not_say_things_twice_or_out_of_order(world: World) -> None:
    numbers = [str(number) for number in range(12)]
    await world.tell(CardChanged(R12), *(line(number) for number in numbers))
    async with world.sending() as one, world.sending(owner="two"):
        await one.settle(timedelta(seconds=10))

    assert world.thread() == numbers


async def test_being_stopped_in_the_middle_hands_the_parcel_on_at_once(world: World, sandbox: Sandbox) -> None:
    sandbox.faults.next("chat.postMessage", status="timeout_after_effect")
    await world.tell(ChannelLine(HOME, say("once")))
    sender = world.sender()
    running = asyncio.create_task(sender.run())
    await until(lambda: bool(world.cards()))
    await sender.drain(timedelta(milliseconds=50))
    await running
    async with world.sending(owner="two") as second:
        await second.settle(timedelta(seconds=2))  # and not after a lease of two minutes

    assert world.texts() == ["once"]


async def test_what_is_being_taken_when_the_sender_is_stopped_is_sent_before_the_stop_is_over(world: World) -> None:
    taking, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Outbox):
        async def claim(self, *which: Any) -> Any:
            taken = await super().claim(*which)
            if taken:
                taking.set()
                await go_on.wait()
            return taken

    await world.tell(ChannelLine(HOME, say("once")))
    sender = world.sender(store=Slow(world.store._engines))
    running = asyncio.create_task(sender.run())
    await taking.wait()
    stopping = asyncio.create_task(sender.drain(timedelta(seconds=10)))
    await asyncio.sleep(0)
    go_on.set()
    await stopping
    assert world.texts() == ["once"]
    assert (await world.store.depth()).waiting == 0
    await running


# ---------------------------------------------------------------- Slack is busy, or away


async def test_too_often_makes_only_that_lane_wait(world: World, sandbox: Sandbox, workspace: Workspace) -> None:
    workspace.add_channel(id="C0OTHER", name="other", members=["omar"])
    sandbox.faults.next("chat.postMessage", status=429, retry_after=2)
    await world.tell(ChannelLine(HOME, say("waits")))
    async with world.sending() as sender:
        await until(lambda: not len(sender._sending) and bool(world.facts.drawn))
        await world.tell(ChannelLine(ChannelId("C0OTHER"), say("goes on")), ChannelLine(HOME, say("after it")))
        sender.wake()
        begun = now()
        await until(lambda: bool(world.omar.sees("C0OTHER")))
        assert now() - begun < timedelta(seconds=1.5)
        assert world.texts() == []
        await sender.settle(timedelta(seconds=15))

    assert world.texts() == ["waits", "after it"]
    assert not sender.away


async def test_too_often_is_heeded_by_everything_that_slack_counts_together(world: World, sandbox: Sandbox) -> None:
    await world.deliver(CardChanged(R12), CardChanged(R13))
    world.facts.stage = "testing"
    await world.tell(CardChanged(R12))
    sandbox.faults.next("chat.update", status=429, retry_after=1)
    async with world.sending() as sender:
        await until(lambda: sender._posting._pace.paused("chat.update") > 0)
        await world.tell(CardChanged(R13))
        sender.wake()
        await asyncio.sleep(0.2)
        assert world.calls("chat.update") == 0  # R-13's edit is not even tried
        await sender.settle(timedelta(seconds=15))

    assert sorted(world.texts()) == ["R-12 is testing", "R-13 is testing"]


async def test_while_slack_is_away_everything_waits_and_then_arrives_in_order(world: World, sandbox: Sandbox) -> None:
    sandbox.away = True
    await world.tell(CardChanged(R12), line("one"), line("two"), ChannelLine(HOME, say("elsewhere")))
    async with world.sending() as sender:
        await until(lambda: sender.away)
        await world.tell(line("three"), DirectLine(PersonId("U0OMAR"), say("For you.")))
        await asyncio.sleep(0.15)
        assert world.cards() == []
        sandbox.away = False
        await sender.settle(timedelta(seconds=10))

    assert world.thread() == ["one", "two", "three"]
    assert sorted(world.texts()) == ["R-12 is planning", "elsewhere"]
    assert [each.text for each in world.omar.sees(world.omar.direct.id)] == ["For you."]
    assert world.given_up == []


async def test_while_slack_is_away_it_is_tried_by_one_message_at_a_time_and_more_rarely(
    world: World, sandbox: Sandbox
) -> None:
    tries: list[float] = []

    async def render(notice: Notice) -> Message | None:
        tries.append(asyncio.get_running_loop().time())
        return await Facts.render(world.facts, notice)

    world.facts.render = render  # type: ignore[method-assign]
    sandbox.away = True
    await world.tell(*(CardChanged(ReleaseId(number)) for number in range(1, 41)))
    async with world.sending(first_pause=timedelta(milliseconds=100)):
        await until(lambda: len(tries) >= 16)
        first_burst = len(tries)
        await asyncio.sleep(1.5)
        later = len(tries) - first_burst

    assert first_burst == 16
    assert 2 <= later <= 6


async def test_trouble_with_the_app_itself_keeps_messages_waiting(
    world: World, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.faults.next("chat.postMessage", error="token_revoked", times=3)
    await world.deliver(ChannelLine(HOME, say("once")))

    assert world.texts() == ["once"]
    assert world.given_up == []
    assert "Slack refuses the app, so messages wait" in caplog.text


async def test_newer_facts_are_shown_when_the_turn_to_edit_comes_late(world: World) -> None:
    speeds = Speeds(updates=Speed(burst=1, seconds_each=0.4), posts=Speed(burst=100, seconds_each=0.001))
    await world.deliver(CardChanged(R12), CardChanged(R13))
    world.facts.stage = "testing"
    await world.tell(CardChanged(R12), CardChanged(R13))
    async with world.sending(speeds=speeds) as sender:
        await until(lambda: world.calls("chat.update") == 1)
        world.facts.stage = "ready"
        await sender.settle(timedelta(seconds=15))

    assert sorted(text.rpartition(" ")[2] for text in world.texts()) == ["ready", "testing"]
    assert world.calls("chat.update") == 2


# ---------------------------------------------------------------- what can't be sent


@pytest.mark.parametrize("error", ["channel_not_found", "not_in_channel", "is_archived", "msg_too_long"])
async def test_what_slack_will_never_take_is_given_up_loudly_and_the_lane_goes_on(
    world: World, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, error: str
) -> None:
    sandbox.faults.next("chat.postMessage", error=error)
    await world.deliver(ChannelLine(HOME, say("never")), ChannelLine(HOME, say("goes on")))

    assert world.texts() == ["goes on"]
    [(_, reason)] = world.given_up
    assert error in reason
    assert any("will never arrive" in each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR)
    assert (await world.store.depth()).given_up == 1


async def test_blocks_that_slack_refuses_do_not_keep_the_words_from_arriving(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.facts.blocks = [{"type": "data_visualization", "title": "Not a chart"}]
    await world.deliver(ChannelLine(HOME, say("The trend, in words.")))

    assert world.texts() == ["The trend, in words."]
    assert "its words are sent alone" in caplog.text


async def test_a_message_that_cant_be_drawn_does_not_stop_the_others(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    failing: Callable[[Notice], Coroutine[Any, Any, Message | None]] = world.facts.render

    async def render(notice: Notice) -> Message | None:
        if isinstance(notice, ChannelLine) and "broken" in str(notice.sentence):
            raise ZeroDivisionError
        return await failing(notice)

    world.facts.render = render  # type: ignore[method-assign]
    await world.deliver(ChannelLine(HOME, say("broken")), ChannelLine(HOME, say("goes on")), CardChanged(R12))

    assert sorted(world.texts()) == ["R-12 is planning", "goes on"]
    assert "can't be drawn" in world.given_up[0][1]


async def test_facts_that_cant_be_read_just_now_are_read_later(world: World) -> None:
    world.facts.broken = RecordsError("The database is locked.")
    await world.tell(CardChanged(R12))
    async with world.sending() as sender:
        await until(lambda: len(world.facts.drawn) > 4)
        world.facts.broken = None
        await sender.settle(timedelta(seconds=15))

    assert world.texts() == ["R-12 is planning"]
    assert world.given_up == []


async def test_facts_that_others_are_changing_just_now_are_read_later_however_long_it_takes(world: World) -> None:
    """A busy database is no message that can't be drawn: that would be given up after a few times."""
    world.facts.broken = ConflictError("Somebody else is changing the same thing.")
    await world.tell(CardChanged(R12))
    async with world.sending() as sender:
        await until(lambda: len(world.facts.drawn) > 8)
        world.facts.broken = None
        await sender.settle(timedelta(seconds=15))

    assert world.texts() == ["R-12 is planning"]
    assert world.given_up == []


@pytest.mark.parametrize("trouble", [ConflictError("It is locked."), RecordsError("It is away.")], ids=["busy", "away"])
async def test_a_sender_outlives_a_database_that_is_busy_or_away(world: World, trouble: Exception) -> None:
    class Troubled(Outbox):
        asked = 0
        healed = False

        async def claim(self, now: datetime, owner: str, lease: timedelta, limit: int) -> list[Parcel]:
            type(self).asked += 1
            if self.asked % 2 and not self.healed:
                raise trouble
            return await super().claim(now, owner, lease, limit) if self.healed else []

        async def next_moment(self) -> datetime | None:
            if not self.healed:
                raise trouble
            return await super().next_moment()

    async with world.sending(store=Troubled(world.store._engines)) as sender:
        await world.tell(CardChanged(R12))
        for _ in range(4):
            sender.wake()
            await asyncio.sleep(0.02)
        assert Troubled.asked > 2
        Troubled.healed = True
        sender.wake()
        await sender.settle(timedelta(seconds=15))

    assert world.texts() == ["R-12 is planning"]


async def test_a_notice_of_another_version_is_given_up_and_not_drawn(world: World) -> None:
    from sqlalchemy import update

    from integrations.database.tables import outbox

    await world.tell(ChannelLine(HOME, say("old")))
    async with world.store._engines.writing.begin() as connection:
        await connection.execute(update(outbox).values(kind="Fanfare"))
    async with world.sending() as sender:
        await sender.settle(timedelta(seconds=15))

    assert world.facts.drawn == []
    assert "can't be read" in world.given_up[0][1]


async def test_a_store_that_fails_for_a_while_does_not_end_the_sender(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    class Flaky(Outbox):
        failures = 2

        async def claim(self, *given: Any) -> list[Parcel]:
            if self.failures:
                self.failures -= 1
                raise RecordsError("The database is locked.")
            return await super().claim(*given)

        async def next_moment(self) -> datetime | None:
            raise RecordsError("The database is locked.")

    await world.deliver(ChannelLine(HOME, say("once")), store=Flaky(world.store._engines))
    assert world.texts() == ["once"]
    assert "The outbox can't be read" in caplog.text


async def test_it_looks_at_once_when_woken_and_by_itself_after_a_while(world: World) -> None:
    async with world.sending(poll=timedelta(milliseconds=500)) as sender:
        await asyncio.sleep(0.05)
        await world.tell(ChannelLine(HOME, say("woken")))
        sender.wake()
        begun = now()
        await until(lambda: world.texts() == ["woken"])
        assert now() - begun < timedelta(milliseconds=300)
        await world.tell(ChannelLine(HOME, say("found")))
        await until(lambda: world.texts() == ["woken", "found"])
    assert (await sender.depth()).waiting == 0


# ---------------------------------------------------------------- quiet hours


async def test_what_is_not_to_disturb_waits_until_then_and_an_edit_disturbs_nobody(world: World) -> None:
    await world.deliver(CardChanged(R12))
    world.facts.stage, world.facts.not_before = "testing", now() + timedelta(seconds=1)
    await world.tell(CardChanged(R12), DirectLine(world.omar.id, say("soon"), reminder=True))
    async with world.sending() as sender:
        await until(lambda: world.texts() == ["R-12 is testing"])
        await asyncio.sleep(0.2)
        assert world.omar.sees(world.omar.direct.id) == []
        assert (await world.store.depth()).waiting == 1
        await sender.settle(timedelta(seconds=15))
    assert [each.text for each in world.omar.sees(world.omar.direct.id)] == ["soon"]
