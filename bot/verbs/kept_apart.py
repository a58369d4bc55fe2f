"""Kept apart: whoever must not start a change, because it is their own or because they approved it."""

from __future__ import annotations

from bot.rules.gate import Facts
from bot.rules.people import PersonId
from bot.rules.policy import Right
from bot.rules.sentence import At, Code, Refused, refuse


def kept_apart(facts: Facts, confirmer: PersonId, command: str | None = None) -> Refused | None:
    """Why this person must not be the one who starts it: it is their own change, or they approved it.

    Whoever may only do so in somebody's place may do no more than they. `command` is what somebody else types to start
    it; None: what starts this release alone.
    """
    change, candidate = facts.change, facts.release.candidate
    assert candidate is not None
    approvers = {who for tally in facts.tallies for verdict in tally.given for who in verdict.speakers}
    principal = facts.roles.in_whose_place(confirmer, facts.service.roles_for(Right.DEPLOY))
    typed = Code(command or f"/deploy confirm {facts.release.name} to {facts.environment.name}")
    for kept, people, who in (
        (not change.requester_may_confirm, {facts.release.requested_by}, "planned this release"),
        (not change.author_may_confirm, candidate.author_ids or {candidate.set_by}, "wrote what it brings"),
        (not change.approver_may_confirm, approvers, "approved it"),
    ):
        if kept and confirmer in people:
            return refuse(
                "A {change} is not started by somebody who {who}. Somebody else has to type {command}.",
                change=change.title,
                who=who,
                command=typed,
            )
        if kept and principal is not None and principal in people:
            return refuse(
                "You would act in the place of {principal}, who {who}, and a {change} is not started by such a person. "
                "Somebody else has to type {command}.",
                principal=At(principal),
                change=change.title,
                who=who,
                command=typed,
            )
    return None
