"""Prometheus over its HTTP API, version 1: one query now, or over a time, each of which must give one number.

Whatever speaks the same API (Thanos, Mimir, VictoriaMetrics, a managed Prometheus) can be asked as well.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Self

import aiohttp
from yarl import URL

from bot.ports import MetricsError, Sample, Series
from bot.rules.watch import MetricsSource
from integrations.prometheus import answers

LARGEST = 1024 * 1024
"""So long an answer is at most read, in bytes: one number over a day takes a twentieth of it."""

_REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class Prometheus:
    """Asks a source that the catalogue names. Its token is looked up by name each time, and never kept or told."""

    def __init__(self, session: aiohttp.ClientSession, environ: Mapping[str, str]) -> None:
        """The session belongs to whoever made it."""
        self._session = session
        self._environ = environ

    @classmethod
    @asynccontextmanager
    async def connected(cls, environ: Mapping[str, str]) -> AsyncIterator[Self]:
        """With a session of its own: by the usual proxies, and without keeping anybody's cookies."""
        async with aiohttp.ClientSession(trust_env=True, cookie_jar=aiohttp.DummyCookieJar()) as session:
            yield cls(session, environ)

    async def now(self, source: MetricsSource, query: str) -> Sample:
        """What it gives right now."""
        asked = {"query": query}
        document, warnings = await self._asked(source, "query", asked)
        at, value = answers.one_value(document)
        return Sample(value, at, warnings)

    async def history(
        self, source: MetricsSource, query: str, start: datetime, end: datetime, step: timedelta
    ) -> Series:
        """What it gave between these moments."""
        asked = {
            "query": query,
            "start": _moment(start),
            "end": _moment(end),
            "step": f"{step.total_seconds():.3f}",
        }
        document, warnings = await self._asked(source, "query_range", asked)
        return Series(answers.one_series(document), warnings)

    async def _asked(self, source: MetricsSource, what: str, asked: Mapping[str, str]) -> tuple[Any, tuple[str, ...]]:
        """The data of its answer, with its warnings; MetricsError with why there is none."""
        place, seconds = shown(source.url), source.timeout.total_seconds()
        form = {**asked, "timeout": f"{max(1, round(seconds * 1000))}ms"}
        headers = self._headers(source)
        # Each `from None` is there because the library's own words may hold the whole address.
        try:
            status, body = await self._posted(_endpoint(source.url, what), form, headers, seconds)
        except TimeoutError:
            raise MetricsError(f"{place} did not answer within {seconds:g} seconds.") from None
        except aiohttp.ClientConnectorCertificateError:
            raise MetricsError(f"{place} has no certificate that can be trusted.") from None
        except aiohttp.ClientSSLError:
            raise MetricsError(f"{place} does not speak TLS in a way that can be understood.") from None
        except aiohttp.ClientProxyConnectionError:
            raise MetricsError(f"{place} could not be reached through the proxy.") from None
        except aiohttp.ClientHttpProxyError:
            raise MetricsError(f"The proxy refuses the way to {place}.") from None
        except aiohttp.ClientConnectorError:
            raise MetricsError(f"{place} could not be reached.") from None
        except (ValueError, aiohttp.NonHttpUrlClientError):  # yarl's words are ValueErrors
            raise MetricsError(f"{place} is no address that can be asked.") from None
        except (aiohttp.ClientError, OSError):
            raise MetricsError(f"{place} broke off while answering.") from None
        if len(body) > LARGEST:
            raise MetricsError(f"The answer of {place} is too long; let the query give one number.")
        if status in _REFUSED:
            raise MetricsError(self._not_let_in(place, status, source))
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            raise MetricsError(
                f"{place} sends readers elsewhere (status {status}); a sign-in page may stand before it."
            )
        return answers.data_of(body, status, place)

    async def _posted(
        self, url: URL, form: Mapping[str, str], headers: Mapping[str, str], seconds: float
    ) -> tuple[int, bytes]:
        """Status and body, one byte more than is allowed at most. Nobody is followed elsewhere with a token."""
        limit = aiohttp.ClientTimeout(total=seconds)
        async with self._session.post(
            url, data=form, headers=headers, timeout=limit, allow_redirects=False
        ) as response:
            body = bytearray()
            while len(body) <= LARGEST:
                part = await response.content.read(LARGEST + 1 - len(body))
                if not part:
                    break
                body += part
            return response.status, bytes(body)

    def _headers(self, source: MetricsSource) -> dict[str, str]:
        headers = {"Accept": "application/json", "User-Agent": "Slipway"}
        if source.bearer is None:
            return headers
        token = self._environ.get(source.bearer, "").strip()
        if not token:
            raise MetricsError(f"{source.bearer} is not set, so I can't prove to {shown(source.url)} who asks.")
        if not token.isascii() or not token.isprintable():
            raise MetricsError(f"{source.bearer} holds something that can't be a token.")
        return {**headers, "Authorization": f"Bearer {token}"}

    def _not_let_in(self, place: str, status: int, source: MetricsSource) -> str:
        how = f"see that {source.bearer} is right" if source.bearer else "name a token's variable under “bearer”"
        return f"{place} does not let me in (status {status}); {how}."


def shown(url: str) -> str:
    """The address without what may be secret in it."""
    try:
        found = URL(url).with_user(None).with_query(None).with_fragment(None)
    except ValueError:
        return "The address of the metrics"
    return str(found).rstrip("/") if found.host else "The address of the metrics"


def _endpoint(url: str, what: str) -> URL:
    """Under the address that was given, which may have a path of its own, and a query that stays."""
    base = URL(url)
    return base.with_path(f"{base.path.rstrip('/')}/api/v1/{what}").with_query(base.query)


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC).timestamp():.3f}"
