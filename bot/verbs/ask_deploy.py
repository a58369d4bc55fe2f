"""Ask to deploy: a private preview of what would change, the gate, the way back, and the command that confirms."""

from __future__ import annotations

from dataclasses import dataclass

from bot.ports import Agreed, Ask, Changes, Clock, CodeHost, CodeHostError, Directory, Records
from bot.rules.audit import Happened
from bot.rules.deployment import Deployment
from bot.rules.on_record import looked_up
from bot.rules.people import Actor
from bot.rules.policy import EnvironmentName, Right, Service
from bot.rules.release import Release, ReleaseId
from bot.rules.rollback import last_good
from bot.rules.sentence import AllOf, Code, Refused, Sentence, refuse, say
from bot.verbs.in_between import with_pulls
from bot.verbs.look import Picture, Place, no_such_release, take
from bot.verbs.rights import lacks


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen. `command` confirms it; `fallback` is what a rollback would bring back."""

    picture: Picture
    place: Place
    changes: Changes | None
    problem: str
    """Why the changes could not be read; empty when they could."""
    standing: Deployment | None
    fallback: Deployment | None
    command: str
    irreversible: tuple[Sentence, ...] = ()
    """What of the migrations that come along can't be undone."""


@dataclass(frozen=True, slots=True)
class AskDeploy:
    """Ask; nothing starts."""

    records: Records
    directory: Directory
    agreed: Agreed
    code_host: CodeHost
    now: Clock

    async def __call__(self, release_id: ReleaseId, environment: EnvironmentName, *, by: Actor) -> Preview | Refused:
        """Look, and remember who asked: where two people are wanted, this is the first."""
        agreed, now, roles = self.agreed(), self.now(), await self.directory.roles()
        async with self.records.open() as page:
            release = await page.release(release_id)
            if release is None:
                return no_such_release(release_id)
            picture = await take(page, release, agreed, roles=roles, now=now)
            place = the_place(picture, environment)
            if isinstance(place, Refused):
                return place
            not_allowed = lacks(Right.DEPLOY, place.facts.service, by.id, roles)
            if not_allowed:
                return not_allowed
            if place.facts.seal is not None:
                await page.keep_ask(Ask(release.id, environment, place.facts.seal, by.id, now))
                await page.put_on_record(
                    Happened(
                        "ask to deploy",
                        by.id,
                        by.surface,
                        now,
                        release=release.id,
                        candidate=release.candidate.identity if release.candidate else None,
                        subject=environment,
                        detail={
                            "seal": place.facts.seal,
                            "blockers": [str(each.why) for each in place.blockers],
                            **looked_up(place.facts, place.blockers),
                        },
                    )
                )
            await page.commit()
        standing = place.facts.standing
        changes, problem = await self._changes(place.facts.service, release, standing)
        history = [each for each in place.facts.deployments if each.order.environment == environment]
        fallback = standing or last_good(history)
        return Preview(
            picture,
            place,
            changes,
            problem,
            standing,
            fallback,
            f"/deploy confirm {release.name} to {environment}",
            no_way_back(release, changes),
        )

    async def _changes(
        self, service: Service, release: Release, standing: Deployment | None
    ) -> tuple[Changes | None, str]:
        if service.repository is None or release.candidate is None:
            return None, "" if release.candidate is None else "The catalogue names no repository for this service."
        old = standing.order.candidate.commit if standing else None
        try:
            changes = await self.code_host.between(service.repository, old, release.candidate.commit)
        except CodeHostError as error:
            return None, str(error)
        return await with_pulls(self.code_host, service.repository, changes), ""


def no_way_back(release: Release, changes: Changes | None) -> tuple[Sentence, ...]:
    """What can't be rolled back past, by the candidate's own word and the trailers of the commits that come along."""
    own = release.candidate.irreversible if release.candidate is not None else ""
    commits = changes.irreversible if changes is not None and not changes.backwards else ()
    return (
        *((say("⛔ This can't be rolled back past: {what}.", what=own.rstrip(".")),) if own else ()),
        *(
            say(
                "⛔ This can't be rolled back past {commit} by {author}: {what}.",
                commit=Code(each.sha[:7]),
                author=each.author_name,
                what=each.irreversible.rstrip("."),
            )
            for each in commits
        ),
    )


def the_place(picture: Picture, environment: EnvironmentName) -> Place | Refused:
    """The environment that is meant, or what there is instead."""
    if picture.problem is not None or picture.service is None:
        return Refused(picture.problem) if picture.problem else refuse("This release has no service.")
    place = picture.place(environment)
    if place is not None:
        return place
    return no_such_environment(picture.service, environment)


def no_such_environment(service: Service, environment: EnvironmentName) -> Refused:
    """That service has none of that name."""
    return refuse(
        "{service} has no environment {name}. It has {names}.",
        service=service.title,
        name=Code(environment),
        names=AllOf(tuple(Code(each.name) for each in service.environments)),
    )
