"""The README's picture of a deployment's life is the table in the code."""

from __future__ import annotations

import re
from pathlib import Path

from bot.rules.deployment import BEGINNINGS, LIFECYCLE

README = Path(__file__).parents[2] / "README.md"


def test_the_readmes_diagram_is_the_lifecycle():
    (diagram,) = re.findall(r"```mermaid\nstateDiagram-v2\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    arrows = set(re.findall(r"(\S+) --> (\S+)", diagram))
    begins = {("[*]", state.value) for state in BEGINNINGS}
    moves = {(state.value, after.value) for state, following in LIFECYCLE.items() for after in following}
    ends = {(state.value, "[*]") for state, following in LIFECYCLE.items() if not following}
    assert arrows == begins | moves | ends
