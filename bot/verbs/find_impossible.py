"""Find what is impossible: rules that nobody can satisfy are told before the day on which somebody needs them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.notices import ChannelLine, ThreadLine
from bot.ports import Agreed, Clock, Directory, Page, Records
from bot.rules.feasibility import Impossible, circles, in_a_circle, unmet, unmet_for
from bot.rules.policy import Catalogue
from bot.rules.release import Release, ReleaseId, r
from bot.rules.sentence import AtRole, Sentence, in_a_row, say
from bot.verbs.look import EVERY_OPEN_ONE, Picture, take_all

SILENT_FOR = timedelta(days=7)
"""How long what was told is not told again while it stays as it is."""

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class FindImpossible:
    """Look at all that is agreed and planned."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(self) -> None:
        """Tell the owners what nobody can do under their catalogue, and each release what keeps it where it is."""
        agreed, now, roles = self.agreed(), self.now(), await self.directory.roles()
        async with self.records.read() as reading:
            releases = await reading.releases(open_only=True, limit=EVERY_OPEN_ONE)
            pictures = await take_all(reading, releases, agreed, roles=roles, now=now)
            wanted = sorted({other for each in releases for other in each.plan.depends_on})
            others = await reading.releases(ids=wanted, limit=len(wanted)) if wanted else []
        found = unmet(agreed, roles)
        of_releases = {each.release.id: [*in_the_way_of(each, others)] for each in pictures}
        for circle in circles(releases):
            for release in circle:
                of_releases[release].append(in_a_circle(release, circle))
        if not found and not any(of_releases.values()):
            return
        async with self.records.open() as page:
            if await is_news(page, "catalogue", found, now):
                await page.tell(ChannelLine(agreed.owners_channel, _to_the_owners(agreed, found)))
            for release, reasons in of_releases.items():
                await tell_release(page, release, reasons, now)
            await page.commit()


def in_the_way_of(picture: Picture, others: Iterable[Release]) -> tuple[Impossible, ...]:
    """Why this release can't get to where it has not been yet, as things are. `others`: those it may depend on."""
    return unmet_for([each.facts for each in picture.places], others)


async def tell_release(page: Page, release: ReleaseId, found: Iterable[Impossible], now: datetime) -> None:
    """Tell its thread, unless it has heard of it. A group that can't be read is for the owners alone to mend."""
    found = [each for each in found if not each.unread]
    if await is_news(page, r(release), found, now):
        await page.tell(ThreadLine(release, in_a_row(_listed(found), "\n")))


async def is_news(page: Page, about: str, found: Sequence[Impossible], now: datetime) -> bool:
    """Whether there is something to tell that has not been told within a week; notes that it is told now."""
    if not found:
        return False
    digest = hashlib.sha256("\n".join(sorted(each.kind for each in found)).encode()).hexdigest()[:16]
    today, *others = (
        f"impossible {about} {digest} {(now + timedelta(days=ahead)).date()}" for ahead in range(SILENT_FOR.days)
    )
    if not await page.first_time(today):
        return False
    for later in others:
        await page.first_time(later)
    return True


def _to_the_owners(agreed: Catalogue, found: Sequence[Impossible]) -> Sentence:
    opening = say(
        "{owners}: as things are, nobody can do some of what the catalogue asks for.", owners=AtRole(agreed.owners)
    )
    return in_a_row([opening, *_listed(found)], "\n")


def _listed(found: Sequence[Impossible]) -> Iterator[Sentence]:
    """One line for each, with what would help."""
    for each in found[:_SHOWN]:
        yield in_a_row([say("•"), each.why, each.step], " ")
    if len(found) > _SHOWN:
        yield say("… and {rest} more", rest=len(found) - _SHOWN)
