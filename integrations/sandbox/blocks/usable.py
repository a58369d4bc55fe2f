"""Usable: the shapes of what can be pressed, chosen in or typed into, and where each may stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.sandbox.blocks.grammar import (
    Report,
    Rule,
    array,
    every,
    exactly_one,
    flag,
    integer,
    one_of,
    record,
    string,
)
from integrations.sandbox.blocks.parts import (
    CONFIRM,
    DISPATCH,
    IDENTIFIER,
    IMAGE,
    OPTION,
    OPTIONS,
    RICH_TEXT_VALUE,
    URL,
    initial_among_options,
    option,
    plain,
)


def _without(fields: Mapping[str, Rule], name: str) -> dict[str, Rule]:
    return {key: rule for key, rule in fields.items() if key != name}


_COMMON: dict[str, Rule] = {
    "action_id": IDENTIFIER,
    "confirm": CONFIRM,
    "focus_on_load": flag,
    "placeholder": plain(150),
}
_TYPED: dict[str, Rule] = {**_COMMON, "dispatch_action_config": DISPATCH}
_MANY: dict[str, Rule] = {"max_selected_items": integer(1)}
_DATE = string(pattern=r"^\d{4}-\d{2}-\d{2}$")
_TIME = string(pattern=r"^\d{2}:\d{2}$")
_PEOPLE_LIMIT = array(string(), least=1, most=10)
_FILTER = record(
    optional={
        "include": array(one_of("im", "mpim", "private", "public"), least=1),
        "exclude_external_shared_channels": flag,
        "exclude_bot_users": flag,
    }
)
_ONE_OR_THE_OTHER = every(exactly_one("options", "option_groups"), initial_among_options)


def _lengths(value: Any, pointer: str, report: Report) -> None:
    least, most = value.get("min_length"), value.get("max_length")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        report.add(pointer, "min_length must be no more than max_length")


def _bounds(value: Any, pointer: str, report: Report) -> None:
    low, high = value.get("min_value"), value.get("max_value")
    try:
        if low is not None and high is not None and float(low) > float(high):
            report.add(pointer, "min_value must be no more than max_value")
    except ValueError:
        report.add(pointer, "min_value and max_value must be numbers")


_FEEDBACK = record(
    {"text": plain(75), "value": string(most=2000)},
    {"accessibility_label": string(most=75)},
)
_CHOICES = {"options": array(option(marked_text=True), least=1, most=10)}

ELEMENTS: dict[str, Rule] = {
    "button": record(
        {"text": plain(75)},
        {
            "action_id": IDENTIFIER,
            "url": URL,
            "value": string(least=0, most=2000),
            "style": one_of("primary", "danger"),
            "confirm": CONFIRM,
            "accessibility_label": string(most=75),
            "visible_to_user_ids": _PEOPLE_LIMIT,
            "agent_prompt": string(most=4000),
            "agent_prompt_display": one_of("visible", "hidden"),
        },
    ),
    "icon_button": record(
        {"icon": string(), "text": plain(75)},
        {
            "action_id": IDENTIFIER,
            "value": string(most=2000),
            "confirm": CONFIRM,
            "accessibility_label": string(most=75),
            "visible_to_user_ids": _PEOPLE_LIMIT,
        },
    ),
    "workflow_button": record(
        {
            "text": plain(75),
            "workflow": record(
                {
                    "trigger": record(
                        {"url": URL},
                        {"customizable_input_parameters": array(record({"name": string(), "value": string(least=0)}))},
                    )
                }
            ),
            "action_id": IDENTIFIER,
        },
        {"style": one_of("primary", "danger"), "accessibility_label": string(most=75)},
    ),
    "feedback_buttons": record({"positive_button": _FEEDBACK, "negative_button": _FEEDBACK}, {"action_id": IDENTIFIER}),
    "overflow": record(
        {"options": array(option(with_url=True), least=1, most=5)}, {"action_id": IDENTIFIER, "confirm": CONFIRM}
    ),
    "image": IMAGE,
    "checkboxes": record(
        _CHOICES,
        {"initial_options": array(option(marked_text=True)), **_without(_COMMON, "placeholder")},
        also=initial_among_options,
    ),
    "radio_buttons": record(
        _CHOICES,
        {"initial_option": option(marked_text=True), **_without(_COMMON, "placeholder")},
        also=initial_among_options,
    ),
    "static_select": record({}, {**OPTIONS, "initial_option": OPTION, **_COMMON}, also=_ONE_OR_THE_OTHER),
    "multi_static_select": record(
        {}, {**OPTIONS, "initial_options": array(OPTION), **_MANY, **_COMMON}, also=_ONE_OR_THE_OTHER
    ),
    "external_select": record({}, {"initial_option": OPTION, "min_query_length": integer(0), **_COMMON}),
    "multi_external_select": record(
        {}, {"initial_options": array(OPTION), "min_query_length": integer(0), **_MANY, **_COMMON}
    ),
    "users_select": record({}, {"initial_user": string(), **_COMMON}),
    "multi_users_select": record({}, {"initial_users": array(string()), **_MANY, **_COMMON}),
    "conversations_select": record(
        {},
        {
            "initial_conversation": string(),
            "default_to_current_conversation": flag,
            "response_url_enabled": flag,
            "filter": _FILTER,
            **_COMMON,
        },
    ),
    "multi_conversations_select": record(
        {},
        {
            "initial_conversations": array(string()),
            "default_to_current_conversation": flag,
            "filter": _FILTER,
            **_MANY,
            **_COMMON,
        },
    ),
    "channels_select": record({}, {"initial_channel": string(), "response_url_enabled": flag, **_COMMON}),
    "multi_channels_select": record({}, {"initial_channels": array(string()), **_MANY, **_COMMON}),
    "datepicker": record({}, {"initial_date": _DATE, **_COMMON}),
    "timepicker": record({}, {"initial_time": _TIME, "timezone": string(), **_COMMON}),
    "datetimepicker": record(
        {}, {"initial_date_time": integer(1_000_000_000, 9_999_999_999), **_without(_COMMON, "placeholder")}
    ),
    "plain_text_input": record(
        {},
        {
            "initial_value": string(least=0, most=3000),
            "multiline": flag,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
            **_without(_TYPED, "confirm"),
        },
        also=_lengths,
    ),
    "email_text_input": record({}, {"initial_value": string(), **_without(_TYPED, "confirm")}),
    "url_text_input": record({}, {"initial_value": string(), **_without(_TYPED, "confirm")}),
    "number_input": record(
        {"is_decimal_allowed": flag},
        {
            "initial_value": string(),
            "min_value": string(),
            "max_value": string(),
            **_without(_TYPED, "confirm"),
        },
        also=_bounds,
    ),
    "rich_text_input": record(
        {},
        {
            "initial_value": RICH_TEXT_VALUE,
            "min_lines": integer(1, 100),
            "max_lines": integer(1, 100),
            **_without(_TYPED, "confirm"),
        },
    ),
    "file_input": record(
        {}, {"action_id": IDENTIFIER, "filetypes": array(string(), least=1), "max_files": integer(1, 10)}
    ),
}

_ONE_CHOICE = {"static_select", "external_select", "users_select", "conversations_select", "channels_select"}
_MANY_CHOICES = {"multi_" + kind for kind in _ONE_CHOICE}
_TICKS = {"checkboxes", "radio_buttons"}
_TEXTS = {"plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input"}

IN_SECTION = {"button", "workflow_button", "overflow", "image", "datepicker", "timepicker"}
IN_SECTION |= _ONE_CHOICE | _MANY_CHOICES | _TICKS
IN_ACTIONS = {"button", "workflow_button", "overflow", "datepicker", "timepicker", "datetimepicker"}
IN_ACTIONS |= _ONE_CHOICE | _TICKS
IN_INPUT = {"datepicker", "timepicker", "datetimepicker", "file_input"} | _ONE_CHOICE | _MANY_CHOICES | _TICKS | _TEXTS
IN_CONTEXT_ACTIONS = {"icon_button", "feedback_buttons"}
IN_CARD = {"button", "workflow_button", "overflow"}
