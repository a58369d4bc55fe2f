"""What a button carries comes back as it was, and nothing else gets through."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.candidate import Seal
from bot.rules.deployment import DeploymentId
from bot.rules.freeze import FreezeId
from bot.rules.policy import EnvironmentName, ServiceName
from bot.rules.release import ReleaseId
from bot.rules.sentence import Refused
from handlers.buttons import (
    OPTION,
    VALUE,
    Carried,
    OnDeployment,
    OnFreeze,
    OnRelease,
    OnService,
    OnTrain,
    decode,
    encode,
)

numbers = st.integers(min_value=0, max_value=2**53)
words = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), min_size=1, max_size=40)
maybe = st.none() | words
everything = st.one_of(
    st.builds(OnRelease, numbers, maybe, maybe, st.none() | numbers, maybe),
    st.builds(OnDeployment, numbers, st.none() | numbers),
    st.builds(OnService, words, maybe, st.none() | numbers, maybe, maybe),
    st.builds(OnFreeze, numbers, st.none() | numbers),
    st.builds(OnTrain, numbers, st.none() | numbers),
)


@given(everything)
def test_what_is_carried_comes_back(carried: Carried) -> None:
    assert decode(encode(carried), type(carried)) == carried


def test_an_approval_is_compact() -> None:
    carried = OnRelease(ReleaseId(12), EnvironmentName("production"), Seal("0123456789abcdef0123"), 7)
    assert encode(carried) == '["r",12,"production","0123456789abcdef0123",7]'
    assert len(encode(OnRelease(ReleaseId(12), item="rollback-plan"), OPTION)) < OPTION


def test_a_long_reason_is_cut_so_that_it_fits() -> None:
    long = OnService(ServiceName("payments"), EnvironmentName("production"), DeploymentId(40), "2.3.9", "ü\n" * 2000)
    value = encode(long)
    back = decode(value, OnService)

    assert len(value) <= VALUE
    assert isinstance(back, OnService)
    assert back.reason
    assert long.reason
    assert long.reason.startswith(back.reason)
    assert (back.service, back.standing) == (long.service, long.standing)


def test_what_does_not_fit_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="can carry 150"):
        encode(OnRelease(ReleaseId(12), item="x" * 150), OPTION)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "approve",
        "12",
        "null",
        "{}",
        "[]",
        '["r"]',
        '["d",12]',
        '["r",null]',
        '["r","12"]',
        '["r",12.0]',
        '["r",true]',
        '["r",-1]',
        '["r",1e400]',
        '["r",NaN]',
        '["r",99999999999999999999]',
        '["r",12,7]',
        '["r",12,""]',
        '["r",12,["production"]]',
        '["r",12,null,null,"7"]',
        '["r",12,null,null,null,null,"more"]',
        r'["r",12,"pro\u0000duction"]',
        r'["r",12,"\ud83d"]',
        '["r",12',
        "[" * 1999,
        '["r",12,"' + "x" * 2000 + '"]',
        '["s",""]',
    ],
)
def test_anything_else_is_refused_in_a_sentence(value: str) -> None:
    refused = decode(value, OnRelease)
    assert isinstance(refused, Refused)
    assert refused.stale
    assert "older version" in str(refused.why)


@given(
    st.text(max_size=300) | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(json.dumps)
)
def test_no_value_whatever_raises(value: Any) -> None:
    for kind in (OnRelease, OnDeployment, OnService, OnFreeze, OnTrain):
        assert isinstance(decode(value, kind), Refused | kind)


def test_a_button_of_one_kind_is_not_taken_for_another() -> None:
    assert isinstance(decode(encode(OnFreeze(FreezeId(3))), OnDeployment), Refused)
