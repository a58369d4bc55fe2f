"""Roll back: to what was good before, and everybody can see afterwards what was taken back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.notices import ThreadLine
from bot.rules.deployment import Attempt, Phase
from bot.rules.policy import Verification
from bot.rules.sentence import Refused
from bot.rules.stage import Stage
from bot.verbs.lift_veto import Lifted
from bot.verbs.roll_back import RollingBack, WayBack
from tests.makers import PAYMENTS, PRODUCTION, STAGING, an_environment
from tests.people import INES, MAYA, OMAR
from tests.twins import Script
from tests.verbs.workshop import REPOSITORY, Workshop


async def with_a_bad_third_version(shop: Workshop, end: Attempt) -> None:
    """1.0.0 and 2.0.0 were good; 3.0.0 came to that end."""
    await shop.shipped(shop.a, "1.0.0")
    await shop.shipped(shop.b, "2.0.0")
    release = await shop.approved(shop.c, "3.0.0")
    if end is Attempt.UNKNOWN:
        await shop.with_an_unknown_outcome(release)
        return
    shop.target.script = Script(code=3)
    assert (await shop.followed(await shop.started(release))).attempt is end
    shop.target.script = Script()


async def rolls_back(shop: Workshop, wanted: str | None = None):
    return await shop.roll_back(PAYMENTS, PRODUCTION, wanted, None, "It burns", by=shop.by(INES))


async def test_the_ordinary_road_leads_to_the_version_before(shop):
    await shop.shipped(shop.a, "1.0.0")
    release = await shop.shipped(shop.b, "2.0.0")
    assert (await shop.picture(release)).stage is Stage.DEPLOYED
    deployment = await shop.rolled_back()
    assert deployment.order.candidate.commit == shop.a
    assert (await shop.picture(release)).stage is Stage.ROLLED_BACK


@pytest.mark.parametrize("end", [Attempt.UNKNOWN, Attempt.FAILED])
@pytest.mark.parametrize("wanted", [None, "2.0.0"])
async def test_after_a_bad_end_the_way_back_leads_to_what_stood_there_before_it(shop, end, wanted):
    await with_a_bad_third_version(shop, end)
    assert (await shop.rolled_back(wanted)).order.version == "2.0.0"


async def test_after_a_failure_the_version_before_the_last_good_one_can_be_named(shop):
    await with_a_bad_third_version(shop, Attempt.FAILED)
    assert (await shop.rolled_back("1.0.0")).order.version == "1.0.0"


async def test_with_one_good_version_an_unknown_second_one_can_be_rolled_back(shop):
    await shop.shipped(shop.a, "1.0.0")
    unknown = await shop.with_an_unknown_outcome(await shop.approved(shop.b, "2.0.0"))
    assert (await shop.rolled_back()).order.version == "1.0.0"
    assert not (await shop.deployment(unknown.id)).holds


async def test_what_was_never_begun_leaves_the_way_back_as_it_was(shop):
    """The target refused 3.0.0 at once, so 2.0.0 is what stands there, and what is rolled back."""
    await shop.shipped(shop.a, "1.0.0")
    await shop.shipped(shop.b, "2.0.0")
    shop.target.refuses = "The disk is full."
    await shop.followed(await shop.started(await shop.approved(shop.c, "3.0.0")))
    shop.target.refuses = ""
    assert (await shop.rolled_back()).order.version == "1.0.0"


async def test_a_bad_build_of_the_same_commit_can_be_rolled_back(shop):
    release = await shop.planned(shop.a, "1.0.0")
    good, bad = ("sha256:" + digit * 64 for digit in "ab")
    for artifact in (good, bad):
        await shop.set_candidate(release, shop.a, artifact, by=shop.by(MAYA))
        await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
        await shop.deployed(release)
    assert (await shop.rolled_back()).order.candidate.artifact == good


async def test_a_rolled_back_release_stays_rolled_back_when_the_next_one_ships(shop):
    await shop.shipped(shop.a, "1.0.0")
    bad = await shop.shipped(shop.b, "2.0.0")
    await shop.rolled_back()
    await shop.shipped(shop.reverts(shop.b), "3.0.0")
    assert (await shop.picture(bad)).stage is Stage.ROLLED_BACK


async def test_a_release_that_went_back_to_its_own_earlier_candidate_is_rolled_back(shop):
    release = await shop.shipped(shop.a, "1.0.0")
    await shop.set_candidate(release, shop.b, by=shop.by(MAYA))
    await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
    await shop.deployed(release)
    assert (await shop.rolled_back()).order.candidate.commit == shop.a
    assert (await shop.picture(release)).stage is Stage.ROLLED_BACK


async def test_a_launched_release_that_was_rolled_back_is_not_called_released(shop):
    await shop.shipped(shop.a, "1.0.0")
    release = await shop.shipped(shop.b, "2.0.0")
    await shop.launch(release, by=shop.by(MAYA))
    assert (await shop.picture(release)).stage is Stage.RELEASED
    await shop.rolled_back()
    assert (await shop.picture(release)).stage is Stage.ROLLED_BACK


async def test_while_something_is_on_its_way_nothing_goes_back_before_that_has_ended(shop):
    await shop.shipped(shop.a, "1.0.0")
    await shop.shipped(shop.b, "2.0.0")
    shop.target.script = Script(waits=True)
    deployment = await shop.started(await shop.approved(shop.c, "3.0.0"))
    back = await rolls_back(shop)
    assert isinstance(back, RollingBack)
    assert back.target.order.version == "2.0.0"  # what stands there: 3.0.0 has only begun
    assert (await shop.followed(back.deployment, moves=3)).waits
    assert shop.target.progress(deployment.id).phase is Phase.RUNNING
    assert (await shop.followed(deployment)).attempt is Attempt.CANCELLED
    assert shop.target.progress(deployment.id).phase is Phase.CANCELLED
    shop.target.script = Script()
    assert (await shop.followed(back.deployment)).attempt is Attempt.SUCCEEDED


async def test_the_evidence_of_what_was_rolled_back_tells_how_that_ended(shop):
    await shop.shipped(shop.a, "1.0.0")
    release = await shop.shipped(shop.b, "2.0.0")
    back = await shop.rolled_back()
    told = json.loads((await shop.evidence(release)).text)
    verbs = [each["happened"]["verb"] for each in told["entries"] if each["happened"]["subject"] == back.name]
    assert verbs[0] == "roll back"
    assert verbs[-1] == "deployment succeeded"
    assert back.id in [each["id"] for each in told["deployments"]]


async def sees(shop: Workshop, wanted: str | None = None) -> WayBack:
    """The way back, as Ines sees it before she presses."""
    seen = await shop.roll_back.preview(PAYMENTS, PRODUCTION, wanted, by=shop.by(INES))
    assert isinstance(seen, WayBack), seen
    return seen


async def three_versions(shop: Workshop) -> None:
    for commit, version in ((shop.a, "1.0.0"), (shop.b, "2.0.0"), (shop.c, "3.0.0")):
        await shop.shipped(commit, version)


async def test_a_version_whose_artifact_is_gone_is_not_offered_while_another_is_there(shop):
    await three_versions(shop)
    shop.target.gone = {shop.b}
    seen = await sees(shop)
    assert (seen.target.order.version, [each.order.version for each in seen.gone]) == ("1.0.0", ["2.0.0"])
    assert seen.available.there
    refused = await shop.roll_back.preview(PAYMENTS, PRODUCTION, "2.0.0", by=shop.by(INES))
    assert isinstance(refused, Refused)
    assert str(refused.why) == (
        "2.0.0 can't come back to production: what was deployed isn't there any more. It was tidied away. Other good "
        "versions are 1.0.0."
    )
    assert (await shop.rolled_back()).order.version == "1.0.0"


async def test_where_everything_is_gone_nothing_is_started_and_it_says_so(shop):
    await three_versions(shop)
    shop.target.gone = {shop.a, shop.b}
    done = await rolls_back(shop)
    assert isinstance(done, Refused)
    assert "I know no other good version" in str(done.why)


async def test_what_nobody_can_tell_holds_no_rollback_up(shop):
    await three_versions(shop)
    shop.target.blind = "The registry does not answer."
    seen = await sees(shop)
    assert (seen.target.order.version, seen.available.there) == ("2.0.0", None)
    assert "does not answer" in seen.available.why
    shop.code.away = "The repository can't be reached."
    assert (await shop.rolled_back()).order.version == "2.0.0"


async def test_what_was_seen_served_is_gone_back_to_before_what_nobody_has_seen():
    shop = Workshop(environments=(an_environment(PRODUCTION),))
    await shop.shipped(shop.a, "1.0.0")
    seeing = an_environment(PRODUCTION, verification=Verification("https://payments.example.com/version"))
    service = replace(shop.catalogue.services[PAYMENTS], environments=(seeing,))
    shop.catalogue = replace(shop.catalogue, services={PAYMENTS: service})
    await shop.shipped(shop.b, "2.0.0")
    seen = await sees(shop)
    assert (seen.target.order.version, seen.unseen) == ("1.0.0", True)
    await shop.shipped(shop.c, "3.0.0")
    seen = await sees(shop)
    assert (seen.target.order.version, seen.unseen) == ("2.0.0", False)


async def test_a_migration_that_cant_be_undone_is_shown_before_anybody_presses_by_the_candidates_own_word(shop):
    await shop.shipped(shop.a, "1.0.0")
    release = await shop.approved(shop.a, "2.0.0")
    await shop.set_candidate(release, shop.b, None, "drops payments.memo", by=shop.by(MAYA))
    await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
    forth = await shop.ask_deploy(release, PRODUCTION, by=shop.by(MAYA))
    assert [str(each) for each in forth.irreversible] == ["⛔ This can't be rolled back past: drops payments.memo."]
    await shop.deployed(release)
    told = [str(each) for each in (await sees(shop)).irreversible]
    assert told == [
        "⛔ 2.0.0 came with a migration that can't be undone: drops payments.memo. 1.0.0 will have to live with it."
    ]
    await shop.rolled_back()
    assert told[0] in [str(each.sentence) for each in await shop.told(ThreadLine) if each.loud]


async def test_a_migration_that_cant_be_undone_is_shown_by_a_commits_trailer(shop):
    await shop.shipped(shop.a, "1.0.0")
    drops = shop.code.commit(
        REPOSITORY, "Drop the memo", parents=[shop.b], body="Irreversible-Migration: drops payments.memo"
    )
    release = await shop.approved(shop.code.commit(REPOSITORY, "Later", parents=[drops]), "2.0.0")
    forth = await shop.ask_deploy(release, PRODUCTION, by=shop.by(MAYA))
    past = f"⛔ This can't be rolled back past {drops[:7]} by Ben Castillo: drops payments.memo."
    assert [str(each) for each in forth.irreversible] == [past]
    await shop.deployed(release)
    (told,) = (await sees(shop)).irreversible
    assert f"{drops[:7]} by Ben Castillo brought a migration that can't be undone: drops payments.memo." in str(told)
    await shop.rolled_back()
    assert str(told) in [str(each.sentence) for each in await shop.told(ThreadLine)]


async def test_to_say_that_a_migration_cant_be_undone_asks_for_what_was_approved_anew(shop):
    release = await shop.approved(shop.b, "1.0.0")
    assert await shop.blockers(release) == []
    await shop.set_candidate(release, shop.b, None, "drops payments.memo", by=shop.by(MAYA))
    assert await shop.blockers(release)
    assert isinstance(await shop.set_candidate(release, shop.b, None, "drops payments.memo", by=shop.by(MAYA)), Refused)


async def in_both(shop: Workshop, *refs: str) -> None:
    """Each of these commits went to staging and to production, as versions 1, 2, …"""
    for number, ref in enumerate(refs, 1):
        release = await shop.planned(ref, str(number))
        await shop.deployed(release, STAGING)
        await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
        await shop.deployed(release)


@pytest.mark.parametrize("wanted", [None, "2"])
async def test_what_was_rolled_back_in_staging_is_still_a_way_back_in_production(shop, wanted):
    await in_both(shop, shop.a, shop.b)
    await shop.rolled_back(environment=STAGING)
    third = await shop.approved(shop.reverts(shop.b, on=shop.c), "3")
    await shop.read_vetoes(third)
    shop.target.script = Script(code=3)
    assert (await shop.followed(await shop.started(third))).attempt is Attempt.FAILED
    shop.target.script = Script()
    assert (await shop.rolled_back(wanted)).order.version == "2"
    async with shop.records.read() as reading:
        assert [each.taken.environment for each in await reading.vetoes(PAYMENTS)] == [PRODUCTION, STAGING]


async def test_after_going_forward_again_the_older_version_is_still_a_way_back(shop):
    for number, ref in enumerate((shop.a, shop.b, shop.c), 1):
        await shop.shipped(ref, str(number))
    await shop.rolled_back("1")
    await shop.lifted()
    await shop.rolled_back("2")
    async with shop.records.read() as reading:
        assert [each.name for each in await reading.vetoes(PAYMENTS)] == ["V-1"]
    assert (await shop.rolled_back()).order.version == "1"


async def test_whoever_has_gone_back_twice_is_told_what_keeps_the_version_in_between_out(shop):
    for number, ref in enumerate((shop.a, shop.b, shop.c), 1):
        await shop.shipped(ref, str(number))
    assert (await shop.rolled_back()).order.version == "2"
    assert (await shop.rolled_back()).order.version == "1"
    kept_out = await rolls_back(shop, "2")
    assert isinstance(kept_out, Refused)
    assert str(kept_out.why) == (
        "2 was taken back from production (V-2). If it was not to blame, lift that with /rollback lift V-2 <reason>, "
        "or go back to another version."
    )


async def test_a_version_that_is_not_to_blame_may_come_back_once_the_culprit_is_named(shop):
    for number, ref in enumerate((shop.a, shop.b, shop.c), 1):
        await shop.shipped(ref, str(number))
    await shop.rolled_back("1")
    kept_out = await rolls_back(shop, "2")
    assert isinstance(kept_out, Refused)
    assert "2 was taken back from production together with 3 (V-1)" in str(kept_out.why)
    await shop.name_culprits("V-1", [shop.c], "Refunds go out twice", by=shop.by(INES))
    assert (await shop.rolled_back("2")).order.version == "2"


async def test_a_version_that_was_read_to_carry_what_was_taken_back_does_not_come_back(shop):
    """It was brought past the veto in an emergency, and what is there now is as bad."""
    await shop.shipped(shop.a, "1")
    await shop.shipped(shop.b, "2")
    await shop.rolled_back()
    past = await shop.approved(shop.c, "3")
    await shop.read_vetoes(past)
    veto = await shop.lift_veto("V-1", None, "For a moment", by=shop.by(INES))
    assert isinstance(veto, Lifted)
    await shop.deployed(past)
    async with shop.records.open() as page:
        there = await page.veto(veto.veto.id)
        assert there is not None
        await page.keep_veto(replace(there, lifted=None))
        await page.commit()
    shop.target.script = Script(code=3)
    failed = await shop.approved(shop.reverts(shop.b, on=shop.d), "4")
    await shop.read_vetoes(failed)
    await shop.followed(await shop.started(failed))
    shop.target.script = Script()
    kept_out = await rolls_back(shop, "3")
    assert isinstance(kept_out, Refused)
    assert "3 carries what was taken back from production with 2 (V-1)" in str(kept_out.why)
    assert (await shop.rolled_back()).order.version == "1"


@pytest.mark.parametrize("end", ["starting", "running", "failed", "unknown"])
async def test_whoever_goes_back_twice_does_not_come_to_what_they_went_back_from(shop, end):
    """2.0.0 is bad. Before the way back to 1.0.0 has ended well, somebody types the same once more."""
    await shop.shipped(shop.a, "1.0.0")
    await shop.shipped(shop.b, "2.0.0")
    await shop.shipped(shop.c, "3.0.0")
    shop.target.script = Script(waits=True, code=1)
    first = await rolls_back(shop, "1.0.0")
    assert isinstance(first, RollingBack)
    if end != "starting":
        await shop.follow_deploy(first.deployment.id)
    if end == "failed":
        shop.target.lets_go()
        assert (await shop.followed(first.deployment)).attempt is Attempt.FAILED
    if end == "unknown":
        shop.target.loses_everything()
        assert (await shop.followed(first.deployment, moves=1)).attempt is Attempt.UNKNOWN
    second = await rolls_back(shop)
    came = second.target.order.version if isinstance(second, RollingBack) else str(second.why)
    assert "3.0.0" not in came
