"""Reading: blocks as somebody reads them: one line a text, buttons in brackets, mentions by name, dates in UTC."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from integrations.sandbox.blocks import check_message_blocks, check_view
from tests.people import EVERYBODY

NAMES = {person.id: person.name for person in EVERYBODY}


def read(blocks: list[dict[str, Any]]) -> str:
    """All of it."""
    return "\n".join(line for block in blocks for line in _lines(block))


def text(mrkdwn: str) -> str:
    """A text's tokens as what they show."""
    told = re.sub(r"<@(\w+)>", lambda found: f"@{NAMES.get(found[1], found[1])}", mrkdwn)
    told = re.sub(r"<!subteam\^(\w+)>", r"@\1", told)
    told = re.sub(r"<!date\^\d+\^[^|>]*\|(\d{4}-\d\d-\d\d \d\d:\d\d) UTC>", r"[\1]", told)
    told = re.sub(r"<#(\w+)>", r"#\1", told)
    told = re.sub(r"<([^|>]*)\|([^>]*)>", r"\2 (\1)", told)
    return html.unescape(told)


def _lines(block: dict[str, Any]) -> Iterator[str]:
    match block["type"]:
        case "header":
            yield f"# {block['text']['text']}"
        case "divider":
            yield "---"
        case "section":
            beside = f"  {_element(block['accessory'])}" if "accessory" in block else ""
            shown = [block["text"]] if "text" in block else block["fields"]
            yield from (text(each["text"]) for each in shown[:-1])
            yield text(shown[-1]["text"]) + beside
        case "context":
            yield from (f"~ {text(each['text'])}" for each in block["elements"])
        case "actions":
            yield " ".join(_element(each) for each in block["elements"])
        case "input":
            needed = "" if block["optional"] else " *"
            yield f"{block['label']['text']}{needed}: {_element(block['element'])}"
        case other:
            raise AssertionError(f"Nobody can read a block of type {other} here.")


def _element(element: dict[str, Any]) -> str:
    match element["type"]:
        case "button":
            return f"[{element['text']['text']}]"
        case "static_select":
            chosen = element.get("initial_option", {"text": {"text": ""}})["text"]["text"]
            return f"<{chosen}> of {', '.join(each['text']['text'] for each in element['options'])}"
        case "datepicker":
            return f"<{element.get('initial_date', '')}>"
        case _:
            return f"<{element.get('initial_value', '')}>"


def buttons(blocks: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Every button by its label, the first of each."""
    found: dict[str, dict[str, Any]] = {}
    for block in blocks:
        elements = [*block.get("elements", ()), *([block["accessory"]] if "accessory" in block else ())]
        for element in elements:
            if element.get("type") == "button":
                found.setdefault(element["text"]["text"], element)
    return found


def taken_by_slack(said: dict[str, Any]) -> None:
    """Hold a message or a view against Slack's limits, to the letter."""
    if "type" in said:
        check_view(said, file_ready=lambda _: True)
    else:
        assert said["text"].strip(), "a message needs words besides its blocks"
        assert len(said["text"]) <= 4000
        check_message_blocks(said["blocks"], file_ready=lambda _: True)
