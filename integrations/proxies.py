"""Proxies: which one leads to an address, by the usual variables, NO_PROXY included.

Slack's SDK takes HTTPS_PROXY for every address and never looks at NO_PROXY, so that a Slack stand-in on this machine,
or an exempted one in a company's network, would be sought behind the proxy. And what aiohttp reads by itself includes
`~/.netrc`: an entry for the same host would stand against our own token there, and every request would fail.
"""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass

_AS = {"wss": "https", "ws": "http"}


def proxy_for(url: str) -> str | None:
    """The proxy that leads there; None for the direct way."""
    parts = urlsplit(url)
    if not parts.hostname or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    proxies = getproxies_environment()
    return proxies.get(_AS.get(parts.scheme, parts.scheme)) or proxies.get("all")
