"""Complete: what Slack adds to blocks when it stores them: ids where none were given, the defaults of texts."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

_WITHOUT_ACTION = {"image", "mrkdwn", "plain_text"}


def complete(blocks: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A deep copy of the blocks with what Slack adds."""
    return [_block(block) for block in blocks]


def _block(block: Mapping[str, Any]) -> dict[str, Any]:
    done: dict[str, Any] = {key: _value(part) for key, part in block.items() if part is not None}
    done.setdefault("block_id", _made_up())
    if done["type"] in {"actions", "context_actions"}:
        done["elements"] = [_element(element) for element in done["elements"]]
    for name in ("accessory", "element"):
        if name in done:
            done[name] = _element(done[name])
    if done["type"] == "card" and "actions" in done:
        done["actions"] = [_element(element) for element in done["actions"]]
    if done["type"] == "carousel":
        done["elements"] = [_block(card) for card in done["elements"]]
    if done["type"] == "container":
        done["child_blocks"] = [_block(child) for child in done["child_blocks"]]
    return done


def _element(element: dict[str, Any]) -> dict[str, Any]:
    if element["type"] not in _WITHOUT_ACTION:
        element.setdefault("action_id", _made_up())
    return element


def _value(value: Any) -> Any:
    if isinstance(value, Mapping):
        copy = {key: _value(part) for key, part in value.items() if part is not None}
        if copy.get("type") == "plain_text":
            copy.setdefault("emoji", True)
        if copy.get("type") == "mrkdwn":
            copy.setdefault("verbatim", False)
        return copy
    return [_value(part) for part in value] if isinstance(value, list | tuple) else value


def _made_up() -> str:
    return secrets.token_urlsafe(4)[:5]
