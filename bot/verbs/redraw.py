"""Redraw: bring a release's card up to date, for somebody who acted on an old one."""

from __future__ import annotations

from dataclasses import dataclass

from bot.notices import CardChanged
from bot.ports import Page, Records, Work
from bot.rules.policy import ServiceName
from bot.rules.release import ReleaseId
from bot.verbs.look import EVERY_OPEN_ONE


@dataclass(frozen=True, slots=True)
class Redraw:
    """Draw the card anew; nothing on the record changes."""

    records: Records

    async def __call__(self, release: ReleaseId) -> None:
        """Ask for it."""
        async with self.records.open() as page:
            if await page.release(release) is not None:
                await page.tell(CardChanged(release))
                await page.commit()


async def changed(page: Page, release: ReleaseId) -> None:
    """Something about it is other now: its card is drawn anew, and whoever watches over it looks again."""
    await page.tell(CardChanged(release))
    await page.nudge(Work.WATCH_RELEASE, release, "changed")


async def redraw_if_open(page: Page, release: ReleaseId) -> None:
    """The same for a release that something can still happen to; one that has ended stays as it was."""
    # Looked at without locking it: whoever locks releases does so before deployments, and this comes after them.
    for found in await page.releases(ids=[release], limit=1):
        if found.open:
            await changed(page, release)


async def changed_for_others(page: Page, service: ServiceName, release: ReleaseId) -> None:
    """A deployment of that release has ended: what waited for it, or for the environment that it held, looks again."""
    for other in await page.releases(open_only=True, limit=EVERY_OPEN_ONE):
        if other.id != release and (other.plan.service == service or release in other.plan.depends_on):
            await changed(page, other.id)
