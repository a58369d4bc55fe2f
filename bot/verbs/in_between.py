"""In between: what lies between two commits, as people read it: each change with the pull request that it came by."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta

from bot.ports import Changes, CodeHost, Commit

SHOWN = 12
"""So many commits are shown by name; the others are counted."""
WITHIN = timedelta(seconds=2)
"""Nobody waits longer than that for pull requests; without them it can be read as well."""

_NUMBER = re.compile(r"\s*\(#(\d+)\)$")
_MERGE = re.compile(r"Merge pull request #(\d+)\b")


async def with_pulls(code_host: CodeHost, repository: str, changes: Changes) -> Changes:
    """The same, with the pull requests of the commits that are shown, as far as they can be learned in time."""
    try:
        async with asyncio.timeout(WITHIN.total_seconds()):
            told = await code_host.with_pulls(repository, changes.commits[:SHOWN])
    except TimeoutError:
        return changes
    return replace(changes, commits=(*told, *changes.commits[SHOWN:]))


def headline(commit: Commit) -> str:
    """What a commit is about, without the number of its pull request; for a merge, what the pull request is called."""
    if commit.pull is None:
        return commit.subject
    number = str(commit.pull.number)
    merge = _MERGE.match(commit.subject)
    if merge and merge[1] == number and commit.pull.title:
        return commit.pull.title
    ends = _NUMBER.search(commit.subject)
    return commit.subject[: ends.start()] if ends and ends[1] == number else commit.subject
