"""Drafts: what a person chose or typed stands in the inputs again when a surface is drawn anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from integrations.sandbox.elements import INITIAL_KEYS, STATE_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from integrations.sandbox.forms import State


def with_draft(blocks: Iterable[Mapping[str, Any]], draft: State) -> list[dict[str, Any]]:
    """The same blocks, each input showing what its person put there."""
    return [_block(block, draft) for block in blocks]


def _block(block: Mapping[str, Any], draft: State) -> dict[str, Any]:
    mine = draft.get(str(block.get("block_id", "")), {})
    fresh = dict(block)
    for key in ("element", "accessory"):
        if key in fresh:
            fresh[key] = _element(fresh[key], mine)
    if fresh.get("type") == "actions":
        fresh["elements"] = [_element(element, mine) for element in fresh.get("elements", ())]
    if "child_blocks" in fresh:
        fresh["child_blocks"] = with_draft(fresh["child_blocks"], draft)
    return fresh


def _element(element: Mapping[str, Any], mine: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    fresh = dict(element)
    kind, entry = str(element.get("type")), mine.get(str(element.get("action_id", "")))
    initial = INITIAL_KEYS.get(kind)
    if entry is not None and initial is not None and entry.get("type") == kind:
        value = entry.get(STATE_KEYS[kind])
        fresh.pop(initial, None)
        if value not in (None, "", []):
            fresh[initial] = value
    return fresh
