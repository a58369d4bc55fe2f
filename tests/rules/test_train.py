"""A train's order, its moves, and what people say to it: examples, and properties over any train."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.rules.deployment import Attempt, Deployment, DeploymentId, Kind
from bot.rules.people import PersonId
from bot.rules.policy import ServiceName
from bot.rules.release import ReleaseId
from bot.rules.sentence import Refused, say
from bot.rules.train import (
    Answer,
    Arrive,
    Car,
    Course,
    Departure,
    Halt,
    LeaveLine,
    Passage,
    Start,
    TakeBack,
    Train,
    TrainId,
    Wait,
    answered,
    answers,
    brought_since,
    changed_since,
    dependents,
    in_order,
    needed_by,
    next_move,
    passage,
    sealed,
    stuck,
    to_take_back,
    why_stuck,
)
from tests.makers import NOW, PRODUCTION, a_deployment, an_order
from tests.people import INES, MAYA

R1, R2, R3 = (ReleaseId(number) for number in (1, 2, 3))
Deployments = dict[DeploymentId, Deployment]


def a_car(release: int, *after: int, **fields: object) -> Car:
    ready = Car(
        ReleaseId(release), ServiceName(f"service-{release}"), f"{release}.0", "abc", tuple(map(ReleaseId, after))
    )
    return replace(ready, **fields)


def a_train(*cars: Car, **fields: object) -> Train:
    """R-1, then R-2 which needs it, then R-3 which needs nothing."""
    aboard = cars or (a_car(1), a_car(2, 1), a_car(3))
    return replace(Train(TrainId(1), Departure(PRODUCTION, aboard, MAYA.id, NOW), aboard), **fields)


def deployed(number: int, attempt: Attempt, **fields: object) -> Deployment:
    """D-`number`, of R-`number`; it has begun unless it waits."""
    begun = None if attempt is Attempt.QUEUED else NOW
    return a_deployment(number, attempt, order=an_order(number), started_at=begun, **fields)


def known(*deployments: Deployment) -> Deployments:
    return {each.id: each for each in deployments}


def on_its_way(**how: Attempt) -> tuple[Train, Deployments]:
    """The ready train, whose R-1 (`one`), R-2 (`two`) and R-3 (`three`) have come so far."""
    numbers = {"one": 1, "two": 2, "three": 3}
    train = a_train()
    for name in how:
        car = train.car(ReleaseId(numbers[name]))
        assert car is not None
        train = train.with_car(replace(car, deployment=DeploymentId(numbers[name])))
    return train, known(*(deployed(numbers[name], attempt) for name, attempt in how.items()))


def rolling_back(train: Train, **rollbacks: int) -> Train:
    return replace(train, course=Course.BACK, decided_by=INES.id)


# ------------------------------------------------------------ the order


def test_releases_go_as_they_were_typed_unless_one_needs_another():
    assert in_order((R3, R1, R2), {}) == (R3, R1, R2)
    assert in_order((R3, R1, R2), {R3: (R2,), R2: (R1,)}) == (R1, R2, R3)
    assert in_order((R2, R3), {R2: (R1,)}) == (R2, R3)  # R-1 isn't aboard


def test_a_circle_is_refused_and_named():
    refused = in_order((R3, R1, R2), {R1: (R2,), R2: (R1,)})
    assert isinstance(refused, Refused)
    assert "R-1 and R-2 depend on each other in a circle" in str(refused.why)


@given(st.permutations(range(1, 8)), st.data())
def test_whatever_needs_what_the_order_is_one_in_which_nothing_goes_before_what_it_needs(typed, data):
    numbers = [ReleaseId(each) for each in typed]
    # Each may need those of a lower number: no circle.
    needs = {each: data.draw(st.sets(st.sampled_from(range(1, each)))) if each > 1 else set() for each in numbers}
    order = in_order(numbers, {each: tuple(map(ReleaseId, needs[each])) for each in numbers})
    assert not isinstance(order, Refused)
    assert sorted(order) == sorted(numbers)
    place = {each: number for number, each in enumerate(order)}
    assert all(place[ReleaseId(needed)] < place[each] for each in numbers for needed in needs[each])


def test_a_seal_tells_one_train_from_another():
    seal = sealed(PRODUCTION, [(R1, "a", ()), (R2, "b", (R1,))])
    assert seal == sealed(PRODUCTION, [(R1, "a", ()), (R2, "b", (R1,))])
    others = ([(R2, "b", (R1,)), (R1, "a", ())], [(R1, "a", ()), (R2, "c", (R1,))], [(R1, "a", ()), (R2, "b", ())])
    assert all(sealed(PRODUCTION, each) != seal for each in others)


# ------------------------------------------------------------ ahead


def test_the_first_starts_and_its_end_is_waited_for():
    assert next_move(a_train(), {}) == Start(a_car(1))
    for attempt in (Attempt.STARTING, Attempt.RUNNING, Attempt.VERIFYING, Attempt.QUEUED):
        assert next_move(*on_its_way(one=attempt)) == Wait()


def test_one_after_the_other_until_all_are_there():
    assert next_move(*on_its_way(one=Attempt.SUCCEEDED)) == Start(a_car(2, 1))
    assert next_move(*on_its_way(one=Attempt.SUCCEEDED, two=Attempt.SUCCEEDED)) == Start(a_car(3))
    there = on_its_way(one=Attempt.SUCCEEDED, two=Attempt.SUCCEEDED, three=Attempt.SUCCEEDED)
    assert next_move(*there) == Arrive()


def test_whatever_goes_wrong_it_stands_still():
    for attempt in (Attempt.FAILED, Attempt.CANCELLED, Attempt.UNKNOWN):
        train, how = on_its_way(one=Attempt.SUCCEEDED, two=attempt)
        move = next_move(train, how)
        assert isinstance(move, Halt)
        assert move.car.release == R2
        assert "D-2" in str(why_stuck(train, move.car, how))
    closed = a_train(a_car(1, trouble=say("The gate is closed.")), a_car(2))
    assert next_move(closed, {}) == Halt(closed.cars[0])
    assert str(why_stuck(closed, closed.cars[0], {})) == "The gate is closed."


def test_what_was_passed_over_in_line_is_stuck_too():
    train, _ = on_its_way(one=Attempt.QUEUED)
    how = known(deployed(1, Attempt.QUEUED, detail="Its approval was withdrawn."))
    assert next_move(train, how) == Halt(train.cars[0])
    assert "D-1 was passed over: Its approval was withdrawn." in str(why_stuck(train, train.cars[0], how))


def test_a_train_that_asks_only_waits():
    train, how = on_its_way(one=Attempt.FAILED)
    assert next_move(replace(train, asks_since=NOW), how) == Wait()


# ------------------------------------------------------------ what is said to it


def asking(**how: Attempt) -> tuple[Train, Deployments]:
    train, deployments = on_its_way(**how)
    return replace(train, asks_since=NOW), deployments


def test_going_on_leaves_what_is_stuck_and_what_needs_it():
    train, how = asking(one=Attempt.FAILED)
    assert answers(train, how) == (Answer.GO_ON, Answer.STOP, Answer.ROLL_BACK)
    after = answered(train, Answer.GO_ON, how, MAYA.id)
    assert [each.name for each in after.cars if each.left] == ["R-1", "R-2"]
    assert next_move(after, how) == Start(a_car(3))
    assert not after.asks


def test_what_never_began_can_be_tried_again():
    train = a_train(a_car(1, trouble=say("Closed.")), a_car(2), asks_since=NOW)
    assert answers(train, {}) == (Answer.GO_ON, Answer.TRY_AGAIN, Answer.STOP)
    assert next_move(answered(train, Answer.TRY_AGAIN, {}, MAYA.id), {}) == Start(a_car(1))


def test_what_stays_in_the_way_for_good_is_not_offered_another_try():
    train = a_train(a_car(1, trouble=say("Another candidate."), for_good=True), a_car(2), asks_since=NOW)
    assert answers(train, {}) == (Answer.GO_ON, Answer.STOP)


def test_only_what_ended_well_and_was_confirmed_before_the_train_is_no_change_behind_its_back():
    train, hour = a_train(), timedelta(hours=1)
    old, before, behind = (
        deployed(number, Attempt.SUCCEEDED, ended_at=NOW + ended)
        for number, ended in ((1, -hour), (2, hour), (3, 2 * hour))
    )
    earlier, later = (replace(an_order(2), confirmed_at=NOW + each) for each in (-hour, hour))
    before, behind = replace(before, order=earlier), replace(behind, order=later)
    for history, changed, brought in (
        ([old], None, None),
        ([before, old], None, before),
        ([behind, before, old], behind, None),
        ([replace(before, attempt=Attempt.FAILED), old], replace(before, attempt=Attempt.FAILED), None),
    ):
        assert changed_since(train, history) == changed
        assert brought_since(train, history) == brought


def test_stopping_leaves_what_is_there_and_brings_nothing_more():
    train, how = asking(one=Attempt.SUCCEEDED, two=Attempt.FAILED)
    assert next_move(answered(train, Answer.STOP, how, MAYA.id), how) == Arrive()


def test_stopping_while_it_goes_waits_for_what_is_on_its_way():
    train, how = on_its_way(one=Attempt.RUNNING)
    assert Answer.STOP in answers(train, how)
    assert Answer.GO_ON not in answers(train, how)
    stopping = answered(train, Answer.STOP, how, MAYA.id)
    assert next_move(stopping, how) == Wait()
    assert next_move(stopping, known(deployed(1, Attempt.SUCCEEDED))) == Arrive()


def test_what_waits_in_line_leaves_it_when_it_is_not_wanted_there_any_more():
    train, how = on_its_way(one=Attempt.QUEUED)
    move = next_move(answered(train, Answer.STOP, how, MAYA.id), how)
    assert isinstance(move, LeaveLine)


def test_rolling_back_goes_in_reverse_and_one_is_seen_ended_before_the_next():
    train, how = asking(one=Attempt.SUCCEEDED, two=Attempt.SUCCEEDED, three=Attempt.FAILED)
    back = answered(train, Answer.ROLL_BACK, how, INES.id)
    for release in (R3, R2, R1):
        move = next_move(back, how)
        assert isinstance(move, TakeBack)
        assert move.car.release == release
        number = DeploymentId(10 + release)
        back = back.with_car(replace(move.car, rollback=number))
        for attempt in (Attempt.QUEUED, Attempt.STARTING, Attempt.RUNNING, Attempt.VERIFYING):
            assert next_move(back, how | known(deployed(number, attempt))) == Wait()
        how |= known(deployed(number, Attempt.SUCCEEDED))
    assert next_move(back, how) == Arrive()
    assert {passage(each, how) for each in back.cars} == {Passage.BACK}


def test_what_never_touched_anything_is_not_rolled_back():
    train, _ = asking(one=Attempt.SUCCEEDED, two=Attempt.CANCELLED)
    withdrawn = replace(deployed(2, Attempt.CANCELLED), started_at=None)
    how = known(deployed(1, Attempt.SUCCEEDED), withdrawn)
    move = next_move(answered(train, Answer.ROLL_BACK, how, INES.id), how)
    assert isinstance(move, TakeBack)
    assert move.car.release == R1


def test_what_somebody_else_brought_is_not_taken_back():
    train = a_train(a_car(1, deployment=DeploymentId(1), adopted=True), a_car(2))
    how = known(deployed(1, Attempt.SUCCEEDED))
    assert not to_take_back(train.cars[0], how)
    assert Answer.ROLL_BACK not in answers(train, how)


def test_a_way_back_that_fails_asks_again_and_what_needs_to_stay_stays():
    train, how = asking(one=Attempt.SUCCEEDED, two=Attempt.SUCCEEDED, three=Attempt.FAILED)
    back = answered(train, Answer.ROLL_BACK, how, INES.id)
    back = back.with_car(replace(back.cars[2], rollback=DeploymentId(13)))
    back = back.with_car(replace(back.cars[1], rollback=DeploymentId(12)))
    how |= known(deployed(13, Attempt.SUCCEEDED), deployed(12, Attempt.FAILED))
    assert next_move(back, how) == Halt(back.cars[1])
    asks = replace(back, asks_since=NOW)
    assert answers(asks, how) == (Answer.GO_ON, Answer.STOP, Answer.ROLL_BACK)
    on = answered(asks, Answer.GO_ON, how, INES.id)
    # R-2 stays, and it needs R-1.
    assert next_move(on, how) == Arrive()
    again = answered(asks, Answer.ROLL_BACK, how, INES.id)
    move = next_move(again, how)
    assert isinstance(move, TakeBack)
    assert move.car.release == R2


def test_who_needs_whom_is_followed_over_others():
    train = a_train(a_car(1), a_car(2, 1), a_car(3, 2), a_car(4))
    assert dependents(train, train.cars[0]) == {1, 2, 3}
    assert needed_by(train, train.cars[2]) == {1, 2, 3}
    assert dependents(train, train.cars[3]) == needed_by(train, train.cars[3]) == {4}


def test_a_train_that_is_over_has_no_answers():
    assert answers(a_train(ended_at=NOW), {}) == ()


# ------------------------------------------------------------ any train, whatever happens


ENDS = st.sampled_from([Attempt.SUCCEEDED, Attempt.FAILED, Attempt.CANCELLED, Attempt.UNKNOWN])


@st.composite
def trains(draw: st.DrawFn) -> Train:
    size = draw(st.integers(2, 6))
    cars = [
        a_car(number, *sorted(draw(st.sets(st.integers(1, number - 1), max_size=3)) if number > 1 else ()))
        for number in range(1, size + 1)
    ]
    return a_train(*cars)


@given(trains(), st.data())
def test_whatever_happens_a_failure_starts_no_dependent_one_moves_at_a_time_and_it_comes_to_an_end(train, data):
    how: Deployments = {}
    numbers = iter(range(1, 1000))
    said = 0
    for _ in range(200):
        move = next_move(train, how)
        going = [each for each in how.values() if each.attempt in {Attempt.RUNNING, Attempt.QUEUED}]
        assert len(going) <= 1
        match move:
            case Start(car):
                assert not going
                assert all(passage(train.car(each), how) is Passage.THERE for each in car.after)
                assert not car.left
                if data.draw(st.integers(0, 4)) == 0:
                    train = train.with_car(replace(car, trouble=say("Closed.")))
                else:
                    number = DeploymentId(next(numbers))
                    how[number] = deployed(number, Attempt.RUNNING)
                    train = train.with_car(replace(car, deployment=number))
            case TakeBack(car):
                assert not going
                others = [each for each in train.cars if car.release in each.after and to_take_back(each, how)]
                assert all(passage(each, how) is Passage.BACK for each in others)
                number = DeploymentId(next(numbers))
                order = an_order(number, kind=Kind.ROLLBACK, replaces=car.deployment)
                how[number] = replace(deployed(number, Attempt.RUNNING), order=order)
                train = train.with_car(replace(car, rollback=number))
            case Wait() if train.asks:
                said += 1
                offered = answers(train, how)
                # People may try long, and give up in the end.
                chosen = data.draw(st.sampled_from(offered)) if said < 8 else Answer.STOP
                chosen = chosen if chosen in offered else Answer.GO_ON
                train = answered(train, chosen, how, PersonId("U0MAYA"))
            case Wait():
                (running,) = going
                how[running.id] = replace(running, attempt=data.draw(ENDS))
            case Halt(car):
                assert stuck(train, how) == car
                train = replace(train, asks_since=NOW)
            case Arrive():
                return
            case LeaveLine():
                raise AssertionError("nothing here waits in line")
    raise AssertionError("it never came to an end")
