"""Rights: whether somebody's role allows it, said in a sentence when it doesn't."""

from __future__ import annotations

from bot.rules.people import PersonId, RoleName, Roles
from bot.rules.policy import Right, Service
from bot.rules.sentence import AllOf, AtRole, Code, Refused, refuse

DOING = {
    Right.PLAN: "plan a release",
    Right.DEPLOY: "deploy",
    Right.ROLL_BACK: "roll back",
    Right.LAUNCH: "launch",
    Right.FREEZE: "declare, change or end a freeze",
    Right.BREAK_GLASS: "break the glass for",
}


def lacks(right: Right, service: Service, person: PersonId, roles: Roles) -> Refused | None:
    """Why this person may not do that with this service; None if all is well."""
    if right is Right.BREAK_GLASS and not service.roles_for(right):
        return refuse(
            "Nobody can {doing} {service}: the catalogue gives the right {right} to no role. Whoever owns it can.",
            doing=DOING[right],
            service=service.title,
            right=Code(right),
        )
    return lacks_role(service.roles_for(right), f"{DOING[right]} {service.title}", person, roles)


def lacks_role(needed: tuple[RoleName, ...], doing: str, person: PersonId, roles: Roles) -> Refused | None:
    """Why this person, without any of these roles, may not do that. No role needed: every member may."""
    if not needed or roles.any_of(person, needed):
        return None
    unknown = [role for role in needed if role in roles.unknown]
    if unknown:
        return refuse(
            "I can't look up who is in {role} just now ({why}), so nobody can {doing}. Please try again shortly.",
            role=AtRole(unknown[0]),
            why=roles.unknown[unknown[0]],
            doing=doing,
        )
    return refuse("Only {roles} can {doing}.", roles=AllOf(tuple(AtRole(role) for role in needed)), doing=doing)
