"""Blocks: Block Kit as plain dicts, within Slack's limits by construction: longer texts end in an ellipsis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypedDict

from handlers.views.text import Mrkdwn, clip, cut

Block = dict[str, Any]
View = dict[str, Any]
"""A form or an App Home, as Slack wants it."""


class Said(TypedDict):
    """A message: its blocks, and the same in words for notifications and screen readers."""

    text: str
    blocks: list[Block]


MESSAGE_BLOCKS = 50
FORM_BLOCKS = 100
_MESSAGE = 12_000
"""So many characters a message holds, all its texts together."""
_BLOCK = 30
_TEXT = 3000
_FIELD = 2000
_HEADER = 150
_LABEL = 75
_TITLE = 24
_ELEMENTS = 25
_CONTEXTS = 10
_FIELDS = 10
OPTIONS = 100


def plain(text: str, limit: int) -> Block:
    """A plain text object; Slack refuses an empty one."""
    return {"type": "plain_text", "text": clip(text, limit) or "…", "emoji": True}


def mrkdwn(text: str, limit: int = _TEXT) -> Block:
    """A mrkdwn text object."""
    return {"type": "mrkdwn", "text": cut(text, limit) or "…"}


def header(text: str) -> Block:
    """The title of a message."""
    return {"type": "header", "text": plain(" ".join(text.split()), _HEADER)}


def section(text: str, *, accessory: Block | None = None, block_id: str | None = None) -> Block:
    """A paragraph, with at most one thing to press beside it."""
    block: Block = {"type": "section", "text": mrkdwn(text)}
    if accessory is not None:
        block["accessory"] = accessory
    if block_id is not None:
        block["block_id"] = clip(block_id, 255)
    return block


def fields(*texts: str) -> Block:
    """Short texts in two columns."""
    return {"type": "section", "fields": [mrkdwn(each, _FIELD) for each in texts[:_FIELDS]]}


def context(*texts: str) -> Block:
    """Small print."""
    return {"type": "context", "elements": [mrkdwn(each, _FIELD) for each in texts[:_CONTEXTS]]}


def divider() -> Block:
    """A thin line."""
    return {"type": "divider"}


def actions(*elements: Block, block_id: str | None = None) -> Block:
    """A row of buttons."""
    block: Block = {"type": "actions", "elements": list(elements[:_ELEMENTS])}
    if block_id is not None:
        block["block_id"] = clip(block_id, 255)
    return block


def button(
    label: str,
    action: str,
    value: str,
    *,
    style: str | None = None,
    asks: Block | None = None,
    spoken: str | None = None,
) -> Block:
    """A button. `asks` is a dialog that wants a yes first; `spoken` is what a screen reader says."""
    block: Block = {"type": "button", "text": plain(label, _LABEL), "action_id": action, "value": value}
    if style is not None:
        block["style"] = style
    if asks is not None:
        block["confirm"] = asks
    if spoken is not None:
        block["accessibility_label"] = clip(spoken, _LABEL)
    return block


def link_button(label: str, action: str, url: str) -> Block:
    """A button that leads to a page."""
    return {"type": "button", "text": plain(label, _LABEL), "action_id": action, "url": url}


def asks(title: str, text: str, yes: str, no: str = "Not now", *, danger: bool = False) -> Block:
    """The dialog before something that can't be taken back."""
    block: Block = {
        "title": plain(title, 100),
        "text": mrkdwn(text, 300),
        "confirm": plain(yes, 30),
        "deny": plain(no, 30),
    }
    if danger:
        block["style"] = "danger"
    return block


def option(text: str, value: str) -> Block:
    """One choice of a menu."""
    return {"text": plain(text, _LABEL), "value": clip(value, 150)}


def menu(action: str, options: Sequence[Block], chosen: str | None = None, placeholder: str = "Choose one") -> Block:
    """A menu with one choice. The first hundred are offered, the chosen one always."""
    offered = list(options[:OPTIONS])
    first = next((each for each in options if each["value"] == chosen), None)
    if first is not None and first not in offered:
        offered[-1] = first
    block: Block = {
        "type": "static_select",
        "action_id": action,
        "options": offered,
        "placeholder": plain(placeholder, 150),
    }
    if first is not None:
        block["initial_option"] = first
    return block


def line(
    action: str, initial: str = "", *, placeholder: str = "", longest: int = 200, multiline: bool = False
) -> Block:
    """A field to write in. What stands in it at first is never cut: a longer one raises the limit."""
    block: Block = {
        "type": "plain_text_input",
        "action_id": action,
        "multiline": multiline,
        "max_length": min(_TEXT, max(longest, len(initial))),
    }
    if initial:
        block["initial_value"] = initial[:_TEXT]
    if placeholder:
        block["placeholder"] = plain(placeholder, 150)
    return block


def ask(label: str, element: Block, block_id: str, *, hint: str = "", optional: bool = False) -> Block:
    """A question of a form, with what answers it."""
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": plain(label, 2000),
        "element": element,
        "optional": optional,
    }
    if hint:
        block["hint"] = plain(hint, 2000)
    return block


def fit(blocks: Iterable[Block], limit: int, room: int | None = None) -> list[Block]:
    """At most so many blocks and characters: the end, where the buttons are, is kept; what is left out is counted."""
    told = list(blocks)
    most = 3
    tail = 0
    while tail < min(most, len(told)) and told[-1 - tail]["type"] in {"actions", "context", "divider"}:
        tail += 1
    end = told[len(told) - tail :]
    if len(told) <= limit and (room is None or _size(told) <= room):
        return told
    head: list[Block] = []
    left = None if room is None else room - _size(end) - _size([_left_out(len(told))])
    for block in told[: len(told) - tail]:
        if len(head) + tail + 1 >= limit or (left is not None and _size([*head, block]) > left):
            break
        head.append(block)
    return [*head, _left_out(len(told) - tail - len(head)), *end]


def _left_out(number: int) -> Block:
    return context(f"… {number} more {'part is' if number == 1 else 'parts are'} not shown here.")


def _size(value: Any) -> int:
    """Slack counts all text of a message together, and something for each block."""
    match value:
        case dict():
            return _BLOCK * ("type" in value) + sum(map(_size, value.values()))
        case list():
            return sum(map(_size, value))
        case str():
            return len(value)
        case _:
            return 0


def message(text: str, blocks: Iterable[Block]) -> Said:
    """A message."""
    return {"text": cut(text, _TEXT) or Mrkdwn("…"), "blocks": fit(blocks, MESSAGE_BLOCKS, _MESSAGE)}


def form(
    callback: str,
    title: str,
    blocks: Iterable[Block],
    *,
    submit: str | None = None,
    close: str = "Close",
    carries: str = "",
) -> View:
    """A form over the page. `carries` comes back with it."""
    view: View = {
        "type": "modal",
        "callback_id": callback,
        "title": plain(title, _TITLE),
        "close": plain(close, _TITLE),
        "blocks": fit(blocks, FORM_BLOCKS),
        "private_metadata": carries,
    }
    if submit is not None:
        view["submit"] = plain(submit, _TITLE)
    return view


def home(blocks: Iterable[Block]) -> View:
    """Somebody's App Home."""
    return {"type": "home", "blocks": fit(blocks, FORM_BLOCKS)}
