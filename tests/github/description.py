"""GitHub's published description of its API: what may be asked, and what may be answered.

A twin that is held to nothing is a rumour: this one is held to what GitHub publishes, request by request.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any
from urllib.parse import unquote

from openapi_schema_validator import OAS30Validator, oas30_format_checker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from tests.github.trim import HERE

ALWAYS_POSSIBLE = frozenset({301, 304, 307, 401, 403, 404, 422, 429, 500, 502, 503, 504})
"""What GitHub may answer to anything, whether or not the description says so beside the operation."""
_BASE = "urn:github"
_TYPES = {"integer": int, "number": float}


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked."""

    id: str
    method: str
    template: str
    told: Mapping[str, Any]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The paths that mean it. A segment is one segment: what is in it travels percent-encoded."""
        literal = re.split(r"(\{\w+\})", self.template)
        parts = [f"(?P<{each[1:-1]}>[^/]+)" if each.startswith("{") else re.escape(each) for each in literal]
        return re.compile("".join(parts))

    @cached_property
    def parameters(self) -> Mapping[tuple[str, str], Mapping[str, Any]]:
        """Each parameter, by where it stands and its name."""
        all_of = (_followed(each) for each in self.told.get("parameters", ()))
        return {(each["in"], each["name"]): each for each in all_of}

    @property
    def pointer(self) -> str:
        """Where it stands in the description."""
        return f"#/paths/{self.template.replace('~', '~0').replace('/', '~1')}/{self.method}"


@dataclass(frozen=True)
class Asked:
    """A request that is understood: which operation, with which values."""

    operation: Operation
    values: Mapping[str, str]
    """Of path and query."""


class Description:
    """The description, and whether requests and answers keep to it."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self._told = told
        resource = Resource.from_contents(told, default_specification=DRAFT4)
        self._registry: Registry[Any] = Registry().with_resource(_BASE, resource)
        self._validators: dict[str, Any] = {}
        # The template with the most words of its own goes first.
        self._operations = sorted(
            (
                Operation(operation["operationId"], method, template, operation)
                for template, methods in told["paths"].items()
                for method, operation in methods.items()
            ),
            key=lambda each: -len(re.sub(r"\{\w+\}", "", each.template)),
        )

    @property
    def operations(self) -> list[str]:
        """Everything that can be asked, by its id."""
        return sorted(each.id for each in self._operations)

    def asked(self, method: str, raw_path: str, query: Mapping[str, str]) -> Asked | None:
        """What this request asks for; None if GitHub has nothing of the kind (as far as it is kept here)."""
        for operation in self._operations:
            found = operation.pattern.fullmatch(raw_path)
            if operation.method == method.lower() and found:
                path = {name: unquote(value) for name, value in found.groupdict().items()}
                return Asked(operation, {**query, **path})
        return None

    def wrong_in_request(self, asked: Asked, query: Mapping[str, str], body: Any) -> Iterator[str]:
        """What of a request the description doesn't allow. `body` is None if there is none."""
        operation = asked.operation
        for name in query:
            if ("query", name) not in operation.parameters:
                yield f"{operation.id} has no “{name}” in its query"
        for (place, name), parameter in operation.parameters.items():
            if name in asked.values:
                yield from self._wrong_value(operation, name, parameter["schema"], asked.values[name])
            elif parameter.get("required"):
                yield f"{operation.id} needs “{name}” in its {place}"
        yield from self._wrong_body(operation, body)

    def _wrong_value(self, operation: Operation, name: str, schema: Mapping[str, Any], text: str) -> Iterator[str]:
        value: Any = text
        kind = _followed(schema).get("type")
        try:
            value = {"true": True, "false": False}[text] if kind == "boolean" else _TYPES.get(kind, str)(text)
        except (ValueError, KeyError):
            yield f"{operation.id}: “{name}” is “{text}”, which is no {kind}"
            return
        for error in _validator(schema, self._registry).iter_errors(value):
            yield f"{operation.id}: “{name}”: {error.message[:300]}"

    def _wrong_body(self, operation: Operation, body: Any) -> Iterator[str]:
        wanted = operation.told.get("requestBody")
        if body is None:
            if wanted is not None and wanted.get("required"):
                yield f"{operation.id} needs a body"
            return
        if wanted is None:
            if body != {}:
                yield f"{operation.id} takes no body"
            return
        schema = wanted["content"]["application/json"]["schema"]
        known = _followed(schema)
        if "properties" in known and "additionalProperties" not in known and isinstance(body, dict):
            for name in sorted(set(body) - set(known["properties"])):
                yield f"{operation.id} knows no “{name}” in its body"
        yield from self._wrong(f"{operation.pointer}/requestBody/content/application~1json/schema", operation, body)

    def wrong_in_answer(self, operation: Operation, status: int, body: Any) -> Iterator[str]:
        """What of an answer the description doesn't allow. `body` is None if there is none."""
        response = operation.told["responses"].get(str(status))
        if response is None:
            if status not in ALWAYS_POSSIBLE:
                yield f"{operation.id} never answers {status}"
            return
        pointer = f"{operation.pointer}/responses/{status}"
        if "$ref" in response:
            pointer, response = response["$ref"], _followed(response)
        content = response.get("content", {})
        if "application/json" not in content:
            if body is not None and status < 400:  # a refusal always says why, described or not
                yield f"{operation.id} answers {status} without a body"
            return
        yield from self._wrong(f"{pointer}/content/application~1json/schema", operation, body)

    def _wrong(self, pointer: str, operation: Operation, value: Any) -> Iterator[str]:
        if pointer not in self._validators:
            self._validators[pointer] = _validator({"$ref": f"{_BASE}{pointer}"}, self._registry)
        for error in self._validators[pointer].iter_errors(value):
            where = "/".join(map(str, error.absolute_path))
            yield f"{operation.id}: {where or 'the body'}: {error.message[:300]}"

    def filled(self, schema: str, **facts: Any) -> dict[str, Any]:
        """Something of that kind, with these facts, and with whatever else GitHub always tells made up."""
        properties = _properties({"$ref": f"#/components/schemas/{schema}"})
        unknown = set(facts) - set(properties)
        assert not unknown, f"GitHub's {schema} has no {sorted(unknown)}"
        return {**_made_up_object(schema), **facts}


def _validator(schema: Mapping[str, Any], registry: Registry[Any]) -> Any:
    inside = schema if "$ref" not in schema or schema["$ref"].startswith(_BASE) else {"$ref": _BASE + schema["$ref"]}
    return OAS30Validator(inside, registry=registry, format_checker=oas30_format_checker)


def _followed(node: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        found: Any = _whole()
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        node = found
    return node


def _properties(schema: Mapping[str, Any]) -> dict[str, Any]:
    schema = _followed(schema)
    found = dict(schema.get("properties", {}))
    for each in schema.get("allOf", ()):
        found |= _properties(each)
    return found


def _made_up_object(schema: str) -> dict[str, Any]:
    made = _made_up({**_followed({"$ref": f"#/components/schemas/{schema}"}), "nullable": False})
    return json.loads(json.dumps(made))  # its own copy


def _made_up(schema: Mapping[str, Any]) -> Any:
    schema = _followed(schema)
    if schema.get("nullable"):
        return None
    if "enum" in schema:
        return schema["enum"][0]
    for choice in ("oneOf", "anyOf"):
        if choice in schema:
            return _made_up(schema[choice][0])
    if "allOf" in schema:
        parts = [_made_up(each) for each in schema["allOf"]]
        return {name: value for each in parts if isinstance(each, dict) for name, value in each.items()}
    kind = schema.get("type", "object")
    if kind == "object":
        required = schema.get("required", ())
        return {name: _made_up(schema["properties"][name]) for name in required}
    if kind == "string":
        made_up = {"uri": "https://github.example/made-up", "date-time": "2026-11-02T08:00:00Z"}
        return made_up.get(schema.get("format", ""), "made-up").ljust(schema.get("minLength", 0), "0")
    return {"integer": 1, "number": 1.0, "boolean": False, "array": []}[kind]


@cache
def _whole() -> dict[str, Any]:
    return _with_nulls(json.loads(HERE.read_text()))


def _with_nulls(node: Any) -> Any:
    """GitHub means that what is nullable may be null, also beside a list of words or of kinds; taken strictly, no."""
    if isinstance(node, list):
        return [_with_nulls(each) for each in node]
    if not isinstance(node, dict):
        return node
    made = {key: _with_nulls(value) for key, value in node.items()}
    if made.get("nullable") is True:
        if "enum" in made:
            made["enum"] = [*made["enum"], None]
        for choice in ("anyOf", "oneOf"):
            if choice in made:
                made[choice] = [*made[choice], {"nullable": True, "enum": [None]}]
    return made


@cache
def published() -> Description:
    """GitHub's description, as far as we use it."""
    return Description(_whole())
