"""The kinds of deployers there are, each with the check of its settings that needs nothing but the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from integrations.deployers import command_settings, github_settings

Check = Callable[[Mapping[str, Any]], Sequence[str]]


def _by(read: Callable[[Mapping[str, Any]], object]) -> Check:
    """What reading them complains of."""

    def problems(settings: Mapping[str, Any]) -> Sequence[str]:
        try:
            read(settings)
        except command_settings.SettingsError as error:
            return error.problems
        return ()

    return problems


KINDS: Mapping[str, Check] = MappingProxyType(
    {
        "command": _by(command_settings.read),
        "github-actions": _by(github_settings.read_actions),
        "github-deployments": _by(github_settings.read_deployments),
    }
)
"""Sentences about what is wrong with a kind's settings; none when all is well."""
