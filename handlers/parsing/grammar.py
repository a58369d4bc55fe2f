"""The grammar: every form that the four commands have, as people read it. Help and hints are written from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Family(StrEnum):
    """The four commands, as we call them ourselves."""

    RELEASE = "/release"
    DEPLOY = "/deploy"
    ROLLBACK = "/rollback"
    FREEZE = "/freeze"


@dataclass(frozen=True, slots=True)
class Usage:
    """One form: how it is written, what it does, and an example that works as it stands."""

    family: Family
    verb: str
    form: str
    does: str
    example: str


def _usage(family: Family, verb: str, form: str, does: str, example: str) -> Usage:
    return Usage(family, verb, f"{family} {form}", does, f"{family} {example}")


_RELEASE, _DEPLOY, _ROLLBACK, _FREEZE = Family

USAGES = (
    _usage(
        _RELEASE,
        "new",
        "new [service] [version] [commit]",
        "plans a release; without all three words it opens a form",
        "new payments 2.4.0 main",
    ),
    _usage(_RELEASE, "list", "list [service] [mine|open|all]", "shows releases and what each waits for", "list mine"),
    _usage(_RELEASE, "show", "show R-12", "shows the card", "show R-12"),
    _usage(
        _RELEASE,
        "why",
        "why R-12 [environment]",
        "shows everything that blocks, and who can lift it",
        "why R-12 production",
    ),
    _usage(
        _RELEASE,
        "build",
        "build R-12 <commit> [artifact-digest] [irreversible <text>]",
        "sets a new candidate; approvals of the old one no longer count",
        "build R-12 1a2b3c4",
    ),
    _usage(_RELEASE, "checklist", "checklist R-12", "opens the checklist, to tick it", "checklist R-12"),
    _usage(
        _RELEASE,
        "approve",
        "approve R-12 [environment] [saying <comment>]",
        "approves the candidate",
        "approve R-12 production saying refunds work on staging",
    ),
    _usage(
        _RELEASE,
        "reject",
        "reject R-12 <reason>",
        "rejects the candidate",
        "reject R-12 refunds fail for euro accounts",
    ),
    _usage(_RELEASE, "withdraw", "withdraw R-12", "takes back what you said", "withdraw R-12"),
    _usage(
        _RELEASE,
        "comment",
        "comment R-12 <text>",
        "says something in its thread, and decides nothing",
        "comment R-12 the load test runs until noon",
    ),
    _usage(_RELEASE, "launch", "launch R-12", "says that customers have it now", "launch R-12"),
    _usage(_RELEASE, "cancel", "cancel R-12 <reason>", "gives the release up", "cancel R-12 superseded by R-14"),
    _usage(_RELEASE, "edit", "edit R-12", "opens the plan in a form", "edit R-12"),
    _usage(_RELEASE, "digest", "digest [here]", "shows the digest to you, or posts it here", "digest here"),
    _usage(_RELEASE, "audit", "audit R-12", "gives you the evidence file", "audit R-12"),
    _usage(
        _RELEASE,
        "away",
        "away [@who] [from <time>] until <time> [with @stand-in [as <role>]] [reason]",
        "says that you are away, and who stands in for you",
        "away until 2 weeks with @omar on holiday",
    ),
    _usage(_RELEASE, "back", "back [@who]", "says that you are back", "back"),
    _usage(_RELEASE, "help", "help", "shows this page", "help"),
    _usage(
        _DEPLOY,
        "to",
        "R-12 to <environment>",
        "shows what would change, and what blocks; nothing starts",
        "R-12 to production",
    ),
    _usage(_DEPLOY, "confirm", "confirm R-12 to <environment>", "starts it", "confirm R-12 to production"),
    _usage(_DEPLOY, "status", "status [service]", "shows what runs where", "status payments"),
    _usage(_DEPLOY, "cancel", "cancel D-40", "stops a deployment, or withdraws one that waits", "cancel D-40"),
    _usage(_DEPLOY, "pass", "pass D-41", "lets those who wait behind it go first", "pass D-41"),
    _usage(
        _DEPLOY,
        "settle",
        "settle D-40 succeeded|failed <reason>",
        "says how a deployment ended that nobody could follow to its end",
        "settle D-40 failed the old version is still served",
    ),
    _usage(
        _DEPLOY,
        "keep",
        "keep D-40 <reason>",
        "says that a deployment which is watched stays, whatever was found",
        "keep D-40 the errors were a crawler",
    ),
    _usage(
        _DEPLOY,
        "lock",
        "lock <service> <environment> [take over] [for R-12] [2h] <reason>",
        "holds it, so that nothing (or only that release) goes there; again to prolong it",
        "lock payments production 2h the database moves",
    ),
    _usage(
        _DEPLOY,
        "unlock",
        "unlock <service> <environment> [reason]",
        "lets go of it; somebody else's needs a reason",
        "unlock payments production",
    ),
    _usage(
        _DEPLOY,
        "break-glass",
        "break-glass R-12 to <environment> <reason>",
        "in an emergency, shows what it would go past, and how to do so",
        "break-glass R-12 to production checkout is down and this mends it",
    ),
    _usage(
        _DEPLOY,
        "review",
        "review D-40 <findings>",
        "says what was learned from a deployment that broke the glass",
        "review D-40 the alarm came late; QA gets a pager",
    ),
    _usage(
        _DEPLOY,
        "token",
        "token [<time>]",
        "makes a personal token, to do the same from a terminal, also while Slack is away",
        "token 30 days",
    ),
    _usage(_DEPLOY, "token", "token list", "shows your tokens", "token list"),
    _usage(_DEPLOY, "token", "token revoke K-3", "makes a token worthless", "token revoke K-3"),
    _usage(
        _DEPLOY,
        "train",
        "train R-12 R-13 … to <environment>",
        "shows how several releases would go there one after the other; nothing starts",
        "train R-12 R-13 to production",
    ),
    _usage(
        _DEPLOY,
        "train confirm",
        "train confirm R-12 R-13 … to <environment>",
        "starts that train",
        "train confirm R-12 R-13 to production",
    ),
    _usage(
        _DEPLOY,
        "train go on",
        "train T-1 [go on|try again|stop|roll back]",
        "shows a train, or says how it goes on",
        "train T-1 go on",
    ),
    _usage(_DEPLOY, "help", "help", "shows this page", "help"),
    _usage(
        _ROLLBACK,
        "back",
        "<service> [in <environment>] [to <version>] [reason]",
        "shows what the last good version would bring back, with a button to confirm",
        "payments in production to 2.3.9 checkout is slow",
    ),
    _usage(
        _ROLLBACK,
        "now",
        "<service> [in <environment>] [to <version>] now <reason>",
        "rolls back at once",
        "payments now checkout is down",
    ),
    _usage(
        _ROLLBACK,
        "culprit",
        "culprit V-3 <commit> [<commit> …] <reason>",
        "says which commits are to blame for what was rolled back; the others may come again",
        "culprit V-3 1a2b3c4 refunds go out twice",
    ),
    _usage(
        _ROLLBACK,
        "lift",
        "lift V-3 [with <commit>] <reason>",
        "lets what was rolled back come again: whatever has the commit that mends it, or everything",
        "lift V-3 with 5d6e7f8 refunds are counted now",
    ),
    _usage(_ROLLBACK, "help", "help", "shows this page", "help"),
    _usage(
        _FREEZE,
        "start",
        "start <environment> [<change-type>] [soft] [from <time>] until <time> [for <service>] <reason>",
        "blocks deployments for a while, or (`soft`) asks for care; `all` means every environment",
        "start production until mon 07:00 for payments Black Friday",
    ),
    _usage(_FREEZE, "list", "list", "shows the freezes in force and ahead", "list"),
    _usage(_FREEZE, "end", "end F-3", "ends a freeze now", "end F-3"),
    _usage(_FREEZE, "extend", "extend F-3 until <time>", "moves its end", "extend F-3 until tue 12:00"),
    _usage(
        _FREEZE,
        "except",
        "except R-12 <reason>",
        "asks that a release may pass the freezes in its way; acknowledges soft ones",
        "except R-12 refunds must work before the sale",
    ),
    _usage(_FREEZE, "grant", "grant X-4 [words]", "lets that release pass", "grant X-4"),
    _usage(_FREEZE, "refuse", "refuse X-4 <reason>", "doesn't let it pass", "refuse X-4 it can wait until Monday"),
    _usage(_FREEZE, "help", "help", "shows this page", "help"),
)
"""In the order in which the help shows them."""


_INSIDE = frozenset({"to", "back", "now", "train confirm", "train go on"})
"""What no line begins with."""


def of(family: Family) -> tuple[Usage, ...]:
    """The forms of one command."""
    return tuple(each for each in USAGES if each.family is family)


def verbs(family: Family) -> tuple[str, ...]:
    """The words that a command can begin with."""
    return tuple(dict.fromkeys(each.verb for each in of(family) if each.verb not in _INSIDE))


def usage(family: Family, verb: str) -> Usage:
    """The form of that verb."""
    return next(each for each in USAGES if each.family is family and each.verb == verb)
