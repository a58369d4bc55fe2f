"""The tables of promises name tests that exist, and every rule that never bends has one."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs" / "stories.md").read_text("utf-8")
TIME = (ROOT / "docs" / "time.md").read_text("utf-8")


def test_every_story_in_the_tables_exists():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TABLE + TIME)
    assert len(named) > 30
    missing = [f"{file}::{test}" for file, test in named if f"def {test}(" not in (ROOT / file).read_text("utf-8")]
    assert missing == []


def test_every_rule_that_never_bends_has_a_story():
    rules = re.findall(r"^\| \*\*(\d)\. [^|]+\| ([^|]*)\|", TABLE, re.MULTILINE)
    covered = {int(number) for number, stories in rules if "tests/" in stories}
    assert covered == set(range(1, 9))
