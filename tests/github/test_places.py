"""Places: what is at GitHub, by how it is written, and which code host is asked."""

from __future__ import annotations

import pytest

from bot.ports import CodeHostError
from integrations.code_hosts.chosen import ChosenCodeHost
from integrations.github.places import at_github, website
from tests.twins import FakeCodeHost

CLOUD = "github.com"
SERVER = "github.example.com"


@pytest.mark.parametrize(
    "written",
    [
        "acme/payments",
        "https://github.com/acme/payments",
        "https://github.com/acme/payments.git",
        "https://www.github.com/acme/payments/",
        "https://GitHub.com/acme/payments",
        "http://github.com/acme/payments",
        "git@github.com:acme/payments.git",
        "github.com:acme/payments",
        "ssh://git@github.com/acme/payments.git",
        "ssh://git@github.com:22/acme/payments",
    ],
)
def test_a_repository_at_github_is_known_by_each_of_its_addresses(written):
    assert at_github(written, CLOUD) == "acme/payments"


@pytest.mark.parametrize(
    "written",
    [
        "/srv/payments",
        "./payments",
        "../acme/payments",
        "~/payments",
        "payments",
        "acme/payments/api",
        "https://github.com/acme",
        "https://github.com/acme/payments/tree/main",
        "https://github.com/acme/payments?tab=readme",
        "https://github.com.example.com/acme/payments",
        "https://gitlab.com/acme/payments",
        "https://[github.com/acme/payments",
        "git@gitlab.com:acme/payments.git",
        "file:///srv/payments",
        "acme/pay ments",
        "",
    ],
)
def test_what_is_a_path_or_elsewhere_is_not_at_github(written):
    assert at_github(written, CLOUD) is None


def test_a_server_of_ones_own_has_addresses_of_its_own():
    assert at_github("https://github.example.com/acme/payments", SERVER) == "acme/payments"
    assert at_github("git@github.example.com:acme/payments.git", SERVER) == "acme/payments"
    assert at_github("acme/payments", SERVER) == "acme/payments"
    assert at_github("https://github.com/acme/payments", SERVER) is None


@pytest.mark.parametrize(
    ("api", "host"),
    [
        ("https://api.github.com", CLOUD),
        ("https://github.example.com/api/v3", SERVER),
        ("https://api.acme.ghe.com", "acme.ghe.com"),
        ("http://127.0.0.1:8080", "127.0.0.1"),
    ],
)
def test_the_pages_are_where_the_api_says(api, host):
    assert website(api) == host


async def test_a_path_is_read_with_git_and_what_is_at_github_is_asked_there():
    local, github = FakeCodeHost(), FakeCodeHost()
    local.branch("/srv/payments", "main", here := local.commit("/srv/payments", "Here"))
    github.branch("acme/payments", "main", there := github.commit("acme/payments", "There"))
    github.pull("acme/payments", 12, "Refunds", there)
    host = ChosenCodeHost(local, github)

    one, two = await host.resolve("/srv/payments", "main"), await host.resolve("acme/payments", "main")

    assert one is not None
    assert two is not None
    assert (one.sha, two.sha) == (here, there)
    assert (await host.between("acme/payments", None, there)).total == 1
    assert await host.contains("acme/payments", there, [there]) == {there}
    (told,) = await host.with_pulls("acme/payments", [two])
    assert told.pull is not None


async def test_a_repository_at_github_without_a_way_there_says_what_to_set():
    host = ChosenCodeHost(FakeCodeHost())

    for asked in (
        host.resolve("acme/payments", "main"),
        host.between("https://github.com/acme/payments", None, "main"),
        host.contains("acme/payments", "f" * 40, []),
    ):
        with pytest.raises(CodeHostError, match=r"no way to ask there\. Set SLIPWAY_GITHUB_APP_ID and .* or .*TOKEN"):
            await asked
    assert await host.with_pulls("acme/payments", []) == ()


async def test_an_address_that_leads_elsewhere_says_what_can_be_written():
    host = ChosenCodeHost(FakeCodeHost(), FakeCodeHost())

    for repository in ("https://gitlab.com/acme/payments", "git@gitlab.com:acme/payments.git"):
        with pytest.raises(CodeHostError, match=r"neither at github\.com nor a path"):
            await host.resolve(repository, "main")
