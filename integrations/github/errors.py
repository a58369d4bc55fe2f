"""Errors: how GitHub can fail us, each with a sentence for people. None holds a token or a whole answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from gidgethub import GitHubBroken, HTTPException, RedirectionException

LONGEST = 300
_PAGES = {"statuses": "Commit statuses"}
"""The permissions that are called otherwise on GitHub's pages."""
_TOKENS = re.compile(r"\b(gh[a-z]_|github_pat_|eyJ)[A-Za-z0-9_.-]+")
"""What looks like a token of GitHub's, should an answer ever repeat it."""


class GitHubError(Exception):
    """GitHub did not do what was asked. The message says why, for people."""


class GitHubAwayError(GitHubError):
    """GitHub could not be asked, or its answer got lost. `uncertain`: it may have been done all the same."""

    def __init__(self, message: str, *, uncertain: bool) -> None:
        super().__init__(message)
        self.uncertain = uncertain


class GitHubLimitedError(GitHubError):
    """We have asked too much; nothing was done. GitHub answers again `until` then."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"GitHub answers Slipway no more before {until:%H:%M:%S} UTC: it was asked too often.")
        self.until = until


class GitHubRefusedError(GitHubError):
    """GitHub says no, and would say it again; nothing was done.

    `needs` are the permissions that would be enough, each such as “Actions: write”; `reason` is GitHub's own word.
    """

    def __init__(self, message: str, *, status: int, needs: tuple[str, ...] = (), reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.needs = needs
        self.reason = reason


class GitHubNotFoundError(GitHubRefusedError):
    """GitHub has no such thing, or doesn't let us see it: it does not tell which."""


class GitHubNotInstalledError(GitHubNotFoundError):
    """Our App isn't installed where it would have to be: whatever was asked for may well be there."""


def translated(error: HTTPException, where: str) -> GitHubError:
    """What GitHub answered, in our words. `where` is the repository, or what else was asked about."""
    status, reason = int(error.status_code), one_line(str(error))
    said = f" It says: {reason}" if reason else ""
    if isinstance(error, GitHubBroken):
        return GitHubAwayError(f"GitHub has trouble of its own (it answered {status}).", uncertain=True)
    if isinstance(error, RedirectionException):
        return GitHubRefusedError(
            f"{where} has moved at GitHub. Write its present name into the catalogue.", status=status, reason=reason
        )
    if status == 401:
        return GitHubRefusedError(
            f"GitHub does not accept our token or key; it may have expired, or been revoked.{said}",
            status=status,
            reason=reason,
        )
    if status == 403:
        return _forbidden(error, where, reason)
    if status in {404, 410}:
        return GitHubNotFoundError(
            f"GitHub has no such thing in {where}, or Slipway may not see it.",
            status=status,
            needs=permissions(error.headers),
            reason=reason,
        )
    return GitHubRefusedError(f"GitHub refuses this for {where} ({status}).{said}", status=status, reason=reason)


def _forbidden(error: HTTPException, where: str, reason: str) -> GitHubRefusedError:
    needs = permissions(error.headers)
    if "x-github-sso" in error.headers:
        message = (
            f"GitHub refuses this for {where}: the organization wants our token to be authorized for its single "
            "sign-on. Open the token in GitHub's settings, “Configure SSO”."
        )
    elif needs:
        message = f"GitHub refuses this for {where}: it takes the permission {' or '.join(needs)}."
    else:
        message = f"GitHub refuses this for {where}.{f' It says: {reason}' if reason else ''}"
    return GitHubRefusedError(message, status=403, needs=needs, reason=reason)


def permissions(headers: Mapping[str, str]) -> tuple[str, ...]:
    """The permissions of which each would do, as GitHub names them beside an answer: by their names on its pages."""
    told = headers.get("x-accepted-github-permissions", "")
    return tuple(filter(None, (_named(each) for each in told.split(";"))))


def _named(together: str) -> str:
    words = (each.strip().partition("=") for each in together.split(",") if each.strip())
    return " and ".join(f"“{permission(name, level)}”" for name, _, level in words if level)


def permission(name: str, level: str) -> str:
    """`pull_requests` and `read`, as GitHub's pages show it."""
    return f"{_PAGES.get(name) or name.replace('_', ' ').capitalize()}: {level}"


def one_line(text: str) -> str:
    """What can be shown: one line of printable characters, not too long, that ends like a sentence."""
    plain = "".join(letter if letter.isprintable() else " " for letter in _TOKENS.sub("•••", text))
    line = " ".join(plain.split())[:LONGEST]
    return line if not line or line.endswith((".", "!", "?")) else f"{line}."
