"""Hints: a line that no form fits is mended word by word, until it is the nearest command that would have worked."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import count
from types import MappingProxyType

from bot.rules.release import parse_release_id, r
from bot.rules.sentence import Code, Sentence, say
from handlers.parsing import grammar
from handlers.parsing.commands import Command
from handlers.parsing.forms import understand
from handlers.parsing.grammar import Family
from handlers.parsing.known import Known
from handlers.parsing.moments import likely
from handlers.parsing.reader import ANSWERS, OUTCOMES, Expected, MisreadError, Reader
from handlers.parsing.words import Line, read

_CLOSE = 0.6
"""How alike two words must be, for one to be taken for the other."""
_DEAREST = 1.9
"""Repairs that cost more make another command, not the nearest one."""
_TRIES = 60
_LONGEST = 24
"""A line of more words than this is no mistyped command."""
_LONGEST_WORD = 64
"""A longer word is no mistyped name; comparing one of thousands of characters would take minutes."""
_LONGEST_LINE = 4000

_MEANT = MappingProxyType(
    {
        Family.RELEASE: "create:new plan:new add:new make:new ls:list all:list mine:list view:show see:show info:show "
        "card:show "
        "blockers:why blocked:why status:why explain:why candidate:build set:build commit:build tick:checklist "
        "check:checklist todo:checklist ok:approve yes:approve lgtm:approve accept:approve sign:approve no:reject "
        "deny:reject refuse:reject undo:withdraw revoke:withdraw unapprove:withdraw ship:launch publish:launch "
        "go:launch abort:cancel delete:cancel remove:cancel drop:cancel update:edit change:edit rename:edit "
        "report:digest summary:digest log:audit evidence:audit history:audit export:audit ?:help usage:help",
        Family.DEPLOY: "start:confirm go:confirm yes:confirm run:confirm stop:cancel abort:cancel kill:cancel "
        "list:status show:status ls:status running:status queue:status skip:pass "
        "withdraw:cancel resolve:settle stay:keep stays:keep hold:lock reserve:lock claim:lock take:lock block:lock "
        "free:unlock release:unlock unblock:unlock "
        "break:break-glass breakglass:break-glass emergency:break-glass learned:review postmortem:review "
        "?:help usage:help",
        Family.ROLLBACK: "blame:culprit culprits:culprit unveto:lift forgive:lift allow:lift ?:help usage:help",
        Family.FREEZE: "begin:start new:start add:start create:start declare:start stop:end thaw:end lift:end "
        "remove:end delete:end unfreeze:end cancel:end over:end prolong:extend move:extend longer:extend show:list "
        "ls:list status:list active:list exception:except exempt:except ask:except acknowledge:except ack:except "
        "allow:grant ok:grant yes:grant deny:refuse no:refuse decline:refuse "
        "?:help usage:help",
    }
)
_PLACEHOLDERS = re.compile(
    r"<(?:reason|commit|version|environment|service|time|artifact-digest|change-type|comment|text|role|findings)>"
)
_KEYWORDS = frozenset({"to", "in", "on", "until", "for", "now"})
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "tomorrow", "noon")


@dataclass(frozen=True, slots=True)
class Hint:
    """What didn't fit, and the nearest command that would have worked (in our own names of the commands)."""

    why: Sentence
    nearest: str


@dataclass(frozen=True, slots=True)
class _Try:
    family: Family
    tokens: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join((self.family, *(self.tokens or ("help",))))


def parse(family: Family, text: str, known: Known) -> Command | Hint:
    """The command that this text is, or a hint. Any text is one of the two."""
    line = read(text)
    copied = next((each.text for each in line.words if _PLACEHOLDERS.fullmatch(each.text)), None)
    try:
        command = understand(family, Reader(line, known))
    except MisreadError as misread:
        return Hint(misread.why, _nearest(family, line, known, misread))
    if copied is not None:
        return Hint(say("Please put your own words in place of {typed}.", typed=Code(copied)), f"{family} {line.typed}")
    return command


def _nearest(family: Family, line: Line, known: Known, first: MisreadError) -> str:
    """The cheapest repair that a form fits; without one, an example of the form that seems to be meant."""
    tokens = tuple(f'"{each.text}"' if " " in each.text else each.text.replace('"', "") for each in line.words)
    start = _Try(family, tuple(each for each in tokens if each))
    order = count()
    waiting: list[tuple[float, int, _Try]] = [(0.0, next(order), start)]
    seen = {start}
    tries = 0
    while waiting and tries < _TRIES and len(tokens) <= _LONGEST and len(line.typed) <= _LONGEST_LINE:
        cost, _, attempt = heapq.heappop(waiting)
        tries += 1
        try:
            understand(attempt.family, Reader(read(" ".join(attempt.tokens), line.mentions), known))
        except MisreadError as misread:
            for dearer, mended in _repairs(attempt, misread, known):
                if mended not in seen and cost + dearer <= _DEAREST:
                    seen.add(mended)
                    heapq.heappush(waiting, (cost + dearer, next(order), mended))
        else:
            return attempt.text
    verb = first.verb if first.verb is not None and first.at > 0 else "help"
    return grammar.usage(family, verb).example


def _repairs(attempt: _Try, misread: MisreadError, known: Known) -> Iterator[tuple[float, _Try]]:
    """What might make this line fit where it doesn't, each with its price."""
    if misread.expected is Expected.VERB:
        yield from _other_verbs(attempt, known)
        return
    if misread.at == 0 and attempt.tokens and attempt.family in {Family.DEPLOY, Family.ROLLBACK}:
        yield from _other_verbs(attempt, known)
    if misread.at < len(attempt.tokens):
        yield from _instead(attempt, misread, known)
    yield from _added(attempt, misread, known)


def _instead(attempt: _Try, misread: MisreadError, known: Known) -> Iterator[tuple[float, _Try]]:
    """Another word for the one that doesn't fit: one that is like it, one that stands further on, or none."""
    tokens, at, expected = attempt.tokens, misread.at, misread.expected
    here = tokens[at]
    for price, name in _alike(here, _names(expected, known), 0.75 if expected is Expected.TIME else _CLOSE):
        yield price, _mended(attempt, at, (name,), dropped=1)
    if len(tokens) > 1:
        yield (1.6 if at == 0 else 0.9), _mended(attempt, at, (), dropped=1)
    if expected in {Expected.RELEASE, Expected.SERVICE}:
        for place in range(at + 1, len(tokens)):
            if known.service(tokens[place]) or (expected is Expected.RELEASE and parse_release_id(tokens[place])):
                others = (*tokens[:place], *tokens[place + 1 :])
                yield 0.7, _mended(_Try(attempt.family, others), at, (tokens[place],))
    elif expected in {Expected.TO, Expected.UNTIL, Expected.SCOPE} and at + 1 < len(tokens):
        yield 0.7, _mended(attempt, at, (tokens[at + 1], here), dropped=2)
    number = re.fullmatch(r"\W*[a-z]?\W*(\d{1,9})[a-z]?\W*", here.lower())
    if number and expected in _LETTERS:
        yield 0.3, _mended(attempt, at, (f"{_LETTERS[expected]}-{number[1]}",), dropped=1)


def _added(attempt: _Try, misread: MisreadError, known: Known) -> Iterator[tuple[float, _Try]]:
    """What may be missing there, before the word that doesn't fit or in its place."""
    tokens, at, expected = attempt.tokens, misread.at, misread.expected
    here = tokens[at] if at < len(tokens) else None
    if here is None or expected in {Expected.TO, Expected.IN, Expected.UNTIL}:
        price = 0.35 if expected in {Expected.TO, Expected.IN, Expected.UNTIL} else 0.5
        yield from ((price, _mended(attempt, at, sample)) for sample in _samples(expected, tokens, known))
        return
    if expected is Expected.TIME:
        taken = max(1, likely(tokens[at:]))
        if taken < len(tokens) - at and re.fullmatch(r"1?\d|2[0-3]", tokens[at + taken]):
            yield 0.2, _mended(attempt, at + taken, (f"{int(tokens[at + taken]):02}:00",), dropped=1)
        for sample in _samples(expected, tokens, known):
            yield 1.0, _mended(attempt, at, sample, dropped=taken)
        return
    if expected is Expected.SCOPE and likely([here]):
        yield 0.35, _mended(attempt, at, ("until",))
    goes_on = (
        here in _KEYWORDS
        or here[0].isdigit()
        or misread.verb in {"reject", "cancel", "build", "except", "refuse", "review", "culprit", "lift"}
    )
    for sample in _samples(expected, tokens, known):
        yield (0.8 if goes_on else 1.1), _mended(attempt, at, sample)
        yield 1.0, _mended(attempt, at, sample, dropped=1)


def _mended(attempt: _Try, at: int, instead: tuple[str, ...], dropped: int = 0) -> _Try:
    return _Try(attempt.family, (*attempt.tokens[:at], *instead, *attempt.tokens[at + dropped :]))


_LETTERS = MappingProxyType(
    {
        Expected.RELEASE: "R",
        Expected.DEPLOYMENT: "D",
        Expected.FREEZE: "F",
        Expected.EXCEPTION: "X",
        Expected.VETO: "V",
        Expected.TOKEN: "K",
    }
)
_NUMBERED = MappingProxyType(
    {
        Expected.DEPLOYMENT: "D-40",
        Expected.FREEZE: "F-3",
        Expected.EXCEPTION: "X-4",
        Expected.VETO: "V-3",
        Expected.TOKEN: "K-3",
        Expected.TRAIN: "T",
    }
)


def _other_verbs(attempt: _Try, known: Known) -> Iterator[tuple[float, _Try]]:
    """Another first word, or another command altogether."""
    family, (first, *others) = attempt.family, attempt.tokens
    low, rest = first.lower().strip("/"), tuple(others)
    for price, verb in _alike(low, grammar.verbs(family)):
        yield price, _Try(family, (verb, *rest))
    meant = dict(each.split(":") for each in _MEANT[family].split())
    if low in meant:
        yield 0.05, _Try(family, (meant[low], *rest))
    for other in Family:
        price = 1 - _likeness(low, other.strip("/"))
        if price < 1 - _CLOSE:
            yield 0.2 + price, _Try(other, rest)
        if other is not family and low in grammar.verbs(other):
            yield 0.4, _Try(other, attempt.tokens)
    for place, word in enumerate(others):
        if word.lower() in grammar.verbs(family):
            yield 0.3, _Try(family, (word, first, *others[:place], *others[place + 1 :]))
    if known.environment(first):
        service = next((name for name in known.services if known.environment(first, name)), "")
        before = {Family.FREEZE: ("start",), Family.DEPLOY: ("R-12", "to"), Family.ROLLBACK: (service, "in")}
        yield 0.6, _Try(family, (*before.get(family, ("help",)), *attempt.tokens))
    number = parse_release_id(first)
    if number is not None or known.service(first):
        name = r(number) if number is not None else first
        if family is Family.RELEASE:
            yield 0.5, _Try(family, ("show", name, *rest))


def _alike(word: str, names: Sequence[str], closeness: float = _CLOSE) -> Iterator[tuple[float, str]]:
    """The names that this word may stand for, each with its price: its beginning, or mistyped."""
    low = word.lower().rstrip(",")
    for name in names:
        ratio = _likeness(low, name.lower())
        if len(low) > 1 and name.lower().startswith(low):
            ratio = max(ratio, 0.85)
        if ratio >= closeness and low != name.lower():
            yield 1 - ratio, name


def _likeness(word: str, name: str) -> float:
    return SequenceMatcher(None, word, name).ratio() if len(word) <= _LONGEST_WORD else 0.0


def _names(expected: Expected, known: Known) -> tuple[str, ...]:
    match expected:
        case Expected.SERVICE | Expected.RELEASE | Expected.VETO:
            return tuple(known.services)
        case Expected.ENVIRONMENT:
            return known.environments()
        case Expected.SCOPE:
            return (*known.environments(), *known.services, *known.change_types, "all", "until")
        case Expected.TO | Expected.UNTIL | Expected.IN:
            return (expected.value,)
        case Expected.TIME:
            return _WEEKDAYS
        case Expected.OUTCOME:
            return OUTCOMES
        case Expected.ANSWER:
            return ANSWERS
        case _:
            return ()


def _samples(expected: Expected, tokens: tuple[str, ...], known: Known) -> tuple[tuple[str, ...], ...]:
    """Something that could stand there."""
    services = tuple(known.services)
    match expected:
        case Expected.RELEASE:
            other = next((r(number) for each in tokens if (number := parse_release_id(each)) is not None), "R-12")
            return ((other,),)
        case Expected.SERVICE:
            return tuple((each,) for each in services[:1])
        case Expected.ENVIRONMENT | Expected.SCOPE:
            named = next((service for each in tokens if (service := known.service(each))), None)
            places = known.environments(named or next(iter(services), None))
            return tuple((each,) for each in places[-1:])
        case Expected.VERSION | Expected.COMMIT | Expected.REASON:
            return ((f"<{expected}>",),)
        case Expected.OUTCOME:
            return ((OUTCOMES[1],),)
        case expected if expected in _NUMBERED:
            return ((_NUMBERED[expected],),)
        case Expected.TIME:
            return (("mon", "07:00"), ("2", "weeks"))
        case Expected.TO | Expected.IN:
            return ((expected.value,),)
        case Expected.UNTIL:
            return (("until",), ("until", "mon", "07:00"))
        case _:
            return ()
