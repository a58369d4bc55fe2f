"""Desk: one person's client. What there is to see, and everything that can be typed, pressed, chosen and submitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.sandbox import events, payloads
from integrations.sandbox.elements import NotOnScreenError
from integrations.sandbox.forms import complaints
from integrations.sandbox.hands import Hands
from integrations.sandbox.link import Answer
from integrations.sandbox.members import Channel
from integrations.sandbox.messages import Message, View
from integrations.sandbox.posting import post_answer
from integrations.sandbox.screens import close_top, react_to_submission
from integrations.sandbox.typing_in import escape, escape_command

__all__ = ["Desk", "NotOnScreenError"]


class Desk(Hands):
    """What one person sees and does. Only what stands on the screen can be used; anything else is a clear error."""

    # ------------------------------------------------------------------ typing

    async def types(self, channel: str, text: str, *, thread: Message | str | None = None) -> Message | None:
        """Type a message or a slash command and press Enter. Returns once the app acknowledged a command."""
        place = self._place(channel)
        self._check_may_write(place)
        thread_ts = thread.thread_ts or thread.ts if isinstance(thread, Message) else thread
        if text.startswith("/"):
            await self._command(place, text, thread_ts)
            return None
        message = Message(
            channel=place.id,
            ts=self.workspace.next_ts(),
            user=self.id,
            text=escape(text, self.workspace),
            thread_ts=thread_ts,
        )
        self.workspace.put(message)
        events.message_posted(self.workspace, message)
        return message

    async def _command(self, place: Channel, typed: str, thread_ts: str | None) -> None:
        name, rest = (*typed.split(maxsplit=1), "")[:2]
        command = self.workspace.commands.get(name.lower())
        if command is None or self.member.team_id != self.workspace.team_id:
            self._notice(f"{name} is not a valid command.", place, "app_not_found")
            return
        if thread_ts is not None:
            self._notice(f"{name} is not supported in threads. Sorry!", place, "not_in_threads")
            return
        given = self.workspace.response_urls.issue(user=self.id, channel=place.id)
        payload = payloads.slash_command(
            self.workspace,
            self.member,
            place,
            command=command.name,
            text=escape_command(rest.rstrip(), self.workspace, should_escape=command.should_escape),
            trigger_id=self.workspace.triggers.issue(self.id),
            response_url=self._response_url(given.key),
        )
        answer = await self._request("slash_commands", payload)
        if answer.ok and answer.body:
            error = post_answer(self.workspace, given, answer.body)
            answer = Answer(error=error) if error else answer
        if not answer.ok:
            self._notice(f'{command.name} failed with the error "{answer.error}".', place, answer.error)

    # ------------------------------------------------------------------ forms and Home

    async def submits(self, view: View, values: Mapping[str, Any] | None = None) -> dict[str, str]:
        """Fill in a form and submit it. Returns what then stands in red under its inputs, by block_id."""
        view = self._on_top(view)
        if not view.get("submit"):
            raise NotOnScreenError(f"The form {view['title']['text']!r} has no submit button.")
        if values:
            self.fills(view, values)
        state = self.draft(view)
        refused = complaints(state, self.shown(view))
        if refused:
            return refused
        trigger_id = self.workspace.triggers.issue(self.id, view_id=view["id"])
        payload = payloads.view_submission(self.workspace, self.member, view, state=state, trigger_id=trigger_id)
        answer = await self._request("interactive", payload)
        reaction = react_to_submission(self.workspace, self.id, view, answer.body) if answer.ok else None
        error = reaction.error if reaction else answer.error
        if error:
            self._notice(f"We had some trouble connecting. Try again? ({error})", None, error)
        return reaction.errors if reaction else {}

    async def closes(self, view: View | None = None, *, all_of_them: bool = False) -> None:
        """Close the form on top (or all of them); the app hears of it if it asked to."""
        if self.modal is None:
            raise NotOnScreenError("No form is open.")
        top = self._on_top(view or self.modal)
        for closed, state in close_top(self, top, everything=all_of_them):
            payload = payloads.view_closed(
                self.workspace, self.member, closed, state=state, cleared=all_of_them or bool(top["clear_on_close"])
            )
            # A client does not complain about the answer to this.
            await self._request("interactive", payload)

    async def opens_home(self) -> None:
        """Open the app's Home; the app hears of it if it asked to."""
        if not self.workspace.app.home_tab:
            raise NotOnScreenError("This app has no Home.")
        events.home_opened(self.workspace, self.member, tab="home")

    async def opens_direct(self) -> Channel:
        """Open the direct conversation with the app."""
        events.home_opened(self.workspace, self.member, tab="messages")
        return self.direct

    def joins(self, channel: str) -> None:
        """Come into a channel that this person can read."""
        place = self._place(channel)
        place.members.add(self.id)
        self.workspace.tell("channels", channel=place.id)
        events.joined(self.workspace, self.member, place)

    def reacts(self, message: Message, name: str) -> None:
        """Put an emoji under a message."""
        current = self.workspace.message(message.channel, message.ts) or message
        self.workspace.put(current.with_reaction(name, self.id))
        events.reacted(self.workspace, self.member, message, name, added=True)

    def dismisses(self, message: Message) -> None:
        """Dismiss a message that only this person sees."""
        if message.ephemeral_to != self.id:
            raise NotOnScreenError("Only what is visible to you alone can be dismissed.")
        self.workspace.remove(message)

    def _check_may_write(self, place: Channel) -> None:
        if self.member.deleted:
            raise NotOnScreenError(f"{self.name} is deactivated and signed out.")
        if place.is_im and not self.workspace.app.messages_tab:
            raise NotOnScreenError("Sending messages to this app has been turned off.")
        if place.is_archived or self.id not in place.members:
            why = "it is archived" if place.is_archived else f"{self.name} is not in it"
            raise NotOnScreenError(f"Nothing can be written in #{place.name}: {why}.")
