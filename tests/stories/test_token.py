"""Token: made privately in Slack, for oneself, and worth as much as its owner is at the moment it is used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.ports import DirectoryError
from bot.rules.people import Person, PersonId
from bot.rules.sentence import Refused
from bot.secret import Secret
from bot.verbs.use_token import UseToken
from integrations.tokens import Signer
from tests.stories.world import World

KEY = "what-tokens-are-signed-with-" + "2718" * 5


@pytest.fixture
async def world(world: World) -> World:
    """The stories' world, in which tokens are signed."""
    world.settings = replace(world.settings, token_key=Secret(KEY))
    await world.restarts()
    return world


def token_in(answer: str) -> str:
    (token,) = re.findall(r"slipway_[\w.-]+", answer)
    return token


async def uses(world: World, token: str, key: str = KEY, after: timedelta = timedelta()) -> Person | str:
    """Whom it makes its user, or why nobody."""
    use = UseToken(world.bot.records, world.bot.directory, Signer(key), lambda: datetime.now(UTC) + after)
    told = await use(token)
    return str(told.why) if isinstance(told, Refused) else told


@contextmanager
def everything_that_is_kept(world: World) -> Iterator[str]:
    """The database's file, byte by byte."""
    file = world.settings.database_url.reveal().split("///")[1]
    with open(file, "rb") as opened:  # noqa: PTH123 - a story's own look
        yield opened.read().decode("latin-1")


async def test_a_token_is_told_to_its_owner_alone_and_once(world: World, caplog):
    answer = await world.ines.types("/deploy token")
    token = token_in(answer)
    assert "Your token *K-1*" in answer
    assert "~/.config/slipway/token" in answer
    assert isinstance(told := await uses(world, token), Person)
    assert told.id == "U0INES"
    assert "K-1" not in world.channel("payments")
    with everything_that_is_kept(world) as kept:
        assert token not in kept
        assert token.removeprefix("slipway_") not in kept
    assert token not in caplog.text
    listed = await world.ines.types("/deploy token list")
    assert "K-1" in listed
    assert "last used" in listed
    assert token not in listed


async def test_making_and_revoking_are_on_the_record_and_the_token_is_not(world: World):
    token = token_in(await world.ines.types("/deploy token 2 weeks"))
    assert "*K-1* is revoked" in await world.ines.types("/deploy token revoke K-1")
    async with world.bot.records.read() as page:
        entries = [each.happened for each in await page.record()]
    assert [(each.verb, each.by, each.subject) for each in entries] == [
        ("make token", "U0INES", "K-1"),
        ("revoke token", "U0INES", "K-1"),
    ]
    assert token not in str(entries)
    assert (await world.bot.verify_audit()).broken is None


async def test_a_revoked_an_expired_and_a_forged_token_let_nobody_speak(world: World):
    token = token_in(await world.ines.types("/deploy token 2 days"))
    assert "expired" in str(await uses(world, token, after=timedelta(days=2, minutes=1)))
    assert "no token of mine" in str(await uses(world, token[:-1] + ("A" if token[-1] != "A" else "B")))
    assert "no token of mine" in str(await uses(world, token, key="another-key-" + "1618" * 6))
    assert "no token of mine" in str(await uses(world, "slipway_" + "x" * 5000))
    assert "no token of mine" in str(await uses(world, "xoxb-canary"))
    assert "no token of mine" in str(await uses(world, "slipway_\udcff"))
    await world.ines.types("/deploy token revoke K-1")
    assert "was revoked" in str(await uses(world, token))


async def test_a_token_of_another_record_is_none_here(world: World):
    """The same key and the same number, but the record was begun anew: nobody gets another person's token by that."""
    await world.maya.types("/deploy token")
    async with world.bot.records.read() as page:
        (mayas,) = await page.tokens()
    forged = Signer(KEY).sign(replace(mayas, person=PersonId("U0INES")))
    assert "I don't know this token" in str(await uses(world, forged))
    older = Signer(KEY).sign(replace(mayas, made_at=mayas.made_at - timedelta(days=1)))
    assert "I don't know this token" in str(await uses(world, older))


async def test_whoever_is_deactivated_speaks_no_more_however_good_the_token(world: World):
    token = token_in(await world.ines.types("/deploy token"))
    world.workspace.change_person("ines", deleted=True)
    assert "deactivated" in str(await uses(world, token))


async def test_a_token_is_nobody_elses_to_see_or_revoke(world: World):
    token = token_in(await world.ines.types("/deploy token"))
    assert "You have no tokens" in await world.maya.types("/deploy token list")
    assert "You have no token K-1" in await world.maya.types("/deploy token revoke K-1")
    assert isinstance(await uses(world, token), Person)


async def test_a_guest_gets_none(world: World):
    assert "guests can look but not act" in await world.gus.types("/deploy token")


async def test_a_token_lasts_a_quarter_at_most(world: World):
    assert "92 days at most" in await world.ines.types("/deploy token 100 days")


async def test_without_a_key_it_is_said_what_to_set(world: World):
    world.settings = replace(world.settings, token_key=Secret(""))
    await world.restarts()
    assert "SLIPWAY_TOKEN_KEY" in await world.ines.types("/deploy token")


async def test_where_nobody_can_be_asked_nobody_speaks(world: World):
    token = token_in(await world.ines.types("/deploy token"))
    world.sandbox.away = True
    with pytest.raises(DirectoryError):
        await uses(world, token)
    world.sandbox.away = False
