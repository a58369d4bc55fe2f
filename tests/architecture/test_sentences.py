"""Every sentence that is written down has a part for each of its names, and no other: also those rarely said."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAYING = {"say", "refuse"}

Texts = frozenset[str]


def may_be(node: ast.expr, known: Mapping[str, Texts | None]) -> Texts | None:
    """All texts that this expression may be; None where only a run can tell."""
    match node:
        case ast.Constant(value=str(text)):
            return frozenset({text})
        case ast.IfExp(body=one, orelse=other):
            first, second = may_be(one, known), may_be(other, known)
            return None if first is None or second is None else first | second
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            before, after = may_be(left, known), may_be(right, known)
            return None if before is None or after is None else frozenset(a + b for a in before for b in after)
        case ast.Name(id=name):
            return known.get(name)
    return None


def assigned(within: ast.AST, known: Mapping[str, Texts | None]) -> dict[str, Texts | None]:
    """What the names there may stand for; a name that is given several texts may be any of them."""
    found: dict[str, Texts | None] = {}
    for node in ast.walk(within):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                texts, before = may_be(value, {**known, **found}), found.get(name, frozenset())
                found[name] = None if texts is None or before is None else before | texts
    return {**known, **found}


def misfits(source: str) -> Iterator[tuple[int, str]]:
    """The sentences whose names are not exactly their parts, each with its line."""
    tree = ast.parse(source)
    top = assigned(ast.Module([each for each in tree.body if isinstance(each, ast.Assign)], []), {})
    functions = [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    for function in functions:
        known = assigned(function, top)
        for node in ast.walk(function):
            match node:
                case ast.Call(func=ast.Name(id=name), args=[template], keywords=parts) if name in SAYING:
                    given = {part.arg for part in parts}
                    if None in given:
                        continue  # ** passes on what only a run can tell
                    for text in may_be(template, known) or ():
                        if {name for _, name, _, _ in string.Formatter().parse(text) if name is not None} != given:
                            yield node.lineno, text


@pytest.mark.parametrize("top", ["bot", "handlers", "integrations"])
def test_every_sentence_has_a_part_for_each_of_its_names(top):
    wrong = [
        f"{file.relative_to(ROOT)}:{line}: {text}"
        for file in sorted((ROOT / top).rglob("*.py"))
        for line, text in misfits(file.read_text("utf-8"))
    ]
    assert wrong == []


def test_a_part_that_only_one_of_two_sentences_names_is_seen():
    source = """
def kept_out(bad):
    itself = "{version} was taken back."
    together = "{version} was taken back with {bad}."
    what = itself if bad else together
    return refuse(what + " Lift it.", version="2", bad="3")
"""
    assert list(misfits(source)) == [(6, "{version} was taken back. Lift it.")]
