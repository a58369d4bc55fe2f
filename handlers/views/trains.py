"""Release trains: the preview, the living message that follows one and asks how it goes on, and one on a line."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from bot.ports import Changes
from bot.rules.policy import takes_two_people
from bot.rules.release import r
from bot.rules.sentence import joined
from bot.rules.train import Answer, Car, Course, Passage, dependents, needed_by, why_stuck
from bot.verbs.answer_train import Answered
from bot.verbs.ask_train import Assembled, Stop, TrainPreview
from bot.verbs.confirm_train import TrainConfirmed
from bot.verbs.trains import TrainSeen
from handlers.buttons import OnTrain, encode
from handlers.names import Press
from handlers.views.blocks import Block, Said, actions, asks, button, context, header, message, section
from handlers.views.text import INDENT, Mrkdwn, Pen, at, code, counted, joined_names, one_line, when, words
from handlers.views.words import blocker, named, what

_NAMED = 6
_BLOCKERS = 5

_SIGNS = MappingProxyType(
    {
        Passage.WAITS: "▫️",
        Passage.GOING: "🚀",
        Passage.THERE: "✅",
        Passage.STUCK: "❌",
        Passage.LEFT: "⏭️",
        Passage.GOING_BACK: "↩️",
        Passage.BACK: "↩️",
    }
)
_PRESSES = MappingProxyType(
    {
        Answer.GO_ON: ("Go on", Press.TRAIN_GO_ON),
        Answer.TRY_AGAIN: ("Try again", Press.TRAIN_TRY_AGAIN),
        Answer.STOP: ("Stop", Press.TRAIN_STOP),
        Answer.ROLL_BACK: ("Roll all back", Press.TRAIN_ROLL_BACK),
    }
)


def preview(told: TrainPreview, pen: Pen) -> Said:
    """In which order they would go, what is in the way of each, and how to confirm. Nothing has started."""
    train = told.train
    title = f"{_names(train)} to {train.environment}?"
    blocks = [header(title)]
    blocks += [_stop(number, each, told, pen) for number, each in enumerate(train.stops, start=1)]
    blocks.append(
        context(
            "One goes after the other. Each gate is asked again when its turn comes; at the first failure I ask you."
        )
    )
    if train.open:
        two = any(_two(each) for each in train.stops)
        who = "*Somebody else* confirms it by typing" if two else "To start it, type"
        blocks.append(section(f"{who}\n{pen.command(train.command)}"))
    else:
        again = pen.command(train.command.replace("train confirm", "train"))
        blocks.append(context(f"Nothing can start yet. Look again with {again}."))
    state = "every gate is open" if train.open else "something is in the way"
    return message(f"{one_line(title)} Nothing has started; {state}.", blocks)


def _two(stop: Stop) -> bool:
    facts = stop.place.facts
    return takes_two_people(facts.change, facts.service, facts.environment)


def _names(train: Assembled) -> str:
    return joined_names([each.release.name for each in train.stops], _NAMED)


def _stop(number: int, stop: Stop, told: TrainPreview, pen: Pen) -> Block:
    release, facts = stop.release, stop.place.facts
    commit = f" {code(release.candidate.short)}" if release.candidate else ""
    instead = f"in place of {what(facts.standing)}" if facts.standing else "the first version there"
    lines = [f"{number}.  *{one_line(named(stop.picture), 120)}*{commit}  ·  {instead}"]
    changes = told.changes.get(release.id, "")
    if isinstance(changes, Changes):
        lines.append(f"{INDENT}{_commits(changes)}")
    elif changes:
        lines.append(f"{INDENT}⚠️ I couldn't read the commits in between: {words(changes, 300)}")
    lines += [f"{INDENT}⏳ {r(each)} goes before it on this train" for each in stop.after]
    if stop.waits:
        holder = facts.holder
        lines.append(f"{INDENT}🕓 It would wait its turn{f' behind {holder.name}' if holder else ''}")
    lines += _blockers(stop, pen)
    return section("\n".join(lines))


def _blockers(stop: Stop, pen: Pen) -> Iterator[str]:
    if not stop.blockers:
        yield f"{INDENT}🟢 Nothing {'else ' if stop.after else ''}blocks"
    for each in stop.blockers[:_BLOCKERS]:
        yield f"{INDENT}🔴 {blocker(each, pen, step=True)}"
    if len(stop.blockers) > _BLOCKERS:
        yield f"{INDENT}… and {len(stop.blockers) - _BLOCKERS} more"


def _commits(changes: Changes) -> str:
    number = counted(changes.total, "commit")
    if changes.backwards:
        return f"⚠️ This goes back: {number} would be lost"
    lost = f"; {counted(changes.lost, 'commit')} that stand there would be lost" if changes.lost else ""
    return f"{number} would come along{lost}"


def blocked(train: Assembled, pen: Pen) -> Said:
    """Something is in the way, so nothing was started."""
    text = f"✋ Nothing was started: {_names(train)} may not all go to *{one_line(train.environment, 60)}* yet."
    lines = [
        "\n".join((f"*{one_line(named(each.picture), 120)}*", *_blockers(each, pen)))
        for each in train.stops
        if each.blockers
    ]
    return message(text, [section(text), *map(section, lines)])


def confirmed(told: TrainConfirmed, pen: Pen) -> Said:
    """The private answer to who let it go."""
    train = told.train
    names = joined_names([each.name for each in train.cars], _NAMED)
    text = f"🚆 {train.name} goes: {names} to *{one_line(train.environment, 60)}*. Each release's thread follows it."
    stop = f"To stop it after what is on its way: {pen.command(f'/deploy train {train.name} stop')}"
    return message(f"{text} {stop}", [section(text), context(stop)])


def answered(told: Answered, pen: Pen) -> Said:
    """The private answer to who said how it goes on."""
    text = {
        Answer.GO_ON: f"🚆 {told.train.name} goes on.",
        Answer.TRY_AGAIN: f"🚆 {told.train.name} tries again.",
        Answer.STOP: f"🚆 {told.train.name} stops; what it brought stays.",
        Answer.ROLL_BACK: f"↩️ What {told.train.name} brought is rolled back, one after the other.",
    }[told.answer]
    more = f"To see it: {pen.command(f'/deploy train {told.train.name}')}"
    return message(f"{text} {more}", [section(text), context(more)])


def progress(seen: TrainSeen, pen: Pen) -> Said:
    """One train from its start to its end; where it stands still, with the buttons that say how it goes on."""
    train = seen.train
    opening = f"🚆 *{train.name}* to *{one_line(train.environment, 60)}*  ·  {_state(seen)}"
    blocks = [section(opening), section("\n".join(_car(seen, each) for each in train.cars))]
    stuck = seen.stuck
    if train.asks:
        why = (
            f"*{stuck.name}*: {pen.write(why_stuck(train, stuck, seen.how))}"
            if stuck is not None
            else "What it stood still for has come right since."
        )
        blocks.append(section(f"✋ {why}"))
        blocks.append(context("\n".join(_meanings(seen, pen))))
    confirmed_by = f"Confirmed by {at(train.departure.confirmed_by)} {when(train.departure.confirmed_at)}"
    blocks.append(context(confirmed_by))
    if train.asks:
        blocks.append(actions(*_buttons(seen), block_id=f"train-{train.name}"))
    names = joined_names([each.name for each in train.cars], _NAMED)
    return message(f"{train.name}: {names} to {one_line(train.environment)}: {_plain_state(seen)}", blocks)


def _plain_state(seen: TrainSeen) -> str:
    train = seen.train
    there = sum(seen.passage(each) in {Passage.THERE, Passage.BACK} for each in train.cars)
    if train.asks:
        return "stands still, and waits for a word"
    if train.over:
        return "ended"
    if train.course is Course.BACK:
        return "is rolled back"
    if train.course is Course.STOP:
        return "stops"
    return f"{there} of {len(train.cars)} there"


def _state(seen: TrainSeen) -> str:
    return f"*{_plain_state(seen)}*" if seen.train.asks else _plain_state(seen)


def _car(seen: TrainSeen, car: Car) -> str:
    state = seen.passage(car)
    deployment = seen.deployment(car)
    told = {
        Passage.WAITS: _waits(seen, car),
        Passage.GOING: "on its way",
        Passage.THERE: "there",
        Passage.STUCK: "stuck",
        Passage.LEFT: "left out",
        Passage.GOING_BACK: "going back",
        Passage.BACK: "rolled back",
    }[state]
    if deployment is not None and deployment.waits and state is Passage.GOING:
        told = "waits its turn there"
    number = f" ({deployment.name})" if deployment is not None else ""
    adopted = ", brought there by somebody else" if car.adopted else ""
    name = f"*{car.name}* {one_line(car.service, 60)} {one_line(car.version, 60)}"
    return f"{_SIGNS[state]} {name}  ·  {told}{number}{adopted}"


def _waits(seen: TrainSeen, car: Car) -> str:
    before = [
        each.name for each in seen.train.cars if each.release in car.after and seen.passage(each) is not Passage.THERE
    ]
    return f"waits for {joined(before)}" if before else "waits"


def _meanings(seen: TrainSeen, pen: Pen) -> Iterator[str]:
    train, stuck = seen.train, seen.stuck
    back = train.course is Course.BACK
    others = needed_by(train, stuck) if stuck and back else dependents(train, stuck) if stuck else ()
    left = joined([each.name for each in train.cars if each.release in others])
    told = {
        Answer.GO_ON: f"leaves {left} as {'it is' if len(others) == 1 else 'they are'}, and goes on with the rest"
        if others
        else "goes on with the rest",
        Answer.TRY_AGAIN: "once what was in the way is gone",
        Answer.STOP: "what it brought stays, and nothing more goes",
        Answer.ROLL_BACK: f"takes back {joined([each.name for each in seen.to_take_back])}, one after the other",
    }
    for answer in seen.answers:
        label, _ = _PRESSES[answer]
        yield f"*{label}*: {told[answer]} ({pen.command(f'/deploy train {train.name} {answer}')})"


def _buttons(seen: TrainSeen) -> Iterator[Block]:
    value = encode(OnTrain(seen.train.id, seen.train.revision))
    name = seen.train.name
    for answer in seen.answers:
        label, press = _PRESSES[answer]
        if answer is Answer.ROLL_BACK:
            names = joined_names([each.name for each in seen.to_take_back], _NAMED)
            sure = asks(f"Roll {name} back?", f"{names} start going back at once.", "Roll all back", danger=True)
            yield button(label, press, value, style="danger", asks=sure, spoken=f"{label}: {name}")
        else:
            yield button(label, press, value, spoken=f"{label}: {name}")


def row(seen: TrainSeen, pen: Pen) -> Mrkdwn:
    """A train on a line, for a list."""
    train = seen.train
    names = joined_names([each.name for each in train.cars], _NAMED)
    sign = "✋" if train.asks else "🚆"
    more = f"  ·  {pen.command(f'/deploy train {train.name}')}"
    return Mrkdwn(f"{sign} *{train.name}* {names} to {one_line(train.environment, 60)}: {_plain_state(seen)}{more}")
