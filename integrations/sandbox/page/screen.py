"""Screen: everything that one person sees at one address, as the template wants it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup

    from .faces import Face, Place
    from .guide import ShownStep
    from .lines import Line


@dataclass(frozen=True, slots=True)
class Address:
    """What a URL of the page says: whose screen, which place, and what is open beside it."""

    person: str
    tab: str
    channel: str = ""
    thread: str = ""
    say: str = ""
    everything: bool = False


@dataclass(frozen=True, slots=True)
class ShownCommand:
    """A slash command that the composer offers."""

    name: str
    usage: str
    about: str


@dataclass(frozen=True, slots=True)
class ShownView:
    """A form or a Home."""

    id: str
    key: str
    body: Markup
    title: str = ""
    close: str = "Cancel"
    submit: str = ""
    depth: int = 1
    cross: str = "all"


@dataclass(frozen=True, slots=True)
class Thread:
    """The thread that is open at the right."""

    ts: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the app's two sides."""

    name: str
    href: str
    current: bool
    unread: int = 0


@dataclass(slots=True)
class Screen:
    """The template's one argument."""

    title: str
    workspace: str
    base: str
    tab: str
    here: str
    tabs: list[Tab]
    me: Face
    app: Face
    people: list[Face]
    channels: list[Place]
    app_place: Place
    place: Place
    channel: str
    topic: str
    members: list[Face]
    may_write: bool
    commands: list[ShownCommand]
    prefill: str
    lines: list[Line] = field(default_factory=list)
    earlier: str = ""
    thread: Thread | None = None
    home: ShownView | None = None
    modal: ShownView | None = None
    toasts: list[str] = field(default_factory=list)
    guide: list[ShownStep] = field(default_factory=list)
    guide_done: int = 0
