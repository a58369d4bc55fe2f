"""Hear checks: bring what automatic checks have said to a checklist, with an entry and a line in the thread for it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.notices import ThreadLine
from bot.ports import Page
from bot.rules.audit import Happened
from bot.rules.check import CheckResult, heard
from bot.rules.checklist import Item
from bot.rules.people import SLIPWAY, Surface
from bot.rules.release import Release
from bot.rules.sentence import AllOf, Code, Link, Sentence, say


@dataclass(frozen=True, slots=True)
class Hearing:
    """A checklist before and after some checks were heard."""

    before: tuple[Item, ...]
    after: tuple[Item, ...]
    results: tuple[CheckResult, ...]

    @property
    def changed(self) -> tuple[Item, ...]:
        """The lines that are other now, as they are now."""
        return tuple(now for then, now in zip(self.before, self.after, strict=True) if now.done is not then.done)

    @property
    def ticked(self) -> tuple[Item, ...]:
        """The lines that were ticked."""
        return tuple(item for item in self.changed if item.done)

    @property
    def opened(self) -> tuple[Item, ...]:
        """The lines that were opened again."""
        return tuple(item for item in self.changed if not item.done)

    def of(self, result: CheckResult) -> tuple[Item, ...]:
        """The lines that this one has ticked or opened."""
        return tuple(item for item in self.changed if item.check == result.name)


def hear(
    items: tuple[Item, ...], results: Iterable[CheckResult], at: datetime, *, only: Container[str] | None = None
) -> Hearing:
    """Hear them, for these lines `only` (None: for all); nothing is kept yet."""
    known = tuple(results)
    after = heard(items, known, at)
    if only is not None:
        after = tuple(new if new.key in only else old for old, new in zip(items, after, strict=True))
    return Hearing(items, after, known)


async def put_on_record(page: Page, release: Release, hearing: Hearing, *, surface: Surface, at: datetime) -> None:
    """An entry for each line that a check has ticked or opened, and for each of these checks a line in the thread."""
    for result in hearing.results:
        items = hearing.of(result)
        for item in items:
            await page.put_on_record(
                Happened(
                    "tick" if item.done else "untick",
                    SLIPWAY,
                    surface,
                    at,
                    release=release.id,
                    candidate=release.candidate.identity if release.candidate else None,
                    subject=item.key,
                    detail={
                        "text": item.text,
                        "check": result.name,
                        "passed": result.passed,
                        "said_at": result.at.isoformat(),
                        "link": result.link,
                    },
                )
            )
        if items:
            await page.tell(ThreadLine(release.id, told(result, items)))


def told(result: CheckResult, items: Sequence[Item]) -> Sentence:
    """What a check said, and what came of it."""
    passed = "{check} passed for {commit}: ticked {items}."
    failed = "{check} failed for {commit}: opened {items} again."
    return say(passed if result.passed else failed, **about(result), items=quoted(items))


def about(result: CheckResult) -> dict[str, Link | Code]:
    """The parts of every sentence on a check: its name, which leads to its run, and what it was run on."""
    check = Link(result.name, result.link) if result.link else Code(result.name)
    return {"check": check, "commit": Code(result.commit[:7])}


def quoted(items: Iterable[Item]) -> AllOf:
    """Lines by their text."""
    return AllOf(tuple(f"“{item.text}”" for item in items))
