"""Many at once: no change is lost, nothing happens twice, and the record stays one chain."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.ports import ConflictError, HeldError
from bot.rules.absence import Leave
from bot.rules.audit import first_break
from bot.rules.check import CheckResult
from bot.rules.deployment import Attempt, Kind
from bot.rules.freeze import Plea
from bot.rules.people import PersonId
from tests.keeping import announced, asked_for, declared, said
from tests.makers import NOW, PAYMENTS, a_draft, a_happening, a_plan, a_verdict, a_window, an_order, sha
from tests.people import MAYA, OMAR, QA, RUTH

if TYPE_CHECKING:
    from bot.ports import Records
    from bot.rules.freeze import FreezeException
    from bot.rules.release import Release, ReleaseId

MANY = 50


async def planned(records: Records, version: str = "2.4.0") -> Release:
    async with records.open() as page:
        release = await page.add_release(a_draft(plan=a_plan(version=version)))
        await page.commit()
    return release


async def test_fifty_people_speak_at_once_and_every_word_is_kept(records: Records) -> None:
    number = (await planned(records)).id

    async def speak(who: int) -> None:
        async with records.open() as page:
            release = await page.release(number)
            assert release is not None
            await page.keep(release.with_verdict(a_verdict(PersonId(f"U{who}"), QA)))
            await page.put_on_record(a_happening("approve", release=number, by=PersonId(f"U{who}")))
            await page.commit()

    await asyncio.gather(*(speak(who) for who in range(MANY)))
    async with records.read() as reading:
        release = await reading.release(number)
        entries = await reading.record()
    assert release is not None
    assert release.revision == MANY
    assert {verdict.person for verdict in release.verdicts} == {f"U{who}" for who in range(MANY)}
    assert [verdict.person for verdict in release.verdicts] == [entry.happened.by for entry in entries]
    assert first_break(entries) is None


async def test_what_happens_at_the_same_time_stands_in_one_line_on_the_record(records: Records) -> None:
    async def happen(who: int) -> None:
        async with records.open() as page:
            await page.put_on_record(a_happening(by=PersonId(f"U{who}")))
            await page.put_on_record(a_happening("approve", by=PersonId(f"U{who}")))
            await page.commit()

    await asyncio.gather(*(happen(who) for who in range(MANY)))
    async with records.read() as reading:
        entries = await reading.record()
    assert first_break(entries) is None
    assert len(entries) == 2 * MANY
    # What one page put on the record stands together.
    assert all(one.happened.by == two.happened.by for one, two in zip(entries[::2], entries[1::2], strict=True))


async def test_of_those_who_looked_at_the_same_time_one_wins_and_the_others_hear_of_it(records: Records) -> None:
    seen = await planned(records)

    async def speak(who: int) -> bool:
        async with records.open() as page:
            try:
                await page.keep(seen.with_verdict(a_verdict(PersonId(f"U{who}"), QA)))
            except ConflictError:
                return False
            await page.commit()
            return True

    won = await asyncio.gather(*(speak(who) for who in range(10)))
    assert sum(won) == 1
    async with records.read() as reading:
        release = await reading.release(seen.id)
    assert release is not None
    assert len(release.verdicts) == 1


async def test_of_many_who_plan_the_same_version_at_once_one_does_and_the_others_hear_of_it(records: Records) -> None:
    async def plan(_: int) -> bool:
        async with records.open() as page:
            try:
                await page.add_release(a_draft())
            except ConflictError:
                return False
            await asyncio.sleep(0.01)  # long enough for the others to arrive while this is not yet committed
            await page.commit()
            return True

    assert sum(await asyncio.gather(*(plan(n) for n in range(10)))) == 1
    async with records.read() as reading:
        assert len(await reading.releases()) == 1


async def test_a_version_that_one_gives_up_is_free_for_the_one_who_waits(records: Records) -> None:
    planning = asyncio.Event()

    async def gives_up() -> None:
        async with records.open() as page:
            await page.add_release(a_draft())
            planning.set()
            await asyncio.sleep(0.02)

    async def waits() -> None:
        await planning.wait()
        await planned(records)

    await asyncio.gather(gives_up(), waits())
    async with records.read() as reading:
        assert [each.plan.version for each in await reading.releases()] == ["2.4.0"]


async def test_of_many_deployments_to_one_environment_exactly_one_starts(records: Records) -> None:
    number = (await planned(records)).id

    async def confirm(_: int) -> bool:
        async with records.open() as page:
            try:
                await page.add_deployment(an_order(number))
            except HeldError:
                return False
            await asyncio.sleep(0.01)  # long enough for the others to arrive while this is not yet committed
            await page.commit()
            return True

    assert sum(await asyncio.gather(*(confirm(n) for n in range(10)))) == 1
    async with records.read() as reading:
        assert len(await reading.deployments()) == 1


async def test_an_environment_that_one_gives_up_is_free_for_the_one_who_waits(records: Records) -> None:
    number = (await planned(records)).id
    holding = asyncio.Event()

    async def gives_up() -> None:
        async with records.open() as page:
            await page.add_deployment(an_order(number))
            holding.set()
            await asyncio.sleep(0.02)

    async def waits() -> None:
        await holding.wait()
        async with records.open() as page:
            await page.add_deployment(an_order(number))
            await page.commit()

    await asyncio.gather(gives_up(), waits())
    async with records.read() as reading:
        assert [each.attempt for each in await reading.deployments()] == [Attempt.STARTING]


async def test_a_rollback_does_not_wait_for_whoever_works_on_the_release_that_it_goes_back_to(records: Records) -> None:
    """One holds the release and wants the environment, the other holds the environment and refers to the release."""
    number = (await planned(records)).id
    locked = asyncio.Event()

    async def confirms() -> bool:
        async with records.open() as page:
            await page.release(number)
            locked.set()
            await asyncio.sleep(0.05)
            try:
                await page.add_deployment(an_order(number))
            except HeldError:
                return False
            await page.commit()
            return True

    async def rolls_back() -> bool:
        await locked.wait()
        async with records.open() as page:
            try:
                await page.add_deployment(an_order(number, kind=Kind.ROLLBACK))
            except HeldError:
                return False
            await page.commit()
            return True

    # A deadlock would be a ConflictError for one of them: whoever is too late hears that the environment is held.
    assert sum(await asyncio.gather(confirms(), rolls_back())) == 1


async def test_a_press_delivered_many_times_at_once_counts_once(records: Records) -> None:
    async def deliver(_: int) -> bool:
        async with records.open() as page:
            first = await page.first_time("the same press")
            await asyncio.sleep(0.005)
            if first:
                await page.commit()
            return first

    assert sum(await asyncio.gather(*(deliver(n) for n in range(10)))) == 1


async def test_a_press_whose_first_delivery_failed_counts_when_it_comes_again(records: Records) -> None:
    noted = asyncio.Event()

    async def fails() -> None:
        async with records.open() as page:
            assert await page.first_time("the same press")
            noted.set()
            await asyncio.sleep(0.02)

    async def comes_again() -> bool:
        await noted.wait()
        async with records.open() as page:
            first = await page.first_time("the same press")
            await page.commit()
            return first

    _, counted = await asyncio.gather(fails(), comes_again())
    assert counted


async def test_two_pages_that_need_the_same_two_things_crosswise_both_come_to_an_end(records: Records) -> None:
    one, two = await planned(records), await planned(records, "2.5.0")

    async def change(first: ReleaseId, second: ReleaseId) -> int:
        for attempt in range(1, 20):
            try:
                async with records.open() as page:
                    for number in (first, second):
                        release = await page.release(number)
                        assert release is not None
                        await page.keep(replace(release, plan=replace(release.plan, scope=f"{first}, {attempt}")))
                        await asyncio.sleep(0.01)
                    await page.commit()
            except ConflictError:
                continue
            return attempt
        raise AssertionError("It never got through.")

    await asyncio.gather(change(one.id, two.id), change(two.id, one.id))
    async with records.read() as reading:
        assert [each.revision for each in await reading.releases()] == [2, 2]


async def test_a_page_that_is_cut_off_halfway_lets_go_of_everything(records: Records) -> None:
    number = (await planned(records)).id
    inside = asyncio.Event()

    async def hangs() -> None:
        async with records.open() as page:
            release = await page.release(number)
            assert release is not None
            await page.keep(release.with_verdict(a_verdict(PersonId("U1"), QA)))
            inside.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(hangs())
    await inside.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(5), records.open() as page:
        release = await page.release(number)
        assert release is not None
        assert release.verdicts == ()
        await page.keep(release.with_verdict(a_verdict(PersonId("U2"), QA)))
        await page.commit()


# ---------------------------------------------------------------- freezes, absences, checks


async def an_open_exception(records: Records) -> FreezeException:
    release, freeze = await planned(records), await declared(records)
    return await asked_for(records, Plea(freeze.id, release.id, OMAR.id, NOW, "Refunds are broken"))


async def test_of_two_who_decide_one_exception_from_the_same_screen_one_does_and_the_other_hears_of_it(
    records: Records,
) -> None:
    seen = await an_open_exception(records)

    async def decide(who: PersonId, *, granted: bool) -> bool:
        async with records.open() as page:
            try:
                await page.keep_exception(replace(seen, granted=granted, decided_by=who, decided_at=NOW))
            except ConflictError:
                return False
            await asyncio.sleep(0.01)  # long enough for the other to arrive while this is not yet committed
            await page.commit()
            return True

    maya, ruth = await asyncio.gather(decide(MAYA.id, granted=True), decide(RUTH.id, granted=False))
    assert maya != ruth
    async with records.read() as reading:
        (exception,) = await reading.exceptions()
    assert (exception.granted, exception.decided_by) == ((True, MAYA.id) if maya else (False, RUTH.id))


async def test_of_two_who_look_before_they_decide_the_second_sees_what_the_first_decided(records: Records) -> None:
    number = (await an_open_exception(records)).id

    async def decide(who: PersonId) -> bool:
        async with records.open() as page:
            exception = await page.exception(number)
            assert exception is not None
            await asyncio.sleep(0.01)
            if exception.granted is not None:
                return False
            await page.keep_exception(replace(exception, granted=True, decided_by=who, decided_at=NOW))
            await page.commit()
            return True

    assert sum(await asyncio.gather(decide(MAYA.id), decide(RUTH.id))) == 1


async def test_asking_for_an_exception_does_not_wait_for_whoever_changes_the_freeze(records: Records) -> None:
    """One holds the release and refers to the freeze, the other holds the freeze and wants the release."""
    release, freeze = await planned(records), await declared(records)

    async def asks() -> None:
        async with records.open() as page:
            await page.release(release.id)
            await asyncio.sleep(0.02)
            await page.add_exception(Plea(freeze.id, release.id, OMAR.id, NOW, "Refunds are broken"))
            await page.commit()

    async def ends() -> None:
        async with records.open() as page:
            await page.freeze(freeze.id)
            await page.keep_freeze(replace(freeze, ended_at=NOW, ended_by=MAYA.id))
            await asyncio.sleep(0.02)
            await page.release(release.id)
            await page.commit()

    # A deadlock would be a ConflictError for one of them.
    await asyncio.gather(asks(), ends())
    async with records.read() as reading:
        assert len(await reading.exceptions(freeze=freeze.id)) == 1


async def test_of_many_syncs_that_bring_the_same_freeze_one_does_and_the_others_hear_of_it(records: Records) -> None:
    async def bring(_: int) -> bool:
        async with records.open() as page:
            try:
                await page.add_freeze(a_window(), MAYA.id, NOW, origin="weekends/1")
            except ConflictError:
                return False
            await asyncio.sleep(0.01)  # long enough for the others to arrive while this is not yet committed
            await page.commit()
            return True

    assert sum(await asyncio.gather(*(bring(n) for n in range(10)))) == 1
    async with records.read() as reading:
        assert len(await reading.freezes()) == 1


async def test_a_freeze_that_one_sync_gives_up_is_brought_by_the_one_that_waits(records: Records) -> None:
    bringing = asyncio.Event()

    async def gives_up() -> None:
        async with records.open() as page:
            await page.add_freeze(a_window(), MAYA.id, NOW, origin="weekends/1")
            bringing.set()
            await asyncio.sleep(0.02)

    async def waits() -> None:
        await bringing.wait()
        await declared(records, origin="weekends/1")

    await asyncio.gather(gives_up(), waits())
    async with records.read() as reading:
        assert [each.origin for each in await reading.freezes()] == ["weekends/1"]


async def test_of_two_who_end_an_absence_at_once_one_does_and_the_other_hears_of_it(records: Records) -> None:
    seen = await announced(records, Leave(OMAR.id, NOW, NOW + timedelta(days=7)))

    async def end(who: PersonId) -> bool:
        async with records.open() as page:
            try:
                await page.keep_absence(replace(seen, ended_at=NOW + timedelta(days=1), ended_by=who))
            except ConflictError:
                return False
            await asyncio.sleep(0.01)
            await page.commit()
            return True

    assert sum(await asyncio.gather(end(OMAR.id), end(MAYA.id))) == 1
    async with records.read() as reading:
        (absence,) = await reading.absences(not_over_at=NOW)
    assert absence.revision == 1


async def test_of_many_words_of_one_check_the_latest_stays_in_whatever_order_they_arrive(records: Records) -> None:
    words = [
        CheckResult(PAYMENTS, sha("first"), "regression", passed=minute % 2 == 0, at=NOW + timedelta(minutes=minute))
        for minute in (3, 7, 1, 9, 0, 4, 8, 2, 6, 5)
    ]
    counted = await asyncio.gather(*(said(records, word) for word in words))
    async with records.read() as reading:
        assert await reading.checks(PAYMENTS, sha("first")) == [words[3]]
    assert counted[3]
    assert not await said(records, words[6])


async def test_whoever_acts_on_what_checks_say_of_a_commit_and_whoever_adds_to_it_come_one_after_the_other(
    records: Records,
) -> None:
    """Else one would plan a release and see no check yet, while the other reports it and sees no release yet."""
    commit, planning = sha("first"), asyncio.Event()

    async def plans() -> tuple[int, int]:
        async with records.open() as page:
            known = len(await page.checks(PAYMENTS, commit))
            planning.set()
            await page.add_release(a_draft())
            await asyncio.sleep(0.02)  # long enough for the other one to arrive while this is not yet committed
            await page.commit()
            return known, 1

    async def reports() -> tuple[int, int]:
        await planning.wait()
        async with records.open() as page:
            known = len(await page.checks(PAYMENTS, commit))
            await page.keep_check(CheckResult(PAYMENTS, commit, "regression", True, NOW))
            seen = len(await page.releases(open_only=True))
            await page.commit()
            return known, seen

    assert await asyncio.gather(plans(), reports()) == [(0, 1), (0, 1)]
    async with records.open() as page:
        assert len(await page.checks(PAYMENTS, commit)) == 1
