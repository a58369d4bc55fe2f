"""Calls to a target's addresses: signed, never redirected, within a time and a size, by the proxy that leads there.

Nothing is asked twice here. What is sent and who is asked are in no sentence and no log, but for the machine's name.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from bot.ports import Clock
from bot.signatures import SIGNATURE, TIMESTAMP, signature
from integrations.deployers.webhook_settings import Credentials
from integrations.proxies import proxy_for

LARGEST = 64 * 1024
"""What an answer has at most, in bytes: as much as a target's own words."""
AT_ONCE = 50


class CallError(Exception):
    """There is no answer; the message says why, for people. `sent` False: it is certain that nothing arrived."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked, where."""

    method: str
    address: str = field(repr=False)
    """With its placeholders filled in."""
    credentials: Credentials
    timeout: timedelta
    body: Mapping[str, Any] | None = None
    key: str = ""
    """What the target knows this very request again by."""

    @property
    def host(self) -> str:
        """All that may be shown of where it goes."""
        parts = urlsplit(self.address)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the target said to that."""

    status: int
    body: bytes = field(repr=False)

    @property
    def good(self) -> bool:
        """Whether it says yes."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def elsewhere(self) -> bool:
        """Whether it sends us to another address, to which nothing of ours is sent."""
        return HTTPStatus.MULTIPLE_CHOICES <= self.status < HTTPStatus.BAD_REQUEST


class Caller:
    """Calls targets."""

    def __init__(self, session: aiohttp.ClientSession, now: Clock) -> None:
        """The session belongs to whoever made it; see `connected` for what it has to be like."""
        self._session = session
        self._now = now

    @classmethod
    @asynccontextmanager
    async def connected(cls, now: Clock) -> AsyncIterator[Self]:
        """With a session of its own, which keeps nobody's cookies.

        It keeps no connection open either: on one that the target has just closed, nobody could tell whether a start
        has arrived.
        """
        connector = aiohttp.TCPConnector(limit=AT_ONCE, force_close=True)
        async with aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
        ) as session:
            yield cls(session, now)

    async def __call__(self, call: Call) -> Answer:
        """Ask once. CallError if there is no answer that can be read."""
        seconds = call.timeout.total_seconds()
        # Each `from None` is there because the library's own words hold the whole address.
        try:
            return await self._ask(call, seconds)
        except TimeoutError:
            raise CallError(f"{call.host} did not answer within {seconds:g} seconds.", sent=True) from None
        except aiohttp.ClientConnectorCertificateError:
            raise CallError(f"{call.host} has no certificate that can be trusted.", sent=False) from None
        except aiohttp.ClientConnectorError:
            raise CallError(f"{call.host} could not be reached.", sent=False) from None
        except aiohttp.ClientHttpProxyError as refusal:
            why = f"The proxy that leads to {call.host} answered with status {refusal.status}."
            raise CallError(why, sent=False) from None
        except (aiohttp.ClientError, OSError, ValueError):
            raise CallError(f"{call.host} broke off before it had answered.", sent=True) from None

    async def _ask(self, call: Call, seconds: float) -> Answer:
        body = b"" if call.body is None else json.dumps(call.body, ensure_ascii=False).encode()
        stamp = str(int(self._now().timestamp()))
        headers = {
            **call.credentials.headers,
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Cache-Control": "no-cache",
            "User-Agent": "Slipway",
            TIMESTAMP: stamp,
            SIGNATURE: signature(call.credentials.secrets[0], stamp, body),
        }
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        if call.key:
            headers["Idempotency-Key"] = call.key
        async with self._session.request(
            call.method,
            URL(call.address, encoded=True),
            data=body or None,
            headers=headers,
            allow_redirects=False,
            proxy=proxy_for(call.address),
            timeout=aiohttp.ClientTimeout(total=seconds),
        ) as response:
            read = bytearray()
            while part := await response.content.read(LARGEST + 1 - len(read)):
                read += part
                if len(read) > LARGEST:
                    raise CallError(f"{call.host} answered with more than {LARGEST // 1024} KiB.", sent=True)
            return Answer(response.status, bytes(read))
