"""Mark pull requests: each open one carries a status for each environment, as it stands now with freezes and the gate.

What stands there is asked for, and written only where it differs: after a crash, on another replica, or if somebody
else has written it, the next look mends it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.notices import ChannelLine
from bot.ports import Agreed, Clock, Mark, Marks, Next, PublisherError, Records, again
from bot.rules.gate import Reason
from bot.rules.mark import MarkState, Standing, by_freezes
from bot.rules.policy import EnvironmentName, PullRequestRule, Service
from bot.rules.sentence import Sentence, in_a_row, say
from bot.verbs.ask_gate import AskGate, Unaskable
from bot.verbs.look import EVERY_OPEN_ONE

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)
UNWANTED = timedelta(minutes=5)
"""How soon a catalogue that asks for marks again is noticed."""
MOST_AT_ONCE = 20
"""So many are written in one look, and so in a minute: a code host slows down whoever writes much more."""
MOST_REFUSED = 5
"""After so many it is no matter of one pull request."""
LONGEST = 140
"""More, GitHub refuses."""
CONTEXT = "slipway/{service}/{environment}"

Write = Callable[[Sequence[Sentence]], Awaitable[str]]
"""These sentences for somebody at the code host: plain words, with people by their names."""


@dataclass(frozen=True, slots=True)
class MarkPullRequests:
    """One look at all of them."""

    records: Records
    marks: Marks
    ask_gate: AskGate
    agreed: Agreed
    now: Clock
    write: Write

    async def __call__(self, key: int) -> Next:
        """Bring them up to date. Whatever could not be written waits for the next look, soon or by a nudge."""
        del key
        wanted = [each for each in self.agreed().services.values() if each.pull_requests and each.repository]
        if not wanted:
            return again(UNWANTED)
        left = MOST_AT_ONCE
        for service in wanted:
            assert service.pull_requests is not None
            assert service.repository is not None
            try:
                left -= await self._bring_up_to_date(service, service.repository, service.pull_requests, left)
            except PublisherError as error:
                log.warning("The pull requests of %s can't be marked now: %s", service.name, error)
                if not error.later:
                    await self._tell(service, error)
        return again(EVERY)

    async def _bring_up_to_date(self, service: Service, repository: str, rule: PullRequestRule, most: int) -> int:
        """How many were written."""
        written = 0
        heads = await self.marks.open_heads(repository, rule.branch)
        general = await self._by_freezes(service, rule)
        proposed = await self._proposed(service)
        refused: list[PublisherError] = []
        for head in heads:
            if written >= most or len(refused) == MOST_REFUSED:
                break
            standing = await self._by_gate(service, rule, head) if head in proposed else general
            try:
                written += await self._bring_one_up_to_date(service, repository, head, standing, most - written)
            except PublisherError as error:
                if error.later:
                    raise
                refused.append(error)  # one that is refused keeps no other from being marked
        if refused:
            await self._tell(service, refused[0])
        return written

    async def _bring_one_up_to_date(
        self,
        service: Service,
        repository: str,
        head: str,
        standing: Mapping[EnvironmentName, Standing],
        most: int,
    ) -> int:
        """How many were written."""
        written = 0
        there = await self.marks.marked(repository, head)
        for environment, each in standing.items():
            mark = await self._mark(service, environment, each)
            if there.get(mark.context) == mark:
                continue
            if written >= most:
                break
            await self.marks.mark(repository, head, mark)
            written += 1
        return written

    async def _proposed(self, service: Service) -> frozenset[str]:
        async with self.records.read() as page:
            releases = await page.releases(service=service.name, open_only=True, limit=EVERY_OPEN_ONE)
        return frozenset(each.candidate.commit for each in releases if each.candidate is not None)

    async def _by_freezes(self, service: Service, rule: PullRequestRule) -> Mapping[EnvironmentName, Standing]:
        now, sources = self.now(), self.agreed().calendars
        async with self.records.read() as page:
            freezes = await page.freezes(not_over_at=now, limit=None)
            states = {each.name: each for each in await page.calendars()}
        calendars = {each: states.get(each.name) for each in sources}
        return {each: by_freezes(service, each, freezes, calendars, now) for each in rule.environments}

    async def _by_gate(
        self, service: Service, rule: PullRequestRule, commit: str
    ) -> Mapping[EnvironmentName, Standing]:
        return {each: await self._asked(service, each, commit) for each in rule.environments}

    async def _asked(self, service: Service, environment: EnvironmentName, commit: str) -> Standing:
        """What the gate says of the release that proposes it. Only a freeze is a failure; all else can be done."""
        asked = await self.ask_gate.of_commit(service.name, environment, commit)
        if isinstance(asked, Unaskable):
            return Standing(MarkState.PENDING, asked.why)
        if asked.open:
            name = asked.release.name if asked.release is not None else "It"
            told = say("{release} may go to {environment}.", release=name, environment=environment)
            return Standing(MarkState.SUCCESS, told)
        frozen = [each for each in asked.blockers if each.reason is Reason.FREEZE]
        first, more = (frozen or asked.blockers)[0].why, len(asked.blockers) - 1
        why = in_a_row([first, say("And {more} more.", more=more)], " ") if more else first
        return Standing(MarkState.FAILURE if frozen else MarkState.PENDING, why)

    async def _mark(self, service: Service, environment: EnvironmentName, standing: Standing) -> Mark:
        told = " ".join((await self.write([standing.why])).split())
        return Mark(
            CONTEXT.format(service=service.name, environment=environment),
            standing.state,
            told if len(told) <= LONGEST else f"{told[: LONGEST - 1]}…",
            f"https://slack.com/app_redirect?channel={service.channel}",
        )

    async def _tell(self, service: Service, error: PublisherError) -> None:
        """Somebody has to mend it: told once for each reason."""
        async with self.records.open() as page:
            if await page.first_time(f"marks of {service.name}: {error}"[:200]):
                told = say(
                    "I can't mark the open pull requests of {service}: {why} I go on trying.",
                    service=service.title,
                    why=str(error),
                )
                await page.tell(ChannelLine(service.channel, told))
                await page.commit()
