"""The words inside settings: tokens, addresses, names of commands. A wrong one is a ValueError with a sentence.

No sentence shows a value that may be a secret.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from urllib.parse import SplitResult, urlsplit

from bot.catalogue.words import duration

COMMANDS = ("release", "deploy", "rollback", "freeze")
TAKEN_BY_SLACK = frozenset(
    {
        "active",
        "apps",
        "archive",
        "away",
        "call",
        "collapse",
        "dm",
        "dnd",
        "expand",
        "feed",
        "feedback",
        "invite",
        "join",
        "kick",
        "leave",
        "me",
        "msg",
        "mute",
        "open",
        "part",
        "prefs",
        "remind",
        "remove",
        "rename",
        "search",
        "shortcuts",
        "shrug",
        "star",
        "status",
        "topic",
        "unarchive",
        "unmute",
        "who",
    }
)
"""Slack's own commands; an app can't have one of these names."""

LEVELS = MappingProxyType(
    {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SHORTEST_LEASE, LONGEST_LEASE = timedelta(seconds=5), timedelta(minutes=5)
DATABASES = MappingProxyType(
    {
        "sqlite": "sqlite+aiosqlite",
        "sqlite+aiosqlite": "sqlite+aiosqlite",
        "postgres": "postgresql+psycopg",
        "postgresql": "postgresql+psycopg",
        "postgresql+psycopg": "postgresql+psycopg",
    }
)


def command_names(text: str) -> Mapping[str, str]:
    """`deploy=ship,release=rel`: our four commands with their names in this workspace."""
    names = {own: f"/{own}" for own in COMMANDS}
    for pair in filter(None, (each.strip() for each in text.split(","))):
        own, equals, new = (word.strip().removeprefix("/") for word in pair.partition("="))
        if not equals:
            raise ValueError(f"“{pair}” is not of the form deploy=ship; several are separated by commas.")
        if own not in names:
            near = get_close_matches(own, COMMANDS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(COMMANDS)}."
            raise ValueError(f"There is no command “{own}”; {hint}")
        if not re.fullmatch(r"[a-z0-9_-]{1,31}", new):
            raise ValueError(
                f"“{new}” can't be a command's name: Slack wants lower-case letters, digits, “-” and “_”, at most 31."
            )
        if new in TAKEN_BY_SLACK:
            raise ValueError(f"/{new} is a command of Slack's own; choose another name.")
        names[own] = f"/{new}"
    for name in names.values():
        if list(names.values()).count(name) > 1:
            raise ValueError(f"Two commands would be called {name}; give each a name of its own.")
    return MappingProxyType(names)


def database_url(text: str) -> str:
    """A database's address with the driver that we use. Its errors never show a password."""
    scheme, mark, rest = text.partition("://")
    driver = DATABASES.get(scheme)
    if not mark:
        raise ValueError(
            "It is not an address; it looks like sqlite:///slipway.db or postgresql://user:…@host/slipway."
        )
    if driver is None:
        raise ValueError(
            f"I don't know {scheme}://. Use sqlite:/// for a file on this machine, or postgresql:// for a server."
        )
    if scheme.startswith("sqlite"):
        if not rest.startswith("/"):
            raise ValueError(
                "A file's address has three slashes, as in sqlite:///slipway.db (four for an absolute path)."
            )
        if rest[1:].split("?")[0] in {"", ":memory:"} or rest[1:].startswith("file:"):
            raise ValueError("It names no file. In memory everything would be forgotten; use sqlite:///slipway.db.")
        return f"{driver}://{rest}"
    try:
        parts = urlsplit(text)
        _ = parts.port  # reading it checks it
    except ValueError:
        parts = None
    if parts is None or parts.fragment or "#" in text or rest.partition("/")[0].count("@") > 1 or "@" in parts.path:
        raise ValueError(
            "It can't be read. Characters such as @ : / # % in the password must be written as %40 %3A %2F %23 %25."
        )
    if not parts.path.strip("/"):
        raise ValueError("It names no database: it ends with /name, as in postgresql://host/slipway.")
    return f"{driver}://{rest}"


def bot_token(text: str) -> str:
    """The token to speak with."""
    if text.startswith(("xoxe.", "xoxe-")):
        raise ValueError("This token rotates. Slipway needs one that stays: switch token rotation off in a new app.")
    return _token(text, "xoxb-", "the “Bot User OAuth Token”")


def app_token(text: str) -> str:
    """The token that opens Socket Mode."""
    return _token(text, "xapp-", "an app-level token with the scope connections:write")


def _token(text: str, prefix: str, what: str) -> str:
    if not text.startswith(prefix):
        kind = re.match(r"xox[a-z]-|xapp-", text)
        told = f"It begins with {kind[0]}, but" if kind else "It is not a token of the right kind:"
        raise ValueError(f"{told} {what} begins with {prefix}.")
    if not re.fullmatch(r"[A-Za-z0-9.-]+", text) or len(text) == len(prefix):
        raise ValueError("It is cut off, or has something in it that no token has; copy it again.")
    return text


def signing_secret(text: str) -> str:
    """The secret that Slack signs its requests with."""
    if re.match(r"xox|xapp", text):
        raise ValueError("This is a token. The signing secret is on the app's page “Basic Information”.")
    if not re.fullmatch(r"[!-~]{16,}", text):
        raise ValueError("It is cut off, or has something in it that no signing secret has; copy it again.")
    return text


def calendar_key(text: str) -> str:
    """What makes the address of the calendar of freezes a secret. It stands in an address as it is."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{16,}", text):
        raise ValueError(
            "It has at least 16 letters, digits, “-” and “_”, and no others. `openssl rand -hex 16` makes a good one."
        )
    return text


def webhook_secret(text: str) -> str:
    """The secret that CI signs its reports with; of our own making, so it can be a good one."""
    if not re.fullmatch(r"[!-~]{32,}", text):
        raise ValueError(
            "It has at least 32 characters, without blanks and accents. `openssl rand -hex 32` makes a good one."
        )
    return text


def token_key(text: str) -> str:
    """The key that personal tokens are signed with; of our own making, so it can be a good one."""
    return webhook_secret(text)


def api_url(text: str) -> str:
    """Where Slack's Web API is; ends with a slash."""
    if _web(text) is None:
        raise ValueError("It is not a web address; it looks like https://slack.com/api/.")
    return text if text.endswith("/") else f"{text}/"


def address(text: str) -> str:
    """Where others reach us; ends without a slash."""
    parts = _web(text)
    if parts is None or parts.username is not None:
        raise ValueError("It is not a web address; it looks like https://slipway.example.com.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("It begins with http://, and what is sent there could be read on its way. Use https://.")
    return text.rstrip("/")


def github_token(text: str) -> str:
    """A person's token for GitHub, classic or fine-grained."""
    if text.startswith("-----BEGIN"):
        raise ValueError("This is a private key. It belongs into SLIPWAY_GITHUB_APP_KEY, with SLIPWAY_GITHUB_APP_ID.")
    if not re.fullmatch(r"[A-Za-z0-9_.-]{20,}", text):
        raise ValueError("It is cut off, or has something in it that no token of GitHub has; copy it again.")
    return text


def github_app_id(text: str) -> str:
    """What names our GitHub App: its id or its client id."""
    if not re.fullmatch(r"\d{1,12}|Iv[A-Za-z0-9.]{6,40}", text):
        raise ValueError("It is the “App ID” (a number) or the “Client ID” (Iv…) of the app's page at GitHub.")
    return text


def github_app_key(text: str) -> str:
    r"""The private key of our GitHub App: the file that holds it, or the key itself, also with `\n` for line ends."""
    if not text.startswith("-----BEGIN"):
        text = _key_file(text)
    key = text.replace("\\n", "\n").strip()
    if not re.match(r"-----BEGIN (RSA )?PRIVATE KEY-----\s", key):
        raise ValueError("There is no private key in it: that begins with -----BEGIN RSA PRIVATE KEY-----.")
    if not re.search(r"\s-----END (RSA )?PRIVATE KEY-----$", key):
        raise ValueError("The key is cut off: it ends with -----END RSA PRIVATE KEY-----. Copy all of its lines.")
    return key


def _key_file(path: str) -> str:
    try:
        with Path(path).expanduser().open(encoding="ascii") as file:
            return file.read(64 * 1024).strip()
    except UnicodeDecodeError:
        raise ValueError("That file holds no private key as text. Give the .pem file that GitHub made.") from None
    except (OSError, ValueError) as error:
        # The path is not shown: it may be a key that somebody has mangled.
        why = getattr(error, "strerror", None) or "it has no name that a file can have"
        raise ValueError(f"That file can't be read: {why}. Give the path to the .pem file that GitHub made.") from None


def github_api(text: str) -> str:
    """Where GitHub's REST API is; ends without a slash."""
    parts = _web(text)
    if parts is None or parts.username is not None:
        raise ValueError("It is not a web address; it looks like https://github.example.com/api/v3.")
    if parts.hostname in {"github.com", "www.github.com"}:
        raise ValueError("The API of github.com is at https://api.github.com, which is used unless this is set.")
    return text.rstrip("/")


def github_webhook_secret(text: str) -> str:
    """The secret that GitHub signs its webhooks with; of our own making, so it can be a good one."""
    return webhook_secret(text)


def _web(text: str) -> SplitResult | None:
    """The parts of a web address that others are built on; None if it isn't one."""
    try:
        parts = urlsplit(text)
        _ = parts.port  # reading it checks it
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        return None
    return parts


def listen(text: str) -> tuple[str, int]:
    """Host and port to serve HTTP on."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(
            f"“{text}” is not host:port, such as 127.0.0.1:8080 (or :8080 for every address of this machine)."
        )
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError("An IPv6 address stands in brackets, as in [::1]:8080.")
    if re.search(r"[\s/]", host):
        raise ValueError(f"“{host}” is not the name of a machine; write host:port, such as 127.0.0.1:8080.")
    return host or "0.0.0.0", int(port)  # noqa: S104 - asked for by leaving the host out


def lease(text: str) -> timedelta:
    """How long a replica may be silent: long enough for a busy moment, short enough for those who wait."""
    length = duration(text)
    if not SHORTEST_LEASE <= length <= LONGEST_LEASE:
        raise ValueError(
            f"“{text}” is too {'short' if length < SHORTEST_LEASE else 'long'}; between 5s and 5m makes sense. In a "
            "shorter time a busy process is taken for a dead one, and in a longer one deployments stand still."
        )
    return length


def level(text: str) -> int:
    """How much is logged."""
    found = LEVELS.get(text.lower())
    if found is None:
        raise ValueError(f"“{text}” is not a level; it can be {', '.join(LEVELS)}.")
    return found
