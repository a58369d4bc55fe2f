"""Status: what runs where, and what is on its way."""

from __future__ import annotations

from dataclasses import dataclass

from bot.ports import Agreed, Clock, Reading, Records
from bot.rules.deployment import Deployment
from bot.rules.people import Actor
from bot.rules.policy import ServiceName
from bot.verbs.standing_back import standing_back
from bot.verbs.trains import see
from handlers.answer import Answer
from handlers.parsing.commands import ShowStatus
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.deployments import status


@dataclass(frozen=True, slots=True)
class Overview:
    """By word."""

    talk: Talk
    records: Records
    agreed: Agreed
    now: Clock

    async def typed(self, command: ShowStatus, request: Request, by: Actor, answer: Answer) -> None:  # noqa: ARG002 - a route's shape
        """Look at one service, or at all."""
        services = [each for each in self.agreed().services.values() if command.service in {None, each.name}]
        async with self.records.read() as page:
            history = {each.name: await _history(page, each.name) for each in services}
            now = self.now()
            freezes, locks = await page.freezes(not_over_at=now), await page.locks(not_over_at=now)
            reviews = [each for each in await page.reviews(open_only=True) if each.duty.service in history]
            behind = await standing_back(page, services)
            trains = [await see(page, each) for each in await page.trains()]
        concerned = [
            each
            for each in freezes
            if each.active(now) and (not each.window.services or each.window.services & history.keys())
        ]
        going = [each for each in trains if any(car.service in history for car in each.train.cars)]
        said = status(
            services,
            history,
            concerned,
            self.talk.pen(),
            locks=locks,
            reviews=reviews,
            behind=behind,
            trains=going,
            now=now,
        )
        await answer.private(**said)


async def _history(page: Reading, service: ServiceName) -> tuple[Deployment, ...]:
    """What stands and what holds, however old; and the newest attempts, whatever became of them."""
    known = (
        *await page.history_for(service),
        *await page.waiting(service),
        *await page.deployments(service=service, limit=20),
    )
    return tuple(sorted({each.id: each for each in known}.values(), key=lambda each: each.id, reverse=True))
