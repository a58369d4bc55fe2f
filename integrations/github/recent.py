"""What was read lately, so that GitHub can say “nothing new” and doesn't count the question."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, TypeVar

MOST = 2048
"""More than there are open pull requests to look at: going through more than are kept would find none of them."""

V = TypeVar("V")

Kept = tuple[str | None, str | None, Any, str | None]
"""Etag, moment of the last change, data, and where the next page is: as gidgethub keeps it."""


class Recent(OrderedDict[str, V]):
    """The answers by address: those that were used last, and no more than so many."""

    def __init__(self, most: int = MOST) -> None:
        super().__init__()
        self._most = most

    def __getitem__(self, url: str) -> V:
        found = super().__getitem__(url)
        self.move_to_end(url)
        return found

    def __setitem__(self, url: str, kept: V) -> None:
        super().__setitem__(url, kept)
        self.move_to_end(url)
        while len(self) > self._most:
            self.popitem(last=False)
