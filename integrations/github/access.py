"""Access: as whom we speak to GitHub: with a token, or as an App that is installed where the repositories are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from gidgethub import HTTPException

from integrations.github.api import Api, Key
from integrations.github.errors import GitHubAwayError, GitHubError, GitHubNotInstalledError, translated

AHEAD = timedelta(minutes=5)
"""How long before its end a token is renewed."""
BARELY = timedelta(seconds=30)
"""A token that is good for this long still serves while no new one can be had."""

NewApi = Callable[[Key | None], Api]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are at GitHub. `granted` are the scopes of a classic token; None for what has permissions instead."""

    name: str
    is_app: bool
    expires: datetime | None = None
    scopes: frozenset[str] | None = None


class Access(Protocol):
    """As whom we speak."""

    async def api(self, repository: str) -> Api:
        """What speaks about that repository (`owner/name`)."""
        ...

    async def identity(self) -> Identity:
        """Who we are."""
        ...

    async def permissions(self, repository: str) -> Mapping[str, str] | None:
        """What we were granted there, as `contents` to `read`; None where GitHub doesn't tell."""
        ...


class TokenAccess:
    """With a token that somebody made by hand."""

    def __init__(self, token: str, new_api: NewApi) -> None:
        self._token = token
        self._api = new_api(self)

    async def token(self) -> str:
        return self._token

    def renew(self, refused: str) -> bool:  # noqa: ARG002 - there is no other
        return False

    async def api(self, repository: str) -> Api:  # noqa: ARG002 - the same for all
        return self._api

    async def identity(self) -> Identity:
        try:
            told = await self._api.getitem("/user")
        except HTTPException as error:
            raise translated(error, "our account") from None
        return Identity(_told(told, "login"), is_app=False, expires=self._api.expires, scopes=self._api.scopes)

    async def permissions(self, repository: str) -> Mapping[str, str] | None:  # noqa: ARG002 - GitHub doesn't tell
        return None


class AppAccess:
    """As a GitHub App. `app` is the Api that speaks as the App itself, `new_api` makes one for an installation."""

    def __init__(self, app: Api, new_api: NewApi, now: Callable[[], datetime]) -> None:
        self._app = app
        self._new_api = new_api
        self._now = now
        self._finding = asyncio.Lock()
        self._installed: dict[str, int] = {}
        """The installation of each repository that was asked about."""
        self._apis: dict[int, Api] = {}

    async def api(self, repository: str) -> Api:
        installation = self._installed.get(repository.lower())
        if installation is None:
            async with self._finding:
                installation = self._installed.get(repository.lower())
                if installation is None:
                    installation = int(_told(await self._installation(repository), "id"))
                    self._installed[repository.lower()] = installation
        if installation not in self._apis:
            key = InstallationKey(self._app, installation, self._now, self._gone)
            self._apis[installation] = self._new_api(key)
        return self._apis[installation]

    async def identity(self) -> Identity:
        try:
            told = await self._app.getitem("/app")
        except HTTPException as error:
            raise translated(error, "our App") from None
        return Identity(_told(told, "slug"), is_app=True)

    async def permissions(self, repository: str) -> Mapping[str, str] | None:
        told = (await self._installation(repository)).get("permissions")
        return {str(name): str(level) for name, level in told.items()} if isinstance(told, Mapping) else None

    async def _installation(self, repository: str) -> Mapping[str, Any]:
        owner, _, name = repository.partition("/")
        try:
            told = await self._app.getitem("/repos/{owner}/{repo}/installation", {"owner": owner, "repo": name})
        except HTTPException as error:
            if error.status_code == 404:
                raise GitHubNotInstalledError(
                    f"Slipway's GitHub App is not installed for {repository}, or there is no such repository. Install "
                    "it there from the App's page, “Install App”.",
                    status=404,
                ) from None
            raise translated(error, repository) from None
        if not isinstance(told, Mapping):
            raise GitHubAwayError("What answers there is not GitHub.", uncertain=True)
        return told

    def _gone(self, installation: int) -> None:
        """It is there no more: the App was taken out, and may have been installed anew under another number."""
        self._apis.pop(installation, None)
        self._installed = {name: each for name, each in self._installed.items() if each != installation}


class InstallationKey:
    """The token of one installation. It is good for an hour; whoever needs it first renews it, and the others wait."""

    def __init__(self, app: Api, installation: int, now: Callable[[], datetime], gone: Callable[[int], None]) -> None:
        self._app = app
        self._installation = installation
        self._now = now
        self._gone = gone
        self._renewing = asyncio.Lock()
        self._token = ""
        self._expires: datetime | None = None

    async def token(self) -> str:
        if not self._good_for(AHEAD):
            async with self._renewing:
                if not self._good_for(AHEAD):
                    await self._renew()
        return self._token

    def renew(self, refused: str) -> bool:
        if refused == self._token:
            self._expires = None
        return True

    def _good_for(self, length: timedelta) -> bool:
        return self._expires is not None and self._expires - self._now() > length

    async def _renew(self) -> None:
        try:
            told = await self._app.post(
                "/app/installations/{installation_id}/access_tokens",
                {"installation_id": str(self._installation)},
                data={},
            )
        except HTTPException as error:
            if error.status_code == 404:
                self._gone(self._installation)
                raise GitHubNotInstalledError(
                    "Slipway's GitHub App is no longer installed where it was. Install it again from the App's page.",
                    status=404,
                ) from None
            if self._good_for(BARELY):
                return
            raise translated(error, "Slipway's GitHub App") from None
        except GitHubError:
            if self._good_for(BARELY):
                return
            raise
        self._token, self._expires = _told(told, "token"), datetime.fromisoformat(_told(told, "expires_at"))


def _told(answer: object, name: str) -> str:
    value = answer.get(name) if isinstance(answer, Mapping) else None
    if not isinstance(value, (str, int)):
        raise GitHubAwayError("What answers there is not GitHub.", uncertain=True)
    return str(value)
