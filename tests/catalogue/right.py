"""Right lines, in every way in which they can be written: the loader takes them, and so must an editor."""

from __future__ import annotations

from tests.catalogue.texts import short_with

_STAGING = "      staging: {deployer: {command: {program: [x]}}}\n      production:\n"
TWO_PLACES = short_with("      production:\n", _STAGING)
"""Like the short one, with staging before production."""


def production(line: str) -> str:
    """With a line more for production, which comes after staging."""
    return TWO_PLACES + f"        {line}\n"


def feature(lines: str) -> str:
    """With these lines (flow style) for features."""
    return TWO_PLACES + f"change_types: {{feature: {{{lines}}}}}\n"


def item(lines: str) -> str:
    """With this one line in a feature's checklist."""
    return feature(f"checklist: [{{text: Tried out, {lines}}}]")


def in_service(line: str) -> str:
    """With a line more for the service."""
    return TWO_PLACES.replace("  payments:\n", f"  payments:\n    {line}\n")


def recurring(**instead: str) -> str:
    """With a recurring freeze, of which one thing or another is different."""
    usual = {
        "reason": "Nobody is here",
        "starts": "2026-01-02 17:00",
        "ends": "2026-01-05 07:00",
        "rule": "FREQ=WEEKLY",
    }
    lines = "".join(f"      {key}: {value}\n" for key, value in {**usual, **instead}.items())
    return f"{TWO_PLACES}freezes:\n  recurring:\n    weekends:\n{lines}"


def calendar(lines: str) -> str:
    """With a calendar at that place."""
    return TWO_PLACES + f"freezes: {{calendars: {{holidays: {{{lines}}}}}}}\n"


def watched(watch: str, metrics: str = "url: http://localhost:9090") -> str:
    """With a watch over production, and metrics to read."""
    return production(f"watch: {{{watch}}}") + f"metrics: {{{metrics}}}\n"


def pushed(branch: str) -> str:
    """With a branch that releases follow."""
    return in_service(f"repository: acme/payments\n    candidate_from: {branch}")


RIGHT = {
    "a branch to follow": pushed("main"),
    "a branch for each version": pushed("release/{version}"),
    "a branch with a slash and a dot": pushed("team-a/next_2.x"),
    "one span of hours": production("hours: mon-fri 09:00-16:00"),
    "hours of every day": production("hours: 9:00-16:00"),
    "hours over midnight": production("hours: daily 22:00-06:00"),
    "hours of whole days": production("hours: sat,sun 00:00-24:00"),
    "hours with blanks": production("hours: Mon - Thu, Sat  09:00 - 16:00"),
    "several spans of hours": production("hours: [weekdays 09:00-16:00, saturday 10:00-12:00]"),
    "hours with their zone": production("hours: {at: mon 09:00-16:00, timezone: Europe/London}"),
    "several spans of hours with their zone": production("hours: {at: [mon 09:00-16:00], timezone: UTC}"),
    "bake time": production("bake: 1d12h"),
    "no bake time": production("bake: 0h"),
    "bake time by default": TWO_PLACES + "defaults: {bake: 2h}\n",
    "no bake time by default": TWO_PLACES + "defaults: {bake: 0d}\n",
    "promotion by itself": production("promote: itself"),
    "promotion on offer": production("promote: offer"),
    "no promotion": production("promote: no"),
    "promotion by itself where a change takes one": production("promote: itself")
    + "        two_people: true\nchange_types: {feature: {two_people: false}}\n",
    "a protection rule": production("protection_rule: gate"),
    "two people in an environment": production("two_people: true"),
    "bake time of a change": feature("bake: 1h"),
    "bake time of a change by environment": feature("bake: {production: 1h}"),
    "no bake time of a change": feature("bake: {production: 0h}"),
    "shipping itself": feature("ships_itself: [staging, production]"),
    "shipping itself to one place": feature("ships_itself: staging"),
    "approvals that last": feature("approvals: {production: team}, approvals_last: 14d"),
    "approvals that last for hours, with a warning to match": feature("approvals_last: 8h")
    + "reminders: {before_expiry: 1h}\n",
    "who may confirm": feature("requester_may_confirm: false, author_may_confirm: false, approver_may_confirm: false"),
    "a freeze that is acknowledged": feature("freeze: acknowledge, any_hour: true, two_people: false"),
    "a line with everything": item(
        "key: a, owner: team, required: false, note: How, link: https://x.example, due: 2d, check: unit / 3.11, "
        "reopens: true"
    ),
    "a service's lines": in_service("checklist: [Scan it, {text: Look at it, only_for: feature}]"),
    "a service's line for several": in_service("checklist: [{text: Look at it, only_for: [feature, hotfix]}]"),
    "a service's lines of one key for different changes": in_service(
        "checklist: [{key: a, text: x, only_for: feature}, {key: a, text: y, only_for: bugfix}]"
    ),
    "a tag by its name": in_service("repository: acme/payments\n    tag: 'v{version}'"),
    "a tag with its settings": in_service(
        "repository: acme/payments\n    tag: {name: '{service}/{version}', environment: staging, release: false}"
    ),
    "a tag by default": in_service("repository: acme/payments\n    tag: {}"),
    "marks on pull requests": in_service("repository: acme/payments\n    pull_requests: production"),
    "marks of several environments": in_service("repository: acme/payments\n    pull_requests: [staging, production]"),
    "marks with their settings": in_service(
        "repository: acme/payments\n    pull_requests: {environments: [production], branch: release/2}"
    ),
    "a recurring freeze": recurring(),
    "a recurring freeze of whole days": recurring(starts="2026-01-03", ends="2026-01-05"),
    "a recurring freeze with a T": recurring(starts="2026-01-02T17:00", ends="2026-01-05T07:00"),
    "a rule in small letters": recurring(rule="freq=weekly;byday=fr"),
    "a rule as a calendar has it": recurring(rule="RRULE:FREQ=WEEKLY;BYDAY=FR;WKST=MO;"),
    "a rule that ends": recurring(rule="FREQ=WEEKLY;UNTIL=20260630T150000Z"),
    "a rule that ended": recurring(rule="FREQ=WEEKLY;COUNT=2", starts="2020-01-03", ends="2020-01-04"),
    "a rule of last working days": recurring(
        starts="2026-01-30", ends="2026-01-31", rule="FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"
    ),
    "a freeze that begins when it ends": recurring(starts="2026-01-02", ends="2026-01-09"),
    "a soft freeze of everything's own": recurring(
        soft="true",
        owner="team",
        services="payments",
        environments="production",
        change_types="[hotfix]",
        timezone="UTC",
    ),
    "a calendar at an address": calendar("address: https://calendar.example.com/a.ics?x=1, soft: true"),
    "a calendar in a file": calendar("file: ./holidays.ics, owner: team, services: [payments], timezone: Asia/Tokyo"),
    "exceptions": TWO_PLACES + "freezes: {exceptions: {lasts: 12h, budget: 0, per: 30d}}\n",
    "exceptions without a budget": TWO_PLACES + "freezes: {exceptions: {lasts: 12h}}\n",
    "one notice before": TWO_PLACES + "freezes: {notices_before: 1h}\n",
    "locks": TWO_PLACES + "locks: {lasts: 30m, longest: 1d, remind_before: 5m, forgotten_after: 8h}\n",
    "quiet hours": TWO_PLACES + "quiet_hours: daily 19:00-08:00\n",
    "quiet hours of one zone": TWO_PLACES + "quiet_hours: {at: [sat 00:00-24:00], timezone: Asia/Tokyo}\n",
    "a watch over an address": production("watch: {lasts: 10m, health: http://localhost/health}"),
    "a watch with everything": watched(
        "lasts: 1h, every: 15s, health: {url: https://x.example/health, lasting: 1}, otherwise: roll-back, "
        "unreadable: tell, metrics: {errors: {query: 'a{b=\"{service}\"}', above: 0.05, below: -1, z_score: 2.5, "
        "against: 6h, lasting: 4}}",
        "url: http://prometheus.example:9090/sub, timeout: 5s, bearer: PROMETHEUS_TOKEN",
    ),
    "a watch by what is usual": watched("lasts: 10m, metrics: {errors: {query: up}}"),
    "a watch by a whole number": watched("lasts: 10m, metrics: {errors: {query: up, above: 5}}"),
    "reminders": TWO_PLACES + "reminders: {before_expiry: 2d, before_target: 12h, ask_again_after: 30m}\n",
}
