"""Machine tokens in the records: found by their digest, never to open anything else than they were made for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.ports import ConflictError, Records
from bot.rules.machine_token import Grant, MachineToken, MachineTokenId, Scope, digest_of
from bot.rules.people import SLIPWAY
from tests.makers import NOW

QUARTER = timedelta(days=90)


def a_grant(word: str = "first", **fields) -> Grant:
    ready = Grant("pipeline", frozenset({Scope.GATE, Scope.AUDIT}), digest_of(word), SLIPWAY, NOW, NOW + QUARTER)
    return replace(ready, **fields)


async def made(records: Records, *grants: Grant) -> list[MachineToken]:
    async with records.open() as page:
        found = [await page.add_machine_token(each) for each in grants or (a_grant(),)]
        await page.commit()
    return found


async def test_machine_tokens_are_numbered_read_newest_first_and_found_by_their_digest(records: Records):
    first, second = await made(records, a_grant("one"), a_grant("two", scopes=frozenset({Scope.FREEZES})))
    async with records.read() as page:
        assert await page.machine_tokens() == [second, first]
        assert await page.machine_token(first.id) == first
        assert await page.machine_token(MachineTokenId(99)) is None
        assert await page.machine_token_by(digest_of("two")) == second
        assert await page.machine_token_by(digest_of("three")) is None
    assert (first.name, second.name) == ("M-1", "M-2")
    assert second.grant == a_grant("two", scopes=frozenset({Scope.FREEZES}))


async def test_what_is_revoked_is_still_found_so_that_it_can_be_said(records: Records):
    (token,) = await made(records)
    async with records.open() as page:
        await page.keep_machine_token(replace(token, used_at=NOW, revoked_at=NOW, revoked_by=SLIPWAY))
        await page.commit()
    async with records.read() as page:
        found = await page.machine_token_by(token.grant.digest)
    assert found is not None
    assert (found.used_at, found.revoked_at, found.revoked_by, found.revision) == (NOW, NOW, SLIPWAY, 1)
    assert not found.good(NOW)


async def test_of_two_changes_to_the_same_machine_token_one_is_told_to_look_again(records: Records):
    (token,) = await made(records)
    async with records.open() as page:
        await page.keep_machine_token(replace(token, used_at=NOW))
        await page.commit()
    async with records.open() as page:
        with pytest.raises(ConflictError, match="M-1"):
            await page.keep_machine_token(replace(token, revoked_at=NOW, revoked_by=SLIPWAY))


async def test_a_machine_token_never_opens_more_than_it_was_made_for(records: Records):
    (token,) = await made(records)
    wider = replace(token.grant, scopes=frozenset(Scope))
    async with records.open() as page:
        with pytest.raises(ValueError, match="What M-1 opens"):
            await page.keep_machine_token(replace(token, grant=wider))


async def test_two_machine_tokens_are_never_the_same(records: Records):
    await made(records)
    async with records.open() as page:
        with pytest.raises(ConflictError):
            await page.add_machine_token(a_grant())
