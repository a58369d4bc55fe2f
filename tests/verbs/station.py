"""A station: a workshop with three services, whose releases go to production on one train."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.ports import Records
from bot.rules.deployment import Attempt, Deployment
from bot.rules.people import Person
from bot.rules.policy import EnvironmentName, ServiceName
from bot.rules.release import ReleaseId
from bot.rules.train import Answer, Train, TrainId
from bot.verbs.answer_train import Answered
from bot.verbs.ask_train import TrainPreview
from bot.verbs.confirm_train import TrainConfirmed
from bot.verbs.trains import TrainSeen, see
from tests.makers import HOTFIX, PRODUCTION, a_service
from tests.people import MAYA, OMAR
from tests.verbs.workshop import Workshop

SERVICES = tuple(ServiceName(name) for name in ("payments", "ledger", "storefront"))


class Station(Workshop):
    """Payments, the ledger that needs them, and the storefront; in production stands version 1 of each."""

    def __init__(self, records: Records | None = None, **service: Any) -> None:
        super().__init__(records)
        self.commits: dict[ServiceName, list[str]] = {}
        services = {}
        for name in SERVICES:
            repository = f"/srv/{name}"
            old = self.code.commit(repository, f"{name} 1", email="lena@example.com")
            new = self.code.commit(repository, f"{name} 2", parents=[old])
            newer = self.code.commit(repository, f"{name} 3", parents=[new])
            self.commits[name] = [old, new, newer]
            services[name] = a_service(name, repository=repository, **service)
        self.catalogue = replace(self.catalogue, services=services)

    async def release(self, service: ServiceName, version: int, *needs: ReleaseId, approved: bool = True) -> ReleaseId:
        """That service in that version, planned by Maya and approved by Omar."""
        ref = self.commits[service][version - 1]
        number = await self.planned(ref, f"{version}.0", HOTFIX, service=service, depends_on=needs)
        if approved:
            await self.approve(number, PRODUCTION, None, by=self.by(OMAR))
        return number

    async def opened(self) -> list[ReleaseId]:
        """Version 1 stands everywhere; R-4, R-5 (which needs R-4) and R-6 bring version 2."""
        for name in SERVICES:
            await self.deployed(await self.release(name, 1))
        payments = await self.release(SERVICES[0], 2)
        ledger = await self.release(SERVICES[1], 2, payments)
        return [payments, ledger, await self.release(SERVICES[2], 2)]

    async def looked(
        self, releases: list[ReleaseId], by: Person = MAYA, environment: EnvironmentName = PRODUCTION
    ) -> TrainPreview:
        """Somebody has looked at that train."""
        seen = await self.ask_train(releases, environment, by=self.by(by))
        assert isinstance(seen, TrainPreview), str(seen.why)
        return seen

    async def departed(self, releases: list[ReleaseId]) -> Train:
        """Maya has looked and confirmed."""
        await self.looked(releases)
        done = await self.confirm_train(releases, PRODUCTION, by=self.by(MAYA))
        assert isinstance(done, TrainConfirmed), str(done)
        return done.train

    async def train(self, number: TrainId) -> TrainSeen:
        """A train as it is kept."""
        async with self.records.read() as page:
            found = await page.train(number)
            assert found is not None, f"there is no T-{number}"
            return await see(page, found)

    async def moved(self, number: TrainId, moves: int = 60) -> TrainSeen:
        """It goes as far as it can, and what it starts goes to its end, or waits out there."""
        for _ in range(moves):
            following = await self.run_train(number)
            seen = await self.train(number)
            if following.done or seen.train.asks:
                return seen
            going = [each for each in seen.how.values() if each.holds or each.waits]
            if following.after and not await self._pushed(going):
                return seen
        raise AssertionError("it never comes to rest")

    async def _pushed(self, going: list[Deployment]) -> bool:
        """Whether anything of it has come further."""
        further = False
        for each in going:
            after = await self.followed(each, moves=1)
            further = further or after != each
        return further

    async def answered(self, number: TrainId, answer: Answer, by: Person = MAYA) -> None:
        """Somebody says how it goes on."""
        done = await self.answer_train(number, answer, None, by=self.by(by))
        assert isinstance(done, Answered), str(done.why)

    async def versions(self) -> dict[str, str]:
        """What stands in production."""
        found = {}
        async with self.records.read() as page:
            for name in SERVICES:
                history = await page.deployments(service=name, environment=PRODUCTION)
                stands = next((each for each in history if each.attempt is Attempt.SUCCEEDED), None)
                found[str(name)] = stands.order.version if stands else ""
        return found
