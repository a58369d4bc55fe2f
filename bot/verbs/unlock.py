"""Unlock: let go of a service's environment. Whoever doesn't hold it says why, and its holder hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.notices import DirectLine, ThreadLine
from bot.ports import Agreed, Clock, Directory, Page, Records, Work
from bot.rules.audit import Happened
from bot.rules.lock import Lock
from bot.rules.people import Actor, slipway
from bot.rules.policy import Catalogue, EnvironmentName, Right, Service, ServiceName
from bot.rules.release import Release
from bot.rules.sentence import REPEATED, AllOf, At, Code, Refused, Repeated, When, refuse, say
from bot.verbs.look import EVERY_OPEN_ONE
from bot.verbs.redraw import changed
from bot.verbs.rights import lacks


@dataclass(frozen=True, slots=True)
class Unlock:
    """Let go of it."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(
        self, service_name: ServiceName, environment: EnvironmentName, reason: str = "", *, by: Actor
    ) -> Lock | Refused | Repeated:
        """End the lock there. Its holder may in any case; others need the right to deploy, and a reason."""
        roles, reason = await self.directory.roles(), " ".join(reason.split())
        service = the_service(service_name, environment, self.agreed())
        if isinstance(service, Refused):
            return service
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            lock = await page.lock_on(service_name, environment)
            now = self.now()
            if lock is None or not lock.in_force(now):
                return refuse(
                    "{environment} of {service} is not locked.", environment=environment, service=service.title
                )
            if lock.hold.by != by.id:
                not_allowed = lacks(Right.DEPLOY, service, by.id, roles) or _without_a_reason(lock, reason)
                if not_allowed:
                    return not_allowed
            lock = await let_go(page, lock, by, now, why=reason)
            if lock.hold.by != by.id:
                await tell_its_holder(page, lock, by, reason)
            await tell_its_release(page, lock, by)
            await page.commit()
        return lock


def _without_a_reason(lock: Lock, reason: str) -> Refused | None:
    """Nobody's lock is taken away without a word."""
    if reason:
        return None
    hold = lock.hold
    return refuse(
        "{who} has locked {environment} of {service} since {since}, until {end} ({reason}). Please say why it should "
        "be unlocked: {command}.",
        who=At(hold.by),
        environment=hold.environment,
        service=hold.service,
        since=When(lock.locked_at),
        end=When(lock.over_at),
        reason=hold.reason.rstrip("."),
        command=Code(f"/deploy unlock {hold.service} {hold.environment} <reason>"),
    )


def the_service(service: ServiceName, environment: EnvironmentName, agreed: Catalogue) -> Service | Refused:
    """The service that has this environment, or what there is instead."""
    found = agreed.services.get(service)
    if found is None:
        return refuse("The catalogue has no service {name}.", name=Code(service))
    if found.environment(environment) is None:
        return refuse(
            "{service} has no environment {name}. It has {names}.",
            service=found.title,
            name=Code(environment),
            names=AllOf(tuple(Code(each.name) for each in found.environments)),
        )
    return found


async def let_go(page: Page, lock: Lock, by: Actor, now: datetime, *, verb: str = "unlock", why: str = "") -> Lock:
    """End a lock, put that on record, and have everybody look again who waited for it."""
    lock = await page.keep_lock(lock.ended(now, by.id))
    await page.put_on_record(on_record(verb, lock, by, now, why=why))
    await page.nudge(Work.WATCH_LOCK, lock.id, "changed")
    await redraw_cards(page, lock.hold.service)
    return lock


async def run_out(page: Page, lock: Lock, now: datetime) -> Lock:
    """End a lock whose time is over, and tell its holder and the release that it was for."""
    by = slipway()
    lock = await let_go(page, lock, by, now, why="Its time was over.")
    hold = lock.hold
    told = say(
        "Your lock on {environment} of {service} ended {end}. If you still need it: {command}.",
        environment=hold.environment,
        service=hold.service,
        end=When(lock.over_at),
        command=lock_it_again(lock),
    )
    await page.tell(DirectLine(hold.by, told, hold.release, reminder=True))
    await tell_its_release(page, lock, by)
    return lock


async def end_with(page: Page, release: Release, by: Actor, now: datetime) -> None:
    """A release has ended: whatever was held for it is free."""
    for lock in await page.locks(not_over_at=now, release=release.id):
        ended = await let_go(page, lock, by, now, why=f"{release.name} has ended.")
        if ended.hold.by != by.id:
            await tell_its_holder(page, ended, by, f"{release.name} has ended")


async def tell_its_holder(page: Page, lock: Lock, by: Actor, why: str) -> None:
    """Nobody loses a lock without hearing of it."""
    hold = lock.hold
    told = say(
        "{who} has ended your lock on {environment} of {service}: {why}",
        who=At(by.id),
        environment=hold.environment,
        service=hold.service,
        why=why,
    )
    await page.tell(DirectLine(hold.by, told, hold.release))


async def tell_its_release(page: Page, lock: Lock, by: Actor) -> None:
    """The thread of the release for which it was held."""
    if lock.hold.release is not None:
        told = (
            say("{environment} is no longer held for this release.", environment=lock.hold.environment)
            if by.id == lock.ended_by == slipway().id
            else say(
                "{who} has unlocked {environment}, which was held for this release.",
                who=At(by.id),
                environment=lock.hold.environment,
            )
        )
        await page.tell(ThreadLine(lock.hold.release, told))


def lock_it_again(lock: Lock) -> Code:
    """The command by which its holder prolongs it or locks again."""
    hold = lock.hold
    only = f" for R-{hold.release}" if hold.release is not None else ""
    return Code(f"/deploy lock {hold.service} {hold.environment}{only} <reason>")


async def redraw_cards(page: Page, service: ServiceName) -> None:
    """The gate of every open release of that service reads otherwise now."""
    for release in await page.releases(service=service, open_only=True, limit=EVERY_OPEN_ONE):
        await changed(page, release.id)


def on_record(verb: str, lock: Lock, by: Actor, at: datetime, *, why: str = "") -> Happened:
    """What the record keeps of a lock. `why`: the reason for its end."""
    hold = lock.hold
    return Happened(
        verb,
        by.id,
        by.surface,
        at,
        release=hold.release,
        subject=lock.name,
        detail={
            "service": hold.service,
            "environment": hold.environment,
            "ends_at": hold.ends_at.isoformat(),
            "reason": hold.reason,
            "for": hold.release,
            "held_by": hold.by,
            **({"why": why} if why else {}),
        },
    )
