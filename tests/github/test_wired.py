"""Wired: the settings decide whether GitHub is asked, and as whom; nothing that is shown or logged holds a secret."""

from __future__ import annotations

import logging
import traceback

import pytest

from bot import settings
from bot.ports import CodeHostError
from bot.settings import Settings
from bot.wiring import real_neighbours
from tests.github.conftest import NAME
from tests.github.ground import Repository
from tests.github.twin import CANARY


@pytest.fixture
def settled(twin, tmp_path):
    """Settings with these about GitHub."""

    def made(**github: str) -> Settings:
        environment = {f"SLIPWAY_GITHUB_{name.upper()}": value for name, value in github.items()}
        environment |= {"SLIPWAY_GITHUB_API": twin.address, "SLIPWAY_CATALOGUE": str(tmp_path / "slipway.yaml")}
        found = settings.read(environment, slack=False)
        assert isinstance(found, Settings), found
        return found

    return made


async def test_as_an_app_with_a_token_and_not_at_all(twin, repo, written, settled, keys):
    written.branch("main", one := written.commit("One"))
    twin.installed(NAME)
    for github in ({"app_id": "4711", "app_key": keys.private}, {"token": twin.token().token}):
        async with real_neighbours(settled(**github)) as neighbours:
            found = await neighbours.code_host.resolve(NAME, "main")
            assert found is not None
            assert found.sha == one
    assert {each.token[:4] for each in twin.heard if each.operation == "git/get-ref"} == {"ghs_", "ghp_"}

    async with real_neighbours(settled()) as neighbours:
        assert neighbours.github is None
        with pytest.raises(CodeHostError, match="no way to ask there"):
            await neighbours.code_host.resolve(NAME, "main")


async def test_a_path_is_read_with_git_beside_it(twin, settled, tmp_path):
    local = Repository(tmp_path / "local")
    local.branch("main", one := local.commit("One"))

    async with real_neighbours(settled(token=twin.token().token)) as neighbours:
        for path in ("./local", str(tmp_path / "local")):
            found = await neighbours.code_host.resolve(path, "main")
            assert found is not None
            assert found.sha == one

    assert twin.heard == []


async def test_no_secret_shows_in_what_is_wired_in_errors_or_in_logs(twin, repo, settled, keys, caplog):
    caplog.set_level(logging.DEBUG)
    told = []
    for github in (
        {"app_id": "4711", "app_key": keys.private},
        {"token": twin.token().token},
        {"token": f"ghp_{CANARY}"},
    ):
        wanted = settled(**github)
        told.append(repr(wanted))
        async with real_neighbours(wanted) as neighbours:
            told += [repr(neighbours), repr(neighbours.github), str(neighbours.code_host)]
            for status in (0, 401, 403, 500):
                twin.fails("*", status, times=9, message=f"You sent {github.get('token', f'eyJ{CANARY}.x.y')}")
                with pytest.raises(CodeHostError) as error:
                    await neighbours.code_host.resolve(NAME, "main")
                told.append("".join(traceback.format_exception(error.value)) + repr(error.value))
                twin.recovers()
    told.append(caplog.text)

    for each in told:
        assert CANARY not in each
        assert "PRIVATE KEY" not in each
        assert keys.private.splitlines()[5] not in each
