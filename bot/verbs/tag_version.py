"""Tag a version: once it is out, its commit gets a tag at the code host, and a release with notes.

Each call is one move, and asks before it does anything: whatever a crash left half done is found there. A tag that
names another commit is never moved; people are told.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.notices import ThreadLine
from bot.ports import (
    DONE,
    Agreed,
    Clock,
    CodeHost,
    CodeHostError,
    Next,
    Notes,
    Page,
    Publisher,
    PublisherError,
    Reading,
    Records,
    Tagged,
    Work,
    again,
)
from bot.rules.audit import Happened
from bot.rules.deployment import Attempt, Deployment, DeploymentId, Kind
from bot.rules.people import SLIPWAY, Surface
from bot.rules.policy import Catalogue, Service, TagRule
from bot.rules.release import Release
from bot.rules.rollback import taken_away
from bot.rules.sentence import At, Code, Link, Part, Sentence, When, say
from bot.rules.terms import span
from bot.rules.version_tag import can_be_a_tag, is_preliminary, tag_name

log = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=1)
"""Between two tries: half of the time that it has been due, within these."""
PATIENCE = timedelta(hours=1)
"""So long a code host may be away before people hear of it, and before notes go out without the list of changes."""
GIVEN_UP = timedelta(days=7)
SHOWN = 100
"""So many changes are listed in notes."""
LOOKED_BACK = 200


@dataclass(frozen=True, slots=True)
class Due:
    """A version that is out."""

    deployment: Deployment
    release: Release
    service: Service
    repository: str
    rule: TagRule
    since: datetime
    """Since when it is out."""

    @property
    def commit(self) -> str:
        """What the tag must name."""
        return self.deployment.order.candidate.commit

    @property
    def version(self) -> str:
        """Which version it is."""
        return self.deployment.order.version

    @property
    def tag(self) -> str:
        """What its tag is called."""
        return tag_name(self.rule, self.service.name, self.version)

    @property
    def given_up_at(self) -> datetime:
        """Until when it is tried."""
        return self.since + GIVEN_UP


@dataclass(frozen=True, slots=True)
class TagVersion:
    """One move."""

    records: Records
    publisher: Publisher
    code_host: CodeHost
    agreed: Agreed
    now: Clock

    async def __call__(self, key: int) -> Next:
        """Have the tag, then the release; say where they are."""
        async with self.records.read() as page:
            due = await self._due(page, DeploymentId(key))
        if due is None:
            return DONE
        if not can_be_a_tag(due.tag):
            return await self._end(due, _no_name(due))
        try:
            tagged = await self.publisher.tag(due.repository, due.tag, due.commit, _message(due))
            if tagged.commit != due.commit:
                return await self._later(due, _taken(due, tagged))
            page_of_it = await self._released(due) if due.rule.release else None
        except PublisherError as error:
            return await self._trouble(due, error)
        return await self._done(due, tagged, page_of_it)

    async def _due(self, page: Reading, number: DeploymentId) -> Due | None:
        deployment = await page.deployment(number)
        if deployment is None or deployment.attempt is not Attempt.SUCCEEDED:
            return None
        service = self.agreed().services.get(deployment.order.service)
        if service is None or service.tag is None or service.repository is None:
            return None  # the catalogue no longer asks for it
        order = deployment.order
        history = await page.deployments(service=order.service, environment=order.environment, limit=LOOKED_BACK)
        if taken_away(deployment, history):
            return None  # it was rolled back before anybody could be told that it is out
        release = next(iter(await page.releases(ids=[order.release], limit=1)), None)
        if release is None:
            return None
        launched = release.launched.at if release.launched is not None else None
        since = [each for each in (deployment.ended_at, launched) if each is not None]
        return Due(deployment, release, service, service.repository, service.tag, max(since, default=self.now()))

    async def _released(self, due: Due) -> str:
        there = await self.publisher.published(due.repository, due.tag)
        return there or await self.publisher.publish(due.repository, await self._notes(due))

    async def _notes(self, due: Due) -> Notes:
        async with self.records.read() as page:
            before = await _before(page, due)
        plan = due.release.plan
        notes = Notes(
            tag=due.tag,
            commit=due.commit,
            title=f"{due.service.title} {due.version}",
            about="\n\n".join(filter(None, (plan.title, plan.scope))),
            changes=None,
            preliminary=is_preliminary(due.version),
        )
        if before is None:
            return notes
        try:
            changes = await self.code_host.between(
                due.repository, before.order.candidate.commit, due.commit, limit=SHOWN
            )
        except CodeHostError as error:
            if self.now() - due.since < PATIENCE:
                raise PublisherError(str(error), later=True) from None
            log.warning("The notes of %s have no list of changes: %s", due.tag, error)
            return notes
        if changes.backwards:  # it is older than what was out before
            return notes
        listed = await self.code_host.with_pulls(due.repository, changes.commits)
        return replace(notes, changes=replace(changes, commits=listed), since=before.order.version)

    async def _trouble(self, due: Due, error: PublisherError) -> Next:
        """It could not be done. People hear of it at once if somebody has to act, else after a while."""
        log.warning("%s can't be tagged in %s now: %s", due.tag, due.repository, error)
        if error.later and self.now() - due.since < PATIENCE:
            return self._pause(due)
        told = say(
            "{version} has no tag {tag} yet, or no release: {why} I go on trying until {end}.",
            version=due.version,
            tag=Code(due.tag),
            why=str(error),
            end=When(due.given_up_at),
        )
        # What is away says so in many ways; of what is refused, another reason is news.
        return await self._later(due, told, "away" if error.later else str(error))

    async def _later(self, due: Due, told: Sentence, about: str = "taken") -> Next:
        """Told once; tried again, until it has been tried for long enough."""
        if self.now() >= due.given_up_at:
            ended = say(
                "I have tried for {length} to tag {version} as {tag}, and stop now. Please do it by hand, at commit "
                "{commit}.",
                length=span(GIVEN_UP),
                version=due.version,
                tag=Code(due.tag),
                commit=Code(due.commit[:10]),
            )
            return await self._end(due, ended)
        async with self.records.open() as page:
            if await page.first_time(f"no tag {due.deployment.name} {about}"[:200]):
                await page.tell(ThreadLine(due.release.id, told, loud=True))
                await page.commit()
        return self._pause(due)

    def _pause(self, due: Due) -> Next:
        return again(min(max((self.now() - due.since) / 2, FIRST_PAUSE), LONGEST_PAUSE))

    async def _end(self, due: Due, told: Sentence) -> Next:
        """It won't be tagged."""
        async with self.records.open() as page:
            if await page.first_time(f"never tagged {due.deployment.name}"):
                await page.tell(ThreadLine(due.release.id, told, loud=True))
                await page.commit()
        return DONE

    async def _done(self, due: Due, tagged: Tagged, page_of_it: str | None) -> Next:
        """Put it on the record, and say in the thread where it is."""
        async with self.records.open() as page:
            if await page.first_time(f"tagged {due.deployment.name}"):
                await page.put_on_record(
                    Happened(
                        "tag version",
                        SLIPWAY,
                        Surface.ENGINE,
                        self.now(),
                        release=due.release.id,
                        candidate=due.deployment.order.candidate.identity,
                        subject=due.deployment.name,
                        detail={"repository": due.repository, "tag": due.tag, "release": page_of_it},
                    )
                )
                template = (
                    "{version} is tagged {tag} at the code host."
                    if page_of_it is None
                    else "{version} is tagged at the code host, and its release is published: {tag}."
                )
                link = Link(due.tag, page_of_it or tagged.url)
                await page.tell(ThreadLine(due.release.id, say(template, version=due.version, tag=link)))
                await page.commit()
        return DONE


async def tag_if_out(page: Page, deployment: Deployment, agreed: Catalogue) -> None:
    """A deployment has come to another state: where its version is out with that, it is to be tagged."""
    order = deployment.order
    service = agreed.services.get(order.service)
    rule = service.tag if service is not None else None
    if rule is None or deployment.attempt is not Attempt.SUCCEEDED or order.kind is not Kind.DEPLOY:
        return
    if rule.environment == order.environment:
        await page.start(Work.TAG_VERSION, deployment.id)


async def tag_if_launched(page: Page, release: Release, service: Service) -> None:
    """A release was launched: where versions are tagged with that, what stands where customers are is tagged."""
    if service.tag is None or service.tag.environment is not None:
        return
    final = {each.name for each in service.final}
    for each in await page.deployments(release=release.id, limit=LOOKED_BACK):
        if each.attempt is Attempt.SUCCEEDED and each.order.environment in final:
            await page.start(Work.TAG_VERSION, each.id)
            return


async def _before(page: Reading, due: Due) -> Deployment | None:
    """The version that was out before: of another release, and launched where that is what counts."""
    order = due.deployment.order
    earlier = [
        each
        for each in await page.deployments(
            service=order.service, environment=order.environment, before=due.deployment.id, limit=LOOKED_BACK
        )
        if each.attempt is Attempt.SUCCEEDED and each.order.release != order.release
    ]
    if due.rule.environment is not None or not earlier:
        return next(iter(earlier), None)
    numbers = list({each.order.release for each in earlier})
    launched = {each.id for each in await page.releases(ids=numbers, limit=LOOKED_BACK) if each.launched is not None}
    return next((each for each in earlier if each.order.release in launched), None)


def _message(due: Due) -> str:
    """What an annotated tag says of itself."""
    return f"{due.service.title} {due.version}\n\n{due.release.name}: {due.release.plan.title}"


def _no_name(due: Due) -> Sentence:
    return say(
        "{version} gets no tag at the code host: {tag} can't be the name of one. Please tag commit {commit} by hand, "
        "and correct “tag” in the catalogue.",
        version=due.version,
        tag=Code(due.tag),
        commit=Code(due.commit[:10]),
    )


def _taken(due: Due, tagged: Tagged) -> Sentence:
    """Somebody may have built from it: which of them is right, only people know."""
    parts: dict[str, Part] = {
        "who": At(due.release.requested_by),
        "tag": Link(due.tag, tagged.url),
        "version": due.version,
        "commit": Code(due.commit[:10]),
        "end": When(due.given_up_at),
    }
    template = (
        "{who}, the tag {tag} is there already and names {other}, but {version} is {commit}. I never move a tag. If "
        "that one is wrong, please delete it at the code host: I look again until {end}."
    )
    other = Code(tagged.commit[:10]) if tagged.commit else "no commit"
    return say(template, other=other, **parts)
