"""Reverts: what a commit still carries of suspected ones, read from the messages in its history.

A revert undoes what came before it; a revert of a revert brings it back. The commits that undo a suspect or bring it
back are its events. It is mended where some event undid it after everything that brought it: where two lines of history
say different things and neither comes after the other, it counts as carried.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

MENTIONS = ("This reverts commit", "^Reverts .*#[0-9]", "^Merge pull request #[0-9]")
"""What a message must hold so that anything can be read from it, as git's patterns."""

MENTIONS_NUMBER = re.compile(r"^Reverts [\w.-]+/[\w.-]+#\d+\s*$", re.MULTILINE)

_REVERTS = re.compile(
    r"This reverts commit ([0-9a-f]{40}(?:[0-9a-f]{24})?)(?:,\s+reversing\s+changes\s+made\s+to\s+([0-9a-f]{40,64}))?"
)
_BY_NUMBER = re.compile(r"^Reverts [\w.-]+/[\w.-]+#(\d+)\s*$", re.MULTILINE)
_QUOTED = re.compile(r'^Revert "(.+)"')
_SQUASHED = re.compile(r"^(.*\S)\s+\(#(\d+)\)$")
_MERGED = re.compile(r"^Merge pull request #(\d+) from \S+\s*\n\s*\n(.+)")


@dataclass(frozen=True, slots=True)
class Node:
    """One commit of the range. Its message is there if it may tell of reverts, its subject if that is needed."""

    sha: str
    parents: tuple[str, ...]
    message: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """How many are suspected, which of them are carried (newest first), and how many are mended."""

    suspects: int
    carried: tuple[str, ...]
    mended: int


def carried_by(nodes: Sequence[Node], commit: str, bad: str, only: frozenset[str]) -> Found:
    """What `commit` carries of the suspects. `nodes` are all that it or `bad` has since the good one, oldest first."""
    known = {node.sha: node for node in nodes}
    of_bad, here = _reach(bad, known), _reach(commit, known)
    plain = [node.sha for node in nodes if node.sha in of_bad and len(node.parents) <= 1]
    suspects = [sha for sha in known if sha in of_bad and sha in only] if only else plain
    if not suspects:
        suspects = [node.sha for node in nodes if node.sha in of_bad]  # nothing but merges: then those
    inside = [sha for sha in suspects if sha in here]
    mine = [node for node in nodes if node.sha in here]
    mended = _mended(mine, known, frozenset(inside))
    carried = tuple(sha for sha in reversed(inside) if sha not in mended)
    return Found(len(suspects), carried, len(inside) - len(carried))


def _reach(sha: str, known: Mapping[str, Node]) -> frozenset[str]:
    """This commit and all that it has of the range."""
    seen: set[str] = set()
    waiting = [sha]
    while waiting:
        each = waiting.pop()
        if each in known and each not in seen:
            seen.add(each)
            waiting.extend(known[each].parents)
    return frozenset(seen)


def _mended(nodes: Sequence[Node], known: Mapping[str, Node], suspects: frozenset[str]) -> frozenset[str]:
    """Those suspects that are undone after everything that brought them."""
    by_number = _numbers(nodes)
    effects: dict[str, dict[str, bool]] = {sha: {sha: True} for sha in suspects}
    """What each event does: brings that suspect, or undoes it."""
    for node in nodes:
        for target, brought in _undone(node, known, by_number):
            for each in brought:
                if each != node.sha and each in suspects:
                    effects.setdefault(node.sha, {})[each] = False
            for suspect, brings in effects.get(target, {}).items():
                if target != node.sha:
                    effects.setdefault(node.sha, {})[suspect] = not brings
    return frozenset(_settled(nodes, effects))


def _settled(nodes: Sequence[Node], effects: Mapping[str, Mapping[str, bool]]) -> Iterator[str]:
    """Each event has those before it; a suspect is mended by an undoing that has all that ever brought it."""
    bits = {sha: 1 << place for place, sha in enumerate(effects)}
    has: dict[str, int] = {}
    for node in nodes:
        mask = bits.get(node.sha, 0)
        for parent in node.parents:
            mask |= has.get(parent, 0)
        has[node.sha] = mask
    brings: dict[str, int] = {}
    undoes: dict[str, list[str]] = {}
    for sha, what in effects.items():
        for suspect, does in what.items():
            if does:
                brings[suspect] = brings.get(suspect, 0) | bits[sha]
            else:
                undoes.setdefault(suspect, []).append(sha)
    for suspect, reverts in undoes.items():
        if any(has[each] & brings[suspect] == brings[suspect] for each in reverts):
            yield suspect


def _undone(
    node: Node, known: Mapping[str, Node], by_number: Mapping[tuple[str, str], str]
) -> Iterator[tuple[str, Iterable[str]]]:
    """What that commit says it reverts: the commit itself, and all that this had brought along."""
    if not node.message:
        return
    for target, mainline in _REVERTS.findall(node.message):
        yield target, _brought(target, mainline, known)
    quoted = _QUOTED.match(node.message)
    if quoted is None:
        return
    for number in _BY_NUMBER.findall(node.message):
        named = by_number.get((number, quoted[1]))
        if named is not None:
            yield named, _brought(named, "", known)


def _brought(target: str, mainline: str, known: Mapping[str, Node]) -> frozenset[str]:
    """What a merge brought into its mainline (its first parent, unless another is named); any other commit: itself."""
    node = known.get(target)
    if node is None or len(node.parents) <= 1:
        return frozenset({target})
    main = next((each for each in node.parents if mainline and each.startswith(mainline)), node.parents[0])
    return _reach(target, known) - _reach(main, known)


def _numbers(nodes: Sequence[Node]) -> dict[tuple[str, str], str]:
    """The commits that pull requests became, by number and title: squashed ones end so, merges begin so."""
    found: dict[tuple[str, str], str] = {}
    for node in nodes:
        squashed = _SQUASHED.match(node.subject)
        merged = _MERGED.match(node.message)
        if squashed is not None:
            found[squashed[2], squashed[1]] = node.sha
        elif merged is not None:
            found[merged[1], merged[2].strip()] = node.sha
    return found
