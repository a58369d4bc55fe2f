"""Layout: the shape of every block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.sandbox.blocks.charts import DATA_VISUALIZATION
from integrations.sandbox.blocks.grammar import (
    Report,
    Rule,
    array,
    at_least_one,
    by_type,
    exactly_one,
    flag,
    integer,
    one_of,
    record,
    string,
)
from integrations.sandbox.blocks.parts import (
    CELL,
    HEADER_CELL,
    IDENTIFIER,
    IMAGE,
    IMAGE_FIELDS,
    RICH_TEXT,
    RICH_TEXT_VALUE,
    URL,
    marked,
    plain,
)
from integrations.sandbox.blocks.usable import (
    ELEMENTS,
    IN_ACTIONS,
    IN_CARD,
    IN_CONTEXT_ACTIONS,
    IN_INPUT,
    IN_SECTION,
)

_IMAGE_ELEMENT = by_type({"image": IMAGE})
_IN_CONTAINER = frozenset(
    {"actions", "context", "divider", "file", "header", "image", "input", "rich_text", "section", "table", "video"}
)
_CELL_TEXTS_MOST = 20_000


def _block(
    required: Mapping[str, Rule] | None = None, optional: Mapping[str, Rule] | None = None, *, also: Rule | None = None
) -> Rule:
    return record(required, {"block_id": IDENTIFIER, **(optional or {})}, also=also)


def _nullable(rule: Rule) -> Rule:
    return lambda value, pointer, report: None if value is None else rule(value, pointer, report)


def _container_head(value: Any, pointer: str, report: Report) -> None:
    at_least_one("title", "rich_text_title")(value, pointer, report)
    if value.get("is_collapsible") and value.get("has_header_divider"):
        report.add(pointer, "has_header_divider cannot be set when is_collapsible is true")
    if value.get("default_collapsed") and not value.get("is_collapsible"):
        report.add(pointer, "default_collapsed requires is_collapsible")


def _child(value: Any, pointer: str, report: Report) -> None:
    by_type(BLOCKS, allowed=_IN_CONTAINER)(value, pointer, report)


def _unique_tasks(value: Any, pointer: str, report: Report) -> None:
    ids = [task["task_id"] for task in value.get("tasks") or ()]
    if len(set(ids)) < len(ids):
        report.add(f"{pointer}/tasks", "task_id must be unique")


def _even_rows(value: Any, pointer: str, report: Report) -> None:
    rows = value["rows"]
    if len({len(row) for row in rows}) > 1:
        report.add(f"{pointer}/rows", "every row must have the same number of cells")
    if sum(_cell_length(cell) for row in rows for cell in row) > _CELL_TEXTS_MOST:
        report.add(f"{pointer}/rows", f"must be less than {_CELL_TEXTS_MOST + 1} characters")


def _header_row(value: Any, pointer: str, report: Report) -> None:
    _even_rows(value, pointer, report)
    array(HEADER_CELL)(value["rows"][0], f"{pointer}/rows/0", report)


def _cell_length(cell: Mapping[str, Any]) -> int:
    return len(cell.get("text") or "") + sum(map(_cell_length, cell.get("elements") or ()))


_SOURCE = by_type({"url": record({"url": URL, "text": string()})})
TASK_CARD = _block(
    {
        "task_id": string(),
        "title": string(),
        "status": one_of("pending", "in_progress", "complete", "error"),
    },
    {"details": RICH_TEXT_VALUE, "output": RICH_TEXT_VALUE, "sources": array(_SOURCE)},
)
CARD = _block(
    optional={
        "title": marked(150),
        "subtitle": marked(150),
        "body": marked(200),
        "subtext": marked(200),
        "icon": _IMAGE_ELEMENT,
        "hero_image": _IMAGE_ELEMENT,
        "actions": array(by_type(ELEMENTS, allowed=IN_CARD), least=1, most=3),
    },
    also=at_least_one("hero_image", "title", "actions", "body"),
)

BLOCKS: dict[str, Rule] = {
    "section": _block(
        optional={
            "text": marked(3000),
            "fields": array(marked(2000), least=1, most=10),
            "accessory": by_type(ELEMENTS, allowed=IN_SECTION),
            "expand": flag,
        },
        also=at_least_one("text", "fields"),
    ),
    "header": _block({"text": plain(150)}),
    "divider": _block(),
    "context": _block(
        {
            "elements": array(
                by_type({"image": IMAGE, "mrkdwn": marked(3000), "plain_text": marked(3000)}), least=1, most=10
            )
        }
    ),
    "actions": _block({"elements": array(by_type(ELEMENTS, allowed=IN_ACTIONS), least=1, most=25)}),
    "context_actions": _block({"elements": array(by_type(ELEMENTS, allowed=IN_CONTEXT_ACTIONS), least=1, most=5)}),
    "image": _block(
        {"alt_text": string(most=2000)},
        {**IMAGE_FIELDS, "title": plain(2000)},
        also=exactly_one("image_url", "slack_file"),
    ),
    "input": _block(
        {"label": plain(2000), "element": by_type(ELEMENTS, allowed=IN_INPUT)},
        {"hint": plain(2000), "optional": flag, "dispatch_action": flag},
    ),
    "rich_text": RICH_TEXT,
    "markdown": _block({"text": string(most=12_000)}),
    "table": _block(
        {"rows": array(array(CELL, least=1, most=20), least=1, most=100)},
        {
            "column_settings": array(
                _nullable(record(optional={"align": one_of("left", "center", "right"), "is_wrapped": flag})), most=20
            )
        },
        also=_even_rows,
    ),
    "data_table": _block(
        {"caption": string(), "rows": array(array(CELL, least=1, most=20), least=2, most=101)},
        {"page_size": integer(1, 100), "row_header_column_index": integer(0, 19)},
        also=_header_row,
    ),
    "data_visualization": _block(*DATA_VISUALIZATION),
    "task_card": TASK_CARD,
    "plan": _block(
        {"title": string()}, {"tasks": array(by_type({"task_card": TASK_CARD}), most=50)}, also=_unique_tasks
    ),
    "card": CARD,
    "carousel": _block({"elements": array(by_type({"card": CARD}), least=1, most=10)}),
    "container": _block(
        {"child_blocks": array(_child, least=1, most=10)},
        {
            "title": plain(150),
            "rich_text_title": RICH_TEXT_VALUE,
            "subtitle": marked(150),
            "width": one_of("narrow", "standard", "wide", "full"),
            "icon": _IMAGE_ELEMENT,
            "is_collapsible": flag,
            "default_collapsed": flag,
            "has_header_divider": flag,
        },
        also=_container_head,
    ),
    "alert": _block({"text": marked(200)}, {"level": one_of("default", "info", "warning", "error", "success")}),
    "video": _block(
        {"alt_text": string(most=2000), "title": plain(199), "thumbnail_url": URL, "video_url": URL},
        {
            "author_name": string(most=49),
            "description": plain(200),
            "provider_name": string(most=50),
            "provider_icon_url": URL,
            "title_url": string(most=3000, pattern="^https://"),
        },
    ),
    "file": _block({"external_id": string(), "source": one_of("remote")}),
}
