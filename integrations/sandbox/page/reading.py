"""Reading: gathers the screen for one person at one address, and remembers who has seen what."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .drafts import with_draft
from .faces import Place, base_of, channels_of, face_of, people_of, reader_of
from .lines import Drawn, Lines
from .render import render_blocks, slug, words
from .screen import Address, Screen, ShownCommand, ShownView, Tab, Thread

if TYPE_CHECKING:
    from integrations.sandbox.messages import Message, View
    from integrations.sandbox.workspace import Channel, Member, Workspace

    from .guide import Guide
    from .reader import Reader

RECENT = 80  # messages shown at first; older ones are one click away
_FRESH = timedelta(seconds=10)


class Reading:
    """Who has seen what. A client keeps that for itself, so the page does; it is forgotten with the page."""

    def __init__(self, workspace: Workspace, guide: Guide) -> None:
        self._workspace = workspace
        self._guide = guide
        self._seen: dict[tuple[str, str], str] = {}
        self._homes: dict[str, View] = {}
        self._drawn: Drawn = {}

    def screen(self, address: Address) -> Screen:
        """Gather the screen; LookupError when there is no such person or place. What it shows counts as seen."""
        workspace = self._workspace
        member = workspace.person(address.person)
        if member.is_bot:
            raise LookupError(f"{member.real_name} is no person.")
        channel = self._channel(address, member)
        if address.tab == "home":
            self._homes[member.id] = workspace.homes.get(member.id, {})
        else:
            visible = self._visible(channel, member)
            self._seen[member.id, channel.id] = visible[-1].ts if visible else ""
        reader = reader_of(workspace, member)
        screen = self._frame(address, member, channel)
        self._fill(screen, address, reader, channel)
        return screen

    def front(self, person: str) -> str:
        """Where somebody starts: the first channel in their list, or the app; without a name, the first person."""
        first = next(people_of(self._workspace), None)
        if not person and first is None:
            raise LookupError("There is nobody in this workspace yet.")
        member = self._workspace.person(person) if person or first is None else first
        channel = next(channels_of(self._workspace, member), None)
        return f"{base_of(member)}/c/{quote(channel.name)}" if channel else f"{base_of(member)}/home"

    def _channel(self, address: Address, member: Member) -> Channel:
        if address.tab != "channel":
            return self._workspace.direct(member.id)
        channel = self._workspace.channel(address.channel)
        if channel not in channels_of(self._workspace, member) and member.id not in channel.members:
            raise LookupError(f"{member.real_name} can't see that channel.")
        return channel

    def _frame(self, address: Address, member: Member, channel: Channel) -> Screen:
        workspace = self._workspace
        app = face_of(workspace.people[workspace.app.user_id], workspace)
        base = base_of(member)
        channels = [self._place(one, member) for one in channels_of(workspace, member)]
        waiting = self._waiting(member)
        tabs = [
            Tab("Home", f"{base}/home", address.tab == "home") if workspace.app.home_tab else None,
            Tab("Messages", f"{base}/messages", address.tab == "messages", waiting)
            if workspace.app.messages_tab
            else None,
        ]
        shown_tabs = [tab for tab in tabs if tab]
        app_place = Place(
            "app",
            app.real_name,
            "app",
            shown_tabs[0].href if shown_tabs else f"{base}/messages",
            unread=waiting,
            dot=bool(workspace.homes.get(member.id)) and workspace.homes[member.id] is not self._homes.get(member.id),
            who=app,
        )
        place = self._place(channel, member) if address.tab == "channel" else app_place
        return Screen(
            title=f"{'#' if place.kind == 'channel' else ''}{place.name} · {member.real_name} · {workspace.name}",
            workspace=workspace.name,
            base=base,
            tab=address.tab,
            here=place.href if address.tab == "channel" else f"{base}/{address.tab}",
            tabs=shown_tabs if address.tab != "channel" else [],
            me=face_of(member, workspace),
            app=app,
            people=[face_of(one, workspace, waiting=self._waiting(one)) for one in people_of(workspace)],
            channels=channels,
            app_place=app_place,
            place=place,
            channel=channel.id,
            topic=channel.topic or channel.purpose,
            members=[
                face_of(workspace.people[one], workspace)
                for one in workspace.people
                if one in channel.members and address.tab == "channel" and not workspace.people[one].is_bot
            ],
            may_write=member.id in channel.members and not channel.is_archived,
            commands=[ShownCommand(one.name, one.usage_hint, one.description) for one in workspace.commands.values()],
            prefill=address.say,
            guide=self._guide.shown(workspace),
            guide_done=self._guide.finished(),
        )

    def _fill(self, screen: Screen, address: Address, reader: Reader, channel: Channel) -> None:
        workspace, me = self._workspace, reader.id
        member = workspace.people[me]
        lines = Lines(workspace, reader, self._drawn)
        notices = [one for one in workspace.notices.get(me, ()) if one.channel in (None, channel.id)]
        stack = workspace.modals.get(me) or []
        if address.tab == "home":
            view = workspace.homes.get(me)
            screen.home = self._view(view, reader, "home") if view else None
        else:
            visible = self._visible(channel, member)
            shown = visible if address.everything else visible[-RECENT:]
            if len(shown) < len(visible):
                screen.earlier = f"{screen.here}?all=1"
            oldest = shown[0].at if len(shown) < len(visible) else 0.0
            screen.lines = lines.of(shown, [one for one in notices if one.at.timestamp() >= oldest], place=screen.here)
            root = workspace.message(channel.id, address.thread) if address.thread else None
            if root is not None and root.ephemeral_to in (None, me):
                replies = [one for one in workspace.replies(channel.id, root.ts) if one.ephemeral_to in (None, me)]
                screen.thread = Thread(root.ts, lines.of([root, *replies], (), place=screen.here, thread=root.ts))
                for line in screen.lines:
                    line.selected = line.ts == root.ts
        if stack:
            screen.modal = self._view(stack[-1], reader, "modal", depth=len(stack))
        if stack or address.tab == "home":
            # What belongs to no channel would stand among messages that are covered: say it on top.
            fresh = (one for one in workspace.notices.get(me, ()) if workspace.now() - one.at < _FRESH)
            screen.toasts = [one.text for one in fresh if one.channel is None]

    def _view(self, view: View, reader: Reader, surface: str, *, depth: int = 1) -> ShownView:
        def title(key: str, default: str) -> str:
            given: Any = view.get(key)
            return words(given) if given else default

        blocks = view.get("blocks") or []
        draft = self._workspace.desk(reader.id).draft(view)
        needs_submit = any(block.get("type") == "input" for block in blocks)
        return ShownView(
            id=view["id"],
            key=slug(f"view-{view['id']}"),
            body=render_blocks(with_draft(blocks, draft), reader, scope=view["id"], surface=surface),
            title=title("title", ""),
            close=title("close", "Cancel" if depth == 1 else "Back"),
            submit=title("submit", "Submit" if needs_submit else ""),
            depth=depth,
        )

    def _visible(self, channel: Channel, member: Member) -> list[Message]:
        return [
            message
            for message in self._workspace.messages.get(channel.id, ())
            if message.ephemeral_to in (None, member.id) and (not message.is_reply or message.reply_broadcast)
        ]

    def _unread(self, channel: Channel, member: Member) -> int:
        seen = self._seen.get((member.id, channel.id), "")
        return sum(one.ts > seen and one.user != member.id for one in self._visible(channel, member))

    def _waiting(self, member: Member) -> int:
        """How much the app has said to somebody directly that they haven't looked at."""
        direct = next((one for one in self._workspace.channels.values() if one.im_with == member.id), None)
        return self._unread(direct, member) if direct else 0

    def _place(self, channel: Channel, member: Member) -> Place:
        return Place(
            channel.id,
            channel.name,
            "channel",
            f"{base_of(member)}/c/{quote(channel.name)}",
            private=channel.is_private,
            unread=self._unread(channel, member),
        )
