"""A workflow's file: whether it can be started from outside, with what it is given, and found again."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from integrations.deployers.github_settings import ActionsSettings


class UnreadableWorkflowError(Exception):
    """It is no workflow that can be read; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a workflow declares."""

    dispatchable: bool
    inputs: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    """Those without a value of their own, that have to be given."""
    run_name: str = ""


@dataclass(frozen=True, slots=True)
class _Triggers:
    dispatchable: bool
    inputs: Mapping[str, Any] = field(default_factory=dict)


def text_of(told: Any) -> str:
    """The file's text, from GitHub's answer."""
    try:
        return base64.b64decode(told["content"]).decode()
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise UnreadableWorkflowError("it is no file that can be read") from None


def declared_in(text: str) -> Declared:
    """What it declares. UnreadableWorkflowError if it isn't a workflow."""
    try:
        whole = YAML(typ="safe", pure=True).load(text)
    except YAMLError:
        raise UnreadableWorkflowError("it is not YAML that can be read") from None
    if not isinstance(whole, Mapping) or "on" not in whole:
        raise UnreadableWorkflowError("it says nowhere when it runs (“on”)")
    triggers = _triggers(whole["on"])
    required = {
        name
        for name, each in triggers.inputs.items()
        if isinstance(each, Mapping) and each.get("required") is True and each.get("default") in {None, ""}
    }
    return Declared(
        triggers.dispatchable, frozenset(triggers.inputs), frozenset(required), str(whole.get("run-name") or "")
    )


def lacks(declared: Declared, settings: ActionsSettings) -> Iterator[str]:
    """What it lacks to be run by Slipway, in sentences."""
    file = settings.workflow
    if not declared.dispatchable:
        yield f"{file} can't be started from outside: add “workflow_dispatch” to its “on”, with the inputs."
        return
    given = {*settings.inputs, settings.correlation}
    for name in sorted(given - declared.inputs):
        yield f"{file} declares no input “{name}”, so GitHub would not start it. Add it below “workflow_dispatch”."
    for name in sorted(declared.required - given):
        yield f"{file} wants the input “{name}”; give it in the catalogue, below “inputs”."
    named = re.compile(rf"\$\{{\{{[^}}]*\binputs\.{re.escape(settings.correlation)}\b(?!-)[^}}]*\}}\}}")
    if not named.search(declared.run_name):
        yield (
            f"The runs of {file} don't carry Slipway's key in their name, so one whose start got no answer could not "
            f"be found again. Write: run-name: Deploy ${{{{ inputs.{settings.correlation} }}}}"
        )


def _triggers(told: Any) -> _Triggers:
    name = "workflow_dispatch"
    if isinstance(told, Mapping):
        dispatch = told.get(name)
        inputs = dispatch.get("inputs") if isinstance(dispatch, Mapping) else None
        return _Triggers(name in told, inputs if isinstance(inputs, Mapping) else {})
    names = [told] if isinstance(told, str) else told if isinstance(told, list) else []
    return _Triggers(name in names)
