"""Render: Block Kit dicts into safe markup. Pure: a block and a reader in, markup out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from .charts import HEIGHT, WIDTH, chart, number
from .emoji import with_emoji
from .markdown import markdown
from .mrkdwn import mrkdwn, plain, unescaped
from .reader import Reader
from .rich_text import rich_text, rich_text_as_plain

Block = Mapping[str, Any]

_NEAR = {"localhost", "127.0.0.1", "::1"}


def render_blocks(blocks: Iterable[Block], reader: Reader, *, scope: str, surface: str = "message") -> Markup:
    """All blocks of one message or view. `scope` keeps ids apart when several are on one page."""
    page = environment().get_template("blocks.html.j2")
    return Markup(page.render(blocks=list(blocks), reader=reader, scope=scope, surface=surface))  # noqa: S704  # autoescaped


def render_text(text: str, reader: Reader) -> Markup:
    """A message's own text, without blocks."""
    return Markup('<div class="block section"><div class="prose">{}</div></div>').format(mrkdwn(text, reader))


@cache
def environment() -> Environment:
    """One Jinja environment for the page; everything is escaped unless it is markup already."""
    env = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(
        slug=slug, text=text, words=words, stamp=stamp, cell=cell, address=address, options_of=options_of
    )
    env.globals.update(
        mrkdwn=mrkdwn, plain=plain, markdown=markdown, rich_text=rich_text, chart=chart, near=near,
        chart_width=WIDTH, chart_height=HEIGHT,
    )  # fmt: skip
    return env


def text(obj: Any, reader: Reader) -> Markup:
    """A text object (or a bare string, where Slack allows one) as markup."""
    if isinstance(obj, Mapping):
        if obj.get("type") == "mrkdwn":
            return mrkdwn(str(obj.get("text", "")), reader)
        if obj.get("type") == "rich_text":
            return rich_text(dict(obj), reader)
        return plain(str(obj.get("text", "")), emoji=obj.get("emoji") is not False)
    return plain(str(obj or ""))


def words(obj: Any) -> str:
    """The bare words of a text object: for labels, titles and tooltips."""
    if isinstance(obj, Mapping):
        obj = rich_text_as_plain(dict(obj)) if obj.get("type") == "rich_text" else obj.get("text", "")
    return with_emoji(unescaped(str(obj or ""))).replace("\n", " ")


def slug(value: object) -> str:
    """Any id as something that may be an element's id."""
    return re.sub(r"[^A-Za-z0-9_-]", lambda found: f".{ord(found[0]):x}", str(value))


def stamp(seconds: Any, reader: Reader) -> str:
    """A Unix time as a date-and-time field wants it, on the reader's clock."""
    return f"{reader.local(float(seconds)):%Y-%m-%dT%H:%M}" if seconds else ""


def from_stamp(written: str, reader: Reader) -> int | None:
    """The way back: what the field says, on the reader's clock, as a Unix time."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    return int(moment.replace(tzinfo=reader.tz).timestamp())


def cell(value: Mapping[str, Any], reader: Reader) -> Markup:
    """One cell of a table."""
    match value.get("type"):
        case "rich_text":
            return rich_text(dict(value), reader)
        case "raw_number":
            shown = value.get("text")
            return plain(str(shown)) if shown else Markup("{}").format(number(float(value.get("value") or 0)))
    return plain(str(value.get("text", "")))


def options_of(element: Mapping[str, Any]) -> Sequence[tuple[str, Sequence[Mapping[str, Any]]]]:
    """A select's options by group; a select without groups has one without a name."""
    groups = element.get("option_groups")
    if groups:
        return [(words(group.get("label")), group.get("options", [])) for group in groups]
    return [("", element.get("options", []))]


def address(url: Any) -> str:
    """An address that a link may lead to; anything that would run something leads nowhere."""
    return str(url) if str(url).lower().startswith(("https://", "http://", "mailto:", "slack://")) else "#"


def near(url: str) -> bool:
    """Whether a picture may be shown: from this machine. The page asks nothing of the rest of the world."""
    if url.startswith("data:image/"):
        return True
    parts = urlsplit(url)
    return (not parts.netloc and not parts.scheme) or parts.hostname in _NEAR
