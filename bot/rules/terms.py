"""Terms: what somebody agrees to besides the candidate: the rules for this change in this environment."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.rules.hours import Hours
from bot.rules.people import RoleName
from bot.rules.policy import (
    ChangeType,
    EnvironmentName,
    FreezeMeaning,
    Service,
    bake_before,
    checklist_of,
    hours_for,
    must_be_ticked_before,
    takes_two_people,
)

_STRICTNESS = {FreezeMeaning.PASSES: 0, FreezeMeaning.ACKNOWLEDGE: 1, FreezeMeaning.BLOCKS: 2}


@dataclass(frozen=True, slots=True)
class Terms:
    """The rules in force, as an approval is given under them. Everything at its default asks for nothing."""

    approvals: tuple[tuple[RoleName, int], ...] = ()
    """Each role with its quorum, in the catalogue's order, which says nothing but how it is told."""
    items: tuple[tuple[str, str, str], ...] = ()
    """The required lines of the checklist that this environment waits for: key, text and owner, sorted."""
    keeps_order: bool = False
    freeze: FreezeMeaning = FreezeMeaning.PASSES
    requester_may_approve: bool = True
    author_may_approve: bool = True
    bake: timedelta = timedelta(0)
    hours: Hours | None = None
    """The allowed hours; None: any."""
    two_people: bool = False
    may_confirm: tuple[bool, bool, bool] = (True, True, True)
    """Whether the requester, the authors and the approvers may confirm."""

    @property
    def digest(self) -> str:
        """The same for the same rules. What asks for nothing is left out, so that new kinds of rules change nothing."""
        told: dict[str, Any] = {
            "approvals": sorted(list(each) for each in self.approvals),
            "items": [list(each) for each in self.items],
            "order": self.keeps_order,
            "freeze": self.freeze,
            "own": [self.requester_may_approve, self.author_may_approve],
        }
        later = {
            "bake": self.bake.total_seconds(),
            "hours": str(self.hours) if self.hours else "",
            "two_people": self.two_people,
            "not_to_confirm": [not each for each in self.may_confirm] if not all(self.may_confirm) else [],
        }
        told |= {name: value for name, value in later.items() if value}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]

    def ask_for_more_than(self, then: Terms) -> bool:
        """Whether anything is asked for now that was not asked for then, or more of it."""
        quorums = dict(then.approvals)
        return (
            any(quorum > quorums.get(role, 0) for role, quorum in self.approvals)
            or not set(self.items) <= set(then.items)
            or (self.keeps_order and not then.keeps_order)
            or _STRICTNESS[self.freeze] > _STRICTNESS[then.freeze]
            or (then.requester_may_approve and not self.requester_may_approve)
            or (then.author_may_approve and not self.author_may_approve)
            or self.bake > then.bake
            or (self.hours is not None and not (then.hours and self.hours.include(then.hours)))
            or (self.two_people and not then.two_people)
            or any(before and not now for before, now in zip(then.may_confirm, self.may_confirm, strict=True))
        )

    def in_words(self) -> str:
        """What they ask for, on one line."""
        return ", ".join(self._words())

    def _words(self) -> Iterator[str]:
        approvals = ", ".join(role if quorum == 1 else f"{quorum} of {role}" for role, quorum in self.approvals)
        yield f"approved by {approvals}" if approvals else "no approval"
        texts = "; ".join(f"{text} ({owner})" if owner else text for _, text, owner in self.items)
        yield f"checklist of {len(self.items)} ({texts})" if texts else "no checklist"
        for told, words in (
            (not self.keeps_order, "in any order of environments"),
            (self.bake, f"{span(self.bake)} in the environment before"),
            (self.hours, f"only {self.hours}"),
            (self.two_people, "confirmed by a second person"),
            (self.freeze is FreezeMeaning.PASSES, "a freeze doesn't block it"),
            (self.freeze is FreezeMeaning.ACKNOWLEDGE, "a freeze must be acknowledged"),
            (self.requester_may_approve, "the requester may approve"),
            (self.author_may_approve, "authors may approve"),
            (not self.may_confirm[0], "not confirmed by the requester"),
            (not self.may_confirm[1], "not confirmed by an author"),
            (not self.may_confirm[2], "not confirmed by an approver"),
        ):
            if told:
                yield words

    def as_json(self) -> dict[str, Any]:
        """As it is kept beside what somebody said under them."""
        return {
            "approvals": [list(each) for each in self.approvals],
            "items": [list(each) for each in self.items],
            "keeps_order": self.keeps_order,
            "freeze": self.freeze.value,
            "requester_may_approve": self.requester_may_approve,
            "author_may_approve": self.author_may_approve,
            "bake": self.bake.total_seconds(),
            "hours": self.hours.as_json() if self.hours else None,
            "two_people": self.two_people,
            "may_confirm": list(self.may_confirm),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Terms:
        """As it was kept. What is not there asks for nothing."""
        requester, author, approver = kept.get("may_confirm", (True, True, True))
        return cls(
            approvals=tuple((RoleName(role), quorum) for role, quorum in kept.get("approvals", ())),
            items=tuple((key, text, owner) for key, text, owner in kept.get("items", ())),
            keeps_order=kept.get("keeps_order", False),
            freeze=FreezeMeaning(kept.get("freeze", FreezeMeaning.PASSES)),
            requester_may_approve=kept.get("requester_may_approve", True),
            author_may_approve=kept.get("author_may_approve", True),
            bake=timedelta(seconds=kept.get("bake", 0)),
            hours=Hours.from_json(kept["hours"]) if kept.get("hours") else None,
            two_people=kept.get("two_people", False),
            may_confirm=(requester, author, approver),
        )


def terms_of(change: ChangeType, service: Service, environment: EnvironmentName) -> Terms:
    """The rules for this change in that environment of the service."""
    place = service.environment(environment)
    assert place is not None, f"{service.name} has no {environment}"
    asked = checklist_of(change, service) if must_be_ticked_before(change, service, environment) else ()
    return Terms(
        approvals=tuple((rule.role, rule.quorum) for rule in change.approvals.get(environment, ())),
        items=tuple(sorted((item.key, item.text, item.owner or "") for item in asked if item.required)),
        keeps_order=change.keeps_order,
        freeze=change.freeze,
        requester_may_approve=change.requester_may_approve,
        author_may_approve=change.author_may_approve,
        # Nothing stands in an environment before if any order will do, or if there is none.
        bake=bake_before(change, place) if change.keeps_order and place.after else timedelta(0),
        hours=hours_for(change, place),
        two_people=takes_two_people(change, service, place),
        may_confirm=(change.requester_may_confirm, change.author_may_confirm, change.approver_may_confirm),
    )


def rules_digest(change: ChangeType, service: Service, environment: EnvironmentName) -> str:
    """The digest of the rules in force, which is part of an approval's seal."""
    return terms_of(change, service, environment).digest


def span(length: timedelta) -> str:
    """A length of time as people write it: `2 days`, `90 minutes`, `1 hour`."""
    seconds = int(length.total_seconds())
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            return f"{count} {name}" + ("" if count == 1 else "s")
    return "no time"
