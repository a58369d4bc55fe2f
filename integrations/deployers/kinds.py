"""The kinds of deployers there are, each with the check of its settings that needs nothing but the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from integrations.deployers import command_settings


def _command(settings: Mapping[str, Any]) -> Sequence[str]:
    try:
        command_settings.read(settings)
    except command_settings.SettingsError as error:
        return error.problems
    return ()


KINDS: Mapping[str, Callable[[Mapping[str, Any]], Sequence[str]]] = MappingProxyType({"command": _command})
"""Sentences about what is wrong with a kind's settings; none when all is well."""
