"""Machine tokens are made, used and revoked; none lasts for ever, and a repeated wish makes no second one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.rules.machine_token import LONGEST, USUAL, Scope, digest_of, is_one, masked, written
from bot.rules.people import Actor, Surface, slipway
from bot.rules.sentence import REPEATED, Refused
from bot.verbs.make_machine_token import MadeForMachine, MakeMachineToken
from bot.verbs.revoke_machine_token import RevokeMachineToken
from bot.verbs.use_machine_token import UseMachineToken
from tests.verbs.workshop import Workshop


def somebody(intent: str = "press 1") -> Actor:
    return slipway(Surface.TERMINAL, intent)


async def made(shop: Workshop, *, intent: str = "press 1", **fields: Any) -> Any:
    make = MakeMachineToken(shop.records, lambda: shop.at)
    return await make("deploy pipeline", [Scope.GATE], by=somebody(intent), **fields)


async def test_one_is_made_and_opens_what_it_was_made_for(shop: Workshop):
    done = await made(shop)
    assert isinstance(done, MadeForMachine)
    assert is_one(done.text)
    assert done.text not in repr(done)
    assert done.token.grant.expires_at == shop.at + USUAL
    assert await UseMachineToken(shop.records, lambda: shop.at)(done.text) == done.token


async def test_no_two_are_alike(shop: Workshop):
    texts = {(await made(shop, intent=f"press {each}")).text for each in range(5)}
    assert len(texts) == 5


@pytest.mark.parametrize(
    ("until", "says"),
    [
        (timedelta(0), "which is over"),
        (-timedelta(days=1), "which is over"),
        (LONGEST + timedelta(seconds=1), "366 days at most"),
    ],
)
async def test_none_lasts_for_ever(shop: Workshop, until: timedelta, says: str):
    refused = await made(shop, until=shop.at + until)
    assert isinstance(refused, Refused)
    assert says in str(refused.why)


async def test_a_token_without_a_scope_is_none(shop: Workshop):
    refused = await MakeMachineToken(shop.records, lambda: shop.at)("pipeline", [], by=somebody())
    assert isinstance(refused, Refused)
    assert "gate:read" in str(refused.why)


async def test_the_same_wish_makes_no_second_one(shop: Workshop):
    await made(shop)
    assert await made(shop) is REPEATED
    revoke = RevokeMachineToken(shop.records, lambda: shop.at)
    await revoke(1, by=somebody("press 2"))
    assert await revoke(1, by=somebody("press 2")) is REPEATED


async def test_it_opens_up_to_its_last_second_and_no_longer(shop: Workshop):
    done = await made(shop, until=shop.at + timedelta(hours=1))
    use = UseMachineToken(shop.records, lambda: shop.at)
    shop.at += timedelta(hours=1) - timedelta(microseconds=1)
    assert not isinstance(await use(done.text), Refused)
    shop.at += timedelta(microseconds=1)
    assert isinstance(await use(done.text), Refused)
    assert not done.token.good(shop.at)


async def test_one_that_was_revoked_while_it_is_used_stays_so(shop: Workshop):
    """Noting the use never brings a revoked token back."""
    done = await made(shop)
    await RevokeMachineToken(shop.records, lambda: shop.at)(done.token.id, by=somebody("press 2"))
    use = UseMachineToken(shop.records, lambda: shop.at)
    await use._note(done.token, shop.at)
    assert isinstance(await use(done.text), Refused)
    async with shop.records.read() as page:
        (token,) = await page.machine_tokens()
    assert (token.used_at, token.revoked_at) == (None, shop.at)


def test_a_token_in_somebodys_words_is_masked():
    token = written("a1" * 32)
    assert masked(f"it is {token}, and {token[:20]}.") == "it is slipwayapi_…, and slipwayapi_…."
    assert digest_of(token) != digest_of(token[:-1])
