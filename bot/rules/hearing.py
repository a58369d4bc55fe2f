"""Hearing: how each entry of the record changes the past that is rebuilt from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from bot.rules.approval import Verdict, Word
from bot.rules.audit import Happened
from bot.rules.candidate import Seal, subject
from bot.rules.deployment import HOLDING, Attempt, Deployment, DeploymentId, Kind, Order
from bot.rules.freeze import ExceptionId, Freeze, FreezeException, FreezeId, Plea
from bot.rules.lock import Lock, LockId
from bot.rules.on_record import candidate_of, hold_of, number_of, plan_of, told_of, window_of
from bot.rules.past import Life, Past
from bot.rules.people import PersonId, RoleName
from bot.rules.policy import Catalogue, EnvironmentName, ServiceName, checklist_of
from bot.rules.release import Ending, Plan, ReleaseId
from bot.rules.veto import Ruling, TakenBack, Veto, VetoId

_MOVED = "deployment "


def hear(past: Past, happened: Happened) -> None:
    """One more entry of the record. What doesn't matter to a gate passes unheard."""
    heard = _HEARD.get(happened.verb)
    if heard is not None:
        heard(past, happened)
    elif happened.verb.startswith(_MOVED):
        _moved(past, happened, Attempt(happened.verb.removeprefix(_MOVED)))


# ------------------------------------------------------------ releases


def _planned(past: Past, happened: Happened) -> None:
    detail, number = happened.detail, happened.release
    if number is None:
        return
    life = Life(number, plan_of(detail), happened.by, happened.at)
    life.candidate = candidate_of(happened)
    past.lives[number] = life


def _edited(past: Past, happened: Happened) -> None:
    life = _life(past, happened)
    if life is None:
        return
    before, told = life.plan, told_of(life.plan)
    life.plan = plan_of({name: happened.detail[name][1] if name in happened.detail else told[name] for name in told})
    if life.plan.change_type != before.change_type:
        old, new = _asked_for(past.catalogue, before), _asked_for(past.catalogue, life.plan)
        # The other type has a checklist of its own; lines that both have keep their ticks.
        life.ticked = {key: tick for key, tick in life.ticked.items() if key in new and new[key] == old.get(key)}


def _proposed(past: Past, happened: Happened) -> None:
    life = _life(past, happened)
    if life is None:
        return
    life.candidate = candidate_of(happened)
    change = past.catalogue.change_types.get(life.plan.change_type)
    service = past.catalogue.services.get(life.plan.service)
    if change is not None and service is not None:
        opened = {item.key for item in checklist_of(change, service) if item.reopens or item.check}
        life.ticked = {key: tick for key, tick in life.ticked.items() if key not in opened}


def _ticked(past: Past, happened: Happened) -> None:
    life = _life(past, happened)
    if life is not None:
        life.ticked[happened.subject] = (happened.by, happened.at)


def _unticked(past: Past, happened: Happened) -> None:
    life = _life(past, happened)
    if life is not None:
        life.ticked.pop(happened.subject, None)


def _said(past: Past, happened: Happened) -> None:
    life = _life(past, happened)
    if life is None or life.candidate is None:
        return
    detail, environment = happened.detail, EnvironmentName(happened.subject)
    behalf = detail.get("on_behalf_of")
    life.verdicts.append(
        Verdict(
            happened.by,
            RoleName(detail["role"]),
            environment,
            Seal(detail["seal"]),
            Word.YES if happened.verb == "approve" else Word.NO,
            happened.at,
            detail.get("reason") or "",
            on_behalf_of=PersonId(behalf) if behalf else None,
            subject=subject(life.candidate, life.plan.version, environment),
            # Other rules are the point: it was said under these, not under those of the day.
            terms=past.terms(life.plan, environment),
            candidate=life.candidate.identity,
            version=life.plan.version,
        )
    )


def _withdrawn(past: Past, happened: Happened) -> None:
    life = _life(past, happened)
    if life is None:
        return
    detail = happened.detail
    meant = [
        (each.person != happened.by, each.on_behalf_of != happened.by, place)
        for place, each in enumerate(life.verdicts)
        if each.stands
        and (each.role, each.seal, each.word) == (detail["role"], detail["seal"], detail["word"])
        and each.environment == happened.subject
    ]
    if meant:
        # One's own word first, then one said in one's place; a rejection can also be lifted for somebody who has left.
        *_, place = min(meant)
        life.verdicts[place] = life.verdicts[place].withdrawn(happened.at)


def _launched(past: Past, happened: Happened) -> None:
    life = _life(past, happened)
    if life is not None:
        life.launched = Ending(happened.by, happened.at)


def _cancelled(past: Past, happened: Happened) -> None:
    life = _life(past, happened)
    if life is not None:
        life.cancelled = Ending(happened.by, happened.at, happened.detail.get("reason") or "")


def _life(past: Past, happened: Happened) -> Life | None:
    return None if happened.release is None else past.lives.get(happened.release)


def _asked_for(catalogue: Catalogue, plan: Plan) -> dict[str, tuple[object, ...]]:
    """The lines of that plan's checklist: text, whether it is required, and who or what ticks it."""
    change = catalogue.change_types.get(plan.change_type)
    service = catalogue.services.get(plan.service)
    if change is None or service is None:
        return {}
    asked = checklist_of(change, service)
    return {item.key: (item.text, item.required, item.owner, item.check) for item in asked}


# ------------------------------------------------------------ deployments


def _confirmed(past: Past, happened: Happened) -> None:
    life, number = _life(past, happened), number_of(happened.subject)
    if life is None or life.candidate is None or number is None:
        return
    service, environment = life.plan.service, EnvironmentName(happened.detail["environment"])
    order = Order(
        life.id,
        service,
        environment,
        Kind.DEPLOY,
        life.plan.version,
        life.candidate,
        happened.by,
        happened.at,
        replaces=past.deployments.standing(service, environment),
        broke_glass=happened.verb == "break glass",
    )
    past.deployments.keep(_ordered(DeploymentId(number), order, happened))


def _ordered(number: DeploymentId, order: Order, happened: Happened) -> Deployment:
    if happened.detail.get("waits"):
        return Deployment(number, order, Attempt.QUEUED, waits_since=happened.at)
    return Deployment(number, order)


def _rolled_back(past: Past, happened: Happened) -> None:
    number = number_of(happened.subject)
    replaced, back = number_of(happened.detail["from"]), number_of(happened.detail["to"])
    target = past.deployments.all.get(DeploymentId(back)) if back is not None else None
    if number is None or replaced is None or target is None:
        return
    order = replace(
        target.order,
        kind=Kind.ROLLBACK,
        confirmed_by=happened.by,
        confirmed_at=happened.at,
        reason=happened.detail.get("reason") or "",
        replaces=DeploymentId(replaced),
        broke_glass=False,
    )
    past.deployments.keep(_ordered(DeploymentId(number), order, happened))


def _settled(past: Past, happened: Happened) -> None:
    _moved(past, happened, Attempt(happened.detail.get("as") or Attempt.FAILED))


def _moved(past: Past, happened: Happened, attempt: Attempt) -> None:
    number = number_of(happened.subject)
    before = past.deployments.all.get(DeploymentId(number)) if number is not None else None
    if before is not None:
        if before.waits:
            order = before.order
            now_there = past.deployments.standing(order.service, order.environment)
            before = replace(before, order=replace(order, replaces=now_there))
        ended = attempt not in HOLDING or attempt is Attempt.UNKNOWN
        ended_at = happened.at if ended else before.ended_at
        watched_since = happened.at if attempt is Attempt.WATCHING else before.watched_since
        past.deployments.keep(
            replace(before, attempt=attempt, since=happened.at, ended_at=ended_at, watched_since=watched_since)
        )


# ------------------------------------------------------------ freezes


def _frozen(past: Past, happened: Happened) -> None:
    number, detail = number_of(happened.subject), happened.detail
    if number is not None:
        freeze = FreezeId(number)
        past.freezes[freeze] = Freeze(
            freeze,
            window_of(happened),
            happened.by,
            happened.at,
            origin=detail.get("origin") or "",
            owner=detail.get("owner") or None,
        )


def _changed(past: Past, happened: Happened) -> None:
    freeze = _freeze(past, happened)
    if freeze is not None:
        owner = happened.detail.get("owner", freeze.owner)
        past.freezes[freeze.id] = replace(freeze, window=window_of(happened), owner=owner)


def _extended(past: Past, happened: Happened) -> None:
    freeze = _freeze(past, happened)
    if freeze is not None:
        past.freezes[freeze.id] = replace(freeze, window=window_of(happened))
        past.moved_by_hand.add(freeze.id)


def _thawed(past: Past, happened: Happened) -> None:
    freeze = _freeze(past, happened)
    if freeze is not None:
        past.freezes[freeze.id] = replace(freeze, ended_at=happened.at, ended_by=happened.by)


def _freeze(past: Past, happened: Happened) -> Freeze | None:
    number = number_of(happened.subject)
    return None if number is None else past.freezes.get(FreezeId(number))


def _excepted(past: Past, happened: Happened) -> None:
    """Asked for, or acknowledged: which is all that a soft freeze asks for."""
    number, freeze = number_of(happened.subject), number_of(happened.detail["freeze"])
    if number is None or freeze is None or happened.release is None:
        return
    soft = happened.verb == "acknowledge a freeze"
    reason = happened.detail.get("reason") or ""
    plea = Plea(FreezeId(freeze), happened.release, happened.by, happened.at, reason, soft)
    past.exceptions[ExceptionId(number)] = FreezeException(ExceptionId(number), plea)
    if soft:
        _decided(past, happened)


def _decided(past: Past, happened: Happened) -> None:
    number = number_of(happened.subject)
    before = None if number is None else past.exceptions.get(ExceptionId(number))
    if before is not None:
        ends_at = happened.detail.get("ends_at")
        past.exceptions[before.id] = replace(
            before,
            granted=happened.verb != "refuse an exception",
            decided_by=happened.by,
            decided_at=happened.at,
            ends_at=datetime.fromisoformat(ends_at) if ends_at else None,
        )


# ------------------------------------------------------------ locks


def _locked(past: Past, happened: Happened) -> None:
    """A new one, or one whose holder said something else."""
    number = number_of(happened.subject)
    if number is None:
        return
    before = past.locks.get(LockId(number))
    since = before.locked_at if before else happened.at
    past.locks[LockId(number)] = Lock(LockId(number), hold_of(happened), since, happened.at)


def _unlocked(past: Past, happened: Happened) -> None:
    number = number_of(happened.subject)
    before = None if number is None else past.locks.get(LockId(number))
    if before is not None:
        past.locks[before.id] = before.ended(happened.at, happened.by)


# ------------------------------------------------------------ vetoes


def _vetoed(past: Past, happened: Happened) -> None:
    number, detail = number_of(happened.subject), happened.detail
    rollback = number_of(detail["rollback"])
    if number is None or rollback is None:
        return
    taken = TakenBack(
        service=ServiceName(detail["service"]),
        environment=EnvironmentName(detail["environment"]),
        bad=detail["bad"],
        good=detail["good"],
        bad_version=detail["bad_version"],
        good_version=detail["good_version"],
        rollback=DeploymentId(rollback),
        release=happened.release or ReleaseId(0),
        by=PersonId(detail["by"]),
        reason=detail["reason"],
        at=happened.at,
        known=tuple(detail["known"]),
    )
    past.vetoes[VetoId(number)] = Veto(VetoId(number), taken)


def _ruled(past: Past, happened: Happened) -> None:
    """Somebody named the culprits, said what mends it or lifted it; or what mends it has been deployed."""
    number, detail = number_of(happened.subject), happened.detail
    veto = past.vetoes.get(VetoId(number)) if number is not None else None
    if veto is None:
        return
    ruling = Ruling(happened.by, happened.at, detail.get("reason") or "")
    if happened.verb == "name culprits":
        veto = replace(veto, culprits=tuple(detail["culprits"]), named=ruling)
    elif happened.verb == "lift veto":
        veto = replace(veto, lifted=ruling)
    else:
        veto = replace(veto, answers=(*veto.answers, detail["commit"]))
    past.vetoes[veto.id] = veto


_HEARD: Mapping[str, Callable[[Past, Happened], None]] = MappingProxyType(
    {
        "plan": _planned,
        "edit": _edited,
        "set candidate": _proposed,
        "tick": _ticked,
        "untick": _unticked,
        "approve": _said,
        "reject": _said,
        "withdraw": _withdrawn,
        "launch": _launched,
        "cancel release": _cancelled,
        "confirm deploy": _confirmed,
        "break glass": _confirmed,
        "roll back": _rolled_back,
        "settle deployment": _settled,
        "freeze": _frozen,
        "extend freeze": _extended,
        "change freeze": _changed,
        "end freeze": _thawed,
        "ask for an exception": _excepted,
        "acknowledge a freeze": _excepted,
        "grant an exception": _decided,
        "refuse an exception": _decided,
        "lock": _locked,
        "prolong a lock": _locked,
        "unlock": _unlocked,
        "take over a lock": _unlocked,
        "veto": _vetoed,
        "name culprits": _ruled,
        "answer veto": _ruled,
        "lift veto": _ruled,
    }
)
