"""Launch: what was deployed is given to customers, and everybody hears of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.notices import ThreadLine
from bot.ports import Agreed, Clock, Directory, Records
from bot.rules.audit import Happened
from bot.rules.candidate import Seal
from bot.rules.people import Actor
from bot.rules.policy import Right
from bot.rules.release import Ending, ReleaseId
from bot.rules.sentence import REPEATED, AllOf, At, Code, Refused, Repeated, refuse, say
from bot.rules.stage import Stage
from bot.verbs.look import Picture, no_such_release, take
from bot.verbs.redraw import changed
from bot.verbs.rights import lacks
from bot.verbs.tag_version import tag_if_launched
from bot.verbs.unlock import end_with


@dataclass(frozen=True, slots=True)
class Launch:
    """Call a deployed release released."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(
        self, release_id: ReleaseId, seen: Seal | None = None, *, by: Actor
    ) -> Picture | Refused | Repeated:
        """Launch it; only what stands where customers are can be. `seen` is the seal that was on the screen."""
        agreed, now, roles = self.agreed(), self.now(), await self.directory.roles()
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            release = await page.release(release_id)
            if release is None:
                return no_such_release(release_id)
            picture = await take(page, release, agreed, roles=roles, now=now)
            if picture.problem is not None or picture.service is None:
                return Refused(picture.problem) if picture.problem else no_such_release(release_id)
            not_allowed = lacks(Right.LAUNCH, picture.service, by.id, roles)
            if not_allowed:
                return not_allowed
            if seen is not None and seen not in {place.facts.seal for place in picture.places}:
                return Refused(
                    say("{release} has changed since you looked. Nothing was launched.", release=release.name),
                    stale=True,
                )
            if picture.stage is not Stage.DEPLOYED:
                return refuse(
                    "{release} is {stage}. It can be launched once it stands in {environments}: {command}.",
                    release=release.name,
                    stage=picture.stage.value,
                    environments=AllOf(tuple(each.name for each in picture.service.final)),
                    command=Code(f"/release why {release.name}"),
                )
            release = await page.keep(replace(release, launched=Ending(by.id, now)))
            await page.put_on_record(
                Happened(
                    "launch",
                    by.id,
                    by.surface,
                    now,
                    release=release.id,
                    candidate=release.candidate.identity if release.candidate else None,
                )
            )
            await changed(page, release.id)
            await end_with(page, release, by, now)
            await tag_if_launched(page, release, picture.service)
            await page.tell(
                ThreadLine(
                    release.id,
                    say(
                        "{who} launched {service} {version}: {title}",
                        who=At(by.id),
                        service=picture.service.title,
                        version=release.plan.version,
                        title=release.plan.title,
                    ),
                    loud=True,
                )
            )
            picture = await take(page, release, agreed, roles=roles, now=now)
            await page.commit()
        return picture
