"""Tick an item: say that a line of the checklist is done, or that it isn't after all."""

from __future__ import annotations

from dataclasses import dataclass

from bot.notices import ThreadLine
from bot.ports import Agreed, Clock, Directory, Records
from bot.rules.audit import Happened
from bot.rules.people import Actor
from bot.rules.release import ReleaseId
from bot.rules.sentence import At, Code, Refused, refuse, say
from bot.verbs.look import Picture, as_asked_now, no_such_release, take
from bot.verbs.redraw import changed
from bot.verbs.rights import lacks_role


@dataclass(frozen=True, slots=True)
class TickItem:
    """Tick, or reopen, one line."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(self, release_id: ReleaseId, key: str, done: bool, *, by: Actor) -> Picture | Refused:
        """Bring the line to that state. Saying it twice is saying it once, so this needs no intent."""
        agreed, now, roles = self.agreed(), self.now(), await self.directory.roles()
        async with self.records.open() as page:
            release = await page.release(release_id)
            if release is None:
                return no_such_release(release_id)
            release = as_asked_now(release, agreed)
            item = release.item(key)
            if item is None:
                return refuse("The checklist of {release} has no line {key}.", release=release.name, key=Code(key))
            if not release.open:
                return refuse("{release} has ended; its checklist stays as it is.", release=release.name)
            if item.owner is not None:
                not_allowed = lacks_role((item.owner,), f"tick “{item.text}”", by.id, roles)
                if not_allowed:
                    return not_allowed
            if item.done is not done:
                release = await page.keep(release.with_item(item.ticked(by.id, now) if done else item.reopened()))
                await page.put_on_record(
                    Happened(
                        "tick" if done else "untick",
                        by.id,
                        by.surface,
                        now,
                        release=release.id,
                        candidate=release.candidate.identity if release.candidate else None,
                        subject=key,
                        detail={"text": item.text},
                    )
                )
                template = "{who} ticked “{item}”." if done else "{who} reopened “{item}”."
                await changed(page, release.id)
                await page.tell(ThreadLine(release.id, say(template, who=At(by.id), item=item.text)))
            seen = await take(page, release, agreed, roles=roles, now=now)
            await page.commit()
        return seen
