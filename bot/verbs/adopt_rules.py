"""Adopt rules: when the catalogue changes, every open release hears what that means; nothing loosens unnoticed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.notices import CardChanged, ThreadLine
from bot.ports import Clock, Directory, Page, Records
from bot.rules.audit import Happened
from bot.rules.people import SLIPWAY, Surface
from bot.rules.policy import (
    Catalogue,
    ChangeType,
    EnvironmentName,
    FreezeMeaning,
    Service,
    must_be_ticked_before,
    rules_digest,
)
from bot.rules.release import Release
from bot.rules.sentence import say
from bot.verbs.look import EVERY_OPEN_ONE, take
from bot.verbs.plan_release import requests_for_approval


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
                await page.tell(CardChanged(release.id))
            await page.commit()

    async def _told(self, page: Page, release: Release, old: Catalogue, new: Catalogue) -> bool:
        """Say what has changed for this release; False if nothing has."""
        changes = tuple(differences(release, old, new))
        for environment, before, after in changes:
            await page.put_on_record(
                Happened(
                    "rules changed",
                    SLIPWAY,
                    Surface.ENGINE,
                    self.now(),
                    release=release.id,
                    candidate=release.candidate.identity if release.candidate else None,
                    subject=environment,
                    detail={"before": before, "after": after, "catalogue": [old.fingerprint, new.fingerprint]},
                )
            )
            await page.tell(
                ThreadLine(
                    release.id,
                    say(
                        "The catalogue has changed, and with it the rules for {environment}. Before: {before}. "
                        "Now: {after}. What was said under the old ones no longer counts.",
                        environment=environment,
                        before=before,
                        after=after,
                    ),
                )
            )
        return bool(changes)


def differences(release: Release, old: Catalogue, new: Catalogue) -> Iterator[tuple[EnvironmentName, str, str]]:
    """Each environment whose rules for this release are others now, with both in words."""
    before, after = _rules(release, old), _rules(release, new)
    if after is None:
        return  # its card says that its service or change type is gone
    for environment in (each.name for each in after[0].environments):
        now = in_words(*after, environment)
        if before is None or before[0].environment(environment) is None:
            yield environment, "none", now
        elif rules_digest(before[1], before[0], environment) != rules_digest(after[1], after[0], environment):
            yield environment, in_words(*before, environment), now


def _rules(release: Release, agreed: Catalogue) -> tuple[Service, ChangeType] | None:
    service = agreed.services.get(release.plan.service)
    change = agreed.change_types.get(release.plan.change_type)
    return (service, change) if service is not None and change is not None else None


def in_words(service: Service, change: ChangeType, environment: EnvironmentName) -> str:
    """What the rules ask for there, on one line."""
    approvals = ", ".join(
        rule.role if rule.quorum == 1 else f"{rule.quorum} of {rule.role}"
        for rule in change.approvals.get(environment, ())
    )
    items = (
        [item.text for item in change.checklist if item.required]
        if must_be_ticked_before(change, service, environment)
        else []
    )
    parts = [
        f"approved by {approvals}" if approvals else "no approval",
        f"checklist of {len(items)} ({'; '.join(items)})" if items else "no checklist",
        "" if change.keeps_order else "in any order of environments",
        "a freeze doesn't block it" if change.freeze is FreezeMeaning.PASSES else "",
        "the requester may approve" if change.requester_may_approve else "",
        "authors may approve" if change.author_may_approve else "",
    ]
    return ", ".join(part for part in parts if part)
