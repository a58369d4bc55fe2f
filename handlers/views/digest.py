"""The digest: what shipped, what waits and for whom, what failed, and the freezes ahead."""

from __future__ import annotations

from collections.abc import Iterator, Sized

from bot.rules.policy import Catalogue, ServiceName
from bot.verbs.standing_back import told
from bot.verbs.summaries import DigestContent
from handlers.views.blocks import Block, Said, context, header, message, section
from handlers.views.freezes import scope
from handlers.views.locks import held
from handlers.views.reviews import owed
from handlers.views.templates import fill_in
from handlers.views.text import Mrkdwn, Pen, at, clip, counted, joined_names
from handlers.views.words import STAGES, attempt, named, title, waits_for, what


def digest(content: DigestContent, pen: Pen, catalogue: Catalogue) -> Said:
    """The digest, from the team's own template if there is one."""
    written = fill_in(
        "digest.j2",
        {
            "title": _title(content, catalogue),
            "since": content.since,
            "until": content.until,
            "quiet": content.quiet,
            "services": content.services,
            "shipped": content.shipped,
            "rolled_back": content.rolled_back,
            "failed": content.failed,
            "launched": content.launched,
            "waiting": content.waiting,
            "running": content.running,
            "freezes": content.freezes,
            "locks": content.locks,
            "held": lambda lock: held(lock, content.until),
            "reviews": content.reviews,
            "owed": lambda review: owed(review, pen, content.until),
            "behind": [told(each) for each in content.behind],
            "at": at,
            "what": what,
            "attempt": attempt,
            "named": named,
            "title_of": title,
            "clip": clip,
            "scope": scope,
            "more": _more,
            "sign": lambda picture: STAGES[picture.stage],
            "waits_for": lambda picture: waits_for(picture, pen),
            "role": pen.role,
            "command": pen.command,
        },
        pen,
        catalogue.templates,
    )
    return message(_summary(content), list(blocks_of(written)))


def _title(content: DigestContent, catalogue: Catalogue) -> str:
    if set(content.services) == set(catalogue.services):
        return "Release digest"
    return f"Release digest: {joined_names([_service(each, catalogue) for each in content.services], 5)}"


def _service(name: ServiceName, catalogue: Catalogue) -> str:
    service = catalogue.services.get(name)
    return service.title if service else name


def _more(things: Sized, shown: int) -> Mrkdwn:
    """`… and 3 more`, if more than were shown."""
    return Mrkdwn(f"… and {len(things) - shown} more" if len(things) > shown else "")


def _summary(content: DigestContent) -> str:
    parts = [
        (len(content.shipped), "shipped"),
        (len(content.launched), "launched"),
        (len(content.rolled_back), "rolled back"),
        (len(content.failed), "failed"),
        (len(content.running), "on the way"),
        (len(content.waiting), "waiting"),
    ]
    told = [f"{number} {word}" for number, word in parts if number]
    if content.reviews:
        told.append(counted(len(content.reviews), "review") + " owed")
    if content.freezes:
        told.append(counted(len(content.freezes), "freeze"))
    if content.locks:
        told.append(counted(len(content.locks), "old lock"))
    return f"Release digest: {', '.join(told) or 'nothing to tell'}."


def blocks_of(text: str) -> Iterator[Block]:
    """Paragraphs as blocks: `# ` begins a header, `> ` small print; a long paragraph goes on in the next block."""
    for paragraph in _paragraphs(text):
        if paragraph.startswith("# "):
            first, _, rest = paragraph[2:].partition("\n")
            yield header(_plain(first))
            if rest:
                yield section(rest)
        elif paragraph.startswith("> ") and "\n" not in paragraph:
            yield context(paragraph[2:])
        else:
            yield from (section(part) for part in _parts(paragraph))


def _paragraphs(text: str) -> Iterator[str]:
    """Divided by empty lines. Within one, a list's lines stay together."""
    lines: list[str] = []
    for line in [*(each.rstrip() for each in text.splitlines()), ""]:
        if line:
            lines.append(line)
        elif lines:
            yield "\n".join(lines)
            lines = []


def _parts(paragraph: str, limit: int = 2900) -> Iterator[str]:
    part = ""
    for line in paragraph.splitlines():
        if part and len(part) + len(line) >= limit:
            yield part
            part = ""
        part = f"{part}\n{line}" if part else line
    yield part


def _plain(text: str) -> str:
    """A header takes plain text: the three entities as the characters that they stand for."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
