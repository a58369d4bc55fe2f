"""What a target says of a deployment, whether it was asked or says so by itself: JSON becomes a word, or sentences.

Everything in it is for people or for the record, so it is measured, cleaned, and without the secrets that it was sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.ports import UnreadableError
from bot.rules.checklist import LONGEST_LINK, is_web_address
from bot.rules.deployment import Heard, Phase, Step, StepState
from bot.rules.sentence import joined
from bot.signatures import TOLERANCE
from integrations.deployers.covering import cover
from integrations.deployers.output import clean

LONGEST_WORDS = 600
LONGEST_NAME = 200
MOST_STEPS = 100
TOLD = ("state", "message", "at", "url", "commit", "ref", "steps")
"""The members that say how it goes."""
CALLBACK = ("key", "deployment", *TOLD)

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def object_in(raw: bytes) -> Mapping[str, Any]:
    """The JSON object that a body is. UnreadableError if it is none."""
    try:
        body = json.loads(raw.decode())
    except (ValueError, RecursionError) as error:
        raise UnreadableError("The body is no JSON in UTF-8.") from error
    if not isinstance(body, dict):
        raise UnreadableError("The body is no JSON object.")
    return body


def answer(raw: bytes, key: str, covers: Sequence[str], at: datetime) -> Heard:
    """The answer of a status address. Members that aren't known may be there, for others to read."""
    body = object_in(raw)
    reader = _Reader(body, covers)
    if body.get("key", key) != key:
        reader.problems.append("“key” is that of another deployment.")
    return reader.heard(at)


def callback(raw: bytes, key: str, name: str, covers: Sequence[str], signed_at: datetime) -> Heard:
    """What a target sent by itself about the deployment of that key and name. UnreadableError with every problem."""
    body = object_in(raw)
    reader = _Reader(body, covers)
    # A callback says in its signed part what it is about, so that a copied one can't be sent to another's address.
    if body.get("key") != key:
        reader.problems.append(
            "“key” is missing, or that of another deployment; it stands in the request that started."
        )
    if body.get("deployment", name) != name:
        reader.problems.append(f"“deployment” is another one than {name}, to whose address this was sent.")
    reader.nothing_but(CALLBACK)
    return reader.heard(signed_at)


def taken(raw: bytes, covers: Sequence[str]) -> tuple[str | None, str | None]:
    """Its own name for the work and where it can be watched, of whatever answered a start; no body says neither."""
    if not raw.strip():
        return None, None
    reader = _Reader(object_in(raw), covers)
    found = reader.line("ref", LONGEST_NAME) or None, reader.address("url")
    reader.be_done()
    return found


def reason(raw: bytes, covers: Sequence[str]) -> str:
    """Why it refuses, if it says so where it can be found: `message` in a JSON object."""
    try:
        given = object_in(raw).get("message")
    except UnreadableError:
        return ""
    return _for_people(given, covers, LONGEST_WORDS) if isinstance(given, str) else ""


@dataclass(slots=True)
class _Reader:
    """Takes members out of a body, and notes what is wrong with each."""

    body: Mapping[str, Any] = field(repr=False)
    covers: Sequence[str] = field(repr=False)
    problems: list[str] = field(default_factory=list)

    def heard(self, said_at: datetime) -> Heard:
        """All that it tells, if all of it can be understood."""
        phase = self.one_of("state", Phase, self.body.get("state"))
        told = Heard(
            phase=phase or Phase.RUNNING,
            at=self.moment("at", said_at),
            words=self.line("message", LONGEST_WORDS),
            link=self.address("url"),
            commit=self.commit(),
            ref=self.line("ref", LONGEST_NAME) or None,
            steps=self.steps(),
        )
        self.be_done()
        return told

    def be_done(self) -> None:
        if self.problems:
            raise UnreadableError(*self.problems)

    def one_of(self, where: str, kind: type[Phase | StepState], given: Any) -> Any:
        if isinstance(given, str) and given in {each.value for each in kind}:
            return kind(given)
        self.problems.append(f"“{where}” is one of {joined([each.value for each in kind])}.")
        return None

    def line(self, member: str, most: int) -> str:
        """A text for people; what can't be shown is taken out, and what is too long is cut."""
        given = self.body.get(member)
        if given is None:
            return ""
        if not isinstance(given, str):
            self.problems.append(f"“{member}” is a text.")
            return ""
        return _for_people(given, self.covers, most)

    def commit(self) -> str | None:
        given = self.body.get("commit")
        if given is None:
            return None
        if isinstance(given, str) and _SHA.fullmatch(given.lower()):
            return given.lower()
        self.problems.append("“commit” is the full SHA, of 40 (or 64) hexadecimal digits.")
        return None

    def address(self, where: str, given: Any = None) -> str | None:
        """A web address; one that would show a secret is left out."""
        given = self.body.get(where) if given is None else given
        if given is None or given == "":
            return None
        if isinstance(given, str) and is_web_address(given):
            return given if cover(given, self.covers) == given else None
        self.problems.append(
            f"“{where}” is a web address that begins with https:// or http://, of at most {LONGEST_LINK} characters."
        )
        return None

    def moment(self, member: str, said_at: datetime) -> datetime:
        """A moment with its zone. One that is still to come would outdate everything that is said until then."""
        given = self.body.get(member)
        if given is None:
            return said_at
        try:
            moment = datetime.fromisoformat(given) if isinstance(given, str) else None
            moment = moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
        except (ValueError, OverflowError):
            moment = None
        if moment is None:
            self.problems.append(f"“{member}” is a time with its zone, such as 2026-11-26T10:00:00.250Z.")
        elif moment > said_at + TOLERANCE:
            self.problems.append(f"“{member}” is still to come; is the clock there right?")
        return moment or said_at

    def steps(self) -> tuple[Step, ...]:
        given = self.body.get("steps")
        if given is None:
            return ()
        if not isinstance(given, list) or len(given) > MOST_STEPS:
            self.problems.append(f"“steps” is a list of at most {MOST_STEPS}.")
            return ()
        return tuple(step for number, each in enumerate(given, 1) if (step := self.step(number, each)) is not None)

    def step(self, number: int, given: Any) -> Step | None:
        where = f"steps, number {number}"
        if not isinstance(given, dict) or not isinstance(given.get("name"), str) or not given["name"].strip():
            self.problems.append(f"“{where}” has a name and a state.")
            return None
        state = self.one_of(f"{where}: state", StepState, given.get("state"))
        link = self.address(f"{where}: url", given.get("url", ""))
        name = _for_people(given["name"], self.covers, LONGEST_NAME)
        return Step(name, state, link) if state is not None and name else None

    def nothing_but(self, known: Collection[str]) -> None:
        """A slip in the name of an optional member would go unnoticed."""
        unknown = [f"“{_shown(each)}”" for each in self.body if each not in known]
        if unknown:
            shown = joined([*unknown[:5], *(["more"] if len(unknown) > 5 else [])])
            self.problems.append(f"{shown}: not known here. There can be {joined(list(known))}.")


def _for_people(text: str, covers: Sequence[str], most: int) -> str:
    """One line. Its length is measured here, so that what is cut was covered before."""
    return " / ".join(clean(text.encode("utf-8", "replace"), covers, most))[:most]


def _shown(text: str) -> str:
    """Somebody's own word, short, and with nothing in it that can't be written."""
    return (text if text.isprintable() else ascii(text))[:40]
