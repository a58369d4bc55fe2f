"""Limits: whatever the sizes, Slack takes every message and form, and the buttons are never what is cut off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.ports import Available, Changes, Commit
from bot.rules.approval import Word
from bot.rules.audit import Entry
from bot.rules.checklist import Evidence
from bot.rules.deployment import Attempt
from bot.rules.exception import Owners
from bot.rules.feasibility import Impossible
from bot.rules.freeze import ExceptionId, FreezeId
from bot.rules.people import PersonId, RoleName
from bot.rules.policy import ApprovalRule, EnvironmentName, ItemRule, Role, ServiceName
from bot.rules.release import Plan, ReleaseId
from bot.rules.review import Passed
from bot.rules.sentence import AtRole, Code, refuse, say
from bot.rules.veto import TakenBack, Veto, VetoId
from bot.verbs.ahead import FrozenThen
from bot.verbs.ask_deploy import Preview
from bot.verbs.break_glass import Broken, Glass
from bot.verbs.confirm_deploy import Blocked
from bot.verbs.edit_release import Edited
from bot.verbs.except_freeze import Excepted, InTheWay, Pleaded, Requested
from bot.verbs.lift_veto import Lifted
from bot.verbs.lock import Locked
from bot.verbs.name_culprits import CulpritsNamed
from bot.verbs.plan_release import Planned
from bot.verbs.roll_back import RollingBack, WayBack
from bot.verbs.set_candidate import CandidateSet
from bot.verbs.speak import Said as Spoken
from bot.verbs.standing_back import StandsBack
from bot.verbs.summaries import DigestContent, InboxContent
from bot.verbs.withdraw import Withdrawn
from handlers.buttons import OnException, OnRelease
from handlers.parsing.grammar import Family
from handlers.parsing.hints import Hint
from handlers.views import (
    answers,
    card,
    checklist,
    deployments,
    digest,
    exceptions,
    forms,
    freezes,
    home,
    lists,
    locks,
    notice,
    reviews,
    timeline,
    vetoes,
    way_back,
    why,
)
from handlers.views.blocks import actions, button, fit, message, section
from handlers.views.help import help_page
from handlers.views.text import Pen
from tests.makers import (
    FEATURE,
    NOW,
    PAYMENTS,
    PRODUCTION,
    a_candidate,
    a_catalogue,
    a_change_type,
    a_duty,
    a_freeze,
    a_happening,
    a_hold,
    a_lock,
    a_plan,
    a_plea,
    a_release,
    a_review,
    a_seal,
    a_service,
    a_verdict,
    a_window,
    an_environment,
    an_exception,
    sha,
)
from tests.people import CHANGE_MANAGER, MAYA, OMAR, QA, RELEASE_MANAGER, RUTH
from tests.views.reading import buttons, taken_by_slack
from tests.views.scene import LATER, TITLES, brought, seen

ENDLESS = "<&> ünïcode 🚢 `x` *b* " * 140
"""More than three thousand characters, many of which grow when they are escaped."""
MANY = 200


def _role(name: RoleName, title: str) -> Role:
    return Role(name, title + ENDLESS[:400], people=tuple(PersonId(f"U0{n:04}") for n in range(60)))


ROLES = {name: _role(name, title) for name, (title, _) in TITLES.items()}
MANY_ROLES = {RoleName(f"role-{n}"): Role(RoleName(f"role-{n}"), ENDLESS[:300], group=f"S0{n}") for n in range(30)}
ENVIRONMENTS = tuple(
    an_environment(EnvironmentName(f"environment-{n}-{'x' * 60}"), after=(EnvironmentName("staging"),) if n else ())
    for n in range(40)
)
HUGE = a_catalogue(
    roles={**ROLES, **MANY_ROLES},
    services={
        PAYMENTS: a_service(
            title=ENDLESS[:600],
            environments=(an_environment(EnvironmentName("staging")), an_environment(PRODUCTION), *ENVIRONMENTS),
        ),
        **{ServiceName(f"service-{n}"): a_service(ServiceName(f"service-{n}")) for n in range(MANY)},
    },
    change_types={
        FEATURE: a_change_type(
            title=ENDLESS[:600],
            approvals={
                each.name: tuple(ApprovalRule(role, 3) for role in (QA, CHANGE_MANAGER, *MANY_ROLES))
                for each in (an_environment(PRODUCTION), *ENVIRONMENTS)
            },
            checklist=tuple(ItemRule(f"item-{n}", ENDLESS, QA) for n in range(MANY)),
        )
    },
)
PEN = Pen(HUGE.roles)
PLAN = Plan(
    PAYMENTS, "9" * 64, FEATURE, ENDLESS, ENDLESS, ENDLESS, NOW.date(), tuple(ReleaseId(n) for n in range(1, MANY))
)
SHOWN = Evidence(ENDLESS[:500], "https://x.io/" + "a" * 980)
RELEASE = a_release(
    plan=PLAN,
    candidate=a_candidate(
        ref=ENDLESS,
        artifact="sha256:" + "a" * 64,
        authors=tuple(f"{n}{ENDLESS[:90]}" for n in range(MANY)),
        author_ids=frozenset(),
        set_at=LATER,
    ),
    checklist=tuple(
        item.ticked(MAYA.id, NOW, SHOWN) if n % 3 == 0 else item
        for n, item in enumerate(
            a_release(checklist=tuple(a_release().checklist)).checklist[:1]
            + tuple(
                replace(
                    a_release().checklist[0],
                    key=f"item-{n}",
                    text=ENDLESS,
                    owner=QA,
                    note=ENDLESS,
                    link=SHOWN.link,
                    due=timedelta(days=n),
                    check=ENDLESS,
                )
                for n in range(MANY)
            )
        )
    ),
    verdicts=tuple(
        a_verdict(
            PersonId(f"U0V{n}"), QA, Word.NO if n % 2 else Word.YES, reason=ENDLESS, seal=a_seal(a_candidate(str(n)))
        )
        for n in range(MANY)
    ),
)
LOCKS = tuple(
    a_lock(n, hold=a_hold(service=PAYMENTS, environment=each.name, reason=ENDLESS, release=ReleaseId(n)))
    for n, each in enumerate(ENVIRONMENTS, start=1)
)
FREEZES = tuple(a_freeze(n, window=a_window(reason=ENDLESS, environments=frozenset())) for n in range(1, MANY))
ATTEMPTS = tuple(
    replace(
        brought(n, each, reason=ENDLESS, version="9" * 64),
        detail=ENDLESS,
        link="https://ci.example.com/" + "a" * 2900,
        served="f" * 64,
    )
    for n, each in enumerate([*Attempt] * 8, start=1)
)
PICTURE = seen(RELEASE, ATTEMPTS, FREEZES, catalogue=HUGE)
PICTURES = [replace(PICTURE, release=replace(RELEASE, id=ReleaseId(n))) for n in range(1, 61)]
PLACE = PICTURE.place(PRODUCTION)
assert PLACE is not None
CHANGES = Changes(
    tuple(
        Commit(sha(str(n)), ENDLESS, ENDLESS, "x@example.com", NOW, "https://x.io/" + "c" * 2800) for n in range(100)
    ),
    4321,
    backwards=True,
    url="https://x.io/" + "d" * 2900,
)
PREVIEW = Preview(PICTURE, PLACE, CHANGES, ENDLESS, ATTEMPTS[0], ATTEMPTS[1], "/deploy confirm R-12 to production")
UNDOABLE = (say("⛔ {what}", what=ENDLESS),) * MANY
PREVIEW = replace(PREVIEW, irreversible=UNDOABLE)
WAY_BACK = WayBack(
    HUGE.services[PAYMENTS],
    PRODUCTION,
    ATTEMPTS[3],
    ATTEMPTS[10],
    CHANGES,
    ENDLESS,
    ATTEMPTS,
    Available(None, ENDLESS),
    ATTEMPTS,
    UNDOABLE,
    unseen=True,
)
BEHIND = (StandsBack(HUGE.services[PAYMENTS], PRODUCTION, ATTEMPTS[4], ATTEMPTS[3]),) * MANY
TAKEN = TakenBack(
    PAYMENTS, PRODUCTION, sha("b"), sha("g"), "9" * 64, "8" * 64, ATTEMPTS[3].id, ReleaseId(1), MAYA.id, ENDLESS, NOW
)
VETO = Veto(VetoId(3), TAKEN, culprits=(sha("b"),) * MANY)
WAITING = replace(ATTEMPTS[0], attempt=Attempt.QUEUED, waits_since=NOW, detail=ENDLESS)
REVIEWS = tuple(
    a_review(n, duty=a_duty(n, reason=ENDLESS, service=ENDLESS, passed=(ENDLESS,) * MANY)) for n in range(1, MANY)
)
DIGEST = DigestContent(
    NOW - timedelta(days=1),
    NOW,
    tuple(HUGE.services)[:150],
    ATTEMPTS,
    ATTEMPTS,
    ATTEMPTS,
    (),
    tuple(PICTURES),
    ATTEMPTS,
    FREEZES,
    LOCKS,
    REVIEWS,
    BEHIND,
)
FROZEN_THEN = FrozenThen(ENDLESS, ENDLESS, NOW, LATER, soft=True, numbered=False)
OWNERS = Owners((RELEASE_MANAGER, *MANY_ROLES), MAYA.id)
EXCEPTIONS = tuple(an_exception(n, plea=a_plea(freeze=FreezeId(n % 5), reason=ENDLESS)) for n in range(1, MANY))
REQUESTED = Requested(PICTURE, EXCEPTIONS[0], FREEZES[0])
IN_THE_WAY = InTheWay(PICTURE, tuple((each, OWNERS) for each in FREEZES))
EXCEPTED = tuple(Excepted(exception, freeze, OWNERS) for exception, freeze in zip(EXCEPTIONS, FREEZES, strict=True))
PLEADED = Pleaded(PICTURE, EXCEPTED, EXCEPTED, (say("{a}", a=ENDLESS),) * MANY)
REVIEWED = replace(REVIEWS[0], closed_by=MAYA.id, closed_at=NOW, learned=ENDLESS)
INBOX = InboxContent(
    OMAR.id,
    LATER,
    tuple((each, QA) for each in PICTURES),
    tuple((PICTURE, item) for item in RELEASE.checklist),
    tuple(PICTURES),
    ATTEMPTS,
    FREEZES,
    exceptions=tuple(replace(REQUESTED, exception=each) for each in EXCEPTIONS),
    locks=LOCKS,
    reviews=REVIEWS,
    behind=BEHIND,
)
PASSED = tuple(Passed(f"checklist:{n}", say("{a}", a=ENDLESS)) for n in range(MANY))
GLASS = Glass(PICTURE, PLACE, PASSED, OMAR.id, f"/deploy {ENDLESS}", LATER, (QA, timedelta(days=3)))

ENTRIES = [
    Entry(n, a_happening(ENDLESS, subject=ENDLESS, candidate=sha("x"), detail={"reason": ENDLESS}), "", "")
    for n in range(MANY)
]

VIEWS: dict[str, Callable[[], Any]] = {
    "card": lambda: card.release_card(PICTURE, PEN),
    "card with timeline": lambda: timeline.card_with_timeline(PICTURE, ENTRIES, PEN),
    "why": lambda: why.why_not(PICTURE, PEN),
    "why here": lambda: why.why_not(PICTURE, PEN, PLACE),
    "preview": lambda: deployments.preview(PREVIEW, PEN),
    "blocked": lambda: deployments.blocked(Blocked(PICTURE, PLACE), PEN),
    "started": lambda: deployments.started(ATTEMPTS[0], PEN),
    "stopping": lambda: deployments.stopping(ATTEMPTS[0]),
    "status": lambda: deployments.status(
        list(HUGE.services.values()),
        dict.fromkeys(HUGE.services, ATTEMPTS),
        FREEZES,
        PEN,
        locks=LOCKS,
        behind=BEHIND,
        now=LATER,
    ),
    "waiting": lambda: deployments.deployment_progress(WAITING, ATTEMPTS),
    "waits": lambda: deployments.started(WAITING, PEN, ATTEMPTS),
    "passed over": lambda: deployments.passed(WAITING),
    "settled": lambda: deployments.settled(ATTEMPTS[3]),
    "stops first": lambda: way_back.rolling_back(RollingBack(WAITING, ATTEMPTS[1], ATTEMPTS[2]), PEN),
    "locked": lambda: locks.locked(Locked(LOCKS[0], LOCKS[1], ATTEMPTS[0]), PEN),
    "unlocked": lambda: locks.unlocked(LOCKS[0], LOCKS[0].hold.by),
    **{f"progress {each.attempt}": lambda each=each: deployments.deployment_progress(each) for each in ATTEMPTS[:7]},
    "way back": lambda: way_back.way_back(WAY_BACK, PEN, ENDLESS),
    "rolling back": lambda: way_back.rolling_back(RollingBack(ATTEMPTS[0], ATTEMPTS[1]), PEN),
    "list": lambda: lists.release_list(PICTURES, PEN, "Open releases"),
    "planned": lambda: lists.planned(
        Planned(PICTURE, FROZEN_THEN, (Impossible(say("{a}", a=ENDLESS), say("{b}", b=Code(ENDLESS)), "x"),) * MANY),
        PEN,
    ),
    "candidate set": lambda: lists.candidate_set(
        CandidateSet(PICTURE, a_candidate("x"), RELEASE.verdicts, RELEASE.checklist), PEN
    ),
    "freezes": lambda: freezes.freeze_list(FREEZES, LATER, PEN),
    "freezes with exceptions": lambda: freezes.freeze_list(FREEZES, LATER, PEN, EXCEPTIONS),
    "exception form": lambda: exceptions.except_form(IN_THE_WAY, PEN),
    "exception asked for": lambda: exceptions.pleaded(PLEADED, PEN),
    "exception wanted": lambda: exceptions.exception_wanted(REQUESTED, HUGE.exceptions),
    "exception decided": lambda: exceptions.decided(REQUESTED, PEN),
    "refuse an exception": lambda: exceptions.refuse_form(REQUESTED, OnException(ExceptionId(4), 0)),
    "glass": lambda: reviews.glass(GLASS, PEN),
    "glass broken": lambda: reviews.broke(Broken(PICTURE, ATTEMPTS[0], REVIEWS[0], PASSED), PEN),
    "review wanted": lambda: reviews.review_wanted(REVIEWS[0], PEN),
    "review done": lambda: reviews.review_wanted(REVIEWED, PEN),
    "review form": lambda: reviews.review_form(REVIEWS[0]),
    "status with reviews": lambda: deployments.status((), {}, (), PEN, locks=(), reviews=REVIEWS, now=LATER),
    "freeze notice": lambda: freezes.freeze_notice(FREEZES[0], "coming", PEN),
    "declared": lambda: freezes.declared(
        a_freeze(window=a_window(services=frozenset(HUGE.services), reason=ENDLESS)), LATER, PEN
    ),
    "digest": lambda: digest.digest(DIGEST, PEN, HUGE),
    **{f"help {family}": lambda family=family: help_page(family, PEN) for family in Family},
    "refusal": lambda: notice.notice(refuse("{a} {b}", a=AtRole(QA), b=ENDLESS), PEN),
    "line": lambda: notice.line(say("{a}", a=ENDLESS), PEN),
    "direct": lambda: notice.direct(say("{a}", a=Code(ENDLESS)), PEN, RELEASE.id),
    "hint": lambda: notice.hint(Hint(say("{a}", a=Code(ENDLESS)), f"/release show {ENDLESS}"), PEN),
    "spoken": lambda: answers.spoken(Spoken(PICTURE, RELEASE.verdicts[0]), PEN),
    "withdrawn": lambda: answers.withdrawn(Withdrawn(PICTURE, RELEASE.verdicts), PEN),
    "edited": lambda: answers.edited(Edited(PICTURE, FROZEN_THEN), PEN),
    "culprits named": lambda: vetoes.culprits_named(CulpritsNamed(VETO, HUGE.services[PAYMENTS]), PEN),
    "a veto lifted": lambda: vetoes.lifted(Lifted(VETO, HUGE.services[PAYMENTS], sha("m")), PEN),
    "home": lambda: home.home_page(INBOX, PEN),
    "checklist": lambda: checklist.checklist_form(PICTURE, PEN, OMAR.id),
    "checklist, last page": lambda: checklist.checklist_form(PICTURE, PEN, OMAR.id, RELEASE.checklist[-1].key),
    "tick with a note": lambda: checklist.note_form(PICTURE, RELEASE.checklist[-1], filled=SHOWN, problem=ENDLESS),
    "new": lambda: forms.new_release_form(HUGE, service=tuple(HUGE.services)[-1], version="9" * 300, ref=ENDLESS[:500]),
    "edit": lambda: forms.edit_form(PICTURE, HUGE),
    "reject": lambda: forms.reject_form(PICTURE, OnRelease(ReleaseId(12), PRODUCTION, a_seal())),
    "loading": lambda: forms.loading("Checklist"),
}


@pytest.mark.parametrize("name", VIEWS)
def test_slack_takes_it_at_any_size(name):
    taken_by_slack(VIEWS[name]())


@pytest.mark.parametrize("name", ["way back", "home", "list"])
def test_buttons_survive_any_size(name):
    assert buttons(VIEWS[name]()["blocks"])


def test_an_endless_card_keeps_its_buttons():
    said = a_release(plan=PLAN, candidate=RELEASE.candidate, checklist=RELEASE.checklist, verdicts=RELEASE.verdicts)
    found = buttons(card.release_card(seen(said, (), FREEZES, catalogue=HUGE), PEN)["blocks"])
    assert {"Approve", "Reject", "Checklist"} <= found.keys()


def test_every_line_of_a_long_checklist_can_be_ticked():
    ticks = {
        block["accessory"]["value"]
        for item in RELEASE.checklist
        for block in checklist.checklist_form(PICTURE, PEN, OMAR.id, item.key)["blocks"]
        if "accessory" in block
    }
    assert len(ticks) == sum(item.owner == QA for item in RELEASE.checklist)


def test_what_does_not_fit_is_counted_and_the_end_is_kept():
    end = actions(button("Approve", "approve", "x"))
    shown = fit([*(section(f"line {n}") for n in range(80)), end], 50)
    assert len(shown) == 50
    assert shown[-1] == end
    assert "32 more parts" in shown[-2]["elements"][0]["text"]
    long = message("x", [*(section("y" * 2900) for _ in range(9)), end])
    assert long["blocks"][-1] == end
    assert "6 more parts" in long["blocks"][-2]["elements"][0]["text"]


def test_the_scene_is_as_hard_as_it_claims_to_be():
    assert len(PICTURE.places) == 42
    assert len(PLACE.blockers if PLACE else ()) > 200
    assert len(ENDLESS) > 3000
    assert {RUTH.id, MAYA.id}.isdisjoint({each.person for each in RELEASE.verdicts})
    assert a_plan().title != PLAN.title
    assert RELEASE_MANAGER in HUGE.roles
