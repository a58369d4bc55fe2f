"""The table of deployers in the documentation, made from what they say they can do.

`python -m integrations.deployers.table` prints it; a test holds `docs/integrations/README.md` to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.ports import Capabilities
from integrations.deployers import command, github_actions, github_deployments, webhook

ABILITIES: Mapping[str, tuple[Capabilities, Capabilities]] = MappingProxyType(
    {
        "command": (command.can_with({}), command.CAN),
        "webhook": (webhook.can_with({}), webhook.CAN),
        "github-actions": (github_actions.can_with({}), github_actions.CAN),
        "github-deployments": (github_deployments.can_with({}), github_deployments.CAN),
    }
)
"""Of each kind, what it can do with no more settings than it needs, and with all of them."""

ROWS = MappingProxyType(
    {
        "cancels": "what has begun can be stopped (`/deploy cancel`)",
        "forestalls": "what is cancelled before it began never begins",
        "survives_restart": "work goes on, and is found again, while Slipway is restarted",
        "finds_again": "asked to start again, it finds what it started; otherwise it is asked once and never again",
        "links": "people are led to where the work can be watched",
        "steps": "its steps are shown in the thread",
        "pushes": "it tells of its progress by itself; it is asked all the same, where it can be",
        "names_commit": "it says which commit it deploys, and is stopped if that is not the approved one",
        "names_run": "a workflow that asks whether it may go on is known by its number, and not only by its commit",
        "finds_artifacts": "a rollback's preview knows what is still there",
    }
)
"""Each capability, in words for whoever chooses a deployer."""


def table(abilities: Mapping[str, tuple[Capabilities, Capabilities]] = ABILITIES) -> str:
    """The table, in Markdown."""
    lines = [
        " | ".join(["", "", *(f"[`{kind}`]({kind}.md)" for kind in abilities), ""]).strip(),
        "|" + " --- |" * (len(abilities) + 1),
    ]
    for name, words in ROWS.items():
        cells = [_cell(getattr(least, name), can=getattr(most, name)) for least, most in abilities.values()]
        lines.append("| " + " | ".join([words, *cells]) + " |")
    return "\n".join(lines) + "\n"


def _cell(always: bool, *, can: bool) -> str:
    if always:
        return "yes"
    return "if set up" if can else "no"


if __name__ == "__main__":
    print(table(), end="")  # noqa: T201 - this is what it is for
