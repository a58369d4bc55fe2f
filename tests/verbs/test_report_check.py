"""Report a check: it ticks and opens what waits for it, for exactly that commit, whatever order its words come in."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.notices import CardChanged, ThreadLine
from bot.ports import Work
from bot.rules.audit import first_break
from bot.rules.check import CheckResult
from bot.rules.gate import Reason
from bot.rules.people import SLIPWAY, Surface
from bot.rules.policy import ItemRule, ServiceName
from bot.rules.sentence import Link, Refused
from tests.grounds import database_ground
from tests.makers import FEATURE, HOTFIX, NOW, PAYMENTS, a_change_type
from tests.people import BEN, MAYA, OMAR, QA
from tests.verbs.workshop import Workshop

RUN = "https://ci.example.com/runs/4711"
LINES = (
    ItemRule("regression", "The regression tests have passed", check="regression"),
    ItemRule("load", "It holds under load", QA, check="load"),
    ItemRule("notes", "Release notes are written"),
    ItemRule("manual", "It was tried by hand", QA, reopens=True),
)


@pytest.fixture
def shop():
    return checking(Workshop())


def checking(shop: Workshop) -> Workshop:
    """From now on its hotfixes wait for checks."""
    shop.agrees_on(HOTFIX, checklist=LINES)
    return shop


async def test_a_check_that_passed_ticks_its_line_with_a_link_to_the_run(shop):
    release = await shop.planned(shop.a, "1.0.0")
    done = await shop.reported("regression", shop.a, link=RUN)
    assert [(each.name, item.key) for each, item in done.ticked] == [("R-1", "regression")]
    item = await shop.line(release, "regression")
    assert (item.ticked_by, item.evidence.link) == (SLIPWAY, RUN)
    assert said(shop)[-1] == f"regression passed for {shop.a[:7]}: ticked “The regression tests have passed”."
    line = [each for each in shop.records.told if isinstance(each, ThreadLine)][-1]
    assert dict(line.sentence.parts)["check"] == Link("regression", RUN)
    assert shop.records.told[-1] == CardChanged(release)
    assert shop.records.nudged[-1] == (Work.WATCH_RELEASE, release, "changed")
    (entry,) = await entries(shop, "tick")
    assert (entry.by, entry.surface, entry.subject, entry.candidate) == (SLIPWAY, Surface.WEBHOOK, "regression", shop.a)
    assert entry.detail["link"] == RUN
    assert entry.detail["check"] == "regression"


async def test_a_check_that_failed_opens_its_line_again(shop):
    release = await shop.planned(shop.a, "1.0.0")
    await shop.reported("regression", shop.a)
    done = await shop.reported("regression", shop.a, passed=False)
    assert [item.key for _, item in done.opened] == ["regression"]
    assert not (await shop.line(release, "regression")).done
    assert said(shop)[-1] == (f"regression failed for {shop.a[:7]}: opened “The regression tests have passed” again.")
    assert [each.subject for each in await entries(shop, "untick")] == ["regression"]


async def test_a_failure_that_leaves_a_line_open_is_told_once_until_the_check_has_passed(shop):
    await shop.planned(shop.a, "1.0.0")
    before = len(said(shop))
    for passed in (False, False, True, False, False):
        await shop.reported("regression", shop.a, passed=passed)
    assert [line.split(" for ")[0] + line[line.index(":") :] for line in said(shop)[before:]] == [
        "regression failed: it leaves “The regression tests have passed” open.",
        "regression passed: ticked “The regression tests have passed”.",
        "regression failed: opened “The regression tests have passed” again.",
    ]


async def test_it_counts_for_exactly_that_commit_of_exactly_that_service_and_only_while_a_release_is_open(shop):
    shop.catalogue = replace(
        shop.catalogue, services={**shop.catalogue.services, "search": shop.catalogue.services[PAYMENTS]}
    )
    release = await shop.planned(shop.a, "1.0.0")
    ended = await shop.planned(shop.a, "1.0.1")
    await shop.cancel_release(ended, "Not needed", by=shop.by(MAYA))
    assert not (await shop.reported("regression", shop.b)).ticked
    assert not (await shop.reported("regressions", shop.a)).ticked
    assert not (await shop.reported("regression", shop.a, service=ServiceName("search"))).ticked
    assert not (await shop.line(release, "regression")).done
    done = await shop.reported("regression", shop.a)
    assert [each.name for each, _ in done.ticked] == ["R-1"]


async def test_one_commit_that_several_releases_propose_ticks_in_each(shop):
    for version in ("1.0.0", "1.0.1"):
        await shop.planned(shop.a, version)
    done = await shop.reported("regression", shop.a)
    assert [each.name for each, _ in done.ticked] == ["R-1", "R-2"]


async def test_a_check_lifts_what_blocks_and_approves_nothing(shop):
    shop.agrees_on(HOTFIX, checklist=LINES[:1])
    release = await shop.planned(shop.a, "1.0.0")
    assert await shop.blockers(release, Reason.CHECKLIST)
    await shop.reported("regression", shop.a)
    assert not await shop.blockers(release, Reason.CHECKLIST)
    assert [each.reason for each in await shop.blockers(release)] == [Reason.APPROVAL]
    assert (await shop.picture(release)).release.verdicts == ()


# ---------------------------------------------------------------- again, late, out of order


async def test_the_same_word_again_changes_nothing_not_even_what_a_person_has_done_since(shop):
    release = await shop.planned(shop.a, "1.0.0")
    first = CheckResult(PAYMENTS, shop.a, "load", True, shop.at)
    await shop.report_check(first)
    await shop.tick_item(release, "load", False, by=shop.by(OMAR))
    told, recorded = len(shop.records.told), len(await entries(shop))
    again = await shop.report_check(first)
    assert not again.news
    assert not (await shop.line(release, "load")).done
    assert (len(shop.records.told), len(await entries(shop))) == (told, recorded)


async def test_what_was_said_before_and_arrives_after_changes_nothing(shop):
    release = await shop.planned(shop.a, "1.0.0")
    await shop.reported("regression", shop.a, passed=False)
    late = await shop.reported("regression", shop.a, at=shop.at - timedelta(hours=1))
    assert not late.news
    assert not (await shop.line(release, "regression")).done


@pytest.mark.parametrize("order", [(True, False), (False, True)])
async def test_of_two_words_at_the_same_moment_the_failure_counts_in_whatever_order_they_come(shop, order):
    release = await shop.planned(shop.a, "1.0.0")
    for passed in order:
        await shop.reported("regression", shop.a, passed=passed, at=NOW)
    assert not (await shop.line(release, "regression")).done


async def test_a_later_failure_opens_also_what_its_owner_had_ticked_by_hand(shop):
    release = await shop.planned(shop.a, "1.0.0")
    await shop.tick_item(release, "load", True, by=shop.by(OMAR))
    await shop.reported("load", shop.a, passed=False)
    assert not (await shop.line(release, "load")).done


# ---------------------------------------------------------------- before there is anything to tick


async def test_a_check_that_passed_before_the_release_was_planned_ticks_its_line_at_once(shop):
    early = await shop.reported("regression", shop.a, link=RUN)
    assert early.news
    assert not early.proposed
    release = await shop.planned(shop.a, "1.0.0")
    item = await shop.line(release, "regression")
    assert (item.ticked_by, item.evidence.link) == (SLIPWAY, RUN)
    assert f"regression passed for {shop.a[:7]}: ticked “The regression tests have passed”." in said(shop)
    assert [each.subject for each in await entries(shop, "tick")] == ["regression"]


async def test_a_check_that_failed_before_ticks_nothing(shop):
    await shop.reported("regression", shop.a, passed=False)
    release = await shop.planned(shop.a, "1.0.0")
    assert not (await shop.line(release, "regression")).done


async def test_an_edit_that_brings_other_lines_ticks_those_whose_check_has_passed_and_leaves_the_others_alone(shop):
    shop.catalogue = replace(
        shop.catalogue,
        change_types={
            **shop.catalogue.change_types,
            FEATURE: a_change_type(checklist=(*LINES[1:], ItemRule("scan", "The scan is clean", check="scan"))),
        },
    )
    release = await shop.planned(shop.a, "1.0.0")
    await shop.reported("load", shop.a)
    await shop.reported("scan", shop.a)
    await shop.tick_item(release, "load", False, by=shop.by(OMAR))
    before = (await shop.picture(release)).release
    await shop.edit_release(release, replace(before.plan, change_type=FEATURE), None, by=shop.by(MAYA))
    assert (await shop.line(release, "scan")).ticked_by == SLIPWAY
    assert not (await shop.line(release, "load")).done, "Omar had opened it, and the check has said nothing since"


async def test_a_line_that_the_catalogue_asks_for_from_now_on_is_ticked_by_what_is_known(shop):
    from bot.verbs.adopt_rules import AdoptRules

    release = await shop.planned(shop.a, "1.0.0")
    await shop.reported("scan", shop.a)
    await shop.reported("load", shop.a)
    await shop.tick_item(release, "load", False, by=shop.by(OMAR))
    old = shop.catalogue
    shop.agrees_on(HOTFIX, checklist=(*LINES, ItemRule("scan", "The scan is clean", check="scan")))
    await AdoptRules(shop.records, shop.directory, lambda: shop.at)(old, shop.catalogue)
    assert (await shop.line(release, "scan")).ticked_by == SLIPWAY
    assert not (await shop.line(release, "load")).done
    assert f"scan passed for {shop.a[:7]}: ticked “The scan is clean”." in said(shop)


# ---------------------------------------------------------------- who it is about


async def test_a_check_that_goes_by_another_name_now_ticks_the_lines_that_are_open(shop):
    """Nobody reports under the old name any more, and nobody may tick it by hand: it would wait for ever."""
    from bot.verbs.adopt_rules import AdoptRules

    line = ItemRule("tests", "The tests have passed", None, check="ci")
    shop.agrees_on(FEATURE, checklist=(line,))
    first = await shop.planned(shop.a, "1.0.0", FEATURE)
    second = await shop.planned(shop.b, "2.0.0", FEATURE)
    third = await shop.planned(shop.c, "3.0.0", FEATURE)
    await shop.reported("ci", shop.a)
    await shop.reported("build", shop.b)
    old = shop.catalogue
    shop.agrees_on(FEATURE, checklist=(replace(line, check="build"),))
    await AdoptRules(shop.records, shop.directory, lambda: shop.at)(old, shop.catalogue)
    assert (await shop.line(first, "tests")).done, "what has passed has passed"
    assert (await shop.line(second, "tests")).done, "and what was said before counts as well"
    assert not (await shop.line(third, "tests")).done
    await shop.reported("build", shop.c)
    assert (await shop.line(third, "tests")).done


async def test_a_service_that_there_is_not_is_refused_with_those_that_there_are(shop):
    refused = await shop.report_check(CheckResult(ServiceName("paymets"), shop.a, "regression", True, NOW))
    assert isinstance(refused, Refused)
    assert str(refused.why) == "The catalogue has no service paymets. It has payments."


async def test_it_is_told_which_checks_are_waited_for(shop):
    done = await shop.reported("regresion", shop.a)
    assert done.awaited == {"regression", "load"}


# ---------------------------------------------------------------- at the same moment


async def test_a_word_delivered_ten_times_at_once_counts_once(database_url):
    async with database_ground(database_url) as ground:
        shop = checking(Workshop(ground.records))
        release = await shop.planned(shop.a, "1.0.0")
        result = CheckResult(PAYMENTS, shop.a, "regression", True, NOW, RUN)
        done = await asyncio.gather(*(shop.report_check(result) for _ in range(10)))
        assert sum(each.news for each in done) == 1
        assert (await shop.line(release, "regression")).done
        assert len(await entries(shop, "tick")) == 1


async def test_many_checks_report_at_once_while_people_tick_and_nothing_is_lost(database_url):
    async with database_ground(database_url) as ground:
        shop = Workshop(ground.records)
        checks = [f"check-{number}" for number in range(10)]
        lines = [ItemRule(name, name, check=name) for name in checks]
        lines += [ItemRule(f"line-{number}", f"Line {number}", QA) for number in range(10)]
        shop.agrees_on(HOTFIX, checklist=tuple(lines))
        release = await shop.planned(shop.a, "1.0.0")
        await asyncio.gather(
            *(shop.report_check(CheckResult(PAYMENTS, shop.a, name, True, NOW)) for name in checks),
            *(shop.tick_item(release, f"line-{number}", True, by=shop.by(OMAR)) for number in range(10)),
        )
        assert all(item.done for item in (await shop.picture(release)).release.checklist)
        async with ground.records.read() as reading:
            assert first_break(await reading.record()) is None


@pytest.mark.parametrize("round_", range(5))
async def test_a_check_that_reports_while_its_commit_is_proposed_is_heard_whoever_is_first(database_url, round_):
    """Whichever commits first: the other one sees it. A commit that is green and a line that stays open can't be."""
    async with database_ground(database_url) as ground:
        shop = checking(Workshop(ground.records))
        proposed = await shop.planned(shop.a, "1.0.0")

        async def later(word, wait: float):
            await asyncio.sleep(wait)
            return await word

        _, _, planned = await asyncio.gather(
            later(shop.report_check(CheckResult(PAYMENTS, shop.b, "regression", True, NOW)), 0.002 * round_),
            later(shop.set_candidate(proposed, shop.b, by=shop.by(BEN)), 0.004),
            later(shop.planned(shop.b, "2.0.0"), 0.004),
        )
        assert (await shop.line(proposed, "regression")).done
        assert (await shop.line(planned, "regression")).done


def said(shop) -> list[str]:
    return [str(notice.sentence) for notice in shop.records.told if isinstance(notice, ThreadLine)]


async def entries(shop, verb: str = "") -> list:
    async with shop.records.read() as reading:
        return [each.happened for each in await reading.record() if verb in {"", each.happened.verb}]
