"""Replay a policy: what another catalogue would have blocked and let through, read from the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.ports import Calendars, Clock, Records
from bot.rules.foreseen import foreseen
from bot.rules.gate import Facts
from bot.rules.past import NOTHING_CHECKED, Checked
from bot.rules.people import SLIPWAY, PersonId
from bot.rules.policy import Catalogue, goes_by_itself, takes_two_people
from bot.rules.release import ReleaseId
from bot.rules.replay import JUDGED, Asks, Replay, Replayed
from bot.rules.sentence import At, Refused, refuse
from bot.verbs.audit import every_entry
from bot.verbs.confirm_deploy import FRESH
from bot.verbs.kept_apart import kept_apart


@dataclass(frozen=True, slots=True)
class ReplayPolicy:
    """Nothing is changed by it, and Slipway may be at work meanwhile."""

    records: Records
    calendars: Calendars
    now: Clock

    async def __call__(self, catalogue: Catalogue, since: datetime) -> Replayed:
        """Read the whole record, since what was said long ago may count to this day."""
        now = self.now()
        recurring = tuple(
            foreseen(rule, each.key, each.starts_at, each.ends_at)
            for rule in catalogue.recurring
            for each in self.calendars.recurring(rule, since, now)
        )
        checked = await self._checked(since) if _waits_for_checks(catalogue) else NOTHING_CHECKED
        replay = Replay(catalogue, since, may_start, recurring, checked)
        async for entry in every_entry(self.records):
            replay.hear(entry.happened)
        return replay.so_far(now)

    async def _checked(self, since: datetime) -> Checked:
        """What checks said of all that was to be deployed since then."""
        proposed = await self._proposed(since)
        async with self.records.read() as page:
            releases = await page.releases(ids=sorted(proposed), limit=len(proposed)) if proposed else []
            results = {
                (each.plan.service, commit): tuple(await page.checks(each.plan.service, commit))
                for each in releases
                for commit in sorted(proposed[each.id])
            }
        return Checked({each.id: frozenset(item.key for item in each.checklist) for each in releases}, results)

    async def _proposed(self, since: datetime) -> dict[ReleaseId, set[str]]:
        """The commits that were to be deployed, by release."""
        proposed: dict[ReleaseId, set[str]] = {}
        after = 0
        async with self.records.read() as page:
            while entries := await page.record(since=since, after=after):
                after = entries[-1].number
                for happened in (each.happened for each in entries if each.happened.verb in JUDGED):
                    if happened.release is not None and happened.candidate:
                        proposed.setdefault(happened.release, set()).add(happened.candidate.partition("@")[0])
        return proposed


def _waits_for_checks(catalogue: Catalogue) -> bool:
    """Whether any line of any checklist is ticked by an automatic check."""
    lists = [each.checklist for each in catalogue.change_types.values()]
    lists += [each.checklist for each in catalogue.services.values()]
    return any(item.check for each in lists for item in each)


def may_start(facts: Facts, by: PersonId, asks: Asks) -> Refused | None:
    """Why it would not have been started by them although the gate was open."""
    two = takes_two_people(facts.change, facts.service, facts.environment)
    if by == SLIPWAY:
        if not goes_by_itself(facts.change, facts.service, facts.environment):
            return refuse("It shipped itself, and these rules want somebody to start it.")
        return None
    apart = kept_apart(facts, by)
    if apart is not None:
        return apart
    others = (asked_by for asked_by, at in asks if asked_by != by and facts.now - at <= FRESH)
    if two and not any(others):
        return refuse("Two people are asked for, and {who} asked and confirmed alone.", who=At(by))
    return None
