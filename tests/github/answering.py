"""How the twin answers: one function for each operation, entered into a table by its name in the description."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.github.description import Asked, published
from tests.github.state import Grant, Repo

if TYPE_CHECKING:
    from tests.github.twin import GitHubTwin

MOST_A_PAGE = 100
USUAL_A_PAGE = 30


@dataclass(frozen=True)
class Answer:
    """What is answered; without a body there is none."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class RefusalError(Exception):
    """GitHub says no."""

    def __init__(self, status: int, message: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(message)
        body = {"message": message, "documentation_url": "https://docs.github.com/rest", "status": str(status), **more}
        self.answer = Answer(status, body, headers or {})


@dataclass(frozen=True)
class Call:
    """A request that is allowed, by somebody who is known."""

    twin: GitHubTwin
    asked: Asked
    path: str
    body: Any
    grant: Grant

    def __getitem__(self, name: str) -> str:
        return self.asked.values[name]

    def get(self, name: str, default: str = "") -> str:
        return self.asked.values.get(name, default)

    @property
    def repo(self) -> Repo:
        """The repository that it is about. What may not be seen isn't there."""
        name = f"{self['owner']}/{self['repo']}"
        found = self.twin.repositories.get(name.lower())
        if found is None or not self.grant.sees(found.name):
            raise RefusalError(404, "Not Found")
        if found.moved_to:
            there = f"{self.twin.address}/repos/{found.moved_to}{self.path.partition(self['repo'])[2]}"
            status = 301 if self.asked.operation.method == "get" else 307
            raise RefusalError(status, "Moved Permanently", headers={"Location": there}, url=there)
        return found

    def page(self, items: Sequence[Any], inside: str = "", **more: Any) -> Answer:
        """One page of these; `inside`: as that field of an object which also counts them all."""
        per_page = min(int(self.get("per_page") or USUAL_A_PAGE), MOST_A_PAGE)
        page = max(int(self.get("page") or 1), 1)
        shown = list(items[(page - 1) * per_page : page * per_page])
        last = max((len(items) + per_page - 1) // per_page, 1)
        links = {"next": page + 1, "last": last} if page < last else {}
        if page > 1:
            links |= {"prev": page - 1, "first": 1}
        told = ", ".join(f'<{self._there(number)}>; rel="{rel}"' for rel, number in links.items())
        body = {"total_count": len(items), inside: shown, **more} if inside else shown
        return Answer(200, body, {"Link": told} if told else {})

    def _there(self, page: int) -> str:
        query = {name: value for name, value in self.asked.values.items() if f"{{{name}}}" not in self._template}
        told = "&".join(f"{name}={value}" for name, value in {**query, "page": str(page)}.items())
        return f"{self.twin.address}{self.path}?{told}"

    @property
    def _template(self) -> str:
        return self.asked.operation.template

    @property
    def now(self) -> str:
        return moment(self.twin.now())


Handler = Callable[[Call], Answer]
OPERATIONS: dict[str, tuple[Handler, str]] = {}
"""Each operation: how it is answered, and the permissions of which one is needed, as GitHub writes them."""


def answers(operation: str, needs: str = "") -> Callable[[Handler], Handler]:
    """Enter it into the table."""
    assert operation in published().operations, operation

    def enter(handler: Handler) -> Handler:
        OPERATIONS[operation] = (handler, needs)
        return handler

    return enter


def filled(schema: str, **facts: Any) -> dict[str, Any]:
    """Something of a kind that GitHub has, whole."""
    return published().filled(schema, **facts)


def person(login: str) -> dict[str, Any]:
    """Somebody at GitHub."""
    url = f"https://github.com/{login}"
    return filled("simple-user", login=login, html_url=url, type="User", avatar_url=f"{url}.png")


def moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


SHA = re.compile(r"[0-9a-f]{40}")
