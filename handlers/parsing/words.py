"""Words: what Slack and people's phones make of a typed line, undone; quoted words stay together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_TOKEN = re.compile(r"<([^<>]*)>")
_PERSON = re.compile(r"@[UW][A-Z0-9]+")
_PIECE = re.compile(r'"(?P<quoted>[^"]*)"|(?P<bare>\S+)')
_TYPED = str.maketrans(
    {
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{MINUS SIGN}": "-",
        "\N{NON-BREAKING HYPHEN}": "-",
        "\N{NO-BREAK SPACE}": " ",
        "\N{NARROW NO-BREAK SPACE}": " ",
        "\N{ZERO WIDTH SPACE}": None,
        "\N{ZERO WIDTH JOINER}": None,
        "\N{ZERO WIDTH NON-JOINER}": None,
        "\N{BYTE ORDER MARK}": None,
        "\N{WORD JOINER}": None,
        "\N{LEFT-TO-RIGHT MARK}": None,
        "\N{RIGHT-TO-LEFT MARK}": None,
        "\N{ARABIC LETTER MARK}": None,
        # What else turns the direction of writing, and sticks to what is copied from such a text.
        **{chr(turning): None for turning in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))},
        "\N{RATIO}": ":",
        # Wide letters, digits and signs, as keyboards for Chinese and Japanese write them.
        **{chr(wide): chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)},
    }
)
"""What keyboards of phones write in place of plain characters."""
_DIGIT = re.compile(r"\d")
_LEFT_OUT = frozenset(code for code, instead in _TYPED.items() if instead is None)
_BLANK = frozenset("\t\n\v\f\r\x1c\x1d\x1e\x1f\x85")
_NEVER_MEANT = {code: None for code in (*range(0x20), *range(0x7F, 0xA0), 0xFEFF) if chr(code) not in _BLANK}
"""Control characters: nobody types them, and no reason needs them."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word, or several in quotes; and where it stands in the line."""

    text: str
    start: int
    quoted: bool = False

    @property
    def low(self) -> str:
        """For comparing: commands don't care for capitals, and a comma after a name is no part of it."""
        return self.text if self.quoted else self.text.lower().rstrip(",")


@dataclass(frozen=True, slots=True)
class Line:
    """A typed line as words, which remembers how it was typed, and who was mentioned in it."""

    typed: str
    words: tuple[Word, ...]
    mentions: Mapping[str, str] = field(default_factory=dict)
    """The ids of people by what was seen of them (`@omar`), in lower case."""

    def since(self, number: int) -> str:
        """Everything from that word on, exactly as it was typed; quotes around all of it are taken off."""
        if number >= len(self.words):
            return ""
        if number == len(self.words) - 1 and self.words[number].quoted:
            return self.words[number].text.strip()
        return self.typed[self.words[number].start :].strip()


def read(text: str, mentions: Mapping[str, str] | None = None) -> Line:
    """The words of a line as Slack sends it. Never fails; a quote without its partner is an ordinary character.

    `mentions` are known from before, where the text is one that was read and put together again.
    """
    people = dict(mentions or {})
    for token in _TOKEN.findall(text):
        target = token.partition("|")[0]
        if _PERSON.fullmatch(target):
            people[_seen(token).lower()] = target[1:]
    typed = " ".join(_unescaped(text).translate(_NEVER_MEANT).split())
    plain = _DIGIT.sub(lambda digit: str(int(digit[0])), typed.translate(_TYPED))
    places = [place for place, each in enumerate(typed) if ord(each) not in _LEFT_OUT]
    words = []
    for found in _PIECE.finditer(plain):
        quoted = found["quoted"]
        text_of = quoted if quoted is not None else found["bare"]
        if text_of.strip():
            words.append(Word(text_of.strip(), places[found.start()], quoted is not None))
    return Line(typed, tuple(words), people)


def _unescaped(text: str) -> str:
    """Slack's own tokens as what people saw when they typed them; its three entities undone last."""
    seen = _TOKEN.sub(lambda found: _seen(found[1]), text)
    return seen.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _seen(token: str) -> str:
    """`@U1|omar` → `@omar`, `#C1|releases` → `#releases`, `http://x.io|x.io` → `x.io`, `!here` → `@here`."""
    target, bar, label = token.partition("|")
    match target[:1]:
        case "@" | "#":
            return f"{target[0]}{label.lstrip('@#')}" if label else target
        case "!":
            return f"@{label.lstrip('@')}" if label else f"@{target[1:].partition('^')[0]}"
        case _ if bar or ":" in target:
            return (label or target).removeprefix("mailto:")
        case _:
            return f"<{token}>"
