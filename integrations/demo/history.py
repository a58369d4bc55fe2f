"""The history of the demo's repository: who wrote what, when. Everything is fixed, and so is every commit's SHA."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from integrations.demo.source import MIGRATIONS, README, Look, service

MAIN = "main"
RELEASE = "release/2.4"
HOTFIX = "hotfix/2.3.10"
BUGFIX = "bugfix/2.4.1"

BEN = ("Ben Castillo", "ben@acme.example")
LENA = ("Lena Fischer", "lena@acme.example")
AIKO = ("Aiko Mori", "aiko@acme.example")
TOMAS = ("Tomás Rocha", "tomas@acme.example")


@dataclass(frozen=True, slots=True)
class Written:
    """One commit: who wrote it when, what it says, and what the tree looks like after it."""

    at: datetime
    author: tuple[str, str]
    subject: str
    look: Look
    migrations: int
    branch: str = MAIN
    tag: str = ""
    body: str = ""
    notes: str = ""
    """The changelog by then."""
    alerts: str = ""

    @property
    def tree(self) -> Iterator[tuple[str, str]]:
        """Every file, with its content."""
        yield "README.md", README
        yield "service.py", service(self.look)
        for name, text in list(MIGRATIONS.items())[: self.migrations]:
            yield f"migrations/{name}.sql", text
        if self.notes:
            yield "CHANGELOG.md", self.notes
        if self.alerts:
            yield "alerts.txt", self.alerts


def _at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}")


def _notes(*looks: Look) -> str:
    """The changelog of these versions, newest first."""
    told = [
        f"\n## {look.headline.split()[-1]}\n\n" + "".join(f"- {each}\n" for each in look.features) for look in looks
    ]
    return "# Changelog\n" + "".join(told)


_PLAIN = Look("#3c4a5e", "Welcome", ("Your payments at a glance",))
_SECURE = replace(_PLAIN, features=(*_PLAIN.features, "Cards with 3-D Secure"))
_RETRY = replace(_SECURE, features=(*_SECURE.features, "A declined card is tried once more"))
_BLUE = Look("#2563a8", "New in 2.3.8", ("Cards with 3-D Secure", "Times in your own time zone"))
_ROUND = replace(_BLUE, headline="Coming next", features=("Fees rounded as your bank does",))
_RECEIPTS = replace(_ROUND, features=(*_ROUND.features, "Receipts in your language"))
_GREEN = Look("#1f7a4d", "New in 2.3.9", _RECEIPTS.features)
_PAYOUT = replace(_GREEN, headline="Coming next", features=("Refunds within a minute",))
_BESIDE = replace(_PAYOUT, features=(*_PAYOUT.features, "Refunds beside your payments"), refunds=True)
_VIOLET = replace(_BESIDE, colour="#6a3fb5", headline="New in 2.4", features=(*_BESIDE.features, "A new look"))

_ONCE = replace(_VIOLET, headline="New in 2.4.1", features=(*_VIOLET.features, "Each refund just once"))

_NOTES_8, _NOTES_9 = _notes(_BLUE), _notes(_GREEN, _BLUE)
_ALERTS = "refund older than 5 minutes and not paid out: support\n"

_UP_TO_2_3_9 = (
    Written(_at("10-26T09:12:00+01:00"), LENA, "Show a customer's payments", _PLAIN, 1),
    Written(_at("10-27T14:41:00-04:00"), BEN, "Take cards with 3-D Secure (PAY-288)", _SECURE, 1),
    Written(_at("10-29T10:05:00+01:00"), AIKO, "Keep the time zone of each payment (PAY-291)", _SECURE, 2),
    Written(_at("11-02T11:20:00-05:00"), BEN, "Try a declined card once more (PAY-297)", _RETRY, 2),
    Written(_at("11-04T15:34:00+00:00"), TOMAS, "Release notes for 2.3.8", _BLUE, 2, tag="v2.3.8", notes=_NOTES_8),
    Written(_at("11-05T16:48:00+01:00"), LENA, "Round fees as the bank does (PAY-303)", _ROUND, 2, notes=_NOTES_8),
    Written(
        _at("11-09T09:33:00+01:00"),
        AIKO,
        "Send receipts in the customer's language (PAY-305)",
        _RECEIPTS,
        2,
        notes=_NOTES_8,
    ),
    Written(_at("11-10T13:15:00+00:00"), TOMAS, "Release notes for 2.3.9", _GREEN, 2, tag="v2.3.9", notes=_NOTES_9),
)

_TOWARDS_2_4 = (
    Written(_at("11-11T10:02:00-05:00"), BEN, "Keep refunds in a table of their own (PAY-311)", _GREEN, 3),
    Written(
        _at("11-11T17:25:00-05:00"),
        BEN,
        "Pay refunds out within a minute (PAY-311)",
        _PAYOUT,
        3,
        body="The bank's instant transfer is asked first; the nightly run stays for what it refuses.",
    ),
    Written(_at("11-12T11:40:00+01:00"), LENA, "Show refunds beside payments (PAY-314)", _BESIDE, 3),
    Written(
        _at("11-13T14:09:00+01:00"), AIKO, "Tell support when a refund is stuck (PAY-318)", _BESIDE, 3, alerts=_ALERTS
    ),
    Written(
        _at("11-16T10:54:00-05:00"),
        BEN,
        "Give the page a new look (PAY-320)",
        replace(_VIOLET, amount="€ {}"),
        3,
        alerts=_ALERTS,
    ),
    Written(
        _at("11-17T09:21:00+01:00"),
        LENA,
        "Show both digits of the cents again (PAY-342)",
        _VIOLET,
        3,
        body="The new look had lost them: 84.0 instead of 84.00.",
        alerts=_ALERTS,
    ),
)

_IN_A_HURRY = Written(
    _at("11-17T12:03:00-05:00"), BEN, "Shorten the session time-out (PAY-344)", replace(_GREEN, broken=True), 2
)

_AFTER_2_4 = Written(
    _at("11-18T10:26:00-05:00"), BEN, "Pay each refund out once (PAY-351)", _ONCE, 3, branch=BUGFIX, alerts=_ALERTS
)

HISTORY = (
    *_UP_TO_2_3_9,
    *(replace(each, branch=RELEASE, notes=_NOTES_9) for each in _TOWARDS_2_4),
    replace(_IN_A_HURRY, branch=HOTFIX, notes=_NOTES_9),
    replace(_AFTER_2_4, notes=_NOTES_9),
)
"""Oldest first. The new look lost digits, and the commit after it finds them; what was done in a hurry is broken."""

BEGINS_AT = {RELEASE: "v2.3.9", HOTFIX: "v2.3.9", BUGFIX: RELEASE}
"""The tag or the branch at whose end a branch begins."""


def as_import() -> bytes:
    """The history in the words of `git fast-import`."""
    return b"".join(_stream())


def _stream() -> Iterator[bytes]:
    marks: dict[str, int] = {}
    for mark, each in enumerate(HISTORY, start=1):
        who = f"{each.author[0]} <{each.author[1]}> {_raw(each.at)}"
        yield f"commit refs/heads/{each.branch}\nmark :{mark}\nauthor {who}\ncommitter {who}\n".encode()
        yield _data(each.subject + "\n" + (f"\n{each.body}\n" if each.body else ""))
        if each.branch not in marks and each.branch in BEGINS_AT:
            yield f"from :{marks[BEGINS_AT[each.branch]]}\n".encode()
        marks[each.branch] = mark
        yield b"deleteall\n"
        for path, content in each.tree:
            yield f"M 100644 inline {path}\n".encode() + _data(content)
        if each.tag:
            marks[each.tag] = mark
            yield f"tag {each.tag}\nfrom :{mark}\ntagger {who}\n".encode() + _data(f"Payments {each.tag[1:]}\n")
    yield b"done\n"


def _data(text: str) -> bytes:
    raw = text.encode()
    return f"data {len(raw)}\n".encode() + raw + b"\n"


def _raw(at: datetime) -> str:
    return f"{int(at.timestamp())} {at.strftime('%z')}"
