"""Trains as people see them: the preview, the living message, its buttons, and a line in a list."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.ports import Changes
from bot.rules.candidate import Seal
from bot.rules.deployment import Attempt, DeploymentId
from bot.rules.people import PersonId
from bot.rules.policy import ServiceName
from bot.rules.release import ReleaseId
from bot.rules.sentence import AtRole, Code, say
from bot.rules.train import Answer, Car, Course, Departure, Train, TrainId
from bot.verbs.answer_train import Answered
from bot.verbs.ask_train import Assembled, Stop, TrainPreview
from bot.verbs.confirm_train import TrainConfirmed
from bot.verbs.trains import TrainSeen
from handlers.buttons import OnTrain, decode
from handlers.views.blocks import Said
from handlers.views.trains import answered, blocked, confirmed, preview, progress, row
from tests.makers import NOW, PRODUCTION, a_deployment, an_order
from tests.people import INES, MAYA, QA
from tests.views.reading import buttons, read, taken_by_slack
from tests.views.scene import PEN, SCENES

TWO = Changes((), 2)
ENDLESS = "<&> ünïcode 🚢 `x` *b* " * 140


def a_stop(scene: str, *after: int) -> Stop:
    picture = SCENES[scene]
    place = picture.place(PRODUCTION)
    assert place is not None
    return Stop(picture, place, tuple(map(ReleaseId, after)), place.blockers)


def a_preview(*stops: Stop, changes: Changes | str = TWO) -> TrainPreview:
    train = Assembled(PRODUCTION, stops, Seal("train abc"), "/deploy train confirm R-12 R-13 to production")
    return TrainPreview(train, {each.release.id: changes for each in stops})


def shown(said: Said) -> str:
    taken_by_slack(dict(said))
    return read(said["blocks"])


def a_train(**fields: Any) -> Train:
    cars = (
        Car(ReleaseId(12), ServiceName("payments"), "2.4.0", "abc"),
        Car(ReleaseId(13), ServiceName("ledger"), "3.1", "def", (ReleaseId(12),)),
        Car(ReleaseId(14), ServiceName("storefront"), "7.0", "fed"),
    )
    return replace(Train(TrainId(1), Departure(PRODUCTION, cars, MAYA.id, NOW), cars, revision=3), **fields)


def standing_still(**fields: Any) -> TrainSeen:
    """Payments are there; the ledger has failed."""
    train = a_train(asks_since=NOW, **fields)
    how = {}
    for number, attempt in ((12, Attempt.SUCCEEDED), (13, Attempt.FAILED)):
        car = train.car(ReleaseId(number))
        assert car is not None
        train = train.with_car(replace(car, deployment=DeploymentId(number)))
        how[DeploymentId(number)] = a_deployment(
            number, attempt, order=an_order(number), started_at=NOW, detail="Exit code 1."
        )
    return TrainSeen(train, how)


def test_the_preview_shows_order_gates_and_the_command_that_confirms():
    told = shown(preview(a_preview(a_stop("ready"), replace(a_stop("ready"), after=(ReleaseId(12),))), PEN))
    assert "1.  *R-12 Payments 2.4.0*" in told
    assert "in place of *2.3.9*" in told
    assert "2 commits would come along" in told
    assert "R-12 goes before it on this train" in told
    assert "Nothing else blocks" in told
    assert "To start it, type\n`/deploy train confirm R-12 R-13 to production`" in told


def test_a_preview_with_a_closed_gate_says_what_blocks_and_offers_no_start():
    told = shown(preview(a_preview(a_stop("ready"), a_stop("asked"), changes="It sleeps."), PEN))
    assert "🔴" in told
    assert "I couldn't read the commits in between: It sleeps." in told
    assert "Nothing can start yet. Look again with `/deploy train R-12 R-13 to production`." in told
    assert "confirm" not in told


def test_what_was_not_started_says_what_is_in_the_way():
    told = shown(blocked(a_preview(a_stop("ready"), a_stop("asked")).train, PEN))
    assert "Nothing was started: R-12 and R-12 may not all go to *production* yet." in told
    assert "🔴" in told


def test_commits_that_would_be_lost_are_said():
    back = shown(preview(a_preview(a_stop("ready"), changes=Changes((), 3, backwards=True)), PEN))
    assert "This goes back: 3 commits would be lost" in back
    apart = shown(preview(a_preview(a_stop("ready"), changes=Changes((), 3, lost=1)), PEN))
    assert "3 commits would come along; 1 commit that stand there would be lost" in apart


def test_what_has_begun_says_how_to_stop_it():
    told = shown(confirmed(TrainConfirmed(a_train()), PEN))
    assert "T-1 goes: R-12, R-13 and R-14 to *production*" in told
    assert "`/deploy train T-1 stop`" in told


def test_a_train_on_its_way_shows_each_release_and_has_no_buttons():
    said = progress(TrainSeen(a_train(), {}), PEN)
    assert "*T-1* to *production*  ·  0 of 3 there" in shown(said)
    assert "*R-13* ledger 3.1  ·  waits for R-12" in shown(said)
    assert not buttons(said["blocks"])


def test_a_train_that_stands_still_says_why_and_what_each_answer_means():
    said = progress(standing_still(), PEN)
    told = shown(said)
    assert "✋ *R-13*: D-13 has failed: Exit code 1." in told
    assert "*Go on*: leaves R-13 as it is, and goes on with the rest (`/deploy train T-1 go on`)" in told
    assert "*Roll all back*: takes back R-13 and R-12, one after the other" in told
    row_of = next(block for block in said["blocks"] if block["type"] == "actions")
    assert [each["text"]["text"] for each in row_of["elements"]] == ["Go on", "Stop", "Roll all back"]
    assert decode(row_of["elements"][0]["value"], OnTrain) == OnTrain(TrainId(1), 3)
    assert row_of["elements"][2]["confirm"]["style"] == "danger"


def test_what_came_right_by_itself_is_gone_on_from():
    """An unknown outcome was learned after all: the train still waits for a word."""
    failed = standing_still()
    how = {number: replace(each, attempt=Attempt.SUCCEEDED) for number, each in failed.how.items()}
    told = shown(progress(TrainSeen(failed.train, how), PEN))
    assert "✋ What it stood still for has come right since." in told
    assert "*Go on*: goes on with the rest" in told


def test_what_could_not_begin_can_be_tried_again_and_calls_who_can_lift_it():
    why = say("{role} must look: {command}.", role=AtRole(QA), command=Code("/release why R-12"))
    train = a_train(asks_since=NOW)
    said = progress(TrainSeen(train.with_car(replace(train.cars[0], trouble=why)), {}), PEN)
    assert "must look: `/release why R-12`." in shown(said)
    assert "Try again" in str(said["blocks"])
    assert "leaves R-12 and R-13 as they are" in shown(said)


def test_a_train_that_is_rolled_back_or_over_says_so():
    seen_back = standing_still(course=Course.BACK, decided_by=INES.id)
    going = TrainSeen(replace(seen_back.train, asks_since=None), seen_back.how)
    assert "is rolled back" in shown(progress(going, PEN))
    over = TrainSeen(replace(going.train, ended_at=NOW), going.how)
    assert "·  ended" in shown(progress(over, PEN))
    assert "stops" in shown(progress(TrainSeen(a_train(course=Course.STOP), {}), PEN))


def test_every_answer_is_answered():
    for answer in Answer:
        assert "`/deploy train T-1`" in shown(answered(Answered(a_train(), answer), PEN))


def test_a_train_on_a_line():
    assert row(standing_still(), PEN).startswith("✋ *T-1* R-12, R-13 and R-14 to production: stands still")


def test_whatever_the_sizes_slack_takes_it_and_the_buttons_stay():
    cars = tuple(
        Car(ReleaseId(n), ServiceName("x" * 60), ENDLESS[:300], "abc", tuple(map(ReleaseId, range(1, n))))
        for n in range(1, 21)
    )
    stuck = replace(cars[0], trouble=say("{why}", why=ENDLESS))
    train = Train(TrainId(1), Departure(PRODUCTION, cars, PersonId("U0MAYA"), NOW), (stuck, *cars[1:]), asks_since=NOW)
    said = progress(TrainSeen(train, {}), PEN)
    taken_by_slack(dict(said))
    assert "Try again" in str(said["blocks"][-1])
    many = a_preview(*[a_stop("asked")] * 20, changes=ENDLESS)
    taken_by_slack(dict(preview(many, PEN)))
    taken_by_slack(dict(blocked(many.train, PEN)))
