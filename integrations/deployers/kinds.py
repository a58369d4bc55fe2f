"""The kinds of deployers there are, each with the check of its settings that needs nothing but the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from integrations.deployers import command_settings, github_settings, webhook_settings

KINDS: Mapping[str, Callable[[Mapping[str, Any]], Sequence[str]]] = MappingProxyType(
    {
        "command": command_settings.problems_of,
        "github-actions": github_settings.problems_of_actions,
        "github-deployments": github_settings.problems_of_deployments,
        "webhook": webhook_settings.problems_of,
    }
)
"""Sentences about what is wrong with a kind's settings; none when all is well."""
