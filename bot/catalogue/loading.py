"""Load: a catalogue's file or text becomes an agreement, or the list of everything that is wrong with it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from stat import S_ISDIR
from typing import Any, Literal

from pydantic import ValidationError

from bot.catalogue.building import build, located
from bot.catalogue.complaints import Complaints
from bot.catalogue.file import CatalogueFile
from bot.catalogue.finding import EACH, Finding, find
from bot.catalogue.problem import DEFAULT_NAME, Problem
from bot.catalogue.reading import Document, read
from bot.catalogue.references import misfits
from bot.catalogue.words import nearest
from bot.rules.policy import Catalogue
from bot.rules.sentence import joined

SettingsCheck = Callable[[Mapping[str, Any]], Sequence[str]]
"""What is wrong with the settings of one kind of deployer, in sentences."""


def load(
    source: Path | str, *, deployers: Mapping[str, SettingsCheck], base: Path | None = None
) -> Catalogue | list[Problem]:
    """The agreement in that file (a Path) or text (a str), or all its problems, from top to bottom.

    `deployers` are the known kinds, each with the check of its settings; `base` is where a text's relative paths start.
    """
    if isinstance(source, str):
        return from_text(source, deployers=deployers, base=base or Path.cwd())
    text = text_of(source)
    if isinstance(text, Problem):
        return [text]
    return from_text(text, deployers=deployers, base=base or source.absolute().parent, file=str(source))


def text_of(path: Path) -> str | Problem:
    """What the file says, or why it can't be read."""
    name = str(path)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        message = "There is no such file. Name another one, or begin with a copy of examples/slipway.yaml."
        return Problem(0, 0, "", message, name)
    except IsADirectoryError:
        return Problem(0, 0, "", "This is a folder; name the file in it.", name)
    except OSError as error:
        return Problem(0, 0, "", f"The file can't be read ({error.strerror or error}).", name)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        return Problem(line, column, "", "The file is not in UTF-8 from here on; save it in that encoding.", name)


def from_text(
    text: str, *, deployers: Mapping[str, SettingsCheck], base: Path, file: str = DEFAULT_NAME
) -> Catalogue | list[Problem]:
    """The agreement in that text, or all its problems."""
    document = read(text)
    problems = [_in_file(problem, file) for problem in document.problems]
    if document.data is not None:
        complaints = Complaints(document, file)
        whole = _checked(document, complaints, problems, deployers, base)
        if whole is not None and not problems:
            return build(whole, base=base, fingerprint=hashlib.sha256(text.encode()).hexdigest())
    elif not problems:
        problems.append(Problem(1, 1, "", "The file is empty; `version: 1` is how a catalogue begins.", file))
    return sorted(set(problems))


def _in_file(problem: Problem, file: str) -> Problem:
    return Problem(problem.line, problem.column, problem.path, problem.message, file)


def _checked(
    document: Document,
    complaints: Complaints,
    problems: list[Problem],
    deployers: Mapping[str, SettingsCheck],
    base: Path,
) -> CatalogueFile | None:
    """The file if its shape is right. Whatever is wrong with shape and contents is added to `problems`."""
    whole: CatalogueFile | None = None
    problems += complaints.empties()
    try:
        whole = CatalogueFile.model_validate(document.data)
    except ValidationError as error:
        problems += complaints.about(error)
    problems += (complaints.problem(path, message) for path, message in misfits(document.data))
    problems += _deployers(document.data, complaints, deployers)
    problems += (complaints.problem(path, message) for path, message in _elsewhere(document.data, base))
    return whole


def _elsewhere(data: Any, base: Path) -> Iterator[Finding]:
    """What is wrong with the files and folders that it names."""
    for at, given in find(data, "templates"):
        if isinstance(given, str) and _what_is_at(located(given, base)) != "folder":
            yield at, f"There is no folder {located(given, base)}."
    for at, given in find(data, "freezes", "calendars", EACH, "file"):
        what = _what_is_at(located(given, base)) if isinstance(given, str) else "file"
        if what == "folder":
            yield at, f"“{given}” is a folder; name the calendar's file in it."
        elif what == "nothing":
            yield at, f"There is no file {located(given, base)}; a path begins at the folder of the catalogue."


def _what_is_at(path: Path) -> Literal["file", "folder", "nothing"]:
    try:
        return "folder" if S_ISDIR(path.stat().st_mode) else "file"
    except (OSError, ValueError):
        return "nothing"


def _deployers(data: Any, complaints: Complaints, known: Mapping[str, SettingsCheck]) -> Iterator[Problem]:
    """What is wrong with the kinds of deployers and their settings."""
    for path, settings in find(data, "services", EACH, "environments", EACH, "deployer", EACH):
        kind = str(path[-1])
        if kind not in known:
            meant = nearest(kind, known)
            hint = f"did you mean “{meant}”?" if meant else f"there is {joined(sorted(known))}."
            yield complaints.problem(path, f"“{kind}” is no kind of deployer; {hint}", at_key=True)
        elif isinstance(settings, dict):
            for sentence in known[kind](settings):
                named = [key for key in settings if any(f"{a}{key}{b}" in sentence for a, b in ("“”", "''", '""'))]
                yield complaints.problem((*path, *named[:1]), sentence, at_key=not named)
