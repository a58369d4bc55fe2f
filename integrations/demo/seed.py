"""What was released before the demo begins: what stands, and what can be gone back to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from integrations.demo.history import BEGINS_AT, HISTORY, MAIN
from integrations.demo.people import MAYA, OMAR, RUTH

STANDING = "v2.3.9"
"""What stands in every environment when the demo begins."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """One release that is done: its candidate, and when it got where. Moments are in UTC."""

    version: str
    ref: str
    commit: str
    title: str
    scope: str
    change_type: str
    authors: tuple[str, ...]
    """The e-mail addresses of those who wrote what it brought."""
    requested_by: str
    approved_by: tuple[tuple[str, str], ...]
    """Roles, each with who spoke in it."""
    planned_at: datetime
    deployed_at: Mapping[str, datetime]
    """By environment, in order."""
    launched_at: datetime


def seed(commits: Mapping[str, str]) -> tuple[Earlier, ...]:
    """The releases before, oldest first."""
    told = {
        "v2.3.8": (
            *("3-D Secure and time zones", "Cards with 3-D Secure; times in the customer's own zone."),
            *(_utc(11, 3, 9), _utc(11, 4, 16), _utc(11, 5, 10), _utc(11, 5, 11)),
        ),
        "v2.3.9": (
            *("Fees and receipts", "Fees rounded as the bank does; receipts in the customer's language."),
            *(_utc(11, 9, 9), _utc(11, 10, 14), _utc(11, 11, 9), _utc(11, 11, 10)),
        ),
    }
    approved = (("qa", OMAR.id), ("change-manager", RUTH.id))
    return tuple(
        Earlier(
            *(ref[1:], ref, commits[ref], title, scope, "feature", authors_of(ref), MAYA.id, approved, planned),
            deployed_at={"staging": staging, "production": production},
            launched_at=launched,
        )
        for ref, (title, scope, planned, staging, production, launched) in told.items()
    )


def authors_of(tag: str) -> tuple[str, ...]:
    """Who wrote what this version brought: everybody since the tag before it."""
    authors: list[str] = []
    for each in HISTORY:
        if each.branch != MAIN:
            break
        authors.append(each.author[1])
        if each.tag == tag:
            return tuple(dict.fromkeys(authors))
        if each.tag:
            authors.clear()
    raise LookupError(f"There is no tag {tag}; branches begin at {sorted(set(BEGINS_AT.values()))}.")


def _utc(month: int, day: int, hour: int) -> datetime:
    return datetime(2026, month, day, hour, 20, tzinfo=UTC)
