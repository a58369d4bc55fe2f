"""A small reference: what must be true after people did things, worked out from what happened and nothing else.

It knows no seals, no tallies and no gate. It keeps a list of what was said and done, and answers the few questions that
the promises are about in the most simple-minded way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

LASTS = timedelta(days=7)
"""How long an approval counts in this team."""
PLACES = ("staging", "production")
WANTED = ("qa", "change-manager")
"""The roles whose yes production needs; staging needs none."""
LINES = ("notes", "regression")
"""The lines that must be ticked before production."""


@dataclass
class Word:
    """Somebody said yes or no to the candidate of that number."""

    person: str
    principal: str | None
    role: str
    yes: bool
    candidate: int
    at: datetime
    taken_back: bool = False

    @property
    def names(self) -> set[str]:
        return {self.person} | ({self.principal} if self.principal else set())


@dataclass
class Plan:
    """A release, as far as it matters here."""

    requester: str
    commit: str
    author: str
    candidate: int = 1
    """Counts how often something else was proposed."""
    words: list[Word] = field(default_factory=list)
    ticked: set[str] = field(default_factory=set)
    over: bool = False


@dataclass
class Attempt:
    """A deployment or a rollback."""

    release: int
    commit: str
    place: str
    back: bool
    replaces: int | None
    good: bool | None = None
    """None while it is on its way."""


@dataclass
class Veto:
    """A rollback took something back: the commits after the good one, up to the bad one."""

    place: str
    rollback: int
    bad: str
    suspects: tuple[str, ...]
    carriers: frozenset[str]
    """Every commit that has one of them; nothing is ever reverted here."""
    lifted: bool = False


@dataclass
class Reference:
    """Everything that happened."""

    holds: dict[str, set[str]]
    """Who is in which role now."""
    plans: dict[int, Plan] = field(default_factory=dict)
    attempts: dict[int, Attempt] = field(default_factory=dict)
    freezes: dict[int, tuple[datetime, datetime]] = field(default_factory=dict)
    """Of production: from, until."""
    absences: list[tuple[str, str, datetime, datetime]] = field(default_factory=list)
    """Who is away, who stands in, from, until."""
    vetoes: list[Veto] = field(default_factory=list)
    """In the order in which they came."""

    def acts_for(self, person: str, now: datetime) -> set[str]:
        """Themselves, and those for whom they stand in at that moment."""
        return {person} | {
            away for away, stand_in, start, end in self.absences if stand_in == person and start <= now < end
        }

    def why_not(self, number: int, place: str, now: datetime) -> set[str]:
        """What is in the way, by its kind."""
        plan = self.plans[number]
        if plan.over:
            return {"ended"}
        reasons = set()
        if place == "production":
            said = [word for word in plan.words if not word.taken_back and word.candidate == plan.candidate]
            if any(not word.yes for word in said):
                reasons.add("rejected")
            if any(not self.filled(plan, said, role, now) for role in WANTED):
                reasons.add("approval")
            if not plan.ticked.issuperset(LINES):
                reasons.add("checklist")
            if not self.went_well(plan.commit, "staging"):
                reasons.add("order")
            if any(start <= now < end for start, end in self.freezes.values()):
                reasons.add("freeze")
        if self.on_its_way(place) is not None:
            reasons.add("held")
        there = self.stands(place)
        been_there = there is not None and self.was_there(plan.commit, place)
        if been_there and self.attempts[there].commit != plan.commit and not self.forgiven(plan.commit, place):
            reasons.add("been there")
        if any(self.keeps_out(veto, plan.commit, place) for veto in self.vetoes):
            reasons.add("vetoed")
        return reasons

    def ended(self, number: int, good: bool, history: tuple[str, ...]) -> None:
        """It went well or not. A rollback that went well keeps out what it took back. `history`: one on the other."""
        attempt = self.attempts[number]
        attempt.good = good
        taken = self.attempts.get(attempt.replaces or 0)
        if not good or not attempt.back or taken is None or taken.commit == attempt.commit:
            return
        suspects = history[history.index(attempt.commit) + 1 : history.index(taken.commit) + 1]
        carriers = frozenset(history[history.index(suspects[0]) :]) if suspects else frozenset({taken.commit})
        self.vetoes.append(Veto(attempt.place, number, taken.commit, suspects, carriers))

    def keeps_out(self, veto: Veto, commit: str, place: str) -> bool:
        """Whether it keeps that commit out of there. What was taken back itself has been there, which is said alone."""
        if veto.lifted or commit not in veto.carriers or (veto.place, place) == ("production", "staging"):
            return False
        return not (veto.place == place and veto.bad == commit and self.taken_away(commit, place))

    def taken_away(self, commit: str, place: str) -> bool:
        """Whether the newest deployment of that commit there was good and taken away again."""
        return self.was_there(commit, place) and not self.went_well(commit, place)

    def forgiven(self, commit: str, place: str) -> bool:
        """Whether it was taken away, and every veto of that was lifted."""
        mine = [
            n for n, a in self.attempts.items() if a.commit == commit and a.place == place and a.good and not a.back
        ]
        back = {n for n, a in self.attempts.items() if a.back and a.replaces == max(mine)}
        found = [veto for veto in self.vetoes if veto.rollback in back]
        return self.taken_away(commit, place) and bool(found) and all(veto.lifted for veto in found)

    def filled(self, plan: Plan, said: list[Word], role: str, now: datetime) -> bool:
        """Whether somebody in that role, whose own change it isn't, has said yes not too long ago."""
        own = {plan.requester, plan.author}
        return any(
            word.yes
            and word.role == role
            and now < word.at + LASTS
            and not word.names & own
            and (word.principal or word.person) in self.holds[role]
            for word in said
        )

    def on_its_way(self, place: str) -> int | None:
        """The attempt that has not ended there; there must never be two."""
        running = [number for number, each in self.attempts.items() if each.place == place and each.good is None]
        assert len(running) <= 1, f"two at once in {place}: {running}"
        return running[0] if running else None

    def stands(self, place: str) -> int | None:
        """The newest attempt that went well there."""
        good = [number for number, each in self.attempts.items() if each.place == place and each.good]
        return max(good, default=None)

    def was_there(self, commit: str, place: str) -> bool:
        """Whether that commit was ever deployed there, rollbacks not counted."""
        return any(
            each.commit == commit and each.place == place and each.good and not each.back
            for each in self.attempts.values()
        )

    def went_well(self, commit: str, place: str) -> bool:
        """Whether the newest deployment of that commit there was good and not taken away again."""
        mine = [
            number
            for number, each in self.attempts.items()
            if each.commit == commit and each.place == place and each.good and not each.back
        ]
        return bool(mine) and not any(
            each.back and each.good and each.replaces == max(mine) for each in self.attempts.values()
        )
