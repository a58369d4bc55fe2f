"""Watch a release: what time brings about, nobody has to remember.

It reminds before approvals expire, when lines are due and before the target date, draws the card anew when time changes
the gate, tells when nothing blocks any more, and deploys what ships itself. Each call is one move; whatever is told
once is noted, so that moving again tells nothing twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from bot.notices import CardChanged, ChannelLine, DirectLine, ThreadLine, Wanted
from bot.ports import DONE, Agreed, Clock, Directory, Next, Page, Records, Work, again
from bot.rules.approval import Verdict, Word, standing
from bot.rules.checklist import Item
from bot.rules.gate import Reason, opens_by_itself
from bot.rules.hours import whole_day
from bot.rules.people import Surface, slipway
from bot.rules.policy import Catalogue, hours_for
from bot.rules.release import ReleaseId
from bot.rules.sentence import AllOf, At, AtRole, Code, When, say
from bot.rules.stage import Stage
from bot.verbs.ask_them import call
from bot.verbs.confirm_deploy import ConfirmDeploy, ships_itself
from bot.verbs.except_freeze import draw_open_requests
from bot.verbs.look import EVERY_OPEN_ONE, Picture, Place, take
from bot.verbs.read_vetoes import ReadVetoes
from bot.verbs.speak import tell_that_it_is_open

LONGEST_WAIT = timedelta(days=1)
"""However far the next moment is: what nobody told us of is noticed within this time."""

NO_NEWS_AFTER = timedelta(days=1)
"""What should have reached the owners so long ago is left out: after an outage they don't hear of all that is past."""

ON_THE_WAY = frozenset({Stage.PLANNING, Stage.BUILDING, Stage.TESTING, Stage.PREPARING, Stage.READY})
"""The stages in which a target date is still something to be reminded of."""


@dataclass(frozen=True, slots=True)
class Due:
    """Something to be told at that moment. `intent` makes sure that it is told once.

    Of what is `about` the same and was missed, only the newest is told.
    """

    at: datetime
    intent: str
    tell: Callable[[Page], Awaitable[object]]
    about: str = ""


@dataclass(frozen=True, slots=True)
class WatchRelease:
    """One move: do what is due, and say when to look again."""

    records: Records
    directory: Directory
    agreed: Agreed
    confirm: ConfirmDeploy
    now: Clock
    read_vetoes: ReadVetoes

    async def __call__(self, key: int) -> Next:
        """Look at the release, as it is at this moment."""
        unread = await self.read_vetoes(ReleaseId(key))
        agreed, roles = self.agreed(), await self.directory.roles()
        async with self.records.open() as page:
            release = await page.release(ReleaseId(key))
            if release is None:
                return DONE
            picture = await take(page, release, agreed, roles=roles, now=self.now())
            await renew_what_was_asked(page, picture)
            await draw_open_requests(page, release.id)
            if not release.open:
                await page.commit()
                return DONE
            await page.tell(CardChanged(release.id))
            place = picture.next_place
            if place is not None and place.open and _is_news(place) and not ships_itself(picture, place):
                trains = await page.trains(environment=place.name)
                if not any(each.car(release.id) for each in trains):
                    await tell_that_it_is_open(page, place)
            ahead = await self._tell_what_is_due(page, picture, agreed)
            await page.commit()
        if await self._shipped(picture):
            return again(timedelta(0))
        waits = [each - picture.seen_at for each in (*ahead, *openings(picture)) if each > picture.seen_at]
        return again(min((*waits, LONGEST_WAIT if unread is None else unread)))

    async def _tell_what_is_due(self, page: Page, picture: Picture, agreed: Catalogue) -> list[datetime]:
        """Tell it, and give the moments that are still ahead."""
        ahead: list[datetime] = []
        newest: dict[str, Due] = {}
        for due in sorted(everything_due(picture, agreed), key=lambda each: each.at):
            if due.at > picture.seen_at:
                ahead.append(due.at)
            elif await page.first_time(due.intent):
                newest[due.about or due.intent] = due
        for due in newest.values():
            await due.tell(page)
        return ahead

    async def _shipped(self, picture: Picture) -> bool:
        """Start what ships itself, once for what is proposed now: what failed is not tried again unasked.

        What is aboard a train that goes there is the train's to bring: else rolling the train back would leave it.
        """
        ready = [place for place in picture.places if ships_itself(picture, place)]
        if not ready:
            return False
        name = picture.release.name
        async with self.records.read() as reading:
            trains = await reading.trains(limit=EVERY_OPEN_ONE)
        brought = {each.environment for each in trains if each.car(picture.release.id)}
        for place in ready:
            if place.name not in brought:
                by = slipway(Surface.ENGINE, f"{name} ships itself {place.name} {place.facts.seal}")
                return await self.confirm.by_itself(picture.release.id, place.name, by=by)
        return False


def _is_news(place: Place) -> bool:
    """Whether something was in the way: somebody had to agree, or it had to be elsewhere first."""
    return bool(place.facts.approvals or place.facts.environment.after)


async def watch_all(records: Records) -> None:
    """Have every open release watched, also those from before there was a watch. What is watched stays so."""
    async with records.open() as page:
        for release in await page.releases(open_only=True, limit=EVERY_OPEN_ONE):
            await page.start(Work.WATCH_RELEASE, release.id)
        await page.commit()


async def renew_what_was_asked(page: Page, picture: Picture) -> None:
    """Private messages that asked for something show whether it is still wanted."""
    for asked in await page.asked(picture.release.id):
        for person in asked.people:
            await page.tell(Wanted(person, asked.release, asked.environment, asked.blocker, asked.by))


def openings(picture: Picture) -> Iterator[datetime]:
    """The moments at which time alone changes a gate: what ends then, and when nothing is left that blocks."""
    for place in picture.places:
        if place.stands_here:
            continue
        yield from (each.opens_at for each in place.blockers if each.opens_at is not None)
        opens = opens_by_itself(place.facts)
        if opens is not None:
            yield opens
        if place.open:
            # What is open now may close by itself: allowed hours end, a freeze that was declared begins.
            yield from (each.window.starts_at for each in place.facts.freezes)
            hours = hours_for(place.facts.change, place.facts.environment)
            closes = hours.closes_from(picture.seen_at) if hours is not None else None
            if closes is not None:
                yield closes
        yield from (each.ends_at for each in place.facts.exceptions if each.ends_at is not None)


def everything_due(picture: Picture, agreed: Catalogue) -> Iterator[Due]:
    """What is to be told about this release by the clock, whether it is due yet or not.

    What calls people where everybody reads waits for the end of the team's quiet hours; a private reminder waits for
    the end of that person's own, when it is sent.
    """
    reminders = agreed.reminders
    for place in picture.places:
        if place.facts.proposal is not None and not place.stands_here:
            yield from _expiries(picture, place, agreed)
    for item in picture.release.checklist:
        at = item.due_at(picture.release.plan.target, ZoneInfo(reminders.timezone))
        if at is not None and not item.done:
            intent = f"{picture.release.name} line {item.key} due {at.isoformat()}"
            yield Due(agreed.undisturbed(at), intent, partial(_remind_of_line, picture, item, agreed))
    target = picture.release.plan.target
    if target is not None and picture.stage in ON_THE_WAY:
        yield from _target(picture, target, agreed)


def _target(picture: Picture, target: date, agreed: Catalogue) -> Iterator[Due]:
    """The target date: those who can act hear before it, their roles on the day, and the owners once it is over."""
    begins, ends = whole_day(target, agreed.reminders.timezone)
    name = f"{picture.release.name} target {target.isoformat()}"
    if picture.seen_at < ends:  # a day that is over is not near
        near = agreed.undisturbed(begins - agreed.reminders.before_target)
        yield Due(near, name, partial(_remind_of_target, picture, agreed), name)
        yield Due(agreed.undisturbed(begins), f"{name} today", partial(_call_on_the_day, picture, agreed), name)
    over = agreed.undisturbed(ends)
    if picture.seen_at < over + NO_NEWS_AFTER:
        yield Due(over, f"{name} over", partial(_tell_owners_of_target, picture, agreed), name)


def _expiries(picture: Picture, place: Place, agreed: Catalogue) -> Iterator[Due]:
    """Each approval that is asked for here: whoever gave it is warned, then its role is asked, then the owners told."""
    facts, reminders = place.facts, agreed.reminders
    assert facts.proposal is not None
    asked = {rule.role for rule in facts.approvals}
    missing = {tally.rule.role for tally in facts.tallies if tally.missing}
    said = (each for each in standing(facts.release.verdicts, facts.proposal) if each.role in asked)
    newest = {each.holder: each for each in said if each.word is Word.YES}
    for verdict in newest.values():
        end = verdict.expires_at(facts.change.approvals_last)
        if end is None:
            continue
        name = f"{facts.release.name} {place.name} {verdict.role} {verdict.person} {end.isoformat()}"
        warn_at = end - reminders.before_expiry
        if warn_at > verdict.at and picture.seen_at < end:
            yield Due(warn_at, f"{name} expires", partial(_warn_of_expiry, place, verdict, end))
        yield Due(agreed.undisturbed(end), f"{name} has expired", partial(_tell_of_expiry, place, verdict), name)
        late = agreed.undisturbed(end + reminders.before_expiry)
        if verdict.role in missing and end <= picture.seen_at < late + NO_NEWS_AFTER:
            still = partial(_tell_owners_of_expiry, place, verdict, end, agreed)
            yield Due(late, f"{name} is still missing", still, name)


async def _warn_of_expiry(place: Place, verdict: Verdict, end: datetime, page: Page) -> None:
    told = say(
        "Your approval of {release} for {environment} as {role} expires {end}. If you still mean it, give it again: "
        "{command}."
        if verdict.on_behalf_of is None
        else "The approval of {release} for {environment} as {role} expires {end}. If it still holds, give it again: "
        "{command}.",
        release=place.facts.release.name,
        environment=place.name,
        role=AtRole(verdict.role),
        end=When(end),
        command=Code(f"/release approve {place.facts.release.name} {place.name}"),
    )
    # Whoever stood in and no longer does can't give it again; the one in whose place it was can.
    able = verdict.person if place.facts.roles.hold(verdict.person, verdict.role) else verdict.holder
    await page.tell(DirectLine(able, told, place.facts.release.id, reminder=True, good_until=end))


async def _tell_of_expiry(place: Place, verdict: Verdict, page: Page) -> None:
    await page.tell(
        ThreadLine(
            place.facts.release.id,
            say(
                "The approval of {who} for {environment} has expired. {role}, please look at it again and press "
                "Approve on the card.",
                who=At(verdict.person),
                environment=place.name,
                role=AtRole(verdict.role),
            ),
        )
    )


async def _tell_owners_of_expiry(place: Place, verdict: Verdict, end: datetime, agreed: Catalogue, page: Page) -> None:
    release = place.facts.release
    await page.tell(
        ChannelLine(
            agreed.owners_channel,
            say(
                "{owners}: the approval of {release} for {environment} as {role} expired {end}, and nobody has given "
                "it anew. {command} shows more.",
                owners=AtRole(agreed.owners),
                release=release.name,
                environment=place.name,
                role=AtRole(verdict.role),
                end=When(end),
                command=Code(f"/release why {release.name} {place.name}"),
            ),
        )
    )


async def _remind_of_line(picture: Picture, item: Item, agreed: Catalogue, page: Page) -> None:
    """Ask those who can tick it; what nobody waits for is only said."""
    key = f"{Reason.CHECKLIST}:{item.key}"
    for place in picture.places:
        for blocker in place.blockers:
            if blocker.key == key and not (item.check and item.owner is None):
                await call(page, place, blocker, agreed, by=slipway(), at=picture.seen_at)
                return
    owner = AtRole(item.owner) if item.owner else At(picture.release.requested_by)
    told = say("“{item}” is due, and not done yet. {owner}", item=item.text, owner=owner)
    await page.tell(ThreadLine(picture.release.id, told))


async def _remind_of_target(picture: Picture, agreed: Catalogue, page: Page) -> None:
    """Say that the day comes, and ask everybody who is waited for where customers are."""
    waiting = _waiting(picture)
    await page.tell(
        ThreadLine(
            picture.release.id,
            say(
                "{who}, the target date {target} is near. {left} {command} shows more.",
                who=At(picture.release.requested_by),
                target=str(picture.release.plan.target),
                left=_left(waiting),
                command=Code(f"/release why {picture.release.name}"),
            ),
        )
    )
    await _call_all(page, waiting, agreed, picture.seen_at)


async def _call_on_the_day(picture: Picture, agreed: Catalogue, page: Page) -> None:
    """Call the roles that are still waited for, in the thread; and ask their people again."""
    waiting = _waiting(picture)
    roles = dict.fromkeys(
        each
        for place in waiting
        for blocker in place.blockers
        for each in blocker.lifted_by
        if isinstance(each, AtRole)
    )
    await page.tell(
        ThreadLine(
            picture.release.id,
            say(
                "{whom}: the target date {target} is today. {left} {command} shows more.",
                whom=AllOf(tuple(roles) or (At(picture.release.requested_by),)),
                target=str(picture.release.plan.target),
                left=_left(waiting),
                command=Code(f"/release why {picture.release.name}"),
            ),
        )
    )
    await _call_all(page, waiting, agreed, picture.seen_at)


async def _tell_owners_of_target(picture: Picture, agreed: Catalogue, page: Page) -> None:
    """The day is over, and customers don't have it."""
    plan = picture.release.plan
    await page.tell(
        ChannelLine(
            agreed.owners_channel,
            say(
                "{owners}: {release} ({service} {version}) was due on {target}, and is not with customers. {left} "
                "{command} shows more.",
                owners=AtRole(agreed.owners),
                release=picture.release.name,
                service=plan.service,
                version=plan.version,
                target=str(plan.target),
                left=_left(_waiting(picture)),
                command=Code(f"/release why {picture.release.name}"),
            ),
        )
    )


def _waiting(picture: Picture) -> list[Place]:
    """Where customers are, and something is in the way."""
    finals = {each.name for each in picture.service.final} if picture.service else set()
    return [each for each in picture.places if each.name in finals and each.blockers]


def _left(waiting: list[Place]) -> str:
    count = sum(len(each.blockers) for each in waiting)
    return (
        "Nothing is in the way." if not count else f"{count} {'thing is' if count == 1 else 'things are'} in the way."
    )


async def _call_all(page: Page, waiting: list[Place], agreed: Catalogue, at: datetime) -> None:
    """Ask everybody who is waited for, unless they were asked a moment ago."""
    for place in waiting:
        for blocker in place.blockers:
            if blocker.lifted_by:
                await call(page, place, blocker, agreed, by=slipway(), at=at)
