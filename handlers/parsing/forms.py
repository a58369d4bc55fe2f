"""The forms of the four commands, read word by word. A line that doesn't fit raises MisreadError."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType
from typing import Literal

from bot.rules.policy import ChangeTypeName, EnvironmentName, ServiceName
from bot.rules.sentence import Code
from handlers.parsing import commands as c
from handlers.parsing.grammar import Family
from handlers.parsing.reader import OUTCOMES, Expected, Reader

_ALL = {"all", "everything", "everywhere"}
_AND = {"and", "&", "+"}
_HARDNESS = {"soft", "hard"}
_LONGEST_NAME = 64
"""A longer word is no mistyped service; comparing one of thousands of characters would take minutes."""


def _new(words: Reader) -> c.Command:
    service = words.service() if words.more else None
    version = words.word(Expected.VERSION) if words.more else None
    ref = words.word(Expected.COMMIT) if words.more else None
    words.end()
    return c.NewRelease(service, version, ref)


def _list(words: Reader) -> c.Command:
    service: ServiceName | None = None
    whose: Literal["mine", "open", "all"] | None = None
    while words.more:
        if whose is None and words.skip("mine"):
            whose = "mine"
        elif whose is None and words.skip("open"):
            whose = "open"
        elif whose is None and words.skip("all"):
            whose = "all"
        elif service is None:
            service = words.service()
        else:
            words.end()
    return c.ListReleases(service, whose or "open")


def _build(words: Reader) -> c.Command:
    release, ref = words.release(), words.word(Expected.COMMIT)
    artifact = words.word(Expected.COMMIT) if words.more and words.next != "irreversible" else None
    irreversible = words.reason() if words.skip("irreversible") else ""
    words.end()
    return c.Build(release, ref, artifact, irreversible)


def _digest(words: Reader) -> c.Command:
    here = words.skip("here")
    words.end()
    return c.TellDigest(here)


def _about(make: Callable[[str], c.Command]) -> Callable[[Reader], c.Command]:
    """A form that takes a release and nothing else."""

    def form(words: Reader) -> c.Command:
        release = words.release()
        words.end()
        return make(release)

    return form


def _in_place(make: Callable[[str, EnvironmentName | None], c.Command]) -> Callable[[Reader], c.Command]:
    """A form that takes a release and perhaps an environment."""

    def form(words: Reader) -> c.Command:
        release, environment = words.release(), words.maybe_environment()
        words.end()
        return make(release, environment)

    return form


def _approve(words: Reader) -> c.Command:
    release = words.release()
    environment = None if words.next == "saying" else words.maybe_environment()
    comment = words.reason() if words.skip("saying") else ""
    words.end()
    return c.SayYes(release, environment, comment)


def _away(words: Reader) -> c.Command:
    who = words.person() if words.mentioned else None
    since = words.time(later=False) if words.skip("from") else None
    if not words.skip("until", "till"):
        raise words.wrong(Expected.UNTIL, "Until when? The word “until” and a time are missing.")
    place = words.at
    until = words.time()
    if since is not None and until <= since:
        raise words.wrong(Expected.TIME, "It would end before it begins.", back=words.at - place)
    stand_in = words.person() if words.skip("with") else None
    role = words.role() if stand_in is not None and words.skip("as") else None
    return c.LeaveFor(until, who, since, stand_in, role, words.maybe_reason())


def _be_back(words: Reader) -> c.Command:
    who = words.person() if words.more else None
    words.end()
    return c.BeBack(who)


def _to_place(make: Callable[[str, EnvironmentName], c.Command]) -> Callable[[Reader], c.Command]:
    """A form that takes a release and where it is to go."""

    def form(words: Reader) -> c.Command:
        release = words.release()
        if not words.skip("to"):
            raise words.wrong(Expected.TO, "Where to? The word “to” and the environment are missing.")
        environment = words.environment()
        words.end()
        return make(release, environment)

    return form


def _with_reason(make: Callable[[str, str], c.Command]) -> Callable[[Reader], c.Command]:
    """A form that takes a release and why."""

    def form(words: Reader) -> c.Command:
        return make(words.release(), words.reason())

    return form


def _help(words: Reader) -> c.Command:
    words.rest()
    return c.Help()


def _status(words: Reader) -> c.Command:
    service = words.service() if words.more else None
    words.end()
    return c.ShowStatus(service)


def _stop(words: Reader) -> c.Command:
    deployment = words.deployment()
    words.end()
    return c.StopDeploy(deployment)


def _pass(words: Reader) -> c.Command:
    deployment = words.deployment()
    words.end()
    return c.LetPass(deployment)


def _settle(words: Reader) -> c.Command:
    deployment = words.deployment()
    said = words.word(Expected.OUTCOME).lower()
    if said not in OUTCOMES:
        raise words.wrong(Expected.OUTCOME, "It succeeded or it failed; {typed} is neither.", back=1, typed=Code(said))
    return c.SettleIt(deployment, said == "succeeded", words.reason())


def _keep(words: Reader) -> c.Command:
    return c.KeepIt(words.deployment(), words.reason())


def _place(words: Reader) -> tuple[ServiceName, EnvironmentName]:
    """A service and one of its environments, with or without a small word between."""
    service = words.service()
    words.skip("in", "on")
    return service, words.environment(service)


def _lock(words: Reader) -> c.Command:
    service, environment = _place(words)
    release, until, take_over = None, None, False
    while words.more:
        if not take_over and words.skip_both("take", "over"):
            take_over = True
        elif release is None and (named := words.for_release()) is not None:
            release = named
        elif until is None and words.skip("until", "till"):
            until = words.time()
        elif until is None and (then := words.length()) is not None:
            until = then
        else:
            break
    return c.LockIt(service, environment, words.reason(), until, release, take_over)


def _unlock(words: Reader) -> c.Command:
    service, environment = _place(words)
    return c.UnlockIt(service, environment, words.maybe_reason())


def _break_glass(words: Reader) -> c.Command:
    confirmed = words.skip("confirm")
    release = words.release()
    if not words.skip("to"):
        raise words.wrong(Expected.TO, "Where to? The word “to” and the environment are missing.")
    return c.GoPastTheGate(release, words.environment(), words.reason(), confirmed)


def _review(words: Reader) -> c.Command:
    return c.SayWhatWasLearned(words.deployment(), words.reason())


def _token(words: Reader) -> c.Command:
    if words.skip("list"):
        words.end()
        return c.ListTokens()
    if words.skip("revoke"):
        token = words.token()
        words.end()
        return c.DropToken(token)
    words.skip("until", "for")
    until = words.time() if words.more else None
    words.end()
    return c.AskToken(until)


def _train(words: Reader) -> c.Command:
    if words.names_a_train:
        train = words.train()
        return c.SteerTrain(train, words.answer()) if words.more else c.ShowTrain(train)
    confirms = words.skip("confirm")
    releases = [words.release()]
    while not words.skip("to"):
        words.skip(*_AND)
        if not words.more:
            raise words.wrong(Expected.TO, "Where to? The word “to” and the environment are missing.")
        releases.append(words.release())
    environment = words.environment()
    words.end()
    return (c.StartTrain if confirms else c.PreviewTrain)(tuple(releases), environment)


def _back(words: Reader) -> c.Command:
    service = words.service()
    environment: EnvironmentName | None = None
    wanted: str | None = None
    while words.more:
        if environment is None and words.skip("in"):
            environment = words.environment(service)
        elif wanted is None and words.skip("to"):
            wanted = words.word(Expected.VERSION)
        else:
            break
    if words.skip("now"):
        words.verb = "now"
        return c.GoBack(service, environment, wanted, words.reason(), now=True)
    if words.more and _meant_as_environment(words.next, words.known.environments(service)):
        raise words.wrong(Expected.IN, "Write {word} before the environment.", word="“in”")
    return c.GoBack(service, environment, wanted, words.maybe_reason())


def _blame(words: Reader) -> c.Command:
    return c.Blame(words.veto(), words.shas(), words.reason())


def _let_back(words: Reader) -> c.Command:
    veto = words.veto()
    mend = words.word(Expected.COMMIT) if words.skip("with") else None
    return c.LetBack(veto, mend, words.reason())


def _meant_as_environment(word: str, environments: tuple[EnvironmentName, ...]) -> bool:
    """Whether a reason begins like an environment: it would be said and not heard."""
    shortest = 3
    return len(word) >= shortest and any(each.lower().startswith(word) for each in environments)


def _start(words: Reader) -> c.Command:
    scope = _Scope()
    while words.more and words.next not in {"until", "till", "from", "for"}:
        if words.skip(*_ALL):
            scope.everything = True
        elif words.next in _HARDNESS:
            scope.hard = _hardness(words, scope.hard)
        elif not words.skip(*_AND, "services", "environments"):
            _scope(words, scope)
    if not (scope.everything or scope.environments or scope.services or scope.change_types):
        raise words.wrong(Expected.SCOPE, "What is to be frozen? Name an environment, or {all}.", all="“all”")
    _for_services(words, scope.services)
    since = words.time(later=False) if words.skip("from") else None
    if not words.skip("until", "till"):
        raise words.wrong(Expected.UNTIL, "Until when? The word “until” and a time are missing.")
    place = words.at
    until = words.time()
    if since is not None and until <= since:
        raise words.wrong(Expected.TIME, "It would end before it begins.", back=words.at - place)
    _for_services(words, scope.services)
    return c.DeclareFreeze(
        until,
        words.reason(),
        frozenset(scope.environments),
        frozenset(scope.services),
        since,
        frozenset(scope.change_types),
        scope.hard is not False,
    )


@dataclass(slots=True)
class _Scope:
    """What is to be frozen, as far as it was read."""

    environments: set[EnvironmentName] = field(default_factory=set)
    services: set[ServiceName] = field(default_factory=set)
    change_types: set[ChangeTypeName] = field(default_factory=set)
    everything: bool = False
    hard: bool | None = None


def _hardness(words: Reader, said: bool | None) -> bool:
    """`soft` or `hard`; both in one line contradict each other."""
    hard = words.next == "hard"
    if said is not None and said is not hard:
        raise words.wrong(Expected.SCOPE, "A freeze is either soft or hard.")
    words.at += 1
    return hard


def _scope(words: Reader, scope: _Scope) -> None:
    for name in words.next.split(","):
        environment, service, kind = (
            words.known.environment(name),
            words.known.service(name),
            words.known.change_type(name),
        )
        if environment is not None:
            scope.environments.add(environment)
        elif service is not None:
            scope.services.add(service)
        elif kind is not None:
            scope.change_types.add(kind)
        else:
            raise words.wrong(
                Expected.SCOPE,
                "The catalogue has no environment, no service and no change type {typed}.",
                typed=Code(name),
            )
    words.at += 1


def _for_services(words: Reader, services: set[ServiceName]) -> None:
    """`for payments`, `for payments, web and search`; a `for` before another word belongs to the reason."""
    if words.next != "for" or words.at + 1 >= len(words.line.words):
        return
    following = words.line.words[words.at + 1].low
    if not all(words.known.service(name) for name in following.split(",")):
        names = [each.lower() for each in words.known.services]
        if len(following) <= _LONGEST_NAME and get_close_matches(following, names, n=1, cutoff=0.75):
            # Taken for a reason, a mistyped service would freeze all of them.
            words.skip("for")
            raise words.wrong(Expected.SERVICE, "The catalogue has no service {typed}.", typed=Code(following))
        return
    words.skip("for")
    while words.more:
        found = [words.known.service(name) for name in words.next.split(",") if name]
        services_here = {each for each in found if each is not None}
        if not found or len(services_here) < len(set(found)):
            break
        services.update(services_here)
        words.at += 1
        following = words.line.words[words.at + 1].low if words.at + 1 < len(words.line.words) else ""
        if words.next in _AND and words.known.service(following.split(",")[0]):
            words.at += 1


def _extend(words: Reader) -> c.Command:
    freeze = words.freeze()
    if not words.skip("until", "till", "to"):
        raise words.wrong(Expected.UNTIL, "Until when? The word “until” and a time are missing.")
    until = words.time()
    words.end()
    return c.Prolong(freeze, until)


def _thaw(words: Reader) -> c.Command:
    freeze = words.freeze()
    words.end()
    return c.Thaw(freeze)


def _grant(words: Reader) -> c.Command:
    return c.GrantException(words.exception(), words.maybe_reason())


def _refuse(words: Reader) -> c.Command:
    return c.RefuseException(words.exception(), words.reason())


def _freezes(words: Reader) -> c.Command:
    words.end()
    return c.ListFreezes()


_FORMS: Mapping[Family, Mapping[str, Callable[[Reader], c.Command]]] = MappingProxyType(
    {
        Family.RELEASE: {
            "new": _new,
            "list": _list,
            "show": _about(c.ShowRelease),
            "why": _in_place(c.WhyNot),
            "build": _build,
            "checklist": _about(c.OpenChecklist),
            "approve": _approve,
            "reject": _with_reason(c.SayNo),
            "comment": _with_reason(c.Remark),
            "away": _away,
            "back": _be_back,
            "withdraw": _about(c.TakeBack),
            "launch": _about(c.LaunchIt),
            "cancel": _with_reason(c.CancelIt),
            "edit": _about(c.EditIt),
            "digest": _digest,
            "audit": _about(c.ShowEvidence),
            "help": _help,
        },
        Family.DEPLOY: {
            "confirm": _to_place(c.StartDeploy),
            "status": _status,
            "cancel": _stop,
            "pass": _pass,
            "settle": _settle,
            "keep": _keep,
            "lock": _lock,
            "unlock": _unlock,
            "break-glass": _break_glass,
            "review": _review,
            "token": _token,
            "train": _train,
            "help": _help,
        },
        Family.ROLLBACK: {"culprit": _blame, "lift": _let_back, "help": _help},
        Family.FREEZE: {
            "start": _start,
            "list": _freezes,
            "end": _thaw,
            "extend": _extend,
            "except": _with_reason(c.AskException),
            "grant": _grant,
            "refuse": _refuse,
            "help": _help,
        },
    }
)


def understand(family: Family, words: Reader) -> c.Command:
    """The command that this line is."""
    if not words.more:
        return c.Help()
    form = _FORMS[family].get(words.next) if not words.line.words[0].quoted else None
    if form is not None:
        words.verb = words.next
        words.at += 1
        return form(words)
    if family is Family.DEPLOY:
        words.verb = "to"
        return _to_place(c.PreviewDeploy)(words)
    if family is Family.ROLLBACK:
        words.verb = "back"
        return _back(words)
    raise words.wrong(
        Expected.VERB, "{command} doesn't know {typed}.", command=Code(family), typed=Code(words.line.words[0].text)
    )
