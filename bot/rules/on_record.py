"""On record: what an entry of the record tells, read back into the things that it was written from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from bot.rules.approval import Verdict
from bot.rules.audit import Happened
from bot.rules.candidate import Candidate
from bot.rules.freeze import Window
from bot.rules.gate import Blocker, Facts, Reason
from bot.rules.lock import Hold
from bot.rules.people import PersonId, RoleName, Roles
from bot.rules.policy import CalendarSource, ChangeTypeName, EnvironmentName, ServiceName
from bot.rules.release import Plan, ReleaseId
from bot.rules.veto import Finding, Suspect, Veto, VetoId

NOBODY_KNOWS = ("somebody",)
"""The authors of a candidate of which the record doesn't tell who they are."""

_CALENDAR = "calendar "
_NAME = re.compile(r"[A-Z]-(\d+)")


def number_of(name: str) -> int | None:
    """The number in a name such as `D-40` or `F-3`."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else None


def plan_of(detail: Mapping[str, Any]) -> Plan:
    """What was wanted, from what was written when it was planned."""
    target = detail.get("target")
    return Plan(
        service=ServiceName(detail["service"]),
        version=detail["version"],
        change_type=ChangeTypeName(detail["change_type"]),
        title=detail.get("title") or "",
        scope=detail.get("scope") or "",
        requirements=detail.get("requirements") or "",
        target=date.fromisoformat(target) if target else None,
        depends_on=tuple(ReleaseId(each) for each in detail.get("depends_on") or ()),
    )


def told_of(plan: Plan) -> dict[str, Any]:
    """The same the other way, to be changed by what an edit tells."""
    return {
        "service": plan.service,
        "version": plan.version,
        "change_type": plan.change_type,
        "title": plan.title,
        "scope": plan.scope,
        "requirements": plan.requirements,
        "target": plan.target.isoformat() if plan.target else None,
        "depends_on": list(plan.depends_on),
    }


def candidate_of(happened: Happened) -> Candidate | None:
    """What was proposed by that entry. Older ones don't tell its authors' ids: then nobody is known to be one."""
    if not happened.candidate:
        return None
    commit, _, artifact = happened.candidate.partition("@")
    detail = happened.detail
    people = detail.get("author_ids")
    return Candidate(
        commit=commit,
        artifact=artifact or None,
        ref=detail.get("ref"),
        authors=tuple(detail.get("authors") or ()) if people is not None else NOBODY_KNOWS,
        author_ids=frozenset(PersonId(each) for each in people or ()),
        set_by=happened.by,
        set_at=happened.at,
        irreversible=detail.get("irreversible") or "",
    )


def window_of(happened: Happened) -> Window:
    """The window of a freeze that was declared or extended."""
    detail = happened.detail
    return Window(
        starts_at=datetime.fromisoformat(detail["starts_at"]),
        ends_at=datetime.fromisoformat(detail["ends_at"]),
        reason=detail["reason"],
        environments=frozenset(EnvironmentName(each) for each in detail["environments"]),
        services=frozenset(ServiceName(each) for each in detail["services"]),
        change_types=frozenset(ChangeTypeName(each) for each in detail["change_types"]),
        hard=detail["hard"],
    )


def hold_of(happened: Happened) -> Hold:
    """What was locked, or said anew by whoever had locked it."""
    detail = happened.detail
    release = detail.get("for")
    return Hold(
        service=ServiceName(detail["service"]),
        environment=EnvironmentName(detail["environment"]),
        by=happened.by,
        ends_at=datetime.fromisoformat(detail["ends_at"]),
        reason=detail["reason"],
        release=ReleaseId(release) if release else None,
    )


def spoken_in(verdicts: Iterable[Verdict]) -> Roles:
    """The roles as words that were given prove them: nobody's word is taken who doesn't hold the role."""
    members: dict[RoleName, frozenset[PersonId]] = {}
    for verdict in verdicts:
        members[verdict.role] = members.get(verdict.role, frozenset()) | {verdict.holder}
    return Roles(members)


def looked_up(facts: Facts, blockers: Iterable[Blocker]) -> dict[str, Any]:
    """What no later reader could tell: what blocked, by name, and whose word didn't count since they had left."""
    return {
        "keys": [each.key for each in blockers],
        "left": [
            {"person": verdict.holder, "role": verdict.role}
            for tally in facts.tallies
            for verdict in tally.lapsed
            if verdict.role not in facts.roles.unknown and not facts.roles.belongs(verdict.holder, verdict.role)
        ],
        "vetoes": {veto.name: _read_of(facts.findings.get(veto.id)) for veto, _ in facts.kept_out_by},
    }


def _read_of(finding: Finding | None) -> dict[str, Any]:
    """What was known about a veto that kept a candidate out; nothing if it had not been read."""
    if finding is None:
        return {}
    return {
        "total": finding.total,
        "carried": [[each.commit, each.subject, each.author] for each in finding.carried],
        "problem": finding.problem,
    }


def as_looked_up(roles: Roles, detail: Mapping[str, Any]) -> Roles:
    """The roles as words prove them, without those who had left by then, and without what couldn't be looked up."""
    unknown = {RoleName(name) for name in _unreadable(detail) if not name.startswith(_CALENDAR)}
    left = {(each["role"], each["person"]) for each in detail.get("left") or ()}
    return Roles(
        {
            role: frozenset(each for each in people if (role, each) not in left)
            for role, people in roles.members.items()
            if role not in unknown
        },
        dict.fromkeys(unknown, "it could not be looked up then"),
    )


def unread_then(
    calendars: Iterable[CalendarSource], detail: Mapping[str, Any]
) -> tuple[tuple[CalendarSource, str], ...]:
    """Those of these calendars that could not be read at that time."""
    unread = _unreadable(detail)
    return tuple((each, "it could not be read then") for each in calendars if f"{_CALENDAR}{each.name}" in unread)


def findings_then(
    vetoes: Iterable[Veto], detail: Mapping[str, Any], commit: str, at: datetime
) -> dict[VetoId, Finding]:
    """What was known of that candidate about these vetoes: what kept it out then, and that no other one did."""
    told, found = detail.get("vetoes") or {}, {}
    for veto in vetoes:
        read = told.get(veto.name)
        if read is None or read:
            carried = tuple(Suspect(*each) for each in (read or {}).get("carried", ()))
            total, problem = (read or {}).get("total", 0), (read or {}).get("problem", "")
            found[veto.id] = Finding(
                veto.id, commit, at, veto.culprits, veto.answers, carried=carried, total=total, problem=problem
            )
    return found


def _unreadable(detail: Mapping[str, Any]) -> frozenset[str]:
    """What could not be looked up, by the names that the gate has for it."""
    prefix = f"{Reason.UNREADABLE}:"
    return frozenset(key.removeprefix(prefix) for key in detail.get("keys") or () if key.startswith(prefix))
