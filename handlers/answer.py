"""Answer: how the person who asked is answered: privately, where they are looking, by whatever way is open."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from bot.messages import MessengerError
from handlers.request import Request
from handlers.views.blocks import section

log = logging.getLogger(__name__)

Blocks = Sequence[dict[str, Any]]
View = Mapping[str, Any]
_WAITS = 2
_LONGEST_WAIT = 15.0
_NOT_IN_A_FORM = frozenset({"invalid_blocks", "invalid_arguments"})


class Line(Protocol):
    """The way to Slack, as far as answers need it. Both raise MessengerError."""

    async def call(self, method: str, /, **arguments: object) -> Mapping[str, Any]:
        """Call a method of the Web API."""
        ...

    async def respond(self, url: str, body: Mapping[str, Any], /) -> None:
        """Post to a `response_url`."""
        ...


class Answer:
    """Answers one request. Every method may raise MessengerError, which the boundary takes care of."""

    def __init__(self, line: Line, request: Request, *, form: str = "") -> None:
        self._line = line
        self._request = request
        self._form = form
        self._trigger = request.trigger
        self._waiting = bool(form)

    @property
    def waiting(self) -> bool:
        """Whether the person looks at a form that says that something is coming."""
        return self._waiting

    async def private(self, text: str, blocks: Blocks = ()) -> None:
        """Say it to this person alone, where they are looking: the form that waits, the channel, or a direct message.

        A press in a form or in App Home is answered in a form on top.
        """
        if self._waiting:
            await self._note(text, blocks)
        elif self._request.view_type and self._trigger:
            await self._note_on_top(text, blocks)
        elif not await self._by_response_url({"replace_original": False}, text, blocks):
            await self._by_message(text, blocks)

    async def replace(self, text: str, blocks: Blocks = ()) -> None:
        """Put this in place of the private message that was pressed; a message that others see stays as it is."""
        mine = self._request.ephemeral and not self._waiting
        if not mine or not await self._by_response_url({"replace_original": True}, text, blocks):
            await self.private(text, blocks)

    async def remove(self) -> None:
        """Take away the private message that was pressed; a message that others see stays."""
        if self._request.ephemeral and self._request.response_url:
            try:
                await self._line.respond(self._request.response_url, {"delete_original": True})
            except MessengerError as error:
                log.info("A private message could not be taken away: %s", error)

    async def open_modal(self, view: View) -> None:
        """Open a form. If one opened at once for this request and waits, it becomes this one."""
        if self._waiting:
            await self._update(self._form, view)
        else:
            await self._trigger_view("views.push" if self._request.view_type == "modal" else "views.open", view)
        self._waiting = False

    async def loading(self, view: View) -> None:
        """Open a form that waits for its content, while the request's trigger is still young."""
        await self._trigger_view("views.push" if self._request.view_type == "modal" else "views.open", view)
        self._waiting = True

    async def update_modal(self, view: View) -> None:
        """Show this in the form that the request came from, or that opened for it."""
        target = self._form or (self._request.view if self._request.view_type == "modal" else "")
        if target:
            await self._update(target, view)
            self._waiting = False
        else:
            await self.open_modal(view)

    async def push_modal(self, view: View) -> None:
        """Put a form on top of the one that the request came from."""
        await self.open_modal(view)

    async def publish_home(self, view: View) -> None:
        """Draw this person's App Home."""
        await self._patiently("views.publish", user_id=self._request.person, view=dict(view))

    async def _trigger_view(self, method: str, view: View) -> None:
        # A trigger works once: it is spent whatever comes of it.
        trigger, self._trigger = self._trigger, ""
        opened = await self._line.call(method, trigger_id=trigger, view=dict(view))
        shown = opened.get("view")
        self._form = str(shown.get("id") or "") if isinstance(shown, Mapping) else ""

    async def _update(self, target: str, view: View) -> None:
        try:
            await self._patiently("views.update", view_id=target, view=dict(view))
        except MessengerError as error:
            if error.code != "not_found":
                raise
            # Closed in the meantime: there is nobody to show it to, and what was done is done.
            log.info("The form %s was closed before its answer came.", target)

    async def _note(self, text: str, blocks: Blocks) -> None:
        try:
            await self._update(self._form, note(text, blocks))
        except MessengerError as error:
            if error.code not in _NOT_IN_A_FORM or not blocks:
                raise
            await self._update(self._form, note(text))
        self._waiting = False

    async def _note_on_top(self, text: str, blocks: Blocks) -> None:
        """In a form on top of the form or App Home; by a direct message if that can't be."""
        method = "views.push" if self._request.view_type == "modal" else "views.open"
        try:
            await self._trigger_view(method, note(text, blocks))
        except MessengerError as error:
            log.info("An answer could not be shown in a form (%s); it goes by message.", error)
            await self._by_message(text, blocks)

    async def _by_response_url(self, how: Mapping[str, Any], text: str, blocks: Blocks) -> bool:
        """False if this way is closed: none was given, or it is used up (five times, thirty minutes)."""
        request = self._request
        if not request.response_url:
            return False
        body: dict[str, Any] = {"response_type": "ephemeral", "text": text, **how}
        if blocks:
            body["blocks"] = list(blocks)
        if request.thread and not how["replace_original"]:
            body["thread_ts"] = request.thread
        try:
            await self._line.respond(request.response_url, body)
        except MessengerError as error:
            log.info("A response_url did not take an answer (%s); it goes another way.", error)
            return False
        return True

    async def _by_message(self, text: str, blocks: Blocks) -> None:
        request = self._request
        content: dict[str, Any] = {"text": text, **({"blocks": list(blocks)} if blocks else {})}
        if request.channel:
            where = {"channel": request.channel, **({"thread_ts": request.thread} if request.thread else {})}
            try:
                await self._patiently("chat.postEphemeral", user=request.person, **where, **content)
            except MessengerError as error:
                log.info("A private answer could not be given in %s: %s", request.channel, error)
            else:
                return
        opened = await self._patiently("conversations.open", users=request.person)
        await self._patiently("chat.postMessage", channel=opened["channel"]["id"], **content)

    async def _patiently(self, method: str, **arguments: object) -> Mapping[str, Any]:
        """Call it; where Slack asks to wait a little, wait: the request was acknowledged long ago."""
        for _ in range(_WAITS):
            try:
                return await self._line.call(method, **arguments)
            except MessengerError as error:
                if error.wait is None or error.wait > _LONGEST_WAIT:
                    raise
                log.info("An answer waits: %s", error)
                await asyncio.sleep(error.wait)
        return await self._line.call(method, **arguments)


def note(text: str, blocks: Blocks = ()) -> dict[str, Any]:
    """A form that only says something."""
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Slipway"},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": list(blocks) or [section(text)],
    }
