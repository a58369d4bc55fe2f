"""Vetoes: what was rolled back stays out until it is reverted or somebody lifts it, and nobody has to tidy up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.notices import ThreadLine
from bot.rules.gate import Reason
from bot.rules.policy import Right
from bot.rules.release import ReleaseId
from bot.rules.sentence import At, AtRole, Refused
from bot.verbs.lift_veto import Lifted
from bot.verbs.name_culprits import CulpritsNamed
from bot.verbs.plan_release import Planned
from tests.makers import FEATURE, HOTFIX, PRODUCTION, STAGING, a_plan, sha
from tests.people import BEN, CHANGE_MANAGER, DEVELOPER, INES, MAYA, OMAR, ON_CALL, RUTH, roles
from tests.verbs.workshop import REPOSITORY, Workshop


async def burned(shop: Workshop, bad: str | None = None) -> ReleaseId:
    """1.0.0 was good, 2.0.0 was rolled back; its release."""
    await shop.shipped(shop.a, "1.0.0")
    release = await shop.shipped(bad or shop.b, "2.0.0")
    await shop.rolled_back()
    return release


async def why(shop: Workshop, release: ReleaseId, **where: str) -> list[str]:
    """What its veto says there, once its history has been read."""
    await shop.read_vetoes(release)
    return [str(each.why) for each in await shop.blockers(release, Reason.VETOED, **where)]


async def test_the_next_release_with_the_same_commit_is_blocked_and_the_one_with_its_revert_is_not(shop):
    await burned(shop)
    bad = await shop.approved(shop.d, "3.0.0")
    good = await shop.approved(shop.reverts(shop.b, on=shop.d), "4.0.0")
    assert await why(shop, bad) == [
        f"It carries 1 commit that was rolled back in production with 2.0.0 (V-1): {shop.b[:7]} “b” by Ben Castillo."
    ]
    assert await why(shop, good) == []


async def test_the_blocker_says_how_it_is_lifted_and_by_whom(shop):
    await burned(shop)
    release = await shop.approved(shop.c, "3.0.0")
    await shop.read_vetoes(release)
    (blocker,) = await shop.blockers(release, Reason.VETOED)
    assert f"git revert {shop.b[:7]}" in str(blocker.step)
    assert f"/release build R-{release} <commit>" in str(blocker.step)
    assert "/rollback lift V-1 with <commit> <reason>" in str(blocker.step)
    assert [str(each) for each in blocker.lifted_by]


async def test_of_many_commits_three_are_named_and_the_rest_are_counted(shop):
    at = shop.a
    for number in range(7):
        at = shop.code.commit(REPOSITORY, f"Change {number}", parents=[at])
    await burned(shop, at)
    (told,) = await why(shop, await shop.approved(shop.code.commit(REPOSITORY, "Later", parents=[at]), "3.0.0"))
    assert "It carries 7 commits that were rolled back" in told
    assert "“Change 6” by Ben Castillo" in told
    assert "“Change 3”" not in told
    assert "and 4 more." in told


async def test_until_it_was_read_it_blocks_and_says_so_and_while_the_code_host_is_away_it_says_why(shop):
    await burned(shop)
    release = await shop.approved(shop.c, "3.0.0")
    (unread,) = await shop.blockers(release, Reason.VETOED)
    assert "It isn't known yet whether it carries what was rolled back" in str(unread.why)
    shop.code.away = "The repository can't be reached."
    assert await shop.read_vetoes(release) is not None, "it is tried again"
    (away,) = await why(shop, release)
    assert "The repository can't be reached." in away
    shop.code.away = ""
    assert await shop.read_vetoes(release) is None
    assert "It carries 1 commit" in (await why(shop, release))[0]


async def test_the_watch_over_each_open_release_reads_it_and_tells_its_thread_once(shop):
    await burned(shop)
    release = await shop.approved(shop.c, "3.0.0")
    for _ in range(3):
        await shop.watched(release)
    told = [str(each.sentence) for each in await shop.told(ThreadLine) if each.release == release]
    assert sum("carries what was rolled back in production with 2.0.0 (V-1)" in each for each in told) == 1


async def test_a_code_host_that_is_away_is_asked_again_soon(shop):
    await burned(shop)
    release = await shop.approved(shop.c, "3.0.0")
    shop.code.away = "The repository can't be reached."
    waits = await shop.watched(release)
    assert waits is not None
    assert waits.total_seconds() <= 60


async def test_it_may_be_tried_in_the_environments_before_the_one_where_it_happened(shop):
    await burned(shop)
    release = await shop.planned(shop.c, "3.0.0", FEATURE)
    assert await why(shop, release, environment=STAGING) == []
    assert await why(shop, release, environment=PRODUCTION)


async def test_what_was_rolled_back_in_staging_goes_nowhere(shop):
    await shop.deployed(await shop.planned(shop.a, "1.0.0", FEATURE), STAGING)
    await shop.deployed(await shop.planned(shop.b, "2.0.0", FEATURE), STAGING)
    await shop.rolled_back(environment=STAGING)
    release = await shop.planned(shop.c, "3.0.0", FEATURE)
    assert await why(shop, release, environment=STAGING)
    assert await why(shop, release, environment=PRODUCTION)


async def test_once_a_culprit_is_named_the_other_commits_may_come_again(shop):
    await burned(shop, shop.c)
    mended = await shop.approved(shop.reverts(shop.c), "3.0.0")
    assert await why(shop, mended), "b is suspected as well"
    done = await shop.name_culprits("V-1", [shop.c[:9]], "Refunds go out twice", by=shop.by(INES))
    assert isinstance(done, CulpritsNamed)
    assert await why(shop, mended) == []
    assert await why(shop, await shop.approved(shop.d, "4.0.0"))
    told = [str(each.sentence) for each in await shop.told(ThreadLine) if each.release == mended]
    assert any("Refunds go out twice" in each for each in told)


@pytest.mark.parametrize("who", ["a", "nothing"])
async def test_only_a_part_of_what_was_rolled_back_is_to_blame(shop, who):
    await burned(shop)
    commit = {"a": shop.a, "nothing": "f" * 12}[who]
    done = await shop.name_culprits("payments", [commit], "It was this", by=shop.by(INES))
    assert isinstance(done, Refused)


async def test_a_mend_lets_pass_whatever_has_it_and_nothing_else(shop):
    await burned(shop)
    mended, old = await shop.approved(shop.d, "3.0.0"), await shop.approved(shop.c, "4.0.0")
    await shop.lifted("payments", mend=shop.d)
    assert await why(shop, mended) == []
    assert await why(shop, old)


async def test_what_was_there_before_mends_nothing(shop):
    await burned(shop)
    for commit in (shop.a, shop.b):
        done = await shop.lift_veto("V-1", commit, "This one", by=shop.by(INES))
        assert isinstance(done, Refused)
        assert "can't be what mends it" in str(done.why)


async def test_a_lifted_veto_blocks_nothing_any_more_also_not_what_was_rolled_back_itself(shop):
    release = await burned(shop)
    later = await shop.approved(shop.c, "3.0.0")
    assert [each.reason for each in await shop.blockers(release)] == [Reason.ROLLED_BACK]
    await shop.lifted()
    assert await shop.blockers(later) == []
    assert await shop.blockers(release) == []


async def test_whose_own_change_it_is_does_not_lift_it(shop):
    await burned(shop)
    await shop.approved(shop.c, "3.0.0")
    for person in (MAYA, BEN):
        done = await shop.lift_veto("V-1", None, "Trust me", by=shop.by(person))
        assert isinstance(done, Refused), person
    assert "your own change" in str((await shop.lift_veto("V-1", None, "Trust me", by=shop.by(MAYA))).why)
    assert isinstance(await shop.lift_veto("V-1", None, "It was the disk", by=shop.by(INES)), Lifted)
    again = await shop.lift_veto("V-1", None, "It was the disk", by=shop.by(INES))
    assert "was lifted already, by @U0INES: It was the disk" in str(again.why)


async def test_whose_own_change_it_is_names_no_culprit_either():
    """Else a developer blames a typo, and the change itself goes again."""
    shop = Workshop(rights={Right.ROLL_BACK: (DEVELOPER, ON_CALL)})
    harmless = shop.code.commit(REPOSITORY, "Mend a typo", parents=[shop.b])
    await burned(shop, harmless)
    done = await shop.name_culprits("V-1", [harmless], "It was the typo", by=shop.by(BEN))
    assert isinstance(done, Refused)
    assert "your own change" in str(done.why)
    shop.directory.held = replace(
        shop.directory.held, stand_ins={ON_CALL: {OMAR.id: INES.id}, DEVELOPER: {RUTH.id: BEN.id}}
    )
    name_culprits = replace(shop.name_culprits, directory=shop.directory)
    in_his_place = await name_culprits("V-1", [harmless], "It was the typo", by=shop.by(RUTH))
    assert isinstance(in_his_place, Refused)
    assert "in the place of somebody" in str(in_his_place.why)
    assert isinstance(await name_culprits("V-1", [shop.b], "Twice", by=shop.by(OMAR)), CulpritsNamed)


@pytest.mark.parametrize("read", [True, False])
async def test_a_release_of_ones_own_that_is_kept_out_by_it_makes_it_no_change_of_ones_own(shop, read):
    await burned(shop)
    later = await shop.plan_release(a_plan(version="3.0.0", change_type=HOTFIX), shop.c, by=shop.by(INES))
    assert isinstance(later, Planned)
    if read:
        await shop.read_vetoes(later.picture.release.id)
    assert isinstance(await shop.lift_veto("V-1", None, "It was the disk", by=shop.by(INES)), Lifted)


async def test_where_it_is_the_own_change_of_everybody_who_may_roll_back_the_owners_may_lift_it():
    shop = Workshop(rights={Right.ROLL_BACK: (DEVELOPER, ON_CALL)})
    shop.catalogue = replace(shop.catalogue, owners=CHANGE_MANAGER)
    await burned(shop)
    shop.directory.held = roles(on_call={BEN})
    own = await shop.lift_veto("V-1", None, "It was the disk", by=shop.by(BEN))
    other = await shop.lift_veto("V-1", None, "It was the disk", by=shop.by(OMAR))
    assert isinstance(own, Refused)
    assert isinstance(other, Refused)
    assert "somebody else in @change-manager has to do this" in str(own.why)
    assert isinstance(await shop.name_culprits("V-1", [shop.b], "Twice", by=shop.by(RUTH)), CulpritsNamed)
    assert isinstance(await shop.lift_veto("V-1", None, "It was the disk", by=shop.by(RUTH)), Lifted)


async def test_an_owner_does_not_lift_it_while_somebody_who_may_roll_back_can_or_if_it_is_their_own():
    shop = Workshop(rights={Right.ROLL_BACK: (DEVELOPER, ON_CALL)})
    shop.catalogue = replace(shop.catalogue, owners=CHANGE_MANAGER)
    await burned(shop)
    assert isinstance(await shop.lift_veto("V-1", None, "The disk", by=shop.by(RUTH)), Refused)
    shop.directory.held = roles(on_call={BEN}, change_manager={MAYA, RUTH})
    assert isinstance(await shop.lift_veto("V-1", None, "The disk", by=shop.by(MAYA)), Refused), "she asked for it"
    unknown = replace(roles(change_manager={RUTH}), unknown={ON_CALL: "Slack is away"})
    shop.directory.held = replace(unknown, members={**unknown.members, ON_CALL: frozenset()})
    assert isinstance(await shop.lift_veto("V-1", None, "The disk", by=shop.by(RUTH)), Refused), "who knows"
    shop.directory.held = roles(on_call={BEN}, change_manager={MAYA, RUTH})
    assert isinstance(await shop.lift_veto("V-1", None, "The disk", by=shop.by(RUTH)), Lifted)


async def test_what_was_rolled_back_itself_is_told_that_lifting_the_veto_opens_it(shop):
    release = await burned(shop)
    (blocker,) = await shop.blockers(release)
    assert blocker.reason is Reason.ROLLED_BACK
    assert f"/release build R-{release} <commit>" in str(blocker.step)
    assert "whoever may roll back lifts V-1: /rollback lift V-1 <reason>" in str(blocker.step)
    by = [str(each) for each in blocker.lifted_by]
    assert by[0] == str(At(MAYA.id))
    assert str(AtRole(ON_CALL)) in by


async def test_a_candidate_with_the_reverts_that_went_well_answers_it_for_whatever_is_built_on_it(shop):
    """The change may be made anew on top of its revert; an old branch with the bad commit still stays out."""
    await burned(shop)
    revert = shop.reverts(shop.b)
    await shop.shipped(revert, "3.0.0")
    anew = shop.code.commit(REPOSITORY, "Reapply b, mended", parents=[revert], body=f"This reverts commit {revert}.")
    assert await why(shop, await shop.approved(anew, "4.0.0")) == []
    assert await why(shop, await shop.approved(shop.d, "5.0.0"))


async def test_a_candidate_that_never_had_the_bad_commit_goes_and_answers_nothing(shop):
    await burned(shop)
    beside = shop.code.commit(REPOSITORY, "Something else", parents=[shop.a])
    await shop.shipped(beside, "3.0.0")
    merged = shop.code.commit(REPOSITORY, "Merge them", parents=[beside, shop.c])
    assert await why(shop, await shop.approved(merged, "4.0.0"))


async def test_without_a_repository_only_the_very_commits_that_were_deployed_are_kept_out():
    shop = Workshop()
    service = shop.catalogue.services["payments"]
    object.__setattr__(service, "repository", None)
    await shop.shipped(shop.a, "1.0.0")
    await shop.shipped(shop.b, "2.0.0")
    await shop.shipped(shop.c, "3.0.0")
    await shop.rolled_back("1.0.0")
    again, other = await shop.approved(shop.b, "4.0.0"), await shop.approved(shop.d, "5.0.0")
    assert [str(each.why) for each in await shop.blockers(again, Reason.VETOED)]
    assert await shop.blockers(other) == []
    assert isinstance(await shop.name_culprits("V-1", [sha("x")], "This", by=shop.by(INES)), Refused)
    assert isinstance(await shop.name_culprits("V-1", [shop.c], "This", by=shop.by(INES)), CulpritsNamed)
    assert await shop.blockers(again, Reason.VETOED) == []


async def test_a_rollback_to_another_build_of_the_same_commit_keeps_no_commit_out(shop):
    release = await shop.planned(shop.a, "1.0.0")
    for digit in "ab":
        await shop.set_candidate(release, shop.a, f"sha256:{digit * 64}", by=shop.by(MAYA))
        await shop.approve(release, PRODUCTION, None, by=shop.by(await shop.directory.person("U0OMAR")))
        await shop.deployed(release)
    await shop.rolled_back()
    async with shop.records.read() as reading:
        assert await reading.vetoes("payments") == []


async def test_what_was_taken_back_together_with_something_bad_is_no_good_version_either(shop):
    await shop.shipped(shop.a, "1.0.0")
    await shop.shipped(shop.b, "2.0.0")
    await shop.shipped(shop.c, "3.0.0")
    await shop.rolled_back("1.0.0")
    seen = await shop.roll_back.preview("payments", PRODUCTION, "2.0.0", by=shop.by(INES))
    assert isinstance(seen, Refused)
    assert "was taken back from production together with 3.0.0 (V-1)" in str(seen.why)


async def test_it_is_on_the_record_who_did_what_about_it(shop):
    await burned(shop, shop.c)
    await shop.name_culprits("V-1", [shop.c], "Refunds", by=shop.by(INES))
    await shop.lifted(mend=shop.d)
    await shop.lifted()
    async with shop.records.read() as reading:
        told = [each.happened for each in await reading.record() if each.happened.subject == "V-1"]
    assert [each.verb for each in told] == ["veto", "name culprits", "answer veto", "lift veto"]
    assert [each.by for each in told[1:]] == [INES.id] * 3
