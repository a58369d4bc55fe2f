"""Reader: takes a line's words one after another; what doesn't fit stops it with a sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.rules.deployment import DeploymentId
from bot.rules.freeze import ExceptionId, FreezeId
from bot.rules.people import PersonId, RoleName
from bot.rules.policy import EnvironmentName, ServiceName
from bot.rules.release import ReleaseId, parse_release_id, r
from bot.rules.sentence import Code, Part, Sentence, say
from bot.rules.token import TokenId
from bot.rules.train import Answer, TrainId
from handlers.parsing.known import Known
from handlers.parsing.moments import Unclear, moment
from handlers.parsing.words import Line

_DEPLOYMENT = re.compile(r"(?:d-?)?(\d{1,9})")
_FREEZE = re.compile(r"(?:f-?)?(\d{1,9})")
_EXCEPTION = re.compile(r"(?:x-?)?(\d{1,9})")
_VETO = re.compile(r"v-?(\d{1,9})")
_SHA = re.compile(r"(?=.*\d)[0-9a-f]{7,64}|[0-9a-f]{40}|[0-9a-f]{64}")
_TOKEN = re.compile(r"(?:k-?)?(\d{1,9})")
_TRAIN = re.compile(r"t-?(\d{1,9})")
_JOINS = {"in", "to", "for", "on"}


LONGEST_REASON = 1000
"""Everybody reads it; whatever is longer belongs into a ticket, and a link to it here."""


ANSWERS = tuple(each.value for each in Answer)
"""What can be said to a train."""

OUTCOMES = ("succeeded", "failed")
"""How a deployment can be said to have ended."""


class Expected(StrEnum):
    """What a form wanted to find where it stopped."""

    VERB = "verb"
    RELEASE = "release"
    SERVICE = "service"
    ENVIRONMENT = "environment"
    SCOPE = "scope"
    VERSION = "version"
    COMMIT = "commit"
    DEPLOYMENT = "deployment"
    FREEZE = "freeze"
    EXCEPTION = "exception"
    VETO = "veto"
    TOKEN = "token"  # noqa: S105 - a word of the grammar, and nobody's secret
    TRAIN = "train"
    ANSWER = "answer"
    PERSON = "person"
    ROLE = "role"
    REASON = "reason"
    TIME = "time"
    OUTCOME = "outcome"
    TO = "to"
    IN = "in"
    UNTIL = "until"
    NOTHING = "nothing"


class MisreadError(Exception):
    """A word that doesn't fit: which one, and what was expected there. `verb` is the form that was being read."""

    def __init__(self, why: Sentence, expected: Expected, at: int, verb: str | None = None) -> None:
        super().__init__(str(why))
        self.why = why
        self.expected = expected
        self.at = at
        self.verb = verb


@dataclass(slots=True)
class Reader:
    """A place in a line. `verb` names the form that is being read."""

    line: Line
    known: Known
    verb: str = ""
    at: int = 0

    @property
    def more(self) -> bool:
        """Whether there are words left."""
        return self.at < len(self.line.words)

    @property
    def next(self) -> str:
        """The next word in lower case; empty at the end."""
        return self.line.words[self.at].low if self.more else ""

    def word(self, expected: Expected) -> str:
        """Take the next word as it was typed."""
        if not self.more:
            raise self.wrong(expected, "The {what} is missing.", what=expected)
        taken = self.line.words[self.at].text
        self.at += 1
        return taken

    def skip(self, *keywords: str) -> bool:
        """Take the next word if it is one of these."""
        if self.more and not self.line.words[self.at].quoted and self.next in keywords:
            self.at += 1
            return True
        return False

    def skip_both(self, first: str, second: str) -> bool:
        """Take the next two words if they are these."""
        place = self.at
        if self.skip(first) and self.skip(second):
            return True
        self.at = place
        return False

    def for_release(self) -> ReleaseId | None:
        """Take `for R-12`; any other `for` belongs to what comes after."""
        following = self.line.words[self.at + 1].low.rstrip(",") if self.at + 1 < len(self.line.words) else ""
        if self.next != "for" or not following.startswith("r"):
            return None
        number = parse_release_id(following)
        if number is not None:
            self.at += 2
        return number

    def length(self) -> datetime | None:
        """Take `2h`, `90m`, `2 hours`, with or without `for` before it; None if that isn't what comes next."""
        place = self.at
        self.skip("for")
        if self.more and self.next[0].isdigit() and not self.line.words[self.at].quoted:
            words = [each.text for each in self.line.words[self.at :]]
            found = moment(words, self.known.now, self.known.tz)
            if not isinstance(found, Unclear):
                self.at += found.words
                return found.at
        self.at = place
        return None

    def rest(self) -> str:
        """Take everything that is left, as it was typed."""
        told = self.line.since(self.at)
        self.at = len(self.line.words)
        return told

    def reason(self) -> str:
        """Take everything that is left; there must be something."""
        told = self.maybe_reason()
        if not told:
            raise self.wrong(Expected.REASON, "Please say why: a reason is missing.")
        return told

    def maybe_reason(self) -> str:
        """Take everything that is left, if anything is."""
        told = self.rest()
        if len(told) > LONGEST_REASON:
            raise self.wrong(
                Expected.NOTHING,
                "A reason has at most {most} characters, and this one has {has}. Please say it shorter.",
                most=LONGEST_REASON,
                has=len(told),
            )
        return told

    def end(self) -> None:
        """There must be nothing left."""
        if self.more:
            raise self.wrong(
                Expected.NOTHING, "I don't know what to do with {rest}.", rest=Code(self.line.since(self.at))
            )

    def wrong(self, expected: Expected, template: str, *, back: int = 0, **parts: Part) -> MisreadError:
        """Stop here (or so many words ago), with a sentence."""
        return MisreadError(say(template, **parts), expected, self.at - back, self.verb or None)

    def release(self) -> str:
        """Take a release, by number or by its service's name."""
        typed = self.word(Expected.RELEASE)
        number = parse_release_id(typed.rstrip(","))
        if number is not None:
            return r(number)
        service = self.known.service(typed.rstrip(","))
        if service is None:
            raise self.wrong(
                Expected.RELEASE,
                "{typed} is no release and no service. A release is written like {example}.",
                typed=Code(typed),
                back=1,
                example=Code("R-12"),
            )
        return service

    def service(self) -> ServiceName:
        """Take a service."""
        typed = self.word(Expected.SERVICE)
        service = self.known.service(typed.rstrip(","))
        if service is None:
            raise self.wrong(Expected.SERVICE, "The catalogue has no service {typed}.", back=1, typed=Code(typed))
        return service

    def environment(self, service: ServiceName | None = None) -> EnvironmentName:
        """Take an environment."""
        typed = self.word(Expected.ENVIRONMENT)
        environment = self.known.environment(typed.rstrip(","), service)
        if environment is None:
            whose = service or "The catalogue"
            raise self.wrong(
                Expected.ENVIRONMENT, "{whose} has no environment {typed}.", back=1, whose=whose, typed=Code(typed)
            )
        return environment

    def maybe_environment(self) -> EnvironmentName | None:
        """Take an environment, with or without a small word before it, if anything is left."""
        if not self.more:
            return None
        self.skip(*_JOINS)
        return self.environment()

    @property
    def mentioned(self) -> PersonId | None:
        """The person whom the next word mentions; None if it mentions nobody."""
        found = self.line.mentions.get(self.line.words[self.at].text.lower().rstrip(",")) if self.more else None
        return PersonId(found) if found else None

    def person(self) -> PersonId:
        """Take a person, who must be mentioned."""
        person = self.mentioned
        typed = self.word(Expected.PERSON)
        if person is None:
            raise self.wrong(
                Expected.PERSON,
                "I don't know whom {typed} means. Please mention them, as in {example}, and choose them from the list.",
                typed=Code(typed),
                back=1,
                example=Code("@omar"),
            )
        return person

    def role(self) -> RoleName:
        """Take a role."""
        typed = self.word(Expected.ROLE)
        role = self.known.role(typed.rstrip(","))
        if role is None:
            raise self.wrong(Expected.ROLE, "The catalogue has no role {typed}.", back=1, typed=Code(typed))
        return role

    def deployment(self) -> DeploymentId:
        """Take a deployment's number."""
        return DeploymentId(self._number(_DEPLOYMENT, Expected.DEPLOYMENT, "D-40"))

    def freeze(self) -> FreezeId:
        """Take a freeze's number."""
        return FreezeId(self._number(_FREEZE, Expected.FREEZE, "F-3"))

    def exception(self) -> ExceptionId:
        """Take an exception's number."""
        return ExceptionId(self._number(_EXCEPTION, Expected.EXCEPTION, "X-4"))

    def veto(self) -> str:
        """Take a veto, by its number or by the service that has only this one."""
        typed = self.word(Expected.VETO)
        number = _VETO.fullmatch(typed.lower().rstrip(","))
        if number is not None:
            return f"V-{int(number[1])}"
        service = self.known.service(typed.rstrip(","))
        if service is None:
            raise self.wrong(
                Expected.VETO,
                "{typed} is no veto and no service. A veto is written like {example}.",
                typed=Code(typed),
                back=1,
                example=Code("V-3"),
            )
        return service

    def shas(self) -> tuple[str, ...]:
        """Take as many commits as there are, each by seven digits or more; there must be one."""
        found = []
        while self.more and _SHA.fullmatch(self.next):
            found.append(self.next)
            self.at += 1
        if not found:
            raise self.wrong(Expected.COMMIT, "Which commit? At least seven of its digits are needed.")
        return tuple(found)

    def token(self) -> TokenId:
        """Take a token's number."""
        return TokenId(self._number(_TOKEN, Expected.TOKEN, "K-3"))

    @property
    def names_a_train(self) -> bool:
        """Whether the next word is a train's number."""
        return self.more and _TRAIN.fullmatch(self.next) is not None

    def train(self) -> TrainId:
        """Take a train's number."""
        return TrainId(self._number(_TRAIN, Expected.TRAIN, "T-1"))

    def answer(self) -> Answer:
        """Take everything that is left, which must be what can be said to a train."""
        place, told = self.at, " ".join(self.rest().lower().split())
        if told not in ANSWERS:
            quoted = [f"“{each}”" for each in ANSWERS]
            raise self.wrong(
                Expected.ANSWER,
                "{typed} is nothing that can be said to a train; it can be {words}.",
                back=self.at - place,
                typed=Code(told),
                words=f"{', '.join(quoted[:-1])} or {quoted[-1]}",
            )
        return Answer(told)

    def _number(self, pattern: re.Pattern[str], expected: Expected, example: str) -> int:
        typed = self.word(expected)
        found = pattern.fullmatch(typed.lower().rstrip(","))
        if found is None:
            raise self.wrong(
                expected,
                "{what} is written like {example}, not {typed}.",
                back=1,
                what="An exception" if expected is Expected.EXCEPTION else f"A {expected}",
                example=Code(example),
                typed=Code(typed),
            )
        return int(found[1])

    def time(self, *, later: bool = True) -> datetime:
        """Take as many words as name a moment."""
        if not self.more:
            raise self.wrong(Expected.TIME, "The time is missing.")
        words = [each.text for each in self.line.words[self.at :]]
        if self.line.words[self.at].quoted:
            words = words[0].split()
            found = moment(words, self.known.now, self.known.tz, later=later)
            taken = 1
            if not isinstance(found, Unclear) and found.words != len(words):
                raise self.wrong(Expected.TIME, "I can't read a time in {typed}.", typed=Code(" ".join(words)))
        else:
            found = moment(words, self.known.now, self.known.tz, later=later)
            taken = 0 if isinstance(found, Unclear) else found.words
        if isinstance(found, Unclear):
            raise MisreadError(found.why, Expected.TIME, self.at, self.verb or None)
        self.at += taken
        return found.at
