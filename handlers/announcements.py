"""Announcements: each notice as the message that people see, drawn from the newest facts when it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.messages import Message
from bot.notices import (
    CardChanged,
    ChannelLine,
    DeploymentChanged,
    DigestDue,
    DirectLine,
    ExceptionWanted,
    FreezeTold,
    Notice,
    ReviewWanted,
    ThreadLine,
    TrainAsks,
    TrainChanged,
    Wanted,
    WatchTold,
    living,
)
from bot.ports import Agreed, Records
from bot.rules.people import SLIPWAY, PersonId
from bot.rules.policy import ChannelId, ServiceName
from bot.rules.release import ReleaseId
from bot.rules.sentence import Refused
from bot.verbs.except_freeze import Requested
from bot.verbs.freeze import still_news
from bot.verbs.left_alone import LeftAlone
from bot.verbs.look import Look
from bot.verbs.next_in_line import those_before
from bot.verbs.summaries import Summaries
from bot.verbs.trains import see
from handlers.names import CommandNames
from handlers.views.card import release_card
from handlers.views.deployments import deployment_progress
from handlers.views.digest import digest
from handlers.views.exceptions import exception_wanted
from handlers.views.freezes import freeze_notice
from handlers.views.notice import direct, line, offer
from handlers.views.reviews import review_wanted
from handlers.views.text import Pen
from handlers.views.trains import progress
from handlers.views.wanted import wanted
from handlers.views.watch import watch


@dataclass(frozen=True, slots=True)
class Announcements:
    """Draws notices. What a notice is about may be gone by now: then there is nothing to tell."""

    look: Look
    summaries: Summaries
    records: Records
    agreed: Agreed
    names: CommandNames
    left_alone: LeftAlone

    async def __call__(self, notice: Notice) -> Message | None:
        """The message, or None."""
        pen = Pen(self.agreed().roles, self.names)
        match notice:
            case CardChanged():
                return await self._card(notice, pen)
            case DeploymentChanged():
                return await self._deployment(notice)
            case WatchTold():
                return await self._watch(notice, pen)
            case ThreadLine():
                return await self._thread_line(notice, pen)
            case DirectLine():
                return await self._direct(notice, pen)
            case Wanted():
                return await self._wanted(notice, pen)
            case ExceptionWanted():
                return await self._exception(notice)
            case ReviewWanted():
                return await self._review(notice, pen)
            case ChannelLine() | FreezeTold() | DigestDue():
                return await self._in_channel(notice, pen)
            case TrainChanged() | TrainAsks():
                return await self._train(notice, pen)

    async def _in_channel(self, notice: ChannelLine | FreezeTold | DigestDue, pen: Pen) -> Message | None:
        """What is told to a channel, and not in a thread."""
        match notice:
            case ChannelLine():
                return Message(notice.channel, **line(notice.sentence, pen))
            case FreezeTold():
                return await self._freeze(notice, pen)
            case DigestDue():
                content = await self.summaries.digest(notice.services)
                return Message(notice.channel, **digest(content, pen, self.agreed()))

    async def _card(self, notice: CardChanged, pen: Pen) -> Message | None:
        picture = await self.look(notice.release)
        if isinstance(picture, Refused):
            return None
        channel = self._channel(picture.release.plan.service)
        return Message(channel, **release_card(picture, pen), living=living(notice))

    async def _deployment(self, notice: DeploymentChanged) -> Message | None:
        async with self.records.read() as page:
            deployment = await page.deployment(notice.deployment)
            if deployment is None:
                return None
            before = await those_before(page, deployment) if deployment.waits else ()
        return Message(
            self._channel(deployment.order.service),
            **deployment_progress(deployment, before),
            thread_of=_card_of(notice.release),
            living=living(notice),
        )

    async def _watch(self, notice: WatchTold, pen: Pen) -> Message | None:
        async with self.records.read() as page:
            deployment = await page.deployment(notice.deployment)
            watched = await page.watched(notice.deployment)
        if deployment is None or watched is None:
            return None
        service = self.agreed().services.get(deployment.order.service)
        environment = service.environment(deployment.order.environment) if service else None
        return Message(
            self._channel(deployment.order.service),
            **watch(deployment, watched, environment.watch if environment else None, pen),
            thread_of=_card_of(notice.release),
            living=living(notice),
        )

    async def _direct(self, notice: DirectLine, pen: Pen) -> Message | None:
        """A reminder waits for the end of that person's quiet hours; what is of no use any more is not told at all."""
        if notice.good_until is not None and notice.good_until <= self.left_alone.now():
            return None
        said = direct(notice.sentence, pen, notice.release)
        return Message(notice.person, **said, not_before=await self._not_before(notice.person, notice.reminder))

    async def _not_before(self, person: PersonId, reminder: bool) -> datetime | None:
        return await self.left_alone(person) if reminder else None

    async def _thread_line(self, notice: ThreadLine, pen: Pen) -> Message | None:
        async with self.records.read() as page:
            release = await page.release(notice.release)
        if release is None:
            return None
        return Message(
            self._channel(release.plan.service),
            **(
                offer(notice.sentence, pen, notice.release, notice.offers)
                if notice.offers
                else line(notice.sentence, pen)
            ),
            thread_of=_card_of(notice.release),
            broadcast=notice.loud,
        )

    async def _wanted(self, notice: Wanted, pen: Pen) -> Message | None:
        picture = await self.look(notice.release)
        if isinstance(picture, Refused):
            return None
        said = wanted(notice, picture, pen)
        # What a person asks is told at once; what we ask by ourselves is a reminder.
        not_before = await self._not_before(notice.person, notice.by == SLIPWAY)
        return Message(notice.person, **said, living=living(notice), not_before=not_before)

    async def _exception(self, notice: ExceptionWanted) -> Message | None:
        async with self.records.read() as page:
            exception = await page.exception(notice.exception)
            freeze = await page.freeze(exception.plea.freeze) if exception else None
        picture = await self.look(exception.plea.release) if exception else None
        if exception is None or freeze is None or picture is None or isinstance(picture, Refused):
            return None
        told = Requested(picture, exception, freeze)
        return Message(notice.person, **exception_wanted(told, self.agreed().exceptions), living=living(notice))

    async def _review(self, notice: ReviewWanted, pen: Pen) -> Message | None:
        async with self.records.read() as page:
            review = await page.review(notice.deployment)
        if review is None:
            return None
        return Message(notice.person, **review_wanted(review, pen), living=living(notice))

    async def _freeze(self, notice: FreezeTold, pen: Pen) -> Message | None:
        async with self.records.read() as page:
            freeze = await page.freeze(notice.freeze)
        # It may have waited for Slack: nobody wants to hear then that a freeze comes that is over.
        if freeze is None or not still_news(notice.moment, freeze, self.left_alone.now()):
            return None
        return Message(notice.channel, **freeze_notice(freeze, notice.moment, pen))

    async def _train(self, notice: TrainChanged | TrainAsks, pen: Pen) -> Message | None:
        async with self.records.read() as page:
            train = await page.train(notice.train)
            if train is None:
                return None
            said = progress(await see(page, train), pen)
        if isinstance(notice, TrainAsks):
            return Message(notice.person, **said, living=living(notice))
        car = train.car(notice.release)
        if car is None:
            return None
        thread = _card_of(notice.release)
        return Message(self._channel(car.service), **said, thread_of=thread, living=living(notice))

    def _channel(self, name: ServiceName) -> ChannelId:
        """The service's channel; the owners' own if the service has left the catalogue: they have to mend that."""
        agreed = self.agreed()
        service = agreed.services.get(name)
        return service.channel if service else agreed.owners_channel


def _card_of(release: ReleaseId) -> str | None:
    return living(CardChanged(release))
