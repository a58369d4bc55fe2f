"""The github-deployments deployer, at a twin of GitHub that is held to GitHub's own description of its API."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.ports import DeployerError, capabilities_of
from bot.rules.deployment import Kind, Phase
from integrations.deployers.github_deployments import PLEASE_STOP, GitHubDeploymentsDeployer
from integrations.deployers.key import key_of
from tests.github.conftest import NAME
from tests.github.deployments import CREATE, SAY, says
from tests.github.workshop import SERVICE, a_history, of, to
from tests.makers import NOW
from tests.people import MAYA

LIST = "repos/list-deployments"
KIND = "github-deployments"
PRODUCTION = to(KIND)


@pytest.fixture
def clock(clock):
    clock.at = NOW
    return clock


@pytest.fixture
def commit(repo, written):
    return a_history(written)


@pytest.fixture
async def new(twin, commit, connect, clock):
    """Makes a deployer, as another Slipway has it or this one after a restart."""
    async with connect(twin.token().token) as github:
        yield lambda: GitHubDeploymentsDeployer(github, clock, clock.rest)


@pytest.fixture
def deployer(new):
    return new()


async def begun(deployer, commit, environment=PRODUCTION):
    started = await deployer.start(of(commit), SERVICE, environment)
    return replace(of(commit), target_ref=started.ref, started_at=NOW)


def a_status(repo, commit, context, state):
    repo.statuses.insert(0, (commit, {"state": state, "context": context}))


# ---------------------------------------------------------------- starting


async def test_exactly_that_commit_is_announced_with_our_key(deployer, repo, commit, twin):
    started = await deployer.start(of(commit), SERVICE, PRODUCTION)

    [made] = repo.deployments
    assert started.ref == str(made["id"])
    assert (made["sha"], made["ref"], made["task"], made["environment"]) == (commit, commit, "deploy", "production")
    assert made["payload"] == {"slipway": key_of(of(commit))}
    assert made["description"] == "2.4.0 to production: D-40 in Slipway"
    [asked] = [each.body for each in twin.heard if each.operation == CREATE]
    assert (asked["auto_merge"], asked["required_contexts"]) == (False, [])


async def test_settings_say_more_of_it(deployer, repo, commit):
    environment = to(
        KIND, environment="eu-{environment}", task="deploy:{kind}", payload={"version": "{version}"}, production=True
    )

    await deployer.start(of(commit), SERVICE, environment)

    [made] = repo.deployments
    assert (made["environment"], made["task"], made["production_environment"]) == (
        "eu-production",
        "deploy:deploy",
        True,
    )
    assert made["payload"]["version"] == "2.4.0"


async def test_after_a_restart_it_is_found_by_its_payload_and_not_announced_again(new, repo, commit, clock):
    first = await new().start(of(commit), SERVICE, PRODUCTION)
    clock.passes(minutes=5)

    assert await new().start(of(commit), SERVICE, PRODUCTION) == first
    assert (await new().start(of(commit, 41), SERVICE, PRODUCTION)) != first
    assert len(repo.deployments) == 2


async def test_a_payload_that_comes_back_as_text_is_read_all_the_same(new, repo, commit):
    first = await new().start(of(commit), SERVICE, PRODUCTION)
    repo.deployments[0]["payload"] = f'{{"slipway": "{key_of(of(commit))}"}}'
    repo.deployments.append({**repo.deployments[0], "id": 9001, "payload": "not JSON {"})

    assert await new().start(of(commit), SERVICE, PRODUCTION) == first


@pytest.mark.parametrize(("status", "done"), [(502, True), (502, False), (0, True)])
async def test_an_unclear_answer_ends_nothing_and_announces_nothing_twice(
    deployer, twin, repo, commit, clock, *, status, done
):
    twin.fails(CREATE, status, after=done)

    with pytest.raises(DeployerError) as trouble:
        await deployer.start(of(commit), SERVICE, PRODUCTION)
    assert not trouble.value.ended
    clock.passes(minutes=4)

    assert (await deployer.start(of(commit), SERVICE, PRODUCTION)).ref == str(repo.deployments[0]["id"])
    assert len(repo.deployments) == 1
    assert twin.times(CREATE) == (1 if done else 2)


async def test_of_two_that_were_announced_at_once_the_first_counts_and_the_other_says_so(new, repo, commit):
    first = await new().start(of(commit), SERVICE, PRODUCTION)
    repo.deployments.append({**repo.deployments[0], "id": 9001})
    repo.deployment_statuses[9001] = []

    assert [await new().start(of(commit), SERVICE, PRODUCTION) for _ in range(2)] == [first, first]

    [said] = repo.deployment_statuses[9001]
    assert (said["state"], "the first one counts" in said["description"]) == ("inactive", True)


async def test_statuses_that_the_catalogue_names_must_be_green(deployer, twin, repo, commit):
    environment = to(KIND, required_contexts=["ci/tests"])
    a_status(repo, commit, "ci/tests", "failure")

    with pytest.raises(DeployerError, match="Commit status checks failed") as refusal:
        await deployer.start(of(commit), SERVICE, environment)
    assert refusal.value.ended
    a_status(repo, commit, "ci/tests", "success")

    await deployer.start(of(commit), SERVICE, environment)


async def test_all_statuses_can_be_asked_for_and_none_holds_up_a_way_back(deployer, twin, repo, commit):
    environment = to(KIND, required_contexts="all")
    a_status(repo, commit, "ci/anything", "pending")

    with pytest.raises(DeployerError):
        await deployer.start(of(commit), SERVICE, environment)
    await deployer.start(of(commit, 41, kind=Kind.ROLLBACK), SERVICE, environment)

    assert len(repo.deployments) == 1


async def test_what_github_refuses_is_refused_with_the_reason(deployer, repo):
    with pytest.raises(DeployerError, match="No ref found") as refusal:
        await deployer.start(of("0" * 40), SERVICE, PRODUCTION)
    assert refusal.value.ended
    assert repo.deployments == []


async def test_a_placeholder_without_anything_to_stand_for_is_refused(deployer, repo, commit):
    with pytest.raises(DeployerError, match="candidate has none") as refusal:
        await deployer.start(of(commit), SERVICE, to(KIND, payload={"image": "{artifact}"}))
    assert refusal.value.ended
    assert repo.deployments == []


# ---------------------------------------------------------------- following


async def test_its_statuses_are_followed_to_the_end(deployer, twin, repo, commit):
    there = await begun(deployer, commit)
    seen = [await deployer.follow(there, SERVICE, PRODUCTION)]
    for state, words in (("queued", ""), ("in_progress", "migrating"), ("success", "")):
        says(twin, repo, state, words, log_url="https://ci.example.com/7")
        seen.append(await deployer.follow(there, SERVICE, PRODUCTION))

    assert [(each.phase, each.step) for each in seen] == [
        (Phase.RUNNING, "GitHub has announced it; nobody has taken it yet."),
        (Phase.RUNNING, "It is queued by what deploys it."),
        (Phase.RUNNING, "migrating"),
        (Phase.SUCCEEDED, "What deploys it says that it has succeeded."),
    ]
    assert [each.link for each in seen] == [None, *["https://ci.example.com/7"] * 3]
    assert {each.commit for each in seen} == {commit}


@pytest.mark.parametrize(
    ("states", "phase"),
    [
        (["pending"], Phase.RUNNING),
        (["in_progress", "failure"], Phase.FAILED),
        (["in_progress", "error"], Phase.FAILED),
        (["in_progress", "inactive"], Phase.LOST),
        (["success", "inactive"], Phase.SUCCEEDED),
        (["failure", "in_progress"], Phase.RUNNING),
        (["failure", "in_progress", "success"], Phase.SUCCEEDED),
    ],
)
async def test_the_last_word_counts_and_a_success_stays_one(deployer, twin, repo, commit, *, states, phase):
    there = await begun(deployer, commit)
    for each in states:
        says(twin, repo, each)
    assert (await deployer.follow(there, SERVICE, PRODUCTION)).phase is phase


async def test_a_success_that_a_later_deployment_made_inactive_has_succeeded(deployer, twin, repo, commit):
    there = await begun(deployer, commit)
    says(twin, repo, "success", "12 pods are new")
    await deployer.start(of(commit, 41), SERVICE, PRODUCTION)
    says(twin, repo, "success")

    assert [each["state"] for each in repo.deployment_statuses[int(there.target_ref)]] == ["success", "inactive"]
    ended = await deployer.follow(there, SERVICE, PRODUCTION)
    assert (ended.phase, ended.step) == (Phase.SUCCEEDED, "12 pods are new")


async def test_where_it_can_be_seen_is_the_log_and_else_the_environment(deployer, twin, repo, commit):
    there = await begun(deployer, commit)
    says(twin, repo, "in_progress", environment_url="https://payments.example.com")
    place = (await deployer.follow(there, SERVICE, PRODUCTION)).link
    says(twin, repo, "in_progress", log_url="javascript:alert(1)")

    assert place == "https://payments.example.com"
    assert (await deployer.follow(there, SERVICE, PRODUCTION)).link == place


async def test_one_that_was_deleted_is_lost_and_one_that_never_was_is_not_known(deployer, repo, commit):
    there = await begun(deployer, commit)
    repo.deployments.clear()

    assert (await deployer.follow(there, SERVICE, PRODUCTION)).phase is Phase.LOST
    assert (await deployer.follow(of(commit, 41), SERVICE, PRODUCTION)).phase is Phase.LOST


async def test_trouble_at_github_ends_nothing(deployer, twin, commit):
    there = await begun(deployer, commit)
    twin.fails("repos/list-deployment-statuses", 500, times=3)

    with pytest.raises(DeployerError) as trouble:
        await deployer.follow(there, SERVICE, PRODUCTION)
    assert not trouble.value.ended


# ---------------------------------------------------------------- asking to stop


async def test_it_is_asked_to_stop_once_and_has_not_stopped_until_it_says_so(deployer, twin, repo, commit):
    there = await begun(deployer, commit)
    says(twin, repo, "in_progress")
    for _ in range(3):
        await deployer.cancel(there, SERVICE, PRODUCTION)
    asked = await deployer.follow(there, SERVICE, PRODUCTION)
    says(twin, repo, "in_progress", "cleaning up")
    at_work = await deployer.follow(there, SERVICE, PRODUCTION)
    says(twin, repo, "inactive")
    stopped = await deployer.follow(there, SERVICE, PRODUCTION)

    [ours] = [each for each in repo.deployment_statuses[int(there.target_ref)] if each["description"] == PLEASE_STOP]
    assert ours["state"] == "error"
    assert twin.times(SAY) == 1
    assert [asked.phase, at_work.phase, stopped.phase] == [Phase.RUNNING, Phase.RUNNING, Phase.CANCELLED]
    assert "was asked to stop" in asked.step


async def test_one_that_succeeds_all_the_same_has_succeeded(deployer, twin, repo, commit):
    there = await begun(deployer, commit)
    await deployer.cancel(there, SERVICE, PRODUCTION)
    says(twin, repo, "success")

    assert (await deployer.follow(there, SERVICE, PRODUCTION)).phase is Phase.SUCCEEDED


async def test_one_that_has_ended_is_not_asked(deployer, twin, repo, commit):
    there = await begun(deployer, commit)
    says(twin, repo, "success")

    await deployer.cancel(there, SERVICE, PRODUCTION)

    assert twin.times(SAY) == 0


async def test_what_is_called_off_before_it_was_announced_never_is(deployer, repo, commit):
    await deployer.cancel(of(commit), SERVICE, PRODUCTION)

    assert (await deployer.follow(of(commit), SERVICE, PRODUCTION)).phase is Phase.CANCELLED
    with pytest.raises(DeployerError, match="cancelled before it began"):
        await deployer.start(replace(of(commit), cancel_asked_by=MAYA.id), SERVICE, PRODUCTION)
    assert repo.deployments == []


async def test_what_may_have_been_announced_is_called_off_only_later(new, commit, clock):
    stopping = replace(of(commit), silent_since=NOW, cancel_asked_by=MAYA.id, cancel_asked_at=NOW)

    early = await new().follow(stopping, SERVICE, PRODUCTION)
    clock.passes(minutes=4)
    late = await new().follow(stopping, SERVICE, PRODUCTION)

    assert (early.phase, late.phase) == (Phase.RUNNING, Phase.CANCELLED)


async def test_only_what_is_known_to_heed_it_can_be_cancelled(deployer):
    can = [capabilities_of(deployer, to(KIND, heeds_cancel=each).deployer).cancels for each in (True, False)]
    assert can == [True, False]
    assert not capabilities_of(deployer, PRODUCTION.deployer).cancels


# ---------------------------------------------------------------- doctor


async def test_right_settings_are_well(deployer):
    assert await deployer.check(PRODUCTION.deployer) == []


async def test_what_the_app_was_not_granted_is_named(twin, commit, connect, clock):
    twin.installed(NAME, permissions={"deployments": "read", "metadata": "read"})
    async with connect() as github:
        [told] = await GitHubDeploymentsDeployer(github, clock, clock.rest).check(PRODUCTION.deployer)
    assert told.startswith("Slipway's GitHub App lacks “Deployments: write” for acme/payments.")


async def test_what_a_token_may_not_see_is_told(twin, commit, connect, clock):
    token = twin.token(kind="fine-grained", permissions={"metadata": "read"})
    async with connect(token.token) as github:
        [told] = await GitHubDeploymentsDeployer(github, clock, clock.rest).check(PRODUCTION.deployer)
    assert "Deployments: read" in told


async def test_without_access_to_github_it_says_how_to_get_some(clock, commit):
    deployer = GitHubDeploymentsDeployer(None, clock, clock.rest)

    with pytest.raises(DeployerError, match="SLIPWAY_GITHUB_TOKEN"):
        await deployer.start(of(commit), SERVICE, PRODUCTION)
    assert "SLIPWAY_GITHUB_TOKEN" in (await deployer.check(PRODUCTION.deployer))[0]


async def test_a_repository_that_is_not_there_is_told(deployer):
    assert "no such thing" in (await deployer.check(to(KIND, repository="acme/nowhere").deployer))[0]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"repository": None}, "acme/payments"),
        ({"environment": ["production"]}, "the environment's name at GitHub"),
        ({"task": "{what}"}, "{what} is no placeholder"),
        ({"required_contexts": "some"}, "a list of statuses"),
        ({"required_contexts": [1]}, "a list of statuses"),
        ({"payload": {"slipway": "x"}}, "fills in itself"),
        ({"heeds_cancel": "yes"}, 'Set "heeds_cancel" to true or false'),
        ({"production": "yes"}, 'Set "production" to true or false'),
        ({"workflow": "deploy.yml"}, "'workflow' is unknown"),
    ],
)
async def test_wrong_settings_are_told(deployer, settings, told):
    problems = await deployer.check(to(KIND, **settings).deployer)
    assert any(told in each for each in problems), problems
