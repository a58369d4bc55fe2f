"""Reading: what GitHub shows of a commit or a pull request, in our words. Nothing is asked here."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.ports import Commit, PullRequest
from integrations.code_hosts.reverts import Node
from integrations.code_hosts.words import NO_MOMENT, TRAILER, plain

Shown = Mapping[str, Any]
"""A commit, as GitHub shows it."""

_TRAILER = re.compile(rf"^{TRAILER}:[ \t]*(\S.*(?:\n[ \t]+\S.*)*)$", re.MULTILINE | re.IGNORECASE)


def a_commit(told: Shown) -> Commit:
    """A commit, from a list or by itself."""
    inside = told.get("commit") or told
    author, committer = inside.get("author") or {}, inside.get("committer") or {}
    message = inside.get("message") or ""
    return Commit(
        told["sha"],
        plain(_subject(message)),
        plain(author.get("name") or ""),
        plain(author.get("email") or ""),
        _moment(committer.get("date") or author.get("date") or ""),
        told.get("html_url"),
        irreversible=irreversible(message),
    )


def irreversible(message: str) -> str:
    """What its trailer says, wherever that stands.

    GitHub writes into the message of a squashed pull request what its commits said; that leaves it in the middle.
    """
    return plain("; ".join(_TRAILER.findall(message.replace("\r\n", "\n")))).strip("; ")


def node(told: Shown) -> Node:
    """A commit of a history, with all that may tell of reverts."""
    message = (told.get("commit") or told).get("message") or ""
    parents = tuple(each["sha"] for each in told.get("parents", ()))
    return Node(told["sha"], parents, message.replace("\r\n", "\n"), plain(_subject(message)))


def in_order(nodes: Sequence[Node]) -> list[Node]:
    """The same, each after its parents: by their dates alone a commit might come before what it builds on."""
    known = {each.sha: place for place, each in enumerate(nodes)}
    waits = {each.sha: len({parent for parent in each.parents if parent in known}) for each in nodes}
    children: dict[str, list[str]] = {}
    for each in nodes:
        for parent in set(each.parents):
            children.setdefault(parent, []).append(each.sha)
    free = [known[sha] for sha, number in waits.items() if not number]
    heapq.heapify(free)
    found = []
    while free:
        each = nodes[heapq.heappop(free)]
        found.append(each)
        for child in children.get(each.sha, ()):
            waits[child] -= 1
            if not waits[child]:
                heapq.heappush(free, known[child])
    return found


def a_pull_request(told: Iterable[Mapping[str, Any]]) -> tuple[PullRequest, bool] | None:
    """The pull request of a commit, and whether it is merged: a merged one, else one that is open."""
    found = sorted(told, key=lambda each: (each.get("merged_at") is None, each["number"]))
    if not found:
        return None
    first = found[0]
    return PullRequest(int(first["number"]), plain(first.get("title") or ""), first.get("html_url")), bool(
        first.get("merged_at")
    )


def _subject(message: str) -> str:
    """The first paragraph, as git has it."""
    return re.split(r"\r?\n\s*\r?\n", message.lstrip("\r\n"), maxsplit=1)[0]


def _moment(told: str) -> datetime:
    try:
        found = datetime.fromisoformat(told)
    except ValueError:
        return NO_MOMENT
    return found.astimezone(UTC) if found.tzinfo is not None else found.replace(tzinfo=UTC)
