"""Lines: the messages of a channel or a thread, ready to be shown to one person."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from .emoji import EMOJI
from .faces import Face, face_of
from .render import render_blocks, render_text, slug

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from markupsafe import Markup

    from integrations.sandbox.messages import File, Message, Notice
    from integrations.sandbox.workspace import Workspace

    from .reader import Reader

# Messages by the same author within this time stand under one name.
_TOGETHER = timedelta(minutes=5).total_seconds()

# What was drawn, and the minute for which it is good.
Drawn: TypeAlias = "dict[tuple[object, ...], tuple[Markup, int]]"
EVER = -1
MOST_KEPT = 5000


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file under a message."""

    name: str
    href: str
    alt: str
    picture: bool


@dataclass(frozen=True, slots=True)
class ShownReaction:
    """One emoji, how many gave it, and who."""

    picture: str
    count: int
    who: str


@dataclass(slots=True)
class Line:
    """One message in the list, or a word of the client's own."""

    key: str
    at: float
    who: Face
    body: Markup
    clock: str
    full_time: str
    iso: str
    channel: str = ""
    ts: str = ""
    root: bool = False
    headed: bool = False
    day: str = ""
    follows: bool = False
    private: bool = False
    own: bool = False
    dismissible: bool = False
    selected: bool = False
    edited: bool = False
    files: tuple[ShownFile, ...] = ()
    reactions: tuple[ShownReaction, ...] = ()
    replies: int = 0
    repliers: list[Face] = field(default_factory=list)
    last_reply: str = ""
    thread_href: str = ""


class Lines:
    """Makes lines for one reader. Each version is drawn once, however often it is looked at."""

    def __init__(self, workspace: Workspace, reader: Reader, drawn: Drawn) -> None:
        self._workspace = workspace
        self._reader = reader
        self._drawn = drawn

    def of(self, messages: Sequence[Message], notices: Iterable[Notice], *, place: str, thread: str = "") -> list[Line]:
        """All of them in order of time, with days between and one name above what belongs together."""
        lines = [self._line(message, place, thread) for message in messages]
        lines += [self._notice(notice, index) for index, notice in enumerate(notices)]
        lines.sort(key=lambda line: line.at)
        before: Line | None = None
        for line in lines:
            day = self._reader.day(line.at)
            line.day = day if before is None or day != self._reader.day(before.at) else ""
            line.follows = (
                before is not None
                and not before.root
                and not line.headed
                and not line.day
                and before.who.id == line.who.id
                and before.private == line.private
                and line.at - before.at < _TOGETHER
            )
            before = line
        return lines

    def _line(self, message: Message, place: str, thread: str) -> Line:
        reader, workspace = self._reader, self._workspace
        moment = reader.local(message.at)
        line = Line(
            key=slug(f"{'t' if thread else 'm'}-{message.channel}-{message.ts}"),
            at=message.at,
            who=self._author(message),
            body=self._body(message, thread),
            clock=reader.clock(message.at),
            full_time=f"{reader.day(message.at)} at {moment:%H:%M:%S}",
            iso=moment.isoformat(),
            channel=message.channel,
            ts=message.ts,
            # A card with a heading of its own stands for itself, under its author's name.
            headed=any(block.get("type") == "header" for block in message.blocks[:1]),
            root=bool(thread) and message.ts == thread,
            private=message.ephemeral_to is not None,
            own=message.user == reader.id,
            dismissible=message.ephemeral_to is not None,
            edited=bool(message.edited),
            files=tuple(_file(file) for file in message.files),
            reactions=tuple(
                ShownReaction(
                    EMOJI.get(one.name, f":{one.name}:"),
                    len(one.users),
                    ", ".join(reader.people.get(user, user) for user in one.users),
                )
                for one in message.reactions
            ),
        )
        if not thread and not message.is_reply and message.ephemeral_to is None:
            line.thread_href = f"{place}?thread={message.ts}"
            replies = [r for r in workspace.replies(message.channel, message.ts) if r.ephemeral_to in (None, reader.id)]
            line.replies = len(replies)
            line.repliers = list({face.id: face for face in map(self._author, replies)}.values())[:4]
            line.last_reply = f"Last reply {reader.ago(replies[-1].at)}" if replies else ""
        return line

    def _author(self, message: Message) -> Face:
        member = self._workspace.people.get(message.user) or self._workspace.people[self._workspace.app.user_id]
        return face_of(member, self._workspace)

    def _body(self, message: Message, thread: str) -> Markup:
        # A message and its copy in the thread beside it are two, or their radio buttons would be one set.
        scope = f"{thread and 'thread-'}{message.channel}-{message.ts}"
        now = self._reader.now.astimezone(self._reader.tz)
        key = (self._reader.id, now.tzinfo, now.date(), scope, message.version)
        minute = int(now.timestamp() // 60)
        drawn, good_for = self._drawn.get(key, (None, 0))
        if drawn is None or good_for not in (EVER, minute):
            drawn = (
                render_blocks(message.blocks, self._reader, scope=scope)
                if message.blocks
                else render_text(message.text, self._reader)
            )
            # "3 minutes ago" is the only thing that ages within a day.
            ages = "{ago}" in f"{message.text}{message.blocks}"
            if len(self._drawn) > MOST_KEPT:
                self._drawn.clear()
            self._drawn[key] = (drawn, minute if ages else EVER)
        return drawn

    def _notice(self, notice: Notice, index: int) -> Line:
        at = notice.at.timestamp()
        moment = self._reader.local(at)
        name = self._workspace.name
        who = Face("client", name, name, "", "", "!", "#a86400", is_app=False, href="")
        body = render_text(notice.text, self._reader)
        clock = self._reader.clock(at)
        return Line(
            f"notice-{index}-{int(at)}", at, who, body, clock, f"{moment:%H:%M:%S}", moment.isoformat(), private=True
        )


def _file(file: File) -> ShownFile:
    picture = file.mimetype.startswith("image/") and file.mimetype != "image/svg+xml"
    return ShownFile(
        file.title or file.name, f"/page/files/{file.id}", file.alt_text or file.title or file.name, picture
    )
