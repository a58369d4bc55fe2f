"""Serving: what happens to a request after its acknowledgement: who is speaking, the handler, and an answer always."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from weakref import WeakValueDictionary

from bot.messages import MessengerError
from bot.ports import ConflictError, Directory, DirectoryError
from bot.rules.approval import may_act
from bot.rules.people import Actor, Person, Standing
from bot.rules.sentence import Refused, Sentence
from handlers.answer import Answer, View
from handlers.repeats import Repeats
from handlers.request import Request

log = logging.getLogger(__name__)

Handler = Callable[[Request, Actor, Answer], Awaitable[None]]
"""Four moves, of which the first has been made: translate, ask the domain, show."""
Looking = bool | Callable[[Request], bool]
"""Whether a request only looks: guests may."""

ATTEMPTS = 4
"""So often a handler is run when somebody else keeps changing the same thing."""
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_STALE_TRIGGER = frozenset({"expired_trigger_id", "trigger_exchanged", "invalid_trigger_id"})


@dataclass(frozen=True, slots=True)
class Rule:
    """How requests of one kind are served. `loading` is a form that opens at once and waits for its content."""

    handler: Handler
    looking: Looking = False
    loading: View | None = None


class Serving:
    """Serves requests, each in a task of its own. Nothing that a handler raises leaves it."""

    def __init__(
        self,
        directory: Directory,
        *,
        team: Callable[[], str | None],
        write: Callable[[Sentence], str],
        limit: timedelta,
        pause: timedelta,
    ) -> None:
        self._directory = directory
        self._team = team
        self._write = write
        self._limit = limit
        self._pause = pause
        self._repeats = Repeats()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def __call__(self, rule: Rule, request: Request, answer: Answer) -> None:
        """Serve it, unless it is a repeated delivery of an event that has been served."""
        if not request.intent.startswith("event:"):
            await self._in_turn(rule, request, answer)
            return
        async with self._repeats.first(request.intent) as first:
            if first and not await self._in_turn(rule, request, answer):
                self._repeats.forget(request.intent)

    async def _in_turn(self, rule: Rule, request: Request, answer: Answer) -> bool:
        """Presses in one form one after another: the last one's redrawing is the last one shown."""
        if request.view_type != "modal":
            return await self._serve(rule, request, answer)
        turn = self._turns.setdefault(request.view, asyncio.Lock())
        async with turn:
            return await self._serve(rule, request, answer)

    async def _serve(self, rule: Rule, request: Request, answer: Answer) -> bool:
        """Know who is speaking, run the handler, and see to it that there is an answer. False if it failed."""
        try:
            async with asyncio.timeout(self._limit.total_seconds()):
                if rule.loading is not None:
                    await answer.loading(rule.loading)
                await self._heard(rule, request, answer)
            if answer.waiting:
                await answer.private("Done.")
        except DirectoryError as error:
            log.warning("Who %s is could not be learned: %s", request.person, error)
            why = str(error).rstrip(".")
            await _say(
                answer, f"I can't check who you are just now ({why}), so nothing was done. Please try again shortly."
            )
        except ConflictError as error:
            log.warning("%s by %s met too many others: %s", request.name, request.person, error)
            await _say(answer, "Others are changing the same thing right now, so nothing was done. Please try again.")
        except MessengerError as error:
            if error.code not in _STALE_TRIGGER:
                await _say(answer, failed(request, error))
            else:
                log.warning("%s by %s: the form could not be opened: %s", request.name, request.person, error)
                await _say(answer, "Opening the form took too long. Nothing was done; please try again.")
        except Exception as error:  # noqa: BLE001 - the boundary: logged with its reference, and answered
            await _say(answer, failed(request, error))
        else:
            return True
        return False

    async def _heard(self, rule: Rule, request: Request, answer: Answer) -> None:
        """The handler, for those who may: again, if somebody else was faster."""
        person = await self._speaker(request)
        refused = may_act(person)
        looking = rule.looking if isinstance(rule.looking, bool) else rule.looking(request)
        if isinstance(refused, Refused) and not (looking and person.standing is Standing.GUEST):
            await answer.private(self._write(refused.why))
            return
        by = Actor(person, request.surface, request.intent)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await rule.handler(request, by, answer)
            except ConflictError:
                if attempt == ATTEMPTS:
                    raise
                await asyncio.sleep(self._pause.total_seconds() * attempt * (0.5 + secrets.randbelow(100) / 100))
            else:
                return

    async def _speaker(self, request: Request) -> Person:
        """Who is speaking, looked up afresh. The payload's own word on the workspace is what tells foreigners."""
        if not request.person:
            raise DirectoryError("Slack did not say who you are.")
        home = self._team()
        if home is None:
            raise DirectoryError("I don't know yet which workspace I belong to.")
        if request.team and request.team != home:
            return Person(request.person, request.person, standing=Standing.FOREIGN)
        return await self._directory.person(request.person)


async def _say(answer: Answer, text: str) -> None:
    """Say it if there is any way to; there is nobody left to tell if there is none."""
    try:
        await answer.private(text)
    except MessengerError as error:
        log.error("An answer could not be given (%s): %s", error, text)  # noqa: TRY400 - the cause was logged before


def a_reference() -> str:
    """A short word that is in the log, and that somebody can read out."""
    return "".join(secrets.choice(_LETTERS) for _ in range(6))


def failed(request: Request, error: Exception) -> str:
    """What to tell the person about a failure, once the log has its story: the same reference in both."""
    reference = a_reference()
    told = "Reference %s: %s %r by %s failed."
    log.error(told, reference, request.surface, request.name, request.person, exc_info=error)
    return (
        "Something went wrong on my side. Nothing was lost: what had been done is done, and nothing was done by half. "
        f"If it happens again, please tell your administrator the reference `{reference}`."
    )
