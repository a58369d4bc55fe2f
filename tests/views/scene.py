"""The scene: pictures of releases at every point of their road, for the views to draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.ports import Changes, Commit
from bot.rules.approval import Word
from bot.rules.candidate import subject
from bot.rules.deployment import Attempt, Deployment, DeploymentId, Kind
from bot.rules.freeze import Freeze, FreezeException
from bot.rules.people import Roles
from bot.rules.policy import Catalogue, Role
from bot.rules.release import Release
from bot.rules.terms import Terms
from bot.verbs.look import Picture, picture
from handlers.views.text import Pen
from tests.makers import (
    NOW,
    PRODUCTION,
    STAGING,
    a_candidate,
    a_catalogue,
    a_deployment,
    a_freeze,
    a_release,
    a_seal,
    a_verdict,
    an_order,
    sha,
)
from tests.people import CHANGE_MANAGER, DEVELOPER, MAYA, OMAR, ON_CALL, QA, RELEASE_MANAGER, RUTH, roles

LATER = NOW + timedelta(hours=2)
TITLES = {
    RELEASE_MANAGER: ("Release manager", "S0RELMGRS"),
    QA: ("QA", "S0QA"),
    CHANGE_MANAGER: ("Change manager", "S0CHANGE"),
    DEVELOPER: ("Developer", None),
    ON_CALL: ("On call", "S0ONCALL"),
}


def the_catalogue(**fields: Any) -> Catalogue:
    """The ready-made one, with user groups."""
    return a_catalogue(
        roles={name: Role(name, title, group=group) for name, (title, group) in TITLES.items()}, **fields
    )


CATALOGUE = the_catalogue()
PEN = Pen(CATALOGUE.roles)


def seen(
    release: Release,
    deployments: Sequence[Deployment] = (),
    freezes: Sequence[Freeze] = (),
    *,
    exceptions: Sequence[FreezeException] = (),
    catalogue: Catalogue = CATALOGUE,
    held: Roles | None = None,
) -> Picture:
    """That release as it is seen two hours after it was planned."""
    return picture(
        release,
        catalogue,
        roles=held or roles(),
        now=LATER,
        history=tuple(deployments),
        freezes=freezes,
        dependencies={},
        exceptions=exceptions,
    )


def brought(number: int, attempt: Attempt = Attempt.SUCCEEDED, *, word: str = "first", **order: Any) -> Deployment:
    """D-`number`: that candidate, brought to production unless said otherwise."""
    ended = attempt in {Attempt.SUCCEEDED, Attempt.FAILED, Attempt.CANCELLED}
    return a_deployment(
        number,
        attempt,
        order=an_order(**{"candidate": a_candidate(word), **order}),
        started_at=NOW + timedelta(minutes=1),
        ended_at=NOW + timedelta(minutes=3) if ended else None,
    )


OLD = brought(31, word="before", version="2.3.9", release=8)
OLDER = brought(28, word="older", version="2.3.8", release=7)
IN_STAGING = brought(39, environment=STAGING)
ROLLED_BACK = brought(
    41, word="before", version="2.3.9", release=8, kind=Kind.ROLLBACK, replaces=DeploymentId(40), reason="it is slow"
)

PLANNED = a_release(candidate=None)
ASKED = a_release()
REJECTED = a_release(verdicts=(a_verdict(OMAR.id, QA, Word.NO, reason="Refunds fail for <euro> & co"),))
NEWER = a_candidate(set_at=NOW + timedelta(minutes=20))
OUTDATED = a_release(
    candidate=NEWER,
    verdicts=(
        a_verdict(
            OMAR.id,
            QA,
            seal=a_seal(a_candidate("old")),
            subject=subject(a_candidate("old"), "2.4.0", PRODUCTION),
            terms=Terms(),
            candidate=a_candidate("old").identity,
            version="2.4.0",
        ),
        a_verdict(RUTH.id, CHANGE_MANAGER, seal=a_seal(NEWER), at=NOW + timedelta(hours=1)),
    ),
)
_SAID = a_release(verdicts=(a_verdict(OMAR.id, QA), a_verdict(RUTH.id, CHANGE_MANAGER)))
AGREED = replace(_SAID, checklist=tuple(item.ticked(MAYA.id, NOW) for item in _SAID.checklist))

SCENES = {
    "planned": seen(PLANNED, (OLD,)),
    "asked": seen(ASKED, (OLD,)),
    "rejected": seen(REJECTED, (OLD,)),
    "outdated and frozen": seen(OUTDATED, (OLD,), (a_freeze(),)),
    "ready": seen(AGREED, (IN_STAGING, OLD)),
    "on its way": seen(AGREED, (brought(40, Attempt.RUNNING), IN_STAGING, OLD)),
    "failed": seen(AGREED, (brought(40, Attempt.FAILED), IN_STAGING, OLD)),
    "unknown": seen(AGREED, (brought(40, Attempt.UNKNOWN), IN_STAGING, OLD)),
    "watched": seen(AGREED, (brought(40, Attempt.WATCHING), IN_STAGING, OLD)),
    "deployed": seen(AGREED, (brought(40), IN_STAGING, OLD)),
    "rolled back": seen(AGREED, (ROLLED_BACK, brought(40), IN_STAGING, OLD)),
}

COMMITS = tuple(
    Commit(sha(subject), subject, author, "someone@example.com", NOW, url)
    for subject, author, url in (
        ("Refund within a minute", "Ben Castillo", "https://example.com/c/1"),
        ("Show <states> & amounts", "Lea Brandt", None),
    )
)
CHANGES = Changes(COMMITS, 2)
READY = SCENES["ready"]
FROZEN = SCENES["outdated and frozen"]
PLACE = READY.place(PRODUCTION)
