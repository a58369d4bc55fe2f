"""Forms and buttons with values that no client of ours would send: refused in a sentence, and nothing has changed."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Iterator
from itertools import cycle

import pytest

from handlers.buttons import VALUE
from integrations.sandbox.link import Answer
from tests.faults.tampering import closes_all, form_of, presses, red, sends
from tests.faults.watch import After, Watch, watching, wrong_with
from tests.stories.roads import approved, planned, two_versions_in_production
from tests.stories.world import Player, World, read

SEAL = "0" * 20
WHOSE = frozenset(
    {"<@U0MAYA>", "<@U0OMAR>", "<!subteam^S0RELMGRS>", "<!subteam^S0QA>", "<!subteam^S0CHANGE>", "<!subteam^S0ONCALL>"}
)
GARBAGE = (
    "",
    " ",
    "R-1",
    "1",
    "null",
    "true",
    "[]",
    "{}",
    '"r"',
    "[null]",
    '["r"]',
    '["r",null]',
    '["r","1"]',
    '["r",1.5]',
    '["r",true]',
    '["r",-1]',
    '["r",1e400]',
    '["r",NaN]',
    '["r",99999999999999999999999999]',
    '["r",1,2,3,4,5]',
    '["r",1,"production","seal",0,"item","more"]',
    '["r",1,"",""]',
    '["r",1,"production","\\ud800",0]',
    '["r",1,"production","\\u0000",0]',
    '["R",1,"production","seal",0]',
    '["d",1]',
    '["f",1]',
    '["p",1,"1"]',
    '["p",1,"1; DROP TABLE"]',
    '["x",1]',
    '["x","1",0]',
    '{"release":1}',
    '["r",1,"production"',
    "[" * 1500,
    "\x00",
    "1' OR '1'='1",
    "{who} {{7*7}}",
    "R-1|production|110d228755f7",  # as an early version might have written it
    json.dumps(["r", 1, "production", "x" * 1900, 0]),
    "x" * (VALUE + 1),
)
"""What is no value of ours: no shape, another kind, odd types, another version's."""


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    """Over Socket Mode: what a value is read as doesn't depend on how it came."""
    made: World = request.getfixturevalue("real_git")
    return made


@pytest.fixture(autouse=True)
def a_clean_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing that people send is a failure of ours."""
    yield
    bad = [each.getMessage() for each in caplog.get_records("call") if each.levelno >= logging.ERROR or each.exc_info]
    assert bad == []


def complaints(after: After, who: Player, sent: str = "") -> list[str]:
    """What is wrong with a refusal."""
    told = after.to(who)
    wrong = [] if len(told) == 1 else [f"there are {len(told)} answers: {told}"]
    wrong += [f"the client says {each!r}" for each in after.notices]
    wrong += after.nothing_changed()
    return wrong + [each for one in told for each in wrong_with(one, sent, may_call=WHOSE)]


# ---------------------------------------------------------------- buttons


async def test_a_buttons_value_that_is_none_of_ours_is_refused(world: World):
    await planned(world)
    found = []
    ours = "approve reject withdraw checklist why deploy tick launch show except grant refuse review"
    buttons = cycle(ours.split())
    async with watching(world) as watch:
        for value, action in [(value, next(buttons)) for value in GARBAGE for _ in range(4)]:
            after = await watch.act(presses(world.omar, world.card(), "Approve", action_id=action, value=value))
            closes_all(world)
            found += [f"{action} {value[:60]!r}: {each}" for each in complaints(after, world.omar, value)]
    assert not found, "\n".join(found)


UNSEEN = (
    ["r", 1],
    ["r", 1, "production"],
    ["r", 1, "production", None, 0],
    ["r", 1, "production", SEAL, 0],
    ["r", 1, "staging", SEAL, 0],
    ["r", 1, "moon", SEAL, 0],
    ["r", 1, None, SEAL],
    ["r", 2, "production", SEAL],
    ["r", 0, "production", SEAL],
    ["r", 2**53, "production", SEAL],
    ["r", 1, "production' OR 1=1", SEAL],
    ["r", 1, "../production", SEAL],
    ["r", 1, "production\n", SEAL],
)


@pytest.mark.parametrize("action", ["approve", "withdraw", "launch", "reject"])
async def test_what_was_not_on_the_screen_is_not_acted_on(world: World, action):
    """Of no release, of no environment, with another seal or none: a press acts on exactly what was seen."""
    await planned(world)
    if action == "withdraw":
        await world.omar.presses("Approve")
    found = []
    async with watching(world) as watch:
        for value in UNSEEN:
            sent = json.dumps(value)
            after = await watch.act(presses(world.omar, world.card(), "Reject", action_id=action, value=sent))
            if action == "reject" and world.omar.desk.modal is not None and world.omar.desk.modal.get("submit"):
                # The form opens for a release that exists; what it carries is looked at when it is sent.
                after = await watch.act(sends(world.omar, {"reason": "no"}))
            closes_all(world)
            told = after.to(world.omar)
            found += [f"{sent}: recorded {each}" for each in after.recorded]
            found += [f"{sent}: told {told}"] if len(told) != 1 else []
            found += [f"{sent}: {wrong}" for each in told for wrong in wrong_with(each, sent, may_call=WHOSE)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("action", ["grant", "refuse"])
async def test_an_exception_that_was_not_on_the_screen_is_not_decided(world: World, action):
    """Of no number, of another state, by somebody who is nobody's owner: nothing is decided."""
    await planned(world)
    await world.ruth.types("/freeze start production until 2 days for payments The annual sale")
    await world.maya.types("/freeze except R-1 It is urgent")
    found = []
    async with watching(world) as watch:
        for who, value in (
            (world.ruth, ["x", 1]),
            (world.ruth, ["x", 1, 9]),
            (world.ruth, ["x", 0, 0]),
            (world.ruth, ["x", 2, 0]),
            (world.ruth, ["x", 2**53, 0]),
            (world.omar, ["x", 1, 0]),
        ):
            sent = json.dumps(value)
            after = await watch.act(presses(who, world.card(), "Reject", action_id=action, value=sent))
            if who.desk.modal is not None and who.desk.modal.get("submit"):
                after = await watch.act(sends(who, {"reason": "no"}))
            closes_all(world)
            found += [f"{sent}: recorded {each}" for each in after.recorded]
            found += [f"{sent}: told {after.to(who)}"] if len(after.to(who)) != 1 else []
    assert not found, "\n".join(found)


async def test_another_releases_seal_says_nothing_about_this_one(world: World):
    await planned(world)
    await planned(world, version="2.5.0")
    value = next(each for each in world.omar.desk.shown(world.card(2)) if each.label == "Approve").element["value"]
    forged = json.dumps([*json.loads(value)[:1], 1, *json.loads(value)[2:]])
    async with watching(world) as watch:
        after = await watch.act(presses(world.omar, world.card(1), "Approve", value=forged))
        assert after.recorded == []
        assert "changed since you looked" in after.to(world.omar)[0]


async def test_a_line_that_is_not_on_the_checklist_cannot_be_ticked(world: World):
    await planned(world)
    found = []
    async with watching(world) as watch:
        for item in ("moon", "", " ", "notes\n", "__class__", "x" * 500, "' OR 1=1", "{item}", "🚀", 7, []):
            for action in ("tick", "untick"):
                await watch.act(world.omar.desk.presses(world.card(), "Checklist"))
                sent = json.dumps(["r", 1, None, None, None, item])
                after = await watch.act(presses(world.omar, form_of(world.omar), "Tick", action_id=action, value=sent))
                closes_all(world)
                found += [f"{action} {sent}: {each}" for each in complaints(after, world.omar, sent)]
    assert not found, "\n".join(found)


async def test_somebody_elses_line_cannot_be_ticked_by_a_value(world: World):
    await planned(world)
    await world.omar.presses("Checklist")
    async with watching(world) as watch:
        value = json.dumps(["r", 1, None, None, None, "notes"])
        after = await watch.act(presses(world.omar, form_of(world.omar), "Tick", value=value))
        assert complaints(after, world.omar) == []
        assert "<!subteam^S0RELMGRS>" in after.to(world.omar)[0]


@pytest.fixture
async def two_versions(request: pytest.FixtureRequest, tmp_path, sqlite_url):
    """A service with something to go back to."""
    from tests.stories.conftest import a_world

    async with a_world(tmp_path, sqlite_url) as made, made.running():
        await two_versions_in_production(made)
        yield made


NOT_OFFERED = (
    ["s", "payments"],
    ["s", "payments", "production"],
    ["s", "payments", "production", None, "D-1"],
    ["s", "payments", "production", 1, "D-1"],
    ["s", "payments", "production", 99, "D-1"],
    ["s", "payments", "moon", 2, "D-1"],
    ["s", "payments", "staging", 2, "D-1"],
    ["s", "billing", "production", 2, "D-1"],
    ["s", "payments", "production", 2, "D-2"],
    ["s", "payments", "production", 2, "D-99"],
    ["s", "payments", "production", 2, "9.9.9"],
    ["s", "payments", "production", 2, "D-999999999999999999999"],
    ["s", "storefront", "production", 2, "D-1"],
    ["s", "", "production", 2, "D-1"],
)


async def test_no_rollback_starts_by_a_value_that_was_not_offered(two_versions: World):
    world, found = two_versions, []
    await world.ines.types("/rollback payments")
    question = world.ines.private()[-1]
    async with watching(world) as watch:
        for value in NOT_OFFERED:
            sent = json.dumps(value)
            after = await watch.act(presses(world.ines, question, "Roll back", value=sent))
            told = after.to(world.ines)
            found += [f"{sent}: {each}" for each in after.nothing_changed()]
            found += [] if told else [f"{sent}: no answer"]
            found += [f"{sent}: {wrong}" for each in told for wrong in wrong_with(each, sent, may_call=WHOSE)]
    assert not found, "\n".join(found)
    assert len(world.target.started) == 2


async def test_a_button_of_another_version_is_answered(world: World):
    await planned(world)
    async with watching(world) as watch:
        for action in ("approved", "disapprove", "confirm", "start_deploy", "", "APPROVE", "approve ", "🚀"):
            after = await watch.act(presses(world.omar, world.card(), "Approve", action_id=action))
            assert complaints(after, world.omar) == [], action
            assert "older version" in after.to(world.omar)[0], action


# ---------------------------------------------------------------- who presses


async def test_nobody_who_may_not_act_acts_by_a_button(world: World):
    """Guests, people of another workspace, deactivated ones, bots, strangers: whatever groups they are in."""
    workspace = world.workspace
    workspace.add_person("robo", "Robo", id="U0ROBO", is_bot=True)
    workspace.add_person("otto", "Otto Onechannel", id="U0OTTO", is_restricted=True, is_ultra_restricted=True)
    workspace.add_person("dora", "Dora Departed", id="U0DORA", deleted=True)
    outsiders = ("U0ROBO", "U0OTTO", "U0DORA", "U0GUS", "U0FAY", workspace.app.user_id)
    workspace.groups["S0QA"].members.extend(outsiders)
    workspace.groups["S0RELMGRS"].members.extend(outsiders)
    await approved(world)
    await world.omar.presses("Withdraw")
    world.bot.forget_roles()
    card = world.card()
    labels = {each.label: each.element["value"] for each in world.omar.desk.shown(card) if each.kind == "button"}
    tick = json.dumps(["r", 1, None, None, None, "regression"])
    async with watching(world) as watch:
        for person in outsiders:
            player = Player(world, workspace.desk(person))
            for action, value in (
                ("approve", labels["Approve"]),
                ("reject", labels["Reject"]),
                ("untick", tick),
                ("deploy", labels["Deploy"]),
                ("withdraw", labels["Withdraw"]),
                ("roll_back", json.dumps(["s", "payments", "production", 1, "D-1"])),
                ("new", ""),
            ):
                after = await watch.act(presses(player, card, "Approve", action_id=action, value=value))
                forms = [view for view in workspace.modals.get(person, []) if view.get("submit")]
                closes_all(world)
                assert after.nothing_changed() == [], (person, action)
                assert forms == [], (person, action)
                assert [each for told in after.to(player) for each in wrong_with(told)] == [], (person, action)


NOBODY = (
    {},
    {"id": ""},
    {"id": None},
    {"id": 7},
    {"id": "U0NOBODY", "team_id": "T0SLIPWAY"},
    {"id": "U0OMAR", "team_id": "T0ELSEWHERE"},
    {"id": "U0OMAR' --", "team_id": "T0SLIPWAY"},
    {"id": "USLACKBOT", "team_id": "T0SLIPWAY"},
    "U0OMAR",
    None,
    [],
)


async def test_somebody_whom_nobody_knows_changes_nothing(world: World):
    await planned(world)
    async with watching(world) as watch:
        for user in NOBODY:
            after = await watch.act(presses(world.omar, world.card(), "Approve", payload={"user": user}))
            assert after.nothing_changed() == [], user
            assert [each for told in after.to(world.omar) for each in wrong_with(told)] == [], user


IN_PARTS = (
    {"container": None, "message": None, "channel": None},
    {"container": "C0PAYMENTS", "message": 7, "channel": []},
    {"channel": {"id": "C0NOWHERE"}, "response_url": ""},
    {"response_url": "not an address"},
    {"response_url": "http://127.0.0.1:1/elsewhere"},
    {"trigger_id": ""},
    {"team": None},
    {"state": {"values": [1, 2]}},
    {"view": "V1", "message": {"blocks": [None, "x", {"block_id": 7, "elements": "y"}]}},
)


async def test_a_press_with_parts_missing_acts_once_and_is_answered(world: World):
    """The value tells what is meant; the rest is needed for the answer alone, which finds another way."""
    await planned(world)
    async with watching(world) as watch:
        for payload in IN_PARTS:
            after = await watch.act(presses(world.omar, world.card(), "Approve", payload=payload))
            assert after.recorded == ["approve"], payload
            assert len(after.to(world.omar)) == 1, payload
            assert wrong_with(after.to(world.omar)[0], may_call=WHOSE) == [], payload
            await watch.act(world.omar.desk.types("payments", "/release withdraw R-1"))


# ---------------------------------------------------------------- forms

LONG = "x" * 20_000
BAD_PLANS = (
    {"version": ""},
    {"version": " "},
    {"version": "2 5"},
    {"version": "../../etc"},
    {"version": "-x"},
    {"version": "v" * 65},
    {"version": LONG},
    {"version": "<!channel>"},
    {"version": "٢.٤"},
    {"version": None},
    {"title": ""},
    {"title": " \n "},
    {"title": LONG},
    {"title": None},
    {"scope": LONG},
    {"requirements": LONG},
    {"target": "yesterday"},
    {"target": "2026-02-30"},
    {"target": "9999-99-99"},
    {"target": "2026-W01"},
    {"target": "0"},
    {"target": LONG},
    {"depends_on": "payments"},
    {"depends_on": "R-99"},
    {"depends_on": "R-0"},
    {"depends_on": "R-999999999999999999999"},
    {"depends_on": "R-1; DROP TABLE releases"},
    {"depends_on": LONG},
    {"depends_on": "R-1 " * 4000},
    {"change_type": "moon"},
    {"change_type": ""},
    {"change_type": LONG},
    {"change_type": None},
    {"change_type": "{change_type}"},
    {"version": {}, "title": {}},
    {"version": {"version": None}},
    {"version": {"version": {"type": "plain_text_input", "value": {"a": 1}}}},
    {"version": {"version": {"type": "plain_text_input", "value": 7}}},
)


def case(values: object) -> str:
    return str(values)[:50]


@pytest.mark.parametrize("form", ["new", "edit"])
async def test_a_plan_that_cannot_be_is_refused_in_the_form(world: World, form):
    await planned(world)
    found = []
    async with watching(world) as watch:
        for values in (
            *BAD_PLANS,
            *(({"service": "moon"}, {"service": ""}, {"service": None}) if form == "new" else ()),
        ):
            await watch.act(world.maya.desk.types("payments", "/release new" if form == "new" else "/release edit R-1"))
            filled = {"service": "payments", "version": "3.0.0", "title": "Three"} if form == "new" else {}
            answers: list[Answer] = []
            after = await watch.act(_kept(sends(world.maya, filled | values), answers))
            fields = red(answers[0])
            told = [*fields.values(), *after.to(world.maya)]
            found += [f"{case(values)}: {each}" for each in after.nothing_changed()]
            found += [
                f"{case(values)}: {each}" for text in told for each in wrong_with(text, str(values), may_call=WHOSE)
            ]
            found += [f"{case(values)}: {told}"] if len(told) != 1 and len(fields) != len(values) else []
            closes_all(world)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("form", ["edit", "reject"])
async def test_a_form_that_carries_what_is_none_of_ours_is_refused(world: World, form):
    await planned(world)
    found = []
    unseen = ('["r",1]', '["r",1,"production"]', '["r",99,"production","x",0]', f'["r",1,"production","{SEAL}"]')
    async with watching(world) as watch:
        ours = json.dumps(["r", 1, "production", "x" * 1900, 0])  # an edit needs no seal
        for metadata in (
            *(each for each in GARBAGE if form != "edit" or each != ours),
            *unseen,
            "x" * 3000,
            '["r",1]\nhome',
            "\nhome",
        ):
            player = world.maya if form == "edit" else world.omar
            if form == "edit":
                await watch.act(player.desk.types("payments", "/release edit R-1"))
            else:
                await watch.act(player.desk.presses(world.card(), "Reject"))
            values = {"title": "Forged"} if form == "edit" else {"reason": "Forged"}
            after = await watch.act(sends(player, values, view={"private_metadata": metadata}))
            closes_all(world)
            wrong = after.nothing_changed()
            if "home" not in metadata:
                wrong = complaints(after, player, metadata)
            if f'"{SEAL}"' in metadata and form == "reject":
                wrong = [f"recorded: {each}" for each in after.recorded]  # its card is drawn anew
            found += [f"{metadata[:60]!r}: {each}" for each in wrong]
    assert not found, "\n".join(found)


async def test_an_edit_over_somebody_elses_is_refused(world: World):
    await planned(world)
    await world.maya.types("/release edit R-1")
    await world.ben.types("/release build R-1 main")
    await world.ruth.types("/release edit R-1")
    await world.ruth.fills_in(title="Ruth was faster")
    answer = await world.maya.fills_in(title="Maya was slower")
    assert "Ruth was faster" in read(world.card())
    assert "Maya was slower" not in read(world.card())
    assert len(answer.split()) > 3


async def test_a_rejection_without_a_reason_that_can_be_read_is_none(world: World):
    await planned(world)
    await world.omar.presses("Reject")
    async with watching(world) as watch:
        for reason in ("", " ", "\n\n", "\N{NO-BREAK SPACE}", "x" * 1001, LONG, None):
            answers: list[Answer] = []
            after = await watch.act(_kept(sends(world.omar, {"reason": reason}), answers))
            assert list(red(answers[0])) == ["reason"], reason
            assert after.nothing_changed() == [], reason


async def test_a_form_of_another_version_is_answered(world: World):
    await planned(world)
    async with watching(world) as watch:
        for callback in ("reject_v1", "rejected", "", "approve", "checklist", "🚀", "x" * 255):
            await watch.act(world.omar.desk.presses(world.card(), "Reject"))
            answers: list[Answer] = []
            sent = sends(world.omar, {"reason": "no"}, view={"callback_id": callback})
            after = await watch.act(_kept(sent, answers))
            closes_all(world)
            assert answers[0].ok, callback
            assert after.nothing_changed() == [], callback


STATELESS = (
    {"state": None},
    {"state": {"values": None}},
    {"state": {"values": {"reason": None}}},
    {"state": {"values": {"reason": {"reason": "no"}}}},
    {"state": {"values": {"reason": {"reason": {"type": "plain_text_input", "value": ["no"]}}}}},
)


async def test_a_form_without_its_state_is_refused_in_the_form(world: World):
    await planned(world)
    await world.omar.presses("Reject")
    async with watching(world) as watch:
        for view in STATELESS:
            answers: list[Answer] = []
            sent = sends(world.omar, {}, payload={"view": {**form_of(world.omar), **view}})
            after = await watch.act(_kept(sent, answers))
            assert list(red(answers[0])) == ["reason"], view
            assert after.nothing_changed() == [], view


async def _kept(sent: Awaitable[Answer], answers: list[Answer]) -> None:
    answers.append(await sent)


async def test_words_in_a_form_that_look_like_slacks_own_are_shown_and_call_nobody(world: World, watch: Watch):
    await watch.act(world.maya.desk.types("payments", "/release new"))
    poison = "<!channel> <@U0RUTH> {who} {{7*7}} *x* `y` &amp; <script> \N{RIGHT-TO-LEFT OVERRIDE}desrever"
    values = {"service": "payments", "version": "3.0.0", "ref": "main"}
    values |= dict.fromkeys(("title", "scope", "requirements"), poison)
    after = await watch.act(sends(world.maya, values))
    assert after.recorded == ["plan"]
    everything = "\n".join((*after.public, *after.to(world.maya)))
    assert "<!channel>" not in everything
    assert "<@U0RUTH>" not in everything
    assert "<script>" not in everything
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in everything
    assert "{who} {{7*7}}" in read(world.card())
    for player in (world.maya, world.omar):
        await player.opens_home()
        assert player.desk.home is not None
    for line in ("show R-1", "list", "why R-1", "digest", "checklist R-1", "edit R-1"):
        after = await watch.act(world.maya.desk.types("payments", f"/release {line}"))
        closes_all(world)
        assert len(after.to(world.maya)) == 1, line
        assert "<!channel>" not in after.to(world.maya)[0], line
