"""The settings of the `command` deployer: from the catalogue's mapping to types, with every problem as a sentence."""

from __future__ import annotations

import re
import signal
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.rules.deployment import Deployment, Order

PLACEHOLDERS = ("service", "environment", "version", "commit", "artifact", "deployment", "kind")
KNOWN = ("program", "directory", "environment", "timeout", "cancel_signal", "artifact")
BEFORE_A_NUMBER = tuple(name for name in PLACEHOLDERS if name != "deployment")
"""What is known before there is a deployment."""
DEFAULT_TIMEOUT = timedelta(minutes=15)
LONGEST_TIMEOUT = timedelta(days=1)
SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGKILL")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h)?")
_UNITS = {None: 1, "s": 1, "m": 60, "h": 3600}


class SettingsError(Exception):
    """The settings can't be used; `problems` are sentences for people."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class PlaceholderError(Exception):
    """A placeholder has nothing fit to stand for; the message is for people."""


@dataclass(frozen=True, slots=True)
class CommandSettings:
    """What is run, where, with what, and for how long at most."""

    program: tuple[str, ...]
    directory: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout: timedelta = DEFAULT_TIMEOUT
    cancel_signal: signal.Signals = signal.SIGTERM
    artifact: tuple[str, ...] = ()
    """What tells by its exit code whether the artifact is there still: 0 it is, 1 it is gone. None: nobody can tell."""


def read(settings: Mapping[str, Any]) -> CommandSettings:
    """Types from the catalogue's mapping. SettingsError with every problem at once."""
    problems = [
        f"The setting {name!r} is unknown to the command deployer; it knows {_listed(KNOWN)}."
        for name in settings
        if name not in KNOWN
    ]
    program = _program(settings.get("program"), problems)
    directory = _directory(settings.get("directory"), problems)
    environment = _environment(settings.get("environment", {}), problems)
    timeout = _timeout(settings.get("timeout"), problems)
    number = _cancel_signal(settings.get("cancel_signal", "SIGTERM"), problems)
    artifact: tuple[str, ...] = ()
    if "artifact" in settings:
        artifact = _program(settings["artifact"], problems, "artifact", BEFORE_A_NUMBER)
    if problems:
        raise SettingsError(problems)
    return CommandSettings(program, directory, environment, timeout, number, artifact)


def problems_of(settings: Mapping[str, Any]) -> list[str]:
    """What is wrong with these settings, whatever host they are for; empty when they can be understood."""
    try:
        read(settings)
    except SettingsError as trouble:
        return trouble.problems
    return []


def values_for(deployment: Deployment) -> dict[str, str | None]:
    """What each placeholder stands for in this deployment; None where it has nothing."""
    return {**values_of(deployment.order), "deployment": deployment.name}


def values_of(order: Order) -> dict[str, str | None]:
    """The same for what has no number yet."""
    return {
        "service": order.service,
        "environment": order.environment,
        "version": order.version,
        "commit": order.candidate.commit,
        "artifact": order.candidate.artifact,
        "kind": order.kind.value,
    }


def fill_in(template: str, values: Mapping[str, str | None]) -> str:
    """The text with its placeholders replaced, as one argument, whatever stands in it."""
    filled = []
    for text, name, _, _ in string.Formatter().parse(template):
        filled.append(text)
        if name is None:
            continue
        value = values[name]
        if value is None:
            raise PlaceholderError(f"The deploy program asks for {{{name}}}, but this candidate has none.")
        if not value.isprintable():
            raise PlaceholderError(f"The {name} contains characters that can't be handed to a program.")
        if value.startswith("-") and not "".join(filled):
            raise PlaceholderError(f"The {name} {value!r} begins with a dash: the deploy program would read an option.")
        filled.append(value)
    return "".join(filled)


def _program(
    given: Any, problems: list[str], where: str = "program", known: tuple[str, ...] = PLACEHOLDERS
) -> tuple[str, ...]:
    if not isinstance(given, list | tuple) or not given or not all(isinstance(each, str) for each in given):
        problems.append(f'Set "{where}" to a list: the program and its arguments, each a text.')
        return ()
    if not given[0].strip() or "{" in given[0]:
        problems.append(f'The first entry of "{where}" must name the program itself, without placeholders.')
    for each in given:
        _check_template(each, where, problems, known)
    return tuple(given)


def _check_template(template: str, where: str, problems: list[str], known: tuple[str, ...]) -> None:
    try:
        parsed = list(string.Formatter().parse(template))
    except ValueError:
        problems.append(
            f'In "{where}", {template!r} has a brace without its partner; a literal brace is written twice.'
        )
        return
    for _, name, form, conversion in parsed:
        if name is None:
            continue
        if name not in known or form or conversion:
            whole = name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
            problems.append(f'In "{where}", {{{whole}}} is no placeholder; there are {_listed(known)}.')
    if "\0" in template:
        problems.append(f'In "{where}" there is a NUL character, which no program can be given.')


def _directory(given: Any, problems: list[str]) -> Path | None:
    if given is None:
        return None
    if not isinstance(given, str) or not Path(given).is_absolute() or "\0" in given:
        problems.append('Set "directory" to the absolute path of the folder to run in.')
        return None
    return Path(given)


def _environment(given: Any, problems: list[str]) -> Mapping[str, str]:
    if not isinstance(given, Mapping):
        problems.append('Set "environment" to variables with their values.')
        return {}
    for name, value in given.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            problems.append(f'In "environment", {name!r} is not the name of a variable.')
        elif not isinstance(value, str):
            # The value itself is not shown: it may be a secret.
            problems.append(f'In "environment", the value of {name} must be a text; put it in quotes.')
        elif "\0" in value:
            problems.append(f'In "environment", the value of {name} has a NUL character in it.')
    return dict(given)


def _timeout(given: Any, problems: list[str]) -> timedelta:
    if given is None:
        return DEFAULT_TIMEOUT
    match = _DURATION.fullmatch(str(given).strip()) if isinstance(given, int | float | str) else None
    seconds = float(match[1]) * _UNITS[match[2]] if match and not isinstance(given, bool) else 0.0
    if not 0 < seconds <= LONGEST_TIMEOUT.total_seconds():
        problems.append('Set "timeout" to a time such as 90s, 15m or 2h, at most 24h.')
        return DEFAULT_TIMEOUT
    return timedelta(seconds=seconds)


def _cancel_signal(given: Any, problems: list[str]) -> signal.Signals:
    name = f"SIG{str(given).upper().removeprefix('SIG')}"
    if name not in SIGNALS:
        problems.append(f'Set "cancel_signal" to one of {_listed(SIGNALS)}.')
        return signal.SIGTERM
    return signal.Signals[name]


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:-1]) + " and " + names[-1]
