"""Mrkdwn: Slack's own text markup into safe markup, for one reader."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from .emoji import with_emoji

if TYPE_CHECKING:
    from .reader import Reader

_PRE = re.compile(r"```\n?(.*?)```", re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_TOKEN = re.compile(r"<([^<>\n]+)>")
_BARE_URL = re.compile(r"https?://[^\s<>|`]*[^\s<>|`.,;:!?)\]'\"*_~]")
_LINK = re.compile(r"(?:https?://|mailto:|tel:)\S+", re.IGNORECASE)
_QUOTE = re.compile(r"^(?:>|&gt;) ?")
_ITEM = re.compile(r"^(\s*)([•◦▪‣-]|\d{1,3}\.)\s+")
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_KEPT = re.compile("\x00(\\d+)\x00")
# A mark counts at the edge of a word only: snake_case and 2*3*4 stay as they are.
_MARKS = tuple(
    (re.compile(rf"(?<![\w{mark}]){mark}(?=\S)([^{mark}\n]+?)(?<=\S){mark}(?![\w{mark}])"), tag)
    for mark, tag in ((r"\*", "b"), ("_", "i"), ("~", "s"))
)


def mrkdwn(text: str, reader: Reader) -> Markup:
    """The whole text: preformatted parts, quotes, lists, and everything within a line."""
    parts = _PRE.split(_HIDDEN.sub("", text.replace("\r\n", "\n")))
    out = Markup()
    for index, part in enumerate(parts):
        if index % 2:
            out += Markup("<pre>{}</pre>").format(_literal(part.strip("\n"), reader))
        else:
            # The line break around a preformatted part is the part's own edge, not an empty line.
            trimmed = part.removeprefix("\n") if index else part
            out += _lines(trimmed.removesuffix("\n") if index < len(parts) - 1 else trimmed, reader)
    return out


def plain(text: str, *, emoji: bool = True) -> Markup:
    """Text without markup; shortcodes become pictures unless the app said no."""
    return Markup("<br>").join(with_emoji(line) if emoji else line for line in unescaped(text).split("\n"))


def unescaped(text: str) -> str:
    """Slack's three entities as the characters they stand for; `&amp;` last, or `&amp;lt;` would become `<`."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def inline(text: str, reader: Reader, *, opening: bool = False) -> Markup:
    """One line: code, links, mentions, dates, emphasis and emoji."""
    kept: list[Markup] = []

    def keep(markup: Markup) -> str:
        kept.append(markup)
        return f"\x00{len(kept) - 1}\x00"

    # Links and mentions first: code around one keeps its place-holder, and a link's words may hold code of their own.
    text = _TOKEN.sub(lambda found: keep(_token(found[1], reader, opening=opening and found.start() == 0)), text)
    text = _CODE.sub(lambda found: keep(Markup("<code>{}</code>").format(unescaped(found[1]))), text)
    text = _BARE_URL.sub(lambda found: keep(link(unescaped(found[0]), unescaped(found[0]))), text)
    html = str(escape(with_emoji(unescaped(text))))
    for pattern, tag in _MARKS:
        html = pattern.sub(rf"<{tag}>\1</{tag}>", html)
    # What was kept may hold kept things itself: a mention inside code.
    while _KEPT.search(html):
        html = _KEPT.sub(lambda found: str(kept[int(found[1])]), html)
    return Markup(html)  # noqa: S704  # every piece was escaped above or is markup already


def link(url: str, words: str | Markup) -> Markup:
    """A link that opens beside the page and tells its address nothing."""
    return Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(url, words)


def mention(person: str, reader: Reader, fallback: str = "") -> Markup:
    """Somebody's name, marked when it is the reader."""
    name = reader.people.get(person) or fallback.lstrip("@") or person
    own = " mention-own" if person == reader.id else ""
    return Markup('<span class="mention{}">@{}</span>').format(own, name)


def group_mention(group: str, reader: Reader, fallback: str = "") -> Markup:
    """A user group's handle, marked when the reader is in it."""
    handle = reader.groups.get(group) or fallback.lstrip("@") or group
    own = " mention-own" if group in reader.own_groups else ""
    return Markup('<span class="mention{}">@{}</span>').format(own, handle)


def channel_mention(channel: str, reader: Reader, fallback: str = "") -> Markup:
    """A channel's name, leading there; a channel that the reader can't see has no name."""
    name = reader.channels.get(channel)
    if name:
        return Markup('<a class="mention" href="{}/c/{}">#{}</a>').format(reader.base, name, name)
    if fallback:
        return Markup('<span class="mention">#{}</span>').format(fallback.lstrip("#"))
    return Markup('<span class="mention">private channel</span>')


def broadcast(span: str) -> Markup:
    """@here, @channel, @everyone: they speak to the reader too."""
    return Markup('<span class="mention mention-own">@{}</span>').format(span)


def _literal(text: str, reader: Reader) -> Markup:
    """Code: no emphasis and no emoji, but links and mentions in it still are what they are."""
    out = Markup()
    end = 0
    for found in _TOKEN.finditer(text):
        out += Markup("{}{}").format(unescaped(text[end : found.start()]), _token(found[1], reader))
        end = found.end()
    return out + Markup("{}").format(unescaped(text[end:]))


def _lines(text: str, reader: Reader) -> Markup:
    if not text:
        return Markup()
    out = Markup()
    lines = text.split("\n")
    loose = False  # the last thing was running text, so a line break is due before more of it
    index = 0
    while index < len(lines):
        line = lines[index]
        quoted: list[str] = []
        if line.startswith((">>>", "&gt;&gt;&gt;")):
            quoted = [re.sub(r"^(?:>>>|&gt;&gt;&gt;) ?", "", line), *lines[index + 1 :]]
            index = len(lines)
        while index < len(lines) and _QUOTE.match(lines[index]):
            quoted.append(_QUOTE.sub("", lines[index], count=1))
            index += 1
        if quoted:
            out += Markup("<blockquote>{}</blockquote>").format(_lines("\n".join(quoted), reader))
            loose = False
            continue
        index += 1
        item = _ITEM.match(line)
        if item:
            level = min((len(item[1].expandtabs(4)) + 2) // 4, 4)
            body = inline(line[item.end() :], reader)
            out += Markup('<span class="item item-{}"><span class="bullet">{}</span><span>{}</span></span>').format(
                level, "•" if item[2] == "-" else item[2], body
            )
            loose = False
        else:
            out += Markup("<br>") if loose else Markup()
            # An empty line is a small gap, not a full one.
            words = line.lstrip(" ")
            indent = "\N{NO-BREAK SPACE}" * (len(line) - len(words))
            out += indent + inline(words, reader, opening=True) if words else Markup('<span class="gap"></span>')
            loose = bool(line.strip())
    return out


def _token(content: str, reader: Reader, *, opening: bool = False) -> Markup:
    target, _, words = content.partition("|")
    if target.startswith("@"):
        return mention(target[1:], reader, unescaped(words))
    if target.startswith("#"):
        return channel_mention(target[1:], reader, unescaped(words))
    if target.startswith("!subteam^"):
        return group_mention(target.removeprefix("!subteam^"), reader, unescaped(words))
    if target.startswith("!date^"):
        return _date(target, unescaped(words), reader, opening=opening)
    if target in ("!here", "!channel", "!everyone"):
        return broadcast(target[1:])
    if _LINK.fullmatch(unescaped(target)):
        return link(unescaped(target), inline(words, reader) if words else unescaped(target).removeprefix("mailto:"))
    return escape(unescaped(f"<{content}>"))


def _date(target: str, fallback: str, reader: Reader, *, opening: bool) -> Markup:
    _, timestamp, form, *url = target.split("^", 3) + [""] * (3 - target.count("^"))
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 11 or not form:
        return escape(fallback)
    shown = reader.date(int(timestamp), unescaped(form), opening=opening)
    address = unescaped("".join(url))
    return link(address, shown) if _LINK.fullmatch(address) else shown
