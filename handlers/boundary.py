"""The boundary: between Slack and the handlers. It acknowledges first, knows who is speaking, and always answers.

A request is acknowledged before anything else is asked, so neither the database nor Slack can make it late. The
handler then runs as a task of its own: whatever it raises, the person gets an answer and the log has the story.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.response import BoltResponse

from bot.ports import Directory
from bot.rules.people import Actor
from bot.rules.sentence import Sentence
from bot.tasks import Tasks
from handlers.answer import Answer, Line, View, note
from handlers.request import Payload, Request, read_action, read_command, read_event, read_form
from handlers.serving import Handler, Looking, Rule, Serving, failed

log = logging.getLogger(__name__)

Check = Callable[[Request], Mapping[str, str]]
"""What is wrong with a form, by `block_id`: pure, and at once."""
Fact = Callable[[Mapping[str, Any]], Awaitable[None]]
"""Heeds an event behind which nobody speaks."""

_EVERYTHING = re.compile("")


@dataclass(slots=True)
class Registered:
    """What is listened to, for the test that holds the manifest against it."""

    commands: list[str] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    views: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)


class Boundary:
    """Registers handlers with Bolt, and stands between them and it.

    `team` tells the workspace's id, None while it isn't known; `write` puts a sentence into Slack's words.
    """

    def __init__(
        self,
        app: AsyncApp,
        line: Line,
        directory: Directory,
        tasks: Tasks,
        *,
        team: Callable[[], str | None],
        write: Callable[[Sentence], str] = str,
        help_command: str = "/release help",
        limit: timedelta = timedelta(seconds=60),
        pause: timedelta = timedelta(milliseconds=50),
    ) -> None:
        self.registered = Registered()
        self._app = app
        self._line = line
        self._tasks = tasks
        self._help = help_command
        self._serve = Serving(directory, team=team, write=write, limit=limit, pause=pause)

    def command(self, name: str, handler: Handler, *, looking: Looking = False) -> None:
        """Listen to a slash command."""
        self.registered.commands.append(name)
        self._app.command(name, middleware=[self._door(read_command, Rule(handler, looking))])(_unreached)

    def action(
        self, action_id: str, handler: Handler, *, looking: Looking = False, loading: View | None = None
    ) -> None:
        """Listen to presses on `approve`, and on `approve:anything` where one row has several such buttons.

        With `loading`, that form opens at once, and waits for what the handler shows.
        """
        self.registered.actions.append(action_id)
        rule = Rule(handler, looking, loading)
        self._app.action(_exactly(action_id), middleware=[self._door(read_action, rule)])(_unreached)

    def view(
        self,
        callback_id: str,
        handler: Handler,
        *,
        check: Check | None = None,
        looking: Looking = False,
        working: bool = True,
    ) -> None:
        """Listen to a form that is sent in. It closes at once without `working`, else it shows what comes of it."""
        self.registered.views.append(callback_id)
        door = self._form_door(Rule(handler, looking), check, working=working)
        self._app.view_submission(callback_id, middleware=[door])(_unreached)

    def view_closed(self, callback_id: str, handler: Handler, *, looking: Looking = False) -> None:
        """Listen to a form that is closed."""
        self._app.view_closed(callback_id, middleware=[self._door(read_form, Rule(handler, looking))])(_unreached)

    def event(self, name: str, handler: Handler, *, looking: Looking = False) -> None:
        """Listen to an event behind which there is a person."""
        self.registered.events.append(name)
        self._app.event(name, middleware=[self._door(read_event, Rule(handler, looking))])(_unreached)

    def fact(self, name: str, heed: Fact) -> None:
        """Listen to an event behind which nobody speaks."""
        self.registered.events.append(name)

        async def door(ack: AsyncAck, body: dict[str, Any]) -> BoltResponse:
            event = body.get("event")
            self._tasks.spawn(self._heeded(name, heed, event if isinstance(event, Mapping) else {}), name)
            return await ack()

        self._app.event(name, middleware=[door])(_unreached)

    def link(self, action_id: str) -> None:
        """Expect presses on a button that only leads to a page: Slack tells us all the same, and wants to hear back."""
        self.registered.actions.append(action_id)
        self._app.action(_exactly(action_id), middleware=[_acknowledge])(_unreached)

    def leftovers(self) -> None:
        """Register last what answers everything that nothing else listens to: old buttons, commands and forms."""
        self._app.command(_EVERYTHING, middleware=[self._door(read_command, Rule(self._unknown, True))])(_unreached)
        self._app.action(_EVERYTHING, middleware=[self._door(read_action, Rule(self._unknown, True))])(_unreached)
        old_form = self._form_door(Rule(self._unknown, True), None, working=True)
        self._app.view_submission(_EVERYTHING, middleware=[old_form])(_unreached)
        for silent in (self._app.view_closed, self._app.event, self._app.shortcut):
            silent(_EVERYTHING, middleware=[_acknowledge])(_unreached)

    # Bolt looks every ten milliseconds whether a listener has acknowledged, and forgets that it has if the listener
    # raises in between. A response from the listener's own middleware goes out at once, and nothing can undo it.

    def _door(
        self, read: Callable[[Payload], Request], rule: Rule
    ) -> Callable[[AsyncAck, dict[str, Any]], Awaitable[BoltResponse]]:
        async def door(ack: AsyncAck, body: dict[str, Any]) -> BoltResponse:
            request = read(body)
            self._tasks.spawn(
                self._serve(rule, request, Answer(self._line, request)), f"{request.name} {request.intent}"
            )
            return await ack()

        return door

    def _form_door(
        self, rule: Rule, check: Check | None, *, working: bool
    ) -> Callable[[AsyncAck, dict[str, Any]], Awaitable[BoltResponse]]:
        async def door(ack: AsyncAck, body: dict[str, Any]) -> BoltResponse:
            request = read_form(body)
            try:
                wrong = check(request) if check else {}
            except Exception as error:  # noqa: BLE001 - the boundary: logged with its reference, and answered
                return await ack(response_action="update", view=note(failed(request, error)))
            if wrong:
                return await ack(response_action="errors", errors=dict(wrong))
            answer = Answer(self._line, request, form=request.view if working else "")
            self._tasks.spawn(self._serve(rule, request, answer), f"{request.name} {request.intent}")
            return await (ack(response_action="update", view=note("One moment…")) if working else ack())

        return door

    async def _unknown(self, request: Request, by: Actor, answer: Answer) -> None:  # noqa: ARG002 - a handler's form
        """Something from an older version of us, or another app's name: said so; a link needs no word."""
        if request.leads_elsewhere:
            return
        log.warning("Nothing listens to %s %r.", request.surface, request.name)
        what = {"command": "command", "form": "form"}.get(request.surface, "button")
        await answer.private(
            f"This {what} is from an older version of me, and I no longer know it. Nothing was done. "
            f"`{self._help}` shows what I can do."
        )

    async def _heeded(self, name: str, heed: Fact, event: Mapping[str, Any]) -> None:
        try:
            await heed(event)
        except Exception:
            log.exception("The event %s could not be heeded.", name)


def _exactly(action_id: str) -> re.Pattern[str]:
    """Bolt searches for a pattern anywhere: without its ends, `approve` would take `disapprove_all` as well."""
    return re.compile(rf"\A{re.escape(action_id)}(:.*)?\Z", re.DOTALL)


async def _acknowledge(ack: AsyncAck) -> BoltResponse:
    return await ack()


async def _unreached() -> None:
    """Bolt wants a listener; its middleware has answered before."""
    raise AssertionError("The listener's middleware answers every request.")
