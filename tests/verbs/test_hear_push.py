"""Hear a push: releases follow a branch as long as that decides nothing that people have decided."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.notices import ThreadLine
from bot.ports import CodeHostError
from bot.rules.gate import Reason
from bot.rules.people import SLIPWAY, Surface
from bot.rules.policy import ItemRule, Right, ServiceName
from bot.rules.release import ReleaseId
from bot.verbs.hear_push import Followed, HearPush, Push
from tests.handlers.hub import NAME, agrees_on, follows, services_at
from tests.makers import FEATURE, HOTFIX, PRODUCTION, STAGING, a_service
from tests.people import BEN, MAYA, OMAR, RELEASE_MANAGER
from tests.verbs.workshop import REPOSITORY, Workshop

REFUNDS = ServiceName("refunds")


class Branch:
    """The branch that releases of payments follow."""

    def __init__(self, shop: Workshop, name: str = "main") -> None:
        self.shop, self.name = shop, name
        self.hear = HearPush(shop.records, services_at(shop), shop.code, shop.set_candidate)
        follows(shop, name)

    async def moves_to(self, commit: str, *, at: datetime | None = None, name: str | None = None) -> Followed:
        """Somebody pushes, and it is heard at once; `at` an earlier moment if it was late."""
        self.shop.at += self.shop.an_act_takes
        self.shop.code.branch(REPOSITORY, name or self.name, commit)
        return await self.is_heard(at=at, name=name)

    async def is_heard(self, *, at: datetime | None = None, name: str | None = None) -> Followed:
        """GitHub tells of it (once more)."""
        return await self.hear(Push(NAME, name or self.name, at or self.shop.at))


@pytest.fixture
def main(shop: Workshop) -> Branch:
    return Branch(shop)


async def proposes(shop: Workshop, release: ReleaseId) -> str | None:
    candidate = (await shop.picture(release)).release.candidate
    return candidate.commit if candidate else None


async def thread(shop: Workshop) -> list[str]:
    return [str(each.sentence) for each in await shop.told(ThreadLine)]


def names(followed: Followed) -> tuple[list[str], list[str]]:
    return [each.name for each in followed.proposed], [each.name for each in followed.told]


async def test_the_first_push_gives_a_release_its_candidate(shop, main):
    release = await shop.planned(None, "1.0.0")
    assert names(await main.moves_to(shop.b)) == (["R-1"], [])
    candidate = (await shop.picture(release)).release.candidate
    assert (candidate.commit, candidate.ref, candidate.set_by) == (shop.b, "main", SLIPWAY)
    assert BEN.id in candidate.author_ids


async def test_it_is_on_the_record_as_what_it_is(shop, main):
    await shop.planned(shop.a, "1.0.0")
    await main.moves_to(shop.b)
    async with shop.records.read() as reading:
        (entry,) = [each for each in await reading.record() if each.happened.verb == "set candidate"]
    happened = entry.happened
    assert (happened.by, happened.surface) == (SLIPWAY, Surface.WEBHOOK)
    assert (happened.detail["previous"], happened.detail["ref"]) == (shop.a, "main")


async def test_checks_and_lines_go_by_the_new_commit(shop, main):
    shop.agrees_on(HOTFIX, checklist=(ItemRule("tests", "The tests have passed", check="tests"),))
    release = await shop.planned(shop.a, "1.0.0")
    await shop.reported("tests", shop.a)
    assert (await shop.line(release, "tests")).done
    await main.moves_to(shop.b)
    assert not (await shop.line(release, "tests")).done
    await shop.reported("tests", shop.b)
    assert (await shop.line(release, "tests")).done


async def test_nobody_has_to_have_the_right_to_plan_since_the_catalogue_says_so(main):
    shop = Workshop(rights={Right.PLAN: (RELEASE_MANAGER,)})
    release = await shop.planned(shop.a, "1.0.0")
    assert names(await Branch(shop).moves_to(shop.b)) == (["R-1"], [])
    assert await proposes(shop, release) == shop.b


async def test_without_a_word_in_the_catalogue_a_push_changes_nothing_and_says_nothing(shop, main):
    follows(shop, None)
    release = await shop.planned(shop.a, "1.0.0")
    before = await thread(shop)
    assert names(await main.moves_to(shop.b)) == ([], [])
    assert await proposes(shop, release) == shop.a
    assert await thread(shop) == before


async def test_without_an_open_release_a_push_is_harmless(shop, main):
    assert names(await main.moves_to(shop.b)) == ([], [])
    release = await shop.planned(shop.a, "1.0.0")
    await shop.cancel_release(release, "Not now", by=shop.by(MAYA))
    assert names(await main.moves_to(shop.c)) == ([], [])
    assert await proposes(shop, release) == shop.a


# ---------------------------------------------------------------- what people have decided


async def test_an_approval_stays_and_the_thread_says_once_how_to_propose_what_is_there_now(shop, main):
    release = await shop.approved(shop.a, "1.0.0")
    assert names(await main.moves_to(shop.b)) == ([], ["R-1"])
    assert (await thread(shop))[-1] == (
        f"main has moved on, and R-1 stays as it is. @{OMAR.id} approved what it proposes. "
        "To propose its newest commit: /release build R-1 main."
    )
    said = await thread(shop)
    assert names(await main.moves_to(shop.c)) == ([], [])
    assert await thread(shop) == said, "once for each candidate"
    assert await proposes(shop, release) == shop.a
    assert await shop.blockers(release) == []


async def test_whoever_then_proposes_it_by_hand_is_told_again_after_the_next_approval(shop, main):
    release = await shop.approved(shop.a, "1.0.0")
    await main.moves_to(shop.b)
    await shop.set_candidate(release, "main", by=shop.by(MAYA))
    await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
    assert names(await main.moves_to(shop.c)) == ([], ["R-1"])


async def test_an_approval_that_was_taken_back_is_none(shop, main):
    release = await shop.approved(shop.a, "1.0.0")
    await shop.withdraw(release, by=shop.by(OMAR))
    assert names(await main.moves_to(shop.b)) == (["R-1"], [])


async def test_a_rejection_is_answered_by_the_next_push(shop, main):
    release = await shop.planned(shop.a, "1.0.0")
    await shop.reject(release, PRODUCTION, None, "It is slow", by=shop.by(OMAR))
    assert names(await main.moves_to(shop.b)) == (["R-1"], [])
    assert await proposes(shop, release) == shop.b


async def test_what_somebody_set_after_the_push_stays(shop, main):
    release = await shop.planned(shop.a, "1.0.0")
    pushed = shop.at
    await shop.set_candidate(release, shop.b, by=shop.by(BEN))
    assert names(await main.moves_to(shop.c, at=pushed)) == ([], ["R-1"])
    assert await proposes(shop, release) == shop.b
    assert f"@{BEN.id} has set the candidate since then." in (await thread(shop))[-1]
    assert names(await main.is_heard(at=pushed)) == ([], [])
    assert names(await main.moves_to(shop.d)) == (["R-1"], []), "the next push is later than that"


async def test_a_redelivery_does_not_undo_what_somebody_chose_instead(shop, main):
    release = await shop.planned(shop.a, "1.0.0")
    await main.moves_to(shop.b)
    pushed = shop.at
    await shop.set_candidate(release, shop.a, by=shop.by(MAYA))
    shop.at += timedelta(days=40)
    await main.is_heard(at=pushed)
    assert await proposes(shop, release) == shop.a


async def test_a_clock_of_githubs_that_is_behind_ours_makes_no_push_late_that_nobody_has_decided_on(shop, main):
    release = await shop.planned(None, "1.0.0")
    await main.moves_to(shop.b)
    assert names(await main.moves_to(shop.c, at=shop.at - timedelta(minutes=3))) == (["R-1"], [])
    assert await proposes(shop, release) == shop.c


async def test_an_approval_that_comes_while_the_code_host_answers_counts(shop, main):
    release = await shop.planned(shop.a, "1.0.0")
    resolve = shop.code.resolve

    async def slowly(repository, ref):
        found = await resolve(repository, ref)
        await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
        return found

    shop.code.resolve = slowly
    assert names(await main.moves_to(shop.b)) == ([], ["R-1"])
    assert await proposes(shop, release) == shop.a
    assert await shop.blockers(release, Reason.APPROVAL) == []


async def test_another_candidate_that_comes_while_the_code_host_answers_stays(shop, main):
    release = await shop.planned(shop.a, "1.0.0")
    resolve = shop.code.resolve

    async def slowly(repository, ref):
        shop.code.resolve = resolve
        found = await resolve(repository, ref)
        await shop.set_candidate(release, shop.c, by=shop.by(BEN))
        return found

    shop.code.resolve = slowly
    assert names(await main.moves_to(shop.b)) == ([], [])
    assert await proposes(shop, release) == shop.c


# ---------------------------------------------------------------- which release


async def test_of_several_open_releases_none_is_guessed(shop, main):
    one, other = await shop.planned(shop.a, "1.0.0"), await shop.planned(shop.a, "1.1.0")
    assert names(await main.moves_to(shop.b)) == ([], ["R-1", "R-2"])
    assert [await proposes(shop, each) for each in (one, other)] == [shop.a, shop.a]
    assert "I can't tell which release that is for: R-1 and R-2 follow it." in (await thread(shop))[-1]
    assert (await thread(shop))[-1].endswith("/release build R-2 main.")


async def test_a_branch_for_each_version_belongs_to_its_release(shop):
    branch = Branch(shop, "release/{version}")
    one, other = await shop.planned(shop.a, "1.0.0"), await shop.planned(shop.a, "1.1.0")
    assert names(await branch.moves_to(shop.b, name="release/1.1.0")) == (["R-2"], [])
    assert [await proposes(shop, each) for each in (one, other)] == [shop.a, shop.b]
    assert names(await branch.moves_to(shop.c, name="release/2.0.0")) == ([], [])


async def test_what_customers_have_is_followed_no_more(shop, main):
    shipped = await shop.shipped(shop.a, "1.0.0")
    coming = await shop.planned(shop.a, "1.1.0")
    assert names(await main.moves_to(shop.b)) == (["R-2"], [])
    assert [await proposes(shop, each) for each in (shipped, coming)] == [shop.a, shop.b]


async def test_what_is_in_staging_only_is_still_followed(shop, main):
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    await shop.deployed(release, STAGING)
    assert names(await main.moves_to(shop.b)) == (["R-1"], [])


async def test_what_is_on_its_way_stays_as_it_is(shop, main):
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    await shop.started(release, STAGING)
    assert names(await main.moves_to(shop.b)) == ([], ["R-1"])
    assert "D-1 of this release is on its way to staging" in (await thread(shop))[-1]
    assert await proposes(shop, release) == shop.a


async def test_what_waits_its_turn_stays_as_it_is(shop):
    branch = Branch(shop, "release/{version}")
    await shop.started(await shop.planned(shop.a, "1.0.0", FEATURE), STAGING)
    release = await shop.planned(shop.a, "1.1.0", FEATURE)
    await shop.ask_deploy(release, STAGING, by=shop.by(MAYA))
    confirmed = await shop.confirm_deploy(release, STAGING, by=shop.by(MAYA))
    assert confirmed.deployment.waits
    assert names(await branch.moves_to(shop.b, name="release/1.1.0")) == ([], ["R-2"])
    assert "D-2 of this release waits its turn to staging." in (await thread(shop))[-1]
    assert await proposes(shop, release) == shop.a


# ---------------------------------------------------------------- where the branch stands


async def test_a_force_push_back_is_followed_like_any_other(shop, main):
    release = await shop.planned(shop.a, "1.0.0")
    await main.moves_to(shop.c)
    assert names(await main.moves_to(shop.b)) == (["R-1"], [])
    assert await proposes(shop, release) == shop.b
    assert names(await main.moves_to(shop.a)) == (["R-1"], [])


async def test_a_branch_that_is_gone_by_now_changes_nothing(shop, main):
    release = await shop.planned(shop.a, "1.0.0")
    assert names(await main.is_heard()) == ([], [])
    assert await proposes(shop, release) == shop.a


async def test_a_code_host_that_is_away_is_told_in_the_thread(shop, main):
    release = await shop.planned(shop.a, "1.0.0")

    async def away(repository, ref):
        raise CodeHostError("GitHub does not answer.")

    shop.code.resolve = away
    assert names(await main.moves_to(shop.b)) == ([], ["R-1"])
    assert "I could not ask where it stands: GitHub does not answer. To propose" in (await thread(shop))[-1]
    assert await proposes(shop, release) == shop.a


async def test_services_that_share_a_repository_follow_it_each_by_itself(shop, main):
    payments = shop.catalogue.services["payments"]
    refunds = a_service(REFUNDS, repository=REPOSITORY, candidate_from="next")
    agrees_on(shop, refunds)
    one = await shop.planned(shop.a, "1.0.0")
    other = await shop.planned(shop.a, "1.0.0", service=REFUNDS)
    followed = await main.moves_to(shop.b)
    assert (names(followed), followed.services) == ((["R-1"], []), (payments, refunds))
    assert names(await main.moves_to(shop.c, name="next")) == (["R-2"], [])
    assert [await proposes(shop, each) for each in (one, other)] == [shop.b, shop.c]
