"""Comment: say something about a release that decides nothing; everybody reads it in its thread."""

from __future__ import annotations

from dataclasses import dataclass

from bot.notices import ThreadLine
from bot.ports import Clock, Records
from bot.rules.audit import Happened
from bot.rules.people import Actor
from bot.rules.release import Release, ReleaseId
from bot.rules.sentence import REPEATED, At, Code, Refused, Repeated, refuse, say
from bot.verbs.look import no_such_release


@dataclass(frozen=True, slots=True)
class Comment:
    """Put it into the thread and on the record, with the candidate that it was said about."""

    records: Records
    now: Clock

    async def __call__(self, release_id: ReleaseId, text: str, *, by: Actor) -> Release | Refused | Repeated:
        """Say it."""
        text = text.strip()
        if not text:
            return refuse("Please say something: {example}.", example=Code(f"/release comment R-{release_id} <text>"))
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            release = await page.release(release_id)
            if release is None:
                return no_such_release(release_id)
            await page.put_on_record(
                Happened(
                    "comment",
                    by.id,
                    by.surface,
                    self.now(),
                    release=release.id,
                    candidate=release.candidate.identity if release.candidate else None,
                    detail={"text": text},
                )
            )
            await page.tell(ThreadLine(release.id, say("{who}: {text}", who=At(by.id), text=text)))
            await page.commit()
        return release
