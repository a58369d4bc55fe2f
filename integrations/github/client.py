"""Client: the one way to GitHub: one session, time limits, and errors in our words."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from gidgethub import HTTPException

from integrations.github.access import Access, AppAccess, Identity, TokenAccess
from integrations.github.api import Api, Key
from integrations.github.errors import GitHubAwayError, GitHubError, GitHubNotFoundError, translated

OFFICIAL = "https://api.github.com"
PATIENCE = timedelta(seconds=15)
PER_PAGE = 100
"""As many as GitHub gives at once."""

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")

Value = str | int


class GitHub:
    """GitHub, as whom we are there. Raises GitHubError in one of its kinds, and nothing else."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def repository(self, name: str) -> Repository:
        """One repository, `owner/name`. GitHubNotFoundError if nothing can be called so."""
        if not _NAME.fullmatch(name) or set(name.split("/")) & {".", ".."}:
            raise GitHubNotFoundError(
                f"“{name[:100]}” names no repository at GitHub; that is written owner/name.", status=404
            )
        return Repository(name, self._access)

    async def identity(self) -> Identity:
        """Who we are."""
        with _in_our_words("our account"):
            return await self._access.identity()

    async def permissions(self, repository: str) -> Mapping[str, str] | None:
        """What we were granted there, as `contents` to `read`; None where GitHub doesn't tell."""
        return await self.repository(repository).permissions()


@dataclass(frozen=True, slots=True)
class Repository:
    """What can be asked about one repository.

    Each path begins behind `/repos/{owner}/{repo}` and is a template (RFC 6570): `{ref}` is written so that nothing in
    it has a meaning of its own, and `{?page,per_page}` becomes a query.
    """

    name: str
    _access: Access

    async def get(self, path: str, **values: Value) -> Any:
        """Read one thing. Repeated by itself where the connection breaks or GitHub has trouble."""
        with _in_our_words(self.name):
            return _json(await (await self._api()).getitem(*self._url(path, values)))

    async def each(self, path: str, key: str = "items", **values: Value) -> AsyncGenerator[Any, None]:
        """Read a list, page after page, for as long as whoever reads goes on. `key` is where a page has its list."""
        template = path if "{?" in path else f"{path}{{?per_page}}"
        with _in_our_words(self.name):
            api = await self._api()
            url, variables = self._url(template, {"per_page": PER_PAGE, **values})
            async with aclosing(api.getiter(url, variables, iterable_key=key)) as found:
                async for each in found:
                    yield _json(each)

    async def count(self, path: str, **values: Value) -> int | None:
        """How long a list is, by the number of the last page if each page had one of it; None if that isn't told."""
        with _in_our_words(self.name):
            return await (await self._api()).last_page(*self._url(path, {**values, "per_page": 1}))

    async def post(self, path: str, body: Mapping[str, Any] | None = None, **values: Value) -> Any:
        """Make something. Never repeated where it may have been done; None where GitHub has nothing to say."""
        with _in_our_words(self.name):
            url, variables = self._url(path, values)
            return _json(
                await (await self._api()).post(url, variables, data=b"" if body is None else dict(body)),
                or_nothing=True,
            )

    async def patch(self, path: str, body: Mapping[str, Any], **values: Value) -> Any:
        """Change something."""
        with _in_our_words(self.name):
            url, variables = self._url(path, values)
            return _json(await (await self._api()).patch(url, variables, data=dict(body)), or_nothing=True)

    async def put(self, path: str, body: Mapping[str, Any], **values: Value) -> Any:
        """Put something in its place."""
        with _in_our_words(self.name):
            url, variables = self._url(path, values)
            return _json(await (await self._api()).put(url, variables, data=dict(body)), or_nothing=True)

    async def delete(self, path: str, **values: Value) -> None:
        """Take something away."""
        with _in_our_words(self.name):
            await (await self._api()).delete(*self._url(path, values))

    async def permissions(self) -> Mapping[str, str] | None:
        """What we were granted here; None where GitHub doesn't tell."""
        with _in_our_words(self.name):
            return await self._access.permissions(self.name)

    async def _api(self) -> Api:
        return await self._access.api(self.name)

    def _url(self, path: str, values: Mapping[str, Value]) -> tuple[str, Mapping[str, str]]:
        owner, _, repo = self.name.partition("/")
        known = {name: str(value) for name, value in values.items()}
        return f"/repos/{{owner}}/{{repo}}{path}", {"owner": owner, "repo": repo, **known}


@contextmanager
def _in_our_words(where: str) -> Iterator[None]:
    try:
        yield
    except HTTPException as error:
        raise translated(error, where) from None  # GitHub's own words might repeat what we sent
    except GitHubError as error:
        raise error from None
    except ValueError:  # an answer that claims to be JSON, and isn't
        raise GitHubAwayError("What answers there is not GitHub.", uncertain=True) from None


def _json(answer: Any, *, or_nothing: bool = False) -> Any:
    """An answer that isn't a page of some proxy."""
    if not isinstance(answer, (dict, list)) and not (or_nothing and answer is None):
        raise GitHubAwayError("What answers there is not GitHub.", uncertain=True)
    return answer


@dataclass(frozen=True, slots=True)
class AppKey:
    """A GitHub App: its id (or client id) and its private key."""

    app_id: str
    private_key: str

    def __repr__(self) -> str:
        return f"AppKey({self.app_id}, •••)"


@asynccontextmanager
async def connected_to_github(
    speaking_as: AppKey | str,
    *,
    api: str = OFFICIAL,
    patience: timedelta = PATIENCE,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[GitHub]:
    """GitHub, spoken to as an App or with a token, with the one session that is kept."""
    limit = aiohttp.ClientTimeout(total=patience.total_seconds(), connect=patience.total_seconds() / 3)
    async with aiohttp.ClientSession(timeout=limit, cookie_jar=aiohttp.DummyCookieJar()) as session:

        def new_api(key: Key | None) -> Api:
            return Api(session, api, now=now, rest=rest, key=key)

        if isinstance(speaking_as, str):
            yield GitHub(TokenAccess(speaking_as, new_api))
        else:
            app = Api(session, api, now=now, rest=rest, app=(speaking_as.app_id, speaking_as.private_key))
            yield GitHub(AppAccess(app, new_api, now))
