"""Api: gidgethub's requests with what it leaves to us: tokens, time, proxies, limits, repeats, errors."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Protocol

import aiohttp
import jwt
from gidgethub import GitHubBroken, HTTPException
from gidgethub.aiohttp import GitHubAPI

from integrations.github.errors import GitHubAwayError, GitHubLimitedError, GitHubRefusedError
from integrations.github.limits import PATIENCE, Limits
from integrations.github.recent import Kept, Recent
from integrations.proxies import proxy_for

VERSION = "2022-11-28"
"""The version of the API that is spoken, by every GitHub Enterprise Server that is supported, too."""
PAUSES = (0.5, 2.0)
"""How long to wait before a reading is repeated that met trouble on GitHub's side."""
LARGEST_KEPT = 256 * 1024
REPEATS_WHEN_BUSY = 2

Answer = tuple[int, Mapping[str, str], bytes]

_LAST = re.compile(r"""<[^>]*[?&]page=(\d{1,9})[^>]*>;\s*rel="last\"""")
_heard: ContextVar[list[str] | None] = ContextVar("heard", default=None)
"""Where somebody wants to know what links stand beside an answer, they are put here."""


class Key(Protocol):
    """What opens GitHub: a token that stays, or one that is renewed."""

    async def token(self) -> str:
        """The token to use now."""
        ...

    def renew(self, refused: str) -> bool:
        """That one was refused. Whether another may be had."""
        ...


class Api(GitHubAPI):
    """GitHub for one key. Raises gidgethub's HTTPException for what GitHub refuses, and our errors for the rest."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        *,
        now: Callable[[], datetime],
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
        key: Key | None = None,
        app: tuple[str, str] | None = None,
    ) -> None:
        """`app` is the id and the private key, to speak as the App itself; `key` speaks as anybody else."""
        app_id, private_key = app or (None, None)
        kept: Recent[Kept] = Recent()
        super().__init__(session, "Slipway", cache=kept, base_url=base_url, app_id=app_id, private_key=private_key)
        self.limits = Limits(now)
        self.scopes: frozenset[str] | None = None
        """What a classic token was granted; None for all other kinds."""
        self.expires: datetime | None = None
        """When the token ends, where GitHub says so."""
        self._now = now
        self._rest = rest
        self._key = key

    async def sleep(self, seconds: float) -> None:
        await self._rest(seconds)

    async def last_page(self, url: str, url_vars: Mapping[str, str]) -> int | None:
        """The number of a list's last page; None where GitHub doesn't tell. gidgethub shows only the next one."""
        links: list[str] = []
        before = _heard.set(links)
        try:
            shown = await self.getitem(url, url_vars)
        finally:
            _heard.reset(before)
        found = _LAST.search(links[-1]) if links else None
        if found:
            return int(found[1])
        return len(shown) if isinstance(shown, list) and links and not links[-1] else None

    async def manage_rate_limit(self, *, method: str, url: str) -> None:  # noqa: ARG002 - gidgethub's signature
        """Don't ask where there will be no answer: wait a moment, or say until when."""
        until = self.limits.until
        if until is not None:
            await self._wait(until)

    async def handle_rate_limit_error(self, *, method: str, url: str, exception: HTTPException, attempt: int) -> bool:  # noqa: ARG002 - gidgethub's signature
        """Whether to ask again: readings that met trouble, and whatever was refused for being too much."""
        if isinstance(exception, GitHubBroken):
            if method != "GET" or attempt > len(PAUSES):
                return False
            await self.sleep(PAUSES[attempt - 1])
            return True
        until = self.limits.too_much(int(exception.status_code), exception.headers, str(exception))
        if until is None:
            return False
        if attempt > REPEATS_WHEN_BUSY:
            raise GitHubLimitedError(until)
        await self._wait(until)
        return True

    async def _wait(self, until: datetime) -> None:
        left = until - self._now()
        if left > PATIENCE:
            raise GitHubLimitedError(until)
        await self.sleep(max(left.total_seconds(), 0))

    def _get_app_jwt(self) -> str | None:
        try:
            return super()._get_app_jwt()
        except (ValueError, TypeError, jwt.PyJWTError):
            raise GitHubRefusedError(
                "The private key of the GitHub App can't be used. Generate another on the app's page, and give it in "
                "SLIPWAY_GITHUB_APP_KEY.",
                status=401,
            ) from None

    async def _request(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        if not url.startswith(f"{self.base_url}/"):  # a next page elsewhere: nobody else is to see our token
            raise GitHubAwayError("What answers there is not GitHub.", uncertain=True)
        ours = {**headers, "x-github-api-version": VERSION}
        if _heard.get() is not None:  # an answer that says “nothing new” may leave the links out
            ours = {name: value for name, value in ours.items() if not name.startswith("if-")}
        if self._key is None:
            return self._noted(await self._sent(method, url, ours, body))
        token = await self._key.token()
        answer = await self._sent(method, url, {**ours, "authorization": f"Bearer {token}"}, body)
        if answer[0] == 401 and self._key.renew(token):  # then nothing was done, so this may be said twice
            token = await self._key.token()
            answer = await self._sent(method, url, {**ours, "authorization": f"Bearer {token}"}, body)
        return self._noted(answer)

    async def _sent(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Ask once; a reading once more if the connection broke (and was not merely slow)."""
        try:
            return await self._once(method, url, headers, body)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if method != "GET" or isinstance(error, TimeoutError):
                raise _away(error) from None
        try:
            return await self._once(method, url, headers, body)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _away(error) from None

    async def _once(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        # A redirected POST would arrive as a GET, and do nothing; so nothing that writes is redirected.
        async with self._session.request(
            method, url, headers=headers, data=body, proxy=proxy_for(url), allow_redirects=method == "GET"
        ) as response:
            return response.status, response.headers, await response.read()

    def _noted(self, answer: Answer) -> Answer:
        status, headers, body = answer
        self.limits.note(headers)
        if "x-oauth-scopes" in headers:
            self.scopes = frozenset(filter(None, (each.strip() for each in headers["x-oauth-scopes"].split(","))))
        if "github-authentication-token-expiration" in headers:
            self.expires = _expiry(headers["github-authentication-token-expiration"]) or self.expires
        links = _heard.get()
        if links is not None:
            links.append(headers.get("link", ""))
        if len(body) <= LARGEST_KEPT:
            return answer
        # Without these gidgethub does not keep it.
        hidden = {"etag", "last-modified"}
        return status, {name.lower(): value for name, value in headers.items() if name.lower() not in hidden}, body


def _away(error: Exception) -> GitHubAwayError:
    """A connection that failed. The library's own words are not shown: a proxy's address may hold a password."""
    if isinstance(error, TimeoutError):
        unheard = isinstance(error, aiohttp.ConnectionTimeoutError)
        return GitHubAwayError("GitHub did not answer in time.", uncertain=not unheard)
    if isinstance(error, aiohttp.ClientSSLError):
        return GitHubAwayError("GitHub's certificate can't be trusted from here.", uncertain=False)
    if isinstance(error, (aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError)):
        return GitHubAwayError("GitHub could not be reached: the proxy does not lead there.", uncertain=False)
    if isinstance(error, (aiohttp.ClientConnectorError, aiohttp.InvalidURL)):
        return GitHubAwayError("GitHub could not be reached.", uncertain=False)
    return GitHubAwayError("GitHub broke off while answering.", uncertain=True)


def _expiry(told: str) -> datetime | None:
    """`2026-12-31 09:00:00 UTC`, or with an offset in numbers."""
    for form in ("%Y-%m-%d %H:%M:%S %Z", "%Y-%m-%d %H:%M:%S %z"):
        try:
            found = datetime.strptime(told.strip(), form)  # noqa: DTZ007 - the zone is given, or is UTC by name
        except ValueError:
            continue
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return None
