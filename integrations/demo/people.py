"""The people of the demo, with their groups and channels, as plain data in Slack's terms."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Somebody:
    """One member of the workspace."""

    id: str
    name: str
    """The short one, as in `@maya`."""
    real_name: str
    title: str
    tz: str
    email: str
    guest: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A user group; its members hold a role."""

    id: str
    handle: str
    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Room:
    """A channel, without its hash."""

    id: str
    name: str
    topic: str
    members: tuple[str, ...]


MAYA = Somebody("U0MAYA", "maya", "Maya Lindqvist", "Release manager", "Europe/Stockholm", "maya@acme.example")
OMAR = Somebody("U0OMAR", "omar", "Omar Haddad", "QA lead", "Europe/Berlin", "omar@acme.example")
RUTH = Somebody("U0RUTH", "ruth", "Ruth Okafor", "Change manager", "Europe/London", "ruth@acme.example")
BEN = Somebody("U0BEN", "ben", "Ben Castillo", "Developer", "America/New_York", "ben@acme.example")
INES = Somebody("U0INES", "ines", "Ines Duarte", "On call", "Europe/Lisbon", "ines@acme.example")
GUS = Somebody("U0GUS", "gus", "Gus Meyer", "Guest from the agency", "Europe/Zurich", "gus@agency.example", guest=True)

PEOPLE = (MAYA, OMAR, RUTH, BEN, INES, GUS)

GROUPS = (
    Group("S0RELMGRS", "release-managers", "Release managers", (MAYA.id,)),
    Group("S0QA", "qa", "QA", (OMAR.id,)),
    Group("S0CHANGE", "change-managers", "Change managers", (RUTH.id,)),
    Group("S0ONCALL", "on-call", "On call", (INES.id,)),
    Group("S0DEVS", "developers", "Developers", (BEN.id, INES.id)),
)

_EVERYBODY = tuple(each.id for each in PEOPLE)
_MEMBERS = tuple(each.id for each in PEOPLE if not each.guest)

CHANNELS = (
    Room("C0PAYMENTS", "payments", "Everything about the payments service", _EVERYBODY),
    Room("C0RELEASES", "releases", "What is going out, and when", _MEMBERS),
    Room("C0GENERAL", "general", "For everybody", _EVERYBODY),
)
