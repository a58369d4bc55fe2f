"""Name the culprits: say which commits are to blame for what was rolled back. The others are no longer suspected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.ports import Agreed, Clock, CodeHost, CodeHostError, Directory, Records
from bot.rules.audit import Happened
from bot.rules.people import Actor
from bot.rules.policy import Service
from bot.rules.sentence import REPEATED, AllOf, At, Code, Refused, Repeated, Sentence, refuse, say
from bot.rules.veto import Ruling, Veto
from bot.verbs.lift_veto import kept_out_by, lifted_already, may_not_judge, tell_all, the_veto, whose_own


@dataclass(frozen=True, slots=True)
class CulpritsNamed:
    """Only these are suspected now."""

    veto: Veto
    service: Service


@dataclass(frozen=True, slots=True)
class NameCulprits:
    """Name them."""

    records: Records
    directory: Directory
    agreed: Agreed
    code_host: CodeHost
    now: Clock

    async def __call__(
        self, named: str, commits: Sequence[str], reason: str, *, by: Actor
    ) -> CulpritsNamed | Refused | Repeated:
        """`named` is the veto's number, or the service that has only this one."""
        agreed, roles = self.agreed(), await self.directory.roles()
        async with self.records.read() as reading:
            found = await the_veto(reading, named, agreed)
            if isinstance(found, Refused):
                return found
            veto, service = found
            own = await whose_own(reading, veto)
        not_allowed = may_not_judge(service, own, by.id, roles, agreed.owners)
        if not_allowed:
            return not_allowed
        culprits = await self._culprits(service, veto, commits)
        if isinstance(culprits, Refused):
            return culprits
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            now_there = await page.veto(veto.id)
            assert now_there is not None, "vetoes are never deleted"
            if now_there.lifted is not None:
                return lifted_already(now_there)
            now = self.now()
            kept_out = await kept_out_by(page, now_there, self.agreed(), roles=roles, now=now)
            veto = await page.keep_veto(replace(now_there, culprits=culprits, named=Ruling(by.id, now, reason)))
            await page.put_on_record(
                Happened(
                    "name culprits",
                    by.id,
                    by.surface,
                    now,
                    release=veto.taken.release,
                    subject=veto.name,
                    detail={"service": service.name, "culprits": list(culprits), "reason": reason},
                )
            )
            await tell_all(page, veto, kept_out, _told(veto, reason, by))
            await page.commit()
        return CulpritsNamed(veto, service)

    async def _culprits(self, service: Service, veto: Veto, refs: Sequence[str]) -> tuple[str, ...] | Refused:
        """The full commits, each of which must be part of what was rolled back."""
        taken = veto.taken
        found = []
        try:
            for ref in refs:
                if service.repository is None:
                    known = [each for each in taken.known if each.startswith(ref.lower())]
                    if len(known) != 1:
                        return _no_part(ref, veto)
                    found += known
                    continue
                commit = await self.code_host.resolve(service.repository, ref)
                if commit is None:
                    return refuse(
                        "{repository} has no commit {ref}.", repository=Code(service.repository), ref=Code(ref)
                    )
                in_bad = await self.code_host.contains(service.repository, taken.bad, [commit.sha])
                if not in_bad or await self.code_host.contains(service.repository, taken.good, [commit.sha]):
                    return _no_part(ref, veto)
                found.append(commit.sha)
        except CodeHostError as error:
            return refuse("I could not ask the code host: {why} Nothing was changed.", why=str(error))
        return tuple(dict.fromkeys(found))


def _no_part(ref: str, veto: Veto) -> Refused:
    return refuse(
        "{commit} is no part of what was rolled back: {bad} has nothing of that name that {good} doesn't have.",
        commit=Code(ref),
        bad=veto.taken.bad_version,
        good=veto.taken.good_version,
    )


def _told(veto: Veto, reason: str, by: Actor) -> Sentence:
    return say(
        "{who} says who is to blame for what was rolled back with {version} ({veto}): {commits}. The other commits "
        "may come again. Reason: {reason}",
        who=At(by.id),
        version=veto.taken.bad_version,
        veto=veto.name,
        commits=AllOf(tuple(Code(each[:7]) for each in veto.culprits)),
        reason=reason,
    )
