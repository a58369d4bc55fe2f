"""What is asked is read strictly: every slip is told by its parameter's name, all at once, and nothing is guessed."""

from __future__ import annotations

import pytest

from tests.handlers.api.machine import Machine
from tests.makers import NOW

SHA = "4be2e86a2bd0cc3b7a1ae2bbb23dbd4d86b2b8c1"


@pytest.mark.parametrize(
    ("asked", "complaints"),
    [
        ("/releases?limit=0", {"limit": "“0” is not a number from 1 to 200."}),
        ("/releases?limit=201", {"limit": "“201” is not a number from 1 to 200."}),
        ("/releases?limit=1e2", {"limit": "“1e2” is not a number from 1 to 200."}),
        ("/releases?limit=%D9%A1", {"limit": "“\N{ARABIC-INDIC DIGIT ONE}” is not a number from 1 to 200."}),
        ("/releases?limit=", {"limit": "“limit” is empty."}),
        ("/releases?limit=1&limit=1", {"limit": "“limit” is given 2 times; once is enough."}),
        ("/releases?open=yes", {"open": "“yes” is neither true nor false."}),
        ("/releases?cursor=D-1", {"cursor": "“D-1” is not a release; one looks like R-12."}),
        ("/releases?limt=1", {"limt": "“limt” is unknown here; did you mean “limit”?"}),
        (
            "/releases?xyz=1",
            {"xyz": "“xyz” is unknown here. There is service, open, limit, cursor."},
        ),
        ("/releases/R-1?limit=1", {"limit": "“limit” is unknown here. Nothing can be asked for here."}),
        ("/releases/R-x", {"release": "“R-x” is not a release; one looks like R-12."}),
        ("/releases/1234567890", {"release": "“1234567890” is not a release; one looks like R-12."}),
        ("/deployments/R-1", {"deployment": "“R-1” is not a deployment; one looks like D-40."}),
        (
            "/deployments?since=yesterday",
            {"since": "“yesterday” is not a moment with its zone, such as 2026-11-23T10:00:00Z."},
        ),
        (
            "/deployments?since=2026-11-23T10:00:00",
            {"since": "“2026-11-23T10:00:00” is not a moment with its zone, such as 2026-11-23T10:00:00Z."},
        ),
        (
            "/deployments?since=2026-02-30T10:00:00Z",
            {"since": "“2026-02-30T10:00:00Z” is not a moment with its zone, such as 2026-11-23T10:00:00Z."},
        ),
        (
            "/deployments?since=0001-01-01T00:00:00%2B10:00",
            {"since": "“0001-01-01T00:00:00+10:00” is not a moment with its zone, such as 2026-11-23T10:00:00Z."},
        ),
        ("/audit?after=-1", {"after": "“-1” is not the number of an entry."}),
        ("/gate", {"environment": "“environment” is missing.", "commit": "…", "service": "…"}),
        (f"/gate?environment=production&commit={SHA}", {"service": "…"}),
        (
            "/gate?environment=production&service=payments",
            {"commit": "“commit” is missing, or “release” in its place."},
        ),
        ("/gate?environment=production&release=R-1&commit=main", {"commit": "…"}),
        (
            f"/gate?environment=Production&service=-&commit={SHA[:7]}",
            {"environment": "…", "service": "…", "commit": "…"},
        ),
        ("/openapi.json?x=1", {"x": "“x” is unknown here. Nothing can be asked for here."}),
    ],
)
async def test_a_slip_is_told_by_its_name(alone: Machine, asked: str, complaints: dict[str, str]):
    reply = await alone.asks(asked)
    assert (reply.status, reply.told["code"]) == (400, "bad-request")
    assert set(reply.complaints) == set(complaints)
    for name, sentence in complaints.items():
        assert sentence in {"…", reply.complaints[name]}
        assert reply.complaints[name] in reply.detail


@pytest.mark.parametrize(
    "asked",
    [
        f"/deployments?since={NOW.isoformat().replace('+', ' ')}",
        "/deployments?since=2026-11-23t10:00:00z",
        "/deployments?since=2026-11-23T10:00:00.5%2B01:00",
        "/releases?cursor=r12",
        "/releases?cursor=12",
        "/audit?after=999999999999999",
    ],
)
async def test_what_can_be_meant_in_one_way_only_is_taken_so(machine: Machine, asked: str):
    assert (await machine.asks(asked)).status == 200


async def test_nothing_that_misleads_is_said_again(alone: Machine):
    reply = await alone.sends(
        "/releases?" + "x" * 5000 + "=1&%00%ff=1", headers={"Authorization": f"Bearer {alone.token}"}
    )
    assert reply.status == 400
    assert len(reply.text) < 20_000
