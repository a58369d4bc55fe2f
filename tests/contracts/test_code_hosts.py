"""What every code host promises, held against the twin, against repositories that git made, and against GitHub.

GitHub is a twin, too, which reads the same repositories with git; each request to it and each answer is held against
GitHub's published description.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest

from bot.ports import CodeHost, CodeHostError, Suspicion
from integrations.code_hosts.git import GitCodeHost
from integrations.code_hosts.github import GitHubCodeHost
from integrations.github.client import connected_to_github
from tests.github.code import merged_pull
from tests.github.ground import FIRST, Repository, address
from tests.github.twin import GitHubTwin
from tests.twins import FakeCodeHost

REPOSITORY = "acme/payments"


class Ground(Protocol):
    """A code host, and a way to write history into its repository."""

    host: CodeHost
    knows_pulls: bool

    def commit(self, subject: str, *parents: str, author: str = "Ben Castillo", body: str = "") -> str: ...
    def branch(self, name: str, sha: str) -> None: ...
    def tag(self, name: str, sha: str) -> None: ...
    def pull(self, number: int, title: str, merged: str, *others: str) -> None: ...


class TwinGround:
    knows_pulls = True

    def __init__(self) -> None:
        self.host = FakeCodeHost()
        self.host.add_repository(REPOSITORY)

    def commit(self, subject, *parents, author="Ben Castillo", body=""):
        return self.host.commit(REPOSITORY, subject, parents=parents, author=author, email=address(author), body=body)

    def branch(self, name, sha):
        self.host.branch(REPOSITORY, name, sha)

    def tag(self, name, sha):
        self.host.tag(REPOSITORY, name, sha)

    def pull(self, number, title, merged, *others):
        self.host.pull(REPOSITORY, number, title, merged, *others)


class GitGround(Repository):
    knows_pulls = False

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / REPOSITORY)
        self.host: CodeHost = GitCodeHost(base=folder)

    def pull(self, number, title, merged, *others):
        """Git knows of none."""


class GitHubGround(GitGround):
    knows_pulls = True

    def __init__(self, folder: Path, twin: GitHubTwin, host: CodeHost) -> None:
        super().__init__(folder)
        self.host = host
        self.repo = twin.repository(REPOSITORY, self.folder)

    def pull(self, number, title, merged, *others):
        merged_pull(self.repo, number, title, merged, "ben", *others)


@pytest.fixture(params=["twin", "git", "github"])
async def ground(request, tmp_path) -> AsyncIterator[Ground]:
    if request.param == "twin":
        yield TwinGround()
    elif request.param == "git":
        yield GitGround(tmp_path)
    else:
        async with GitHubTwin().running() as twin:
            token = twin.token().token
            async with connected_to_github(token, api=twin.address) as github:
                yield GitHubGround(tmp_path, twin, GitHubCodeHost(github))


async def test_a_commit_is_found_by_its_whole_sha_and_tells_who_and_what_and_when(ground: Ground):
    sha = ground.commit("Refund within a minute", author="Lena Fischer")

    found = await ground.host.resolve(REPOSITORY, sha)

    assert found is not None
    assert (found.sha, found.subject) == (sha, "Refund within a minute")
    assert (found.author_name, found.author_email) == ("Lena Fischer", "lena@example.com")
    assert found.at == FIRST


async def test_a_commit_is_found_by_seven_digits_or_more_in_any_case(ground: Ground):
    sha = ground.commit("One")

    for digits in (sha[:7], sha[:12], sha[:39], sha[:9].upper(), sha.upper(), f" {sha} "):
        found = await ground.host.resolve(REPOSITORY, digits)
        assert found is not None, digits
        assert found.sha == sha


async def test_six_digits_are_too_few(ground: Ground):
    sha = ground.commit("One")

    assert await ground.host.resolve(REPOSITORY, sha[:6]) is None


async def test_a_commit_is_found_by_branch_and_by_tag(ground: Ground):
    one = ground.commit("One")
    two = ground.commit("Two", one)
    ground.branch("release/2.4", two)
    ground.tag("v2.3.9", one)

    by_branch = await ground.host.resolve(REPOSITORY, "release/2.4")
    by_tag = await ground.host.resolve(REPOSITORY, "v2.3.9")

    assert by_branch is not None
    assert by_tag is not None
    assert (by_branch.sha, by_tag.sha) == (two, one)


async def test_a_branch_that_moves_names_another_commit(ground: Ground):
    one = ground.commit("One")
    ground.branch("main", one)
    two = ground.commit("Two", one)
    ground.branch("main", two)

    found = await ground.host.resolve(REPOSITORY, "main")

    assert found is not None
    assert found.sha == two


@pytest.mark.parametrize(
    "ref",
    ["nope", "v9", "release", "", "   ", "f" * 40, "0" * 12, "main~1", "main^", "HEAD@{1}", ":/One", "ma*", "a..b"],
)
async def test_what_names_nothing_is_nothing(ground: Ground, ref):
    one = ground.commit("One")
    ground.branch("main", ground.commit("Two", one))
    ground.branch("release/2.4", one)

    assert await ground.host.resolve(REPOSITORY, ref) is None


@pytest.mark.parametrize(
    "ref",
    [
        "--upload-pack=touch pwned",
        "-h",
        "--all",
        "--output=pwned",
        "--exec=sh",
        "--",
        "$(touch pwned)",
        "a b",
        "ü" * 300,
    ],
)
async def test_what_looks_like_an_option_or_a_command_is_just_a_name_of_nothing(ground: Ground, ref, tmp_path):
    ground.branch("main", ground.commit("One"))

    assert await ground.host.resolve(REPOSITORY, ref) is None
    with pytest.raises(CodeHostError, match="nothing called"):
        await ground.host.between(REPOSITORY, None, ref)
    assert not list(tmp_path.rglob("pwned"))


async def test_one_name_for_two_commits_is_refused_with_a_sentence(ground: Ground):
    one = ground.commit("One")
    two = ground.commit("Two", one)
    ground.branch("next", one)
    ground.tag("next", two)

    with pytest.raises(CodeHostError, match=r"“next” is ambiguous.*digits"):
        await ground.host.resolve(REPOSITORY, "next")


async def test_one_name_for_the_same_commit_twice_is_clear(ground: Ground):
    one = ground.commit("One")
    ground.branch("next", one)
    ground.tag("next", one)

    found = await ground.host.resolve(REPOSITORY, "next")

    assert found is not None
    assert found.sha == one


async def test_a_branch_that_is_called_like_the_digits_of_another_commit_is_ambiguous(ground: Ground):
    one = ground.commit("One")
    two = ground.commit("Two", one)
    ground.branch(one[:8], two)

    with pytest.raises(CodeHostError, match="ambiguous"):
        await ground.host.resolve(REPOSITORY, one[:8])


async def test_a_repository_that_is_not_there_is_refused_with_a_sentence(ground: Ground):
    for asked in (
        ground.host.resolve("acme/elsewhere", "main"),
        ground.host.between("acme/elsewhere", None, "main"),
        ground.host.between("acme/elsewhere", "a" * 40, "b" * 40),
    ):
        with pytest.raises(CodeHostError, match=r"There is no repository at .*elsewhere"):
            await asked


async def test_the_commits_between_are_those_that_are_new_newest_first(ground: Ground):
    one = ground.commit("One")
    two = ground.commit("Two", one)
    three = ground.commit("Three", two)

    changes = await ground.host.between(REPOSITORY, one, three)

    assert [each.subject for each in changes.commits] == ["Three", "Two"]
    assert (changes.total, changes.backwards, changes.lost) == (2, False, 0)


async def test_names_will_do_as_well_as_shas(ground: Ground):
    one = ground.commit("One")
    two = ground.commit("Two", one)
    ground.tag("v1", one)
    ground.branch("main", two)

    changes = await ground.host.between(REPOSITORY, "v1", "main")

    assert [each.sha for each in changes.commits] == [two]


async def test_between_a_commit_and_itself_there_is_nothing(ground: Ground):
    one = ground.commit("One")

    changes = await ground.host.between(REPOSITORY, one, one)

    assert (changes.commits, changes.total, changes.backwards) == ((), 0, False)


async def test_going_back_tells_what_would_be_lost(ground: Ground):
    one = ground.commit("One")
    two = ground.commit("Two", one)
    three = ground.commit("Three", two)

    changes = await ground.host.between(REPOSITORY, three, one)

    assert changes.backwards
    assert [each.subject for each in changes.commits] == ["Three", "Two"]
    assert (changes.total, changes.lost) == (2, 2)


async def test_with_nothing_there_before_everything_is_new(ground: Ground):
    one = ground.commit("One")
    two = ground.commit("Two", one)

    changes = await ground.host.between(REPOSITORY, None, two)

    assert [each.sha for each in changes.commits] == [two, one]
    assert changes.total == 2


async def test_a_long_list_is_cut_and_its_length_is_told(ground: Ground):
    sha = ground.commit("0")
    for number in range(1, 8):
        sha = ground.commit(str(number), sha)

    changes = await ground.host.between(REPOSITORY, None, sha, limit=3)

    assert [each.subject for each in changes.commits] == ["7", "6", "5"]
    assert changes.total == 8


async def test_histories_that_have_parted_tell_what_is_new_and_how_much_is_lost(ground: Ground):
    base = ground.commit("Base")
    hotfix = ground.commit("Hotfix", base)
    feature = ground.commit("Feature", base)

    changes = await ground.host.between(REPOSITORY, hotfix, feature)

    assert [each.subject for each in changes.commits] == ["Feature"]
    assert (changes.total, changes.backwards, changes.lost) == (1, False, 1)


async def test_histories_that_never_met_are_all_new_and_all_lost(ground: Ground):
    old = ground.commit("Old world")
    new = ground.commit("New world")
    newer = ground.commit("Newer world", new)

    changes = await ground.host.between(REPOSITORY, old, newer)

    assert [each.sha for each in changes.commits] == [newer, new]
    assert (changes.total, changes.backwards, changes.lost) == (2, False, 1)


async def test_a_merge_brings_all_that_it_merged(ground: Ground):
    base = ground.commit("Base")
    side = ground.commit("Side", base)
    main = ground.commit("Main", base)
    merge = ground.commit("Merge", main, side)

    changes = await ground.host.between(REPOSITORY, main, merge)

    assert [each.subject for each in changes.commits] == ["Merge", "Side"]


async def test_between_unknown_commits_is_refused_with_a_sentence(ground: Ground):
    one = ground.commit("One")

    for old, new in ((None, "f" * 40), ("e" * 40, one), (one, "nope")):
        with pytest.raises(CodeHostError, match="has nothing called"):
            await ground.host.between(REPOSITORY, old, new)


# ---------------------------------------------------------------- what a commit carries


def reverting(sha, of=""):
    """What `git revert` writes; `of` is the parent whose line a reverted merge went into."""
    return f"This reverts commit {sha}, reversing\nchanges made to {of}." if of else f"This reverts commit {sha}."


async def carried(ground, commit, good, bad, *only):
    """The subjects that it carries, how many are suspected, and how many are mended."""
    found = await ground.host.carries(REPOSITORY, commit, Suspicion(good, bad, only))
    assert found.total == len(found.carried)
    return [each.subject for each in found.carried], found.suspects, found.mended


async def test_what_was_there_between_good_and_bad_is_carried_by_all_that_comes_after(ground: Ground):
    good = ground.commit("Good")
    one = ground.commit("One", good)
    bad = ground.commit("Two", one)
    later = ground.commit("Later", bad)

    assert await carried(ground, later, good, bad) == (["Two", "One"], 2, 0)
    assert await carried(ground, bad, good, bad) == (["Two", "One"], 2, 0)
    assert await carried(ground, one, good, bad) == (["One"], 2, 0)
    assert await carried(ground, good, good, bad) == ([], 2, 0)
    assert await carried(ground, later, good, bad, one) == (["One"], 1, 0)


async def test_who_wrote_what_is_carried_is_told(ground: Ground):
    good = ground.commit("Good")
    bad = ground.commit("Refund at once", good, author="Lena Fischer")

    found = await ground.host.carries(REPOSITORY, bad, Suspicion(good, bad))

    assert [(each.sha, each.subject, each.author_name) for each in found.carried] == [
        (bad, "Refund at once", "Lena Fischer")
    ]


async def test_only_so_many_are_named_and_all_are_counted(ground: Ground):
    good = at = ground.commit("Good")
    for number in range(5):
        at = ground.commit(f"Number {number}", at)

    found = await ground.host.carries(REPOSITORY, at, Suspicion(good, at), limit=2)

    assert ([each.subject for each in found.carried], found.total) == (["Number 4", "Number 3"], 5)


async def test_what_is_reverted_later_is_mended_and_what_is_not_is_carried(ground: Ground):
    good = ground.commit("Good")
    one = ground.commit("One", good)
    bad = ground.commit("Two", one)
    half = ground.commit('Revert "One"', bad, body=reverting(one))
    whole = ground.commit('Revert "Two"', half, body=reverting(bad))

    assert await carried(ground, half, good, bad) == (["Two"], 2, 1)
    assert await carried(ground, whole, good, bad) == ([], 2, 2)
    assert await carried(ground, half, good, bad, one) == ([], 1, 1)


async def test_one_commit_may_revert_several(ground: Ground):
    good = ground.commit("Good")
    one = ground.commit("One", good)
    bad = ground.commit("Two", one)
    both = ground.commit("Take both back", bad, body=f"{reverting(one)}\n\n{reverting(bad)}")

    assert await carried(ground, both, good, bad) == ([], 2, 2)


async def test_a_revert_of_the_revert_brings_it_back_and_another_takes_it_away_again(ground: Ground):
    good = ground.commit("Good")
    bad = ground.commit("Bad", good)
    once = ground.commit('Revert "Bad"', bad, body=reverting(bad))
    again = ground.commit('Reapply "Bad"', once, body=reverting(once))
    thrice = ground.commit('Revert "Reapply "Bad""', again, body=reverting(again))
    anew = ground.commit('Revert "Bad"', again, body=reverting(bad))

    assert await carried(ground, once, good, bad) == ([], 1, 1)
    assert await carried(ground, again, good, bad) == (["Bad"], 1, 0)
    assert await carried(ground, thrice, good, bad) == ([], 1, 1)
    assert await carried(ground, anew, good, bad) == ([], 1, 1)


async def test_a_revert_that_comes_from_elsewhere_and_not_after_it_undoes_nothing(ground: Ground):
    good = ground.commit("Good")
    bad = ground.commit("Bad", good)
    beside = ground.commit('Revert "Bad"', good, body=reverting(bad))
    merged = ground.commit("Merge the two", bad, beside)

    assert await carried(ground, merged, good, bad) == (["Bad"], 1, 0)


async def test_where_one_line_reverts_it_and_another_brings_it_back_it_counts_as_carried(ground: Ground):
    good = ground.commit("Good")
    bad = ground.commit("Bad", good)
    once = ground.commit('Revert "Bad"', bad, body=reverting(bad))
    back = ground.commit('Reapply "Bad"', once, body=reverting(once))
    other = ground.commit("Revert it once more", once, body=reverting(bad))
    merged = ground.commit("Merge the two", back, other)

    assert await carried(ground, merged, good, bad) == (["Bad"], 1, 0)


async def test_a_revert_on_a_branch_counts_once_it_is_merged(ground: Ground):
    good = ground.commit("Good")
    bad = ground.commit("Bad", good)
    revert = ground.commit('Revert "Bad"', bad, body=reverting(bad))
    beside = ground.commit("Beside", bad)
    merged = ground.commit("Merge the revert", beside, revert)

    assert await carried(ground, beside, good, bad) == (["Bad"], 1, 0)
    assert await carried(ground, merged, good, bad) == ([], 1, 1)


async def test_what_a_merge_brought_is_suspected_and_not_the_merge_unless_it_is_named(ground: Ground):
    good = ground.commit("Good")
    feature = ground.commit("The feature", good)
    bad = ground.commit("Merge branch 'feature'", good, feature)

    assert await carried(ground, bad, good, bad) == (["The feature"], 1, 0)
    assert await carried(ground, bad, good, bad, bad) == (["Merge branch 'feature'"], 1, 0)


async def test_to_revert_a_merge_reverts_all_that_it_brought(ground: Ground):
    good = ground.commit("Good")
    one = ground.commit("One", good)
    two = ground.commit("Two", one)
    main = ground.commit("On main", good)
    bad = ground.commit("Merge branch 'feature'", main, two)
    mended = ground.commit("Revert the merge", bad, body=reverting(bad, of=main))

    assert await carried(ground, mended, good, bad) == (["On main"], 3, 2)
    again = ground.commit("Reapply the merge", mended, body=reverting(mended))
    found, _, _ = await carried(ground, again, good, bad)
    assert sorted(found) == ["On main", "One", "Two"]


async def test_a_pull_request_that_was_squashed_or_merged_is_reverted_by_its_number_and_title(ground: Ground):
    good = ground.commit("Good")
    squashed = ground.commit("Refund at once (#12)", good)
    feature = ground.commit("Receipts", squashed)
    bad = ground.commit("Merge pull request #13 from acme/receipts", squashed, feature, body="Show receipts")
    one = ground.commit('Revert "Refund at once" (#14)', bad, body="Reverts acme/payments#12")
    both = ground.commit('Revert "Show receipts" (#15)', one, body="Reverts acme/payments#13")

    assert await carried(ground, one, good, bad) == (["Receipts"], 2, 1)
    assert await carried(ground, both, good, bad) == ([], 2, 2)


async def test_a_number_of_another_repository_reverts_nothing(ground: Ground):
    good = ground.commit("Good")
    bad = ground.commit("Refund at once (#12)", good)
    other = ground.commit('Revert "A new look" (#99)', bad, body="Reverts acme/website#12")

    assert await carried(ground, other, good, bad) == (["Refund at once (#12)"], 1, 0)


async def test_a_prefix_and_a_quotation_revert_nothing(ground: Ground):
    good = ground.commit("Good")
    bad = ground.commit("Bad", good)
    short = ground.commit("Take it back", bad, body=f"This reverts commit {bad[:9]}.")

    assert await carried(ground, short, good, bad) == (["Bad"], 1, 0)


async def test_where_the_two_have_gone_apart_only_what_the_good_one_lacks_is_suspected(ground: Ground):
    base = ground.commit("Base")
    good = ground.commit("Good", base)
    bad = ground.commit("Bad", base)

    assert await carried(ground, bad, good, bad) == (["Bad"], 1, 0)
    assert await carried(ground, good, good, bad) == ([], 1, 0)


async def test_what_can_no_longer_be_found_is_said(ground: Ground):
    good = ground.commit("Good")

    with pytest.raises(CodeHostError, match="no commit"):
        await ground.host.carries(REPOSITORY, good, Suspicion(good, "f" * 40))


async def test_which_commits_another_has(ground: Ground):
    one = ground.commit("One")
    two = ground.commit("Two", one)
    beside = ground.commit("Beside", one)
    far = ground.commit("Far", beside)

    assert await ground.host.contains(REPOSITORY, two, [one, two, beside, far, "f" * 40]) == {one, two}
    assert await ground.host.contains(REPOSITORY, two, []) == frozenset()


async def test_what_can_t_be_undone_is_told_of_all_commits_also_of_those_not_shown(ground: Ground):
    old = ground.commit("Old")
    first = ground.commit("Drop it", old, body="It is not read.\n\nIrreversible-Migration: drops payments.memo")
    at = first
    for number in range(4):
        at = ground.commit(f"Number {number}", at)

    forth = await ground.host.between(REPOSITORY, old, at, limit=2)
    back = await ground.host.between(REPOSITORY, at, old)

    for found in (forth, back):
        assert [(each.sha, each.irreversible) for each in found.irreversible] == [(first, "drops payments.memo")]


# ---------------------------------------------------------------- pull requests


async def test_a_commit_tells_the_pull_request_through_which_it_came_where_the_host_knows(ground: Ground):
    one = ground.commit("One")
    two = ground.commit("Refund at once", one)
    merge = ground.commit("Merge the receipts", one, two)
    ground.pull(12, "Refunds", merge, two)
    changes = await ground.host.between(REPOSITORY, None, merge)
    assert [each.pull for each in changes.commits] == [None] * 3, "nobody has asked for them"

    told = await ground.host.with_pulls(REPOSITORY, changes.commits)

    pulls = [each.pull and (each.pull.number, each.pull.title) for each in told]
    assert pulls == ([(12, "Refunds"), (12, "Refunds"), None] if ground.knows_pulls else [None] * 3)
    assert [each.sha for each in told] == [each.sha for each in changes.commits]


async def test_pull_requests_that_can_t_be_learned_hide_no_commit(ground: Ground):
    one = ground.commit("One")
    found = await ground.host.resolve(REPOSITORY, one)
    assert found is not None

    assert await ground.host.with_pulls("acme/elsewhere", [found]) == (found,)
    assert await ground.host.with_pulls(REPOSITORY, []) == ()
