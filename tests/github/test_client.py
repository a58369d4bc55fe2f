"""The client: who we are at GitHub, its limits, what is asked again and what never is, errors that show no token."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from integrations.github.client import AppKey, connected_to_github
from integrations.github.errors import (
    GitHubAwayError,
    GitHubError,
    GitHubLimitedError,
    GitHubNotFoundError,
    GitHubRefusedError,
)
from tests.github.conftest import NAME
from tests.github.state import EVERYTHING
from tests.github.twin import CANARY

READ = "repos/get"
WRITE = "repos/create-commit-status"
TOKENS = "apps/create-installation-access-token"
NO_SUCH = "0" * 40


async def read(github, name=NAME):
    return (await github.repository(name).get(""))["full_name"]


async def write(github):
    return await github.repository(NAME).post("/statuses/{sha}", {"state": "success"}, sha=NO_SUCH)


# ---------------------------------------------------------------- who we are


async def test_with_a_token_everything_is_asked_with_it(twin, repo, connect):
    grant = twin.token()

    async with connect(grant.token) as github:
        assert await read(github) == NAME

    assert {each.token for each in twin.heard} == {grant.token}


async def test_an_app_finds_its_installation_once_and_speaks_with_its_token(twin, repo, connect):
    twin.installed(NAME)

    async with connect() as github:
        assert [await read(github) for _ in range(3)] == [NAME] * 3
        assert await read(github, NAME.upper()) == NAME

    assert (twin.times("apps/get-repo-installation"), twin.times(TOKENS)) == (1, 1)


async def test_twenty_who_come_at_once_get_one_token(twin, repo, connect):
    twin.installed(NAME)

    async with connect() as github:
        assert await asyncio.gather(*(read(github) for _ in range(20))) == [NAME] * 20

    assert (twin.times("apps/get-repo-installation"), twin.times(TOKENS)) == (1, 1)


async def test_a_token_is_renewed_before_it_ends_and_by_one_alone(twin, repo, connect, clock):
    twin.installed(NAME)

    async with connect() as github:
        await read(github)
        clock.passes(minutes=54)
        await read(github)
        assert twin.times(TOKENS) == 1
        clock.passes(minutes=2)
        await asyncio.gather(*(read(github) for _ in range(20)))

    assert twin.times(TOKENS) == 2
    assert len({each.token for each in twin.heard if each.operation == READ}) == 2


async def test_a_token_that_is_still_good_serves_while_no_new_one_can_be_had(twin, repo, connect, clock):
    twin.installed(NAME)

    async with connect() as github:
        await read(github)
        clock.passes(minutes=57)
        twin.fails(TOKENS, 500, times=99)
        assert await read(github) == NAME
        clock.passes(minutes=4)
        with pytest.raises(GitHubAwayError):
            await read(github)


async def test_a_token_that_was_revoked_is_replaced_and_what_was_asked_is_asked_again(twin, repo, connect):
    twin.installed(NAME)

    async with connect() as github:
        await read(github)
        for grant in [each for each in twin.tokens.values() if each.kind == "installation"]:
            del twin.tokens[grant.token]
        assert await asyncio.gather(*(read(github) for _ in range(5))) == [NAME] * 5

    assert twin.times(TOKENS) == 2


async def test_a_token_made_by_hand_that_was_revoked_is_said_to_be(twin, repo, connect):
    async with connect("ghp_0123456789abcdef0123") as github:
        with pytest.raises(GitHubRefusedError, match="does not accept our token") as refused:
            await read(github)

    assert refused.value.status == 401
    assert twin.times(READ) == 1


async def test_two_installations_have_a_token_each(twin, repo, written, connect):
    twin.repository("other/shop", written.folder)
    twin.installed(NAME)
    twin.installed("other/shop")

    async with connect() as github:
        assert (await read(github), await read(github, "other/shop")) == (NAME, "other/shop")

    assert len({each.token for each in twin.heard if each.operation == READ}) == 2


async def test_where_the_app_is_not_installed_it_is_said_what_to_do(twin, repo, connect):
    async with connect() as github:
        with pytest.raises(GitHubNotFoundError, match=r"not installed for acme/payments.*“Install App”"):
            await read(github)


async def test_an_app_that_is_installed_anew_is_found_again(twin, repo, connect, clock):
    first = twin.installed(NAME)

    async with connect() as github:
        await read(github)
        del twin.installations[first.id]
        clock.passes(hours=2)
        with pytest.raises(GitHubNotFoundError, match="no longer installed"):
            await read(github)
        twin.installed(NAME)
        assert await read(github) == NAME


async def test_a_key_of_another_app_is_not_accepted(twin, repo, clock, keys):
    twin.installed(NAME)

    async with connected_to_github(AppKey("1", keys.private), api=twin.address, now=clock) as github:
        with pytest.raises(GitHubRefusedError, match="does not accept our token or key"):
            await read(github)


@pytest.mark.parametrize(
    "key", ["", "canary", "-----BEGIN RSA PRIVATE KEY-----\ncanary\n-----END RSA PRIVATE KEY-----"]
)
async def test_a_key_that_is_none_is_said_to_be_and_not_shown(twin, repo, clock, key):
    async with connected_to_github(AppKey("4711", key), api=twin.address, now=clock) as github:
        with pytest.raises(GitHubRefusedError, match="can't be used") as refused:
            await read(github)

    assert "canary" not in "".join(traceback.format_exception(refused.value))


async def test_who_we_are_and_until_when(twin, repo, connect):
    grant = twin.token(login="mona", scopes="repo, workflow", told_expiry="2026-12-31 09:00:00 UTC")

    async with connect(grant.token) as github:
        me = await github.identity()
    async with connect() as github:
        app = await github.identity()

    assert (me.name, me.is_app, me.scopes) == ("mona", False, {"repo", "workflow"})
    assert me.expires == datetime(2026, 12, 31, 9, 0, tzinfo=UTC)
    assert (app.name, app.is_app, app.scopes, app.expires) == ("acme-slipway", True, None, None)


# ---------------------------------------------------------------- limits


async def test_where_nothing_is_left_nothing_is_asked_and_it_is_said_until_when(twin, repo, connect, clock):
    grant = twin.token(remaining=2, again=clock() + timedelta(minutes=30))

    async with connect(grant.token) as github:
        await read(github)
        await github.repository(NAME).get("/pulls")
        with pytest.raises(GitHubLimitedError, match="before 08:30:00 UTC") as limited:
            await read(github)
        assert limited.value.until == clock() + timedelta(minutes=30)
        assert len(twin.heard) == 2
        clock.passes(minutes=31)
        await read(github)

    assert len(twin.heard) == 3


async def test_what_brings_nothing_new_is_not_counted(twin, repo, connect):
    grant = twin.token(remaining=100)

    async with connect(grant.token) as github:
        for _ in range(5):
            assert await read(github) == NAME

    assert (twin.times(READ, 200), twin.times(READ, 304)) == (1, 4)
    assert grant.remaining == 99


async def test_what_has_changed_is_read_anew(twin, repo, connect):
    grant = twin.token()

    async with connect(grant.token) as github:
        await read(github)
        repo.default_branch = "trunk"
        assert (await github.repository(NAME).get(""))["default_branch"] == "trunk"


async def test_of_what_was_read_only_so_much_is_kept(twin, repo, connect, monkeypatch):
    monkeypatch.setattr("integrations.github.api.LARGEST_KEPT", 10)
    grant = twin.token()

    async with connect(grant.token) as github:
        await read(github)
        await read(github)

    assert twin.times(READ, 200) == 2


@pytest.mark.parametrize(("status", "ask"), [(403, read), (429, read), (403, write), (429, write)])
async def test_a_short_pause_that_github_asks_for_is_made_also_before_writing(twin, repo, connect, clock, status, ask):  # noqa: PLR0917 - fixtures
    grant = twin.token()
    what = READ if ask is read else WRITE
    twin.fails(what, status, headers={"Retry-After": "3"}, message="You have exceeded a secondary rate limit.")

    async with connect(grant.token) as github:
        if ask is read:
            await ask(github)
        else:
            with pytest.raises(GitHubRefusedError):  # there is no such commit
                await ask(github)

    assert clock.rests == [3]
    assert twin.times(what) == 2


async def test_a_long_pause_is_not_waited_for_but_told_and_meanwhile_nobody_asks(twin, repo, connect, clock):
    grant = twin.token()
    twin.fails(READ, 403, headers={"Retry-After": "120"}, message="You have exceeded a secondary rate limit.")

    async with connect(grant.token) as github:
        for _ in range(2):
            with pytest.raises(GitHubLimitedError, match="before 08:02:00 UTC"):
                await read(github)
        assert len(twin.heard) == 1
        clock.passes(seconds=121)
        assert await read(github) == NAME

    assert clock.rests == []


async def test_where_no_length_is_told_it_is_a_minute(twin, repo, connect, clock):
    grant = twin.token()
    twin.fails(READ, 403, message="You have triggered an abuse detection mechanism.")

    async with connect(grant.token) as github:
        with pytest.raises(GitHubLimitedError) as limited:
            await read(github)

    assert limited.value.until == clock() + timedelta(minutes=1)


async def test_one_who_is_told_to_pause_again_and_again_gives_up(twin, repo, connect, clock):
    grant = twin.token()
    twin.fails(READ, 429, times=9, headers={"Retry-After": "1"})

    async with connect(grant.token) as github:
        with pytest.raises(GitHubLimitedError):
            await read(github)

    assert twin.times(READ) == 3


# ---------------------------------------------------------------- trouble


@pytest.mark.parametrize("status", [500, 502, 503, 0])
async def test_a_reading_is_asked_again_where_github_has_trouble_or_the_connection_breaks(
    twin, repo, connect, clock, status
):
    grant = twin.token()
    twin.fails(READ, status)

    async with connect(grant.token) as github:
        assert await read(github) == NAME

    assert twin.times(READ) == 2


async def test_but_not_for_ever(twin, repo, connect, clock):
    grant = twin.token()
    twin.fails(READ, 502, times=99)

    async with connect(grant.token) as github:
        with pytest.raises(GitHubAwayError, match=r"trouble of its own \(it answered 502\)"):
            await read(github)

    assert (twin.times(READ), clock.rests) == (3, [0.5, 2.0])


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("status", [500, 0])
async def test_what_writes_is_asked_once_and_nobody_knows(twin, repo, written, connect, status, after):  # noqa: PLR0917 - fixtures
    sha = written.commit("One")
    grant = twin.token()
    twin.fails(WRITE, status, after=after, times=9)

    async with connect(grant.token) as github:
        with pytest.raises(GitHubAwayError) as away:
            await github.repository(NAME).post("/statuses/{sha}", {"state": "success"}, sha=sha)

    assert away.value.uncertain
    assert twin.times(WRITE) == 1
    assert len(repo.statuses) == int(after)


async def test_what_could_not_be_heard_was_not_done(clock):
    async with connected_to_github("ghp_0123456789abcdef0123", api="http://127.0.0.1:9", now=clock) as github:
        with pytest.raises(GitHubAwayError, match="could not be reached") as away:
            await write(github)

    assert not away.value.uncertain


async def test_one_that_never_answers_is_not_waited_for_for_ever(twin, repo, connect):
    grant = twin.token()
    twin.fails("*", -1, times=9)

    async with connect(grant.token, patience=timedelta(seconds=0.3)) as github:
        for ask in (read, write):
            with pytest.raises(GitHubAwayError, match="did not answer in time") as away:
                await ask(github)
            assert away.value.uncertain

    assert len(twin.heard) == 2


@pytest.mark.parametrize("text", ["<html>Please sign in</html>", ""])
async def test_a_page_of_a_proxy_is_not_taken_for_github(twin, repo, connect, text):
    grant = twin.token()
    twin.fails("*", 200, times=9, page=text or " ")

    async with connect(grant.token) as github:
        for ask in (read, write):
            with pytest.raises(GitHubAwayError, match="is not GitHub"):
                await ask(github)


async def test_a_missing_permission_is_named(twin, repo, connect):
    twin.installed(NAME, permissions={"metadata": "read", "contents": "read"})

    async with connect() as github:
        with pytest.raises(GitHubRefusedError, match="it takes the permission “Commit statuses: write”") as refused:
            await write(github)

    assert (refused.value.status, refused.value.needs) == (403, ("“Commit statuses: write”",))


async def test_what_is_not_there_or_may_not_be_seen_is_said_to_be_either(twin, repo, connect):
    grant = twin.token(repositories=frozenset())

    async with connect(grant.token) as github:
        with pytest.raises(GitHubNotFoundError, match="no such thing in acme/payments, or Slipway may not see it"):
            await read(github)


@pytest.mark.parametrize("name", ["payments", "a/b/c", "acme/pay ments", "../x", "acme/..", "acme/{x}", "acme/x?y"])
async def test_what_names_no_repository_is_not_asked_for(twin, connect, name):
    async with connect("ghp_0123456789abcdef0123") as github:
        with pytest.raises(GitHubNotFoundError, match="names no repository"):
            github.repository(name)

    assert twin.heard == []


async def test_a_repository_that_has_moved_is_read_where_it_is_and_not_written_to(twin, repo, written, connect):
    twin.repository("acme/old", written.folder, moved_to=NAME)
    grant = twin.token()

    async with connect(grant.token) as github:
        assert await read(github, "acme/old") == NAME
        with pytest.raises(GitHubRefusedError, match="acme/old has moved"):
            await github.repository("acme/old").post("/statuses/{sha}", {"state": "success"}, sha=NO_SUCH)


async def test_a_list_is_read_page_after_page_and_no_further_than_wanted(twin, repo, written, connect):
    last = written.commits(250, written.commit("First"))
    grant = twin.token()

    async with connect(grant.token) as github:
        pages = github.repository(NAME).each("/commits{?sha,per_page}", sha=last)
        assert len([each["sha"] async for each in pages]) == 251
        assert twin.times("repos/list-commits") == 3
        async for _ in github.repository(NAME).each("/commits{?sha,per_page}", sha=last):
            break

    assert twin.times("repos/list-commits") == 4


# ---------------------------------------------------------------- the way there


@asynccontextmanager
async def peer(answer) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_a_proxy_is_used_where_one_leads_there(monkeypatch, clock):
    hosts = []

    async def proxied(request: web.Request) -> web.Response:
        hosts.append(request.host)
        return web.json_response({"full_name": NAME})

    async with peer(proxied) as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("no_proxy", "")
        async with connected_to_github("ghp_0123456789abcdef0123", api="http://github.internal/api/v3") as github:
            assert await read(github) == NAME

    assert hosts == ["github.internal"]


async def test_a_proxy_is_left_out_where_the_environment_says_so(monkeypatch, twin, repo, connect):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    grant = twin.token()

    async with connect(grant.token) as github:
        assert await read(github) == NAME


async def test_what_stands_in_netrc_does_not_come_between(monkeypatch, twin, repo, connect, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    grant = twin.token()

    async with connect(grant.token) as github:
        assert await read(github) == NAME

    assert twin.heard[0].token == grant.token


async def test_a_next_page_elsewhere_is_not_followed(clock):
    elsewhere = []

    async def thief(request: web.Request) -> web.Response:
        elsewhere.append(request.headers)
        return web.json_response([])

    async with peer(thief) as away:

        async def liar(request: web.Request) -> web.Response:
            return web.json_response([{}], headers={"Link": f'<{away}/next>; rel="next"'})

        async with peer(liar) as there, connected_to_github("ghp_0123456789abcdef0123", api=there) as github:
            with pytest.raises(GitHubAwayError, match="is not GitHub"):
                _ = [each async for each in github.repository(NAME).each("/pulls")]

    assert elsewhere == []


async def test_a_redirect_elsewhere_takes_no_token_along(clock):
    seen = []

    async def other(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        return web.json_response({"full_name": NAME})

    async with peer(other) as away:

        async def moved(request: web.Request) -> web.Response:
            raise web.HTTPMovedPermanently(f"{away}/x")

        async with peer(moved) as there, connected_to_github("ghp_0123456789abcdef0123", api=there) as github:
            await read(github)

    assert seen == [None]


# ---------------------------------------------------------------- secrets


async def test_no_token_shows_in_any_error_or_log(twin, repo, written, connect, keys, caplog):  # noqa: PLR0917 - fixtures
    caplog.set_level(logging.DEBUG)
    told = []
    sha = written.commit("One")
    grant = twin.token(permissions=EVERYTHING)
    twin.installed(NAME)

    async def tries(github):
        for status, how in (
            (500, {}),
            (0, {}),
            (403, {}),
            (429, {}),
            (418, {}),
            (-1, {}),
            (502, {"page": grant.token}),
        ):
            twin.fails("*", status, **{"times": 4, "message": f"You sent {grant.token}!", **how})
            for ask in (read(github), github.repository(NAME).post("/statuses/{sha}", {"state": "success"}, sha=sha)):
                try:
                    await ask
                except GitHubError as error:
                    told.append("".join(traceback.format_exception(error)) + repr(error) + str(error))

    for token in (grant.token, ""):
        async with connect(token, patience=timedelta(seconds=0.2)) as github:
            told.append(repr(github))
            await tries(github)
    told += [repr(AppKey("4711", keys.private)), caplog.text]

    assert len(told) > 10
    for each in told:
        assert CANARY not in each
        assert "PRIVATE KEY" not in each
