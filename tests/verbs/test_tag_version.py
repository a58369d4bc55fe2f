"""Tagging versions: at the agreed moment, once, whatever goes wrong; and never a tag that is somebody else's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.notices import ThreadLine
from bot.ports import Work
from bot.rules.deployment import Attempt
from bot.rules.policy import TagRule
from bot.rules.sentence import Link
from bot.verbs.tag_version import GIVEN_UP, PATIENCE
from tests.grounds import database_ground
from tests.makers import PAYMENTS, PRODUCTION, STAGING
from tests.people import MAYA
from tests.twins import Script
from tests.verbs.workshop import REPOSITORY, Workshop

IN_PRODUCTION = TagRule(environment=PRODUCTION)
AT_LAUNCH = TagRule()


@pytest.fixture
def shop():
    return Workshop(tag=IN_PRODUCTION)


def wanted(shop: Workshop) -> list[int]:
    return [key for work, key in shop.records.started if work is Work.TAG_VERSION]


async def tagged(shop: Workshop) -> timedelta | None:
    """What was to be tagged has been looked at once; how long it waits then, None if that was all."""
    following = [await shop.tag_version(key) for key in wanted(shop)]
    assert following, "nothing is to be tagged"
    return None if following[-1].done else following[-1].after


async def lines(shop: Workshop) -> list[str]:
    return [str(each.sentence) for each in await shop.told(ThreadLine) if "tag" in str(each.sentence)]


def agree_on(shop: Workshop, rule: TagRule | None) -> None:
    service = replace(shop.catalogue.services[PAYMENTS], tag=rule)
    shop.catalogue = replace(shop.catalogue, services={PAYMENTS: service})


async def test_a_version_that_is_in_production_is_tagged_and_published(shop):
    await shop.shipped(shop.a, "1.0.0")
    assert await tagged(shop) is None

    found = await shop.code.resolve(REPOSITORY, "v1.0.0")
    assert found is not None
    assert found.sha == shop.a
    assert list(shop.publisher.releases) == [(REPOSITORY, "v1.0.0")]
    assert await lines(shop) == ["1.0.0 is tagged at the code host, and its release is published: v1.0.0."]


async def test_the_thread_leads_to_the_release(shop):
    await shop.shipped(shop.a, "1.0.0")
    await tagged(shop)

    (line,) = [each for each in await shop.told(ThreadLine) if "is tagged" in str(each.sentence)]
    (link,) = [part for _, part in line.sentence.parts if isinstance(part, Link)]
    assert link.url.endswith("/releases/tag/v1.0.0")


async def test_it_is_on_the_record(shop):
    release = await shop.shipped(shop.a, "1.0.0")
    await tagged(shop)

    async with shop.records.read() as page:
        (entry,) = [each for each in await page.record(release=release) if each.happened.verb == "tag version"]
    assert entry.happened.detail["tag"] == "v1.0.0"
    assert (entry.happened.candidate or "").startswith(shop.a)


async def test_what_was_rolled_back_before_it_could_be_tagged_is_not(shop):
    await shop.shipped(shop.a, "1.0.0")
    await shop.shipped(shop.b, "2.0.0")
    await shop.rolled_back()
    await tagged(shop)
    assert list(shop.publisher.releases) == [(REPOSITORY, "v1.0.0")]


async def test_elsewhere_it_is_not_tagged(shop):
    await shop.deployed(await shop.approved(shop.a, "1.0.0"), STAGING)
    assert wanted(shop) == []


async def test_a_team_that_asks_for_no_tags_gets_none():
    shop = Workshop()
    release = await shop.shipped(shop.a, "1.0.0")
    await shop.launch(release, None, by=shop.by(MAYA))
    assert wanted(shop) == []


async def test_what_failed_is_not_tagged(shop):
    shop.target.script = Script(code=1)
    deployment = await shop.followed(await shop.started(await shop.approved(shop.a, "1.0.0")))
    assert deployment.attempt is Attempt.FAILED
    assert wanted(shop) == []


async def test_what_somebody_saw_succeed_is_tagged(shop):
    deployment = await shop.with_an_unknown_outcome(await shop.approved(shop.a, "1.0.0"))
    await shop.settle(deployment.id, "I have seen it", succeeded=True, by=shop.by(MAYA))
    assert wanted(shop) == [deployment.id]


async def test_going_back_tags_nothing_anew(shop):
    await shop.shipped(shop.a, "1.0.0")
    await shop.shipped(shop.b, "2.0.0")
    before = wanted(shop)
    await shop.rolled_back()
    assert wanted(shop) == before


async def test_at_its_launch_what_stands_where_customers_are_is_tagged():
    shop = Workshop(tag=AT_LAUNCH)
    release = await shop.shipped(shop.a, "1.0.0")
    assert wanted(shop) == []
    await shop.launch(release, None, by=shop.by(MAYA))

    assert await tagged(shop) is None
    assert (REPOSITORY, "v1.0.0") in shop.publisher.releases


async def test_a_team_can_have_tags_alone():
    shop = Workshop(tag=TagRule("{service}/{version}", PRODUCTION, release=False))
    await shop.shipped(shop.a, "1.0.0")
    await tagged(shop)

    assert shop.publisher.releases == {}
    assert await lines(shop) == ["1.0.0 is tagged payments/1.0.0 at the code host."]


async def test_notes_tell_what_came_since_the_version_before(shop):
    shop.code.pull(REPOSITORY, 7, "Refund at once", shop.c)
    await shop.shipped(shop.a, "1.0.0")
    await shop.shipped(shop.c, "1.1.0")
    await tagged(shop)

    first, second = shop.publisher.releases.values()
    assert first.changes is None
    assert second.since == "1.0.0"
    assert second.changes is not None
    assert [each.sha for each in second.changes.commits] == [shop.c, shop.b]
    assert [each.pull and each.pull.number for each in second.changes.commits] == [7, None]


async def test_at_launch_they_tell_what_came_since_the_launch_before():
    shop = Workshop(tag=AT_LAUNCH)
    first = await shop.shipped(shop.a, "1.0.0")
    await shop.launch(first, None, by=shop.by(MAYA))
    await shop.shipped(shop.b, "1.1.0")
    last = await shop.shipped(shop.c, "1.2.0")
    await shop.launch(last, None, by=shop.by(MAYA))
    await tagged(shop)

    notes = shop.publisher.releases[REPOSITORY, "v1.2.0"]
    assert notes.since == "1.0.0"
    assert notes.changes is not None
    assert notes.changes.total == 2


async def test_what_is_older_than_what_was_there_has_no_list_of_what_it_lost(shop):
    await shop.shipped(shop.c, "2.0.0")
    await shop.shipped(shop.a, "1.0.1")
    await tagged(shop)
    assert shop.publisher.releases[REPOSITORY, "v1.0.1"].changes is None


# ---------------------------------------------------------------- a tag that is there


async def test_a_tag_that_names_another_commit_is_told_and_never_moved(shop):
    shop.code.tag(REPOSITORY, "v1.0.0", shop.b)
    await shop.shipped(shop.a, "1.0.0")
    for _ in range(3):
        assert await tagged(shop)

    found = await shop.code.resolve(REPOSITORY, "v1.0.0")
    assert found is not None
    assert found.sha == shop.b
    assert shop.publisher.releases == {}
    (line,) = await lines(shop)
    assert "I never move a tag" in line
    assert shop.b[:10] in line
    assert shop.a[:10] in line


async def test_once_people_have_taken_the_wrong_tag_away_it_is_made(shop):
    shop.code.tag(REPOSITORY, "v1.0.0", shop.b)
    await shop.shipped(shop.a, "1.0.0")
    await tagged(shop)
    shop.code.tag(REPOSITORY, "v1.0.0", shop.a)

    assert await tagged(shop) is None
    assert (REPOSITORY, "v1.0.0") in shop.publisher.releases


async def test_after_a_week_it_is_said_that_it_is_not_tried_any_more(shop):
    shop.code.tag(REPOSITORY, "v1.0.0", shop.b)
    await shop.shipped(shop.a, "1.0.0")
    await tagged(shop)
    shop.at += GIVEN_UP
    for _ in range(2):
        assert await tagged(shop) is None

    assert "tried for 7 days" in (await lines(shop))[-1]
    assert len(await lines(shop)) == 2


async def test_a_version_that_can_be_no_tag_is_told_once(shop):
    await shop.shipped(shop.a, "1..0")
    for _ in range(2):
        assert await tagged(shop) is None

    (line,) = await lines(shop)
    assert "v1..0 can't be the name of one" in line


# ---------------------------------------------------------------- trouble


async def test_what_was_done_before_a_crash_is_found_and_told_once(shop):
    await shop.shipped(shop.a, "1.0.0")
    shop.at -= timedelta(hours=2)  # it is just there
    for _ in range(2):
        shop.publisher.loses_answers = True
        assert await tagged(shop)
    for _ in range(2):
        assert await tagged(shop) is None

    assert len(shop.publisher.releases) == 1
    assert len(await lines(shop)) == 1


async def test_a_code_host_that_is_away_for_long_is_told_once_and_asked_ever_more_seldom(shop):
    await shop.shipped(shop.a, "1.0.0")
    shop.at -= timedelta(hours=2)  # it is just there
    shop.publisher.away = "It does not answer."
    pauses = [await tagged(shop)]
    assert await lines(shop) == []
    for _ in range(3):
        shop.at += PATIENCE
        pauses.append(await tagged(shop))

    assert pauses == [timedelta(seconds=10), timedelta(minutes=30), timedelta(hours=1), timedelta(hours=1)]
    (line,) = await lines(shop)
    assert "It does not answer." in line
    shop.publisher.away = ""
    assert await tagged(shop) is None


async def test_what_somebody_has_to_mend_is_told_at_once_and_another_reason_again(shop):
    await shop.shipped(shop.a, "1.0.0")
    for reason in ("It takes the permission “Contents: write”.", "Tags are protected.") * 2:
        shop.publisher.refuses = reason
        assert await tagged(shop)

    assert len(await lines(shop)) == 2
    shop.publisher.refuses = ""
    assert await tagged(shop) is None


async def test_notes_wait_for_the_list_of_changes_for_an_hour_and_not_longer(shop):
    await shop.shipped(shop.a, "1.0.0")
    await tagged(shop)
    await shop.shipped(shop.b, "1.1.0")
    shop.at -= timedelta(hours=2)

    class Unread:
        async def between(self, *_: object, **__: object):
            shop.code.away = "It does not answer."
            try:
                return await shop.code.between(REPOSITORY, shop.a, shop.b)
            finally:
                shop.code.away = ""

    unread = replace(shop.tag_version, code_host=Unread())
    number = wanted(shop)[-1]
    assert not (await unread(number)).done
    assert (REPOSITORY, "v1.1.0") not in shop.publisher.releases
    shop.at += PATIENCE
    assert (await unread(number)).done
    assert shop.publisher.releases[REPOSITORY, "v1.1.0"].changes is None


async def test_what_the_catalogue_no_longer_asks_for_is_left(shop):
    await shop.shipped(shop.a, "1.0.0")
    agree_on(shop, None)
    assert await tagged(shop) is None
    assert await shop.code.resolve(REPOSITORY, "v1.0.0") is None


async def test_over_a_database_it_is_the_same(database_url):
    async with database_ground(database_url) as ground:
        shop = Workshop(ground.records, tag=AT_LAUNCH)
        first = await shop.shipped(shop.a, "1.0.0")
        await shop.launch(first, None, by=shop.by(MAYA))
        release = await shop.shipped(shop.b, "1.1.0")
        await shop.launch(release, None, by=shop.by(MAYA))
        async with ground.records.read() as page:
            (deployment,) = await page.deployments(release=release)
        for _ in range(2):
            assert (await shop.tag_version(deployment.id)).done
        assert shop.publisher.releases[REPOSITORY, "v1.1.0"].since == "1.0.0"
        async with ground.records.read() as page:
            told = [each.happened.verb for each in await page.record(release=release)]
        assert told.count("tag version") == 1
