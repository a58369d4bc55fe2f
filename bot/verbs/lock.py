"""Lock: hold a service's environment for a while, prolong that, or take it over from somebody with a reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.notices import DirectLine, ThreadLine
from bot.ports import Agreed, Clock, Directory, Page, Records, Work
from bot.rules.deployment import Deployment
from bot.rules.lock import Hold, Lock
from bot.rules.people import Actor, Roles
from bot.rules.policy import Catalogue, EnvironmentName, Right, Service, ServiceName
from bot.rules.release import Release, ReleaseId
from bot.rules.sentence import REPEATED, At, Code, Refused, Repeated, When, refuse, say
from bot.rules.terms import span
from bot.verbs.look import no_such_release
from bot.verbs.rights import lacks
from bot.verbs.unlock import let_go, on_record, redraw_cards, run_out, the_service


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to hold. `until` None: for as long as the catalogue says."""

    service: ServiceName
    environment: EnvironmentName
    reason: str
    until: datetime | None = None
    release: ReleaseId | None = None
    take_over: bool = False


@dataclass(frozen=True, slots=True)
class Locked:
    """It is held. `before` is what its holder had said before, or the lock that was taken over from somebody."""

    lock: Lock
    before: Lock | None = None
    running: Deployment | None = None
    """What was on its way there already, and goes on."""

    @property
    def taken_over(self) -> bool:
        """Whether somebody else held it until now."""
        return self.before is not None and self.before.id != self.lock.id


@dataclass(frozen=True, slots=True)
class LockPlace:
    """Hold it."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(self, wish: Wish, *, by: Actor) -> Locked | Refused | Repeated:
        """Lock it for everybody, its holder included; only the release that is named may go there."""
        agreed, roles = self.agreed(), await self.directory.roles()
        wish = replace(wish, reason=" ".join(wish.reason.split()))
        service = may_hold(wish.service, wish.environment, agreed, roles, by)
        if isinstance(service, Refused):
            return service
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            release = None if wish.release is None else await page.release(wish.release)
            before = await page.lock_on(wish.service, wish.environment)
            # Asked only now: the page may have waited for others.
            now = self.now()
            hold = Hold(
                wish.service, wish.environment, by.id, wish.until or now + agreed.locks.lasts, wish.reason, wish.release
            )
            wrong = _not_for(wish, release, service) or _problem_with(hold, agreed, now)
            if wrong:
                return wrong
            if before is not None and now >= before.over_at:
                await run_out(page, before, now)
                before = None
            if before is not None and before.hold.by != by.id and not wish.take_over:
                return _held(before, wish)
            lock = await self._hold(page, before, hold, by, now)
            running = await page.deployments(service=hold.service, environment=hold.environment, holding_only=True)
            await redraw_cards(page, hold.service)
            await page.commit()
        return Locked(lock, before, running[0] if running else None)

    async def _hold(self, page: Page, before: Lock | None, hold: Hold, by: Actor, now: datetime) -> Lock:
        """Keep it, put it on record, and tell whoever held it before, and the release that it is for."""
        if before is not None and before.hold.by == by.id:
            lock = await page.keep_lock(replace(before, hold=hold, said_at=now))
            await page.put_on_record(on_record("prolong a lock", lock, by, now))
            await page.nudge(Work.WATCH_LOCK, lock.id, "changed")
        else:
            if before is not None:
                await let_go(page, before, by, now, verb="take over a lock", why=hold.reason)
                await page.tell(
                    DirectLine(
                        before.hold.by,
                        say(
                            "{who} has taken over your lock on {environment} of {service}: {reason}",
                            who=At(by.id),
                            environment=hold.environment,
                            service=hold.service,
                            reason=hold.reason,
                        ),
                    )
                )
            lock = await page.add_lock(hold, now)
            await page.put_on_record(on_record("lock", lock, by, now))
            await page.start(Work.WATCH_LOCK, lock.id)
        if hold.release is not None:
            await page.tell(
                ThreadLine(
                    hold.release,
                    say(
                        "{who} holds {environment} for this release until {end}: {reason}",
                        who=At(by.id),
                        environment=hold.environment,
                        end=When(hold.ends_at),
                        reason=hold.reason,
                    ),
                )
            )
        return lock


def may_hold(
    service: ServiceName, environment: EnvironmentName, agreed: Catalogue, roles: Roles, by: Actor
) -> Service | Refused:
    """The service whose environment that is, or why this person can't hold it."""
    found = the_service(service, environment, agreed)
    return found if isinstance(found, Refused) else lacks(Right.DEPLOY, found, by.id, roles) or found


def _not_for(wish: Wish, release: Release | None, service: Service) -> Refused | None:
    """Why it can't be held for that release."""
    if wish.release is None:
        return None
    if release is None:
        return no_such_release(wish.release)
    if release.plan.service != service.name:
        return refuse(
            "{release} is a release of {other}, so {service} can't be held for it.",
            release=release.name,
            other=release.plan.service,
            service=service.title,
        )
    if not release.open:
        return refuse("{release} has ended, so nothing needs to be held for it.", release=release.name)
    return None


def _problem_with(hold: Hold, agreed: Catalogue, now: datetime) -> Refused | None:
    """What is wrong with what is to be held."""
    if not hold.reason:
        return refuse("A lock needs a reason: people will ask.")
    if hold.ends_at <= now:
        return refuse("That lock would end {end}, before it begins.", end=When(hold.ends_at))
    if hold.ends_at - now > agreed.locks.longest:
        return refuse(
            "That lock would last until {end}. One can be set for {longest} at most; locking again prolongs it.",
            end=When(hold.ends_at),
            longest=span(agreed.locks.longest),
        )
    return None


def _held(lock: Lock, wish: Wish) -> Refused:
    """Somebody else holds it: who, since when, why, and how it is taken over."""
    return refuse(
        "{who} has locked {environment} of {service} since {since}, until {end} ({reason}). If it can't wait, ask "
        "them, or take it over: {command}.",
        who=At(lock.hold.by),
        environment=wish.environment,
        service=wish.service,
        since=When(lock.locked_at),
        end=When(lock.over_at),
        reason=lock.hold.reason.rstrip("."),
        command=Code(f"/deploy lock {wish.service} {wish.environment} take over <reason>"),
    )
