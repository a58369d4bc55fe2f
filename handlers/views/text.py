"""Text: how a sentence and its parts are written in Slack's mrkdwn. Everything from outside is escaped here."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from bot.rules.people import SLIPWAY, PersonId, RoleName
from bot.rules.policy import Role
from bot.rules.sentence import AllOf, At, AtRole, Code, InPlaceOf, Link, Part, Sentence, When, joined
from handlers.names import CommandNames

_SLACK_ID = re.compile(r"[UW][A-Z0-9]{2,}")
INDENT = "\N{EM SPACE}\N{EM SPACE}"
"""At the beginning of a line that belongs to the one before: blanks there are lost on some screens."""
_NAMED = 8
"""So many people are named; the rest are counted."""


class Mrkdwn(str):
    """Text that is Slack's already: written here, or escaped. A bare `str` never is."""

    __slots__ = ()


_MISLEADING = {
    code: None
    for code in (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    if chr(code) not in "\t\n\r"
}
"""Control characters, and those that turn the direction of all that follows: `1-R` would read as another release."""


def escape(text: str) -> Mrkdwn:
    """Somebody's own words, harmless: exactly the three characters that Slack asks for, and nothing that misleads."""
    return Mrkdwn(text.translate(_MISLEADING).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def clip(text: str, limit: int) -> str:
    """Plain words, cut to a length with an ellipsis, and nothing in them that misleads."""
    text = text.translate(_MISLEADING)
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def words(text: str, limit: int = 3000) -> Mrkdwn:
    """Somebody's own words, cut and escaped: never cut in the middle of an entity."""
    return escape(clip(text, limit))


def one_line(text: str, limit: int = 200) -> Mrkdwn:
    """Somebody's own words on one line, cut and escaped."""
    return words(" ".join(text.split()), limit)


def cut(text: str, limit: int) -> Mrkdwn:
    """Mrkdwn cut to a length: never within a mention, a date, a link or an entity, and no code is left open."""
    if len(text) <= limit:
        return Mrkdwn(text)
    room = limit - 2
    kept = text[:room]
    for opening, closing in (("<", ">"), ("&", ";")):
        start = kept.rfind(opening)
        if start > kept.rfind(closing):
            kept = kept[:start]
    closed = kept.rstrip() + ("`" if kept.count("`") % 2 else "")
    return Mrkdwn(closed + "…")


def code(text: str) -> Mrkdwn:
    """Something to be typed, in a fixed width. A backtick inside would end it, so it becomes an apostrophe."""
    shown = one_line(text, 500).replace("`", "'")
    return Mrkdwn(f"`{shown}`") if shown else Mrkdwn("")


def link(text: str, url: str | None) -> Mrkdwn:
    """Words that lead somewhere; plain words if they don't, or if the address isn't a web address."""
    shown = one_line(text)
    if url is None or not url.startswith(("https://", "http://")) or set(url) & set(" \t\n|<>"):
        return shown
    return Mrkdwn(f"<{escape(url)}|{shown.replace('|', '¦')}>")


def at(person: PersonId) -> Mrkdwn:
    """A mention."""
    if person == SLIPWAY:
        return Mrkdwn("Slipway")
    return Mrkdwn(f"<@{person}>") if _SLACK_ID.fullmatch(person) else escape(f"@{person}")


def channel(name: str) -> Mrkdwn:
    """A channel's mention."""
    return Mrkdwn(f"<#{name}>")


def when(moment: datetime) -> Mrkdwn:
    """A moment, in the reader's own time zone and words."""
    return Mrkdwn(f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} {{time}}|{moment:%Y-%m-%d %H:%M} UTC>")


def day(moment: date) -> Mrkdwn:
    """A calendar day: the same everywhere, so no token."""
    return Mrkdwn(f"{moment:%a} {moment.day} {moment:%b %Y}")


def span(length: timedelta) -> str:
    """A length of time in the largest unit that says enough: `3 days`, `2 hours`, `less than a minute`."""
    minutes = int(length.total_seconds() // 60)
    for size, name in ((60 * 24, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = minutes // size
            return f"{count} {name}" + ("" if count == 1 else "s")
    return "less than a minute"


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 commit`, `2 commits`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def all_of(parts: Iterable[str]) -> Mrkdwn:
    """`a, b and c`."""
    return Mrkdwn(joined(list(parts)))


def joined_names(names: Sequence[str], most: int) -> str:
    """`a, b and c`, or the first of them and how many more. Plain words."""
    rest = len(names) - most
    return joined([*names[:most], f"{rest} more"] if rest > 0 else list(names))


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes sentences for this workspace: it knows the roles' groups and the commands' names."""

    roles: Mapping[RoleName, Role] = field(default_factory=dict)
    names: CommandNames = field(default_factory=CommandNames)

    def write(self, sentence: Sentence) -> Mrkdwn:
        """The sentence, with every part as Slack wants it. The template's own words are escaped as well."""
        told = dict(sentence.parts)
        out = ""
        for literal, name, _, _ in string.Formatter().parse(sentence.template):
            out += escape(literal)
            if name is not None:
                out += self.part(told[name])
        return Mrkdwn(out)

    def part(self, part: Part) -> Mrkdwn:
        """One part of a sentence."""
        match part:
            case At(id=person):
                return at(person)
            case AtRole(name=name):
                return self.role(name)
            case When(at=moment):
                return when(moment)
            case Code(text=text):
                return self.command(text)
            case Link(text=text, url=url):
                return link(text, url)
            case AllOf(parts=parts):
                return all_of(self.part(each) for each in parts)
            case InPlaceOf(person=principal):
                return Mrkdwn(f" in the place of {at(principal)}" if principal else "")
            case _:
                return words(str(part))

    def role(self, name: RoleName) -> Mrkdwn:
        """Everybody in a role: its group, or its people, or its title when it has neither."""
        role = self.roles.get(name)
        if role is None:
            return one_line(name)
        if role.group:
            return Mrkdwn(f"<!subteam^{escape(role.group)}>")
        if role.people:
            named = [at(each) for each in role.people[:_NAMED]]
            rest = len(role.people) - len(named)
            return all_of([*named, f"{rest} more"] if rest else named)
        return one_line(role.title)

    def title(self, name: RoleName) -> str:
        """A role's title, for a line that calls nobody. Plain words."""
        role = self.roles.get(name)
        return role.title if role else name

    def command(self, text: str) -> Mrkdwn:
        """A command as it must be typed in this workspace."""
        return code(self.names.here(text))
