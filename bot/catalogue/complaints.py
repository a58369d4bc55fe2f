"""What the library finds wrong with the shape of a catalogue, in sentences that say what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bot.catalogue.problem import Problem, dotted
from bot.catalogue.reading import Document, Path
from bot.catalogue.schema import known_at
from bot.catalogue.words import nearest
from bot.rules.sentence import joined

COMMON_SLIPS: Mapping[str, tuple[str, ...]] = {
    "groups": ("group",),
    "users": ("people",),
    "members": ("people",),
    "env": ("environments",),
    "envs": ("environments",),
    "repo": ("repository",),
    "branch": ("candidate_from",),
    "url": ("address", "link"),
    "tz": ("timezone",),
    "cron": ("at", "rule"),
    "schedule": ("at", "rule"),
    "time": ("at",),
    "types": ("change_types",),
    "items": ("checklist",),
    "name": ("title", "key"),
    "id": ("key",),
    "needs": ("after",),
    "slack": ("channel",),
    "deploy": ("deployer",),
    "mandatory": ("required",),
    "optional": ("required",),
    "soak": ("bake",),
    "soak_time": ("bake",),
    "wait": ("bake",),
    "window": ("hours",),
    "windows": ("hours",),
    "days": ("at",),
    "four_eyes": ("two_people",),
    "auto_deploy": ("ships_itself", "promote"),
    "autodeploy": ("ships_itself", "promote"),
    "continuous": ("ships_itself", "promote"),
    "promotion": ("promote",),
    "auto_promote": ("promote",),
    "ttl": ("approvals_last", "lasts"),
    "expires": ("approvals_last", "lasts"),
    "valid_for": ("approvals_last", "lasts"),
    "deadline": ("due",),
    "hint": ("note",),
    "how": ("note",),
    "description": ("note", "reason"),
    "why": ("reason",),
    "summary": ("reason",),
    "ci": ("check",),
    "job": ("check",),
    "role": ("owner",),
    "approver": ("owner",),
    "rrule": ("rule",),
    "repeat": ("rule",),
    "repeats": ("rule",),
    "recurrence": ("rule",),
    "every": ("rule",),
    "dtstart": ("starts",),
    "from": ("starts",),
    "since": ("starts",),
    "begins": ("starts",),
    "dtend": ("ends",),
    "until": ("ends",),
    "to": ("ends",),
    "hard": ("soft",),
    "ical": ("address",),
    "ics": ("file",),
    "path": ("file",),
    "holidays": ("calendars",),
    "limit": ("budget",),
    "max": ("budget",),
}
"""What other tools call it: not alike in letters, and meant all the same."""


SAID = {
    "string_type": "This must be a text, but is {kind}.",
    "bool_type": "This must be true or false, but is {shown}.",
    "bool_parsing": "This must be true or false, but is {shown}.",
    "int_type": "This must be a whole number, but is {shown}.",
    "greater_than_equal": "This must be at least {ge}, but is {shown}.",
    "less_than_equal": "This must be at most {le}, but is {shown}.",
    "dict_type": "This must be a mapping (“key: value” lines, indented), but is {kind}.",
    "model_type": "This must be a mapping (“key: value” lines, indented), but is {kind}.",
    "list_type": "This must be a list (“- …” lines, or [a, b]), but is {kind}.",
    "too_short": "There is nothing in it; name at least one.",
    "too_long": "There are {actual_length} here; {max_length} are the most.",
}
"""What the library's kinds of errors mean to somebody with an editor."""


@dataclass(frozen=True, slots=True)
class Complaints:
    """Turns a validation's errors into problems with places."""

    document: Document
    file: str

    def about(self, error: ValidationError) -> Iterator[Problem]:
        """Each of its errors."""
        for each in error.errors(include_url=False):
            path, of_key = self._real(each["loc"])
            if self._is_empty(path, str(each["type"])) and not of_key:
                continue  # which is said once, in words of its own
            of_key = of_key or each["type"] in {"missing", "extra_forbidden"}
            yield self.problem(path, self._sentence(path, each), at_key=of_key)

    def problem(self, path: Path, message: str, *, at_key: bool = False) -> Problem:
        """A problem at that path."""
        line, column = self.document.place(path, at_key=at_key)
        return Problem(line, column, dotted(path), message, self.file)

    def empties(self) -> Iterator[Problem]:
        """Every value that was left empty: forgotten, or left over from taking something out."""
        told = {problem.path for problem in self.document.problems}
        for path in self.document.places:
            if path and self.document.value(path) is None and dotted(path) not in told:
                yield self.problem(path, "There is nothing here; give it a value, or take the line out.")

    def _is_empty(self, path: Path, kind: str) -> bool:
        return kind != "missing" and path in self.document.places and self.document.value(path) is None

    def _real(self, loc: tuple[str | int, ...]) -> tuple[Path, bool]:
        """The path in the file: without the words that the library puts between."""
        path: Path = ()
        for part in loc:
            longer = (*path, part)
            if longer in self.document.places:
                path = longer
        last = loc[-1] if loc else ""
        if isinstance(last, str) and last not in {"[key]", "list", "mapping", "text"} and path == loc[:-1]:
            path = loc  # something that is missing
        return path, last == "[key]"

    def _sentence(self, path: Path, error: Mapping[str, Any]) -> str:
        kind, context = str(error["type"]), error.get("ctx", {})
        given = self.document.value(path)
        match kind:
            case "value_error":
                return str(context["error"])
            case "missing":
                told = known_at(path[:-1]).get(str(path[-1]), "")
                return f"This is missing. {told}".strip()
            case "extra_forbidden":
                return unknown(str(path[-1]), known_at(path[:-1]))
            case "literal_error" if path == ("version",):
                return "This Slipway reads version 1 of the format: write “version: 1”."
            case "literal_error" | "enum":
                return one_of(str(path[-1] if "[key]" in error["loc"] else given), str(context["expected"]))
            case "string_type" if isinstance(given, int | float):
                return f'This must be a text, but is a number; put it in quotes: "{given}".'
            case _:
                parts = {"kind": _kind(given), "shown": _shown(given), **context}
                return SAID[kind].format(**parts) if kind in SAID else f"{str(error['msg']).rstrip('.')}."


def unknown(word: str, known: Mapping[str, str]) -> str:
    """What to say about a key that nothing knows."""
    meant = nearest(word, known)
    meant = next((each for each in COMMON_SLIPS.get(word.lower(), ()) if each in known), meant)
    if meant:
        return f"“{word}” is unknown here; did you mean “{meant}”?"
    return f"“{word}” is unknown here; there can be {either(sorted(known))}."


def one_of(word: str, expected: str) -> str:
    """What to say about a word that is none of those expected."""
    known = expected.replace("'", "").replace(" or ", ", ").split(", ")
    meant = nearest(word, known)
    hint = f"did you mean “{meant}”?" if meant else f"it can be {either(known)}."
    return f"“{word}” is not known here; {hint}"


def either(words: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return joined(tuple(words)).replace(" and ", " or ")


def _kind(given: Any) -> str:
    match given:
        case bool():
            return f"“{str(given).lower()}”"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case str():
            return "a text"
        case None:
            return "empty"
        case _:
            return "a number"


def _shown(given: Any) -> str:
    return _kind(given) if isinstance(given, bool | dict | list | None) else f"“{given}”"
