"""The forms in which something is written: a new release, its plan, and the reason of a rejection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from bot.rules.policy import Catalogue, ChangeTypeName, Service, ServiceName
from bot.rules.release import Plan, r
from bot.verbs.look import Picture
from handlers.buttons import OnRelease, encode
from handlers.names import Form
from handlers.views.blocks import Block, View, ask, context, form, line, menu, option, plain, section
from handlers.views.text import at, clip, code, one_line
from handlers.views.words import named

TITLE = 150
SCOPE = 3000


def loading(title: str) -> View:
    """What is seen until a form's content is there."""
    return form("loading", title, [section("One moment…")])


def new_release_form(
    catalogue: Catalogue,
    *,
    service: ServiceName | None = None,
    version: str = "",
    ref: str = "",
    filled: Plan | None = None,
    problem: str = "",
) -> View:
    """Plan a release. `filled` is what was written before, and `problem` why it could not be taken."""
    if filled is not None:
        service, version = filled.service, filled.version
    services = [option(each.title, each.name) for each in _sorted(catalogue.services)]
    only = next(iter(catalogue.services)) if len(catalogue.services) == 1 else None
    # What is known already need not be looked at first.
    first: Block = {"focus_on_load": True} if (service or only) and not version else {}
    blocks = [
        *_problem(problem),
        ask("Service", menu("service", services, service or only, "Which service?"), "service"),
        ask("Version", {**line("version", version, placeholder="2.4.0", longest=64), **first}, "version"),
        ask(
            "Commit or branch",
            line("ref", ref, placeholder="main, v2.4.0 or 1a2b3c4"),
            "ref",
            hint="What it names now becomes the candidate. It can be set later.",
            optional=True,
        ),
        *_plan(catalogue, filled),
    ]
    return form(Form.NEW, "Plan a release", blocks, submit="Plan it", close="Cancel")


def edit_form(picture: Picture, catalogue: Catalogue, *, filled: Plan | None = None, problem: str = "") -> View:
    """Change a release's plan. The service stays; the candidate has its own command.

    `filled` is what was written before, and `problem` why it could not be taken.
    """
    release = picture.release
    plan = filled or release.plan
    blocks = [
        *_problem(problem),
        context(f"*{one_line(named(picture))}*  ·  asked for by {at(release.requested_by)}"),
        ask("Version", line("version", plan.version, longest=64), "version"),
        *_plan(catalogue, plan),
    ]
    carries = encode(OnRelease(release.id, revision=release.revision))
    return form(Form.EDIT, f"Edit {release.name}", blocks, submit="Save", close="Cancel", carries=carries)


def _problem(why: str) -> Iterator[Block]:
    if why:
        yield section(f"✋ {why}")


def _plan(catalogue: Catalogue, plan: Plan | None = None) -> Iterator[Block]:
    types = [option(each.title, each.name) for each in catalogue.change_types.values()]
    first: ChangeTypeName | None = plan.change_type if plan else next(iter(catalogue.change_types), None)
    yield ask(
        "Change type",
        menu("change_type", types, first),
        "change_type",
        hint="Decides the checklist and the approvals, and what a freeze means.",
    )
    yield ask("Title", line("title", plan.title if plan else "", longest=TITLE), "title")
    yield ask(
        "Scope",
        line("scope", plan.scope if plan else "", longest=SCOPE, multiline=True, placeholder="What do customers get?"),
        "scope",
        optional=True,
    )
    yield ask(
        "Requirements",
        line("requirements", plan.requirements if plan else "", longest=SCOPE, placeholder="Tickets or links"),
        "requirements",
        optional=True,
    )
    target: Block = {"type": "datepicker", "action_id": "target", "placeholder": plain("Pick a day", 150)}
    if plan and plan.target:
        target["initial_date"] = plan.target.isoformat()
    yield ask("Target date", target, "target", optional=True)
    others = ", ".join(r(each) for each in plan.depends_on) if plan else ""
    yield ask(
        "Depends on",
        line("depends_on", others, placeholder="R-3, R-5"),
        "depends_on",
        hint="Releases that must be there before.",
        optional=True,
    )


def _sorted(services: Mapping[ServiceName, Service]) -> Iterable[Service]:
    return sorted(services.values(), key=lambda each: each.title.lower())


def reject_form(picture: Picture, on: OnRelease) -> View:
    """Reject, with the reason that helps the others."""
    candidate = picture.release.candidate
    commit = f" {code(candidate.short)}" if candidate else ""
    place = f" for *{one_line(on.environment, 60)}*" if on.environment else ""
    blocks = [
        section(f"You reject *{one_line(named(picture))}*{commit}{place}."),
        ask(
            "Reason",
            line("reason", longest=1000, multiline=True, placeholder="What is wrong, and what would help?"),
            "reason",
            hint="Everybody reads it in the release's thread.",
        ),
    ]
    title = clip(f"Reject {picture.release.name}", 24)
    return form(Form.REJECT, title, blocks, submit="Reject", close="Cancel", carries=encode(on))


def comment_form(on: OnRelease) -> View:
    """Say something that decides nothing."""
    question = ask(
        "Comment",
        line("text", longest=1000, multiline=True, placeholder="What should the others know?"),
        "text",
        hint="Everybody reads it in the release's thread.",
    )
    return form(Form.COMMENT, clip(f"Comment on {r(on.release)}", 24), [question], submit="Say it", carries=encode(on))
