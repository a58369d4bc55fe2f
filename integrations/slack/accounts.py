"""Accounts: what Slack says of somebody, in our words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.rules.people import Person, PersonId, Standing

_SLACKBOT = "USLACKBOT"


def person_of(account: Mapping[str, Any], home: str) -> Person:
    """Somebody, seen from this workspace."""
    profile = account.get("profile")
    shown: Mapping[str, Any] = profile if isinstance(profile, Mapping) else {}
    names = (account.get("real_name"), shown.get("real_name"), shown.get("display_name"), account.get("name"))
    person = str(account.get("id") or "")
    return Person(
        PersonId(person),
        next((str(name) for name in names if name), person),
        _zone(account.get("tz")),
        standing_of(account, home),
    )


def standing_of(account: Mapping[str, Any], home: str) -> Standing:
    """What kind of account it is. What excludes somebody for good is looked at first."""
    if account.get("deleted"):
        return Standing.DEACTIVATED
    if account.get("is_bot") or account.get("is_workflow_bot") or account.get("id") == _SLACKBOT:
        return Standing.BOT
    if account.get("is_stranger") or not _belongs(account, home):
        return Standing.FOREIGN
    if account.get("is_restricted") or account.get("is_ultra_restricted") or account.get("is_invited_user"):
        return Standing.GUEST
    return Standing.MEMBER


def _belongs(account: Mapping[str, Any], home: str) -> bool:
    """Whether the account is of this workspace. In an organisation of several, the account names all of its own."""
    if account.get("team_id") == home:
        return True
    enterprise = account.get("enterprise_user")
    teams = enterprise.get("teams") if isinstance(enterprise, Mapping) else None
    return isinstance(teams, list) and home in teams


def _zone(name: object) -> str:
    """A zone's name that can be relied on."""
    try:
        return ZoneInfo(name).key if isinstance(name, str) else "UTC"
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"
