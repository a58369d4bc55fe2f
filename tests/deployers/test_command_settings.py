"""The command deployer's settings: what is understood, and how everything else is refused."""

from __future__ import annotations

import signal
from datetime import timedelta

import pytest

from integrations.deployers.command_settings import problems_of, read


def problems(**settings):
    return problems_of({"program": ["/bin/true"], **settings})


def test_a_program_is_enough():
    settings = read({"program": ["/bin/true"]})

    assert settings.program == ("/bin/true",)
    assert problems() == []
    assert settings.timeout == timedelta(minutes=15)
    assert settings.cancel_signal is signal.SIGTERM


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        (90, timedelta(seconds=90)),
        (0.5, timedelta(seconds=0.5)),
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        (" 2 h ", timedelta(hours=2)),
    ],
)
def test_times_as_people_write_them(told, meant):
    assert read({"program": ["x"], "timeout": told}).timeout == meant


@pytest.mark.parametrize("told", [0, -1, "soon", "", "1d", True, "25h", [15], float("inf"), float("nan")])
def test_times_that_are_none(told):
    assert problems(timeout=told) == ['Set "timeout" to a time such as 90s, 15m or 2h, at most 24h.']


@pytest.mark.parametrize("program", [None, [], "deploy.sh --now", {"a": 1}, ["deploy", 3], [None]])
def test_a_program_must_be_a_list_of_texts(program):
    assert problems(program=program) == ['Set "program" to a list: the program and its arguments, each a text.']


@pytest.mark.parametrize(
    "argument", ["{tag}", "{version!r}", "{version:>10}", "{version.real}", "{0}", "{}", "{commit[0]}"]
)
def test_an_unknown_placeholder_is_named(argument):
    (problem,) = problems(program=["deploy", argument])

    assert "is no placeholder; there are service, environment, version," in problem


def test_a_brace_without_its_partner():
    assert "without its partner" in problems(program=["deploy", "{version"])[0]


def test_the_program_itself_can_not_be_chosen_by_a_release():
    assert "without placeholders" in problems(program=["{version}", "x"])[0]


@pytest.mark.parametrize("given", ["relative/folder", 3, "", "/with/\0"])
def test_a_directory_is_absolute(given):
    assert problems(directory=given) == ['Set "directory" to the absolute path of the folder to run in.']


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        (["A=B"], "to variables with their values"),
        ({"a-b": "c"}, "is not the name"),
        ({"PORT": 80}, "value of PORT must be a text"),
        ({3: "x"}, "is not the name"),
    ],
)
def test_variables_are_names_with_texts(variables, complaint):
    assert complaint in problems(environment=variables)[0]


def test_a_wrong_value_is_not_repeated_since_it_may_be_secret():
    assert "4711" not in problems(environment={"PIN": 4711})[0]


def test_signals_by_their_names():
    assert read({"program": ["x"], "cancel_signal": "int"}).cancel_signal is signal.SIGINT
    assert 'Set "cancel_signal" to one of SIGTERM' in problems(cancel_signal="SIGSTOP")[0]


def test_every_problem_is_told_at_once():
    assert len(problems(program=["x", "{nope}"], directory="here", timeout="soon", dirctory="/x")) == 4


def test_what_tells_of_an_artifact_is_a_program_that_needs_no_number():
    assert read({"program": ["x"], "artifact": ["look", "{commit}"]}).artifact == ("look", "{commit}")
    assert problems(artifact="look {commit}") == [
        'Set "artifact" to a list: the program and its arguments, each a text.'
    ]
    (problem,) = problems(artifact=["look", "{deployment}"])
    assert '"artifact", {deployment} is no placeholder' in problem
