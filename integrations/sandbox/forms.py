"""Forms: what a client does with inputs before the app hears of it: turning picks into state, refusing empty fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from integrations.sandbox.elements import LISTS, STATE_KEYS, TEXTS, Control, NotOnScreenError, blank_state, find

if TYPE_CHECKING:
    from integrations.sandbox.workspace import Workspace

_PEOPLE = frozenset({"users_select", "multi_users_select"})
_PLACES = frozenset({"conversations_select", "channels_select", "multi_conversations_select", "multi_channels_select"})
_OPTIONS = frozenset({"static_select", "multi_static_select", "radio_buttons", "checkboxes", "overflow"})

State = dict[str, dict[str, Any]]


def entry(control: Control, chosen: Any, workspace: Workspace) -> dict[str, Any]:
    """The wire state of a control after somebody chose `chosen`: an option's label or value, a name, a date, a text."""
    if control.kind == "overflow":
        return {"selected_option": _option(control, chosen)}
    if control.kind not in STATE_KEYS:
        raise NotOnScreenError(f"{control.label!r} is a {control.kind}: it is pressed, nothing can be chosen in it.")
    state = blank_state(control.kind)
    if chosen is None or chosen == "" or (control.kind in LISTS and not chosen):
        return state
    if control.kind in LISTS:
        picks = chosen if isinstance(chosen, Sequence) and not isinstance(chosen, str) else [chosen]
        state[STATE_KEYS[control.kind]] = [_pick(control, pick, workspace) for pick in picks]
    else:
        state[STATE_KEYS[control.kind]] = _pick(control, chosen, workspace)
    return state


def _pick(control: Control, chosen: Any, workspace: Workspace) -> Any:
    if control.kind in _OPTIONS:
        return _option(control, chosen)
    if control.kind in _PEOPLE:
        return workspace.person(str(chosen)).id
    if control.kind in _PLACES:
        return workspace.channel(str(chosen)).id
    if isinstance(chosen, datetime):
        return int(chosen.timestamp()) if control.kind == "datetimepicker" else chosen.date().isoformat()
    if isinstance(chosen, date):
        return chosen.isoformat()
    if isinstance(chosen, time):
        return f"{chosen:%H:%M}"
    if control.kind == "datetimepicker":
        return int(chosen)
    if control.kind in TEXTS or control.kind in {"datepicker", "timepicker"}:
        return str(chosen)
    return chosen


def _option(control: Control, chosen: Any) -> Mapping[str, Any]:
    wanted = chosen.get("value") if isinstance(chosen, Mapping) else str(chosen)
    fitting = [o for o in control.options if wanted in (o.get("value"), o["text"]["text"])]
    if not fitting:
        shown = ", ".join(repr(o["text"]["text"]) for o in control.options)
        raise NotOnScreenError(f"{control.label!r} has no option {chosen!r}; there are {shown}.")
    return next((option for option in fitting if option.get("value") == wanted), fitting[0])


def fill_in(state: State, values: Mapping[str, Any], shown: Sequence[Control], workspace: Workspace) -> None:
    """Write what somebody filled in into the state. Keys are block_id/action_id, action_id, block_id or the label."""
    for key, chosen in values.items():
        control = _named(key, shown)
        state.setdefault(control.block_id, {})[control.action_id] = entry(control, chosen, workspace)


def _named(key: str, shown: Sequence[Control]) -> Control:
    usable = [control for control in shown if control.kind in STATE_KEYS]
    for control in usable:
        if key == f"{control.block_id}/{control.action_id}":
            return control
    for name in ("action_id", "block_id", "label"):
        fitting = [control for control in usable if getattr(control, name) == key]
        if len(fitting) == 1:
            return fitting[0]
    return find(usable, label=key)


def complaints(state: State, shown: Iterable[Control]) -> dict[str, str]:
    """What the client itself refuses before sending: required fields left empty, lengths, numbers out of range."""
    found: dict[str, str] = {}
    for control in shown:
        if control.kind in STATE_KEYS:
            given = state.get(control.block_id, {}).get(control.action_id, {}).get(STATE_KEYS[control.kind])
            complaint = _complaint(control, given)
            if complaint:
                found[control.block_id] = complaint
    return found


def _complaint(control: Control, given: Any) -> str:
    if given in (None, "", []):
        return "Please complete this required field." if control.required else ""
    if control.kind in {"plain_text_input", "rich_text_input"} and isinstance(given, str):
        least, most = control.element.get("min_length", 0), control.element.get("max_length", 3000)
        if len(given) < least:
            return f"Please use at least {least} characters."
        if len(given) > most:
            return f"Please use at most {most} characters."
    if control.kind == "number_input":
        return _number_complaint(control.element, str(given))
    most_items = control.element.get("max_selected_items")
    if most_items is not None and isinstance(given, list) and len(given) > most_items:
        return f"Please choose at most {most_items}."
    return ""


def _number_complaint(element: Mapping[str, Any], given: str) -> str:
    try:
        number = float(given)
    except ValueError:
        return "Please enter a number."
    if not element.get("is_decimal_allowed", False) and not number.is_integer():
        return "Please enter a whole number."
    if "min_value" in element and number < float(element["min_value"]):
        return f"Please enter a number of at least {element['min_value']}."
    if "max_value" in element and number > float(element["max_value"]):
        return f"Please enter a number of at most {element['max_value']}."
    return ""
