"""Parts: the small objects inside blocks: texts, options, confirm dialogs, rich text."""

from __future__ import annotations

from typing import Any

from integrations.sandbox.blocks.grammar import (
    Report,
    Rule,
    array,
    by_type,
    exactly_one,
    flag,
    integer,
    number,
    one_of,
    record,
    string,
)

URL = string(most=3000, pattern=r"^(https?|mailto|slack|tel):")
IDENTIFIER = string(most=255)


def _text(kind: str, most: int) -> Rule:
    extra = {"emoji": flag} if kind == "plain_text" else {"verbatim": flag}
    return record({"text": string(most=most)}, extra)


def plain(most: int) -> Rule:
    """A plain_text object."""
    return by_type({"plain_text": _text("plain_text", most)})


def marked(most: int) -> Rule:
    """A mrkdwn or plain_text object."""
    return by_type({"plain_text": _text("plain_text", most), "mrkdwn": _text("mrkdwn", most)})


CONFIRM = record(
    {"title": plain(100), "text": marked(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)
DISPATCH = record(
    optional={"trigger_actions_on": array(one_of("on_enter_pressed", "on_character_entered"), least=1, most=2)}
)


def option(*, marked_text: bool = False, with_url: bool = False) -> Rule:
    """One option: its text, its value, perhaps a second line."""
    text = marked if marked_text else plain
    extra = {"description": text(75)} | ({"url": URL} if with_url else {})
    return record({"text": text(75), "value": string(most=150)}, extra)


OPTION = option()
OPTION_GROUP = record({"label": plain(75), "options": array(OPTION, least=1, most=100)})
OPTIONS = {"options": array(OPTION, least=1, most=100), "option_groups": array(OPTION_GROUP, least=1, most=100)}


def _options_of(value: Any) -> list[Any]:
    inside = [each for group in value.get("option_groups") or () for each in group["options"]]
    return [*(value.get("options") or ()), *inside]


def initial_among_options(value: Any, pointer: str, report: Report) -> None:
    """What is chosen from the start must be one of the options, to the letter; no two options share a value."""
    options = _options_of(value)
    for name in ("initial_option", "initial_options"):
        chosen = value.get(name)
        if chosen is None:
            continue
        if name == "initial_options" and not chosen:
            report.add(f"{pointer}/{name}", "no fewer than 1 items allowed", type="min_items", expected=1)
        for each in chosen if isinstance(chosen, list) else [chosen]:
            if each not in options:
                report.add(f"{pointer}/{name}", f"{name} must exactly match one of the provided options")
    values = [each["value"] for each in options]
    if len(set(values)) < len(values):
        report.add(f"{pointer}/options", "values of options must be unique")


SLACK_FILE = record(
    optional={"id": string(pattern=r"^F[A-Z0-9]{8,}$"), "url": URL},
    also=exactly_one("id", "url"),
)
IMAGE_FIELDS: dict[str, Rule] = {"image_url": string(most=3000, pattern=r"^https?://"), "slack_file": SLACK_FILE}
IMAGE = record(
    {"alt_text": string(most=2000)},
    IMAGE_FIELDS,
    also=exactly_one("image_url", "slack_file"),
)

_STYLE = record(optional=dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight"), flag))
_RICH_INLINE = by_type(
    {
        "text": record({"text": string()}, {"style": _STYLE}),
        "link": record({"url": string()}, {"text": string(), "style": _STYLE, "unsafe": flag}),
        "user": record({"user_id": string()}, {"style": _STYLE}),
        "usergroup": record({"usergroup_id": string()}, {"style": _STYLE}),
        "channel": record({"channel_id": string()}, {"style": _STYLE}),
        "team": record({"team_id": string()}, {"style": _STYLE}),
        "emoji": record({"name": string()}, {"unicode": string(), "skin_tone": integer(1, 6), "style": _STYLE}),
        "broadcast": record({"range": one_of("here", "channel", "everyone")}, {"style": _STYLE}),
        "color": record({"value": string()}, {"style": _STYLE}),
        "date": record(
            {"timestamp": integer(0), "format": string()}, {"url": URL, "fallback": string(), "style": _STYLE}
        ),
    }
)
_SECTION = record({"elements": array(_RICH_INLINE)})
_BORDER = {"border": integer(0, 1)}
RICH_TEXT = record(
    {
        "elements": array(
            by_type(
                {
                    "rich_text_section": _SECTION,
                    "rich_text_quote": record({"elements": array(_RICH_INLINE)}, _BORDER),
                    "rich_text_preformatted": record({"elements": array(_RICH_INLINE)}, _BORDER),
                    "rich_text_list": record(
                        {
                            "style": one_of("bullet", "ordered"),
                            "elements": array(by_type({"rich_text_section": _SECTION})),
                        },
                        {"indent": integer(0, 8), "offset": integer(0), **_BORDER},
                    ),
                }
            )
        )
    },
    {"block_id": IDENTIFIER},
)
RICH_TEXT_VALUE = by_type({"rich_text": RICH_TEXT})

CELL = by_type(
    {
        "raw_text": record({"text": string()}),
        "raw_number": record({"value": number()}, {"text": string()}),
        "rich_text": RICH_TEXT,
    }
)
HEADER_CELL = by_type(
    {"raw_text": record({"text": string()}), "raw_number": record({"value": number()}, {"text": string()})}
)
