"""Came to: a deployment is in another state now; on the record, with everything that follows from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.notices import DeploymentChanged, ThreadLine
from bot.ports import Page
from bot.rules.audit import Happened
from bot.rules.deployment import Attempt, Deployment, Kind
from bot.rules.people import SLIPWAY, Actor, PersonId, Surface
from bot.rules.policy import Catalogue
from bot.rules.release import ReleaseId
from bot.rules.sentence import At, Code, Sentence, say
from bot.verbs.about import about
from bot.verbs.keep_out import keep_out
from bot.verbs.next_in_line import let_the_next_go
from bot.verbs.redraw import changed, changed_for_others, redraw_if_open
from bot.verbs.tag_version import tag_if_out
from bot.verbs.trains import let_the_train_go_on


async def came_to(
    page: Page,
    deployment: Deployment,
    attempt: Attempt,
    detail: str,
    *,
    agreed: Catalogue,
    at: datetime,
    by: Actor | None = None,
    told: Sentence | None = None,
    loud: bool | None = None,
) -> Deployment:
    """Write it down and tell people; the page is committed by the caller, who has locked the deployment.

    `by`: who decided so, if it was somebody. `told`: what the thread hears in place of the usual words.
    """
    deployment.must_lead_to(attempt)
    moved = replace(deployment, attempt=attempt, detail=detail, since=at, silent_since=None)
    if attempt is Attempt.WATCHING:
        moved = replace(moved, watched_since=at, ended_at=None)
    if attempt is Attempt.UNKNOWN:
        # It may have begun: then it may have changed what runs.
        moved = replace(moved, started_at=moved.started_at or at)
    if not moved.holds or attempt is Attempt.UNKNOWN:
        moved = replace(moved, ended_at=at)
    moved = await page.keep_deployment(moved)
    release = await about(page, moved)
    await page.put_on_record(
        Happened(
            f"deployment {attempt}",
            by.id if by else SLIPWAY,
            by.surface if by else Surface.ENGINE,
            at,
            release=release,
            candidate=moved.order.candidate.identity,
            subject=moved.name,
            detail={"environment": moved.order.environment, "detail": detail, "served": moved.served},
        )
    )
    await keep_out(page, moved, at=at)
    await page.tell(DeploymentChanged(release, moved.id))
    await changed(page, release)
    if moved.order.release != release:
        await redraw_if_open(page, moved.order.release)
    if not moved.holds:
        await changed_for_others(page, moved.order.service, release)
        await let_the_next_go(page, moved.order.service, moved.order.environment)
    await tag_if_out(page, moved, agreed)
    if not moved.holds or attempt is Attempt.UNKNOWN:
        await let_the_train_go_on(page, moved)
    if attempt is Attempt.UNKNOWN:
        await _call_who_waits_to_go_back(page, moved, release)
    if attempt is Attempt.WATCHING and await _is_to_go_back(page, moved):
        why = "It is there, and not watched: somebody has asked to roll it back."
        return await came_to(page, moved, Attempt.FAILED, why, agreed=agreed, at=at, by=by, loud=False)
    sentence = told or ending(moved, await whom_to_call(page, moved))
    if sentence is not None:
        alarming = attempt in {Attempt.FAILED, Attempt.UNKNOWN}
        await page.tell(ThreadLine(release, sentence, loud=alarming if loud is None else loud))
    return moved


async def whom_to_call(page: Page, deployment: Deployment) -> PersonId:
    """Who confirmed it. For what Slipway did by itself: who confirmed what that takes back, else who planned it."""
    order = deployment.order
    if order.confirmed_by != SLIPWAY:
        return order.confirmed_by
    if order.kind is Kind.ROLLBACK and order.replaces is not None:
        taken = await page.deployment(order.replaces)
        if taken is not None and taken.order.confirmed_by != SLIPWAY:
            return taken.order.confirmed_by
    # Looked at without locking it: whoever locks releases does so before deployments.
    found = await page.releases(ids=[await about(page, deployment)], limit=1)
    return found[0].requested_by if found else SLIPWAY


async def _is_to_go_back(page: Page, deployment: Deployment) -> bool:
    """Whether a way back waits for its end: then there is nothing to find out by watching it."""
    waiting = await page.waiting(deployment.order.service, deployment.order.environment)
    return any(each.order.kind is Kind.ROLLBACK for each in waiting)


async def _call_who_waits_to_go_back(page: Page, lost: Deployment, release: ReleaseId) -> None:
    """Nobody can see its end, and a way back waits for that: whoever asked for it says whether to wait any longer."""
    order = lost.order
    for each in await page.waiting(order.service, order.environment):
        if each.order.kind is Kind.ROLLBACK:
            told = say(
                "{who}, {back} waits for the end of {name}, which can't be seen. To go back to {version} without "
                "waiting any longer: {command}. {name} may then still be at work.",
                who=At(each.order.confirmed_by),
                back=each.name,
                name=lost.name,
                version=each.order.version,
                command=Code(f"/rollback {order.service} in {order.environment} to {each.order.version} now <reason>"),
            )
            await page.tell(ThreadLine(release, told, loud=True))
            await page.tell(DeploymentChanged(await about(page, each), each.id))


def ending(deployment: Deployment, who: PersonId) -> Sentence | None:
    """What is said in the thread when a deployment came to that state; None if nothing needs to be.

    `who` is called where somebody has to look.
    """
    order = deployment.order
    where = {"name": deployment.name, "version": order.version, "environment": order.environment}
    match deployment.attempt:
        case Attempt.WATCHING if order.kind is Kind.ROLLBACK:
            return say("{environment} is back on {version} ({name}), which is watched now.", **where)
        case Attempt.WATCHING:
            return say("{version} is in {environment} ({name}), and is watched now.", **where)
        case Attempt.SUCCEEDED if order.kind is Kind.ROLLBACK:
            return say("{environment} is back on {version} ({name}).", **where)
        case Attempt.SUCCEEDED:
            return say("{version} is in {environment} ({name}).", **where)
        case Attempt.FAILED if deployment.watched_since is not None:
            return say("{name} did not hold: {detail}", name=deployment.name, detail=deployment.detail)
        case Attempt.FAILED:
            return say(
                "{name} failed: {version} is not in {environment}. {detail} {who}, please have a look.",
                detail=deployment.detail,
                who=At(who),
                **where,
            )
        case Attempt.CANCELLED:
            return say("{name} was cancelled; {version} did not go to {environment}.", **where)
        case Attempt.UNKNOWN:
            return say(
                "I can't tell how {name} ended: {detail} Nothing else starts in {environment} until that is known. "
                "{who}, please look whether {version} is there, then say so: {command}. A rollback takes the "
                "environment in hand, too.",
                detail=deployment.detail,
                who=At(who),
                command=Code(f"/deploy settle {deployment.name} succeeded|failed <reason>"),
                **where,
            )
        case _:
            return None
