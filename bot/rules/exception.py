"""Exceptions from freezes: who decides on them, how many there may be, and for how long each counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.rules.approval import barred
from bot.rules.freeze import Freeze, FreezeException
from bot.rules.people import SLIPWAY, PersonId, RoleName, Roles
from bot.rules.policy import ChangeType, ExceptionRules
from bot.rules.sentence import At, AtRole

if TYPE_CHECKING:
    from bot.rules.release import Release


@dataclass(frozen=True, slots=True)
class Owners:
    """Who decides whether something may pass a freeze. Without any role every member does."""

    roles: tuple[RoleName, ...] = ()
    person: PersonId | None = None
    """Whoever declared it."""

    @property
    def mentions(self) -> tuple[At | AtRole, ...]:
        """The ones to name; empty: everybody."""
        person = () if self.person is None else (At(self.person),)
        return (*person, *(AtRole(role) for role in self.roles))

    def include(self, person: PersonId, roles: Roles) -> bool:
        """Whether this person may decide."""
        return not self.roles or person == self.person or roles.any_of(person, self.roles)

    def principal(self, person: PersonId, roles: Roles) -> PersonId | None:
        """In whose place this person decides; None: in their own name."""
        return None if person == self.person else roles.in_whose_place(person, self.roles)

    def known(self, roles: Roles) -> frozenset[PersonId]:
        """Those who can be asked by name."""
        held = frozenset[PersonId]().union(*(roles.holders(role) for role in self.roles))
        return held if self.person is None else held | {self.person}


def owners_of(freeze: Freeze, freeze_rights: tuple[RoleName, ...]) -> Owners:
    """The freeze's own role; else whoever declared it, and those who may freeze."""
    if freeze.owner is not None:
        return Owners((freeze.owner,))
    return Owners(freeze_rights, None if freeze.declared_by == SLIPWAY else freeze.declared_by)


def must_not_grant(plea_by: PersonId, release: Release, change: ChangeType) -> frozenset[PersonId]:
    """Whoever asks, and those whose own change it is by the rules of approvals."""
    if release.candidate is not None:
        return barred(change, release.requested_by, release.candidate) | {plea_by}
    return frozenset({plea_by} if change.requester_may_approve else {plea_by, release.requested_by})


def may_grant(owners: Owners, roles: Roles, own: frozenset[PersonId]) -> frozenset[PersonId]:
    """The owners who can be asked: none of those whose own matter it is, and nobody in the place of one of them."""
    return frozenset(each for each in owners.known(roles) - own if owners.principal(each, roles) not in own)


def counts_until(freeze: Freeze, rules: ExceptionRules, at: datetime, *, soft: bool = False) -> datetime:
    """When an exception that is granted at that moment stops counting; a freeze ahead must begin first."""
    return freeze.over_at if soft else min(freeze.over_at, max(at, freeze.window.starts_at) + rules.lasts)


def next_grant(granted: Iterable[FreezeException], rules: ExceptionRules, at: datetime) -> datetime | None:
    """When one more may be granted, by what was granted before: at once, later, or (None) never."""
    if rules.budget is None:
        return at
    counted = sorted(
        each.decided_at
        for each in granted
        if each.granted and not each.plea.soft and each.decided_at is not None and each.decided_at > at - rules.per
    )
    if len(counted) < rules.budget:
        return at
    # The oldest of the newest ones has to fall out of the time that is looked at.
    return counted[-rules.budget] + rules.per if rules.budget else None
