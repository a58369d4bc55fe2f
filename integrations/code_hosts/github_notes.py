"""Notes: what is published about a version, in GitHub's Markdown. What people wrote stays words, and is no markup.

A title may hold anything. It must not become a heading, a picture or a link, nor call people or mention other issues,
as `@name` and `#12` would.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bot.ports import Changes, Commit, Notes

LONGEST = 100_000
"""GitHub takes 125,000 characters."""
_LONGEST_LINE = 200
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()|~&$!])")
_AT_THE_BEGINNING = re.compile(r"^(\s*)([#+=:-]|\d+(?=[.)](\s|$)))")
_CALLS = re.compile(r"@(?=[A-Za-z0-9])")
_MENTIONS = re.compile(r"(#|\bGH-)(?=\d)", re.IGNORECASE)
_SCHEMES = re.compile(r"\b(https?|ftp|mailto|xmpp)(?=:)|\b(www)(?=\.)", re.IGNORECASE)
_UNSEEN = "\u200b"
"""A blank without width: it keeps together what is read, and apart what would be found."""
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&'*+,;=%-]+")


def written(notes: Notes) -> str:
    """The text of a release."""
    parts = [*_paragraphs(notes.about)]
    if notes.changes is not None and notes.changes.total:
        parts += _changes(notes.changes, notes.since)
    return "\n\n".join(parts)[:LONGEST]


def words(text: str, longest: int = _LONGEST_LINE) -> str:
    """One line of somebody's words, such that it reads as it was written and does nothing else."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    if len(line) > longest:
        line = f"{line[: longest - 1]}…"
    line = _MARKUP.sub(r"\\\1", line)
    line = _CALLS.sub(f"@{_UNSEEN}", line)
    line = _MENTIONS.sub(rf"\1{_UNSEEN}", line)
    line = _SCHEMES.sub(lambda found: f"{found[0]}{_UNSEEN}", line)
    # What begins with digits and a full stop would be a list.
    return _AT_THE_BEGINNING.sub(
        lambda found: f"{found[1]}{_UNSEEN if found[2].isdigit() else chr(92)}{found[2]}", line
    )


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", text.replace("\r\n", "\n")):
        lines = [words(each) for each in paragraph.splitlines() if each.strip()]
        if lines:
            yield "  \n".join(lines)


def _changes(changes: Changes, since: str) -> Iterator[str]:
    yield f"### Changes since {words(since)}" if since else "### Changes"
    yield "\n".join(f"- {each}" for each in _lines(changes.commits))
    left = changes.total - len(changes.commits)
    if left > 0:
        yield f"And {left} more {'commit' if left == 1 else 'commits'}."
    if changes.url and _ADDRESS.fullmatch(changes.url):
        yield f"[Everything that has changed]({changes.url})"


def _lines(commits: Iterable[Commit]) -> Iterator[str]:
    """Each pull request once, with its title; a commit that came by none, with its own."""
    seen = set()
    for commit in commits:
        pull = commit.pull
        if pull is None:
            yield f"{words(commit.subject)} {_link(commit.sha[:7], commit.url)}"
        elif pull.number not in seen:
            seen.add(pull.number)
            yield f"{words(pull.title)} {_link(f'#{pull.number}', pull.url)}"


def _link(text: str, url: str | None) -> str:
    """A link to what a line is about."""
    return f"([{text}]({url}))" if url and _ADDRESS.fullmatch(url) else f"({text})"
