"""In between: pull requests are something to read; nobody waits for them, and nothing depends on them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from bot.ports import Changes
from bot.verbs import in_between
from bot.verbs.ask_deploy import Preview
from bot.verbs.in_between import with_pulls
from bot.verbs.roll_back import WayBack
from tests.makers import PAYMENTS, PRODUCTION
from tests.people import INES, MAYA
from tests.twins import FakeCodeHost
from tests.verbs.workshop import REPOSITORY, Workshop


async def test_a_preview_names_the_pull_requests(shop: Workshop):
    shop.code.pull(REPOSITORY, 12, "Refunds", shop.b)
    release = await shop.planned(shop.b, "2.0.0")

    seen = await shop.ask_deploy(release, PRODUCTION, by=shop.by(MAYA))

    assert isinstance(seen, Preview)
    assert seen.changes is not None
    assert [(each.sha, each.pull.title if each.pull else "") for each in seen.changes.commits] == [
        (shop.b, "Refunds"),
        (shop.a, ""),
    ]


async def test_a_way_back_names_the_pull_requests_that_customers_would_lose(shop: Workshop):
    for commit, version in ((shop.a, "1.0.0"), (shop.b, "2.0.0")):
        await shop.shipped(commit, version)
    shop.code.pull(REPOSITORY, 12, "Refunds", shop.b)

    seen = await shop.roll_back.preview(PAYMENTS, PRODUCTION, None, by=shop.by(INES))

    assert isinstance(seen, WayBack)
    assert seen.lost is not None
    assert [each.pull and each.pull.number for each in seen.lost.commits] == [12]


async def test_only_those_that_are_shown_are_asked_for(monkeypatch):
    monkeypatch.setattr(in_between, "SHOWN", 2)
    host = FakeCodeHost()
    shas = [host.commit(REPOSITORY, str(number)) for number in range(3)]
    host.pull(REPOSITORY, 12, "Refunds", *shas)
    changes = Changes(tuple([found for sha in shas if (found := await host.resolve(REPOSITORY, sha))]), 3)

    told = await with_pulls(host, REPOSITORY, changes)

    assert [each.sha for each in told.commits] == shas
    assert [each.pull is not None for each in told.commits] == [True, True, False]


async def test_nobody_waits_for_a_host_that_does_not_answer(monkeypatch):
    class Mute(FakeCodeHost):
        async def with_pulls(self, repository, commits):
            await asyncio.Event().wait()
            raise AssertionError

    monkeypatch.setattr(in_between, "WITHIN", timedelta(seconds=0.01))
    host = Mute()
    sha = host.commit(REPOSITORY, "One")
    changes = await host.between(REPOSITORY, None, sha)

    assert await with_pulls(host, REPOSITORY, replace(changes)) == changes
