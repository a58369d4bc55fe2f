"""Report a run: it is a check of every service whose code is in that repository."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.rules.policy import ItemRule, ServiceName
from bot.verbs.report_check import Reported
from bot.verbs.report_run import ReportRun, Run, Unawaited
from bot.verbs.services_at import ServicesAt
from integrations.github.places import at_github
from tests.handlers.hub import NAME, agrees_on, services_at
from tests.makers import HOTFIX, a_service
from tests.verbs.workshop import REPOSITORY, Workshop

REFUNDS = ServiceName("refunds")
TESTS = ItemRule("tests", "The tests have passed", check="tests")


def a_run(shop: Workshop, **instead: Any) -> Run:
    ready = {"repository": NAME, "commit": shop.a, "name": "tests", "passed": True, "at": shop.at, "link": None}
    return Run(**(ready | instead))


@pytest.fixture
def report(shop: Workshop) -> ReportRun:
    return ReportRun(shop.records, lambda: shop.catalogue, services_at(shop), shop.report_check)


async def test_all_services_of_a_repository_hear_of_it_and_each_ticks_its_own(shop, report):
    agrees_on(
        shop,
        a_service(REFUNDS, repository=REPOSITORY, checklist=(TESTS,)),
        a_service(ServiceName("elsewhere"), repository="/srv/other", checklist=(TESTS,)),
    )
    one = await shop.planned(shop.a, "1.0.0", service=REFUNDS)
    other = await shop.planned(shop.a, "1.0.0")
    payments, refunds = await report(a_run(shop))
    assert payments == Unawaited("payments", frozenset())
    assert isinstance(refunds, Reported)
    assert [(release.id, item.key) for release, item in refunds.ticked] == [(one, "tests")]
    assert (await shop.picture(other)).release.checklist == ()


async def test_a_line_that_only_an_open_release_has_is_enough(shop, report):
    shop.agrees_on(HOTFIX, checklist=(TESTS,))
    release = await shop.planned(shop.a, "1.0.0")
    shop.agrees_on(HOTFIX, checklist=())
    await report(a_run(shop))
    assert (await shop.line(release, "tests")).done


async def test_a_service_that_leaves_the_catalogue_meanwhile_is_left_out(shop, report):
    there = services_at(shop)
    seen = there(NAME)
    shop.catalogue = replace(shop.catalogue, services={})
    late = ReportRun(shop.records, lambda: shop.catalogue, lambda _: seen, shop.report_check)
    assert await late(a_run(shop)) == (Unawaited("payments", frozenset()),)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("acme/payments", True),
        ("Acme/Payments", True),
        ("https://github.com/acme/payments.git", True),
        ("git@github.com:acme/payments.git", True),
        ("https://github.example.com/acme/payments", False),
        ("./acme/payments", False),
        ("acme/payments-api", False),
        (None, False),
    ],
)
async def test_a_repository_is_found_however_the_catalogue_writes_it(shop, written, found):
    agrees_on(shop, a_service(repository=written))
    there = ServicesAt(lambda: shop.catalogue, lambda repository: at_github(repository, "github.com"))
    assert bool(there("acme/payments")) is found
