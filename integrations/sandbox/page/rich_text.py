"""Rich text: the `rich_text` block's tree into safe markup, for one reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from .emoji import EMOJI
from .mrkdwn import broadcast, channel_mention, group_mention, link, mention

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .reader import Reader

_STYLES = (("bold", "b"), ("italic", "i"), ("strike", "s"), ("underline", "u"), ("code", "code"))
_LINKS = ("https://", "http://", "mailto:", "tel:")


def rich_text(block: dict[str, Any], reader: Reader) -> Markup:
    """All sections, lists, quotes and preformatted parts of one block."""
    return Markup().join(_part(part, reader) for part in block.get("elements", []))


def rich_text_as_plain(block: dict[str, Any]) -> str:
    """The words alone, for a title or a label."""
    if "elements" in block:
        return "".join(rich_text_as_plain(element) for element in block["elements"])
    return str(block.get("text") or EMOJI.get(str(block.get("name")), "") or block.get("url") or "")


def _part(part: dict[str, Any], reader: Reader) -> Markup:
    kind = part.get("type")
    elements = part.get("elements", [])
    match kind:
        case "rich_text_section":
            return Markup("<p>{}</p>").format(_spans(elements, reader))
        case "rich_text_quote":
            return Markup("<blockquote>{}</blockquote>").format(_spans(elements, reader))
        case "rich_text_preformatted":
            return Markup("<pre>{}</pre>").format(_spans(elements, reader))
        case "rich_text_list":
            tag = "ol" if part.get("style") == "ordered" else "ul"
            indent = min(int(part.get("indent", 0)), 8)
            first = int(part.get("offset", 0)) + 1
            start = Markup(' start="{}"').format(first) if tag == "ol" and first > 1 else Markup()
            items = Markup().join(
                Markup("<li>{}</li>").format(_spans(item.get("elements", []), reader)) for item in elements
            )
            return Markup('<{} class="indent-{}"{}>{}</{}>').format(tag, indent, start, items, tag)
    return Markup("<p>{}</p>").format(rich_text_as_plain(part))


def _spans(elements: Iterable[dict[str, Any]], reader: Reader) -> Markup:
    return Markup().join(_styled(_span(element, reader), element.get("style") or {}) for element in elements)


def _styled(markup: Markup, style: dict[str, bool]) -> Markup:
    for name, tag in _STYLES:
        if style.get(name):
            markup = Markup("<{}>{}</{}>").format(tag, markup, tag)
    return markup


def _span(element: dict[str, Any], reader: Reader) -> Markup:
    match element.get("type"):
        case "text":
            return Markup("<br>").join(str(element.get("text", "")).split("\n"))
        case "link":
            url = str(element.get("url", ""))
            words = str(element.get("text") or url)
            return link(url, words) if url.lower().startswith(_LINKS) else escape(words)
        case "user":
            return mention(str(element.get("user_id", "")), reader)
        case "usergroup":
            return group_mention(str(element.get("usergroup_id", "")), reader)
        case "channel":
            return channel_mention(str(element.get("channel_id", "")), reader)
        case "broadcast":
            return broadcast(str(element.get("range", "here")))
        case "emoji":
            name = str(element.get("name", ""))
            return escape(EMOJI.get(name, f":{name}:"))
        case "date":
            return _date(element, reader)
        case "color":
            return Markup("<code>{}</code>").format(element.get("value", ""))
    return escape(rich_text_as_plain(element))


def _date(element: dict[str, Any], reader: Reader) -> Markup:
    timestamp = element.get("timestamp")
    if not isinstance(timestamp, int) or isinstance(timestamp, bool) or not 0 <= timestamp < 10**11:
        return escape(str(element.get("fallback", "")))
    shown = reader.date(timestamp, str(element.get("format", "{date_short_pretty} {time}")))
    url = str(element.get("url", ""))
    return link(url, shown) if url.lower().startswith(_LINKS) else shown
