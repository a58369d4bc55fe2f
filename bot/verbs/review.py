"""Review: say what was learned from a deployment that broke the glass; and see to it that this is not forgotten."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.notices import ChannelLine, DirectLine, ReviewWanted, ThreadLine
from bot.ports import DONE, Agreed, Clock, Directory, Next, Page, Reading, Records, Work, again
from bot.rules.audit import Happened
from bot.rules.deployment import DeploymentId
from bot.rules.people import Actor, PersonId, Roles
from bot.rules.policy import Catalogue
from bot.rules.review import Reminder, Review, reminded
from bot.rules.sentence import (
    REPEATED,
    AllOf,
    At,
    AtRole,
    Code,
    InPlaceOf,
    Refused,
    Repeated,
    Sentence,
    When,
    refuse,
    say,
)
from bot.verbs.ask_them import MOST_BY_MESSAGE
from bot.verbs.break_glass import BROKE, SUBSTANCE
from bot.verbs.rights import lacks_role


@dataclass(frozen=True, slots=True)
class ReviewDeploy:
    """Close the review: its role does, or the catalogue's owners; nobody whose own matter it is."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def look(self, deployment: DeploymentId, *, by: Actor) -> Review | Refused:
        """See what is to be reviewed, if this person can do it."""
        roles = await self.directory.roles()
        async with self.records.read() as page:
            review = await _the_review(page, deployment)
        if isinstance(review, Refused):
            return review
        return may_not_review(review, by.id, self.agreed(), roles) or review

    async def __call__(
        self, deployment: DeploymentId, seen: int | None, learned: str, *, by: Actor
    ) -> Review | Refused | Repeated:
        """Say what was learned. `seen` is the revision that was on the screen; None when it was typed."""
        agreed, roles = self.agreed(), await self.directory.roles()
        learned = " ".join(learned.split())
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            review = await _the_review(page, deployment)
            if isinstance(review, Refused):
                return review
            refused = may_not_review(review, by.id, agreed, roles) or _too_little(review, learned)
            if refused is not None:
                return refused
            if seen is not None and seen != review.revision:
                return Refused(say("{name} has changed since you looked.", name=review.name), stale=True)
            now = self.now()
            was_late = review.overdue(now)
            principal = roles.in_whose_place(by.id, review.reviewers(agreed.owners))
            review = await page.keep_review(
                replace(review, closed_by=by.id, closed_for=principal, closed_at=now, learned=learned)
            )
            await page.put_on_record(
                Happened(
                    "review",
                    by.id,
                    by.surface,
                    now,
                    release=review.duty.release,
                    subject=review.name,
                    detail={
                        "broken_by": review.duty.broken_by,
                        "learned": learned,
                        "due_at": review.duty.due_at.isoformat(),
                        "overdue": was_late,
                        "on_behalf_of": principal,
                    },
                )
            )
            told = closed(review)
            await page.tell(ThreadLine(review.duty.release, told))
            for person in await _asked_then(page, review):
                await page.tell(ReviewWanted(person, review.id))
            await page.tell(DirectLine(review.duty.broken_by, told, review.duty.release))
            await page.nudge(Work.WATCH_REVIEW, review.id, "changed")
            await page.commit()
        return review


@dataclass(frozen=True, slots=True)
class WatchReview:
    """One move of a review's life: remind those who owe it before it is due, once it is, and every week after that."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(self, key: int) -> Next:
        """Say the newest thing that is due and has not been said; sleep until the next one."""
        agreed, roles = self.agreed(), await self.directory.roles()
        async with self.records.open() as page:
            review = await page.review(DeploymentId(key))
            if review is None or not review.open:
                return DONE
            now = self.now()
            last, following = reminded(review.duty, now)
            # Only the newest: after a long outage nobody wants to hear that it will be due a week ago.
            if last is not None and await page.first_time(f"review {review.name} {last[0]} {last[1].isoformat()}"):
                people = review.asked(agreed.owners, roles, now)
                await _remind(page, review, last[0], people, agreed)
                await page.commit()
        return again(following - now)


async def _remind(page: Page, review: Review, why: Reminder, people: frozenset[PersonId], agreed: Catalogue) -> None:
    """Those who owe it; and once it is overdue the owners' channel, and whoever may not break the glass again."""
    told = soon(review) if why is Reminder.SOON else overdue(review, agreed)
    if why is not Reminder.SOON or len(people) > MOST_BY_MESSAGE or not people:
        await page.tell(ChannelLine(agreed.owners_channel, told))
    if len(people) <= MOST_BY_MESSAGE:
        for person in sorted(people):
            await page.tell(DirectLine(person, told, review.duty.release))
    if why is Reminder.OVERDUE and review.duty.broken_by not in people:
        await page.tell(DirectLine(review.duty.broken_by, told, review.duty.release))


async def _the_review(page: Reading, deployment: DeploymentId) -> Review | Refused:
    review = await page.review(deployment)
    if review is not None:
        return review
    if await page.deployment(deployment) is None:
        return refuse(
            "There is no deployment {name}. {command} shows what runs where.",
            name=f"D-{deployment}",
            command=Code("/deploy status"),
        )
    return refuse("{name} did not break the glass, so there is nothing to review.", name=f"D-{deployment}")


async def _asked_then(page: Reading, review: Review) -> list[PersonId]:
    """Those who got a message with a button when the glass was broken."""
    for entry in await page.record(release=review.duty.release, since=review.duty.opened_at):
        if (entry.happened.verb, entry.happened.subject) == (BROKE, review.name):
            return [PersonId(each) for each in entry.happened.detail["review"]["asked"]]
    return []


def may_not_review(review: Review, person: PersonId, agreed: Catalogue, roles: Roles) -> Refused | None:
    """Why this person can't do it, or nobody can any more."""
    if not review.open:
        return Refused(closed(review), stale=True)
    reviewers = review.reviewers(agreed.owners)
    own = review.own_matter(person, agreed.owners, roles)
    others = AllOf(tuple(AtRole(each) for each in reviewers))
    if own == person:
        return refuse(
            "The glass was broken with {name} by you, or in your place, and nobody reviews their own matter. Somebody "
            "else of {roles} has to do it.",
            name=review.name,
            roles=others,
        )
    not_allowed = lacks_role(reviewers, f"review {review.name}", person, roles)
    if not_allowed is None and own is not None:
        return refuse(
            "You would review {name} in the place of {who}, whose own matter it is. Somebody else of {roles} has to "
            "do it.",
            name=review.name,
            who=At(own),
            roles=others,
        )
    return not_allowed


def _too_little(review: Review, learned: str) -> Refused | None:
    if len(learned) >= SUBSTANCE:
        return None
    return refuse(
        "A review says what was learned, in {least} characters or more: {command}.",
        least=SUBSTANCE,
        command=Code(f"/deploy review {review.name} <findings>"),
    )


def closed(review: Review) -> Sentence:
    """Who reviewed it, when, and what was learned."""
    assert review.closed_by is not None
    assert review.closed_at is not None
    return say(
        "{who}{place} reviewed {name}, with which {breaker} broke the glass, {at}: {learned}",
        who=At(review.closed_by),
        place=InPlaceOf(review.closed_for),
        name=review.name,
        breaker=At(review.duty.broken_by),
        at=When(review.closed_at),
        learned=review.learned,
    )


def soon(review: Review) -> Sentence:
    """A review that is due before long."""
    return say(
        "{who} broke the glass with {name}; its review is due {due}. What was learned? {owner} says so with {command}.",
        who=At(review.duty.broken_by),
        name=review.name,
        due=When(review.duty.due_at),
        owner=AtRole(review.duty.owner),
        command=Code(f"/deploy review {review.name} <findings>"),
    )


def overdue(review: Review, agreed: Catalogue) -> Sentence:
    """A review that is late, and what hangs on it."""
    return say(
        "The review of {name} was due {due} and is not done. Until it is, {who} can't break the glass again. "
        "{roles} can do it: {command}.",
        name=review.name,
        due=When(review.duty.due_at),
        who=At(review.duty.broken_by),
        roles=AllOf(tuple(AtRole(each) for each in review.reviewers(agreed.owners))),
        command=Code(f"/deploy review {review.name} <findings>"),
    )
