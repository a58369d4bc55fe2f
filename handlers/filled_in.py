"""Filled in: what a release's form says, as a plan; and what is wrong with it, before anything else is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from bot.rules.policy import ChangeTypeName, ServiceName
from bot.rules.release import Plan, ReleaseId, parse_release_id
from bot.verbs.plan_release import VERSION
from handlers.request import Request

LONGEST = 3000
"""As much as a field of a form holds: what is longer would be cut when the plan is edited."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_BETWEEN = re.compile(r"[\s,;]+")


def check(request: Request) -> Mapping[str, str]:
    """What is wrong, field by field."""
    wrong: dict[str, str] = {}
    if not VERSION.fullmatch(request.input("version").strip()):
        wrong["version"] = "A version has letters, digits and . _ + - (at most 64), for example 2.4.0."
    if not request.input("title").strip():
        wrong["title"] = "A title is needed."
    wrong |= {
        each: f"This has at most {LONGEST} characters; please link to the rest."
        for each in ("scope", "requirements", "depends_on")
        if len(request.input(each)) > LONGEST
    }
    if _day(request.input("target")) is None and request.input("target"):
        wrong["target"] = "This is no date that I can read."
    if "depends_on" not in wrong and _others(request.input("depends_on")) is None:
        wrong["depends_on"] = "Write releases like R-3, R-5."
    return wrong


def plan(request: Request, service: ServiceName) -> Plan:
    """The plan that the form says; `check` has found nothing wrong."""
    return Plan(
        service=service,
        version=request.input("version").strip(),
        change_type=ChangeTypeName(request.input("change_type")),
        title=request.input("title"),
        scope=request.input("scope"),
        requirements=request.input("requirements"),
        target=_day(request.input("target")),
        depends_on=_others(request.input("depends_on")) or (),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None  # it reads weeks and more as well
    except ValueError:
        return None


def _others(text: str) -> tuple[ReleaseId, ...] | None:
    """None if something in it is no release."""
    numbers = [parse_release_id(each) for each in _BETWEEN.split(text) if each]
    known = tuple(each for each in numbers if each is not None)
    return known if len(known) == len(numbers) else None
