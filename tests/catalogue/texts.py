"""Catalogues for these tests: the example, a short one, and wrong ones whose mistake is marked with §."""

from __future__ import annotations

from pathlib import Path

from bot.catalogue import Problem, load
from bot.rules.policy import Catalogue
from integrations.deployers.kinds import KINDS
from tests.sample import SAMPLE as EXAMPLE

SHORT = """\
version: 1
owners: {role: team, channel: C0TEAM}
roles:
  team: {group: S0TEAM}
services:
  payments:
    environments:
      production:
        deployer: {command: {program: [./deploy]}}
"""


def loaded(text: str, base: Path = EXAMPLE.parent) -> Catalogue:
    """A catalogue that must be right."""
    found = load(text, deployers=KINDS, base=base)
    assert isinstance(found, Catalogue), "\n".join(map(str, found))
    return found


def problems(text: str) -> list[Problem]:
    """What is wrong with this one, which must be something."""
    found = load(text, deployers=KINDS, base=EXAMPLE.parent)
    assert isinstance(found, list), "this was taken for right"
    assert found
    return found


def example_with(old: str, new: str) -> str:
    """The example with one thing changed."""
    text = EXAMPLE.read_text()
    assert text.count(old) >= 1, old
    return text.replace(old, new, 1)


def short_with(old: str, new: str) -> str:
    """The short one with one thing changed."""
    assert SHORT.count(old) >= 1, old
    return SHORT.replace(old, new, 1)


def marked(text: str) -> tuple[str, int, int]:
    """The text without its mark, and the line and column where that was."""
    before, mark, after = text.partition("§")
    assert mark, "a wrong catalogue marks its mistake with §"
    return before + after, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
