"""Templates: longer texts are written in Jinja2; a team's own file of the same name takes the place of ours."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, FileSystemLoader, StrictUndefined, TemplateError, Undefined
from jinja2.sandbox import SandboxedEnvironment

from bot.rules.sentence import AllOf, At, AtRole, Code, Link, Sentence, When
from handlers.views.text import Mrkdwn, Pen, day, escape, when

log = logging.getLogger(__name__)

OURS = Path(__file__).parent
_MISTAKES = (
    TemplateError,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    ArithmeticError,
    OSError,
    RecursionError,
)
"""What a mistake in somebody's template raises while it is read or filled in."""


def fill_in(name: str, values: Mapping[str, Any], pen: Pen, folder: str | None = None) -> str:
    """The text of that template: the team's own, if it has one that works, else ours."""
    if folder is not None and (Path(folder) / name).is_file():
        try:
            return _filled(FileSystemLoader(folder), name, values, pen)
        except _MISTAKES as mistake:
            log.warning("The template %s in %s doesn't work (%s); ours is used instead.", name, folder, mistake)
    return _filled(FileSystemLoader(OURS), name, values, pen)


def _filled(loader: BaseLoader, name: str, values: Mapping[str, Any], pen: Pen) -> str:
    environment = SandboxedEnvironment(
        loader=loader,
        autoescape=False,  # Slack shows `&#39;` literally; `finalize` escapes the three that it asks for
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        finalize=lambda value: _written(value, pen),
    )
    return environment.get_template(name).render(**values)


def _written(value: object, pen: Pen) -> object:
    """Whatever stands in double braces, as Slack wants it. What is Slack's already stays as it is."""
    match value:
        case Undefined() | Mrkdwn():
            return value
        case None:
            return ""
        case Sentence():
            return pen.write(value)
        case At() | AtRole() | When() | Code() | Link() | AllOf():
            return pen.part(value)
        case datetime():
            return when(value)
        case date():
            return day(value)
        case _:
            return escape(str(value))
