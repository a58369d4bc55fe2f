"""Places: how a repository at GitHub is written: `owner/name`, or one of the addresses that lead there."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_SHORT = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_PATH = re.compile(r"/?([^/]+/[^/]+?)(?:\.git)?/?")
_SCP = re.compile(r"(?:[\w.-]+@)?([\w.-]+):(?!//)(.+)")


def website(api: str) -> str:
    """The host with GitHub's pages, from the address of its REST API."""
    host = urlsplit(api).hostname or ""
    if host == "api.github.com":
        return "github.com"
    # A data residency has its API at api.<name>.ghe.com; a GitHub Enterprise Server has all in one place.
    return host.removeprefix("api.") if host.endswith(".ghe.com") else host


def at_github(repository: str, host: str) -> str | None:
    """`owner/name` of what is meant; None if it isn't at that GitHub. A path begins with a dot, a slash or a tilde."""
    text = repository.strip()
    if text.startswith((".", "/", "~")):
        return None
    if _SHORT.fullmatch(text):
        return text.removesuffix(".git")
    named, path = _address(text)
    found = _PATH.fullmatch(path) if named is not None and named == host.lower() else None
    return found[1] if found and _SHORT.fullmatch(found[1]) else None


def is_an_address(repository: str) -> bool:
    """Whether that leads to another machine, as far as its form tells."""
    return _address(repository.strip())[0] is not None


def _address(text: str) -> tuple[str | None, str]:
    """The host, in lower case, and the path of an address: https, ssh, or the short form that git has for ssh."""
    if "://" in text:
        try:
            parts = urlsplit(text)
            host = parts.hostname
        except ValueError:
            return None, ""
        known = parts.scheme in {"https", "http", "ssh", "git"} and host and not parts.query and not parts.fragment
        return (host.lower().removeprefix("www."), parts.path) if known and host else (None, "")
    found = _SCP.fullmatch(text)
    return (found[1].lower(), found[2]) if found else (None, "")
