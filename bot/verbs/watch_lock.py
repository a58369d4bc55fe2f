"""Watch a lock: remind its holder before it ends, ask about one that seems forgotten, end it when its time is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.notices import ChannelLine, DirectLine
from bot.ports import DONE, Agreed, Clock, Next, Page, Records, again
from bot.rules.lock import Due, Lock, LockId, Moment, moments
from bot.rules.policy import Catalogue, Right
from bot.rules.sentence import AllOf, At, AtRole, Code, Part, When, say
from bot.verbs.unlock import lock_it_again, run_out

_TO_A_CHANNEL = frozenset({Moment.FORGOTTEN, Moment.STILL_THERE})


@dataclass(frozen=True, slots=True)
class WatchLock:
    """One move: tell what is due, and say when to look again."""

    records: Records
    agreed: Agreed
    now: Clock

    async def __call__(self, key: int) -> Next:
        """Of what is due, only the newest is told: after an outage nobody reads of what is past."""
        agreed, now = self.agreed(), self.now()
        async with self.records.open() as page:
            lock = await page.lock(LockId(key))
            if lock is None or lock.ended_at is not None:
                return DONE
            if now >= lock.over_at:
                await run_out(page, lock, now)
                await page.commit()
                return DONE
            told_at = [(_told_at(each, agreed), each) for each in moments(lock, agreed.locks)]
            new = {each.moment for at, each in told_at if at <= now and await page.first_time(each.intent)}
            if Moment.STILL_THERE in new:
                await _tell_the_owners(page, lock, agreed)
            elif Moment.FORGOTTEN in new:
                await _ask_whether_it_is_needed(page, lock, agreed)
            if Moment.ENDING in new:
                await _remind(page, lock)
            await page.commit()
        return again(min(at for at, _ in told_at if at > now) - now)


def _told_at(due: Due, agreed: Catalogue) -> datetime:
    """When it is told: what calls people in a channel waits until the team's quiet hours are over."""
    return agreed.undisturbed(due.at) if due.moment in _TO_A_CHANNEL else due.at


async def _remind(page: Page, lock: Lock) -> None:
    """Its holder hears that it ends, and how to prolong it."""
    hold = lock.hold
    told = say(
        "Your lock on {environment} of {service} ends {end}. To prolong it: {command}. To let go now: {unlock}.",
        environment=hold.environment,
        service=hold.service,
        end=When(lock.over_at),
        command=lock_it_again(lock),
        unlock=Code(f"/deploy unlock {hold.service} {hold.environment}"),
    )
    await page.tell(DirectLine(hold.by, told, hold.release, reminder=True, good_until=lock.over_at))


async def _ask_whether_it_is_needed(page: Page, lock: Lock, agreed: Catalogue) -> None:
    """It is old: its holder and those who may deploy read of it where they work."""
    service = agreed.services.get(lock.hold.service)
    if service is None:
        return
    roles = tuple(AtRole(each) for each in service.roles_for(Right.DEPLOY))
    template = (
        "{who}, you have held {environment} of {service} since {since} ({reason}). Is that still needed? {unlock} lets "
        "go of it" + ("; {roles} can do so, too." if roles else ".")
    )
    parts: dict[str, Part] = {"roles": AllOf(roles)} if roles else {}
    await page.tell(ChannelLine(service.channel, say(template, **_parts(lock), **parts)))


async def _tell_the_owners(page: Page, lock: Lock, agreed: Catalogue) -> None:
    """It is older still, and nobody has let go of it."""
    template = (
        "{owners}: {who} has held {environment} of {service} since {since}, until {end} ({reason}). Whoever may deploy "
        "there can let go of it: {unlock}."
    )
    parts = {**_parts(lock), "owners": AtRole(agreed.owners), "end": When(lock.over_at)}
    await page.tell(ChannelLine(agreed.owners_channel, say(template, **parts)))


def _parts(lock: Lock) -> dict[str, Part]:
    hold = lock.hold
    return {
        "who": At(hold.by),
        "environment": hold.environment,
        "service": hold.service,
        "since": When(lock.locked_at),
        "reason": hold.reason.rstrip("."),
        "unlock": Code(f"/deploy unlock {hold.service} {hold.environment} <reason>"),
    }
