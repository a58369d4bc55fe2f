"""How a replay is shown: for people as a table, release by release, for machines as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from bot.program import terminal
from bot.program.explaining import blocker_as_json
from bot.program.pen import TerminalPen, harmless, moment
from bot.rules.release import r
from bot.rules.replay import Answer, Case, Replayed

_STYLES = {Answer.THROUGH: "green", Answer.BLOCKED: "red", Answer.UNKNOWN: "yellow"}


def show(replayed: Replayed, pen: TerminalPen, name: str, *, only_others: bool) -> None:
    """Case by case, then what it comes to."""
    cases = replayed.others if only_others else replayed.cases
    terminal.say(Text(f"What {harmless(name)} would have made of the time since {moment(replayed.since)}", "bold"))
    if cases:
        terminal.table(_table(cases, pen))
    for line in _totals(replayed):
        terminal.say(line)
    for note in replayed.notes:
        terminal.below(Text("Not certain: ", "yellow").append_text(pen.write(note)), 0)


def _table(cases: tuple[Case, ...], pen: TerminalPen) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for head in ("release", "to", "when"):
        table.add_column(head, no_wrap=head == "to")
    table.add_column("what happened")
    table.add_column("with these rules", ratio=1)
    before = None
    for case in cases:
        named = f"{r(case.release)} {case.service} {case.version} ({case.change_type})"
        table.add_row(
            Text(harmless(named) if named != before else ""),
            Text(harmless(case.environment)),
            moment(case.at),
            _what_happened(case),
            _answer(case, pen),
            style="" if case.other or case.answer is Answer.UNKNOWN else "dim",
        )
        before = named
    return table


def _what_happened(case: Case) -> Text:
    if case.deployment:
        return Text(f"{case.deployment} was started")
    return _lines("was blocked", (Text(harmless(each)) for each in (case.blocked_by if case.other else ())))


def _answer(case: Case, pen: TerminalPen) -> Text:
    lines = _lines(case.answer, map(pen.write, case.reasons))
    lines.stylize(f"bold {_STYLES[case.answer]}" if case.other else _STYLES[case.answer], 0, len(case.answer))
    return lines


def _lines(first: str, others: Iterator[Text]) -> Text:
    """A word, and each reason below it."""
    rest = list(others)
    return Text("\n").join([Text(f"{first}:" if rest else first), *rest])


def _totals(replayed: Replayed) -> Iterator[str]:
    if not replayed.cases:
        yield "Nothing was started and nothing was blocked in that time."
        return
    others = len(replayed.others)
    yield _total(replayed.deployments, "deployment", "blocked")
    yield _total(replayed.attempts, "blocked attempt", "let through")
    unknown = sum(each.answer is Answer.UNKNOWN for each in replayed.cases)
    if unknown:
        yield f"{unknown} of these can't be asked about, since this catalogue doesn't have what they are about."
    if not others and not unknown:
        yield "Nothing would have been other."


def _total(cases: tuple[Case, ...], what: str, otherwise: str) -> str:
    others = sum(each.other for each in cases)
    return f"Of {len(cases)} {what}{'' if len(cases) == 1 else 's'} {others or 'none'} would have been {otherwise}."


def as_json(replayed: Replayed, name: str) -> str:
    """For machines: people and roles by their ids, moments in UTC."""
    unknown = sum(each.answer is Answer.UNKNOWN for each in replayed.cases)
    content = {
        "catalogue": name,
        "since": replayed.since.isoformat(),
        "until": replayed.until.isoformat(),
        "deployments": len(replayed.deployments),
        "would_be_blocked": sum(each.other for each in replayed.deployments),
        "blocked_attempts": len(replayed.attempts),
        "would_be_let_through": sum(each.other for each in replayed.attempts),
        "can_not_be_asked": unknown,
        "not_certain": [str(each) for each in replayed.notes],
        "cases": [_case(each) for each in replayed.cases],
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def _case(case: Case) -> dict[str, Any]:
    return {
        "release": r(case.release),
        "service": case.service,
        "version": case.version,
        "change_type": case.change_type,
        "environment": case.environment,
        "candidate": case.candidate,
        "at": case.at.isoformat(),
        "by": case.by,
        "deployment": case.deployment,
        "blocked_by": list(case.blocked_by),
        "answer": case.answer.value,
        "other": case.other,
        "blockers": [blocker_as_json(each) for each in case.blockers],
        "besides": str(case.besides) if case.besides else None,
        "why_not_asked": str(case.unknown) if case.unknown else None,
    }
