"""GitHub's webhooks over real HTTP, with real signatures; whatever else arrives there changes nothing."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from multidict import CIMultiDict

from bot.notices import ThreadLine
from bot.ports import ConflictError, RecordsError, Work
from bot.rules.people import SLIPWAY
from bot.rules.policy import ItemRule, PullRequestRule
from bot.rules.release import ReleaseId
from bot.verbs.hear_push import HearPush
from bot.verbs.mark_soon import ALL
from bot.verbs.report_run import ReportRun
from handlers.github import LARGEST
from handlers.github_payloads import PASSED
from tests.github.payloads import example
from tests.grounds import database_ground
from tests.handlers.hub import FORM, JSON, NAME, SECRET, Hub, at_github, follows, services_at, signature, stamp
from tests.makers import HOTFIX, PRODUCTION
from tests.people import OMAR, QA
from tests.verbs.workshop import REPOSITORY, Workshop

LINES = (
    ItemRule("tests", "The tests have passed", check="test"),
    ItemRule("lint", "The linter is content", QA, check="octocoders-linter"),
)


def a_shop(*records: Any) -> Workshop:
    shop = Workshop(*records)
    shop.agrees_on(HOTFIX, checklist=LINES)
    return shop


async def deploying(hub: Hub, target_ref: str | None) -> None:
    """D-1 is on its way; this is how its target calls it."""
    hub.shop.agrees_on(HOTFIX, checklist=())
    deployment = await hub.shop.started(await hub.shop.approved(hub.shop.a, "1.0.0"))
    async with hub.shop.records.open() as page:
        await page.keep_deployment(replace(deployment, target_ref=target_ref))
        await page.commit()


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    async with at_github(a_shop()) as hub:
        yield hub


async def is_ticked(hub: Hub, release: ReleaseId, key: str = "tests") -> bool:
    return (await hub.shop.line(release, key)).done


async def proposes(hub: Hub, release: ReleaseId) -> str | None:
    candidate = (await hub.shop.picture(release)).release.candidate
    return candidate.commit if candidate else None


async def thread(hub: Hub) -> list[str]:
    return [str(each.sentence) for each in await hub.shop.told(ThreadLine)]


# ---------------------------------------------------------------- runs are checks


async def test_a_run_that_passed_ticks_the_line_that_waits_for_its_workflow(hub):
    release = await hub.shop.planned(hub.shop.a, "1.0.0")
    assert await hub.has_run() == (200, f"test passed for {hub.shop.a[:7]}: ticked “The tests have passed” of R-1.")
    line = await hub.shop.line(release, "tests")
    assert (line.ticked_by, line.evidence.link) == (
        SLIPWAY,
        "https://github.com/octo-org/octo-repo/actions/runs/289782451",
    )


@pytest.mark.parametrize("conclusion", ["failure", "timed_out", "startup_failure"])
async def test_a_repetition_that_failed_opens_it_again_and_one_that_passed_ticks_it(hub, conclusion):
    release = await hub.shop.planned(hub.shop.a, "1.0.0")
    await hub.has_run()
    status, told = await hub.has_run(conclusion, workflow_run__run_attempt=2)
    assert (status, told) == (
        200,
        f"test failed for {hub.shop.a[:7]}: opened “The tests have passed” of R-1 again.",
    )
    assert not await is_ticked(hub, release)
    await hub.has_run(workflow_run__run_attempt=3)
    assert await is_ticked(hub, release)


SAYS_NOTHING = ["cancelled", "neutral", "skipped", "stale", "action_required", "something_new"]


@pytest.mark.parametrize("conclusion", SAYS_NOTHING)
async def test_what_was_neither_passed_nor_failed_leaves_what_is_known(hub, conclusion):
    assert conclusion not in PASSED
    release = await hub.shop.planned(hub.shop.a, "1.0.0")
    status, told = await hub.has_run(conclusion)
    assert (status, told) == (
        200,
        f"It ended as {conclusion}, which says nothing of the commit. What is known of it stays.",
    )
    assert not await is_ticked(hub, release)
    await hub.has_run()
    await hub.has_run(conclusion)
    assert await is_ticked(hub, release)


async def test_a_run_that_was_asked_for_or_goes_on_says_nothing_yet(hub):
    await hub.shop.planned(hub.shop.a, "1.0.0")
    for action in ("requested", "in_progress"):
        payload = example("workflow_run.requested", action=action, workflow_run__head_sha=hub.shop.a)
        assert await hub.sends("workflow_run", payload) == (200, "It has not ended yet.")


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target", "pull_request_review"])
async def test_a_run_for_a_pull_request_ticks_nothing_since_it_tested_a_merge(hub, event):
    release = await hub.shop.planned(hub.shop.a, "1.0.0")
    status, told = await hub.has_run(workflow_run__event=event)
    assert (status, told) == (200, "It was run for a pull request, and so on a merge that nobody releases.")
    assert not await is_ticked(hub, release)


async def test_a_workflow_without_a_name_is_called_like_its_file(hub):
    file = ".github/workflows/test.yml"
    hub.shop.agrees_on(HOTFIX, checklist=(ItemRule("tests", "The tests have passed", check=file),))
    release = await hub.shop.planned(hub.shop.a, "1.0.0")
    await hub.has_run(workflow__name=None)
    assert await is_ticked(hub, release)


async def test_a_workflow_that_nobody_waits_for_is_not_kept(hub):
    status, told = await hub.has_run(workflow__name="nightly")
    assert (status, told) == (
        200,
        "No line of payments waits for “nightly”; they wait for “octocoders-linter” and “test”.",
    )
    async with hub.shop.records.read() as reading:
        assert await reading.checks("payments", hub.shop.a) == []


async def test_a_name_that_is_too_long_for_a_check_is_said_to_be(hub):
    assert "can't be a check's" in (await hub.has_run(workflow__name="x" * 101))[1]


async def test_checks_before_the_commit_is_proposed_count_as_well(hub):
    status, told = await hub.has_run()
    assert (status, "no open release of payments proposes that commit yet" in told) == (200, True)
    assert await is_ticked(hub, await hub.shop.planned(hub.shop.a, "1.0.0"))


async def test_a_repository_of_nobodys_changes_nothing(hub):
    release = await hub.shop.planned(hub.shop.a, "1.0.0")
    status, told = await hub.has_run(repository__full_name="octo-org/other")
    assert (status, told) == (200, "No service of the catalogue is at octo-org/other. Nothing was changed.")
    assert not await is_ticked(hub, release)


async def test_a_repository_is_known_in_any_case(hub):
    release = await hub.shop.planned(hub.shop.a, "1.0.0")
    await hub.has_run(repository__full_name="Octo-Org/Octo-Repo")
    assert await is_ticked(hub, release)


def a_suite(hub: Hub, **instead: Any) -> dict[str, Any]:
    hub.shop.at += hub.shop.an_act_takes
    ready = {
        "repository__full_name": NAME,
        "check_suite__head_sha": hub.shop.a,
        "check_suite__updated_at": stamp(hub.shop.at),
    }
    return example("check_suite.completed", **(ready | instead))


async def test_the_checks_of_an_app_tick_the_line_that_is_named_after_it(hub):
    release = await hub.shop.planned(hub.shop.a, "1.0.0")
    status, told = await hub.sends("check_suite", a_suite(hub))
    assert (status, "ticked “The linter is content” of R-1" in told) == (200, True)
    line = await hub.shop.line(release, "lint")
    assert line.evidence.link == f"https://github.com/Codertocat/Hello-World/commit/{hub.shop.a}/checks"
    await hub.sends("check_suite", a_suite(hub, check_suite__conclusion="failure"))
    assert not await is_ticked(hub, release, "lint")


async def test_an_app_is_known_by_the_word_in_its_address(hub):
    hub.shop.agrees_on(HOTFIX, checklist=(ItemRule("lint", "The linter is content", check="octo-lint"),))
    release = await hub.shop.planned(hub.shop.a, "1.0.0")
    await hub.sends("check_suite", a_suite(hub, check_suite__app__slug="octo-lint"))
    assert await is_ticked(hub, release, "lint")


async def test_the_suites_of_github_actions_are_told_by_their_runs(hub):
    hub.shop.agrees_on(HOTFIX, checklist=(ItemRule("all", "All is green", check="github-actions"),))
    release = await hub.shop.planned(hub.shop.a, "1.0.0")
    status, told = await hub.sends("check_suite", a_suite(hub, check_suite__app__slug="github-actions"))
    assert (status, told) == (200, "Slipway hears of GitHub Actions by workflow_run.")
    assert not await is_ticked(hub, release, "all")


# ---------------------------------------------------------------- hints


async def test_a_run_that_deploys_is_looked_at_at_once(hub):
    await deploying(hub, "289782451")
    assert (await hub.has_run())[1].startswith("Looking at D-1 now. No line of payments waits for “test”")
    asked = await hub.sends("workflow_run", example("workflow_run.requested"))
    assert asked == (200, "Looking at D-1 now. It has not ended yet.")
    assert hub.shop.records.nudged.count(("follow-deployment", 1, "heard")) == 2


async def test_a_deployment_of_github_is_looked_at_at_once_and_others_are_nobodys(hub):
    await deploying(hub, "145988746")
    told = example("deployment_status.created")
    assert await hub.sends("deployment_status", told) == (200, "Looking at D-1 now.")
    told["deployment"]["id"] += 1
    assert await hub.sends("deployment_status", told) == (
        200,
        "It is no deployment that Slipway follows at this moment.",
    )


@pytest.mark.parametrize("payload", [{"slipway": "D-1-1f3a90c2"}, '{"slipway": "D-1-1f3a90c2"}'])
async def test_a_deployment_whose_number_at_github_is_not_known_yet_is_found_by_its_key(hub, payload):
    await deploying(hub, None)
    told = example("deployment_status.created", deployment__payload=payload)
    assert await hub.sends("deployment_status", told) == (200, "Looking at D-1 now.")


# ---------------------------------------------------------------- pushes


async def test_a_push_makes_the_newest_commit_the_candidate(hub):
    follows(hub.shop)
    release = await hub.shop.planned(hub.shop.a, "1.0.0")
    assert await hub.is_pushed_to("main", hub.shop.b) == (200, f"R-1 proposes {hub.shop.b[:7]} now.")
    assert await proposes(hub, release) == hub.shop.b
    assert f"main has moved on: its newest commit {hub.shop.b[:7]} is the candidate now." in await thread(hub)


async def test_once_somebody_has_approved_a_push_is_told_and_no_more(hub):
    follows(hub.shop)
    hub.shop.agrees_on(HOTFIX, checklist=())
    release = await hub.shop.approved(hub.shop.a, "1.0.0")
    assert await hub.is_pushed_to("main", hub.shop.b) == (200, "The thread of R-1 says that main has moved on.")
    assert await proposes(hub, release) == hub.shop.a
    assert (await thread(hub))[-1] == (
        f"main has moved on, and R-1 stays as it is. @{OMAR.id} approved what it proposes. "
        "To propose its newest commit: /release build R-1 main."
    )
    assert await hub.shop.blockers(release, environment=PRODUCTION) == []


async def test_a_branch_that_is_gone_changes_nothing(hub):
    follows(hub.shop)
    release = await hub.shop.planned(hub.shop.a, "1.0.0")
    for instead in ({"deleted": True}, {"after": "0" * 40}):
        told = await hub.sends("push", hub.a_push("main", hub.shop.b, **instead))
        assert told == (200, "The branch is gone. Nothing was changed.")
    assert await proposes(hub, release) == hub.shop.a


async def test_tags_change_nothing(hub):
    follows(hub.shop, "simple-tag")
    hub.shop.code.tag(REPOSITORY, "simple-tag", hub.shop.b)
    release = await hub.shop.planned(hub.shop.a, "1.0.0")
    for name in ("push.tag", "push.tag-deleted"):
        told = await hub.sends("push", example(name, repository__full_name=NAME))
        assert told == (200, "It is no branch. Nothing was changed.")
    assert await proposes(hub, release) == hub.shop.a


@pytest.mark.parametrize(
    ("branch", "instead", "says"),
    [
        ("other", {}, "No release follows other"),
        ("main", {"repository__full_name": "octo-org/other"}, "No service of the catalogue is at octo-org/other."),
        ("main\u2028", {}, "No release follows a branch of such a name."),
        ("m" * 251, {}, "No release follows a branch of such a name."),
    ],
)
async def test_what_no_release_follows_changes_nothing(hub, branch, instead, says):
    follows(hub.shop)
    release = await hub.shop.planned(hub.shop.a, "1.0.0")
    status, told = await hub.is_pushed_to(branch, hub.shop.b, **instead)
    assert (status, says in told) == (200, True), told
    assert await proposes(hub, release) == hub.shop.a


# ---------------------------------------------------------------- pull requests, and what is not listened to


async def test_pull_requests_that_are_marked_are_looked_at_as_soon_as_they_have_a_new_commit():
    shop = Workshop(pull_requests=PullRequestRule((PRODUCTION,), "master"))
    async with at_github(shop) as hub:
        told = example("pull_request.synchronize", repository__full_name=NAME)
        for action in ("synchronize", "opened", "reopened"):
            assert await hub.sends("pull_request", {**told, "action": action}) == (200, "Looking at Payments now.")
        assert shop.records.nudged == [(Work.MARK_PULL_REQUESTS, ALL, "changed")] * 3
        labeled = await hub.sends("pull_request", {**told, "action": "labeled"})
        assert labeled == (200, "It has the same commits as before.")
        elsewhere = await hub.sends("pull_request", example("pull_request.synchronize"))
        assert elsewhere == (200, "No service of the catalogue is at Codertocat/Hello-World. Nothing was changed.")
    assert len(shop.records.nudged) == 3


@pytest.mark.parametrize("rule", [None, PullRequestRule((PRODUCTION,))])
async def test_pull_requests_that_nobody_wants_marked_change_nothing(rule):
    shop = Workshop(pull_requests=rule)
    async with at_github(shop) as hub:
        told = await hub.sends("pull_request", example("pull_request.synchronize", repository__full_name=NAME))
    assert told == (200, "Pull requests against master aren't marked. Nothing was changed.")
    assert shop.records.nudged == []


async def test_what_is_not_listened_to_is_answered_in_peace(hub):
    assert await hub.sends("issues", {"action": "opened"}) == (
        200,
        "Slipway doesn't listen to issues. Nothing was changed.",
    )


async def test_a_new_webhook_is_greeted_and_told_what_it_should_send(hub):
    assert await hub.sends("ping", example("ping")) == (200, "Slipway hears this webhook.")
    some = example("ping", hook__events=["push", "workflow_run", "issues"])
    assert await hub.sends("ping", some) == (
        200,
        "Slipway hears this webhook. It could use these events, too: check_suite, deployment_status and pull_request.",
    )
    assert (await hub.sends("ping", {"zen": "Speak like a human."}))[0] == 200


# ---------------------------------------------------------------- who may say so


async def test_the_example_of_githubs_own_documentation_is_genuine():
    async with at_github(a_shop(), secret="It's a Secret to Everybody") as hub:
        headers = {
            "X-GitHub-Event": "ping",
            "Content-Type": JSON,
            "X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        }
        assert (await hub.posts(b"Hello, World!", headers))[0] == 400, "genuine, but no JSON"
        assert (await hub.posts(b"Hello, World?", headers))[0] == 401


WRONG = [
    pytest.param("sha256=" + "0" * 64, "The signature does not fit", id="wrong"),
    pytest.param("", "The signature does not fit", id="empty"),
    pytest.param("sha1=" + "0" * 40, "The signature does not fit", id="of the old kind"),
    pytest.param("sha256=é" + "0" * 63, "The signature does not fit", id="not ASCII"),
    pytest.param(None, "It is not signed with a secret", id="missing"),
]


@pytest.mark.parametrize(("given", "says"), WRONG)
async def test_what_is_not_signed_as_it_should_be_is_refused_and_no_secret_is_in_the_log(hub, caplog, given, says):
    caplog.set_level(logging.DEBUG)
    release = await hub.shop.planned(hub.shop.a, "1.0.0")
    raw = json.dumps(hub.a_run()).encode()
    headers = hub.headers("workflow_run", raw) | {"X-Hub-Signature-256": given}
    status, told = await hub.posts(raw, {name: value for name, value in headers.items() if value is not None})
    assert (status, told.startswith(says)) == (401, True)
    assert not await is_ticked(hub, release)
    assert [each for each in caplog.records if each.levelno > logging.INFO] == []
    for secret in (SECRET, signature(raw), "289782451"):
        assert secret not in caplog.text + told


async def test_forged_and_altered_deliveries_are_refused(hub):
    release = await hub.shop.planned(hub.shop.a, "1.0.0")
    passed, failed = (json.dumps(hub.a_run(each)).encode() for each in ("success", "failure"))
    for raw, sign in (
        (passed, signature(passed, "a-guess-of-somebody-else-0123456789abcdef")),
        (passed, signature(failed)),
        (passed + b" ", signature(passed)),
    ):
        headers = hub.headers("workflow_run", raw) | {"X-Hub-Signature-256": sign}
        assert (await hub.posts(raw, headers))[0] == 401
    assert not await is_ticked(hub, release)


async def test_two_signatures_are_none_and_two_events_are_none(hub):
    raw = json.dumps(hub.a_run()).encode()
    for name, other, status in (
        ("X-Hub-Signature-256", "sha256=" + "0" * 64, 401),
        ("X-GitHub-Event", "push", 400),
    ):
        headers = CIMultiDict([*hub.headers("workflow_run", raw).items(), (name, other)])
        assert (await hub.posts(raw, headers))[0] == status


async def test_without_a_secret_nothing_is_heard():
    async with at_github(a_shop(), secret="") as hub:
        raw = json.dumps(hub.a_run()).encode()
        headers = hub.headers("workflow_run", raw) | {"X-Hub-Signature-256": signature(raw, "")}
        status, told = await hub.posts(raw, headers)
    assert (status, "SLIPWAY_GITHUB_WEBHOOK_SECRET" in told) == (404, True)


async def test_an_event_of_another_name_than_what_was_signed_changes_nothing(hub):
    """The headers aren't signed: whoever copies a delivery may call it something else."""
    follows(hub.shop)
    release = await hub.shop.planned(hub.shop.a, "1.0.0")
    hub.shop.code.branch(REPOSITORY, "main", hub.shop.b)
    everything = {
        "workflow_run": hub.a_run(),
        "check_suite": a_suite(hub),
        "push": hub.a_push("main", hub.shop.b),
        "deployment_status": example("deployment_status.created", repository__full_name=NAME),
    }
    for was, payload in everything.items():
        for event in everything.keys() - {was}:
            status, told = await hub.sends(event, payload)
            nothing = (400, True) if status == 400 else (200, "has not ended yet" in told)
            assert (status, True) == nothing, (was, event, told)
    assert await proposes(hub, release) == hub.shop.a
    assert not await is_ticked(hub, release)
    assert not await is_ticked(hub, release, "lint")


# ---------------------------------------------------------------- how it is written


async def test_a_webhook_that_sends_forms_is_understood_as_well(hub):
    release = await hub.shop.planned(hub.shop.a, "1.0.0")
    assert (await hub.sends("workflow_run", hub.a_run(), form=True))[0] == 200
    assert await is_ticked(hub, release)


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data; boundary=x", "application/octet-stream"])
async def test_what_is_of_another_kind_is_refused_with_what_to_choose(hub, content_type):
    raw = json.dumps(hub.a_run()).encode()
    status, told = await hub.posts(raw, hub.headers("workflow_run", raw, content_type))
    assert (status, "Choose “application/json”" in told) == (415, True)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", JSON),
        (b"payload", JSON),
        (b"[]", JSON),
        (b'"ping"', JSON),
        (b"\xff\xfe", JSON),
        (b"[" * 60_000, JSON),
        (b"", FORM),
        (b"payload", FORM),
        (b"payload=x", FORM),
        (b"payload={}&payload={}", FORM),
        (b"other={}", FORM),
        (b"payload={}&a=1&b=2", FORM),
        (b"payload=%FF", FORM),
    ],
)
async def test_what_cannot_be_read_is_told_so(hub, raw, kind):
    status, told = await hub.posts(raw, hub.headers("workflow_run", raw, kind))
    assert (status, told.startswith(("The body is no JSON", "The form has no field"))) == (400, True)


@pytest.mark.parametrize("event", ["", "Push", "push workflow_run", "p" * 61, "push\u00e9"])
async def test_an_event_without_a_proper_name_is_refused(hub, event):
    raw = b"{}"
    assert (await hub.posts(raw, hub.headers(event, raw)))[0] == 400


MISSING = [
    ("workflow_run", {"action": ...}, "“action” is missing"),
    ("workflow_run", {"workflow_run__id": "289782451"}, "“workflow_run.id” is missing, or no number."),
    ("workflow_run", {"workflow_run__id": True}, "“workflow_run.id” is missing, or no number."),
    ("workflow_run", {"workflow_run__event": ...}, "“workflow_run.event” is missing"),
    ("workflow_run", {"workflow_run__head_sha": "main"}, "“workflow_run.head_sha” is missing, or no full SHA."),
    ("workflow_run", {"workflow_run__conclusion": None}, "“workflow_run.conclusion” is missing"),
    ("workflow_run", {"workflow_run__updated_at": "now"}, "“workflow_run.updated_at” is missing, or no time."),
    ("workflow_run", {"workflow_run__updated_at": "2026-11-23T10:00:00"}, "or no time."),
    ("workflow_run", {"workflow_run__updated_at": "2126-11-23T10:00:00Z"}, "is still to come."),
    ("workflow_run", {"repository": ...}, "“repository.full_name” is missing"),
    ("workflow_run", {"repository__full_name": "../x/y"}, "“repository.full_name” is missing"),
    ("push", {"ref": ...}, "“ref” is missing"),
    ("push", {"after": 7}, "“after” is missing"),
    ("push", {"repository__pushed_at": ...}, "“repository.pushed_at” is missing"),
    ("push", {"repository__pushed_at": 10**17}, "“repository.pushed_at” is missing, or no time."),
    ("push", {"repository__pushed_at": -1}, "“repository.pushed_at” is missing, or no time."),
    ("push", {"repository": "octo-org/octo-repo"}, "“repository.full_name” is missing"),
]


@pytest.mark.parametrize(("event", "instead", "problem"), MISSING)
async def test_what_is_missing_is_said_by_name_and_nothing_is_kept(hub, event, instead, problem):
    follows(hub.shop)
    release = await hub.shop.planned(hub.shop.a, "1.0.0")
    hub.shop.code.branch(REPOSITORY, "main", hub.shop.b)
    payload = hub.a_run(**instead) if event == "workflow_run" else hub.a_push("main", hub.shop.b, **instead)
    status, told = await hub.sends(event, payload)
    assert (status, problem in told) == (400, True), told
    assert not await is_ticked(hub, release)
    assert await proposes(hub, release) == hub.shop.a


@pytest.mark.parametrize("event", ["workflow_run", "check_suite", "deployment_status", "push"])
async def test_everything_that_is_missing_is_told_at_once(hub, event):
    status, told = await hub.sends(event, {})
    assert status == 400
    assert told.count("is missing") == {"workflow_run": 2, "push": 4}.get(event, 1), told


async def test_what_is_too_large_is_not_even_read(hub):
    raw = json.dumps(hub.a_run(padding="x" * LARGEST)).encode()
    assert (await hub.posts(raw, hub.headers("workflow_run", raw)))[0] == 413


async def test_a_large_push_is_read(hub):
    follows(hub.shop)
    release = await hub.shop.planned(hub.shop.a, "1.0.0")
    assert (await hub.is_pushed_to("main", hub.shop.b, padding="x" * (LARGEST - 10_000)))[0] == 200
    assert await proposes(hub, release) == hub.shop.b


async def test_nobody_looks_at_what_is_only_sent(hub):
    async with aiohttp.ClientSession() as session, session.get(hub.url) as response:
        assert response.status == 405


# ---------------------------------------------------------------- again, late, out of order, at once


@pytest.fixture
async def kept(database_url) -> AsyncIterator[Hub]:
    """Over records in a database."""
    async with database_ground(database_url) as ground, at_github(a_shop(ground.records)) as hub:
        yield hub


async def recorded(hub: Hub, *verbs: str) -> list[str]:
    async with hub.shop.records.read() as reading:
        return [each.happened.verb for each in await reading.record() if each.happened.verb in verbs]


async def test_a_redelivered_run_changes_nothing_even_after_a_later_one(kept):
    release = await kept.shop.planned(kept.shop.a, "1.0.0")
    first = kept.a_run()
    await kept.sends("workflow_run", first)
    assert await is_ticked(kept, release)
    await kept.has_run("failure", workflow_run__run_attempt=2)
    status, told = await kept.sends("workflow_run", first)
    assert (status, "nothing changed" in told) == (200, True)
    assert not await is_ticked(kept, release)
    assert await recorded(kept, "tick", "untick") == ["tick", "untick"]


async def test_attempts_that_arrive_in_the_wrong_order_end_as_the_last_one_says(kept):
    release = await kept.shop.planned(kept.shop.a, "1.0.0")
    said = ["failure", "success", "failure", "cancelled", "success", "skipped"]
    runs = [kept.a_run(each, workflow_run__run_attempt=number) for number, each in enumerate(said, 1)]
    for number in (2, 5, 0, 4, 1, 3):
        await kept.sends("workflow_run", runs[number])
    assert await is_ticked(kept, release)


async def test_a_run_delivered_twenty_times_at_once_ticks_once(kept):
    release = await kept.shop.planned(kept.shop.a, "1.0.0")
    run = kept.a_run()
    answers = await asyncio.gather(*(kept.sends("workflow_run", run) for _ in range(20)))
    assert {status for status, _ in answers} == {200}
    assert sum("ticked" in told for _, told in answers) == 1
    assert await is_ticked(kept, release)
    assert await recorded(kept, "tick") == ["tick"]


async def test_a_push_delivered_twenty_times_at_once_sets_one_candidate(kept):
    follows(kept.shop)
    release = await kept.shop.planned(kept.shop.a, "1.0.0")
    kept.shop.code.branch(REPOSITORY, "main", kept.shop.b)
    push = kept.a_push("main", kept.shop.b)
    answers = await asyncio.gather(*(kept.sends("push", push) for _ in range(20)))
    assert {status for status, _ in answers} == {200}
    assert await proposes(kept, release) == kept.shop.b
    assert await recorded(kept, "set candidate") == ["set candidate"]
    assert not [told for _, told in answers if "has moved on" in told]


async def test_pushes_that_arrive_in_the_wrong_order_end_where_the_branch_stands(kept):
    follows(kept.shop)
    release = await kept.shop.planned(kept.shop.a, "1.0.0")
    pushes = [kept.a_push("main", each) for each in (kept.shop.b, kept.shop.c, kept.shop.d)]
    kept.shop.code.branch(REPOSITORY, "main", kept.shop.d)
    for push in (pushes[2], pushes[0], pushes[1], pushes[2]):
        await kept.sends("push", push)
        assert await proposes(kept, release) == kept.shop.d
    assert await recorded(kept, "set candidate") == ["set candidate"]


async def test_a_push_that_github_no_longer_waits_for_is_gone_through_with(hub):
    """Who wrote what a large push brings takes long to read, and GitHub hangs up after ten seconds."""
    follows(hub.shop)
    release = await hub.shop.planned(hub.shop.a, "1.0.0")
    asked, goes_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()
    resolve, set_candidate = hub.shop.code.resolve, hub.shop.set_candidate

    async def slowly(repository: str, ref: str) -> Any:
        asked.set()
        await goes_on.wait()
        return await resolve(repository, ref)

    async def at_last(*said: Any, **more: Any) -> Any:
        try:
            return await set_candidate(*said, **more)
        finally:
            done.set()

    hub.shop.code.resolve = slowly
    hear = HearPush(hub.shop.records, services_at(hub.shop), hub.shop.code, at_last)
    async with at_github(hub.shop, push=hear) as impatient:
        push = asyncio.create_task(impatient.is_pushed_to("main", hub.shop.b))
        await asked.wait()
        push.cancel()
        with pytest.raises(asyncio.CancelledError):
            await push
        goes_on.set()
        await done.wait()
    assert await proposes(hub, release) == hub.shop.b


# ---------------------------------------------------------------- when something is wrong here


class Hindered:
    """A verb that fails so often before it does its work."""

    def __init__(self, error: Exception, times: int) -> None:
        self.error, self.left = error, times
        self.verb: Any = None

    async def __call__(self, said: Any) -> Any:
        if self.left:
            self.left -= 1
            raise self.error
        return await self.verb(said)


@pytest.mark.parametrize(
    ("error", "times", "status"),
    [
        (ConflictError("Somebody was faster."), 3, 200),
        (ConflictError("Somebody was faster."), 4, 503),
        (RecordsError("The disk is full."), 1, 503),
    ],
)
async def test_github_shows_that_it_should_be_redelivered_only_when_waiting_does_not_help(caplog, error, times, status):
    shop, hindered = a_shop(), Hindered(error, times)
    hindered.verb = ReportRun(shop.records, lambda: shop.catalogue, services_at(shop), shop.report_check)
    async with at_github(shop, report=hindered) as hub:
        release = await shop.planned(shop.a, "1.0.0")
        answer, told = await hub.has_run()
        assert (answer, await is_ticked(hub, release)) == (status, status == 200)
        if status == 503:
            assert "please redeliver it" in told
            assert str(error) in caplog.text
            assert (await hub.has_run())[0] == 200
    assert SECRET not in caplog.text


async def test_a_failure_of_ours_has_a_reference_that_the_log_has_too(caplog):
    async with at_github(a_shop(), report=Hindered(ZeroDivisionError("inside"), 1)) as hub:
        status, told = await hub.has_run()
    assert (status, "inside" in told) == (500, False)
    assert told.rstrip(".").rsplit(" ", 1)[1] in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert "delivery 72d3162e-cc78-11e3-81ab-4c9367dc0001 of GitHub (workflow_run)" in caplog.text


async def test_what_calls_itself_a_delivery_is_not_written_into_the_log(hub, caplog):
    caplog.set_level(logging.INFO, logger="handlers.github")
    raw = json.dumps(hub.a_run()).encode()
    headers = hub.headers("workflow_run", raw) | {"X-GitHub-Delivery": "1 of mine: all is well"}
    assert (await hub.posts(raw, headers))[0] == 200
    assert "delivery without a number" in caplog.text


async def test_the_clock_here_may_be_a_little_behind(hub):
    await hub.shop.planned(hub.shop.a, "1.0.0")
    ahead = stamp(hub.shop.at + timedelta(minutes=4))
    assert (await hub.has_run(workflow_run__updated_at=ahead))[0] == 200
