"""Train: several releases to one environment, one after the other: looked at, confirmed, and told how to go on."""

from __future__ import annotations

from dataclasses import dataclass

from bot.ports import Records
from bot.rules.people import Actor
from bot.rules.release import ReleaseId
from bot.rules.sentence import Refused
from bot.rules.train import Answer
from bot.verbs.answer_train import AnswerTrain
from bot.verbs.ask_train import AskTrain
from bot.verbs.confirm_train import ConfirmTrain, TrainBlocked
from bot.verbs.trains import no_such_train, see
from handlers.answer import Answer as Reply
from handlers.buttons import OnTrain
from handlers.names import Press
from handlers.parsing.commands import PreviewTrain, ShowTrain, StartTrain, SteerTrain
from handlers.request import Request
from handlers.talk import UNSEEN, Talk
from handlers.views.trains import answered, blocked, confirmed, preview, progress

ANSWERS = {
    Press.TRAIN_GO_ON: Answer.GO_ON,
    Press.TRAIN_TRY_AGAIN: Answer.TRY_AGAIN,
    Press.TRAIN_STOP: Answer.STOP,
    Press.TRAIN_ROLL_BACK: Answer.ROLL_BACK,
}


@dataclass(frozen=True, slots=True)
class Training:
    """By word; what is asked is answered by a button as well."""

    talk: Talk
    records: Records
    ask: AskTrain
    confirm: ConfirmTrain
    answer: AnswerTrain

    async def asked(self, command: PreviewTrain, request: Request, by: Actor, reply: Reply) -> None:
        """Show what it would do."""
        releases = await self._which(command.releases, reply)
        if releases is not None:
            outcome = await self.ask(releases, command.environment, by=by)
            await self.talk.show(outcome, preview, request, by, reply)

    async def confirmed(self, command: StartTrain, request: Request, by: Actor, reply: Reply) -> None:
        """Let it go, if nothing is in the way."""
        releases = await self._which(command.releases, reply)
        if releases is None:
            return
        outcome = await self.confirm(releases, command.environment, by=by)
        if isinstance(outcome, TrainBlocked):
            await reply.private(**blocked(outcome.train, self.talk.pen()))
        else:
            await self.talk.show(outcome, confirmed, request, by, reply)

    async def shown(self, command: ShowTrain, request: Request, by: Actor, reply: Reply) -> None:  # noqa: ARG002 - a route's shape
        """Show how it stands."""
        async with self.records.read() as page:
            train = await page.train(command.train)
            seen = await see(page, train) if train is not None else None
        if seen is None:
            await self.talk.refuse(no_such_train(command.train), reply)
        else:
            await reply.private(**progress(seen, self.talk.pen()))

    async def steered(self, command: SteerTrain, request: Request, by: Actor, reply: Reply) -> None:
        """Say how it goes on."""
        outcome = await self.answer(command.train, command.answer, None, by=by)
        await self.talk.show(outcome, answered, request, by, reply)

    async def pressed(self, request: Request, by: Actor, reply: Reply) -> None:
        """The same by a button, if the train still stands as it was on the screen."""
        on = await self.talk.carried(request.value, OnTrain, reply)
        if on is None:
            return
        if on.revision is None:
            await self.talk.refuse(Refused(UNSEEN), reply)
            return
        outcome = await self.answer(on.train, ANSWERS[Press(request.name)], on.revision, by=by)
        await self.talk.show(outcome, answered, request, by, reply)

    async def _which(self, named: tuple[str, ...], reply: Reply) -> list[ReleaseId] | None:
        found = []
        for each in named:
            release = await self.talk.which(each, reply)
            if release is None:
                return None
            found.append(release)
        return found
