"""Grammar: small rules that can be put together into the shape of a block, and tell every place that does not fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One place that does not fit: where (a JSON pointer), and what is wrong there."""

    pointer: str
    message: str
    code: str = "failed_constraint"
    constraint: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        return f"{self.message} [json-pointer:{self.pointer}]"


@dataclass(slots=True)
class Report:
    """Everything that was found wrong so far."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, pointer: str, message: str, **constraint: Any) -> None:
        """Note one problem."""
        self.problems.append(Problem(pointer, message, constraint=constraint or None))


Rule = Callable[[Any, str, Report], None]
"""A rule looks at a value and the pointer to it, and notes what is wrong."""


def string(*, least: int = 1, most: int | None = None, pattern: str | None = None) -> Rule:
    """A text of a certain length."""
    shape = re.compile(pattern) if pattern else None

    def check(value: Any, pointer: str, report: Report) -> None:
        if not isinstance(value, str):
            report.add(pointer, "must provide a string", type="string")
        elif len(value) < least:
            report.add(pointer, f"must be more than {least - 1} characters", type="min_length", expected=least)
        elif most is not None and len(value) > most:
            report.add(pointer, f"must be less than {most + 1} characters", type="max_length", expected=most)
        elif shape is not None and not shape.search(value):
            report.add(pointer, f"failed to match pattern {shape.pattern}", type="pattern", expected=shape.pattern)

    return check


def one_of(*values: str) -> Rule:
    """One of a few words."""

    def check(value: Any, pointer: str, report: Report) -> None:
        if value not in values:
            report.add(pointer, "must be a valid enum value", type="enum", expected=sorted(values))

    return check


def flag(value: Any, pointer: str, report: Report) -> None:
    """True or false."""
    if not isinstance(value, bool):
        report.add(pointer, "must be a boolean", type="boolean")


def integer(least: int, most: int | None = None) -> Rule:
    """A whole number in a range."""

    def check(value: Any, pointer: str, report: Report) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            report.add(pointer, "must be an integer", type="integer")
        elif value < least:
            report.add(pointer, f"must be at least {least}", type="minimum", expected=least)
        elif most is not None and value > most:
            report.add(pointer, f"must be no more than {most}", type="maximum", expected=most)

    return check


def number(*, above: float | None = None) -> Rule:
    """Any number."""

    def check(value: Any, pointer: str, report: Report) -> None:
        if not isinstance(value, int | float) or isinstance(value, bool):
            report.add(pointer, "must be a number", type="number")
        elif above is not None and value <= above:
            report.add(pointer, f"must be more than {above:g}", type="minimum", expected=above)

    return check


def array(of: Rule, *, least: int = 0, most: int | None = None) -> Rule:
    """A list of things of one shape."""

    def check(value: Any, pointer: str, report: Report) -> None:
        if not isinstance(value, list | tuple):
            report.add(pointer, "must provide an array", type="array")
            return
        if len(value) < least:
            report.add(pointer, f"no fewer than {least} items allowed", type="min_items", expected=least)
        if most is not None and len(value) > most:
            report.add(pointer, f"no more than {most} items allowed", type="max_items", expected=most)
        for position, item in enumerate(value):
            of(item, f"{pointer}/{position}", report)

    return check


def record(
    required: Mapping[str, Rule] | None = None,
    optional: Mapping[str, Rule] | None = None,
    *,
    also: Rule | None = None,
) -> Rule:
    """An object with these fields and no others (`type` aside); `also` looks at it as a whole once each part fits."""
    must, may = required or {}, optional or {}

    def check(value: Any, pointer: str, report: Report) -> None:
        if not isinstance(value, Mapping):
            report.add(pointer, "must provide an object", type="object")
            return
        before = len(report.problems)
        for name in must:
            if value.get(name) is None:
                report.add(pointer, f"missing required field: {name}", type="required", expected=name)
        for name, part in value.items():
            rule = must.get(name) or may.get(name)
            if rule is not None and part is not None:
                rule(part, f"{pointer}/{name}", report)
            elif rule is None and name != "type":
                report.add(pointer, f"invalid additional property: {name}", type="additional_property", got=name)
        if also is not None and len(report.problems) == before:
            also(value, pointer, report)

    return check


def by_type(table: Mapping[str, Rule], *, allowed: Collection[str] | None = None) -> Rule:
    """One of several shapes, told apart by `type`."""

    def check(value: Any, pointer: str, report: Report) -> None:
        if not isinstance(value, Mapping):
            report.add(pointer, "must provide an object", type="object")
            return
        kind = value.get("type")
        known = allowed if allowed is not None else table
        if not isinstance(kind, str):
            report.add(pointer, "missing required field: type", type="required", expected="type")
        elif kind not in known or kind not in table:
            report.add(f"{pointer}/type", f"unsupported type: {kind}", type="enum", expected=sorted(known), got=kind)
        else:
            table[kind](value, pointer, report)

    return check


def every(*rules: Rule) -> Rule:
    """Several rules that must all hold."""

    def check(value: Any, pointer: str, report: Report) -> None:
        for rule in rules:
            rule(value, pointer, report)

    return check


def exactly_one(*names: str) -> Rule:
    """Of these fields there must be exactly one."""

    def check(value: Any, pointer: str, report: Report) -> None:
        if sum(value.get(name) is not None for name in names) != 1:
            report.add(pointer, f"must provide exactly one of: {', '.join(names)}", type="one_of", expected=list(names))

    return check


def at_least_one(*names: str) -> Rule:
    """Of these fields there must be one or more."""

    def check(value: Any, pointer: str, report: Report) -> None:
        if all(not value.get(name) for name in names):
            report.add(
                pointer, f"must provide at least one of: {', '.join(names)}", type="any_of", expected=list(names)
            )

    return check
