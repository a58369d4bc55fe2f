"""The words inside a catalogue: names, Slack's ids, durations, addresses. Those of the clock are in `clock.py`.

A wrong one is a ValueError whose message is a sentence for people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from difflib import get_close_matches
from urllib.parse import urlsplit

from bot.rules.version_tag import wrong_with_template
from bot.rules.watch import wrong_in

NAME = r"[a-z][a-z0-9._-]{0,39}"
CHANNEL = r"[CG][A-Z0-9]{2,}"
GROUP = r"S[A-Z0-9]{2,}"
PERSON = r"[UW][A-Z0-9]{2,}"
DURATION = r"(?:\d+[wdhms])+"
VARIABLE = r"[A-Za-z_][A-Za-z0-9_]{0,99}"
BRANCH = r"[^\s~^:?*\[\]\\]{1,200}"

LONGEST_QUERY = 4000

RESERVED = frozenset(
    {
        "to",
        "in",
        "now",
        "for",
        "until",
        "at",
        "by",
        "help",
        "all",
        "mine",
        "open",
        "here",
        "list",
        "start",
        "end",
        "status",
    }
)
"""Words that mean something in a command; a service or an environment of that name could not be typed."""

SHORTENED = 3
"""From so many letters on, the beginning of a known word is taken for that word (`prod`)."""

_LONGEST = timedelta(days=366)
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def name(text: str) -> str:
    """A name that can be typed in a command."""
    if not re.fullmatch(NAME, text):
        raise ValueError(
            f"“{text}” can't be a name: use lower-case letters, digits, “-”, “_” and “.”, beginning with a letter, "
            "at most 40."
        )
    return text


def typed_name(text: str) -> str:
    """A name that stands beside others in a command, so that it must not be mistaken for something else."""
    if re.fullmatch(r"[rdf]-?\d+", text):
        raise ValueError(f"“{text}” looks like the number of a release, a deployment or a freeze; choose another name.")
    if text in RESERVED:
        raise ValueError(f"“{text}” is a word of the commands themselves; choose another name.")
    return name(text)


def line(text: str, longest: int) -> str:
    """A text of one line."""
    if not text.strip():
        raise ValueError("There must be some text here.")
    if "\n" in text.strip() or not text.strip().isprintable():
        raise ValueError("This must be a text of one line, without control characters.")
    if len(text) > longest:
        raise ValueError(f"This is {len(text)} characters long; {longest} is the most.")
    return text.strip()


def query(text: str) -> str:
    """A question to the metrics, whose placeholders can be filled in safely."""
    if not text.strip():
        raise ValueError("There must be some text here.")
    if len(text) > LONGEST_QUERY:
        raise ValueError(f"This is {len(text)} characters long; {LONGEST_QUERY} is the most.")
    wrong = next(wrong_in(text), None)
    if wrong is not None:
        raise ValueError(wrong)
    return text.strip()


def variable(text: str) -> str:
    """The name of an environment variable."""
    if not re.fullmatch(VARIABLE, text):
        raise ValueError(
            "This must be the name of an environment variable, such as PROMETHEUS_TOKEN; the secret itself doesn't "
            "belong into this file."
        )
    return text


def tag(text: str) -> str:
    """A tag's name, with what is filled in still in braces."""
    wrong = wrong_with_template(text)
    if wrong:
        raise ValueError(wrong)
    return text


def plain_branch(text: str) -> str:
    """One branch of a repository, in which nothing is filled in."""
    if "{" in text:
        raise ValueError("Nothing is filled in here; write the one branch that is meant, such as main.")
    return branch(text)


def branch(text: str) -> str:
    """A branch of a repository; `{version}` stands for the version of a release."""
    if text.startswith("refs/"):
        raise ValueError(f"Write the branch without “refs/heads/”: “{text.removeprefix('refs/heads/')}”.")
    plain = text.replace("{version}", "1.0.0")
    if "{" in plain or "}" in plain:
        raise ValueError("The only thing that is filled in is {version}, as in release/{version}.")
    parts = plain.split("/")
    odd = ".." in plain or "@{" in plain or plain.startswith("-") or plain.endswith(".")
    if (
        not re.fullmatch(BRANCH, text)
        or odd
        or any(not each or each[0] == "." or each[-5:] == ".lock" for each in parts)
    ):
        raise ValueError(f"{shown(text)} can't be a branch; one is called like main or release/{{version}}.")
    return text


def channel(text: str) -> str:
    """A channel's id."""
    if re.fullmatch(CHANNEL, text):
        return text
    if text.startswith("D"):
        raise ValueError(f"“{text}” is a direct message; name a channel, whose id begins with C or G.")
    raise ValueError(
        f"“{text}” is not a channel's id. Slack shows it at the bottom of the channel's details; "
        "it looks like C0123ABCD."
    )


def group(text: str) -> str:
    """A user group's id."""
    if re.fullmatch(GROUP, text):
        return text
    raise ValueError(
        f"“{text}” is not a user group's id. Slack shows it in the group's menu (“Copy group ID”); "
        "it looks like S0123ABCD."
    )


def person(text: str) -> str:
    """A person's id."""
    if re.fullmatch(PERSON, text):
        return text
    raise ValueError(
        f"“{text}” is not a person's id. Slack shows it in the person's profile (“Copy member ID”); "
        "it looks like U0123ABCD."
    )


def duration(text: object, *, may_be_none: bool = False) -> timedelta:
    """`30s`, `15m`, `2h`, `1d`, `1w`, and several of them: `1h30m`."""
    if isinstance(text, timedelta):
        return text
    compact = "" if isinstance(text, bool) else str(text).replace(" ", "").lower()
    if not re.fullmatch(DURATION, compact):
        raise ValueError(f"{shown(text)} is not a duration; write it like 30s, 15m, 2h, 1d or 1h30m.")
    total = timedelta()
    for number, unit in re.findall(r"(\d+)([wdhms])", compact):
        if len(number) > 9:
            raise ValueError(f"“{text}” is longer than a year; that is too long here.")
        total += timedelta(**{_UNITS[unit]: int(number)})
    if total > _LONGEST or not (total or may_be_none):
        raise ValueError(f"“{text}” is {'longer than a year' if total else 'no time at all'}; that can't be meant.")
    return total


def shown(given: object) -> str:
    """What was written, in quotes; only “This” if it is no text or number, but something with parts."""
    return (
        f"“{str(given).lower() if isinstance(given, bool) else given}”"
        if isinstance(given, str | int | float)
        else "This"
    )


def address(text: str) -> str:
    """An http or https address without a password in it."""
    try:
        parts = urlsplit(text)
        _ = parts.port  # reading it checks it
    except ValueError:
        parts = None
    if parts is not None and parts.scheme in {"webcal", "webcals"}:
        raise ValueError("Write https:// in place of webcal://; the calendar is at the same address.")
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"\s", text):
        raise ValueError(f"“{text}” is not a web address; it begins with https:// or http://.")
    if parts.username or parts.password:
        raise ValueError("This address has a name or a password in it; secrets don't belong into this file.")
    return text


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    alike = {each.lower(): each for each in sorted(known)}
    wanted = word.strip().lower()
    begun = [each for each in alike if each.startswith(wanted)] if len(wanted) >= SHORTENED else []
    found = begun if len(begun) == 1 else get_close_matches(wanted, alike, n=1, cutoff=0.6)
    return alike[found[0]] if found else None
