"""Hands: what one person presses, chooses and fills in, on messages, forms and Home alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.sandbox import payloads
from integrations.sandbox.elements import PRESSED, STATE_KEYS, Control, NotOnScreenError, action_of, find
from integrations.sandbox.forms import State, entry, fill_in
from integrations.sandbox.link import Answer, Kind
from integrations.sandbox.members import Channel
from integrations.sandbox.messages import Message, View
from integrations.sandbox.sight import Sight, key_of


class Hands(Sight):
    """The pressing half of a person's client."""

    async def presses(
        self,
        surface: Message | View,
        label: str | None = None,
        *,
        action_id: str | None = None,
        block_id: str | None = None,
        value: str | None = None,
        confirmed: bool = True,
        stale: bool = False,
        values: Mapping[str, Any] | None = None,
    ) -> Answer | None:
        """Press a button, found by its label or ids. None if its confirm dialog was not `confirmed`.

        `stale` presses what stands on this old copy, as somebody does whose screen is behind. `values` fills in other
        inputs of the surface first.
        """
        control = self._control(surface, stale, label=label, action_id=action_id, block_id=block_id, value=value)
        if control.kind not in PRESSED and control.kind != "feedback_buttons":
            raise NotOnScreenError(f"{control.label!r} is a {control.kind}; use chooses().")
        if "confirm" in control.element and not confirmed:
            return None
        if values:
            self.fills(surface, values)
        return await self._interact(surface, control, None)

    async def chooses(
        self,
        surface: Message | View,
        label: str | None = None,
        *,
        selected: Any,
        action_id: str | None = None,
        block_id: str | None = None,
        confirmed: bool = True,
        stale: bool = False,
        values: Mapping[str, Any] | None = None,
    ) -> Answer | None:
        """Choose in a select, tick boxes, pick a date, type into an input. Mere inputs are kept till the form is sent.

        `selected` is an option's label or value (a list where several can be chosen), a name, a date or a text.
        """
        control = self._control(surface, stale, label=label, action_id=action_id, block_id=block_id)
        if "confirm" in control.element and not confirmed:
            return None
        if values:
            self.fills(surface, values)
        given = entry(control, selected, self.workspace)
        if control.kind in STATE_KEYS:
            self._keep(surface, {control.block_id: {control.action_id: given}})
        return await self._interact(surface, control, given) if control.sends else None

    def fills(self, surface: Message | View, values: Mapping[str, Any]) -> None:
        """Fill in inputs without sending anything yet."""
        state: State = {}
        fill_in(state, values, self.shown(surface), self.workspace)
        self._keep(surface, state)

    async def _interact(self, surface: Message | View, control: Control, given: Mapping[str, Any] | None) -> Answer:
        workspace = self.workspace
        action = action_of(control, given, at=workspace.next_ts())
        if isinstance(surface, Message):
            current = workspace.message(surface.channel, surface.ts) or surface
            urls = workspace.response_urls.issue(
                user=self.id, channel=surface.channel, message_ts=surface.ts, thread_ts=surface.thread_ts
            )
            payload = payloads.message_action(
                workspace,
                self.member,
                current,
                action=action,
                state=self.draft(current),
                trigger_id=workspace.triggers.issue(self.id),
                response_url=self._response_url(urls.key),
            )
        else:
            current_view = workspace.view(surface["id"]) or surface
            payload = payloads.view_action(
                workspace,
                self.member,
                current_view,
                action=action,
                state=self.draft(current_view),
                trigger_id=workspace.triggers.issue(self.id, view_id=surface["id"]),
            )
        place = workspace.channels[surface.channel] if isinstance(surface, Message) else None
        answer = await self._request("interactive", payload)
        if not answer.ok:
            self._notice(f"“{control.label or control.action_id}” didn't work: {answer.error}.", place, answer.error)
        return answer

    # ------------------------------------------------------------------ how

    async def _request(self, kind: Kind, payload: dict[str, Any]) -> Answer:
        link = self.workspace.link
        if link is None:
            return Answer(error="dispatch_failed")
        if kind == "interactive" and not self.workspace.app.interactive:
            return Answer(error="not_interactive")
        return await link.request(kind, payload)

    def _response_url(self, key: str) -> str:
        link = self.workspace.link
        return f"{link.url if link is not None else ''}/response/{key}"

    def _notice(self, text: str, place: Channel | None, error: str) -> None:
        self.workspace.notify(self.id, text, channel=place.id if place else None, error=error)

    def _control(self, surface: Message | View, stale: bool, **wanted: str | None) -> Control:
        if not stale:
            if self.member.deleted:
                raise NotOnScreenError(f"{self.name} is deactivated and signed out.")
            surface = self._as_it_is_now(surface)
        return find(self.shown(surface), **wanted)

    def _as_it_is_now(self, surface: Message | View) -> Message | View:
        if isinstance(surface, Message):
            current = self.current(surface)
            if current is None:
                raise NotOnScreenError(f"That message is not on {self.name}'s screen any more: {surface.text!r}.")
            return current
        if surface["type"] == "modal":
            return self._on_top(surface)
        if self.home is None:
            raise NotOnScreenError(f"{self.name} has no Home yet.")
        return self.home

    def _on_top(self, view: View) -> View:
        top = self.modal
        if top is None or top["id"] != view["id"]:
            shown = f"on top is {top['title']['text']!r}" if top else "no form is open"
            raise NotOnScreenError(f"The form {view['title']['text']!r} is not on top: {shown}.")
        return top

    def _keep(self, surface: Message | View, state: State) -> None:
        kept = self.workspace.drafts.setdefault((self.id, key_of(surface)), {})
        for block_id, entries in state.items():
            kept.setdefault(block_id, {}).update(entries)
        self.workspace.tell("draft", user=self.id)
