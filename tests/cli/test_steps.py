"""The steps of a deployment in a terminal: what is behind it, where it is, what is ahead, and what the shell sees."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console

from bot.program.steps import Sign, board, clock, code_of, is_over, line, steps, title
from bot.rules.deployment import Attempt, Deployment, DeploymentId, Kind
from tests.makers import NOW, an_order
from tests.people import MAYA

SOON = NOW + timedelta(seconds=42)


def at(attempt: Attempt, **more: object) -> Deployment:
    return Deployment(DeploymentId(7), an_order(confirmed_at=NOW), attempt=attempt, **more)


def signs(deployment: Deployment) -> list[str]:
    return [f"{each.sign} {each.text}" for each in steps(deployment)]


@pytest.mark.parametrize(
    ("attempt", "code", "over"),
    [
        (Attempt.STARTING, 1, False),
        (Attempt.RUNNING, 1, False),
        (Attempt.VERIFYING, 1, False),
        (Attempt.WATCHING, 1, False),
        (Attempt.SUCCEEDED, 0, True),
        (Attempt.FAILED, 1, True),
        (Attempt.CANCELLED, 1, True),
        (Attempt.UNKNOWN, 3, True),
    ],
)
def test_the_shell_sees_how_it_ended(attempt, code, over):
    assert is_over(at(attempt)) is over
    assert code_of(at(attempt)) == code


def test_on_its_way_what_is_done_goes_on_and_is_ahead_is_told_apart():
    assert signs(at(Attempt.STARTING)) == ["✓ Confirmed", "… Starting", "· Running", "· Looking at what is served"]
    assert signs(at(Attempt.RUNNING, detail="Copying", started_at=NOW)) == [
        "✓ Confirmed",
        "✓ Starting",
        "… Running: Copying",
        "· Looking at what is served",
    ]
    assert signs(at(Attempt.VERIFYING))[-1] == "… Looking at what is served"
    assert signs(at(Attempt.WATCHING, detail="It waits for a word.", watched_since=NOW))[-2:] == [
        "✓ Looking at what is served",
        "… Watched: It waits for a word.",
    ]


@pytest.mark.parametrize(
    ("attempt", "sign", "text"),
    [
        (Attempt.FAILED, Sign.BAD, "Failed: The disk is full"),
        (Attempt.CANCELLED, Sign.BAD, "Cancelled: The disk is full"),
        (Attempt.UNKNOWN, Sign.UNSURE, "Nobody can tell how it ended: The disk is full"),
    ],
)
def test_an_end_that_is_not_good_says_why(attempt, sign, text):
    last = list(steps(at(attempt, detail="The disk is full", started_at=NOW, ended_at=SOON)))[-1]
    assert (last.sign, last.text, last.at) == (sign, text, SOON)


def test_what_is_served_is_told_once_it_is_known():
    assert signs(at(Attempt.SUCCEEDED, served="2.4.0"))[-1] == "✓ Served: 2.4.0"
    assert signs(at(Attempt.FAILED, served="2.3.9"))[-1] == "? Served: 2.3.9"


def test_who_asks_to_stop_sees_that_it_was_heard():
    assert "… Asked to stop" in signs(at(Attempt.RUNNING, cancel_asked_by=MAYA.id))
    assert "… Asked to stop" not in signs(at(Attempt.CANCELLED, cancel_asked_by=MAYA.id))


def test_words_from_outside_do_not_steer_the_terminal():
    told = line(at(Attempt.RUNNING, detail="red \x1b[31m\nand a line"), NOW)
    assert "\x1b" not in told
    assert "\n" not in told


def test_the_board_shows_them_with_the_time_that_has_passed():
    screen = Console(file=io.StringIO(), width=100, force_terminal=False)
    with screen.capture() as shown:
        screen.print(board(at(Attempt.RUNNING, started_at=NOW), SOON))
    assert "D-7" in shown.get()
    assert "0:42" in shown.get()
    assert "Running" in shown.get()
    rolling = replace(at(Attempt.SUCCEEDED, ended_at=SOON), order=an_order(confirmed_at=NOW, kind=Kind.ROLLBACK))
    with screen.capture() as shown:
        screen.print(board(rolling, SOON + timedelta(hours=2)))
    assert "rolling back to" in shown.get()
    assert "0:42" in shown.get(), "its clock stands still once it is over"
    assert "deploying" in title(at(Attempt.RUNNING))


@pytest.mark.parametrize(
    ("length", "shown"),
    [(timedelta(seconds=-1), "0:00"), (timedelta(seconds=67), "1:07"), (timedelta(hours=1, seconds=5), "1:00:05")],
)
def test_a_length_of_time_as_on_a_clock(length, shown):
    assert clock(length) == shown
