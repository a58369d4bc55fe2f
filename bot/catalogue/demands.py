"""What is asked of a change must be possible together: its checklist, bake time, deploying by itself, warnings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from bot.catalogue import words
from bot.catalogue.file import MOST_ITEMS
from bot.catalogue.finding import EACH, Finding, change_types, find, mapping, names
from bot.catalogue.implied import LOCAL, item_key, order_of
from bot.catalogue.reading import Path
from bot.rules.policy import Promotion, Reminders
from bot.rules.terms import span


def misfits(data: Any) -> Iterator[Finding]:
    """Everything that can't be asked for together."""
    yield from _same_items(data)
    yield from _shared_items(data)
    yield from _bake_of_nothing(data)
    yield from _bake_in_any_order(data)
    yield from _ships_itself(data)
    yield from _promoted_by_two(data)
    yield from _over_before_the_warning(data)
    yield from _pushed_nowhere(data)


def _same_items(data: Any) -> Iterator[Finding]:
    """Lines of one list with the same key. A service's may have it if they are for different change types."""
    kinds = frozenset(change_types(data))
    for path, checklist in (*find(data, "change_types", EACH, "checklist"), *find(data, "services", EACH, "checklist")):
        seen: list[tuple[str, frozenset[str], int]] = []
        for number, key, asked_of in _items(checklist, kinds):
            earlier = next((nth for own, others, nth in seen if own == key and others & asked_of), None)
            if earlier is not None:
                yield (*path, number), f"It has the same key as number {earlier + 1}; give it a “key” of its own."
            seen.append((key, asked_of, number))


def _items(checklist: Any, kinds: frozenset[str]) -> Iterator[tuple[int, str, frozenset[str]]]:
    """Each line's place, its key, and the change types that it is for."""
    for number, item in enumerate(checklist if isinstance(checklist, list) else ()):
        text, key, only = item, None, frozenset[str]()
        if isinstance(item, dict):
            text, key, only = item.get("text"), item.get("key"), frozenset(names(item.get("only_for")))
        if isinstance(text, str):
            yield number, item_key(key if isinstance(key, str) else None, text), only or kinds


def _shared_items(data: Any) -> Iterator[Finding]:
    """A service's lines beside those of the change types: each with its own key, and not too many together."""
    lists = {str(path[1]): found for path, found in find(data, "change_types", EACH, "checklist")}
    general = {kind: [key for _, key, _ in _items(lists.get(kind), frozenset())] for kind in change_types(data)}
    for path, checklist in find(data, "services", EACH, "checklist"):
        own = list(_items(checklist, frozenset(general)))
        for number, key, asked_of in own:
            kind = next((kind for kind, has in general.items() if kind in asked_of and key in has), None)
            if kind:
                yield (*path, number), _HIDDEN.format(kind=kind, key=key)
        for kind, has in general.items():
            together = len(has) + sum(kind in asked_of for _, _, asked_of in own)
            if len(has) <= MOST_ITEMS and len(own) <= MOST_ITEMS and together > MOST_ITEMS:
                yield path, f"With the lines of “{kind}” there are {together} here; {MOST_ITEMS} are the most."


_HIDDEN = (
    "“{kind}” has a line with the same key ({key}), so this one would never be asked for; give it a “key” of its own, "
    "or name the change types that lack it under “only_for”."
)


def _bake_of_nothing(data: Any) -> Iterator[Finding]:
    """Bake time before an environment that nothing comes before."""
    begins: dict[str, bool] = {}
    for path, places in find(data, "services", EACH, "environments"):
        after = {name: mapping(place).get("after") for name, place in mapping(places).items()}
        before = order_of({name: None if given is None else names(given) for name, given in after.items()})
        for name, place in mapping(places).items():
            begins[name] = begins.get(name, True) and not before[name]
            if not before[name] and _length(mapping(place).get("bake")):
                yield (*path, name, "bake"), _NOTHING_BEFORE.format(place=name)
    for path, given in find(data, "change_types", EACH, "bake", EACH):
        if begins.get(str(path[-1])) and _length(given):
            yield path, _NOTHING_BEFORE.format(place=path[-1])


_NOTHING_BEFORE = "Nothing comes before “{place}”, so there is no place to bake in; take this out, or say “after”."


def _bake_in_any_order(data: Any) -> Iterator[Finding]:
    for path, given in find(data, "change_types", EACH, "bake"):
        lengths = given.values() if isinstance(given, dict) else [given]
        change = mapping(data["change_types"][path[1]])
        if _said(change.get("keeps_order")) is False and any(_length(each) for each in lengths):
            yield path, _IN_ANY_ORDER


_IN_ANY_ORDER = "It may skip environments (keeps_order: false), so it is never asked to bake; take one of the two out."


def _ships_itself(data: Any) -> Iterator[Finding]:
    """Deploying by itself where two people are needed: nobody asks, and nobody confirms."""
    default = next((each for _, each in find(data, "defaults", "two_people")), None)
    for path, given in find(data, "change_types", EACH, "ships_itself"):
        own = _said(mapping(data["change_types"][path[1]]).get("two_people"))
        for at, name in _each_name(given, path):
            asked = [_first_said(place, service, default) for service, place in _places(data, name)]
            if own:
                yield at, _BY_ITSELF_AND_BY_TWO
            elif own is None and asked and all(asked):
                yield at, _NEVER_BY_ITSELF.format(place=name)


_BY_ITSELF_AND_BY_TWO = (
    "It can't be deployed by itself and by two people at once; take this out, or “two_people: true”."
)
_NEVER_BY_ITSELF = (
    "Every service asks for two people in “{place}”, so nothing is deployed there by itself; say “two_people: false” "
    "for this change type, or take this out."
)


def _promoted_by_two(data: Any) -> Iterator[Finding]:
    """Bringing everything to an environment by itself where every kind of change takes two people."""
    default = next((each for _, each in find(data, "defaults", "two_people")), None)
    said = [_said(mapping(each).get("two_people")) for _, each in find(data, "change_types", EACH)]
    for path, place in find(data, "services", EACH, "environments", EACH):
        two = _first_said(place, data["services"][path[1]], default)
        if mapping(place).get("promote") == Promotion.ITSELF and all(
            two if own is None else own for own in said or [None]
        ):
            yield (*path, "promote"), _PROMOTED_BY_TWO.format(place=path[-1])


_PROMOTED_BY_TWO = (
    "Everything takes two people in “{place}”, so nothing is brought there by itself; say “two_people: false” there or "
    "for a change type, or take this out."
)


def _places(data: Any, name: str) -> Iterator[tuple[Any, Any]]:
    """Each service that has an environment of that name, and the environment."""
    for path, place in find(data, "services", EACH, "environments", name):
        yield data["services"][path[1]], place


def _first_said(place: Any, service: Any, default: Any) -> bool:
    said = (mapping(place).get("two_people"), mapping(service).get("two_people"), default)
    return next((each for each in map(_said, said) if each is not None), False)


def _each_name(given: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(given, str):
        yield path, given
    elif isinstance(given, list):
        yield from (((*path, number), each) for number, each in enumerate(given) if isinstance(each, str))


def _pushed_nowhere(data: Any) -> Iterator[Finding]:
    """A branch of no repository, or of one from which nobody hears of pushes."""
    for path, _ in find(data, "services", EACH, "candidate_from"):
        repository = mapping(data["services"][path[1]]).get("repository")
        if repository is None:
            yield path, "It is a branch of which repository? Name it under “repository”, or take this out."
        elif isinstance(repository, str) and repository.startswith(LOCAL):
            yield path, "Nobody tells of pushes to a repository on this machine; this is for one at GitHub."


def _over_before_the_warning(data: Any) -> Iterator[Finding]:
    given = next((each for _, each in find(data, "reminders", "before_expiry")), None)
    warned = Reminders().before_expiry if given is None else _length(given)
    for path, lasts in find(data, "change_types", EACH, "approvals_last"):
        counts = _length(lasts)
        if counts and warned and counts <= warned:
            yield path, _TOO_SHORT.format(counts=span(counts), warned=span(warned))


_TOO_SHORT = (
    "Approvals are to count for {counts}, but a warning comes {warned} before their end; let them count longer, or say "
    "a shorter time under “reminders: before_expiry”."
)


def _said(given: Any) -> bool | None:
    """What is said, in any of the words that are taken for yes or no; None if nothing is."""
    word = str(given).lower()
    return True if word in {"true", "yes", "on"} else False if word in {"false", "no", "off"} else None


def _length(given: Any) -> timedelta | None:
    """A duration that is one and isn't empty; what is wrong with others is said elsewhere."""
    try:
        return words.duration(given)
    except ValueError:
        return None
