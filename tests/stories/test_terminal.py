"""From a terminal: the same rules and the same record, also while Slack is away, and while no Slipway is at work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cli.site import Site, a_site


@pytest.fixture
async def site(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Site]:
    async with a_site(tmp_path, sqlite_url) as there:
        yield there


async def test_a_rollback_while_slack_is_away_and_the_thread_is_complete_when_it_is_back(site: Site):
    async with site.serving():
        await site.is_given_a_token("ines")
        site.sandbox.away = True
        ended = await site.types("rollback", "payments", "now", "Refunds go out twice", by="ines")
        print(ended.said)
        assert ended.code == 0, ended.said
        assert await site.served("production") == "2.3.8"
        for words in (["status"], ["status","--json"], ["deployments"], ["deploy","status"], ["freeze", "list"], ["token","list"]):
            e = await site.types(*words); print(words, e.code); print(e.said)
