"""Answering protection rules: what Slipway has started may go on, and what the catalogue leaves to the gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.notices import ChannelLine
from bot.ports import Work
from bot.rules.people import SLIPWAY
from bot.rules.policy import EnvironmentName, Protection, ServiceName
from bot.rules.protected_run import ProtectedRun, ProtectedRunId, Question
from bot.rules.sentence import Sentence
from bot.verbs.answer_protection_rule import GIVEN_UP, KNOWN_SOON, PATIENCE, AnswerProtectionRule, HearProtectionRule
from bot.verbs.ask_gate import AskGate
from bot.verbs.services_at import ServicesAt
from tests.grounds import database_ground
from tests.makers import PAYMENTS, PRODUCTION, STAGING, a_service, an_environment
from tests.people import MAYA
from tests.twins import FakeProtectionRules, Script
from tests.verbs.workshop import REPOSITORY, Workshop

NAME = "acme/payments"
RUN = 12345678901


class Gatehouse:
    """A workshop with somebody who answers workflows."""

    def __init__(self, shop: Workshop) -> None:
        self.shop = shop
        self.rules = FakeProtectionRules()
        self.hear = HearProtectionRule(shop.records)
        self.answer = AnswerProtectionRule(
            shop.records,
            self.rules,
            AskGate(shop.look),
            {"command": shop.deployer},
            lambda: shop.catalogue,
            lambda: shop.at,
            ServicesAt(lambda: shop.catalogue, {REPOSITORY: NAME}.get),
            self.write,
        )

    async def write(self, sentences: Sequence[Sentence]) -> str:
        return " ".join(map(str, sentences))

    async def asks(self, commit: str, environment: str = "production", **instead: Any) -> ProtectedRunId:
        """A workflow stands before that environment."""
        question = replace(Question(NAME, RUN, environment, commit, self.shop.at), **instead)
        self.rules.waits(question)
        return await self.hear(question)

    async def answered(self, commit: str, environment: str = "production", **instead: Any) -> tuple[bool, str]:
        """It asks, and is answered at once."""
        number = await self.asks(commit, environment, **instead)
        assert (await self.answer(number)).done
        _, approved, why = self.rules.answers[-1]
        return approved, why

    async def kept(self, number: ProtectedRunId) -> ProtectedRun:
        async with self.shop.records.read() as page:
            found = await page.protected_run(number)
        assert found is not None
        return found


@pytest.fixture
def shop():
    return Workshop()


@pytest.fixture
def gatehouse(shop):
    return Gatehouse(shop)


def by_the_gate() -> Workshop:
    places = (
        an_environment(STAGING),
        an_environment(PRODUCTION, after=(STAGING,), protection=Protection.GATE),
    )
    return Workshop(environments=places)


async def under_way(shop: Workshop, ref: str | None = None):
    """A deployment is at work; the target calls it so."""
    shop.target.script = Script(waits=True)
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    async with shop.records.open() as page:
        there = await page.deployment(deployment.id)
        kept = await page.keep_deployment(replace(there, target_ref=ref))
        await page.commit()
    return kept


async def test_a_question_starts_durable_work_once(shop, gatehouse):
    first = await gatehouse.asks(shop.a)
    again = await gatehouse.asks(shop.a)

    assert first == again
    assert set(shop.records.started) == {(Work.ANSWER_PROTECTION_RULE, first)}


# ---------------------------------------------------------------- what Slipway has started


async def test_what_slipway_has_started_goes_on(shop, gatehouse):
    await under_way(shop, str(RUN))

    assert await gatehouse.answered(shop.a) == (
        True,
        "Slipway has started it: D-1 brings 1.0.0 to production.",
    )


async def test_its_run_is_enough_where_the_workflow_stands_on_another_commit(shop, gatehouse):
    await under_way(shop, str(RUN))
    approved, _ = await gatehouse.answered(shop.d)
    assert approved


async def test_its_commit_is_enough_where_nobody_knows_the_run(shop, gatehouse):
    await under_way(shop, "job-7")
    approved, _ = await gatehouse.answered(shop.a, environment="Production")
    assert approved


async def test_its_commit_is_not_enough_where_the_run_is_named(shop, gatehouse):
    """Somebody else's run at the same commit may deploy whatever it was given."""
    shop.deployer.names_run = True
    await under_way(shop, str(RUN))
    mine, _ = await gatehouse.answered(shop.a)
    other, why = await gatehouse.answered(shop.a, run=RUN + 1)
    assert (mine, other) == (True, False)
    assert "Slipway has not started this" in why


async def test_what_nobody_has_started_is_stopped_and_told_what_would_help(shop, gatehouse):
    approved, why = await gatehouse.answered(shop.a)

    assert not approved
    assert "Slipway has not started this" in why
    assert f"/release new payments <version> {shop.a}" in why


async def test_another_commit_than_the_one_under_way_is_stopped(shop, gatehouse):
    await under_way(shop, "4712")
    approved, _ = await gatehouse.answered(shop.b)
    assert not approved


async def test_another_environment_than_the_one_under_way_is_stopped(shop, gatehouse):
    await under_way(shop, str(RUN))
    approved, _ = await gatehouse.answered(shop.a, environment="staging")
    assert not approved


async def test_what_was_there_before_and_is_done_lets_nothing_through(shop, gatehouse):
    await shop.shipped(shop.a, "1.0.0")
    approved, _ = await gatehouse.answered(shop.a)
    assert not approved


async def test_what_was_asked_to_stop_does_not_go_on(shop, gatehouse):
    deployment = await under_way(shop, str(RUN))
    await shop.cancel_deploy(deployment.id, by=shop.by(MAYA))

    assert await gatehouse.answered(shop.a) == (False, "D-1 was asked to stop.")


async def test_a_run_that_may_turn_out_to_be_ours_is_waited_for(shop, gatehouse):
    deployment = await under_way(shop)
    number = await gatehouse.asks(shop.d)
    assert not (await gatehouse.answer(number)).done
    assert gatehouse.rules.answers == []
    async with shop.records.open() as page:
        there = await page.deployment(deployment.id)
        await page.keep_deployment(replace(there, target_ref=str(RUN)))
        await page.commit()

    assert (await gatehouse.answer(number)).done
    assert gatehouse.rules.answers[-1][1]


async def test_it_is_not_waited_for_without_end(shop, gatehouse):
    await under_way(shop)
    number = await gatehouse.asks(shop.d)
    shop.at += KNOWN_SOON

    assert (await gatehouse.answer(number)).done
    assert not gatehouse.rules.answers[-1][1]


async def test_an_environment_that_the_catalogue_lacks_is_stopped_with_a_reason(gatehouse, shop):
    approved, why = await gatehouse.answered(shop.a, environment="prod")
    assert not approved
    assert "no service in acme/payments with an environment called prod" in why


async def test_a_repository_that_the_catalogue_lacks_is_stopped(gatehouse, shop):
    await under_way(shop, str(RUN))
    approved, _ = await gatehouse.answered(shop.a, repository="acme/other")
    assert not approved


# ---------------------------------------------------------------- where the gate alone decides


async def test_where_the_gate_decides_an_open_one_is_enough():
    shop = by_the_gate()
    gatehouse = Gatehouse(shop)
    await shop.approved(shop.a, "1.0.0")

    assert await gatehouse.answered(shop.a) == (True, "The gate is open: R-1 brings 1.0.0 to production.")


async def test_where_the_gate_decides_a_closed_one_tells_why_and_what_would_help():
    shop = by_the_gate()
    gatehouse = Gatehouse(shop)
    await shop.planned(shop.a, "1.0.0")
    approved, why = await gatehouse.answered(shop.a)

    assert not approved
    assert "approval" in why
    assert "/release approve R-1 production" in why


async def test_where_the_gate_decides_what_nobody_planned_is_stopped():
    shop = by_the_gate()
    gatehouse = Gatehouse(shop)
    approved, why = await gatehouse.answered(shop.a)

    assert not approved
    assert "No open release of Payments proposes" in why


async def test_an_open_gate_is_not_enough_where_the_catalogue_does_not_say_so(shop, gatehouse):
    await shop.approved(shop.a, "1.0.0")
    approved, _ = await gatehouse.answered(shop.a)
    assert not approved


async def test_of_two_services_in_one_repository_no_gate_can_be_told():
    shop = by_the_gate()
    other = a_service(ServiceName("refunds"), repository=REPOSITORY)
    shop.catalogue = replace(shop.catalogue, services={**shop.catalogue.services, other.name: other})
    gatehouse = Gatehouse(shop)
    await shop.approved(shop.a, "1.0.0")
    approved, why = await gatehouse.answered(shop.a)

    assert not approved
    assert "Payments and Refunds share this repository" in why


# ---------------------------------------------------------------- trouble


async def test_the_answer_is_on_the_record(shop, gatehouse):
    number = await gatehouse.asks(shop.a)
    await gatehouse.answer(number)

    async with shop.records.read() as page:
        (entry,) = [each.happened for each in await page.record() if each.happened.subject == f"run {RUN}"]
    assert (entry.verb, entry.by, entry.candidate) == ("stop a workflow", SLIPWAY, shop.a)
    assert (await gatehouse.kept(number)).approved is False


async def test_what_was_said_before_a_crash_is_not_said_again(shop, gatehouse):
    number = await gatehouse.asks(shop.a)
    gatehouse.rules.loses_answers = True
    assert not (await gatehouse.answer(number)).done
    for _ in range(2):
        assert (await gatehouse.answer(number)).done

    assert len(gatehouse.rules.answers) == 1
    kept = await gatehouse.kept(number)
    assert kept.answered_at is not None
    async with shop.records.read() as page:
        told = [each.happened.verb for each in await page.record() if each.happened.subject == f"run {RUN}"]
    assert told == ["stop a workflow"], "it was said, whoever heard it"
    assert kept.approved is False


async def test_a_decision_that_changes_before_it_could_be_said_is_on_the_record_both_times(shop, gatehouse):
    number = await gatehouse.asks(shop.a)
    gatehouse.rules.away = "It does not answer."
    await gatehouse.answer(number)
    await under_way(shop, str(RUN))
    await gatehouse.answer(number)
    await gatehouse.answer(number)
    async with shop.records.read() as page:
        told = [each.happened.verb for each in await page.record() if each.happened.subject == f"run {RUN}"]
    assert told == ["stop a workflow", "let a workflow go on"]


async def test_while_the_code_host_is_away_the_workflow_waits_and_people_hear_of_it_once(shop, gatehouse):
    number = await gatehouse.asks(shop.a)
    gatehouse.rules.away = "It does not answer."
    await gatehouse.answer(number)
    assert await shop.told(ChannelLine) == []
    for _ in range(2):
        shop.at += PATIENCE
        assert (await gatehouse.answer(number)).after <= timedelta(minutes=10)

    (line,) = await shop.told(ChannelLine)
    assert "It does not answer." in str(line.sentence)
    assert line.channel == shop.catalogue.services[PAYMENTS].channel
    gatehouse.rules.away = ""
    assert (await gatehouse.answer(number)).done
    assert len(gatehouse.rules.answers) == 1


async def test_what_somebody_has_to_mend_is_told_at_once(shop, gatehouse):
    number = await gatehouse.asks(shop.a)
    gatehouse.rules.refuses = "It takes the permission “Deployments: write”."
    assert not (await gatehouse.answer(number)).done
    assert len(await shop.told(ChannelLine)) == 1


async def test_after_a_day_nobody_tries_any_more(shop, gatehouse):
    number = await gatehouse.asks(shop.a)
    gatehouse.rules.away = "It does not answer."
    shop.at += GIVEN_UP
    assert (await gatehouse.answer(number)).done
    assert (await gatehouse.kept(number)).answered_at is not None


async def test_a_question_whose_environment_is_gone_is_told_to_the_owners_if_it_cannot_be_answered(shop, gatehouse):
    number = await gatehouse.asks(shop.a, environment=EnvironmentName("gone"))
    gatehouse.rules.refuses = "Nobody may."
    await gatehouse.answer(number)
    (line,) = await shop.told(ChannelLine)
    assert line.channel == shop.catalogue.owners_channel


async def test_over_a_database_it_is_the_same(database_url):
    async with database_ground(database_url) as ground:
        shop = Workshop(ground.records)
        gatehouse = Gatehouse(shop)
        shop.target.script = Script(waits=True)
        await shop.started(await shop.approved(shop.a, "1.0.0"))
        number = await gatehouse.asks(shop.a)
        for _ in range(2):
            assert (await gatehouse.answer(number)).done
        assert [approved for _, approved, _ in gatehouse.rules.answers] == [True]
        assert (await gatehouse.kept(number)).approved is True
