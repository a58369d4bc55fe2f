"""Report a check: what an automatic check says of a commit ticks the lines of a checklist that wait for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.notices import ThreadLine
from bot.ports import Agreed, Clock, Page, Records
from bot.rules.check import CheckResult
from bot.rules.checklist import Item
from bot.rules.people import Surface
from bot.rules.policy import Catalogue, checklist_of
from bot.rules.release import Release
from bot.rules.sentence import Refused, say
from bot.verbs.hear_checks import about, hear, put_on_record, quoted
from bot.verbs.look import EVERY_OPEN_ONE, as_asked_now
from bot.verbs.plan_release import no_such_service
from bot.verbs.redraw import changed


@dataclass(frozen=True, slots=True)
class Reported:
    """What came of it: the lines that were ticked, and those that were opened again."""

    result: CheckResult
    news: bool
    """Whether it was kept; not so if it is known already, or something that the check said later."""
    ticked: tuple[tuple[Release, Item], ...] = ()
    opened: tuple[tuple[Release, Item], ...] = ()
    proposed: bool = False
    """Whether any open release proposes that commit."""
    awaited: frozenset[str] = frozenset()
    """The checks that lines of this service's checklists wait for, now or when the next release is planned."""


@dataclass(frozen=True, slots=True)
class ReportCheck:
    """Hear one check. Nobody's approval comes of it: a check ticks lines, and no more."""

    records: Records
    agreed: Agreed
    now: Clock

    async def __call__(self, result: CheckResult) -> Reported | Refused:
        """Keep it, and tick or open the lines of every open release that proposes exactly this commit.

        Saying it twice is saying it once, and what is outdated changes nothing: so this needs no intent.
        """
        agreed, now = self.agreed(), self.now()
        if result.service not in agreed.services:
            return no_such_service(result.service, agreed)
        ticked: list[tuple[Release, Item]] = []
        opened: list[tuple[Release, Item]] = []
        async with self.records.open() as page:
            said = await page.checks(result.service, result.commit)
            before = next((each for each in said if each.name == result.name), None)
            if not result.supersedes(before) or not await page.keep_check(result):
                return Reported(result, news=False)
            failed_before = before is not None and not before.passed
            releases = await page.releases(service=result.service, open_only=True, limit=EVERY_OPEN_ONE)
            for seen in sorted(releases, key=lambda each: each.id):
                if _proposes(seen, result):
                    release = await page.release(seen.id)  # locked from here on, so it is looked at once more
                    if release is not None and release.open and _proposes(release, result):
                        release = as_asked_now(release, agreed)
                        done, undone = await _heard(page, release, result, now, failed_before=failed_before)
                        ticked += [(release, each) for each in done]
                        opened += [(release, each) for each in undone]
            await page.commit()
        proposed = any(_proposes(each, result) for each in releases)
        return Reported(result, True, tuple(ticked), tuple(opened), proposed, awaited(agreed, result, releases))


async def _heard(
    page: Page, release: Release, result: CheckResult, now: datetime, *, failed_before: bool
) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """Tick and open its lines; those that a failure leaves open are named once, until the check has passed."""
    hearing = hear(release.checklist, (result,), now)
    if hearing.changed:
        release = await page.keep(replace(release, checklist=hearing.after))
        await put_on_record(page, release, hearing, surface=Surface.WEBHOOK, at=now)
        await changed(page, release.id)
    still_open = [each for each in hearing.before if each.check == result.name and not each.done]
    if still_open and not result.passed and not failed_before:
        left = say("{check} failed for {commit}: it leaves {items} open.", **about(result), items=quoted(still_open))
        await page.tell(ThreadLine(release.id, left))
    return hearing.ticked, hearing.opened


def _proposes(release: Release, result: CheckResult) -> bool:
    return release.candidate is not None and release.candidate.commit == result.commit


def awaited(agreed: Catalogue, result: CheckResult, releases: list[Release]) -> frozenset[str]:
    """The checks that any line waits for: in the service's templates, and in its open releases."""
    service = agreed.services[result.service]
    asked = {rule.check for change in agreed.change_types.values() for rule in checklist_of(change, service)}
    asked |= {item.check for release in releases for item in release.checklist}
    return frozenset(each for each in asked if each)
