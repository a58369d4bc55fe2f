"""Tokens in the records: what is known of each, and who may change it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.ports import ConflictError, Records
from bot.rules.token import Token, TokenId
from tests.makers import NOW
from tests.people import INES, MAYA

MONTH = timedelta(days=30)


async def made(records: Records, *people: object, at=NOW) -> list[Token]:
    async with records.open() as page:
        found = [await page.add_token(each.id, at, at + MONTH) for each in people or (INES,)]
        await page.commit()
    return found


async def test_tokens_are_numbered_and_read_newest_first(records: Records):
    first, second, third = await made(records, INES, MAYA, INES)
    async with records.read() as page:
        assert await page.tokens() == [third, second, first]
        assert await page.tokens(person=INES.id) == [third, first]
        assert await page.token(second.id) == second
        assert await page.token(TokenId(99)) is None


async def test_what_is_revoked_or_over_is_not_good(records: Records):
    first, second = await made(records, INES, MAYA)
    async with records.open() as page:
        await page.keep_token(replace(first, revoked_at=NOW, revoked_by=MAYA.id))
        await page.commit()
    async with records.read() as page:
        assert await page.tokens(good_at=NOW + MONTH - timedelta(seconds=1)) == [second]
        assert await page.tokens(good_at=NOW + MONTH) == []
        revoked = await page.token(first.id)
    assert revoked is not None
    assert (revoked.revoked_at, revoked.revoked_by, revoked.revision) == (NOW, MAYA.id, 1)


async def test_of_two_changes_to_the_same_token_one_is_told_to_look_again(records: Records):
    (token,) = await made(records)
    async with records.open() as page:
        await page.keep_token(replace(token, used_at=NOW))
        await page.commit()
    async with records.open() as page:
        with pytest.raises(ConflictError, match="K-1"):
            await page.keep_token(replace(token, revoked_at=NOW, revoked_by=INES.id))


async def test_a_token_never_becomes_somebody_elses(records: Records):
    (token,) = await made(records)
    async with records.open() as page:
        with pytest.raises(ValueError, match="Whose K-1 is"):
            await page.keep_token(replace(token, person=MAYA.id))
