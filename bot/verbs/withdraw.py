"""Withdraw: take back what you said about the present candidate."""

from __future__ import annotations

from dataclasses import dataclass

from bot.notices import ThreadLine
from bot.ports import Agreed, Clock, Directory, Records
from bot.rules.approval import Verdict, Word, standing
from bot.rules.audit import Happened
from bot.rules.candidate import Seal
from bot.rules.people import Actor, Roles
from bot.rules.release import ReleaseId
from bot.rules.sentence import REPEATED, At, Code, Refused, Repeated, refuse, say
from bot.verbs.look import Picture, no_such_release, take
from bot.verbs.redraw import changed


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """These words are taken back."""

    picture: Picture
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take back every word that counts now and is one's own, or was said in one's place."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(
        self, release_id: ReleaseId, seen: Seal | None = None, *, by: Actor
    ) -> Withdrawn | Refused | Repeated:
        """Withdraw. Whoever has lost the role in the meantime may still take back what was said.

        `seen` is the seal that was on the screen; None when it was typed. A rejection by somebody who has left the
        role can be lifted by whoever holds it now.
        """
        agreed, now, roles = self.agreed(), self.now(), await self.directory.roles()
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            release = await page.release(release_id)
            if release is None:
                return no_such_release(release_id)
            if not release.open or release.candidate is None:
                return refuse("There is nothing on {release} to take back.", release=release.name)
            picture = await take(page, release, agreed, roles=roles, now=now)
            seals = [place.facts.seal for place in picture.places if place.facts.seal is not None]
            if seen is not None and seen not in seals:
                return Refused(
                    say(
                        "{release} has changed since you looked: its candidate is {commit} now, or its rules are "
                        "others. Nothing was taken back; please look again.",
                        release=release.name,
                        commit=Code(release.candidate.short),
                    ),
                    stale=True,
                )
            said = [
                verdict
                for place in picture.places
                if place.facts.proposal is not None
                for verdict in standing(release.verdicts, place.facts.proposal)
            ]
            mine = tuple(
                each
                for each in said
                if each.person == by.id or (each.on_behalf_of == by.id and roles.belongs(by.id, each.role))
            ) or tuple(
                each
                for each in said
                if each.word is Word.NO and roles.hold(by.id, each.role) and roles_lost(each, roles)
            )
            if not mine:
                return refuse(
                    "You have said nothing about {commit}, the candidate of {release}, that could be taken back.",
                    commit=Code(release.candidate.short),
                    release=release.name,
                )
            for verdict in mine:
                release = release.without(verdict, now)
            release = await page.keep(release)
            for verdict in mine:
                await page.put_on_record(
                    Happened(
                        "withdraw",
                        by.id,
                        by.surface,
                        now,
                        release=release.id,
                        candidate=picture.release.candidate.identity if picture.release.candidate else None,
                        subject=verdict.environment,
                        detail={"word": verdict.word, "role": verdict.role, "seal": verdict.seal},
                    )
                )
                await page.tell(
                    ThreadLine(
                        release.id,
                        say(
                            "{who} withdrew {what} for {environment}.",
                            who=At(by.id),
                            what=told(verdict, by),
                            environment=verdict.environment,
                        ),
                    )
                )
            await changed(page, release.id)
            picture = await take(page, release, agreed, roles=roles, now=now)
            await page.commit()
        return Withdrawn(picture, mine)


def roles_lost(verdict: Verdict, roles: Roles) -> bool:
    """Whether its author is known to have left the role, and the one in whose place it was said as well."""
    held = roles.hold(verdict.person, verdict.role) or roles.belongs(verdict.holder, verdict.role)
    return verdict.role not in roles.unknown and not held


def told(verdict: Verdict, by: Actor) -> str:
    """What was withdrawn."""
    what = "approval" if verdict.word is Word.YES else "rejection"
    if verdict.person == by.id:
        return f"the {what}"
    return (
        f"the {what} said in their place"
        if verdict.on_behalf_of == by.id
        else f"the {what} of somebody who has left the role"
    )
