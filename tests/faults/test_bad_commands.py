"""What people type wrongly: one private answer each time, a clear sentence, and nothing has changed."""

from __future__ import annotations

import logging
import random
import string
from collections.abc import Iterable, Iterator

import pytest

from integrations.sandbox import payloads
from tests.faults.corpus import GROUPS, RIGHT, RLO, SHOWS_R_1, ZWSP
from tests.faults.watch import After, Watch, watching, wrong_with
from tests.stories.roads import planned
from tests.stories.world import Player, World

ROLES = frozenset({"<!subteam^S0RELMGRS>", "<!subteam^S0QA>", "<!subteam^S0CHANGE>", "<!subteam^S0ONCALL>"})
WHOSE = ROLES | {"<@U0MAYA>"}
"""What was mistyped may list releases, with whose they are."""


async def after_typing(watch: Watch, who: Player, line: str) -> After:
    """Type it, look, and close what has opened."""
    try:
        return await watch.act(who.desk.types("payments", line))
    finally:
        watch.world.workspace.show_modals(who.desk.id, [])


def complaints(line: str, after: After, who: Player, *, may_call: frozenset[str] = ROLES) -> Iterator[str]:
    """What is wrong with what came of it."""
    told = after.to(who)
    if len(told) != 1:
        yield f"there are {len(told)} answers"
    yield from (f"the client says {each!r}" for each in after.notices)
    yield from (f"{other} is told something" for other in after.private if other != who.desk.id)
    yield from after.nothing_changed()
    for each in told:
        # Who can lift something is named by real mentions: in an answer that is private they call nobody.
        yield from (f"{wrong}\n      in: {each[:300]!r}" for wrong in wrong_with(each, line, may_call=may_call))


async def type_all(watch: Watch, who: Player, lines: Iterable[str]) -> list[str]:
    """Type them all; every complaint about any of them."""
    found = []
    for line in lines:
        after = await after_typing(watch, who, line)
        found += [f"{line[:120]!r}: {each}" for each in complaints(line, after, who)]
    return found


@pytest.mark.parametrize("group", GROUPS)
async def test_what_is_typed_wrongly_is_answered_clearly_and_changes_nothing(real_git: World, group, caplog):
    await planned(real_git)
    caplog.clear()
    async with watching(real_git) as watch:
        found = await type_all(watch, real_git.maya, GROUPS[group])
    assert not found, "\n".join((f"{len(found)} complaints:", *found))
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR or each.exc_info] == []


async def test_what_other_keyboards_make_of_a_right_command_is_understood(real_git: World):
    await planned(real_git)
    async with watching(real_git) as watch:
        for line in SHOWS_R_1:
            after = await after_typing(watch, real_git.maya, line)
            assert "Payments 2.4.0" in "".join(after.to(real_git.maya)), line
            assert after.nothing_changed() == [], line


def mistyped(seed: int, count: int) -> Iterator[str]:
    """Right commands about things that aren't there, with what fingers, keyboards and clipboards do to them."""
    luck = random.Random(seed)
    odd = (
        "🚀\N{RIGHT SINGLE QUOTATION MARK}“”—`*_~<>&{}|\\/\"'%$@#!;:,.()[]=+-?"
        + string.ascii_letters
        + "٣é中"
        + RLO
        + ZWSP
    )
    others = [word for line in RIGHT for word in line.split()[1:]]
    for _ in range(count):
        command, *words = luck.choice(RIGHT).split()
        for _ in range(luck.choice((1, 1, 2, 3))):
            at = luck.randrange(len(words)) if words else 0
            word = words[at] if words else ""
            place = luck.randrange(len(word) + 1)
            match luck.randrange(8):
                case 0 if words:
                    del words[at]
                case 1:
                    words.insert(at, luck.choice(others))
                case 2:
                    luck.shuffle(words)
                case 3 if words:
                    words[at] = word[:place] + word[place + 1 :]
                case 4 if words:
                    words[at] = word[:place] + luck.choice(odd) + word[place:]
                case 5 if words:
                    words[at] = word.upper() if luck.random() < 0.5 else word[::-1]
                case 6 if words:
                    words[at] = f"{word} {word}"
                case 7 if words:
                    words[at] = luck.choice(others)
        yield " ".join((command, *words))


@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_is_mistyped_is_answered_once_and_clearly(real_git: World, seed, caplog):
    await planned(real_git)
    caplog.clear()
    lines = dict.fromkeys(mistyped(seed, 170))
    async with watching(real_git) as watch:
        found = []
        for line in lines:
            after = await after_typing(watch, real_git.maya, line)
            found += [f"{line!r}: {each}" for each in complaints(line, after, real_git.maya, may_call=WHOSE)]
    assert not found, "\n".join((f"{len(found)} complaints:", *found))
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR or each.exc_info] == []


async def test_what_stands_in_a_text_unescaped_calls_nobody(world: World, watch: Watch):
    """Slack escapes what people type, and writes mentions as tokens; either way the answer calls nobody by them."""
    await planned(world)
    workspace, member = world.workspace, world.maya.desk.member
    for token in ("<!channel>", "<!here|here>", "<!everyone>", "<@U0RUTH>", "<@U0RUTH|ruth>", "<!subteam^S0QA|@qa>"):
        for text in (token, f"show {token}", f"why R-1 {token}", f"build R-99 {token}", f"cancel R-99 {token} why"):
            given = workspace.response_urls.issue(user=member.id, channel="C0PAYMENTS")
            payload = payloads.slash_command(
                workspace,
                member,
                workspace.channels["C0PAYMENTS"],
                command="/release",
                text=text,
                trigger_id=workspace.triggers.issue(member.id),
                response_url=f"{world.sandbox.url}/response/{given.key}",
            )
            after = await watch.act(workspace.link.request("slash_commands", payload))
            (told,) = after.to(world.maya)
            assert wrong_with(told, text) == [], (text, told)
            assert after.nothing_changed() == []


async def test_a_reason_that_calls_everybody_is_posted_and_calls_nobody(world: World, watch: Watch):
    await planned(world)
    for person, reason in (
        (world.omar, "@channel @here @everyone <!channel> &lt;!here&gt; @ruth broke it"),
        (world.ruth, f"{{who}} {{{{7*7}}}} *bold* `code {RLO}desrever <script>alert(1)</script>"),
    ):
        after = await watch.act(person.desk.types("payments", f"/release reject R-1 {reason}"))
        assert after.recorded == ["reject"]
        everything = "\n".join((*after.public, *after.to(person)))
        assert "<!channel" not in everything
        assert "<!here" not in everything
        assert "<!everyone" not in everything
        assert RLO not in everything
        assert "<script>" not in everything
        assert "<@U0RUTH>" not in everything or person is world.ruth
    assert "{who} {{7*7}}" in world.thread()


async def test_a_reason_without_an_end_is_refused(world: World, watch: Watch):
    await planned(world)
    for line in (
        f"/release reject R-1 {'no ' * 400}",
        f"/release cancel R-1 {'no ' * 400}",
        f"/freeze start production until mon 07:00 {'no ' * 400}",
        f"/rollback payments now {'no ' * 400}",
        f"/rollback payments {'no ' * 400}",
    ):
        after = await watch.act(world.maya.desk.types("payments", line))
        (told,) = after.to(world.maya)
        assert "at most 1000 characters" in told
        assert after.nothing_changed() == []
