"""The directory: who people are, and which roles they hold; a loss never loosens anything."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from bot.ports import Directory, DirectoryError
from bot.rules.people import PersonId, RoleName, Standing
from bot.rules.policy import Catalogue, Role
from integrations.sandbox.server import Sandbox
from integrations.sandbox.workspace import Workspace
from integrations.slack.accounts import person_of, standing_of
from integrations.slack.client import SlackClient, connected_to_slack
from integrations.slack.directory import SlackDirectory
from integrations.slack.identity import Myself
from integrations.slack.kept import Kept
from tests.makers import a_catalogue
from tests.slack.peers import peer

QA, CAB, BOTH = RoleName("qa"), RoleName("change-manager"), RoleName("both")
OMAR, RUTH, MAYA, GUS = PersonId("U0OMAR"), PersonId("U0RUTH"), PersonId("U0MAYA"), PersonId("U0GUS")


class Time:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def passing() -> Time:
    return Time()


@pytest.fixture
def agreed(workspace: Workspace) -> Catalogue:
    qa = workspace.add_group(handle="qa", members=["omar", "gus"])
    both = workspace.add_group(handle="both", members=["omar"])
    roles = {
        QA: Role(QA, "QA", group=qa.id),
        CAB: Role(CAB, "Change managers", people=(RUTH,)),
        BOTH: Role(BOTH, "Both", group=both.id, people=(RUTH, GUS)),
    }
    return a_catalogue(roles=roles)


@pytest.fixture
def directory(slack: SlackClient, me: Myself, agreed: Catalogue, passing: Time) -> SlackDirectory:
    return SlackDirectory(slack, lambda: agreed, me.team, seconds=passing)


def asked(sandbox: Sandbox, method: str) -> int:
    return sum(1 for name, _ in sandbox.calls if name == method)


def group_of(agreed: Catalogue, role: RoleName) -> str:
    group = agreed.roles[role].group
    assert group
    return group


# ---------------------------------------------------------------- people


async def test_somebody_is_looked_up_afresh_each_time(
    directory: SlackDirectory, workspace: Workspace, sandbox: Sandbox
) -> None:
    person = await directory.person(OMAR)
    assert (person.name, person.tz, person.standing) == ("Omar Haddad", "Europe/Berlin", Standing.MEMBER)

    workspace.change_person("omar", deleted=True)
    assert (await directory.person(OMAR)).standing is Standing.DEACTIVATED
    assert asked(sandbox, "users.info") == 2


@pytest.mark.parametrize(
    ("account", "standing"),
    [
        ({}, Standing.MEMBER),
        ({"is_admin": True}, Standing.MEMBER),
        ({"is_restricted": True}, Standing.GUEST),
        ({"is_ultra_restricted": True}, Standing.GUEST),
        ({"is_invited_user": True}, Standing.GUEST),
        ({"is_bot": True}, Standing.BOT),
        ({"is_workflow_bot": True}, Standing.BOT),
        ({"id": "USLACKBOT"}, Standing.BOT),
        ({"deleted": True}, Standing.DEACTIVATED),
        ({"deleted": True, "is_restricted": True}, Standing.DEACTIVATED),
        ({"is_stranger": True}, Standing.FOREIGN),
        ({"team_id": "T0ELSEWHERE"}, Standing.FOREIGN),
        ({"team_id": "T0ELSEWHERE", "is_restricted": True}, Standing.FOREIGN),
        ({"team_id": None}, Standing.FOREIGN),
        ({"team_id": "T0OTHER", "enterprise_user": {"id": "W1", "teams": ["T0OTHER", "T0SLIPWAY"]}}, Standing.MEMBER),
        ({"team_id": "T0OTHER", "enterprise_user": {"id": "W1", "teams": ["T0OTHER"]}}, Standing.FOREIGN),
    ],
)
def test_an_account_is_what_slack_says_of_it(account: dict[str, Any], standing: Standing) -> None:
    assert standing_of({"id": "U1", "team_id": "T0SLIPWAY", **account}, "T0SLIPWAY") is standing


async def test_an_unknown_id_is_a_foreign_person(directory: SlackDirectory) -> None:
    person = await directory.person(PersonId("U0NOBODY"))
    assert person.standing is Standing.FOREIGN


@pytest.mark.parametrize("zone", ["Middle/Earth", "", "../../etc/passwd", None, 7])
def test_a_time_zone_that_does_not_exist_is_none(zone: object) -> None:
    assert person_of({"id": "U1", "tz": zone}, "T0SLIPWAY").tz == "UTC"


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ({"status": 500}, r"Slack does not answer me\.$"),
        ({"status": 429}, "Slack asks me to wait a moment"),
        ({"error": "missing_scope"}, "Slack says that I lack the permission"),
        ({"error": "account_inactive"}, r"Slack refuses to tell \(account_inactive\)"),
    ],
)
async def test_what_cant_be_learned_is_said(
    directory: SlackDirectory, sandbox: Sandbox, fault: dict[str, Any], why: str
) -> None:
    sandbox.faults.next("users.info", times=3, **fault)
    with pytest.raises(DirectoryError, match=why):
        await directory.person(OMAR)


# ---------------------------------------------------------------- roles


async def test_a_role_is_held_by_its_group_and_its_people_without_guests(directory: SlackDirectory) -> None:
    roles = await directory.roles()
    assert roles.members == {QA: {OMAR}, CAB: {RUTH}, BOTH: {OMAR, RUTH}}
    assert roles.unknown == {}


async def test_people_who_have_left_hold_nothing(directory: SlackDirectory, workspace: Workspace) -> None:
    workspace.change_person("ruth", deleted=True)
    assert (await directory.roles([CAB])).members == {CAB: frozenset()}


async def test_groups_are_kept_for_a_minute_and_asked_once_for_many(
    directory: SlackDirectory, sandbox: Sandbox, passing: Time
) -> None:
    await asyncio.gather(*(directory.roles([QA]) for _ in range(20)))
    assert asked(sandbox, "usergroups.users.list") == 1
    assert asked(sandbox, "usergroups.list") == 1

    passing.now += 61
    await directory.roles([QA])
    assert asked(sandbox, "usergroups.users.list") == 2


async def test_a_change_of_the_group_is_seen_at_once_when_slack_tells(
    directory: SlackDirectory, workspace: Workspace, agreed: Catalogue
) -> None:
    assert (await directory.roles([QA])).members[QA] == {OMAR}
    workspace.groups[group_of(agreed, QA)].members.append(MAYA)
    assert (await directory.roles([QA])).members[QA] == {OMAR}  # nobody has told us yet

    directory.forget_group(group_of(agreed, QA))
    assert (await directory.roles([QA])).members[QA] == {OMAR, MAYA}


async def test_a_person_who_leaves_loses_the_role_at_once_when_slack_tells(
    directory: SlackDirectory, workspace: Workspace
) -> None:
    assert (await directory.roles([CAB])).members[CAB] == {RUTH}
    workspace.change_person("ruth", deleted=True)
    directory.forget_person(RUTH)
    assert (await directory.roles([CAB])).members[CAB] == frozenset()


async def test_a_disabled_group_makes_the_role_unknown(
    directory: SlackDirectory, workspace: Workspace, agreed: Catalogue
) -> None:
    workspace.groups[group_of(agreed, BOTH)].date_delete = 1
    roles = await directory.roles([BOTH])
    assert roles.unknown == {BOTH: "its user group is disabled"}
    assert roles.members == {}  # not even those whom the catalogue names: the rule is not what it was


async def test_a_group_that_is_gone_makes_the_role_unknown(
    directory: SlackDirectory, workspace: Workspace, agreed: Catalogue
) -> None:
    del workspace.groups[group_of(agreed, QA)]
    assert (await directory.roles([QA])).unknown == {QA: "its user group no longer exists"}


async def test_a_role_that_the_catalogue_does_not_have_is_unknown(directory: SlackDirectory) -> None:
    name = RoleName("ghost")
    assert (await directory.roles([name])).unknown == {name: "the catalogue has no such role"}


@pytest.mark.parametrize("method", ["usergroups.users.list", "usergroups.list", "users.info"])
async def test_what_fails_makes_only_that_role_unknown_and_is_asked_again(
    directory: SlackDirectory, sandbox: Sandbox, method: str
) -> None:
    sandbox.faults.next(method, status=500, times=4 if method == "users.info" else 2)
    roles = await directory.roles([QA])
    assert roles.unknown == {QA: "Slack does not answer me"}

    assert (await directory.roles([QA])).members == {QA: {OMAR}}


async def test_a_large_group_is_read_from_the_list_of_everybody(
    directory: SlackDirectory, workspace: Workspace, sandbox: Sandbox, agreed: Catalogue
) -> None:
    names = [f"tester{number}" for number in range(60)]
    for name in names:
        workspace.add_person(name, id=f"U0{name.upper()}")
    workspace.groups[group_of(agreed, QA)].members.extend(f"U0{name.upper()}" for name in names)
    workspace.change_person("tester7", is_restricted=True)
    roles = await directory.roles([QA])

    assert len(roles.members[QA]) == 60  # omar and all testers but one
    assert asked(sandbox, "users.info") == 0


async def test_before_our_workspace_is_known_no_role_is(slack: SlackClient, agreed: Catalogue, passing: Time) -> None:
    directory = SlackDirectory(slack, lambda: agreed, lambda: None, seconds=passing)
    with pytest.raises(DirectoryError, match="which workspace"):
        await directory.person(OMAR)
    assert set((await directory.roles()).unknown) == {QA, CAB, BOTH}


async def test_an_answer_that_was_overtaken_by_a_change_is_not_kept(passing: Time) -> None:
    kept: Kept[str, str] = Kept(60, passing)

    async def slow() -> str:
        kept.drop("group")  # Slack tells of a change while its answer of before is on its way
        return "as it was before"

    async def newest() -> str:
        return "as it is now"

    assert await kept.get("group", slow) == "as it was before"
    assert await kept.get("group", newest) == "as it is now"
    assert kept.peek("group") == "as it is now"


async def test_somebody_who_leaves_while_being_looked_up_does_not_keep_the_role(
    directory: SlackDirectory, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = SlackClient.call

    async def overtaken(client: SlackClient, method: str, /, **arguments: object) -> Any:
        reply = await call(client, method, **arguments)
        if method == "users.info" and not workspace.people["U0RUTH"].deleted:
            workspace.change_person("ruth", deleted=True)
            directory.forget_person(RUTH)
        return reply

    monkeypatch.setattr(SlackClient, "call", overtaken)
    await directory.roles([CAB])
    assert (await directory.roles([CAB])).members[CAB] == frozenset()


# ---------------------------------------------------------------- addresses


async def test_an_author_is_known_by_the_address_and_asked_for_once() -> None:
    async def lookup(request: web.Request) -> web.Response:
        email = (await request.post())["email"]
        if email == "broken@example.org":
            return web.Response(status=500)
        if email == "ben@example.org":
            return web.json_response({"ok": True, "user": {"id": "U0BEN"}})
        return web.json_response({"ok": False, "error": "users_not_found"})

    async with peer(lookup) as there, connected_to_slack("xoxb-1", api_url=there.api_url) as slack:
        directory: Directory = SlackDirectory(slack, a_catalogue, lambda: "T0SLIPWAY")
        for _ in range(2):
            assert await directory.by_email("ben@example.org") == "U0BEN"
            assert await directory.by_email("Ben@Example.org") == "U0BEN"
            assert await directory.by_email("nobody@example.org") is None
        assert len(there.requests) == 2

        assert await directory.by_email("no address") is None
        assert len(there.requests) == 2

        with pytest.raises(DirectoryError, match=r"Slack does not answer me\."):
            await directory.by_email("broken@example.org")  # who isn't recognised could approve what they wrote
        asked_so_far = len(there.requests)
        with pytest.raises(DirectoryError):
            await directory.by_email("broken@example.org")  # a failure is not kept
        assert len(there.requests) > asked_so_far
