"""Adopt rules: when the catalogue changes, every open release hears what that means; nothing loosens unnoticed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.notices import ThreadLine
from bot.ports import Clock, Directory, Page, Records
from bot.rules.audit import Happened
from bot.rules.people import SLIPWAY, Surface
from bot.rules.policy import Catalogue, ChangeType, EnvironmentName, Service
from bot.rules.release import Release
from bot.rules.sentence import say
from bot.rules.terms import Terms, terms_of
from bot.verbs.hear_checks import hear, put_on_record
from bot.verbs.look import EVERY_OPEN_ONE, as_asked_now, take
from bot.verbs.plan_release import requests_for_approval
from bot.verbs.redraw import changed


@dataclass(frozen=True, slots=True)
class AdoptRules:
    """Tell each open release what has changed for it, and ask those whose word is wanted now."""

    records: Records
    directory: Directory
    now: Clock

    async def __call__(self, old: Catalogue, new: Catalogue) -> None:
        """Compare what was agreed with what is agreed now."""
        roles = await self.directory.roles()
        async with self.records.open() as page:
            for release in await page.releases(open_only=True, limit=EVERY_OPEN_ONE):
                if await self._told(page, release, old, new):
                    picture = await take(page, release, new, roles=roles, now=self.now())
                    for line in requests_for_approval(picture):
                        await page.tell(line)
                await changed(page, release.id)
            await page.commit()
        await self._hear_checks(old, new)

    async def _hear_checks(self, old: Catalogue, new: Catalogue) -> None:
        """A line that is new may wait for a check that has passed already, and won't be run again to say so."""
        async with self.records.read() as reading:
            releases = await reading.releases(open_only=True, limit=EVERY_OPEN_ONE)
        for seen in releases:
            added = {key for key, _ in _waiting_for_checks(seen, new) - _waiting_for_checks(seen, old)}
            if not added or seen.candidate is None:
                continue
            async with self.records.open() as page:
                known = await page.checks(seen.plan.service, seen.candidate.commit)
                release = await page.release(seen.id)
                if release is None or not seen.candidate.is_same_as(release.candidate):
                    continue
                release = as_asked_now(release, new)
                hearing = hear(release.checklist, known, self.now(), only=added)
                if hearing.changed:
                    release = await page.keep(replace(release, checklist=hearing.after))
                    await put_on_record(page, release, hearing, surface=Surface.ENGINE, at=self.now())
                    await changed(page, release.id)
                    await page.commit()

    async def _told(self, page: Page, release: Release, old: Catalogue, new: Catalogue) -> bool:
        """Say what has changed for this release; False if nothing has."""
        changes = tuple(differences(release, old, new))
        for each in changes:
            before = each.before.in_words() if each.before else "none"
            await page.put_on_record(
                Happened(
                    "rules changed",
                    SLIPWAY,
                    Surface.ENGINE,
                    self.now(),
                    release=release.id,
                    candidate=release.candidate.identity if release.candidate else None,
                    subject=each.environment,
                    detail={
                        "before": before,
                        "after": each.now.in_words(),
                        "catalogue": [old.fingerprint, new.fingerprint],
                    },
                )
            )
            what_was_said = (
                "What was said under the old ones no longer counts."
                if each.asks_for_more
                else "They ask for nothing more, so what was said under the old ones still counts."
            )
            await page.tell(
                ThreadLine(
                    release.id,
                    say(
                        "The catalogue has changed, and with it the rules for {environment}. Before: {before}. "
                        "Now: {after}. {what_was_said}",
                        environment=each.environment,
                        before=before,
                        after=each.now.in_words(),
                        what_was_said=what_was_said,
                    ),
                )
            )
        return bool(changes)


@dataclass(frozen=True, slots=True)
class Changed:
    """An environment whose rules are others now. `before` None: there were none, since it is new."""

    environment: EnvironmentName
    before: Terms | None
    now: Terms

    @property
    def asks_for_more(self) -> bool:
        """Whether what was said before no longer counts."""
        return self.before is None or self.now.ask_for_more_than(self.before)


def differences(release: Release, old: Catalogue, new: Catalogue) -> Iterator[Changed]:
    """Each environment whose rules for this release are others now."""
    before, after = _rules(release, old), _rules(release, new)
    if after is None:
        return  # its card says that its service or change type is gone
    for environment in (each.name for each in after[0].environments):
        now = terms_of(after[1], after[0], environment)
        if before is None or before[0].environment(environment) is None:
            yield Changed(environment, None, now)
            continue
        then = terms_of(before[1], before[0], environment)
        if then.digest != now.digest:
            yield Changed(environment, then, now)


def _waiting_for_checks(release: Release, agreed: Catalogue) -> frozenset[tuple[str, str]]:
    """The lines that a check ticks by these rules, each with the check."""
    return frozenset((item.key, item.check) for item in as_asked_now(release, agreed).checklist if item.check)


def _rules(release: Release, agreed: Catalogue) -> tuple[Service, ChangeType] | None:
    service = agreed.services.get(release.plan.service)
    change = agreed.change_types.get(release.plan.change_type)
    return (service, change) if service is not None and change is not None else None
