"""Read vetoes: what a release's candidate carries of what was rolled back, read from the history of the code.

It is a fact of that history, so it is read once, outside of any transaction, and kept. While it can't be read the gate
blocks; it is tried again until it can.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from bot.notices import CardChanged, ThreadLine
from bot.ports import Agreed, Clock, CodeHost, CodeHostError, Records, Suspicion
from bot.rules.release import ReleaseId
from bot.rules.sentence import Code, Sentence, say
from bot.rules.veto import Finding, Suspect, Veto, to_be_read

RETRY = timedelta(minutes=1)
"""How soon a code host that could not be asked is asked again."""

SHOWN = 10
"""So many of the commits that are carried are kept by name; the rest are counted."""


@dataclass(frozen=True, slots=True)
class ReadVetoes:
    """Read what isn't known yet of one release."""

    records: Records
    agreed: Agreed
    code_host: CodeHost
    now: Clock

    async def __call__(self, release_id: ReleaseId) -> timedelta | None:
        """Read it and keep it; how soon to try again, if something could not be read."""
        async with self.records.read() as reading:
            release = await reading.release(release_id)
            if release is None or not release.open or release.candidate is None:
                return None
            commit = release.candidate.commit
            service = self.agreed().services.get(release.plan.service)
            if service is None or service.repository is None:
                return None
            vetoes = await reading.vetoes(service.name)
            known = {each.veto: each for each in await reading.findings(service.name, [commit])} if vetoes else {}
        unread = [each for each in vetoes if to_be_read(each, commit, known.get(each.id))]
        if not unread:
            return None
        answers = [answer for each in unread for answer in each.answers]
        found = []
        try:
            has = await self.code_host.contains(service.repository, commit, answers) if answers else frozenset()
        except CodeHostError as error:
            found = [Finding(each.id, commit, self.now(), problem=str(error)) for each in unread]
        else:
            found = [await self._read(service.repository, commit, each, has) for each in unread]
        news = [each for each in found if _is_news(each, known.get(each.veto))]
        if news:
            async with self.records.open() as page:
                for finding in news:
                    await page.keep_finding(finding)
                    veto = next(each for each in vetoes if each.id == finding.veto)
                    if finding.total and commit != veto.taken.bad and not _carried_before(known.get(finding.veto)):
                        await page.tell(ThreadLine(release_id, _told(finding, veto)))
                await page.tell(CardChanged(release_id))
                await page.commit()
        return RETRY if any(each.problem for each in found) else None

    async def _read(self, repository: str, commit: str, veto: Veto, has: frozenset[str]) -> Finding:
        """What that commit carries of what was taken back. `has` are those mends that it has."""
        finding = Finding(veto.id, commit, self.now(), veto.culprits, veto.answers)
        if has.intersection(veto.answers):
            return finding
        try:
            suspicion = Suspicion(veto.taken.good, veto.taken.bad, veto.culprits)
            carried = await self.code_host.carries(repository, commit, suspicion, SHOWN)
        except CodeHostError as error:
            return Finding(veto.id, commit, self.now(), problem=str(error))
        return replace(
            finding,
            suspects=carried.suspects,
            carried=tuple(Suspect(each.sha, each.subject, each.author_name) for each in carried.carried),
            total=carried.total,
            mended=carried.mended,
        )


def _is_news(found: Finding, known: Finding | None) -> bool:
    """Whether it says something else than was known. Not being able to read it again is no news."""
    if known is None:
        return True
    if found.problem and not known.problem:
        return False
    return replace(known, at=found.at) != found


def _carried_before(known: Finding | None) -> bool:
    return known is not None and known.total > 0


def _told(finding: Finding, veto: Veto) -> Sentence:
    taken = veto.taken
    return say(
        "{commit} carries what was rolled back in {environment} with {version} ({veto}): {count}. It can't go there "
        "without {revert}; {why} shows more.",
        commit=Code(finding.commit[:7]),
        environment=taken.environment,
        version=taken.bad_version,
        veto=veto.name,
        count="1 commit" if finding.total == 1 else f"{finding.total} commits",
        revert="its revert" if finding.total == 1 else "their reverts",
        why=Code("/release why"),
    )
