"""Surfaces: what may stand in a message, a form or on Home, and what holds over all of its blocks together."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from integrations.sandbox.blocks.grammar import Problem, Report, Rule, array, by_type, flag, record, string
from integrations.sandbox.blocks.layout import BLOCKS
from integrations.sandbox.blocks.parts import plain

Surface = Literal["message", "modal", "home"]

_EVERYWHERE = {"actions", "card", "context", "divider", "header", "image", "input", "rich_text", "section", "video"}
_WIDE = {"carousel", "container", "data_table", "data_visualization", "table"}
ALLOWED: Mapping[Surface, frozenset[str]] = {
    "message": frozenset(_EVERYWHERE | _WIDE | {"context_actions", "file", "markdown", "plan", "task_card"}),
    "modal": frozenset(_EVERYWHERE | {"alert"}),
    "home": frozenset(_EVERYWHERE | _WIDE),
}
MOST_BLOCKS: Mapping[Surface, int] = {"message": 50, "modal": 100, "home": 100}
MOST_MARKDOWN = 12_000
MOST_CHARTS = 2
# Slack counts all text of a message together, "12,000 characters with a buffer for block containers".
MOST_TEXT, BLOCK_COST = 12_000, 30
LARGEST_VIEW = 250_000
_OUTSIDE_THE_COUNT = {"table", "data_table", "data_visualization"}

_VIEW_FIELDS: dict[str, Rule] = {
    "private_metadata": string(least=0, most=3000),
    "callback_id": string(least=0, most=255),
    "external_id": string(least=0, most=255),
}
_TITLE = plain(24)


def blocks_rule(surface: Surface) -> Rule:
    """The rule for a list of blocks on that surface."""
    each = by_type(BLOCKS, allowed=ALLOWED[surface])
    return array(each, most=MOST_BLOCKS[surface])


VIEWS: dict[str, Rule] = {
    "modal": record(
        {"title": _TITLE, "blocks": blocks_rule("modal")},
        {
            **_VIEW_FIELDS,
            "close": _TITLE,
            "submit": _TITLE,
            "clear_on_close": flag,
            "notify_on_close": flag,
            "submit_disabled": flag,
        },
    ),
    "home": record({"blocks": blocks_rule("home")}, _VIEW_FIELDS),
}
_VIEW = by_type(VIEWS)


class InvalidBlocksError(Exception):
    """Blocks that Slack would not take; `error` is its name for it, `problems` say where and why."""

    def __init__(self, error: str, problems: Sequence[Problem]) -> None:
        super().__init__(f"{error}: {'; '.join(map(str, problems))}")
        self.error = error
        self.problems = list(problems)

    @property
    def messages(self) -> list[str]:
        """The problems as Slack writes them into response_metadata."""
        return [f"[ERROR] {problem}" for problem in self.problems]


def find_problems(blocks: Any, surface: Surface, pointer: str = "/blocks") -> list[Problem]:
    """Everything that is wrong with a list of blocks on that surface."""
    report = Report()
    blocks_rule(surface)(blocks, pointer, report)
    if not report.problems:
        _together(blocks, surface, pointer, report)
    return report.problems


def find_view_problems(view: Any, pointer: str = "/view") -> list[Problem]:
    """Everything that is wrong with a view."""
    report = Report()
    _VIEW(view, pointer, report)
    if not report.problems:
        _together(view["blocks"], view["type"], f"{pointer}/blocks", report)
        has_inputs = any(block["type"] == "input" for block in view["blocks"])
        if view["type"] == "modal" and has_inputs and not view.get("submit"):
            report.add(pointer, "missing required field: submit", type="required", expected="submit")
    return report.problems


def check_message_blocks(blocks: Any, *, file_ready: Callable[[str], bool]) -> None:
    """Raise if these blocks can't stand in a message."""
    problems = find_problems(blocks, "message") or _unready_files(blocks, "/blocks", file_ready)
    if problems:
        raise InvalidBlocksError("invalid_blocks", problems)
    counted = [block for block in blocks if block["type"] not in _OUTSIDE_THE_COUNT]
    if sum(map(_text_length, counted)) + BLOCK_COST * len(counted) > MOST_TEXT:
        raise InvalidBlocksError("msg_blocks_too_long", [Problem("/blocks", f"more than {MOST_TEXT} characters")])


def check_view(view: Any, *, file_ready: Callable[[str], bool]) -> None:
    """Raise if this view can't be shown."""
    if len(json.dumps(view)) > LARGEST_VIEW:
        raise InvalidBlocksError("view_too_large", [Problem("/view", "must be no larger than 250 kB")])
    problems = find_view_problems(view) or _unready_files(view["blocks"], "/view/blocks", file_ready)
    if problems:
        raise InvalidBlocksError("invalid_arguments", problems)


def _together(blocks: Sequence[Mapping[str, Any]], surface: Surface, pointer: str, report: Report) -> None:
    """What holds over all blocks, each of which fits by itself."""
    for block_id in _repeated(b.get("block_id") for b in _all(blocks)):
        report.add(pointer, f"block_id already exists: {block_id}", type="unique", got=block_id)
    for position, block in enumerate(blocks):
        if block["type"] in {"actions", "context_actions"}:
            for action_id in _repeated(element.get("action_id") for element in block["elements"]):
                report.add(f"{pointer}/{position}/elements", f"action_id already exists: {action_id}", type="unique")
        if block["type"] == "task_card" and block["status"] == "pending":
            report.add(f"{pointer}/{position}/status", "must be a valid enum value outside a plan", type="enum")
        if surface != "modal" and block["type"] == "input" and block["element"]["type"] == "file_input":
            report.add(f"{pointer}/{position}/element/type", "unsupported type: file_input", type="enum")
    kinds = Counter(block["type"] for block in blocks)
    if kinds["table"] > 1:
        report.add(pointer, "only_one_table_allowed")
    if kinds["data_visualization"] > MOST_CHARTS:
        report.add(pointer, f"no more than {MOST_CHARTS} data_visualization blocks allowed")
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MOST_MARKDOWN:
        report.add(pointer, f"markdown text must be less than {MOST_MARKDOWN + 1} characters in total")
    if json.dumps(blocks).count('"focus_on_load": true') > 1:
        report.add(pointer, "only one element can have focus_on_load")


def _repeated(names: Iterable[str | None]) -> list[str]:
    return [name for name, count in Counter(names).items() if name is not None and count > 1]


def _all(blocks: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    for block in blocks:
        yield block
        if block["type"] == "container":
            yield from _all(block["child_blocks"])


def _text_length(value: Any) -> int:
    if isinstance(value, Mapping):
        own = value.get("text")
        rest = (part for key, part in value.items() if key != "text" or not isinstance(part, str))
        return (len(own) if isinstance(own, str) else 0) + sum(map(_text_length, rest))
    return sum(map(_text_length, value)) if isinstance(value, list | tuple) else 0


def _unready_files(blocks: Any, pointer: str, file_ready: Callable[[str], bool]) -> list[Problem]:
    return [Problem(at, "invalid slack file") for at, file_id in _files(blocks, pointer) if not file_ready(file_id)]


def _files(value: Any, pointer: str) -> Iterable[tuple[str, str]]:
    if isinstance(value, Mapping):
        if isinstance(value.get("slack_file"), Mapping) and "id" in value["slack_file"]:
            yield f"{pointer}/slack_file", value["slack_file"]["id"]
        for key, part in value.items():
            yield from _files(part, f"{pointer}/{key}")
    elif isinstance(value, list | tuple):
        for position, part in enumerate(value):
            yield from _files(part, f"{pointer}/{position}")
