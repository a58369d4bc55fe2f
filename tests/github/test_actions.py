"""The github-actions deployer, at a twin of GitHub that is held to GitHub's own description of its API."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.ports import DeployerError, capabilities_of
from bot.rules.deployment import Phase, StepState
from bot.rules.policy import DeployerChoice
from integrations.deployers.github_actions import GitHubActionsDeployer
from integrations.deployers.key import key_of
from tests.github.actions import DISPATCH
from tests.github.conftest import NAME
from tests.github.state import Job, Step
from tests.github.workshop import (
    SERVICE,
    SETTINGS,
    WORKFLOW,
    a_history,
    a_workflow,
    fails_at,
    of,
    succeeds,
    to,
    works_at,
)
from tests.makers import NOW, sha
from tests.people import MAYA

LIST = "actions/list-workflow-runs"
CANCEL, FORCE = "actions/cancel-workflow-run", "actions/force-cancel-workflow-run"
PRODUCTION = to()


@pytest.fixture
def clock(clock):
    clock.at = NOW
    return clock


@pytest.fixture
def commit(written):
    return a_history(written)


@pytest.fixture
def workflow(repo, commit):
    return a_workflow(repo)


@pytest.fixture
async def new(twin, workflow, connect, clock):
    """Makes a deployer, as another Slipway has it or this one after a restart."""
    async with connect(twin.token().token) as github:
        yield lambda: GitHubActionsDeployer(github, clock, clock.rest)


@pytest.fixture
def deployer(new):
    return new()


def kept(deployment, started, **facts):
    """The deployment, once its start is on the record."""
    return replace(deployment, target_ref=started.ref, link=started.link, started_at=NOW, **facts)


async def begun(deployer, commit, environment=PRODUCTION):
    deployment = of(commit)
    return kept(deployment, await deployer.start(deployment, SERVICE, environment))


# ---------------------------------------------------------------- starting


async def test_the_workflow_is_given_the_exact_commit_and_the_key(deployer, repo, commit):
    started = await deployer.start(of(commit), SERVICE, PRODUCTION)

    [run] = repo.runs
    assert run.inputs == {"commit": commit, "environment": "production", "slipway": key_of(of(commit))}
    assert run.title == f"Deploy production ({key_of(of(commit))})"
    assert (started.ref, started.link) == (str(run.id), f"https://github.com/{NAME}/actions/runs/{run.id}")


async def test_github_is_asked_which_run_it_made(deployer, twin, commit):
    await deployer.start(of(commit), SERVICE, PRODUCTION)

    [asked] = [each.body for each in twin.heard if each.operation == DISPATCH]
    assert asked["return_run_details"] is True


async def test_a_server_that_does_not_tell_its_runs_is_asked_without_and_the_run_is_found_by_its_name(
    deployer, repo, twin, commit
):
    repo.run_details = False

    started = await deployer.start(of(commit), SERVICE, PRODUCTION)
    await deployer.start(of(commit, 41), SERVICE, PRODUCTION)

    assert started.ref == str(repo.runs[0].id)
    assert started.link.endswith(f"/runs/{started.ref}")
    assert len(repo.runs) == 2
    assert twin.times(DISPATCH, 422) == 1, "it is asked once whether it can"


async def test_a_slow_queue_is_waited_for_and_the_run_found_once_it_shows(deployer, repo, commit, clock):
    repo.run_details, repo.slow_queue = False, True

    there = await begun(deployer, commit)
    unseen = await deployer.follow(there, SERVICE, PRODUCTION)
    repo.show_runs()
    seen = await deployer.follow(there, SERVICE, PRODUCTION)

    assert there.target_ref == key_of(there)
    assert (unseen.phase, "shows no run of it yet" in unseen.step) == (Phase.RUNNING, True)
    assert (seen.phase, seen.step) == (Phase.RUNNING, "It waits for a runner at GitHub.")
    assert seen.link.endswith(f"/runs/{repo.runs[0].id}")


async def test_a_run_that_never_shows_is_lost_after_a_while(deployer, repo, commit, clock):
    repo.run_details, repo.slow_queue = False, True
    there = await begun(deployer, commit)

    clock.passes(minutes=11)

    assert (await deployer.follow(there, SERVICE, PRODUCTION)).phase is Phase.LOST


async def test_after_a_restart_the_run_is_found_and_nothing_is_started_again(new, repo, commit, clock):
    first = await new().start(of(commit), SERVICE, PRODUCTION)
    clock.passes(minutes=5)

    assert await new().start(of(commit), SERVICE, PRODUCTION) == first
    assert len(repo.runs) == 1


async def test_whoever_takes_over_gives_a_slow_list_the_time_to_show_what_was_started(new, repo, commit, clock):
    await new().start(of(commit), SERVICE, PRODUCTION)
    repo.runs[0].visible = False
    clock.passes(seconds=11)
    rest = clock.rest

    async def shows(seconds):
        await rest(seconds)
        repo.show_runs()

    other = new()
    other._once._rest = shows

    assert (await other.start(of(commit), SERVICE, PRODUCTION)).ref == str(repo.runs[0].id)
    assert len(repo.runs) == 1


async def test_the_run_of_another_deployment_is_not_taken_for_it(deployer, repo, commit):
    await deployer.start(of(commit, 4), SERVICE, PRODUCTION)

    await deployer.start(of(commit, 40), SERVICE, PRODUCTION)

    assert len(repo.runs) == 2
    assert [each.inputs["slipway"][:4] for each in repo.runs] == ["D-4-", "D-40"]


async def test_the_same_number_in_a_new_database_is_another_deployment(deployer, repo, commit):
    await deployer.start(of(commit), SERVICE, PRODUCTION)
    before = of(commit)
    again = replace(before, order=replace(before.order, confirmed_at=NOW - timedelta(minutes=9)))

    await deployer.start(again, SERVICE, PRODUCTION)

    assert len({each.inputs["slipway"] for each in repo.runs}) == 2


async def test_what_only_looks_like_its_run_is_none(deployer, repo, commit):
    first = await begun(deployer, commit)
    repo.runs[0].event = "push"  # a commit message can be anything

    second = await deployer.start(of(commit), SERVICE, PRODUCTION)

    assert second.ref != first.target_ref
    assert len(repo.runs) == 2


async def test_runs_from_before_the_deployment_are_not_read_through(deployer, twin, repo, commit, clock):
    await deployer.start(of(commit, 39), SERVICE, PRODUCTION)
    [long_ago] = repo.runs
    long_ago.created -= timedelta(hours=2)
    repo.runs += [replace(long_ago, id=each) for each in range(130)]
    before = twin.times(LIST)

    await deployer.start(of(commit), SERVICE, PRODUCTION)

    assert twin.times(LIST) - before == 2, "one page before, and one after"


async def test_of_two_runs_that_were_started_at_once_the_first_counts_and_the_other_is_cancelled(new, repo, commit):
    await new().start(of(commit), SERVICE, PRODUCTION)
    repo.runs[0].visible = False  # the other replica looks before the list has it
    other = new()
    dispatch = other._dispatch

    async def and_then_it_shows(*about):
        made = await dispatch(*about)
        repo.show_runs()
        return made

    other._dispatch = and_then_it_shows

    started = await other.start(of(commit), SERVICE, PRODUCTION)

    first, second = repo.runs
    assert started.ref == str(first.id)
    assert (first.status, second.conclusion) == ("queued", "cancelled")


# ---------------------------------------------------------------- starts that get no clear answer


@pytest.mark.parametrize(("status", "done"), [(502, True), (500, False), (0, True), (0, False)])
async def test_a_start_without_a_clear_answer_has_not_ended_and_is_found_if_it_was_done(
    deployer, twin, repo, commit, *, status, done
):
    twin.fails(DISPATCH, status, after=done)

    with pytest.raises(DeployerError) as trouble:
        await deployer.start(of(commit), SERVICE, PRODUCTION)

    assert not trouble.value.ended
    assert len(repo.runs) == done
    if done:
        assert (await deployer.start(of(commit), SERVICE, PRODUCTION)).ref == str(repo.runs[0].id)
        assert twin.times(DISPATCH) == 1


async def test_it_is_not_started_again_before_what_was_asked_for_had_the_time_to_show(
    deployer, twin, repo, commit, clock
):
    repo.slow_queue = True
    twin.fails(DISPATCH, 502, after=True)
    for _ in range(5):
        with pytest.raises(DeployerError) as trouble:
            await deployer.start(of(commit), SERVICE, PRODUCTION)
        assert not trouble.value.ended
        clock.passes(seconds=30)
    repo.show_runs()

    assert (await deployer.start(of(commit), SERVICE, PRODUCTION)).ref == str(repo.runs[0].id)
    assert len(repo.runs) == 1


async def test_over_a_restart_the_silence_on_the_record_says_so(new, twin, repo, commit, clock):
    twin.fails(DISPATCH, 502)
    with pytest.raises(DeployerError):
        await new().start(of(commit), SERVICE, PRODUCTION)
    silent = replace(of(commit), silent_since=clock())
    clock.passes(minutes=1)

    with pytest.raises(DeployerError, match="shows nothing of it yet") as trouble:
        await new().start(silent, SERVICE, PRODUCTION)
    assert not trouble.value.ended
    clock.passes(minutes=3)

    assert (await new().start(silent, SERVICE, PRODUCTION)).ref == str(repo.runs[0].id)
    assert len(repo.runs) == 1


async def test_what_was_certainly_not_heard_is_asked_again_at_once(deployer, twin, repo, commit, clock):
    twin.fails(DISPATCH, 403, headers={"Retry-After": "60"}, message="You have exceeded a secondary rate limit")

    with pytest.raises(DeployerError, match="no more before") as trouble:
        await deployer.start(of(commit), SERVICE, PRODUCTION)
    clock.passes(seconds=61)
    silent = replace(of(commit), silent_since=NOW)

    assert not trouble.value.ended
    assert (await deployer.start(silent, SERVICE, PRODUCTION)).ref == str(repo.runs[0].id)


async def test_an_outage_before_anything_was_asked_delays_nothing_and_leaves_no_doubt(
    deployer, twin, repo, commit, clock
):
    twin.fails(LIST, 502, times=3)
    with pytest.raises(DeployerError) as trouble:
        await deployer.start(of(commit), SERVICE, PRODUCTION)
    silent = replace(of(commit), silent_since=clock())
    repo.workflows[0].state = "disabled_manually"
    with pytest.raises(DeployerError, match="disabled") as refusal:
        await deployer.start(silent, SERVICE, PRODUCTION)
    repo.workflows[0].state = "active"

    assert (trouble.value.ended, refusal.value.ended) == (False, True)
    assert (await deployer.start(silent, SERVICE, PRODUCTION)).ref == str(repo.runs[0].id)


async def test_a_refusal_after_an_unclear_answer_is_no_proof_that_nothing_was_done(deployer, twin, repo, commit, clock):
    twin.fails(DISPATCH, 502)
    with pytest.raises(DeployerError):
        await deployer.start(of(commit), SERVICE, PRODUCTION)
    repo.workflows[0].dispatchable = False
    clock.passes(minutes=4)

    with pytest.raises(DeployerError, match="workflow_dispatch") as trouble:
        await deployer.start(replace(of(commit), silent_since=NOW), SERVICE, PRODUCTION)
    assert not trouble.value.ended


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        (to(workflow="nowhere.yml"), "has no workflow nowhere.yml"),
        (to(ref="nowhere"), "No ref found for: nowhere"),
        (to(inputs={"commit": "{commit}", "region": "eu"}), "Unexpected inputs"),
        (to(inputs={"commit": "{commit}"}), "Required input 'environment' not provided"),
        (to(inputs={"commit": "{commit}", "environment": "{artifact}"}), "candidate has none"),
        (to(repository="acme/nowhere"), "no such thing|has no workflow"),
        (to(inputs={}), "Give the workflow the commit"),
    ],
)
async def test_what_github_would_not_start_is_refused_with_the_reason(deployer, repo, commit, environment, told):
    deployment = of(commit)
    candidate = replace(deployment.order.candidate, artifact=None)
    deployment = replace(deployment, order=replace(deployment.order, candidate=candidate))

    with pytest.raises(DeployerError, match=told) as refusal:
        await deployer.start(deployment, SERVICE, environment)

    assert refusal.value.ended
    assert str(refusal.value).endswith(".")
    assert repo.runs == []


async def test_without_access_to_github_it_says_how_to_get_some(commit, clock):
    deployer = GitHubActionsDeployer(None, clock, clock.rest)

    with pytest.raises(DeployerError, match="SLIPWAY_GITHUB_APP_ID") as refusal:
        await deployer.start(of(commit), SERVICE, PRODUCTION)

    assert refusal.value.ended
    assert "SLIPWAY_GITHUB_APP_ID" in (await deployer.check(PRODUCTION.deployer))[0]


async def test_a_permission_that_is_missing_is_named(twin, workflow, connect, clock, commit):
    token = twin.token(kind="fine-grained", permissions={"actions": "read"})
    async with connect(token.token) as github:
        deployer = GitHubActionsDeployer(github, clock, clock.rest)
        with pytest.raises(DeployerError, match="Actions: write") as refusal:
            await deployer.start(of(commit), SERVICE, PRODUCTION)
    assert refusal.value.ended


# ---------------------------------------------------------------- following


async def test_a_run_is_followed_from_the_queue_to_its_success(deployer, repo, commit):
    there = await begun(deployer, commit)
    [run] = repo.runs
    seen = [await deployer.follow(there, SERVICE, PRODUCTION)]
    works_at(run, "Set up job", "Fetch", "Migrate")
    seen.append(await deployer.follow(there, SERVICE, PRODUCTION))
    succeeds(run, deployed=commit, words="12 pods are new")
    seen.append(await deployer.follow(there, SERVICE, PRODUCTION))

    assert [each.phase for each in seen] == [Phase.RUNNING, Phase.RUNNING, Phase.SUCCEEDED]
    assert [each.step for each in seen] == [
        "It waits for a runner at GitHub.",
        "Migrate",
        "12 pods are new",
    ]
    assert [(each.name, each.state) for each in seen[1].steps] == [
        ("Fetch", StepState.DONE),
        ("Migrate", StepState.RUNNING),
    ]
    assert seen[2].commit == commit
    assert {each.link for each in seen} == {there.link}


async def test_several_jobs_are_shown_as_jobs(deployer, repo, commit):
    there = await begun(deployer, commit)
    [run] = repo.runs
    run.begins()
    run.jobs.append(Job(9001, "smoke test"))

    seen = await deployer.follow(there, SERVICE, PRODUCTION)

    assert [(each.name, each.state) for each in seen.steps] == [
        ("deploy", StepState.RUNNING),
        ("smoke test", StepState.WAITING),
    ]
    assert seen.step == "deploy"


async def test_a_failure_names_job_step_and_error(deployer, repo, commit):
    there = await begun(deployer, commit)
    fails_at(repo.runs[0], "Fetch", "Migrate")

    ended = await deployer.follow(there, SERVICE, PRODUCTION)

    assert ended.phase is Phase.FAILED
    assert ended.step == (
        "The run failed at GitHub. “deploy” (at “Migrate”) failed. Its last words: Process completed with exit code 3."
    )


async def test_without_leave_to_read_checks_a_failure_is_told_all_the_same(
    twin, repo, workflow, connect, *, clock, commit
):
    token = twin.token(kind="fine-grained", permissions={"actions": "write"})
    async with connect(token.token) as github:
        deployer = GitHubActionsDeployer(github, clock, clock.rest)
        there = await begun(deployer, commit)
        fails_at(repo.runs[0], "Migrate")
        ended = await deployer.follow(there, SERVICE, PRODUCTION)
    assert ended.step == "The run failed at GitHub. “deploy” (at “Migrate”) failed."


@pytest.mark.parametrize(
    ("conclusion", "phase", "told"),
    [
        ("success", Phase.SUCCEEDED, "succeeded"),
        ("failure", Phase.FAILED, "failed"),
        ("cancelled", Phase.CANCELLED, "cancelled"),
        ("timed_out", Phase.FAILED, "longer than it may"),
        ("startup_failure", Phase.FAILED, "could not start the run"),
        ("skipped", Phase.FAILED, "nothing was deployed"),
        ("neutral", Phase.FAILED, "without success"),
        ("stale", Phase.LOST, "gave the run up"),
        ("a new word", Phase.FAILED, "failed"),
    ],
)
async def test_each_ending_has_its_meaning(deployer, repo, commit, *, conclusion, phase, told):
    there = await begun(deployer, commit)
    run = repo.runs[0]
    run.status, run.conclusion = "completed", conclusion

    ended = await deployer.follow(there, SERVICE, PRODUCTION)

    assert ended.phase is phase
    assert told in ended.step
    assert ended.step.endswith(".")


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("queued", "waits for a runner"),
        ("requested", "has taken it"),
        ("pending", "another run of its group"),
        ("waiting", "for “production” (omar can approve it there)"),
        ("in_progress", "at work"),
        ("a new word", "at work"),
    ],
)
async def test_each_way_to_wait_is_running_and_says_for_what(deployer, repo, commit, status, told):
    repo.workflows[0].environment = "production"
    there = await begun(deployer, commit)
    repo.runs[0].status = status

    seen = await deployer.follow(there, SERVICE, PRODUCTION)

    assert seen.phase is Phase.RUNNING
    assert told in seen.step


async def test_a_run_waits_also_where_it_may_not_be_read_for_whom(deployer, twin, repo, commit):
    there = await begun(deployer, commit)
    repo.runs[0].waits()
    twin.fails("actions/get-pending-deployments-for-run", 403)

    seen = await deployer.follow(there, SERVICE, PRODUCTION)

    assert (seen.phase, seen.step) == (Phase.RUNNING, "It waits for an approval at GitHub.")


async def test_another_attempt_of_the_run_is_followed_and_said(deployer, repo, commit):
    there = await begun(deployer, commit)
    [run] = repo.runs
    fails_at(run, "Migrate")
    run.again()
    again = await deployer.follow(there, SERVICE, PRODUCTION)
    fails_at(run, "Migrate")
    failed = await deployer.follow(there, SERVICE, PRODUCTION)
    run.again()
    run.ends()
    ended = await deployer.follow(there, SERVICE, PRODUCTION)

    assert (again.phase, again.step) == (Phase.RUNNING, "Attempt 2: It waits for a runner at GitHub.")
    assert failed.step.startswith("Attempt 2: The run failed at GitHub.")
    assert (ended.phase, ended.step) == (Phase.SUCCEEDED, "The run has succeeded at GitHub, in attempt 3.")


async def test_a_runner_that_vanished_leaves_the_outcome_unknown(deployer, repo, commit):
    there = await begun(deployer, commit)
    lost = "The self-hosted runner lost communication with the server. Verify the machine is running."
    fails_at(repo.runs[0], "Migrate", error=lost)

    assert (await deployer.follow(there, SERVICE, PRODUCTION)).phase is Phase.LOST


async def test_a_run_that_was_deleted_is_lost(deployer, repo, commit):
    there = await begun(deployer, commit)
    repo.runs.clear()

    assert (await deployer.follow(there, SERVICE, PRODUCTION)).phase is Phase.LOST


async def test_a_repository_that_may_not_be_seen_any_more_says_nothing_of_the_run(deployer, twin, commit):
    there = await begun(deployer, commit)
    twin.repositories.clear()

    with pytest.raises(DeployerError) as trouble:
        await deployer.follow(there, SERVICE, PRODUCTION)
    assert not trouble.value.ended


async def test_limits_and_trouble_at_github_end_nothing(deployer, twin, commit, clock):
    there = await begun(deployer, commit)
    twin.fails("actions/get-workflow-run", 429, headers={"Retry-After": "120"})
    twin.fails("actions/get-workflow-run", 502, times=6)

    for _ in range(3):
        with pytest.raises(DeployerError) as trouble:
            await deployer.follow(there, SERVICE, PRODUCTION)
        assert not trouble.value.ended
        clock.passes(minutes=3)

    assert (await deployer.follow(there, SERVICE, PRODUCTION)).phase is Phase.RUNNING


async def test_looking_again_at_what_has_not_changed_costs_nothing(deployer, twin, repo, commit):
    there = await begun(deployer, commit)
    works_at(repo.runs[0], "Fetch")
    await deployer.follow(there, SERVICE, PRODUCTION)

    await deployer.follow(there, SERVICE, PRODUCTION)

    assert [each.status for each in twin.heard[-2:]] == [304, 304]


# ---------------------------------------------------------------- which commit


async def test_a_run_that_reports_another_commit_says_so(deployer, repo, commit):
    there = await begun(deployer, commit)
    other = sha("what nobody has approved")
    repo.runs[0].jobs[0].notes.append(("notice", "deployed", commit))
    succeeds(repo.runs[0], deployed=other)

    assert (await deployer.follow(there, SERVICE, PRODUCTION)).commit == other


async def test_a_run_that_was_only_given_the_commit_says_nothing_of_it(deployer, repo, commit):
    there = await begun(deployer, commit)
    succeeds(repo.runs[0])

    ended = await deployer.follow(there, SERVICE, PRODUCTION)

    assert (ended.phase, ended.commit) == (Phase.SUCCEEDED, None)


async def test_a_run_that_must_report_its_commit_and_does_not_has_failed(deployer, repo, commit):
    environment = to(deploys="reported")
    there = await begun(deployer, commit, environment)
    succeeds(repo.runs[0], deployed=commit[:7])

    silent = await deployer.follow(there, SERVICE, environment)
    succeeds(repo.runs[0], deployed=commit)
    told = await deployer.follow(there, SERVICE, environment)

    assert (silent.phase, "did not say which commit" in silent.step) == (Phase.FAILED, True)
    assert (told.phase, told.commit) == (Phase.SUCCEEDED, commit)


async def test_a_workflow_that_deploys_what_its_ref_points_to_is_started_only_at_the_approved_commit(
    deployer, repo, written, commit
):
    environment = to(deploys="head", inputs={"environment": "{environment}", "commit": "x"}, ref="v{version}")
    other = written.commit("Something else", commit)
    written.tag("v2.4.0", other)

    with pytest.raises(DeployerError, match=f"v2.4.0 is at {other[:10]}") as refusal:
        await deployer.start(of(commit), SERVICE, environment)
    assert refusal.value.ended
    there = await begun(deployer, other, environment)
    seen = await deployer.follow(there, SERVICE, environment)

    assert [each.sha for each in repo.runs] == [other]
    assert (seen.phase, seen.commit) == (Phase.RUNNING, other)


async def test_whether_a_commit_is_told_depends_on_the_workflow(deployer):
    tells = [
        capabilities_of(deployer, to(deploys=each).deployer).names_commit for each in ("input", "head", "reported")
    ]
    assert tells == [False, True, True]


# ---------------------------------------------------------------- cancelling


async def asked_to_stop(deployer, there, clock, **ago):
    stopping = replace(there, cancel_asked_by=MAYA.id, cancel_asked_at=clock() - timedelta(**ago))
    await deployer.cancel(stopping, SERVICE, PRODUCTION)
    return stopping


async def test_a_run_is_cancelled_and_following_shows_when_it_has_stopped(deployer, repo, commit, clock):
    there = await begun(deployer, commit)
    works_at(repo.runs[0], "Migrate")

    stopping = await asked_to_stop(deployer, there, clock)

    ended = await deployer.follow(stopping, SERVICE, PRODUCTION)
    assert (ended.phase, ended.step) == (Phase.CANCELLED, "The run was cancelled at GitHub.")


async def test_a_run_that_does_not_stop_is_cancelled_by_force_after_a_while(deployer, twin, repo, commit, clock):
    there = await begun(deployer, commit)
    works_at(repo.runs[0], "Clean up, always")
    repo.runs[0].ignores_cancel = True
    for ago in (0, 1, 2, 40, 80):
        await asked_to_stop(deployer, there, clock, seconds=ago)
        clock.passes(seconds=1)
    clock.passes(minutes=1)
    assert (twin.times(CANCEL), twin.times(FORCE)) == (1, 0)

    stopping = await asked_to_stop(deployer, there, clock, minutes=2)

    assert (twin.times(CANCEL), twin.times(FORCE)) == (1, 1)
    assert (await deployer.follow(stopping, SERVICE, PRODUCTION)).phase is Phase.CANCELLED


async def test_what_ends_while_it_is_being_cancelled_has_ended(deployer, twin, repo, commit, clock):
    there = await begun(deployer, commit)
    twin.fails(CANCEL, 409, message="Cannot cancel a workflow run that is completed.")

    stopping = await asked_to_stop(deployer, there, clock)
    succeeds(repo.runs[0])

    assert (await deployer.follow(stopping, SERVICE, PRODUCTION)).phase is Phase.SUCCEEDED


async def test_what_is_called_off_before_it_began_never_begins(deployer, repo, commit, clock):
    stopping = await asked_to_stop(deployer, of(commit), clock)

    assert (await deployer.follow(stopping, SERVICE, PRODUCTION)).phase is Phase.CANCELLED
    with pytest.raises(DeployerError, match="cancelled before it began") as refusal:
        await deployer.start(of(commit), SERVICE, PRODUCTION)
    assert refusal.value.ended
    assert repo.runs == []


async def test_what_may_have_begun_is_called_off_only_once_it_had_the_time_to_show(new, twin, repo, commit, clock):
    repo.slow_queue = True
    twin.fails(DISPATCH, 502, after=True)
    deployer = new()
    with pytest.raises(DeployerError):
        await deployer.start(of(commit), SERVICE, PRODUCTION)
    silent = replace(of(commit), silent_since=clock())
    stopping = await asked_to_stop(new(), silent, clock)

    early = await new().follow(stopping, SERVICE, PRODUCTION)
    repo.show_runs()
    await new().cancel(stopping, SERVICE, PRODUCTION)
    ended = await new().follow(stopping, SERVICE, PRODUCTION)

    assert (early.phase, ended.phase) == (Phase.RUNNING, Phase.CANCELLED)
    assert repo.runs[0].conclusion == "cancelled"


async def test_what_never_shows_is_called_off_in_the_end(new, commit, clock):
    stopping = replace(of(commit), silent_since=clock(), cancel_asked_by=MAYA.id, cancel_asked_at=clock())
    clock.passes(minutes=4)

    assert (await new().follow(stopping, SERVICE, PRODUCTION)).phase is Phase.CANCELLED


# ---------------------------------------------------------------- doctor


async def checked(deployer, **settings):
    return await deployer.check(to(**settings).deployer)


async def test_right_settings_and_the_workflow_of_the_documentation_are_well(deployer):
    assert await checked(deployer) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("workflow_dispatch:", "push:"), "can't be started from outside"),
        (("      commit:\n        required: true\n", ""), "declares no input “commit”"),
        (("run-name: Deploy ${{ inputs.environment }} (${{ inputs.slipway }})\n", ""), "don't carry Slipway's key"),
        (("(${{ inputs.slipway }})", "(${{ inputs.slipway-id }})"), "don't carry Slipway's key"),
        (
            ("      environment:\n        required: true", "      region:\n        required: true"),
            "wants the input “region”",
        ),
        ((WORKFLOW, "jobs: {}"), "says nowhere when it runs"),
        ((WORKFLOW, "on: [push"), "is not YAML"),
        ((WORKFLOW, "on: [workflow_dispatch]\njobs: {}"), "declares no input “commit”"),
    ],
)
async def test_what_the_workflow_lacks_is_told(deployer, workflow, change, told):
    workflow.text = WORKFLOW.replace(*change)
    assert workflow.text != WORKFLOW

    problems = await checked(deployer)

    assert any(told in each for each in problems), problems
    assert all(each.endswith((".", "}}")) for each in problems)


async def test_a_workflow_that_is_not_there_or_is_disabled_is_told(deployer, workflow):
    assert "has no workflow nowhere.yml" in (await checked(deployer, workflow="nowhere.yml"))[0]
    assert "at nowhere in acme/payments" in (await checked(deployer, ref="nowhere"))[0]
    workflow.state = "disabled_manually"
    assert "is disabled" in (await checked(deployer))[0]


async def test_a_ref_that_a_deployment_fills_in_is_looked_at_on_the_default_branch(deployer):
    assert await checked(deployer, ref="v{version}") == []


async def test_a_repository_that_is_not_there_is_told(deployer):
    assert "no such thing in acme/nowhere" in (await checked(deployer, repository="acme/nowhere"))[0]


async def test_what_the_app_was_not_granted_is_named(twin, repo, workflow, connect, clock):
    twin.installed(NAME, permissions={"actions": "read", "contents": "read", "metadata": "read"})
    async with connect() as github:
        problems = await checked(GitHubActionsDeployer(github, clock, clock.rest))
    [told] = problems
    assert told.startswith("Slipway's GitHub App lacks “Actions: write” and “Checks: read” for acme/payments.")


async def test_a_classic_token_without_the_scope_is_told(twin, repo, workflow, connect, clock):
    token = twin.token(scopes="read:org")
    async with connect(token.token) as github:
        problems = await checked(GitHubActionsDeployer(github, clock, clock.rest))
    assert problems == ["The token for GitHub lacks the scope repo; make another one with it."]


async def test_a_token_that_can_never_read_what_a_run_reports_is_told(twin, repo, workflow, connect, clock):
    token = twin.token(kind="fine-grained", permissions={"actions": "write", "contents": "read", "metadata": "read"})
    async with connect(token.token) as github:
        deployer = GitHubActionsDeployer(github, clock, clock.rest)
        [told] = await checked(deployer, deploys="reported")
        assert await checked(deployer) == []
        repo.private = False
        assert await checked(deployer, deploys="reported") == []
    assert told.startswith("With a fine-grained token Slipway can't read what a run reports")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"repository": "https://github.com/acme/payments"}, "acme/payments"),
        ({"workflow": "deploy"}, "such as deploy.yml"),
        ({"ref": ""}, "a branch or a tag"),
        ({"ref": "{branch}"}, "{branch} is no placeholder"),
        ({"inputs": ["commit"]}, "names with their values"),
        ({"inputs": {"commit": None}}, "must be a text"),
        ({"inputs": {"1": "{commit}"}}, "is no name"),
        ({"inputs": {"commit": "{commit"}}, "brace"),
        ({"inputs": {"commit": "{commit}", "slipway": "x"}}, "fills in itself"),
        ({"inputs": {"commit": "{commit}", **{f"i{each}": "x" for each in range(24)}}}, "too many"),
        ({"correlation": "no name"}, "the deployment's key"),
        ({"deploys": "hope"}, "input (the commit"),
        ({"force_cancel_after": "soon"}, "such as 2m"),
        ({"timeout": "5m"}, "'timeout' is unknown"),
    ],
)
async def test_wrong_settings_are_told(deployer, settings, told):
    problems = await deployer.check(DeployerChoice("github-actions", {**SETTINGS, **settings}))
    assert any(told in each for each in problems), problems


async def test_numbers_and_truths_reach_the_workflow_as_texts(deployer, repo, workflow, commit):
    workflow.inputs = {**workflow.inputs, "dry_run": False, "replicas": False}
    inputs = {**SETTINGS["inputs"], "dry_run": False, "replicas": 3}

    await deployer.start(of(commit), SERVICE, to(inputs=inputs))

    assert (repo.runs[0].inputs["dry_run"], repo.runs[0].inputs["replicas"]) == ("false", "3")


async def test_one_step_that_is_noise_leaves_the_job(deployer, repo, commit):
    there = await begun(deployer, commit)
    repo.runs[0].begins()
    repo.runs[0].jobs[0].steps = [Step("Set up job", "in_progress")]

    seen = await deployer.follow(there, SERVICE, PRODUCTION)

    assert [each.name for each in seen.steps] == ["deploy"]
