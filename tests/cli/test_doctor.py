"""Doctor: tries every neighbour as it is used in earnest, against a whole workspace on this machine."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot import doctor
from bot.doctor import Account, AilingError, ChannelSeen, Patients, examine
from bot.ports import CalendarError, Occurrence, Served
from bot.program.doctor import consult
from bot.rules.people import Roles
from bot.rules.policy import CalendarSource
from bot.rules.watch import Metric, MetricsSource, Watch
from bot.trouble import Trouble
from integrations.sandbox.server import Sandbox
from integrations.sandbox.workspace import Workspace
from tests.github.keys import new_keys
from tests.github.state import App
from tests.github.twin import CANARY, GitHubTwin
from tests.makers import PAYMENTS, PRODUCTION, a_catalogue, a_service, an_environment
from tests.twins import FakeMetrics, FakeVerifier

CATALOGUE = """\
version: 1
owners: {{role: owner, channel: C0OWNERS}}
roles:
  owner: {{group: S0OWNERS}}
  qa: {{people: [U0OMAR]}}
services:
  payments:
    channel: C0PAYMENTS
    repository: ./code
    environments:
      production:
        deployer: {{command: {{program: [/bin/true]}}}}
        verify: {served}
"""


@pytest.fixture
def workspace() -> Workspace:
    workspace = Workspace()
    for name in ("omar", "maya"):
        workspace.add_person(name, name.title(), id=f"U0{name.upper()}")
    workspace.add_group("owners", members=["maya"], id="S0OWNERS")
    for channel, name in (("C0OWNERS", "owners"), ("C0PAYMENTS", "payments")):
        workspace.add_channel(id=channel, name=name, members=["maya"])
    return workspace


@pytest.fixture
async def sandbox(workspace: Workspace):
    async with Sandbox(workspace, rate_limits="off") as sandbox:
        yield sandbox


@pytest.fixture
async def served():
    """A service that tells its version."""

    async def version(_: web.Request) -> web.Response:
        return web.json_response({"commit": "2.4.0"})

    app = web.Application()
    app.add_routes([web.get("/version.json", version)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}/version.json"
    await runner.cleanup()


@pytest.fixture
def environment(tmp_path: Path, sandbox: Sandbox, served: str, sqlite_url: str) -> dict[str, str]:
    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path / "code")], check=True)
    (tmp_path / "slipway.yaml").write_text(CATALOGUE.format(served=served))
    return {
        "SLACK_BOT_TOKEN": sandbox.bot_token,
        "SLACK_APP_TOKEN": sandbox.app_token,
        "SLACK_API_URL": sandbox.api_url,
        "SLIPWAY_CATALOGUE": str(tmp_path / "slipway.yaml"),
        "SLIPWAY_DATABASE_URL": sqlite_url,
    }


def edit(environment: dict[str, str], *changes: tuple[str, str]) -> Path:
    """Change the catalogue."""
    file = Path(environment["SLIPWAY_CATALOGUE"])
    text = file.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)
    return file


async def advice(environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> str:
    """What the doctor says of somebody who is ill."""
    with pytest.raises(Trouble):
        await consult(environment)
    return capsys.readouterr().out


async def test_all_is_well(environment, capsys):
    await consult(environment)
    told = capsys.readouterr().out
    assert "✗" not in told
    assert told.endswith("All is well.\n")
    for part in (
        "✓ Settings: all there.",
        "· Personal tokens: without SLIPWAY_TOKEN_KEY there are none",
        "✓ Catalogue: it is right, with payments.",
        "✓ Database: ",
        "in the workspace Slipway.",
        "scopes are granted.",
        "✓ Socket Mode: ",
        "✓ Channel C0OWNERS (the owners): #owners.",
        "✓ Channel C0PAYMENTS (Payments): #payments.",
        "✓ Role Owner: 1 person.",
        "✓ Role QA: 1 person.",
        "✓ Repository ",
        "✓ Payments in production: command can deploy.",
        "✓ Payments in production: it serves 2.4.0.",
    ):
        assert part in told


async def test_with_a_key_tokens_are_well(environment, capsys):
    await consult(environment | {"SLIPWAY_TOKEN_KEY": "2718" * 8})
    assert "✓ Personal tokens: SLIPWAY_TOKEN_KEY signs them" in capsys.readouterr().out


async def test_a_wrong_bot_token_is_told_with_the_page_to_go_to(environment, capsys):
    told = await advice(environment | {"SLACK_BOT_TOKEN": "xoxb-another"}, capsys)
    assert "✗ Slack: Slack doesn't know this token." in told
    assert "→ Mend SLACK_BOT_TOKEN" in told
    assert "✓ Database" in told


async def test_a_wrong_app_token_is_told(environment, capsys):
    told = await advice(environment | {"SLACK_APP_TOKEN": "xapp-another"}, capsys)
    assert "✗ Socket Mode: Slack doesn't know this token." in told


async def test_missing_scopes_are_named(environment, workspace, capsys):
    workspace.app = replace(workspace.app, scopes=frozenset(workspace.app.scopes) - {"usergroups:read", "users:read"})
    told = await advice(environment, capsys)
    assert "the token lacks usergroups:read and users:read" in told
    assert "reinstall" in told


async def test_a_channel_without_the_app_in_it_is_told_with_the_way_in(environment, workspace, capsys):
    workspace.add_channel(id="C0ELSEWHERE", name="elsewhere", members=["maya"], with_app=False)
    edit(environment, ("C0PAYMENTS", "C0ELSEWHERE"))
    told = await advice(environment, capsys)
    assert "✗ Channel C0ELSEWHERE (Payments): the app is not in #elsewhere." in told
    assert "/invite" in told


async def test_a_channel_that_there_is_not_is_told(environment, capsys):
    edit(environment, ("C0PAYMENTS", "C0NOWHERE"))
    assert "✗ Channel C0NOWHERE (Payments): There is no such channel" in await advice(environment, capsys)


async def test_a_group_that_there_is_not_or_that_is_empty_is_told(environment, workspace, capsys):
    workspace.add_group("nobody", members=[], id="S0NOBODY")
    edit(environment, ("S0OWNERS", "S0GONE"), ("roles:\n", "roles:\n  empty: {group: S0NOBODY}\n"))
    told = await advice(environment, capsys)
    assert "✗ Role Owner: " in told
    assert "✗ Role Empty: nobody holds it" in told


async def test_a_database_that_is_not_there_is_told(environment, tmp_path, capsys):
    told = await advice(environment | {"SLIPWAY_DATABASE_URL": f"sqlite:///{tmp_path}/none.db"}, capsys)
    assert "✗ Database: " in told
    assert "slipway db upgrade" in told


async def test_a_wrong_catalogue_is_told_and_the_rest_is_tried_all_the_same(environment, capsys):
    file = edit(environment, ("version: 1", "version: 9"))
    told = await advice(environment, capsys)
    assert f"✗ Catalogue: {file}:1:10: version: " in told
    assert "✓ Slack: " in told


async def test_what_deploys_is_tried_too(environment, capsys):
    edit(
        environment,
        ("/bin/true", "/no/such/program"),
        ("./code", "./nothing"),
        ("/version.json", "/elsewhere.json"),
    )
    told = await advice(environment, capsys)
    assert "✗ Payments in production: " in told
    assert "/no/such/program" in told
    assert "✗ Repository " in told
    assert "Before a first deployment this is normal." in told


async def test_slack_that_is_away_is_told(environment, sandbox, capsys):
    told = await advice(environment | {"SLACK_API_URL": "http://127.0.0.1:1/api/"}, capsys)
    assert "✗ Slack: Slack can't be asked" in told


# ---------------------------------------------------------------- GitHub


@pytest.fixture
async def github(environment, tmp_path):
    """GitHub, where the code of payments is."""
    edit(environment, ("./code", "acme/payments"))
    twin = GitHubTwin()
    twin.app = App(4711, "acme-slipway", new_keys().public)
    twin.repository("acme/payments", tmp_path / "code")
    async with twin.running():
        environment["SLIPWAY_GITHUB_API"] = twin.address
        yield twin


def as_the_app(environment: dict[str, str]) -> dict[str, str]:
    return environment | {"SLIPWAY_GITHUB_APP_ID": "4711", "SLIPWAY_GITHUB_APP_KEY": new_keys().private}


async def test_github_is_well_as_an_app_and_with_a_token(environment, github, capsys):
    github.installed("acme/payments")
    await consult(as_the_app(environment))
    assert "✓ GitHub: Slipway is the App acme-slipway." in (told := capsys.readouterr().out)
    assert "✓ Repository acme/payments: its code and its pull requests can be read." in told

    token = github.token(login="mona", told_expiry="2099-12-31 09:00:00 UTC").token
    await consult(environment | {"SLIPWAY_GITHUB_TOKEN": token})
    told = capsys.readouterr().out
    assert "✓ GitHub: Slipway speaks as mona, with a token that ends on 2099-12-31 at 09:00 UTC." in told
    assert "✓ Repository acme/payments: its code and its pull requests can be read." in told


async def test_a_repository_at_github_that_nothing_leads_to_is_told_with_what_to_set(environment, github, capsys):
    told = await advice(environment, capsys)
    assert (
        "✗ Repository acme/payments: acme/payments is at GitHub, and Slipway has no way to ask there. Set SLIP" in told
    )


async def test_a_permission_that_the_app_lacks_is_named(environment, github, capsys):
    github.installed("acme/payments", permissions={"metadata": "read", "contents": "write"})
    told = await advice(as_the_app(environment), capsys)
    assert "✗ Repository acme/payments: the App lacks “Pull requests: read”." in told
    assert "“Permissions & events”" in told


async def test_the_permissions_for_what_the_catalogue_wants_to_be_said_are_looked_for(environment, github, capsys):
    edit(environment, ("    environments:", "    tag: v{version}\n    environments:"))
    edit(environment, ("      production:", "      production:\n        protection_rule: gate"))
    reads = {"metadata": "read", "contents": "read", "pull_requests": "read"}
    github.installed("acme/payments", permissions=reads)
    told = await advice(as_the_app(environment), capsys)
    assert "✗ Repository acme/payments: the App lacks “Contents: write” and “Deployments: write”." in told

    github.installations.clear()
    github.installed("acme/payments", permissions=reads | {"contents": "write", "deployments": "write"})
    await consult(as_the_app(environment))
    assert "✓ Repository acme/payments:" in capsys.readouterr().out

    edit(environment, ("tag: v{version}", "pull_requests: production"))
    told = await advice(as_the_app(environment), capsys)
    assert "✗ Repository acme/payments: the App lacks “Commit statuses: write”." in told


async def test_a_permission_that_a_token_lacks_is_named_by_trying(environment, github, capsys):
    token = github.token(permissions={"metadata": "read"}, kind="fine-grained").token
    told = await advice(environment | {"SLIPWAY_GITHUB_TOKEN": token}, capsys)
    assert "✗ Repository acme/payments: the token lacks “Contents: read” and “Pull requests: read”." in told
    assert "“Repository access”" in told


async def test_a_repository_without_the_app_is_told_with_the_way_in(environment, github, capsys):
    told = await advice(as_the_app(environment), capsys)
    assert "✗ Repository acme/payments: Slipway's GitHub App is not installed for acme/payments" in told


async def test_a_repository_that_a_token_does_not_see_is_told(environment, github, capsys):
    token = github.token(repositories=frozenset()).token
    told = await advice(environment | {"SLIPWAY_GITHUB_TOKEN": token}, capsys)
    assert "✗ Repository acme/payments: GitHub has no such thing in acme/payments, or Slipway may not see it." in told


async def test_credentials_that_github_does_not_accept_are_told_with_what_to_mend(environment, github, capsys):
    github.app = App(4712, "another", new_keys().public)
    for ill in (as_the_app(environment), environment | {"SLIPWAY_GITHUB_TOKEN": "ghp_0123456789abcdefghij"}):
        told = await advice(ill, capsys)
        assert "✗ GitHub: GitHub does not accept our token or key; it may have expired, or been revoked." in told
        assert "→ Mend SLIPWAY_GITHUB_APP_ID and SLIPWAY_GITHUB_APP_KEY, or SLIPWAY_GITHUB_TOKEN" in told


async def test_a_token_that_ends_soon_is_told_in_time(environment, github, capsys):
    soon = f"{datetime.now(UTC) + timedelta(days=3):%Y-%m-%d %H:%M:%S} UTC"
    token = github.token(login="mona", told_expiry=soon).token
    told = await advice(environment | {"SLIPWAY_GITHUB_TOKEN": token}, capsys)
    assert "✗ GitHub: Slipway speaks as mona, with a token that ends on" in told
    assert "→ Make another one in time" in told


async def test_github_that_is_away_is_told(environment, github, capsys):
    token = github.token().token
    away = {"SLIPWAY_GITHUB_TOKEN": token, "SLIPWAY_GITHUB_API": "http://127.0.0.1:9"}
    assert "✗ GitHub: GitHub could not be reached." in await advice(environment | away, capsys)


async def test_no_secret_of_github_shows_whatever_is_wrong(environment, github, capsys, caplog):
    caplog.set_level(logging.DEBUG)
    token = github.token(permissions={"metadata": "read"}).token
    github.installed("acme/payments", permissions={})
    told = []
    for status in (0, 401, 403, 418, 429, 500):
        for well in (as_the_app(environment), environment | {"SLIPWAY_GITHUB_TOKEN": token}):
            for operation in ("users/get-authenticated", "apps/get-authenticated", "repos/get"):
                github.fails(operation, status, times=9, message=f"You sent {token}!")
            with pytest.raises(Trouble) as trouble:
                await consult(well)
            told += [*map(str, capsys.readouterr()), str(trouble.value), caplog.text]
            github.recovers()
    for each in told:
        assert CANARY not in each
        assert "PRIVATE KEY" not in each
        assert new_keys().private.splitlines()[5] not in each


class Well:
    """Somebody in good health, for every part."""

    async def __call__(self) -> str:
        return "fine."

    async def account(self) -> Account:
        return Account("slipway", "Acme", frozenset({"chat:write"}))

    async def socket(self) -> None:
        """Nothing is wrong with it."""

    async def channel(self, channel) -> ChannelSeen:
        return ChannelSeen(str(channel), joined=True, archived=False)

    async def roles(self, names=None) -> Roles:
        return Roles({name: frozenset({"U0MAYA"}) for name in names})

    async def resolve(self, repository, ref) -> None:
        """Nothing has that name, which is an answer, too."""

    async def check(self, choice) -> list[str]:
        return []

    async def served(self, environment) -> Served:
        return Served("2.4.0")

    async def events(self, source, start, end) -> list[Occurrence]:
        return [Occurrence("sale", start, end, "The annual sale")]


async def found(catalogue=None, **instead: object) -> list[doctor.Finding]:
    """What is found wrong where one part is somebody else."""
    well = Well()
    catalogue = catalogue or a_catalogue(calendars=(CalendarSource("company", "https://example.com/freezes.ics"),))
    kinds = {each.deployer.kind: well for service in catalogue.services.values() for each in service.environments}
    patients = Patients(well, well, well, kinds, well, well, well, FakeMetrics())
    patients = replace(patients, **instead)
    findings = examine(patients, catalogue, scopes={"chat:write"}, socket_mode=True)
    return [each async for each in findings if not each.well]


async def test_nothing_is_wrong_with_who_is_well():
    assert await found() == []


async def test_who_never_answers_is_not_waited_for(monkeypatch):
    class Mute(Well):
        async def __call__(self) -> str:
            await asyncio.Event().wait()
            raise AssertionError

    monkeypatch.setattr(doctor, "PATIENCE", timedelta(seconds=0.05))
    (finding,) = await found(database=Mute())
    assert finding.what == "Database: There was no answer in 0.05 seconds."


async def test_an_archived_channel_is_told():
    class Archived(Well):
        async def channel(self, channel) -> ChannelSeen:
            return ChannelSeen("old", joined=True, archived=True)

    assert {each.what.partition(": ")[2] for each in await found(slack=Archived())} == {"#old is archived."}


async def test_a_deployer_that_there_is_not_is_told():
    assert all("there is no deployer" in each.what for each in await found(deployers={}))
    assert await found(deployers={})


async def test_a_calendar_that_can_not_be_read_is_told():
    class Away(Well):
        async def events(self, source, start, end) -> list[Occurrence]:
            raise CalendarError("example.com answered with status 404.")

    (finding,) = await found(calendars=Away())
    assert finding.what == "Calendar company: example.com answered with status 404."


QUERIES = {"errors": 'errors{service="{service}"}', "of-this": 'errors{version="{version}"}', "latency": "latency"}
ERRORS = 'errors{service="payments"}'


def watched(**fields):
    """Production is watched, by three queries; the last one by what is usual."""
    metrics = tuple(Metric(name, query, above=1) for name, query in QUERIES.items())
    watch = Watch(
        timedelta(minutes=5), health="http://x/health", metrics=(*metrics[:2], replace(metrics[2], z_score=3))
    )
    service = a_service(environments=(an_environment(PRODUCTION, watch=watch),))
    return a_catalogue(services={PAYMENTS: service}, metrics=MetricsSource("http://prometheus.invalid"), **fields)


def measured() -> FakeMetrics:
    """All that is asked for is measured, but for a version that there isn't yet."""
    metrics = FakeMetrics()
    for query in ("vector(1)", ERRORS, "latency"):
        metrics.gives(query, 1)
    return metrics


async def test_the_address_of_the_metrics_and_each_query_are_tried():
    well, metrics = FakeVerifier(), measured()
    assert await found(watched(), metrics=metrics, verifier=well) == []
    assert {"vector(1)", ERRORS, 'errors{version="0"}', "latency"} == set(metrics.asked)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda m: m.is_down("could not be reached."), "Metrics: http://prometheus.invalid could not be reached."),
        (lambda m: m.forgets(ERRORS), "Payments in production, errors: There is no data for this query."),
        (lambda m: m.gives_several(ERRORS), "Payments in production, errors: The query gives 2 series"),
        (lambda m: m.gives(ERRORS, float("nan")), "Payments in production, errors: it gives nan, which is no number."),
        (
            lambda m: (m.forgets("latency"), m.gives("latency", 1, datetime.now(UTC))),
            "Payments in production, latency: There is one value in the hours before",
        ),
    ],
)
async def test_a_query_that_gives_no_number_is_told(wrong, told):
    metrics = measured()
    wrong(metrics)
    (finding,) = await found(watched(), metrics=metrics, verifier=FakeVerifier())
    assert finding.what.startswith(told)
    assert finding.step


async def test_an_address_that_is_not_well_is_told():
    verifier = FakeVerifier()
    verifier.is_unwell("http://x/health", "http://x/health answered with status 500.")
    (finding,) = await found(watched(), metrics=measured(), verifier=verifier)
    assert finding.what == "Payments in production, health: http://x/health answered with status 500."


async def test_every_finding_that_is_not_well_says_what_to_do():
    class Ill(Well):
        async def account(self) -> Account:
            return Account("slipway", "Acme", frozenset())

        async def socket(self) -> None:
            raise AilingError("No.")

        async def channel(self, channel) -> ChannelSeen:
            raise AilingError("No.")

        async def roles(self, names=None) -> Roles:
            return Roles({}, dict.fromkeys(names, "No."))

        async def check(self, choice) -> list[str]:
            return ["No."]

        async def served(self, environment) -> Served:
            return Served(None, "No.")

        async def events(self, source, start, end) -> list[Occurrence]:
            raise CalendarError("No.")

    ill = Ill()
    kinds = {"command": ill}
    findings = await found(slack=ill, directory=ill, deployers=kinds, verifier=ill, calendars=ill)
    assert len(findings) > 5
    assert all(each.step.endswith((".", "/invite @slipway")) for each in findings), json.dumps(
        [each.step for each in findings]
    )
