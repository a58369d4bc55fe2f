"""The settings of the deployers at GitHub: from the catalogue's mapping to types, with every problem as a sentence."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from bot.catalogue.words import duration
from bot.rules.deployment import Deployment
from integrations.deployers.command_settings import PLACEHOLDERS as OF_COMMANDS
from integrations.deployers.command_settings import PlaceholderError, SettingsError, values_of
from integrations.deployers.key import key_of

PLACEHOLDERS = (*OF_COMMANDS, "key")
MOST_INPUTS = 25
"""As many as GitHub takes."""
FORCE_AFTER = timedelta(minutes=2)
LONGEST_TEXT = 1000
OURS = "slipway"
"""The member of a deployment's payload that is ours, and the input that carries the same unless another is named."""

_REPOSITORY = re.compile(r"[A-Za-z0-9-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_WORKFLOW = re.compile(r"[A-Za-z0-9_. -]{1,200}\.ya?ml")
_FOLDER = ".github/workflows/"
_INPUT = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}")


class Deploys(StrEnum):
    """Which commit a run deploys, and who says so."""

    INPUT = "input"
    """The one that it was given as an input; a run that reports another one is believed."""
    HEAD = "head"
    """The one that it runs on: what its ref points to."""
    REPORTED = "reported"
    """The one that it reports; a run that reports none has not succeeded."""


@dataclass(frozen=True, slots=True)
class ActionsSettings:
    """Which workflow deploys, and what it is given."""

    repository: str
    workflow: str
    """The name of its file."""
    ref: str = "main"
    """The branch or tag whose workflow is run."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    correlation: str = OURS
    """The input that carries the deployment's key."""
    deploys: Deploys = Deploys.INPUT
    force_cancel_after: timedelta = FORCE_AFTER


@dataclass(frozen=True, slots=True)
class DeploymentsSettings:
    """What is asked of whoever listens to a repository's deployments."""

    repository: str
    environment: str = "{environment}"
    task: str = "deploy"
    required_contexts: tuple[str, ...] | None = ()
    """The statuses that GitHub must see green at the commit; None: all that it has."""
    payload: Mapping[str, str] = field(default_factory=dict)
    heeds_cancel: bool = False
    """Whether what deploys is known to stop at a status that asks for it."""
    production: bool | None = None
    """Whether GitHub is to show it as a production environment; None: as it takes it."""


def read_actions(settings: Mapping[str, Any]) -> ActionsSettings:
    """Types from the catalogue's mapping. SettingsError with every problem at once."""
    reader = _Reader(settings, "github-actions")
    reader.knows("repository", "workflow", "ref", "inputs", "correlation", "deploys", "force_cancel_after")
    found = ActionsSettings(
        repository=reader.repository(),
        workflow=reader.workflow(),
        ref=reader.template("ref", "main", "a branch or a tag"),
        inputs=reader.templates("inputs"),
        correlation=reader.correlation(),
        deploys=reader.deploys(),
        force_cancel_after=reader.force_cancel_after(),
    )
    problems = reader.problems
    if len(found.inputs) >= MOST_INPUTS:
        problems.append(f'In "inputs" there are too many: GitHub takes {MOST_INPUTS}, and one of them is Slipway\'s.')
    if found.correlation in found.inputs:
        problems.append(
            f'In "inputs", {found.correlation} is the one that Slipway fills in itself; take it out, or name another '
            'in "correlation".'
        )
    if found.deploys is not Deploys.HEAD and not any("{commit}" in each for each in found.inputs.values()):
        problems.append(
            "Give the workflow the commit: \"inputs: {commit: '{commit}'}\". One that deploys what its ref points to "
            'says "deploys: head" instead.'
        )
    reader.done()
    return found


def read_deployments(settings: Mapping[str, Any]) -> DeploymentsSettings:
    """Types from the catalogue's mapping. SettingsError with every problem at once."""
    reader = _Reader(settings, "github-deployments")
    reader.knows("repository", "environment", "task", "required_contexts", "payload", "heeds_cancel", "production")
    found = DeploymentsSettings(
        repository=reader.repository(),
        environment=reader.template("environment", "{environment}", "the environment's name at GitHub"),
        task=reader.template("task", "deploy", "what is to be done, such as deploy"),
        required_contexts=reader.required_contexts(),
        payload=reader.templates("payload"),
        heeds_cancel=reader.yes_or_no("heeds_cancel") or False,
        production=reader.yes_or_no("production"),
    )
    if OURS in found.payload:
        reader.problems.append(f'In "payload", {OURS} is what Slipway fills in itself; take it out.')
    reader.done()
    return found


def problems_of_actions(settings: Mapping[str, Any]) -> list[str]:
    """What is wrong with these settings; empty when they can be understood."""
    return _problems(read_actions, settings)


def problems_of_deployments(settings: Mapping[str, Any]) -> list[str]:
    """The same for the other one."""
    return _problems(read_deployments, settings)


def _problems(read: Callable[[Mapping[str, Any]], object], settings: Mapping[str, Any]) -> list[str]:
    try:
        read(settings)
    except SettingsError as trouble:
        return trouble.problems
    return []


def values_for(deployment: Deployment) -> dict[str, str | None]:
    """What each placeholder stands for in this deployment; None where it has nothing."""
    return {**values_of(deployment.order), "deployment": deployment.name, "key": key_of(deployment)}


def fill_in(template: str, values: Mapping[str, str | None]) -> str:
    """The text with its placeholders replaced. PlaceholderError if one has nothing to stand for."""
    filled = []
    for text, name, _, _ in string.Formatter().parse(template):
        filled.append(text)
        if name is None:
            continue
        value = values[name]
        if value is None:
            raise PlaceholderError(f"The catalogue hands GitHub {{{name}}}, but this candidate has none.")
        filled.append(value)
    return "".join(filled)


class _Reader:
    """Reads settings and remembers what was wrong with them."""

    def __init__(self, settings: Mapping[str, Any], kind: str) -> None:
        self._settings = settings
        self._kind = kind
        self.problems: list[str] = []

    def knows(self, *names: str) -> None:
        """Complain about every other setting."""
        listed = ", ".join(names[:-1]) + " and " + names[-1]
        self.problems += [
            f"The setting {name!r} is unknown to the {self._kind} deployer; it knows {listed}."
            for name in self._settings
            if name not in names
        ]

    def done(self) -> None:
        """SettingsError if anything was wrong."""
        if self.problems:
            raise SettingsError(self.problems)

    def repository(self) -> str:
        given = self._settings.get("repository")
        if not isinstance(given, str) or not _REPOSITORY.fullmatch(given):
            self.problems.append('Set "repository" to the repository at GitHub, such as acme/payments.')
            return ""
        return given

    def workflow(self) -> str:
        given = self._settings.get("workflow")
        file = given.removeprefix(_FOLDER) if isinstance(given, str) else ""
        if not _WORKFLOW.fullmatch(file):
            self.problems.append(
                f'Set "workflow" to the name of the workflow\'s file in {_FOLDER}, such as deploy.yml.'
            )
            return ""
        return file

    def template(self, name: str, default: str, what: str) -> str:
        given = self._settings.get(name, default)
        if not isinstance(given, str) or not given.strip() or not given.isprintable() or len(given) > LONGEST_TEXT:
            self.problems.append(f'Set "{name}" to {what}, a text on one line.')
            return default
        self._check_template(given, name)
        return given

    def templates(self, name: str) -> Mapping[str, str]:
        given = self._settings.get(name, {})
        if not isinstance(given, Mapping):
            self.problems.append(f'Set "{name}" to names with their values.')
            return {}
        found = {}
        for each, value in given.items():
            if not isinstance(each, str) or not _INPUT.fullmatch(each):
                self.problems.append(
                    f'In "{name}", {each!r} is no name: letters, digits, “_” and “-”, and no digit first.'
                )
                continue
            if isinstance(value, bool):
                value = str(value).lower()  # noqa: PLW2901 - as GitHub writes it
            if isinstance(value, int | float):
                value = str(value)  # noqa: PLW2901 - an input is a text
            if not isinstance(value, str) or "\0" in value:
                self.problems.append(f'In "{name}", the value of {each} must be a text; put it in quotes.')
                continue
            self._check_template(value, f"{name}: {each}")
            found[each] = value
        return found

    def correlation(self) -> str:
        given = self._settings.get("correlation", OURS)
        if not isinstance(given, str) or not _INPUT.fullmatch(given):
            self.problems.append('Set "correlation" to the name of the input that carries the deployment\'s key.')
            return OURS
        return given

    def deploys(self) -> Deploys:
        given = self._settings.get("deploys", Deploys.INPUT.value)
        try:
            return Deploys(given)
        except ValueError:
            self.problems.append(
                'Set "deploys" to input (the commit that the workflow is given), head (what its ref points to) or '
                "reported (what it reports, and it must)."
            )
            return Deploys.INPUT

    def force_cancel_after(self) -> timedelta:
        given = self._settings.get("force_cancel_after")
        if given is None:
            return FORCE_AFTER
        try:
            return duration(given)
        except ValueError:
            self.problems.append('Set "force_cancel_after" to a time such as 2m.')
            return FORCE_AFTER

    def required_contexts(self) -> tuple[str, ...] | None:
        given = self._settings.get("required_contexts", ())
        if given == "all":
            return None
        if not isinstance(given, list | tuple) or not all(isinstance(each, str) and each for each in given):
            self.problems.append('Set "required_contexts" to a list of statuses, each a text, or to all.')
            return ()
        return tuple(given)

    def yes_or_no(self, name: str) -> bool | None:
        given = self._settings.get(name)
        if given is not None and not isinstance(given, bool):
            self.problems.append(f'Set "{name}" to true or false.')
            return None
        return given

    def _check_template(self, template: str, where: str) -> None:
        try:
            parsed = list(string.Formatter().parse(template))
        except ValueError:
            self.problems.append(
                f'In "{where}", {template!r} has a brace without its partner; a literal brace is written twice.'
            )
            return
        for _, name, form, conversion in parsed:
            if name is not None and (name not in PLACEHOLDERS or form or conversion):
                whole = name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
                listed = ", ".join(PLACEHOLDERS[:-1]) + " and " + PLACEHOLDERS[-1]
                self.problems.append(f'In "{where}", {{{whole}}} is no placeholder; there are {listed}.')
