"""Posting: how one message gets into Slack: a new one once, a living one by editing it where it stands."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.messages import Message, MessengerError, Render
from bot.notices import CardChanged, DeploymentChanged, Notice, ThreadLine
from bot.ports import Clock
from integrations.slack.client import SlackClient
from integrations.slack.errors import SlackBusyError, SlackRefusedError
from integrations.slack.pace import Pace
from integrations.slack.ports import Anchor, Anchors, Parcel

log = logging.getLogger(__name__)

EVENT_TYPE = "slipway_outbox"
_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
_ROOT_GONE = frozenset({"thread_not_found", "message_not_found", "cannot_reply_to_message"})
_SKEW = timedelta(minutes=2)
_PAGES = 5


class PausedError(Exception):
    """It has to wait for so many seconds: Slack asked a moment ago to be left alone with this, or a person sleeps."""

    def __init__(self, seconds: float, why: str = "Slack asked to wait {seconds:.0f} s more") -> None:
        super().__init__(why.format(seconds=seconds))
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class _Root:
    """Where a message goes: the channel, and the thread in it."""

    channel: str
    thread: str | None


@dataclass(frozen=True, slots=True)
class _Mark:
    """What a new message is known by: nothing else tells, after a lost answer, whether it has arrived."""

    key: str
    since: datetime
    doubtful: bool


class Posting:
    """Sends parcels' messages. What it raises says whether the message may have arrived all the same."""

    def __init__(self, client: SlackClient, anchors: Anchors, render: Render, now: Clock, pace: Pace) -> None:
        self._client = client
        self._anchors = anchors
        self._render = render
        self._now = now
        self._pace = pace
        self._direct: dict[str, str] = {}

    async def send(self, parcel: Parcel, notice: Notice, *, doubtful: bool) -> None:
        """Draw it and send it. `doubtful`: an earlier attempt may have arrived; look before it is posted again."""
        message = await self._render(notice)
        if message is None:
            return
        if message.living is not None:
            anchor = await self._anchors.anchor(message.living)
            if anchor is not None and await self._updated(anchor, message.living, notice, message):
                return
        if message.not_before is not None and message.not_before > self._now():
            seconds = (message.not_before - self._now()).total_seconds()
            raise PausedError(seconds, "quiet hours: it is told in {seconds:.0f} s")
        key = f"{parcel.id}-{parcel.created_at.timestamp():.0f}"
        await self._posted(_Mark(key, parcel.created_at, doubtful), notice, message)

    # ------------------------------------------------------------------ living messages

    async def _updated(self, anchor: Anchor, name: str, notice: Notice, message: Message) -> bool:
        """Bring it up to date where it stands. False if it isn't there any more."""
        if anchor.body_digest == message.digest:
            return True
        if await self._turn(Pace.of_updates()):
            # There may be newer facts by now, and perhaps the message shows them already.
            message = await self._render(notice) or message
        try:
            # Text alone would take the blocks away, and blocks alone leave notifications without words.
            await self._write("chat.update", Pace.of_updates(), {"channel": anchor.channel, "ts": anchor.ts}, message)
        except SlackRefusedError as error:
            if error.code not in _GONE:
                raise
            log.warning("The message %s is gone (%s); it is posted anew.", name, error.code)
            await self._anchors.forget_anchor(name)
            return False
        await self._anchors.keep_anchor(name, anchor.channel, anchor.ts, message.digest, self._now())
        return True

    # ------------------------------------------------------------------ new messages

    async def _posted(self, mark: _Mark, notice: Notice, message: Message) -> None:
        root = await self._root(mark, notice, message)
        adopted = await self._adopted(root, mark) if mark.doubtful else None
        if adopted is not None:
            log.info("Parcel %s had arrived in %s after all; it is not posted again.", mark.key, root.channel)
            if message.living is not None:
                # It may have been drawn from older facts: without a digest it is brought up to date.
                await self._anchors.keep_anchor(message.living, root.channel, adopted, "", self._now())
                anchor = await self._anchors.anchor(message.living)
                assert anchor is not None
                await self._updated(anchor, message.living, notice, message)
            return
        if await self._turn(Pace.of_posts(root.channel)):
            message = await self._render(notice) or message
        try:
            ts = await self._post(root, message, mark.key)
        except SlackRefusedError as error:
            if root.thread is None or message.thread_of is None or error.code not in _ROOT_GONE:
                raise
            log.warning("The message %s is gone (%s); it is posted anew.", message.thread_of, error.code)
            await self._anchors.forget_anchor(message.thread_of)
            root = await self._root(mark, notice, message)
            ts = await self._post(root, message, mark.key)
        if message.living is not None:
            await self._anchors.keep_anchor(message.living, root.channel, ts, message.digest, self._now())

    async def _post(self, root: _Root, message: Message, key: str) -> str:
        where: dict[str, Any] = {
            "channel": root.channel,
            "thread_ts": root.thread,
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {"parcel": key}},
            "unfurl_links": False,
            "unfurl_media": False,
        }
        if root.thread is not None and message.broadcast:
            where["reply_broadcast"] = True
        told = await self._write("chat.postMessage", Pace.of_posts(root.channel), where, message)
        return str(told["ts"])

    async def _root(self, mark: _Mark, notice: Notice, message: Message) -> _Root:
        """Where it goes. A thread whose card doesn't stand any more, or not yet, gets its card first."""
        if message.thread_of is None:
            return _Root(await self._channel(message.channel), None)
        anchor = await self._anchors.anchor(message.thread_of)
        if anchor is None and isinstance(notice, ThreadLine | DeploymentChanged):
            card = CardChanged(notice.release)
            drawn = await self._render(card)
            if drawn is not None and drawn.living == message.thread_of:
                await self._posted(replace(mark, key=f"{mark.key}-card"), card, drawn)
                anchor = await self._anchors.anchor(message.thread_of)
        if anchor is None:
            return _Root(await self._channel(message.channel), None)
        return _Root(anchor.channel, anchor.ts)

    async def _channel(self, channel: str) -> str:
        """A channel's id; for a person's id that of the direct conversation."""
        if not channel.startswith(("U", "W")):
            return channel
        if channel not in self._direct:
            opened = await self._client.call("conversations.open", users=channel)
            self._direct[channel] = str(opened["channel"]["id"])
        return self._direct[channel]

    async def _adopted(self, root: _Root, mark: _Mark) -> str | None:
        """The `ts` under which it has arrived already; None if it hasn't."""
        oldest = f"{(mark.since - _SKEW).timestamp():.6f}"
        method = "conversations.history" if root.thread is None else "conversations.replies"
        asked: dict[str, Any] = {"channel": root.channel, "oldest": oldest, "include_all_metadata": True, "limit": 200}
        cursor: str | None = None
        for _ in range(_PAGES):
            try:
                told = await self._client.call(method, **asked, ts=root.thread, cursor=cursor)
            except SlackRefusedError as error:
                log.warning("Whether a message arrived in %s can't be looked up: %s", root.channel, error)
                return None
            for each in told["messages"]:
                if _key(each) == mark.key:
                    return str(each["ts"])
            cursor = str((told.get("response_metadata") or {}).get("next_cursor") or "") or None
            if cursor is None:
                break
        return None

    # ------------------------------------------------------------------ the calls

    async def _turn(self, key: str) -> bool:
        left = self._pace.paused(key)
        if left:
            raise PausedError(left)
        return await self._pace.turn(key)

    async def _write(self, method: str, key: str, where: Mapping[str, Any], message: Message) -> Mapping[str, Any]:
        blocks = list(message.blocks)
        try:
            return await self._client.call(method, **where, text=message.text, blocks=blocks or None)
        except SlackBusyError as error:
            self._pace.pause(key, error.retry_after)
            raise
        except MessengerError as error:
            if error.code != "invalid_blocks" or not blocks or method == "chat.update":
                raise
            log.error("Slack refuses this message's blocks; its words are sent alone. %s", error)  # noqa: TRY400 - no traceback helps
            return await self._client.call(method, **where, text=message.text)


def _key(message: Mapping[str, Any]) -> str | None:
    metadata = message.get("metadata")
    if not isinstance(metadata, Mapping) or metadata.get("event_type") != EVENT_TYPE:
        return None
    payload = metadata.get("event_payload")
    return str(payload.get("parcel")) if isinstance(payload, Mapping) else None
