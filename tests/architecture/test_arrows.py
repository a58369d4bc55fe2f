"""Arrows point inward: import-linter holds what CONTRIBUTING promises, and it is not quietly switched off."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_import_contracts_hold():
    linter = Path(sys.executable).with_name("lint-imports")
    ended = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("package", ["bot/rules", "bot/verbs"])
def test_the_domain_imports_the_standard_library_and_itself_only(package):
    """The linter names what is forbidden; this names all that is allowed, so that a new library is noticed, too."""
    foreign = {
        f"{file.relative_to(ROOT)}: {name}"
        for file in (ROOT / package).glob("**/*.py")
        for name in imported(file)
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith(("bot.rules", *allowed(package)))
    }
    assert foreign == set()


def allowed(package: str) -> tuple[str, ...]:
    return ("bot.verbs", "bot.ports", "bot.notices") if package == "bot/verbs" else ()


def imported(file: Path) -> set[str]:
    tree = ast.parse(file.read_text("utf-8"))
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def test_every_module_says_what_it_is():
    silent = [
        str(file.relative_to(ROOT))
        for package in ("bot", "handlers", "integrations")
        for file in (ROOT / package).glob("**/*.py")
        if "/versions/" not in str(file) and not ast.get_docstring(ast.parse(file.read_text("utf-8")))
    ]
    assert silent == []
