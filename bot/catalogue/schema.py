"""The catalogue's JSON Schema: for editors, and to know what may stand where."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from functools import cache
from typing import Any

from bot.catalogue.file import CatalogueFile
from bot.catalogue.words import NAME

_ITEM = {"type": "string", "maxLength": 150, "description": "What must have been done."}
_SHORT = {
    "ItemEntry": _ITEM,
    "ServiceItemEntry": _ITEM,
    "HealthEntry": {"type": "string", "pattern": "^https?://.+", "description": "Answers with 2xx while all is well."},
    "PullRequestsEntry": {
        "anyOf": [
            {"type": "string", "pattern": f"^{NAME}$"},
            {"type": "array", "items": {"type": "string", "pattern": f"^{NAME}$"}, "uniqueItems": True, "minItems": 1},
        ]
    },
    "TagEntry": {"type": "string", "maxLength": 100, "description": "The tag's name."},
    "VerifyEntry": {"type": "string", "pattern": "^https?://.+", "description": "Answers with a JSON object."},
}
"""What may also be written as a mere text."""


def json_schema(deployers: Collection[str] = ()) -> dict[str, Any]:
    """The schema. With kinds of deployers, only those are known."""
    schema: dict[str, Any] = _tidied(CatalogueFile.model_json_schema())
    for part, short in _SHORT.items():
        schema["$defs"][part] = {"anyOf": [short, schema["$defs"][part]]}
    hours = schema["$defs"]["HoursEntry"]
    schema["$defs"]["HoursEntry"] = {"anyOf": [*hours["properties"]["at"]["anyOf"], hours]}
    if deployers:
        deployer = schema["$defs"]["EnvironmentEntry"]["properties"]["deployer"]
        settings = {"type": "object", "description": "This kind's own settings; its page says which there are."}
        deployer |= {"properties": dict.fromkeys(sorted(deployers), settings), "additionalProperties": False}
        deployer |= {"minProperties": 1, "maxProperties": 1}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "slipway.yaml", **schema}


def printed(schema: dict[str, Any]) -> str:
    """The schema as a file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def known_at(path: tuple[str | int, ...]) -> dict[str, str]:
    """The keys that may stand in the mapping at this path, each with its description."""
    found: dict[str, str] = {}
    for part in _at(_whole(), path):
        found |= {key: str(field.get("description", "")) for key, field in part.get("properties", {}).items()}
        found |= dict.fromkeys(part.get("propertyNames", {}).get("enum", ()), "")
    return found


@cache
def _whole() -> dict[str, Any]:
    return json_schema()


def _at(schema: dict[str, Any], path: tuple[str | int, ...]) -> Iterator[dict[str, Any]]:
    """Every part of the schema that speaks about this path."""
    if "$ref" in schema:
        yield from _at(_whole()["$defs"][schema["$ref"].rpartition("/")[2]], path)
        return
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _at(choice, path)
    if not path:
        yield schema
        return
    first, rest = path[0], path[1:]
    if isinstance(first, int):
        below = [schema["items"]] if "items" in schema else []
    elif first in schema.get("properties", {}):
        below = [schema["properties"][first]]
    else:
        below = [*schema.get("patternProperties", {}).values(), schema.get("additionalProperties")]
    for part in below:
        if isinstance(part, dict):
            yield from _at(part, rest)


def _tidied(schema: Any) -> Any:
    """Without the titles and empty choices that the library adds and no editor needs."""
    if isinstance(schema, list):
        return [_tidied(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    tidy = {
        key: {name: _tidied(field) for name, field in value.items()}
        if key in {"properties", "$defs"}
        else _tidied(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
        and not (key == "default" and (value in (None, []) or isinstance(value, dict)))
    }
    choices = [each for each in tidy.get("anyOf", ()) if each != {"type": "null"}]
    if "anyOf" in tidy:
        # An empty value is refused with a sentence of its own, so the schema doesn't offer it.
        tidy = {key: value for key, value in tidy.items() if key != "anyOf"}
        tidy |= {"anyOf": choices} if len(choices) > 1 else choices[0]
    if "patternProperties" in tidy:
        tidy["additionalProperties"] = False
    return tidy
