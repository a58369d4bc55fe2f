"""Edit a release: change what is wanted. What was agreed under other rules no longer counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from bot.notices import ThreadLine
from bot.ports import Agreed, Calendars, Clock, Directory, Page, Records
from bot.rules.audit import Happened
from bot.rules.check import CheckResult
from bot.rules.checklist import Item, fresh
from bot.rules.people import Actor, Surface
from bot.rules.policy import Catalogue, ItemRule, Right, checklist_of
from bot.rules.release import Plan, Release, ReleaseId, r
from bot.rules.sentence import REPEATED, AllOf, At, Code, Refused, Repeated, refuse, say
from bot.verbs.ahead import FrozenThen, frozen_then
from bot.verbs.hear_checks import Hearing, hear, put_on_record
from bot.verbs.look import Picture, no_such_release, take
from bot.verbs.plan_release import problem_with, requests_for_approval, tidy
from bot.verbs.redraw import changed
from bot.verbs.rights import lacks


@dataclass(frozen=True, slots=True)
class Edited:
    """It is saved. `frozen_by`: the freeze into which its target date falls now, if that is news."""

    picture: Picture
    frozen_by: FrozenThen | None = None


@dataclass(frozen=True, slots=True)
class EditRelease:
    """Change the plan; the service stays."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock
    calendars: Calendars

    async def __call__(
        self, release_id: ReleaseId, plan: Plan, revision_seen: int | None, *, by: Actor
    ) -> Edited | Refused | Repeated:
        """Change it. `revision_seen` is what the form showed; None when it was typed."""
        agreed, now, roles = self.agreed(), self.now(), await self.directory.roles()
        plan = tidy(plan)
        wrong = problem_with(plan, agreed)
        if wrong:
            return wrong
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            known = await _said_of(page, release_id, plan)
            release = await page.release(release_id)
            if release is None:
                return no_such_release(release_id)
            refused = await self._refuse(page, release, plan, revision_seen)
            if refused:
                return refused
            if by.id != release.requested_by:
                not_allowed = lacks(Right.PLAN, agreed.services[plan.service], by.id, roles)
                if not_allowed:
                    return not_allowed
            edits = tuple(differences(release.plan, plan))
            if not edits:
                return Edited(await take(page, release, agreed, roles=roles, now=now))
            hearing = _checklist(release, plan, known, agreed, now)
            release = await page.keep(replace(release, plan=plan, checklist=hearing.after))
            await page.put_on_record(
                Happened(
                    "edit",
                    by.id,
                    by.surface,
                    now,
                    release=release.id,
                    candidate=release.candidate.identity if release.candidate else None,
                    detail={name: [old, new] for name, old, new in edits},
                )
            )
            await changed(page, release.id)
            what = AllOf(tuple(name.replace("_", " ") for name, _, _ in edits))
            await page.tell(ThreadLine(release.id, say("{who} changed {what}.", who=At(by.id), what=what)))
            await put_on_record(page, release, hearing, surface=Surface.ENGINE, at=now)
            picture = await take(page, release, agreed, roles=roles, now=now)
            if any(name == "change_type" for name, _, _ in edits):
                for line in requests_for_approval(picture):
                    await page.tell(line)
            moved = any(name in {"target", "change_type"} for name, _, _ in edits)
            frozen_by = await frozen_then(page, plan, agreed, self.calendars, now) if moved else None
            await page.commit()
        return Edited(picture, frozen_by)

    async def _refuse(self, page: Page, release: Release, plan: Plan, revision_seen: int | None) -> Refused | None:
        if not release.open:
            return refuse("{release} has ended; it stays as it is.", release=release.name)
        if revision_seen is not None and revision_seen != release.revision:
            return Refused(
                say(
                    "{release} has changed since you opened the form. Nothing was overwritten; please look again.",
                    release=release.name,
                ),
                stale=True,
            )
        if plan.service != release.plan.service:
            return refuse("A release stays with its service. Cancel it and plan another one.")
        running = await page.deployments(release=release.id, holding_only=True)
        if running:
            return refuse("{name} is on its way; please wait for its end.", name=running[0].name)
        for other in await page.releases(service=plan.service, open_only=True):
            if other.id != release.id and other.plan.version == plan.version:
                return refuse("{name} is planned as {version} already.", name=other.name, version=plan.version)
        return await self._circle(page, release, plan)

    async def _circle(self, page: Page, release: Release, plan: Plan) -> Refused | None:
        """Whether it would, over others, wait for itself; or for a release that doesn't exist."""
        waiting, seen = list(plan.depends_on), set[ReleaseId]()
        while waiting:
            each = waiting.pop()
            if each == release.id:
                return refuse("{release} would wait for itself; please leave that out.", release=release.name)
            if each in seen:
                continue
            seen.add(each)
            found = await page.releases(ids=[each])
            if not found:
                return refuse("There is no release {name} to depend on.", name=Code(r(each)))
            waiting += found[0].plan.depends_on
        return None


async def _said_of(page: Page, release_id: ReleaseId, plan: Plan) -> list[CheckResult]:
    """What checks have said of its candidate, where that may matter.

    First this, then the release: in this order a check that reports meanwhile waits, and doesn't wait for us for ever.
    """
    found = await page.releases(ids=[release_id])
    if not found or found[0].candidate is None or found[0].plan.change_type == plan.change_type:
        return []
    return await page.checks(plan.service, found[0].candidate.commit)


def _checklist(release: Release, plan: Plan, known: list[CheckResult], agreed: Catalogue, now: datetime) -> Hearing:
    """The other change type's lines, if it is another one now. What checks have said already ticks the new ones."""
    before = release.checklist
    if plan.change_type == release.plan.change_type:
        return hear(before, (), now)
    items = kept(before, checklist_of(agreed.change_types[plan.change_type], agreed.services[plan.service]))
    had = {each.key: each for each in before}
    # It may have got another candidate just now: of that one, nothing was said here.
    known = [each for each in known if release.candidate and each.commit == release.candidate.commit]
    return hear(items, known, now, only={each.key for each in items if each is not had.get(each.key)})


def differences(old: Plan, new: Plan) -> Iterator[tuple[str, object, object]]:
    """What differs, by name, as JSON."""
    for name in ("version", "change_type", "title", "scope", "requirements", "target", "depends_on"):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield name, plain(before), plain(after)


def plain(value: object) -> object:
    """A value as JSON has it."""
    return list(value) if isinstance(value, tuple) else str(value) if value is not None else None


def kept(items: tuple[Item, ...], rules: tuple[ItemRule, ...]) -> tuple[Item, ...]:
    """The other type's checklist; lines that both have keep their ticks, if the same people or check tick them."""
    before = {_what_it_asks(item): item for item in items}
    return tuple(before.get(_what_it_asks(item), item) for item in fresh(rules))


def _what_it_asks(item: Item) -> tuple[object, ...]:
    return item.key, item.text, item.required, item.owner, item.check
