"""Away: say that somebody is away for a while, and who stands in for them; and that they are back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.notices import ChannelLine, DirectLine
from bot.ports import Agreed, Clock, Directory, Page, Records
from bot.rules.absence import Absence, Leave
from bot.rules.approval import may_act
from bot.rules.audit import Happened
from bot.rules.people import Actor, PersonId, RoleName, Roles
from bot.rules.policy import Catalogue
from bot.rules.sentence import REPEATED, AllOf, At, AtRole, Code, Part, Refused, Repeated, Sentence, When, refuse, say
from bot.verbs.rights import lacks_role

LONGEST = timedelta(days=92)
"""Whoever is away for longer than a quarter should leave the role for that time."""


@dataclass(frozen=True, slots=True)
class GoAway:
    """Declare an absence, one's own or (by the owners of the catalogue) somebody else's."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(self, leave: Leave, *, by: Actor) -> Absence | Refused | Repeated:
        """Declare it. The stand-in and the owners are told."""
        agreed, now, roles = self.agreed(), self.now(), await self.directory.roles()
        leave = replace(leave, reason=" ".join(leave.reason.split()), starts_at=max(leave.starts_at, now))
        wrong = (
            may_not_say(leave.person, by.id, agreed, roles, "say that somebody else is away")
            or self._wrong(leave, now)
            or await self._unfit(leave, roles, by)
        )
        if wrong:
            return wrong
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            for other in await page.absences(not_over_at=now, person=leave.person):
                if other.leave.starts_at < leave.ends_at and leave.starts_at < other.over_at:
                    return refuse(
                        "{who} is away from {start} until {end} already. {command} ends that.",
                        who=At(leave.person),
                        start=When(other.leave.starts_at),
                        end=When(other.over_at),
                        command=Code("/release back"),
                    )
            absence = await page.add_absence(leave, by.id, now)
            await page.put_on_record(_on_record("away", absence, by, now))
            if leave.stand_in is not None:
                await page.tell(DirectLine(leave.stand_in, _to_the_stand_in(absence, _in_words(leave, roles))))
            if leave.person != by.id:
                await page.tell(DirectLine(leave.person, _to_the_absent(absence, by)))
            await page.tell(ChannelLine(agreed.owners_channel, _to_everybody(absence)))
            await page.commit()
        return absence

    def _wrong(self, leave: Leave, now: datetime) -> Refused | None:
        if leave.ends_at <= max(leave.starts_at, now):
            return refuse("That absence would end {end}, before it begins.", end=When(leave.ends_at))
        if leave.ends_at - leave.starts_at > LONGEST:
            return refuse(
                "That absence would last until {end}. For longer than {days} days somebody else should hold the role.",
                end=When(leave.ends_at),
                days=LONGEST.days,
            )
        unknown = sorted(leave.roles - self.agreed().roles.keys())
        if unknown:
            return refuse("The catalogue has no role {name}.", name=Code(unknown[0]))
        return None

    async def _unfit(self, leave: Leave, roles: Roles, by: Actor) -> Refused | None:
        """Why that person can't stand in."""
        if leave.stand_in is None:
            return None
        if leave.stand_in == leave.person:
            return refuse("Nobody can stand in for themselves. Please name somebody else.")
        if leave.stand_in == by.id:
            return refuse(
                "Nobody can make themselves somebody's stand-in. {who} or another owner has to say so.",
                who=At(leave.person),
            )
        if isinstance(may_act(await self.directory.person(leave.stand_in)), Refused):
            return refuse("{who} can't act here, so can't stand in for anybody.", who=At(leave.stand_in))
        held = own_roles(leave.person, roles)
        if not held:
            return refuse("{who} holds no role that anybody could stand in for.", who=At(leave.person))
        lacking = sorted(leave.roles - set(held))
        if lacking:
            return refuse("{who} doesn't hold {role}.", who=At(leave.person), role=AtRole(lacking[0]))
        return None


@dataclass(frozen=True, slots=True)
class ComeBack:
    """End an absence; if there is none now, those that have not begun are called off."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(self, person: PersonId, *, by: Actor) -> Sequence[Absence] | Refused | Repeated:
        """Be back. What was said meanwhile in that person's place stays said."""
        agreed, now, roles = self.agreed(), self.now(), await self.directory.roles()
        not_allowed = may_not_say(person, by.id, agreed, roles, "say that somebody else is back")
        if not_allowed:
            return not_allowed
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            found = await page.absences(not_over_at=now, person=person)
            if not found:
                return refuse("{who} is not away, as far as I know.", who=At(person))
            running = [each for each in found if each.active(now)]
            ended = [await self._end(page, each, by, now) for each in running or found]
            await page.tell(ChannelLine(agreed.owners_channel, say("{who} is back.", who=At(person))))
            await page.commit()
        return ended

    async def _end(self, page: Page, absence: Absence, by: Actor, now: datetime) -> Absence:
        absence = await page.keep_absence(replace(absence, ended_at=now, ended_by=by.id))
        await page.put_on_record(_on_record("back", absence, by, now))
        stand_in = absence.leave.stand_in
        if stand_in is not None:
            told = say("{who} is back; you no longer stand in for them. Thank you.", who=At(absence.leave.person))
            await page.tell(DirectLine(stand_in, told))
        return absence


def may_not_say(person: PersonId, by: PersonId, agreed: Catalogue, roles: Roles, doing: str) -> Refused | None:
    """Everybody may speak for themselves; for others, the owners of the catalogue may."""
    return None if person == by else lacks_role((agreed.owners,), doing, by, roles)


def own_roles(person: PersonId, roles: Roles) -> list[RoleName]:
    """The roles that this person holds themselves, in order."""
    return sorted(role for role in roles.members if roles.belongs(person, role))


def _in_words(leave: Leave, roles: Roles) -> tuple[AtRole, ...]:
    return tuple(AtRole(each) for each in own_roles(leave.person, roles) if not leave.roles or each in leave.roles)


def _to_the_stand_in(absence: Absence, held: tuple[AtRole, ...]) -> Sentence:
    leave = absence.leave
    return say(
        "{who} is away from {start} until {end}, and you stand in for them as {roles}. What you say in their place is "
        "on the record with both names.{reason}",
        who=At(leave.person),
        start=When(leave.starts_at),
        end=When(leave.ends_at),
        roles=AllOf(held),
        reason=f" Reason: {leave.reason}" if leave.reason else "",
    )


def _to_the_absent(absence: Absence, by: Actor) -> Sentence:
    """Nobody's place is given away behind their back."""
    leave, template = absence.leave, "{who} has said that you are away from {start} until {end}"
    ending = ". If that is not so: {command}."
    parts: dict[str, Part] = {"who": At(by.id), "start": When(leave.starts_at), "end": When(leave.ends_at)}
    if leave.stand_in is None:
        return say(template + ending, **parts, command=Code("/release back"))
    with_whom = template + ", and that {stand_in} stands in for you" + ending
    return say(with_whom, **parts, stand_in=At(leave.stand_in), command=Code("/release back"))


def _to_everybody(absence: Absence) -> Sentence:
    leave = absence.leave
    reason = f": {leave.reason}" if leave.reason else "."
    if leave.stand_in is None:
        return say(
            "{who} is away from {start} until {end}{reason}",
            who=At(leave.person),
            start=When(leave.starts_at),
            end=When(leave.ends_at),
            reason=reason,
        )
    return say(
        "{who} is away from {start} until {end}, and {stand_in} stands in{reason}",
        who=At(leave.person),
        start=When(leave.starts_at),
        end=When(leave.ends_at),
        stand_in=At(leave.stand_in),
        reason=reason,
    )


def _on_record(verb: str, absence: Absence, by: Actor, at: datetime) -> Happened:
    leave = absence.leave
    return Happened(
        verb,
        by.id,
        by.surface,
        at,
        subject=absence.name,
        detail={
            "person": leave.person,
            "stand_in": leave.stand_in,
            "starts_at": leave.starts_at.isoformat(),
            "ends_at": leave.ends_at.isoformat(),
            "roles": sorted(leave.roles),
            "reason": leave.reason,
        },
    )
