"""The cast: the people whom every test knows, and the roles they hold."""

from __future__ import annotations

from bot.rules.people import Person, PersonId, RoleName, Roles, Standing

MAYA = Person(PersonId("U0MAYA"), "Maya", tz="Europe/Berlin")
"""The release manager, who plans and launches."""
OMAR = Person(PersonId("U0OMAR"), "Omar", tz="Africa/Cairo")
"""Quality assurance."""
RUTH = Person(PersonId("U0RUTH"), "Ruth", tz="Europe/London")
"""The change manager."""
BEN = Person(PersonId("U0BEN"), "Ben", tz="America/New_York")
"""A developer."""
INES = Person(PersonId("U0INES"), "Ines", tz="Europe/Lisbon")
"""On call."""
GUS = Person(PersonId("U0GUS"), "Gus", tz="America/Los_Angeles", standing=Standing.GUEST)
"""A guest, who can look but not act."""

EVERYBODY = (MAYA, OMAR, RUTH, BEN, INES, GUS)

RELEASE_MANAGER = RoleName("release-manager")
QA = RoleName("qa")
CHANGE_MANAGER = RoleName("change-manager")
DEVELOPER = RoleName("developer")
ON_CALL = RoleName("on-call")

HELD: dict[RoleName, frozenset[PersonId]] = {
    RELEASE_MANAGER: frozenset({MAYA.id}),
    QA: frozenset({OMAR.id}),
    CHANGE_MANAGER: frozenset({RUTH.id}),
    DEVELOPER: frozenset({BEN.id}),
    ON_CALL: frozenset({INES.id}),
}
"""Who holds which role, unless a test says otherwise."""


def roles(**instead: set[Person]) -> Roles:
    """Everybody in their roles; a keyword (`change_manager={…}`) gives one role other holders."""
    others = {
        RoleName(name.replace("_", "-")): frozenset(each.id for each in people) for name, people in instead.items()
    }
    return Roles({**HELD, **others})
