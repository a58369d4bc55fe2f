"""Elements: finding what can be pressed or filled in on a surface, and what its state looks like on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from integrations.sandbox.messages import Block

# What each stateful element calls its value in `state.values` and in `actions[0]`.
STATE_KEYS: Mapping[str, str] = {
    "plain_text_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "number_input": "value",
    "rich_text_input": "rich_text_value",
    "static_select": "selected_option",
    "external_select": "selected_option",
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "multi_users_select": "selected_users",
    "multi_conversations_select": "selected_conversations",
    "multi_channels_select": "selected_channels",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "checkboxes": "selected_options",
    "radio_buttons": "selected_option",
    "file_input": "files",
}
INITIAL_KEYS: Mapping[str, str] = {
    "plain_text_input": "initial_value",
    "email_text_input": "initial_value",
    "url_text_input": "initial_value",
    "number_input": "initial_value",
    "rich_text_input": "initial_value",
    "static_select": "initial_option",
    "external_select": "initial_option",
    "users_select": "initial_user",
    "conversations_select": "initial_conversation",
    "channels_select": "initial_channel",
    "multi_static_select": "initial_options",
    "multi_external_select": "initial_options",
    "multi_users_select": "initial_users",
    "multi_conversations_select": "initial_conversations",
    "multi_channels_select": "initial_channels",
    "datepicker": "initial_date",
    "timepicker": "initial_time",
    "datetimepicker": "initial_date_time",
    "checkboxes": "initial_options",
    "radio_buttons": "initial_option",
}
LISTS = frozenset(kind for kind, key in STATE_KEYS.items() if key.endswith("s"))
TEXTS = frozenset({"plain_text_input", "email_text_input", "url_text_input", "number_input"})
PRESSED = frozenset({"button", "workflow_button", "icon_button"})


class NotOnScreenError(AssertionError):
    """Somebody tried to use something that is not in front of them; the text says what is."""


@dataclass(frozen=True, slots=True)
class Control:
    """One thing on a surface that somebody can use. `sends` says whether using it tells the app at once."""

    block_id: str
    element: Mapping[str, Any]
    label: str
    sends: bool
    required: bool = False

    @property
    def kind(self) -> str:
        """The element's type."""
        return str(self.element["type"])

    @property
    def action_id(self) -> str:
        """The name under which the app hears of it."""
        return str(self.element.get("action_id", ""))

    @property
    def options(self) -> list[Mapping[str, Any]]:
        """All options, also those in groups."""
        found = list(self.element.get("options", ()))
        for group in self.element.get("option_groups", ()):
            found.extend(group.get("options", ()))
        return found


def controls(blocks: Iterable[Block], *, user: str | None = None) -> Iterator[Control]:
    """Everything that can be used, top to bottom, as this person sees it."""
    for block in blocks:
        for control in _controls_of(block):
            shown_to = control.element.get("visible_to_user_ids")
            if user is None or not shown_to or user in shown_to:
                yield control


def _controls_of(block: Block) -> Iterator[Control]:
    block_id = str(block.get("block_id", ""))
    match block["type"]:
        case "input":
            element = block["element"]
            sends = bool(block.get("dispatch_action", False))
            yield Control(block_id, element, _words(block.get("label")), sends, not block.get("optional", False))
        case "section" if "accessory" in block:
            yield from _one(block_id, block["accessory"], fallback=_words(block.get("text")))
        case "actions" | "context_actions":
            for element in block.get("elements", ()):
                yield from _one(block_id, element)
        case "card":
            for element in block.get("actions", ()):
                yield from _one(block_id, element)
        case "carousel":
            for card in block.get("elements", ()):
                yield from _controls_of(card)
        case "container":
            for child in block.get("child_blocks", ()):
                yield from _controls_of(child)
        case _:
            return


def _one(block_id: str, element: Mapping[str, Any], *, fallback: str = "") -> Iterator[Control]:
    if element["type"] == "feedback_buttons":
        for key in ("positive_button", "negative_button"):
            yield Control(block_id, {**element, **element[key]}, _words(element[key].get("text")), sends=True)
    elif element["type"] != "image":
        label = _words(element.get("text")) or _words(element.get("placeholder")) or fallback
        yield Control(block_id, element, label, sends=True)


def _words(text: Any) -> str:
    return str(text.get("text", "")) if isinstance(text, Mapping) else ""


def find(
    candidates: Sequence[Control],
    *,
    label: str | None = None,
    action_id: str | None = None,
    block_id: str | None = None,
    value: str | None = None,
) -> Control:
    """The one control that fits, or a clear sentence about what there is instead."""
    found = [
        control
        for control in candidates
        if (label is None or control.label == label)
        and (action_id is None or control.action_id == action_id)
        and (block_id is None or control.block_id == block_id)
        and (value is None or control.element.get("value") == value)
    ]
    wanted = ", ".join(
        f"{name}={given!r}"
        for name, given in (("label", label), ("action_id", action_id), ("block_id", block_id), ("value", value))
        if given is not None
    )
    if len(found) == 1:
        return found[0]
    shown = ", ".join(f"{c.label!r} ({c.kind} {c.action_id}, block {c.block_id})" for c in candidates) or "nothing"
    if not found:
        raise NotOnScreenError(f"There is nothing to use with {wanted}; there is: {shown}.")
    raise NotOnScreenError(
        f"{len(found)} things fit {wanted or 'any'}: say more (block_id=, value=). There is: {shown}."
    )


def blank_state(kind: str) -> dict[str, Any]:
    """The state of an element of that kind which nobody touched."""
    return {"type": kind, STATE_KEYS[kind]: [] if kind in LISTS else None}


def initial_state(blocks: Iterable[Block]) -> dict[str, dict[str, Any]]:
    """What `state.values` holds before anybody touched anything."""
    state: dict[str, dict[str, Any]] = {}
    for control in controls(blocks):
        if control.kind in STATE_KEYS:
            entry = blank_state(control.kind)
            initial = control.element.get(INITIAL_KEYS.get(control.kind, ""))
            if initial is not None:
                entry[STATE_KEYS[control.kind]] = initial
            state.setdefault(control.block_id, {})[control.action_id] = entry
    return state


def action_of(control: Control, state: Mapping[str, Any] | None, *, at: str) -> dict[str, Any]:
    """`actions[0]` of the payload, as Slack writes it for that element."""
    action: dict[str, Any] = {"type": control.kind, "action_id": control.action_id, "block_id": control.block_id}
    for key in ("text", "value", "style", "placeholder", "confirm", INITIAL_KEYS.get(control.kind, "")):
        if key in control.element and control.kind not in TEXTS:
            action[key] = control.element[key]
    action.update(state or {})
    action["action_ts"] = at
    return action
