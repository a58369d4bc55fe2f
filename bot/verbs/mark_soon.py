"""Mark soon: have open pull requests marked, and say that something about them is other now."""

from __future__ import annotations

from bot.ports import Page, Records, Work
from bot.rules.policy import Catalogue

ALL = 1
"""There is one such work, for all services."""


async def mark_all(records: Records, agreed: Catalogue) -> None:
    """Have them marked from now on, if the catalogue asks for it. What is at work stays so."""
    if _wanted(agreed):
        async with records.open() as page:
            await page.start(Work.MARK_PULL_REQUESTS, ALL)
            await page.commit()


async def mark_soon(page: Page, agreed: Catalogue) -> None:
    """Don't wait for the next look."""
    if _wanted(agreed):
        await page.nudge(Work.MARK_PULL_REQUESTS, ALL, "changed")


def _wanted(agreed: Catalogue) -> bool:
    return any(each.pull_requests is not None for each in agreed.services.values())
