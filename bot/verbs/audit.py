"""Audit: prove that the record is whole, and hand out the evidence of one release."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import asdict, dataclass

from bot.ports import Clock, Reading, Records
from bot.rules.audit import GENESIS, Broken, Entry, out_of_place
from bot.rules.deployment import Deployment, Kind
from bot.rules.release import Release, ReleaseId
from bot.rules.sentence import Refused
from bot.verbs.look import no_such_release


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file for an auditor: its name, and its text (JSON)."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Verified:
    """How many entries were read, the last one's digest, and the first that is not as written."""

    entries: int
    head: str
    broken: Broken | None


@dataclass(frozen=True, slots=True)
class Exported:
    """The record as it is at one moment: the head as noted apart from the entries, and the entries, page by page."""

    entries: int
    head: str
    pages: AsyncGenerator[Sequence[Entry]]


@dataclass(frozen=True, slots=True)
class ExportRecord:
    """Hand out the record, for somebody who keeps and verifies it elsewhere."""

    records: Records
    page: int = 500

    async def __call__(self, after: int = 0) -> Exported:
        """From the entry after that number to the newest of this moment; what comes meanwhile comes with the next."""
        async with self.records.read() as page:
            number, head = await page.record_head()
        return Exported(number, head, self._pages(after, number))

    async def _pages(self, after: int, until: int) -> AsyncGenerator[Sequence[Entry]]:
        while after < until:
            async with self.records.read() as page:
                entries = await page.record(after=after, limit=min(self.page, until - after))
            found = [each for each in entries if each.number <= until]
            if not found:
                return
            yield found
            after = found[-1].number


@dataclass(frozen=True, slots=True)
class VerifyAudit:
    """Read the whole record."""

    records: Records

    async def __call__(self) -> Verified:
        """Check every entry against the one before it; stop at the first that is not as written."""
        async with self.records.read() as page:
            # Read first: what is written while we verify makes the record longer, never shorter.
            number, head = await page.record_head()
        last: Entry | None = None
        broken: Broken | None = None
        async for entry in every_entry(self.records):
            broken = out_of_place(entry, last)
            if broken is not None:
                break
            last = entry
            if entry.number == number and entry.digest != head:
                broken = Broken(number, "it is not the last entry that was written")
                break
        read = last.number if last else 0
        if broken is None and read < number:
            broken = Broken(read + 1, f"it and everything up to entry {number} is missing from the end")
        return Verified(read, last.digest if last else GENESIS, broken)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything about one release, for somebody who was not there."""

    records: Records
    now: Clock

    async def __call__(self, release_id: ReleaseId) -> EvidenceFile | Refused:
        """Its plan, candidates, words, deployments and every entry of the record about it, with their digests."""
        async with self.records.read() as page:
            release = await page.release(release_id)
            if release is None:
                return no_such_release(release_id)
            deployments = await _deployments(page, release)
            entries = await _all_of(page, release_id)
            reviews = await page.reviews(release=release_id)
        verified = await VerifyAudit(self.records)()
        told = {
            "release": release.name,
            "written_at": self.now().isoformat(),
            "record": {
                "unbroken": verified.broken is None,
                "entries": verified.entries,
                "head": verified.head,
                "broken_at": asdict(verified.broken) if verified.broken else None,
            },
            "plan": plan_of(release),
            "candidate": asdict(release.candidate) if release.candidate else None,
            "checklist": [asdict(item) for item in release.checklist],
            "verdicts": [asdict(verdict) for verdict in release.verdicts],
            "deployments": [asdict(each) for each in reversed(deployments)],
            "reviews": [asdict(each) for each in reviews],
            "entries": [asdict(each) for each in entries],
        }
        text = json.dumps(told, indent=2, ensure_ascii=False, default=_plain) + "\n"
        return EvidenceFile(f"{release.name}-evidence.json", text)


async def _deployments(page: Reading, release: Release) -> list[Deployment]:
    """The release's own deployments, newest first, and the rollbacks that took one of them away."""
    own = await page.deployments(release=release.id, limit=1000)
    numbers = {each.id for each in own}
    others = await page.deployments(service=release.plan.service, limit=1000)
    back = [each for each in others if each.order.replaces in numbers and each.order.kind is Kind.ROLLBACK]
    return sorted({each.id: each for each in (*own, *back)}.values(), key=lambda each: each.id, reverse=True)


def plan_of(release: Release) -> dict[str, object]:
    """What was wanted, by whom and when."""
    return {
        **asdict(release.plan),
        "requested_by": release.requested_by,
        "created_at": release.created_at,
        "launched": asdict(release.launched) if release.launched else None,
        "cancelled": asdict(release.cancelled) if release.cancelled else None,
    }


async def every_entry(records: Records) -> AsyncIterator[Entry]:
    """The whole record, oldest first, a thousand entries at a time."""
    after = 0
    while True:
        async with records.read() as page:
            entries = await page.record(after=after, limit=1000)
        for entry in entries:
            yield entry
        if not entries:
            return
        after = entries[-1].number


async def _all_of(page: Reading, release: ReleaseId) -> list[Entry]:
    result: list[Entry] = []
    while entries := await page.record(release=release, after=result[-1].number if result else 0, limit=1000):
        result += entries
    return result


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, (set, frozenset)) else str(value)
