"""What must fit together in a catalogue: every name leads somewhere, every order is possible, every rule can be met."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from bot.catalogue import demands, freezing, watching
from bot.catalogue.finding import (
    EACH,
    Finding,
    change_types,
    environments,
    find,
    keys,
    mapping,
    missing,
    names,
    unknown,
)
from bot.catalogue.implied import LOCAL, order_of
from bot.catalogue.reading import Path
from bot.rules.policy import TagRule


def misfits(data: Any) -> Iterator[Finding]:
    """Everything that doesn't fit together."""
    yield from _roles(data)
    for path, places in find(data, "services", EACH, "environments"):
        if isinstance(places, dict):
            yield from _order(places, path)
    yield from _tags(data)
    yield from _pull_requests(data)
    yield from _gates(data)
    yield from _named(data)
    yield from _quorums(data)
    yield from _same_digests(data)
    yield from demands.misfits(data)
    yield from freezing.misfits(data)
    yield from watching.misfits(data)


def _roles(data: Any) -> Iterator[Finding]:
    known = keys(data, "roles")
    for way in (
        ("owners", "role"),
        ("defaults", "rights", EACH),
        ("freezes", "rights"),
        ("break_glass", "reviewed_by"),
        ("freezes", "recurring", EACH, "owner"),
        ("freezes", "calendars", EACH, "owner"),
        ("services", EACH, "rights", EACH),
        ("services", EACH, "checklist", EACH, "owner"),
        ("change_types", EACH, "approvals", EACH),
        ("change_types", EACH, "checklist", EACH, "owner"),
    ):
        for path, given in find(data, *way):
            yield from unknown(given, path, "role", known)


def _named(data: Any) -> Iterator[Finding]:
    """Names of environments, services and change types that lead nowhere."""
    places, services, kinds = environments(data), keys(data, "services"), change_types(data)
    for path, _ in find(data, "change_types", EACH, "approvals", EACH):
        if path[-1] not in places:
            yield path, missing(str(path[-1]), "environment", places)
    for way, kind, known in (
        (("change_types", EACH, "checklist_before"), "environment", places),
        (("change_types", EACH, "ships_itself"), "environment", places),
        (("freezes", EACH, EACH, "environments"), "environment", places),
        (("freezes", EACH, EACH, "services"), "service", services),
        (("freezes", EACH, EACH, "change_types"), "change type", kinds),
        (("services", EACH, "checklist", EACH, "only_for"), "change type", kinds),
        (("digests", EACH, "services"), "service", services),
    ):
        for path, given in find(data, *way):
            yield from unknown(given, path, kind, known)
    for path, given in find(data, "change_types", EACH, "bake"):
        if isinstance(given, dict):
            yield from unknown(given, path, "environment", places)


def _tags(data: Any) -> Iterator[Finding]:
    """Tags are set at GitHub: each service needs a repository there, names of its own, and its own environment."""
    taken: dict[tuple[str, str], str] = {}
    for path, service in find(data, "services", EACH):
        tag = service.get("tag") if isinstance(service, dict) else None
        if tag is None:
            continue
        repository = service.get("repository")
        if repository is None:
            yield (*path, "tag"), "A tag needs the “repository” that it is set in, at GitHub."
        elif isinstance(repository, str) and repository.startswith(LOCAL):
            yield (*path, "tag"), "Tags are set at GitHub only, and this service's repository is a path."
        name = tag if isinstance(tag, str) else mapping(tag).get("name", TagRule().name)
        if isinstance(repository, str) and isinstance(name, str) and "{service}" not in name:
            other = taken.setdefault((repository.lower(), name), str(path[-1]))
            if other != path[-1]:
                yield (
                    (*path, "tag"),
                    f"“{other}” has the same tags in the same repository; put “{{service}}” into both.",
                )
        if isinstance(tag, dict) and isinstance(service.get("environments"), dict):
            where = (*path, "tag", "environment")
            yield from unknown(
                tag.get("environment"), where, "environment of this service", list(service["environments"])
            )


def _pull_requests(data: Any) -> Iterator[Finding]:
    """They are at GitHub, and about environments of that service."""
    for path, service in find(data, "services", EACH):
        given = mapping(service).get("pull_requests")
        if given is None:
            continue
        where, repository = (*path, "pull_requests"), mapping(service).get("repository")
        if repository is None:
            yield where, "Pull requests of which “repository”? Name it, at GitHub."
        elif isinstance(repository, str) and repository.startswith(LOCAL):
            yield where, "Pull requests are marked at GitHub only, and this service's repository is a path."
        places = mapping(service).get("environments")
        if isinstance(places, dict):
            named, at = (
                (given.get("environments"), (*where, "environments")) if isinstance(given, dict) else (given, where)
            )
            yield from unknown(named, at, "environment of this service", list(places))


def _gates(data: Any) -> Iterator[Finding]:
    """The gate is asked about what a run runs on, so a run that deploys what it is given would get past it."""
    for path, given in find(data, "services", EACH, "environments", EACH):
        place = mapping(given)
        workflow = mapping(place.get("deployer")).get("github-actions")
        if place.get("protection_rule") == "gate" and workflow and mapping(workflow).get("deploys") != "head":
            yield (
                (*path, "protection_rule"),
                (
                    "“gate” asks about the commit that a run runs on, and this workflow deploys a commit that it is "
                    "given. Let it deploy what it runs on (“deploys: head”), or leave “started” here."
                ),
            )


def _order(places: Mapping[str, Any], at: Path) -> Iterator[Finding]:
    own = {name: each.get("after") if isinstance(each, dict) else None for name, each in places.items()}
    listed = {name: None if given is None else names(given) for name, given in own.items()}
    before = order_of(listed)
    sound = True
    for name, given in own.items():
        for found in unknown(given, (*at, name, "after"), "environment of this service", list(own)):
            sound = False
            yield found
        if name in before[name]:
            sound = False
            yield (*at, name, "after"), f"“{name}” can't come after itself."
    if sound:
        try:
            TopologicalSorter(before).prepare()
        except CycleError as error:
            # The library names each before the one that waits for it.
            circle: list[str] = error.args[1]
            told = " after ".join(f"“{name}”" for name in reversed(circle))
            guilty = next(name for name in places if name in circle and listed[name])
            yield (*at, guilty, "after"), f"The order goes in a circle: {told}."


def _quorums(data: Any) -> Iterator[Finding]:
    for path, quorum in find(data, "change_types", EACH, "approvals", EACH, EACH):
        role = path[-1]
        for _, holders in find(data, "roles", str(role)):
            people = holders.get("people") if isinstance(holders, dict) and not holders.get("group") else None
            if isinstance(quorum, int) and isinstance(people, list) and quorum > len(people) > 0:
                has = f"only {len(people)} {'person' if len(people) == 1 else 'people'}"
                yield path, f"{quorum} people of “{role}” must approve, but it has {has}; this could never be met."


def _same_digests(data: Any) -> Iterator[Finding]:
    seen: dict[str, str | int] = {}
    for path, digest in find(data, "digests", EACH):
        number = path[-1]
        told = repr(sorted(digest.items(), key=str)) if isinstance(digest, dict) and digest else ""
        if told and told in seen and isinstance(number, int):
            yield path, f"This is the same digest as number {int(seen[told]) + 1}; once is enough."
        seen.setdefault(told, number)
