"""Markdown: the `markdown` block's standard text into safe markup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from markupsafe import Markup

from .emoji import with_emoji

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

# Raw HTML in the text stays text, and addresses are checked by the library (no javascript:).
_PARSER = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])


def markdown(text: str) -> Markup:
    """The whole text; links open beside the page, a picture becomes a link, as a chat client may not fetch it."""
    tokens = _PARSER.parse(text)
    _adapt(tokens)
    return Markup(_PARSER.renderer.render(tokens, _PARSER.options, {}))  # noqa: S704  # html=False: the library escapes


def _adapt(tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.children:
            _adapt(token.children)
        if token.type == "text":
            token.content = _task(with_emoji(token.content))
        elif token.type == "link_open":
            token.attrSet("target", "_blank")
            token.attrSet("rel", "noopener noreferrer")
        elif token.attrGet("style"):
            # A column's alignment: as a class, since the page allows no inline styles.
            token.attrs = {"class": str(token.attrGet("style")).replace("text-align:", "align-")}
        elif token.type == "image":
            token.type, token.tag, token.content, token.children = "text", "", f"🖼 {token.content}", None


def _task(text: str) -> str:
    """`[ ]` and `[x]` at the start of an item as boxes, as Slack's clients show them."""
    for typed, shown in (("[ ] ", "☐ "), ("[x] ", "☑ "), ("[X] ", "☑ ")):
        if text.startswith(typed):
            return shown + text.removeprefix(typed)
    return text
