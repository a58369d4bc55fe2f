"""Sight: what one person can see, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from integrations.sandbox.elements import Control, NotOnScreenError, controls, initial_state
from integrations.sandbox.forms import State
from integrations.sandbox.members import Channel, Member
from integrations.sandbox.messages import Block, Message, Notice, View

if TYPE_CHECKING:
    from integrations.sandbox.workspace import Workspace


class Sight:
    """The reading half of a person's client."""

    def __init__(self, workspace: Workspace, member: Member) -> None:
        self.workspace = workspace
        self.member = member

    @property
    def id(self) -> str:
        """The person's id."""
        return self.member.id

    @property
    def name(self) -> str:
        """The person's name."""
        return self.member.name

    @property
    def channels(self) -> list[Channel]:
        """The channels this person can read: their own, and for full members all public ones."""
        return [c for c in self.workspace.channels.values() if not c.is_im and self._may_read(c)]

    @property
    def direct(self) -> Channel:
        """The direct conversation with the app."""
        return self.workspace.direct(self.id)

    @property
    def notices(self) -> list[Notice]:
        """What this person's client has said of its own, oldest first."""
        return self.workspace.notices.get(self.id, [])

    @property
    def modal(self) -> View | None:
        """The form on top, None if there is none."""
        stack = self.workspace.modals.get(self.id)
        return stack[-1] if stack else None

    @property
    def modals(self) -> list[View]:
        """All open forms, the one on top last."""
        return list(self.workspace.modals.get(self.id, ()))

    @property
    def home(self) -> View | None:
        """The app's Home as it was last published for this person."""
        return self.workspace.homes.get(self.id)

    def sees(self, channel: str) -> list[Message]:
        """The messages in a channel that this person can see, oldest first; replies are in their threads."""
        return [m for m in self._visible(self._place(channel)) if not m.is_reply or m.reply_broadcast]

    def thread(self, message: Message | str, *, channel: str | None = None) -> list[Message]:
        """A thread: its first message, then the replies that this person can see."""
        if isinstance(message, Message):
            ts, place = message.thread_ts or message.ts, self._place(message.channel)
        else:
            ts, place = message, self._place(channel or "")
        return [m for m in self._visible(place) if ts in (m.ts, m.thread_ts)]

    def current(self, message: Message) -> Message | None:
        """The newest version of a message; None once it is gone."""
        return next((m for m in self._visible(self._place(message.channel)) if m.ts == message.ts), None)

    def draft(self, surface: Message | View) -> State:
        """What stands in the inputs of a message, form or Home on this person's screen, as `state.values`."""
        state = initial_state(blocks_of(surface))
        for block_id, entries in self.workspace.drafts.get((self.id, key_of(surface)), {}).items():
            for action_id, given in entries.items():
                # What was filled in survives a redraw only while block_id, action_id and the kind of input stay.
                if state.get(block_id, {}).get(action_id, {}).get("type") == given.get("type"):
                    state[block_id][action_id] = given
        return state

    def shown(self, surface: Message | View) -> list[Control]:
        """Everything on a surface that this person can use, top to bottom."""
        return list(controls(blocks_of(surface), user=self.id))

    def _place(self, channel: str) -> Channel:
        place = self.workspace.channel(channel)
        if not self._may_read(place):
            raise NotOnScreenError(f"{self.name} can't see #{place.name}.")
        return place

    def _may_read(self, channel: Channel) -> bool:
        if self.id in channel.members:
            return True
        outsider = self.member.is_guest or self.member.team_id != self.workspace.team_id
        return not (channel.is_private or channel.is_im or outsider)

    def _visible(self, channel: Channel) -> Sequence[Message]:
        return [m for m in self.workspace.messages.get(channel.id, ()) if m.ephemeral_to in (None, self.id)]


def key_of(surface: Message | View) -> str:
    """The name under which a surface's inputs are kept."""
    return f"{surface.channel}/{surface.ts}" if isinstance(surface, Message) else str(surface["id"])


def blocks_of(surface: Message | View) -> Sequence[Block]:
    """The blocks of a message, form or Home."""
    return surface.blocks if isinstance(surface, Message) else surface["blocks"]
