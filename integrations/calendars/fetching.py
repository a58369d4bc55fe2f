"""Fetching a calendar's text, from an address or a file.

The address of a private calendar is a secret as a whole: whoever has it can read along. So no message, and no error
that could end up in a log, shows more of it than its host.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import aiohttp
from yarl import URL

from bot.ports import CalendarError

LARGEST = 2 * 1024 * 1024
MOST_REDIRECTS = 3

_HEADERS = {"Accept": "text/calendar, */*;q=0.1", "Cache-Control": "no-cache", "User-Agent": "Slipway"}
_AS = {"webcal": "https", "webcals": "https"}
_WEB = frozenset({"http", "https", *_AS})


def is_address(source: str) -> bool:
    """Whether that is a web address, rather than a path."""
    scheme, mark, _ = source.partition("://")
    return bool(mark) and scheme.lower() in _WEB


def host_of(address: str) -> str:
    """All that may be shown of an address."""
    try:
        return URL(address).host or "The calendar's address"
    except ValueError:
        return "The calendar's address"


def stays_private(way: Sequence[URL]) -> bool:
    """Whether a way that began with https, or came to it, stayed with it."""
    schemes = [each.scheme for each in way]
    return "https" not in schemes or "http" not in schemes[schemes.index("https") :]


async def fetched(session: aiohttp.ClientSession, address: str, patience: timedelta) -> bytes:
    """What stands at that address now. CalendarError if it can't be had."""
    host = host_of(address)
    seconds = patience.total_seconds()
    # Each `from None` is there because the library's own words hold the whole address.
    try:
        url = _https(URL(address))
        status, text = await _read(session, url, seconds)
    except TimeoutError:
        raise CalendarError(f"{host} did not answer within {seconds:g} seconds.") from None
    except aiohttp.TooManyRedirects:
        raise CalendarError(f"{host} sends readers elsewhere again and again.") from None
    except aiohttp.ClientSSLError:
        raise CalendarError(f"{host} has no certificate that can be trusted.") from None
    except aiohttp.ClientConnectorError:
        raise CalendarError(f"{host} could not be reached.") from None
    except (ValueError, aiohttp.NonHttpUrlClientError):  # yarl's words are ValueErrors
        raise CalendarError(f"{host}: this address can't be read, or leads to one that can't.") from None
    except (aiohttp.ClientError, OSError):
        raise CalendarError(f"{host} broke off while answering.") from None
    if status != HTTPStatus.OK:
        raise CalendarError(f"{host} answered with status {status}.")
    return _not_too_large(text, host)


def on_disk(path: str) -> tuple[str, bytes]:
    """The file's name, and what stands in it now. CalendarError if it can't be had."""
    file = Path(path)
    try:
        if not file.is_file():
            raise CalendarError(f"There is no file {file.name}.")
        with file.open("rb") as opened:
            text = opened.read(LARGEST + 1)
    except OSError as error:
        raise CalendarError(f"{file.name} can't be opened: {error.strerror}.") from error
    return file.name, _not_too_large(text, file.name)


async def _read(session: aiohttp.ClientSession, url: URL, seconds: float) -> tuple[int, bytes]:
    """Status and text, one byte more than is allowed at most."""
    limit = aiohttp.ClientTimeout(total=seconds)
    async with session.get(url, timeout=limit, max_redirects=MOST_REDIRECTS, headers=_HEADERS) as response:
        if not stays_private([each.url for each in response.history] + [response.url]):
            raise ValueError("A redirect leads away from https.")
        text = bytearray()
        while response.status == HTTPStatus.OK and len(text) <= LARGEST:
            part = await response.content.read(LARGEST + 1 - len(text))
            if not part:
                break
            text += part
        return response.status, bytes(text)


def _https(url: URL) -> URL:
    """The address itself: `webcal://` is how calendar programs write `https://`."""
    return url.with_scheme(_AS[url.scheme]) if url.scheme in _AS else url


def _not_too_large(text: bytes, place: str) -> bytes:
    if len(text) > LARGEST:
        raise CalendarError(f"{place}: this calendar is larger than {LARGEST // 1024**2} MiB.")
    return text
