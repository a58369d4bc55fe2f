"""The verifier: asks an environment's own addresses which version it serves, and whether it is well."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import aiohttp
from yarl import URL

from bot.ports import Served
from bot.rules.policy import Environment

MOST = 64 * 1024
LONGEST_VERSION = 200
MOST_REDIRECTS = 3

_INDEX = re.compile(r"[0-9]{1,6}")


class _UnreadableError(Exception):
    """The address gave no document; the message says why, for people."""


class HttpVerifier:
    """Reads one member of the JSON document at the environment's verification address."""

    def __init__(self, session: aiohttp.ClientSession, *, timeout: timedelta = timedelta(seconds=5)) -> None:
        """The session is shared with others and belongs to whoever made it."""
        self._session = session
        self._timeout = aiohttp.ClientTimeout(total=timeout.total_seconds())
        self._seconds = timeout.total_seconds()

    async def served(self, environment: Environment) -> Served:
        """What is served right now, or why that can't be read."""
        verification = environment.verification
        if verification is None:
            return Served(None, f"The catalogue names no address where {environment.name} tells its version.")
        try:
            document = await self._document(verification.url)
        except _UnreadableError as trouble:
            return Served(None, str(trouble))
        version = _member(document, verification.member)
        if version is None:
            place = _shown(verification.url)
            return Served(None, f"The answer of {place} has no version at “{verification.member}”.")
        return Served(version)

    async def unhealthy(self, address: str) -> str:
        """Why that address doesn't answer with 2xx right now."""
        try:
            status, _ = await self._answer(address)
        except _UnreadableError as trouble:
            return str(trouble)
        return "" if 200 <= status < 300 else f"{_shown(address)} answered with status {status}."

    async def _document(self, url: str) -> Any:
        place = _shown(url)
        status, body = await self._answer(url)
        if status != HTTPStatus.OK:
            raise _UnreadableError(f"{place} answered with status {status}.")
        if len(body) > MOST:
            raise _UnreadableError(f"The answer of {place} is longer than a version should be.")
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as trouble:
            raise _UnreadableError(f"The answer of {place} is not JSON.") from trouble

    async def _answer(self, url: str) -> tuple[int, bytes]:
        """Status and body, or why there is none."""
        place = _shown(url)
        try:
            return await self._read(url)
        except TimeoutError as trouble:
            raise _UnreadableError(f"{place} did not answer within {self._seconds:g} seconds.") from trouble
        except aiohttp.TooManyRedirects as trouble:
            raise _UnreadableError(f"{place} sends readers elsewhere again and again.") from trouble
        except aiohttp.ClientConnectorError as trouble:
            raise _UnreadableError(f"{place} could not be reached.") from trouble
        except (ValueError, aiohttp.NonHttpUrlClientError) as trouble:  # yarl's words are ValueErrors
            raise _UnreadableError(f"{place} is no address that can be read.") from trouble
        except (aiohttp.ClientError, OSError) as trouble:
            raise _UnreadableError(f"{place} broke off while answering.") from trouble

    async def _read(self, url: str) -> tuple[int, bytes]:
        """Status and body, one byte more than is allowed at most."""
        async with self._session.get(
            url,
            timeout=self._timeout,
            max_redirects=MOST_REDIRECTS,
            headers={"Accept": "application/json", "Cache-Control": "no-cache"},
        ) as response:
            body = bytearray()
            while response.status == HTTPStatus.OK and len(body) <= MOST:
                part = await response.content.read(MOST + 1 - len(body))
                if not part:
                    break
                body += part
            return response.status, bytes(body)


def _member(document: Any, path: str) -> str | None:
    """The text or number at a dotted path; a list's entries are counted from 0."""
    if isinstance(document, dict) and path in document:
        return _text(document[path])
    found = document
    for name in path.split("."):
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif isinstance(found, list) and _INDEX.fullmatch(name) and int(name) < len(found):
            found = found[int(name)]
        else:
            return None
    return _text(found)


def _text(found: Any) -> str | None:
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return None
    text = str(found).strip()
    return text if text and text.isprintable() and len(text) <= LONGEST_VERSION else None


def _shown(url: str) -> str:
    """The address without what may be secret in it."""
    try:
        shown = URL(url).with_user(None).with_query(None).with_fragment(None)
    except ValueError:
        return "The address of the version"
    return str(shown) if shown.host else "The address of the version"
