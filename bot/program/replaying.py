"""How a replay is shown: for people as a table, release by release, for machines as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from rich.table import Table
from rich.text import Text

from bot.program import terminal
from bot.program.explaining import blocker_as_json
from bot.program.pen import TerminalPen, harmless, moment, moment_in_a_column
from bot.rules.release import r
from bot.rules.replay import Answer, Case, Replayed

_STYLES = {Answer.THROUGH: "green", Answer.BLOCKED: "red", Answer.UNKNOWN: "yellow"}


def show(replayed: Replayed, pen: TerminalPen, name: str, *, only_others: bool) -> None:
    """Case by case, then what it comes to."""
    title = f"What {harmless(name)} would have made of the time since {moment(replayed.since)}"
    terminal.below(title, 0, "bold")
    cases = replayed.others if only_others else replayed.cases
    widths = [max(len(each) for each in column) for column in zip(*map(_begins, cases), strict=True)]
    for title, several in groupby(cases, key=_title):
        terminal.say("")
        terminal.say(title)
        terminal.table(_table(several, widths, pen))
    terminal.say("")
    for line in _totals(replayed):
        terminal.say(line)
    for note in replayed.notes:
        terminal.below(Text("Not certain: ", "yellow").append_text(pen.write(note)), 0)


def _title(case: Case) -> str:
    return harmless(f"{r(case.release)} {case.service} {case.version} ({case.change_type})")


def _begins(case: Case) -> tuple[str, str, str]:
    """Where, when, and what happened."""
    happened = f"{case.deployment} was started" if case.deployment else "was blocked"
    return harmless(case.environment), moment_in_a_column(case.at), happened


def _table(cases: Iterable[Case], widths: list[int], pen: TerminalPen) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=0)
    for width in widths:
        table.add_column(width=width, no_wrap=True)
    table.add_column()
    for case in cases:
        unremarkable = not case.other and case.answer is not Answer.UNKNOWN
        table.add_row("", *_begins(case), _answer(case, pen), style="dim" if unremarkable else "")
    return table


def _answer(case: Case, pen: TerminalPen) -> Text:
    """What these rules say, and why; or why it was blocked, if they would let it through."""
    why = list(map(pen.write, case.reasons))
    if case.other and not case.deployment:
        why = [Text(f"then: {harmless(each)}") for each in case.blocked_by]
    said = Text(case.answer, f"bold {_STYLES[case.answer]}" if case.other else _STYLES[case.answer])
    return Text("\n").join([said, *(Text("· ").append_text(each) for each in why)])


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
