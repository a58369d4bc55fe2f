"""The workspace: who and what is there, everything that was said, and what stands on each person's screen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from integrations.sandbox.changes import Change, ChangeKind
from integrations.sandbox.files import Files
from integrations.sandbox.members import Channel, Command, Member, UserGroup
from integrations.sandbox.messages import Message, Notice, View
from integrations.sandbox.response_urls import ResponseUrls
from integrations.sandbox.roster import Roster
from integrations.sandbox.triggers import Triggers

if TYPE_CHECKING:
    from integrations.sandbox.desk import Desk

__all__ = ["Change", "Channel", "Command", "Member", "Message", "Notice", "UserGroup", "View", "Workspace"]

SurfaceKey = str
InputState = dict[str, dict[str, Any]]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Workspace(Roster):
    """The whole state, in memory, on one event loop. Whatever changes it tells the subscribers."""

    def __init__(
        self,
        *,
        name: str = "Slipway",
        team_id: str = "T0SLIPWAY",
        app_name: str = "Slipway",
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        super().__init__(name=name, team_id=team_id, app_name=app_name, now=now)
        self.messages: defaultdict[str, list[Message]] = defaultdict(list)
        self.modals: dict[str, list[View]] = {}
        self.notices: dict[str, list[Notice]] = {}
        self.drafts: dict[tuple[str, SurfaceKey], InputState] = {}
        self.triggers = Triggers(now=now)
        self.response_urls = ResponseUrls(now=now)
        self.files = Files(now=now)
        self._view_count = 0

    # ------------------------------------------------------------------ finding things

    def direct(self, who: str) -> Channel:
        """The direct conversation between the app and somebody, opened if need be."""
        member = self.person(who)
        channel_id = "D0" + member.id[1:]
        if channel_id not in self.channels:
            self.channels[channel_id] = Channel(
                id=channel_id,
                name="directmessage",
                members={member.id, self.app.user_id},
                created=int(self.now().timestamp()),
                is_private=True,
                im_with=member.id,
            )
            self.tell("channels", user=member.id, channel=channel_id)
        return self.channels[channel_id]

    def message(self, channel: str, ts: str) -> Message | None:
        """The newest version of one message, None once it is deleted."""
        return next((message for message in reversed(self.messages.get(channel, ())) if message.ts == ts), None)

    def replies(self, channel: str, thread_ts: str) -> list[Message]:
        """What stands in a thread, without its first message."""
        return [m for m in self.messages.get(channel, ()) if m.thread_ts == thread_ts and m.is_reply]

    def view(self, view_id: str) -> View | None:
        """A form that is open, or somebody's Home, by its id."""
        for view in self.open_views():
            if view["id"] == view_id:
                return view
        return None

    def open_views(self) -> Iterable[View]:
        """Every form that is open somewhere, and every Home."""
        for stack in self.modals.values():
            yield from stack
        yield from self.homes.values()

    def viewer(self, view_id: str) -> str | None:
        """On whose screen that form or Home stands."""
        for user, stack in self.modals.items():
            if any(view["id"] == view_id for view in stack):
                return user
        return next((user for user, view in self.homes.items() if view["id"] == view_id), None)

    def desk(self, who: str) -> Desk:
        """That person's client: what there is to see, and everything that can be done with it."""
        from integrations.sandbox.desk import Desk  # noqa: PLC0415  (a desk needs the workspace, not the other way round)

        return Desk(self, self.person(who))

    # ------------------------------------------------------------------ changing it

    def next_view_id(self) -> str:
        """A new id for a form or a Home."""
        self._view_count += 1
        return f"V{self._view_count:09d}"

    def put(self, message: Message) -> Message:
        """Add a message, or put its new version in the old one's place."""
        standing = self.messages[message.channel]
        if not standing or float(message.ts) > standing[-1].at:
            standing.append(message)
            self._tell_of(message, "message_posted")
            return message
        for position, other in enumerate(standing):
            if other.ts == message.ts:
                standing[position] = replace(message, version=other.version + 1)
                self._tell_of(standing[position], "message_changed")
                return standing[position]
        raise LookupError(f"That message is gone from {message.channel}: {message.text!r}.")

    def remove(self, message: Message) -> None:
        """Take a message away."""
        self.messages[message.channel] = [m for m in self.messages[message.channel] if m.ts != message.ts]
        self._tell_of(message, "message_deleted")

    def show_home(self, user: str, view: View) -> None:
        """Put a new Home in front of somebody."""
        self.homes[user] = view
        self.tell("home", user=user, view_id=view["id"])

    def show_modals(self, user: str, stack: list[View]) -> None:
        """Put exactly these forms on somebody's screen; what was typed into those that are gone is forgotten."""
        gone = {view["id"] for view in self.modals.get(user, ())} - {view["id"] for view in stack}
        for view_id in gone:
            self.drafts.pop((user, view_id), None)
        self.modals[user] = stack
        self.tell("modal", user=user, view_id=stack[-1]["id"] if stack else None)

    def notify(self, user: str, text: str, *, channel: str | None = None, error: str = "") -> Notice:
        """Let somebody's client say something of its own."""
        notice = Notice(user=user, text=text, at=self.now(), channel=channel, error=error)
        self.notices.setdefault(user, []).append(notice)
        self.tell("notice", user=user, channel=channel)
        return notice

    def _tell_of(self, message: Message, kind: ChangeKind) -> None:
        self.tell(kind, user=message.ephemeral_to, channel=message.channel, ts=message.ts)
