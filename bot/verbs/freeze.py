"""Freeze: declare, end or extend a window in which nothing is deployed, and tell everybody concerned in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from bot.notices import FreezeTold
from bot.ports import DONE, Agreed, Clock, Directory, Next, Page, Records, Work, again
from bot.rules.audit import Happened
from bot.rules.freeze import Freeze, FreezeId, Window
from bot.rules.people import Actor, PersonId
from bot.rules.policy import Catalogue, ChannelId
from bot.rules.sentence import REPEATED, AllOf, Code, Refused, Repeated, When, refuse
from bot.verbs.mark_soon import mark_soon
from bot.verbs.redraw import changed
from bot.verbs.rights import lacks_role

LONGEST = timedelta(days=92)
"""A one-off freeze longer than a quarter is a typing error, or a decision that belongs into the catalogue."""

Moment = Literal["declared", "coming", "started", "extended", "ended"]


@dataclass(frozen=True, slots=True)
class StartFreeze:
    """Declare a freeze, from now or from later on."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(self, window: Window, *, by: Actor) -> Freeze | Refused | Repeated:
        """Declare it; everybody concerned is told before, at its start and at its end."""
        agreed, now = self.agreed(), self.now()
        window = replace(window, reason=" ".join(window.reason.split()), starts_at=max(window.starts_at, now))
        wrong = problem_with(window, agreed, now) or await may_not(self.directory, agreed, by.id)
        if wrong:
            return wrong
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            freeze = await page.add_freeze(window, by.id, now)
            await page.put_on_record(on_record("freeze", freeze, by, now))
            if not freeze.active(now):
                await tell_channels(page, agreed, freeze, "declared")
            await page.start(Work.WATCH_FREEZE, freeze.id)
            await page.commit()
        return freeze


@dataclass(frozen=True, slots=True)
class EndFreeze:
    """End a freeze now."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(self, freeze_id: FreezeId, *, by: Actor) -> Freeze | Refused | Repeated:
        """End it, or call it off if it has not begun."""
        agreed, now = self.agreed(), self.now()
        not_allowed = await may_not(self.directory, agreed, by.id)
        if not_allowed:
            return not_allowed
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            freeze = await page.freeze(freeze_id)
            if freeze is None or freeze.over_at <= now:
                return over(freeze, freeze_id)
            freeze = await page.keep_freeze(replace(freeze, ended_at=now, ended_by=by.id))
            await page.put_on_record(on_record("end freeze", freeze, by, now))
            await page.nudge(Work.WATCH_FREEZE, freeze.id, "changed")
            await page.commit()
        return freeze


@dataclass(frozen=True, slots=True)
class ExtendFreeze:
    """Let a freeze last longer, or end earlier than planned."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(self, freeze_id: FreezeId, until: datetime, *, by: Actor) -> Freeze | Refused | Repeated:
        """Move its end."""
        agreed, now = self.agreed(), self.now()
        not_allowed = await may_not(self.directory, agreed, by.id)
        if not_allowed:
            return not_allowed
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            freeze = await page.freeze(freeze_id)
            if freeze is None or freeze.over_at <= now:
                return over(freeze, freeze_id)
            window = replace(freeze.window, ends_at=until)
            wrong = problem_with(window, agreed, now)
            if wrong:
                return wrong
            freeze = await page.keep_freeze(replace(freeze, window=window))
            await page.put_on_record(on_record("extend freeze", freeze, by, now))
            await tell_channels(page, agreed, freeze, "extended")
            await redraw_cards(page, agreed, freeze)
            await page.nudge(Work.WATCH_FREEZE, freeze.id, "changed")
            await page.commit()
        return freeze


@dataclass(frozen=True, slots=True)
class WatchFreeze:
    """One move of a freeze's life: tell that it comes, that it has begun, that it is over."""

    records: Records
    agreed: Agreed
    now: Clock

    async def __call__(self, key: int) -> Next:
        """Tell what is due and has not been told; sleep until the next moment."""
        agreed, now = self.agreed(), self.now()
        async with self.records.open() as page:
            freeze = await page.freeze(FreezeId(key))
            if freeze is None:
                return DONE
            due = [(moment, intent) for moment, at, intent in moments(freeze, agreed) if at <= now]
            new = [moment for moment, intent in due if await page.first_time(intent)]
            # Of what was missed only the newest is told: one notice of a freeze at a time.
            for moment in [each for each in new if still_news(each, freeze, now)][-1:]:
                await tell_channels(page, agreed, freeze, moment)
                if moment != "coming":
                    await redraw_cards(page, agreed, freeze)
            await page.commit()
        following = [at for _, at, _ in moments(freeze, agreed) if at > now]
        return again(min(following) - now) if following else DONE


def moments(freeze: Freeze, agreed: Catalogue) -> Iterator[tuple[Moment, datetime, str]]:
    """When something is to be told of this freeze, and the intent that makes sure that it is told once."""
    start, end = freeze.window.starts_at, freeze.over_at
    if end > start:
        for before in agreed.freeze_notices.before:
            at = start - before
            if at > freeze.declared_at:
                yield "coming", at, f"{freeze.name} coming {at.isoformat()}"
        yield "started", start, f"{freeze.name} started {start.isoformat()}"
    yield "ended", end, f"{freeze.name} ended {end.isoformat()}"


def still_news(moment: Moment, freeze: Freeze, now: datetime) -> bool:
    """Whether it still helps to tell: after a long outage nobody wants to hear that a freeze comes that has begun."""
    match moment:
        case "coming":
            return now < freeze.window.starts_at
        case "ended":
            return True
        case _:
            return now < freeze.over_at


def problem_with(window: Window, agreed: Catalogue, now: datetime) -> Refused | None:
    """What is wrong with the window; None if nothing is."""
    if not window.reason:
        return refuse("A freeze needs a reason: people will ask.")
    if window.ends_at <= max(now, window.starts_at):
        return refuse("That freeze would end {end}, before it begins.", end=When(window.ends_at))
    if window.ends_at - window.starts_at > LONGEST:
        return refuse(
            "That freeze would last until {end}. One longer than {days} days can't be declared by hand.",
            end=When(window.ends_at),
            days=LONGEST.days,
        )
    services = [each for each in window.services if each not in agreed.services]
    if services:
        return refuse("The catalogue has no service {name}.", name=Code(min(services)))
    concerned = [agreed.services[each] for each in window.services] or list(agreed.services.values())
    known = {environment.name for service in concerned for environment in service.environments}
    unknown = sorted(window.environments - known)
    if unknown:
        return refuse(
            "There is no environment {name}. There are {names}.",
            name=Code(unknown[0]),
            names=AllOf(tuple(Code(each) for each in sorted(known))),
        )
    kinds = [each for each in window.change_types if each not in agreed.change_types]
    if kinds:
        return refuse(
            "The catalogue has no change type {name}. It has {names}.",
            name=Code(min(kinds)),
            names=AllOf(tuple(Code(each) for each in agreed.change_types)),
        )
    return None


async def may_not(directory: Directory, agreed: Catalogue, person: PersonId) -> Refused | None:
    """Why this person may not declare, change or end a freeze."""
    roles = await directory.roles(agreed.freeze_rights)
    return lacks_role(agreed.freeze_rights, "declare, change or end a freeze", person, roles)


def over(freeze: Freeze | None, freeze_id: FreezeId) -> Refused:
    """There is nothing left to end or to extend."""
    if freeze is None:
        return refuse(
            "There is no freeze {name}. {command} shows them.", name=f"F-{freeze_id}", command=Code("/freeze list")
        )
    return refuse("{name} was over {end}.", name=freeze.name, end=When(freeze.over_at))


def concerned(freeze: Freeze, agreed: Catalogue) -> tuple[ChannelId, ...]:
    """The channels of every service in its scope, each once."""
    names = freeze.window.services or frozenset(agreed.services)
    return tuple(dict.fromkeys(service.channel for name, service in agreed.services.items() if name in names))


async def tell_channels(page: Page, agreed: Catalogue, freeze: Freeze, moment: Moment) -> None:
    """Tell it in every channel concerned."""
    for channel in concerned(freeze, agreed):
        await page.tell(FreezeTold(channel, freeze.id, moment))


async def redraw_cards(page: Page, agreed: Catalogue, freeze: Freeze) -> None:
    """The gate of every open release in its scope reads otherwise now."""
    for name in freeze.window.services or frozenset(agreed.services):
        for release in await page.releases(service=name, open_only=True):
            await changed(page, release.id)
    await mark_soon(page, agreed)


def on_record(verb: str, freeze: Freeze, by: Actor, at: datetime) -> Happened:
    """What the record keeps of a freeze."""
    window = freeze.window
    return Happened(
        verb,
        by.id,
        by.surface,
        at,
        subject=freeze.name,
        detail={
            "starts_at": window.starts_at.isoformat(),
            "ends_at": window.ends_at.isoformat(),
            "environments": sorted(window.environments),
            "services": sorted(window.services),
            "change_types": sorted(window.change_types),
            "hard": window.hard,
            "reason": window.reason,
            **({"origin": freeze.origin, "owner": freeze.owner} if freeze.origin else {}),
        },
    )
