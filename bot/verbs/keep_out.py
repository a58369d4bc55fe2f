"""Keep out: what a rollback took back is vetoed, in the transaction in which it is known that it came back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.notices import ThreadLine
from bot.ports import Page
from bot.rules.audit import Happened
from bot.rules.deployment import Attempt, Deployment, Kind
from bot.rules.people import SLIPWAY, Surface
from bot.rules.sentence import Code, Sentence, say
from bot.rules.veto import Veto, taken_back

_LOOKED_BACK = 200
"""So many deployments of an environment are looked at for those between good and bad."""


async def keep_out(page: Page, moved: Deployment, *, at: datetime) -> None:
    """A deployment has come to another state: a rollback that succeeded vetoes, a mended candidate answers a veto."""
    if moved.attempt is not Attempt.SUCCEEDED:
        return
    if moved.order.kind is Kind.ROLLBACK:
        await _veto(page, moved, at)
    else:
        await _answer(page, moved, at)


async def _veto(page: Page, moved: Deployment, at: datetime) -> None:
    order = moved.order
    bad = await page.deployment(order.replaces) if order.replaces is not None else None
    if bad is None:
        return
    history = await page.deployments(service=order.service, environment=order.environment, limit=_LOOKED_BACK)
    taken = taken_back(moved, bad, history)
    veto = await page.add_veto(taken) if taken is not None else None
    if taken is None or veto is None:
        return
    await page.put_on_record(
        Happened(
            "veto",
            SLIPWAY,
            Surface.ENGINE,
            at,
            release=taken.release,
            candidate=bad.order.candidate.identity,
            subject=veto.name,
            detail={
                "service": taken.service,
                "environment": taken.environment,
                "bad": taken.bad,
                "good": taken.good,
                "bad_version": taken.bad_version,
                "good_version": taken.good_version,
                "rollback": moved.name,
                "by": taken.by,
                "reason": taken.reason,
                "known": list(taken.known),
            },
        )
    )
    await page.tell(ThreadLine(taken.release, _told(veto)))


async def _answer(page: Page, moved: Deployment, at: datetime) -> None:
    """What has every suspect together with its revert mends it: what is built on that is judged no longer."""
    order = moved.order
    commit = order.candidate.commit
    read = {each.veto: each for each in await page.findings(order.service, [commit])}
    for each in await page.vetoes(order.service):
        finding = read.get(each.id)
        open_still = each.lifted is None and not each.answers
        if open_still and each.taken.environment == order.environment and finding is not None and finding.answers_it:
            veto = await page.veto(each.id)
            assert veto is not None, "vetoes are never deleted"
            await page.keep_veto(replace(veto, answers=(*veto.answers, commit)))
            await page.put_on_record(
                Happened(
                    "answer veto",
                    SLIPWAY,
                    Surface.ENGINE,
                    at,
                    release=order.release,
                    candidate=order.candidate.identity,
                    subject=veto.name,
                    detail={"commit": commit, "deployment": moved.name},
                )
            )


def _told(veto: Veto) -> Sentence:
    taken = veto.taken
    return say(
        "What {bad} brought since {good} stays out of {environment} and whatever comes after it ({veto}), also in "
        "other releases, until its revert is in. Whoever may roll back can say who is to blame: {culprit}, or that it "
        "is mended: {lift}.",
        bad=taken.bad_version,
        good=taken.good_version,
        environment=taken.environment,
        veto=veto.name,
        culprit=Code(f"/rollback culprit {veto.name} <commit> <reason>"),
        lift=Code(f"/rollback lift {veto.name} with <commit> <reason>"),
    )
