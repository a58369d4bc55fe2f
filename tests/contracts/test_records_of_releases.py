"""The records' promise for releases: all that is planned, proposed, ticked and said is read again as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.ports import ConflictError
from bot.rules.approval import Word
from bot.rules.candidate import Seal
from bot.rules.checklist import Evidence, Item
from bot.rules.hours import Hours, Span
from bot.rules.policy import FreezeMeaning
from bot.rules.release import Ending, ReleaseId
from bot.rules.terms import Terms
from tests.keeping import LATER, SEARCH, a_version, as_read, kept, planned
from tests.makers import HOTFIX, NOW, PAYMENTS, a_candidate, a_draft, a_plan, a_verdict
from tests.people import BEN, CHANGE_MANAGER, MAYA, OMAR, QA, RUTH

if TYPE_CHECKING:
    from bot.ports import Records

TERMS = Terms(
    approvals=((CHANGE_MANAGER, 1), (QA, 2)),
    items=(("notes", "Notes — “größer”", "qa"), ("tests", "Tests", "")),
    keeps_order=True,
    freeze=FreezeMeaning.ACKNOWLEDGE,
    requester_may_approve=False,
    author_may_approve=False,
    bake=timedelta(days=1, seconds=1, milliseconds=250),
    hours=Hours((Span(frozenset(range(5)), time(9), time(17)),), "Europe/Berlin"),
    two_people=True,
    may_confirm=(True, False, False),
)
"""Rules of which each asks for something."""


async def test_a_release_is_read_as_it_was_planned(records: Records) -> None:
    first = await planned(records)
    plan = a_plan(
        version="2.5.0", title="Größer, „schöner“ 🚀\n<@U0BEN>", target=date(2026, 12, 1), depends_on=(first.id,)
    )
    second = await planned(records, a_draft(plan=plan))
    assert (first.id, second.id) == (1, 2)
    assert first.candidate == a_candidate()
    assert second.candidate is None
    assert await as_read(records, first.id) == first
    assert await as_read(records, second.id) == second
    assert second.plan == plan


async def test_everything_that_happens_to_a_release_is_kept(records: Records) -> None:
    release = await planned(records, a_draft())
    release = await kept(records, release.with_candidate(a_candidate()))
    release = await kept(records, release.with_item(release.checklist[0].ticked(MAYA.id, NOW)))
    release = await kept(records, release.with_verdict(a_verdict(OMAR.id, QA)))
    release = await kept(
        records, release.with_verdict(a_verdict(RUTH.id, CHANGE_MANAGER, Word.NO, reason="Too close to the sale"))
    )
    release = await kept(records, release.without(release.verdicts[1], LATER))
    release = await kept(
        records,
        replace(release, plan=replace(release.plan, title="Refunds", target=date(2026, 12, 24), change_type=HOTFIX)),
    )
    release = await kept(
        records,
        release.with_candidate(a_candidate("second", artifact="sha256:abc", authors=(), author_ids=frozenset())),
    )
    release = await kept(records, release.with_item(release.checklist[0].reopened()))
    release = await kept(records, replace(release, launched=Ending(MAYA.id, LATER, "Go")))
    assert release.revision == 9
    assert await as_read(records, release.id) == release
    assert [verdict.stands for verdict in release.verdicts] == [True, False]
    assert release.candidate is not None
    assert release.candidate.artifact == "sha256:abc"


async def test_a_release_can_be_cancelled_with_a_reason(records: Records) -> None:
    release = await planned(records)
    release = await kept(records, replace(release, cancelled=Ending(BEN.id, LATER, "Not needed any more")))
    assert await as_read(records, release.id) == release


async def test_a_checklist_can_become_another_one(records: Records) -> None:
    release = await planned(records)
    notes, regression, dashboards = release.checklist
    ticked = regression.ticked(OMAR.id, NOW)
    other = replace(dashboards, key="runbook", text="The runbook is up to date", required=True)
    release = await kept(records, replace(release, checklist=(other, ticked, replace(notes, text="Notes"))))
    assert await as_read(records, release.id) == release
    release = await kept(records, replace(release, checklist=()))
    assert await as_read(records, release.id) == release


async def test_a_line_of_the_checklist_keeps_how_it_is_done_until_when_and_what_was_seen(records: Records) -> None:
    tests = Item(
        "tests",
        "The regression tests have passed",
        QA,
        required=True,
        note="Run them on staging",
        link="https://how.example.com",
        due=timedelta(days=2, hours=1),
        check="regression",
        reopens=True,
    )
    at_once = replace(tests, key="at-once", due=timedelta(0), check=None, reopens=False, note="", link=None)
    release = await planned(records, a_draft(checklist=(tests, at_once)))
    assert await as_read(records, release.id) == release
    seen = Evidence("Twice, since the first run was flaky", "https://run.example.com")
    release = await kept(records, release.with_item(tests.ticked(OMAR.id, NOW, seen)))
    assert await as_read(records, release.id) == release
    release = await kept(records, release.with_item(release.checklist[0].reopened()))
    read = await as_read(records, release.id)
    assert read is not None
    assert read == release
    assert read.checklist[0].evidence == seen
    changed = replace(at_once, due=None, check="smoke", reopens=True, note="By hand", link="https://how.example.com")
    release = await kept(records, release.with_item(changed))
    assert await as_read(records, release.id) == release


async def test_keeping_what_did_not_change_changes_nothing(records: Records) -> None:
    release = await planned(records)
    assert await kept(records, release) == release
    assert await as_read(records, release.id) == release


async def test_whoever_looked_before_somebody_else_changed_it_hears_of_a_conflict(records: Records) -> None:
    seen = await planned(records)
    changed = await kept(records, seen.with_item(seen.checklist[0].ticked(MAYA.id, NOW)))
    async with records.open() as page:
        with pytest.raises(ConflictError, match="R-1 was changed by somebody else"):
            await page.keep(seen.with_verdict(a_verdict(OMAR.id, QA)))
        # The page can go on: the refusal has changed nothing.
        assert await page.release(seen.id) == changed
        await page.keep(changed.with_verdict(a_verdict(OMAR.id, QA)))
        await page.commit()
    after = await as_read(records, seen.id)
    assert after is not None
    assert len(after.verdicts) == 1
    assert after.checklist[0].done


async def test_keeping_something_unchanged_but_outdated_is_a_conflict_too(records: Records) -> None:
    seen = await planned(records)
    await kept(records, seen.with_item(seen.checklist[0].ticked(MAYA.id, NOW)))
    async with records.open() as page:
        with pytest.raises(ConflictError):
            await page.keep(seen)


async def test_one_page_may_keep_the_same_release_several_times(records: Records) -> None:
    async with records.open() as page:
        release = await page.add_release(a_draft())
        release = await page.keep(release.with_candidate(a_candidate()))
        release = await page.keep(release.with_verdict(a_verdict(OMAR.id, QA)))
        assert await page.release(release.id) == release
        await page.commit()
    assert release.revision == 2
    assert await as_read(records, release.id) == release


async def test_a_word_is_kept_with_what_it_was_said_about_under_which_terms_and_in_whose_place(
    records: Records,
) -> None:
    release = await planned(records)
    in_his_place = a_verdict(
        BEN.id, QA, on_behalf_of=OMAR.id, subject=Seal("this"), terms=TERMS, candidate="abc@sha256:1", version="2.4.0"
    )
    without_any_rule = a_verdict(RUTH.id, CHANGE_MANAGER, subject=Seal("this"), terms=Terms())
    by_its_seal_only = a_verdict(MAYA.id, CHANGE_MANAGER)
    for word in (in_his_place, without_any_rule, by_its_seal_only):
        release = await kept(records, release.with_verdict(word))
    read = await as_read(records, release.id)
    assert read is not None
    assert read == release
    assert read.verdicts == (in_his_place, without_any_rule, by_its_seal_only)
    # What was read is so exactly what was said that it can be withdrawn.
    read = await kept(records, read.without(read.verdicts[0], LATER))
    assert await as_read(records, release.id) == read
    assert read.verdicts[0] == in_his_place.withdrawn(LATER)


async def test_what_was_said_can_be_withdrawn_but_not_unsaid(records: Records) -> None:
    release = await planned(records)
    release = await kept(
        records, release.with_verdict(a_verdict(OMAR.id, QA, subject=Seal("this"), terms=TERMS, candidate="abc"))
    )
    (said,) = release.verdicts
    lies = [
        replace(release, verdicts=()),
        replace(release, verdicts=(replace(said, word=Word.NO),)),
        replace(release, verdicts=(replace(said, on_behalf_of=BEN.id),)),
        replace(release, verdicts=(replace(said, subject=Seal("that")),)),
        replace(release, verdicts=(replace(said, terms=Terms()),)),
        replace(release, verdicts=(replace(said, subject=None, terms=None),)),
        replace(release, verdicts=(replace(said, candidate="def"),)),
        replace(release, verdicts=(replace(said, version="2.5.0"),)),
        replace(release, verdicts=(a_verdict(RUTH.id, CHANGE_MANAGER), *release.verdicts)),
        replace(release, candidate=None),
        replace(release, requested_by=BEN.id),
    ]
    for lie in lies:
        with pytest.raises(ValueError, match=r"can't|neither"):
            await kept(records, lie)
    assert await as_read(records, release.id) == release


async def test_releases_are_found_by_what_a_screen_asks_for(records: Records) -> None:
    one = await planned(records)
    two = await planned(records, a_draft(plan=a_plan(service=SEARCH), requested_by=BEN.id))
    three = await planned(records, a_version("2.5.0", requested_by=BEN.id))
    four = await kept(records, replace(await planned(records, a_version("2.6.0")), cancelled=Ending(MAYA.id, NOW)))
    async with records.read() as reading:
        assert await reading.releases() == [four, three, two, one]
        assert await reading.releases(limit=2) == [four, three]
        assert await reading.releases(service=PAYMENTS) == [four, three, one]
        assert await reading.releases(service=PAYMENTS, open_only=True) == [three, one]
        assert await reading.releases(requested_by=BEN.id) == [three, two]
        assert await reading.releases(ids=[one.id, three.id, ReleaseId(99)]) == [three, one]
        assert await reading.releases(ids=[]) == []


async def test_a_version_is_planned_once_at_a_time(records: Records) -> None:
    first = await planned(records)
    async with records.open() as page:
        with pytest.raises(ConflictError, match=r"payments 2\.4\.0 was planned by somebody else"):
            await page.add_release(a_draft(requested_by=BEN.id))
        # The page can go on: the refusal has changed nothing, and bars neither another version nor another service.
        other = await page.add_release(a_version("2.4.1"))
        elsewhere = await page.add_release(a_draft(plan=a_plan(service=SEARCH)))
        await page.commit()
    async with records.read() as reading:
        assert await reading.releases() == [elsewhere, other, first]


@pytest.mark.parametrize("ending", ["launched", "cancelled"])
async def test_a_version_can_be_planned_anew_once_it_has_ended(records: Records, ending: str) -> None:
    first = await planned(records)
    ended = await kept(records, replace(first, **{ending: Ending(MAYA.id, LATER)}))
    again = await planned(records)
    assert again.id != ended.id
    async with records.read() as reading:
        assert await reading.releases() == [again, ended]
    with pytest.raises(ConflictError):
        await planned(records)


async def test_no_other_release_can_take_the_version_of_an_open_one_by_an_edit(records: Records) -> None:
    await planned(records)
    other = await planned(records, a_version("2.5.0"))
    with pytest.raises(ConflictError):
        await kept(records, replace(other, plan=replace(other.plan, version="2.4.0")))
    assert await as_read(records, other.id) == other


async def test_releases_are_read_page_by_page_and_by_whether_they_have_ended(records: Records) -> None:
    first, second, third = [await planned(records, a_version(version)) for version in ("1.0", "1.1", "1.2")]
    second = await kept(records, replace(second, cancelled=Ending(MAYA.id, NOW, "No")))
    third = await kept(records, replace(third, launched=Ending(MAYA.id, NOW)))
    async with records.read() as reading:
        assert await reading.releases(before=third.id, limit=1) == [second]
        assert await reading.releases(before=second.id) == [first]
        assert await reading.releases(before=first.id) == []
        assert await reading.releases(ended_only=True) == [third, second]
        assert await reading.releases(ended_only=True, before=third.id) == [second]
        assert await reading.releases(service=PAYMENTS, open_only=True, before=third.id) == [first]
