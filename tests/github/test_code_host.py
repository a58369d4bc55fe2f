"""The GitHub code host: what only GitHub can do wrong, how much is asked, and releases whose code is there."""

from __future__ import annotations

import logging
import traceback
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.ports import CodeHostError, Suspicion
from bot.rules.gate import Reason
from bot.rules.sentence import Refused
from bot.verbs.ask_deploy import Preview
from bot.verbs.roll_back import WayBack
from integrations.code_hosts import github_history
from integrations.code_hosts.github import GitHubCodeHost
from integrations.code_hosts.github_reading import in_order, irreversible
from integrations.code_hosts.reverts import Node
from tests.github.answering import OPERATIONS
from tests.github.code import READ, comparison, merged_pull
from tests.github.conftest import NAME
from tests.github.state import EVERYTHING
from tests.github.twin import CANARY, GitHubTwin
from tests.makers import PAYMENTS, PRODUCTION, a_plan, a_service
from tests.people import INES, MAYA
from tests.verbs.workshop import Workshop

COMPARE = "repos/compare-commits-with-basehead"
LIST = "repos/list-commits"
PULLS = "repos/list-pull-requests-associated-with-commit"
REF = "git/get-ref"


@pytest.fixture
async def host(twin, repo, connect) -> AsyncIterator[GitHubCodeHost]:
    """As the App, which is installed."""
    twin.installed(NAME)
    async with connect() as github:
        yield GitHubCodeHost(github)


# ---------------------------------------------------------------- names


async def test_a_branch_with_signs_in_its_name_is_found(host, written):
    one = written.commit("One")
    for name in ("feature/50%", "fix/#12", "größe", "a+b&c=d", "heads/main"):
        written.branch(name, one)
        found = await host.resolve(NAME, name)
        assert found is not None, name
        assert found.sha == one
    assert await host.resolve(NAME, "main") is None, "there is only heads/main"


async def test_a_tag_of_a_tag_leads_to_the_commit_and_one_of_a_tree_to_nothing(host, written):
    one = written.commit("One")
    written.tag("v1", one)
    written.tag("v1-signed", "v1")
    written.tag("tree", written.tree)

    found = await host.resolve(NAME, "v1-signed")

    assert found is not None
    assert found.sha == one
    assert await host.resolve(NAME, "tree") is None


async def test_a_date_is_a_name_even_though_it_could_be_the_beginning_of_a_commit(host, written):
    one = written.commit("One")
    written.tag("20261102", one)

    found = await host.resolve(NAME, "20261102")

    assert found is not None
    assert found.sha == one


async def test_an_empty_repository_has_no_commits(host, twin):
    for name in ("main", "f" * 10, "f" * 40):
        assert await host.resolve(NAME, name) is None
    with pytest.raises(CodeHostError, match="has nothing called"):
        await host.between(NAME, None, "f" * 40)

    assert twin.times(REF, 409) == 4


async def test_a_commit_leads_to_its_page(host, written):
    one = written.commit("One")

    found = await host.resolve(NAME, one)

    assert found is not None
    assert found.url == f"https://github.com/{NAME}/commit/{one}"


async def test_a_full_sha_is_one_question(host, written, twin):
    one = written.commit("One")
    await host.resolve(NAME, one)

    assert [each.operation for each in twin.heard if not each.operation.startswith("apps/")] == ["git/get-commit"]


async def test_a_repository_that_has_moved_is_read_where_it_is_now(host, written, twin):
    twin.repository("acme/old", written.folder, moved_to=NAME)
    twin.installed("acme/old", NAME)
    written.branch("main", one := written.commit("One"))

    found = await host.resolve("acme/old", "main")

    assert found is not None
    assert found.sha == one


async def test_an_address_of_the_repository_will_do(host, written):
    one = written.commit("One")

    assert await host.resolve(f"https://github.com/{NAME}.git", one) is not None
    with pytest.raises(CodeHostError, match=r"is no repository at github\.com"):
        await host.resolve("/srv/payments", one)


# ---------------------------------------------------------------- what lies between


@pytest.mark.parametrize(("number", "pages"), [(100, 1), (101, 2), (250, 3), (251, 3), (301, 4)])
async def test_however_many_commits_lie_between_all_are_read_newest_first(host, written, twin, number, pages):
    old = written.commit("Old")
    new = written.commits(number, old)

    changes = await host.between(NAME, old, new, limit=5000)

    assert (changes.total, len(changes.commits)) == (number, number)
    assert [changes.commits[0].subject, changes.commits[-1].subject] == [f"Number {number - 1}", "Number 0"]
    assert changes.commits[0].sha == new
    assert twin.times(COMPARE) == pages
    assert changes.url == f"https://github.com/{NAME}/compare/{old}...{new}"


async def test_going_back_over_many_tells_all_that_would_be_lost(host, written):
    old = written.commit("Old")
    marked = written.commit("Drop it", old, body="Irreversible-Migration: drops payments.memo")
    new = written.commits(260, marked)

    changes = await host.between(NAME, new, old)

    assert (changes.backwards, changes.total, changes.lost, len(changes.commits)) == (True, 261, 261, 50)
    assert changes.commits[0].sha == new
    assert [each.sha for each in changes.irreversible] == [marked]


async def test_too_many_are_refused_rather_than_cut(host, written, monkeypatch):
    monkeypatch.setattr(github_history, "MOST", 20)
    old = written.commit("Old")
    new = written.commits(21, old)

    with pytest.raises(CodeHostError, match="21 commits lie between the two; more than 20 can't be read"):
        await host.between(NAME, old, new)


async def test_commits_that_github_counts_and_does_not_show_are_missed(host, written, monkeypatch):
    def cut(call):
        told = comparison(call)
        return replace(told, body={**told.body, "commits": told.body["commits"][1:]})

    monkeypatch.setitem(OPERATIONS, COMPARE, (cut, READ))
    old = written.commit("Old")
    new = written.commits(3, old)

    with pytest.raises(CodeHostError, match="counts 3 commits between the two, and doesn't show all"):
        await host.between(NAME, old, new)


async def test_the_first_version_of_a_long_history_is_two_questions(host, written, twin):
    new = written.commits(150, written.commit("First"))

    for limit in (1, 50):
        changes = await host.between(NAME, None, new, limit=limit)
        assert (changes.total, len(changes.commits)) == (151, limit)
        assert changes.commits[0].sha == new

    assert twin.times(LIST) == 4


async def test_how_many_there_are_is_told_also_by_a_server_of_ones_own(twin, written, clock, keys, connect):
    new = written.commits(120, written.commit("First"))
    server = GitHubTwin(clock, prefix="/api/v3")
    server.repository(NAME, written.folder)
    token = server.token().token
    async with server.running(), connect(token, api=server.address) as github:
        host = GitHubCodeHost(github, host="github.example.com")
        assert (await host.between(f"git@github.example.com:{NAME}.git", None, new)).total == 121


async def test_a_number_that_github_does_not_tell_is_not_made_up(host, written, monkeypatch):
    new = written.commits(60, written.commit("First"))
    handler, needs = OPERATIONS[LIST]

    def without_last(call):
        told = handler(call)
        kept = [each for each in told.headers.get("Link", "").split(", ") if 'rel="last"' not in each]
        return replace(told, headers={"Link": ", ".join(kept)} if told.headers else {})

    monkeypatch.setitem(OPERATIONS, LIST, (without_last, needs))

    with pytest.raises(CodeHostError, match="doesn't tell how many commits"):
        await host.between(NAME, None, new)


async def test_what_did_not_change_is_not_counted_when_it_is_asked_again(host, written, twin):
    old = written.commit("Old")
    new = written.commits(30, old)
    for _ in range(3):
        assert (await host.between(NAME, old, new)).total == 30

    assert (twin.times(COMPARE, 200), twin.times(COMPARE, 304)) == (1, 2)


def test_a_trailer_is_found_where_a_squashed_pull_request_has_left_it():
    message = (
        "Refunds (#12)\r\n\r\n* Drop the memo\r\n\r\nirreversible-migration: drops\r\n payments.memo\r\n\r\n* Tidy up"
        "\r\n\r\nIrreversible-Migration: forgets amounts\r\n\r\nCo-authored-by: Lena <lena@example.com>\r\n"
    )

    assert irreversible(message) == "drops payments.memo; forgets amounts"
    assert irreversible("Say that Irreversible-Migration: is a trailer") == ""
    assert irreversible("One\n\nIrreversible-Migration:\n\nNothing") == ""


def test_a_commit_comes_after_its_parents_whatever_the_clocks_said():
    told = [Node("d", ("b", "c")), Node("b", ("a",)), Node("a", ("before",)), Node("c", ("a", "a")), Node("x", ())]

    order = [each.sha for each in in_order(told)]

    assert sorted(order) == ["a", "b", "c", "d", "x"]
    for sha, parents in {"b": "a", "c": "a", "d": "bc"}.items():
        assert all(order.index(sha) > order.index(parent) for parent in parents)


def test_what_is_in_order_stays_as_it_is():
    told = [Node("a", ()), Node("x", ()), Node("b", ("a",)), Node("y", ("x",)), Node("c", ("a", "b"))]

    assert in_order(told) == told


async def test_a_revert_is_found_however_far_it_lies(host, written):
    good = written.commit("Good")
    bad = written.commit("Bad", good)
    revert = written.commit('Revert "Bad"', written.commits(120, bad), body=f"This reverts commit {bad}.")
    late = written.commits(120, revert)

    found = await host.carries(NAME, late, Suspicion(good, bad))

    assert (found.suspects, found.total, found.mended) == (1, 0, 1)


# ---------------------------------------------------------------- pull requests


async def commits_of(host, written, number):
    at = written.commit("Old")
    shas = [at := written.commit(f"Change {each}", at) for each in range(number)]
    return shas, (await host.between(NAME, None, at)).commits[:number]


async def test_a_merged_pull_request_is_asked_for_once_and_an_open_one_each_time(host, written, twin, repo):
    (one, two), commits = await commits_of(host, written, 2)
    merged_pull(repo, 12, "Refunds", one, "ben")
    merged_pull(repo, 13, "Receipts", two, "ben").update(merged_at=None, state="open")

    for title in ("Receipts", "Receipts with numbers"):
        repo.pulls[1]["title"] = title
        told = await host.with_pulls(NAME, commits)
        assert [each.pull and each.pull.title for each in told] == [title, "Refunds"]

    assert twin.times(PULLS) == 3


async def test_of_several_pull_requests_the_merged_one_counts(host, written, repo):
    (one,), commits = await commits_of(host, written, 1)
    merged_pull(repo, 7, "Another try", "0" * 40, "ben", one).update(merged_at=None, state="open")
    merged_pull(repo, 12, "Refunds", one, "ben")

    (told,) = await host.with_pulls(NAME, commits)

    assert told.pull is not None
    assert (told.pull.number, told.pull.url) == (12, f"https://github.com/{NAME}/pull/12")


async def test_where_pull_requests_may_not_be_read_commits_are_and_nobody_asks_on(twin, repo, written, connect):
    twin.installed(NAME, permissions={"metadata": "read", "contents": "read"})
    async with connect() as github:
        host = GitHubCodeHost(github)
        _, commits = await commits_of(host, written, 12)
        assert await host.with_pulls(NAME, commits) == commits

    assert twin.times(PULLS) <= 4


# ---------------------------------------------------------------- trouble


async def test_a_missing_permission_is_named(twin, repo, written, connect):
    one = written.commit("One")
    twin.installed(NAME, permissions={"metadata": "read"})
    async with connect() as github:
        host = GitHubCodeHost(github)
        for asked in (host.resolve(NAME, "main"), host.between(NAME, None, one), host.contains(NAME, one, [one])):
            with pytest.raises(CodeHostError, match="it takes the permission “Contents: read”"):
                await asked


async def test_where_the_app_is_not_installed_that_is_what_is_said(twin, repo, written, connect):
    one = written.commit("One")
    async with connect() as github:
        host = GitHubCodeHost(github)
        for asked in (
            host.resolve(NAME, "main"),
            host.between(NAME, None, one),
            host.between(NAME, one, one),
            host.carries(NAME, one, Suspicion(one, one)),
            host.contains(NAME, one, [one]),
        ):
            with pytest.raises(CodeHostError, match="not installed for acme/payments"):
                await asked


async def test_a_limit_that_is_reached_is_told_with_its_end(host, written, twin, clock):
    one = written.commit("One")
    await host.resolve(NAME, one)
    grant = next(each for each in twin.tokens.values() if each.kind == "installation")
    grant.remaining, grant.again = 1, clock() + timedelta(minutes=20)
    await host.resolve(NAME, written.commit("Two"))

    with pytest.raises(CodeHostError, match="before 08:20:00 UTC"):
        await host.between(NAME, None, one)


async def test_github_that_is_away_is_no_answer_that_nothing_is_there(host, twin):
    twin.fails("*", 502, times=99)

    with pytest.raises(CodeHostError, match="trouble of its own"):
        await host.resolve(NAME, "main")


async def test_no_secret_shows_in_any_error_or_log(twin, repo, written, connect, keys, caplog):  # noqa: PLR0917 - fixtures
    caplog.set_level(logging.DEBUG)
    twin.installed(NAME)
    grant = twin.token(permissions=EVERYTHING)
    one = written.commit("One")
    told = []
    for token in ("", grant.token):
        async with connect(token, patience=timedelta(seconds=0.2)) as github:
            host = GitHubCodeHost(github)
            told.append(repr(host))
            for status, how in (
                (500, {}),
                (0, {}),
                (401, {}),
                (403, {}),
                (418, {}),
                (-1, {}),
                (502, {"page": grant.token}),
            ):
                for ask in (host.resolve(NAME, "main"), host.between(NAME, None, one), host.contains(NAME, one, [one])):
                    twin.fails("*", status, **{"times": 9, "message": f"You sent {grant.token}!", **how})
                    with pytest.raises(CodeHostError) as error:
                        await ask
                    told.append("".join(traceback.format_exception(error.value)) + repr(error.value))
                    twin.recovers()
    told.append(caplog.text)

    assert len(told) > 40
    for each in told:
        assert CANARY not in each
        assert "PRIVATE KEY" not in each


# ---------------------------------------------------------------- releases


class GitHubWorkshop(Workshop):
    """Payments, whose code is at GitHub."""

    def __init__(self, host, written) -> None:
        super().__init__()
        self.written = written
        self.catalogue = replace(self.catalogue, services={PAYMENTS: a_service(repository=NAME)})
        self.code = host
        self.a = written.commit("a", author="Lena Fischer")
        self.b = written.commit("b", self.a)
        self.c = written.commit("c", self.b)
        self.d = written.commit("d", self.c)
        self._open()


@pytest.fixture
def at_github(host, written) -> GitHubWorkshop:
    return GitHubWorkshop(host, written)


async def test_a_branch_is_looked_up_when_it_is_proposed_and_never_again(at_github, written, twin):
    shop = at_github
    await shop.shipped(shop.a, "1.0.0")
    written.branch("release", shop.b)
    release = await shop.approved("release", "2.0.0")
    written.branch("release", shop.d)
    looked_up = twin.times(REF)

    seen = await shop.ask_deploy(release, PRODUCTION, by=shop.by(MAYA))
    await shop.started(release)

    assert isinstance(seen, Preview)
    assert seen.picture.release.candidate is not None
    assert seen.picture.release.candidate.commit == shop.b
    assert seen.changes is not None
    assert [each.sha for each in seen.changes.commits] == [shop.b]
    assert twin.times(REF) == looked_up


async def test_the_authors_of_all_that_comes_along_are_known(at_github):
    shop = at_github
    release = await shop.planned(shop.c, "1.0.0")

    picture = await shop.picture(release)

    assert picture.release.candidate is not None
    assert picture.release.candidate.authors == ("ben@example.com",)


async def test_what_was_rolled_back_stays_out_until_its_revert_is_in(at_github, written, repo):
    shop = at_github
    for commit, version in ((shop.a, "1.0.0"), (shop.b, "2.0.0")):
        await shop.shipped(commit, version)
    merged_pull(repo, 12, "Refunds", shop.b, "ben")
    way = await shop.roll_back.preview(PAYMENTS, PRODUCTION, None, by=shop.by(INES))
    assert isinstance(way, WayBack)
    assert way.lost is not None
    assert [(each.sha, each.pull and each.pull.number) for each in way.lost.commits] == [(shop.b, 12)]
    await shop.rolled_back()

    carrying = await shop.planned(shop.c, "3.0.0")
    await shop.read_vetoes(carrying)
    mended = await shop.planned(written.commit('Revert "b"', shop.c, body=f"This reverts commit {shop.b}."), "3.0.1")
    await shop.read_vetoes(mended)

    assert len(await shop.blockers(carrying, Reason.VETOED)) == 1
    assert await shop.blockers(mended, Reason.VETOED) == []


async def test_github_that_is_away_changes_nothing_and_says_so(at_github, twin):
    twin.fails("*", 503, times=99)

    refused = await at_github.plan_release(a_plan(), at_github.a, by=at_github.by(MAYA))

    assert isinstance(refused, Refused)
    assert "I could not ask the code host: GitHub has trouble of its own" in str(refused.why)
