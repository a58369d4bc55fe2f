"""Document: the API as OpenAPI 3.1, generated from what is really asked and answered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

from pydantic.json_schema import models_json_schema

from bot.rules.machine_token import MEANINGS, PREFIX, Scope
from handlers.api.endpoint import BASE, CalendarText, Endpoint, Lines
from handlers.api.models import Model, Problem, example_of
from handlers.api.problems import MEDIA
from handlers.api.sending import JSON_LINES
from handlers.api.serving import AGAIN, AWAY

PATH = f"{BASE}/openapi.json"

_REFERENCE = "#/components/schemas/{model}"
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_EVERYWHERE = ("BadRequest", "Unauthorized", "Forbidden", "MethodNotAllowed", "TooMany", "Failed", "Unavailable")
_STATUS = {
    "BadRequest": "400",
    "Unauthorized": "401",
    "Forbidden": "403",
    "NotFound": "404",
    "MethodNotAllowed": "405",
    "NoSuchName": "422",
    "TooMany": "429",
    "Failed": "500",
    "Unavailable": "503",
}


def document(endpoints: Sequence[Endpoint[Any, Any]]) -> dict[str, Any]:
    """All of it."""
    answers: list[type[Model]] = [Problem]
    answers += [model for each in endpoints if (model := _model(each.answers)) is not None]
    _, schemas = models_json_schema([(each, "serialization") for each in answers], ref_template=_REFERENCE)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Slipway",
            "version": "1",
            "summary": "What is released, deployed and frozen, and whether something may be deployed now.",
            "description": (
                "Read only. Every request needs a machine token with the endpoint's scope, which `slipway token make` "
                "makes. Times are in UTC (RFC 3339). Numbers are accepted as `R-12`, `r12` and `12`. New members may "
                "come; what is there keeps its meaning within version 1."
            ),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "Wherever this document was found"}],
        "security": [{"machineToken": []}],
        "tags": [{"name": each.value, "description": f"Reads {MEANINGS[each]}."} for each in Scope],
        "paths": {f"{BASE}{each.path}": {"get": _operation(each)} for each in endpoints} | {PATH: {"get": _itself()}},
        "components": {
            "schemas": {name: _open_to_more(schema) for name, schema in schemas["$defs"].items()},
            "responses": _responses(),
            "securitySchemes": {
                "machineToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": f"{PREFIX}…",
                    "description": "A machine token with the scope of the operation: "
                    + "; ".join(f"`{each}`: {MEANINGS[each]}" for each in Scope)
                    + ".",
                }
            },
        },
    }


def _open_to_more(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema that what this version answers fits, and the next one, which may say more, as well."""
    return {key: value for key, value in schema.items() if (key, value) != ("additionalProperties", False)}


def _model(answers: type[Model | CalendarText | Lines]) -> type[Model] | None:
    """What an answer is made of, or each of its lines."""
    if issubclass(answers, Lines):
        return answers.model
    return answers if issubclass(answers, Model) else None


def _operation(endpoint: Endpoint[Any, Any]) -> dict[str, Any]:
    in_path = "{" in endpoint.path
    names_something = bool({"service", "environment", "release"} & set(endpoint.asks.model_fields)) and not in_path
    more = [*(["NotFound"] if in_path else []), *(["NoSuchName"] if names_something else [])]
    return {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": f"{endpoint.description} Needs the scope `{endpoint.scope}`.",
        "tags": [endpoint.scope.value],
        "security": [{"machineToken": [endpoint.scope.value]}],
        "parameters": list(_parameters(endpoint)),
        "responses": {"200": _good(endpoint.answers), **_references(*_EVERYWHERE, *more)},
    }


def _parameters(endpoint: Endpoint[Any, Any]) -> Iterable[dict[str, Any]]:
    told = endpoint.asks.model_json_schema(mode="validation")
    for name, schema in told["properties"].items():
        in_path = f"{{{name}}}" in endpoint.path
        # What may be left out is not the same as null, which an address can't say.
        options = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
        plain = {key: value for key, value in options[0].items() if key not in {"title", "description"}}
        if schema.get("default") is not None:
            plain["default"] = schema["default"]
        yield {
            "name": name,
            "in": "path" if in_path else "query",
            "required": in_path or name in told.get("required", []),
            "schema": plain,
            **({"description": schema["description"]} if "description" in schema else {}),
        }


def _good(answers: type[Model | CalendarText | Lines]) -> dict[str, Any]:
    headers: dict[str, Any] = {"Cache-Control": {"required": True, "schema": {"const": "no-store"}}}
    if issubclass(answers, Lines):
        model = answers.model
        headers |= {name: _header(said) for name, said in answers.told.items()}
        lines = {"type": "string", "description": f"Each line is one of `{_REFERENCE.format(model=model.__name__)}`."}
        shown = json.dumps(example_of(model), separators=(",", ":")) + "\n"
        return {
            "description": (answers.__doc__ or "").split("\n")[0],
            "headers": headers,
            "content": {JSON_LINES: {"schema": lines, "example": shown}},
        }
    if not issubclass(answers, Model):
        return {
            "description": "The calendar.",
            "headers": headers,
            "content": {"text/calendar": {"schema": {"type": "string"}}},
        }
    if "next" in answers.model_fields:
        headers["Link"] = {
            "description": "Where the next page is, if there is one.",
            "schema": {"type": "string"},
        }
    shown = example_of(answers)
    content = {"schema": {"$ref": _REFERENCE.format(model=answers.__name__)}}
    return {
        "description": (answers.__doc__ or "").split("\n")[0],
        "headers": headers,
        "content": {"application/json": content | ({"example": shown} if shown else {})},
    }


def _itself() -> dict[str, Any]:
    return {
        "operationId": "getDocument",
        "summary": "This document",
        "description": "Needs no token.",
        "security": [],
        "responses": {
            "200": {
                "description": "The API as OpenAPI 3.1.",
                "headers": {"ETag": _header("Of this version: send it as “If-None-Match” to have only what is new.")},
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            "304": {"description": "It is still what you have."},
            **_references("BadRequest", "MethodNotAllowed"),
        },
    }


def _references(*names: str) -> dict[str, Any]:
    return {
        _STATUS[name]: {"$ref": f"#/components/responses/{name}"} for name in sorted(names, key=_STATUS.__getitem__)
    }


def _responses() -> dict[str, Any]:
    """Each problem, with an example."""
    return {
        "BadRequest": _told(
            400,
            "Something is wrong with the request: every problem at once.",
            "bad-request",
            "One thing is wrong with this request: “servce” is unknown here; did you mean “service”?",
            problems=[{"parameter": "servce", "detail": "“servce” is unknown here; did you mean “service”?"}],
        ),
        "Unauthorized": _told(
            401,
            "There is no token, or none that is good.",
            "no-token",
            "This needs a machine token.",
            headers={"WWW-Authenticate": "Bearer, and what is wrong with the token."},
        ),
        "Forbidden": _told(
            403,
            "The token lacks the scope.",
            "missing-scope",
            "M-3 (deploy pipeline) may not read this: it lacks the scope gate:read. It has freezes:read.",
            scope="gate:read",
            headers={"WWW-Authenticate": "Bearer, with the scope that is needed."},
        ),
        "NotFound": _told(404, "There is nothing at this address.", "not-found", "There is no deployment D-99."),
        "NoSuchName": _told(
            422,
            "A parameter names something that is not there.",
            "no-such-name",
            "The catalogue has no service paymnts. It has payments.",
            problems=[{"parameter": "service", "detail": "The catalogue has no service paymnts. It has payments."}],
        ),
        "TooMany": _told(
            429,
            "This token asks too much.",
            "too-many-requests",
            "M-3 (deploy pipeline) asks too much. Please ask again in 2 seconds.",
            headers={"Retry-After": "How many seconds to wait."},
        ),
        "MethodNotAllowed": _told(
            405,
            "The API only reads.",
            "method-not-allowed",
            "POST is not possible here: there is GET and HEAD, since the API only reads.",
            headers={"Allow": "What is possible."},
        ),
        "Failed": _told(
            500,
            "A failure on Slipway's side, with the reference that its log has, too.",
            "failed",
            "Something went wrong on Slipway's side. If it happens again, please tell its administrator the reference "
            "K7QX2M.",
            reference="K7QX2M",
        ),
        "Unavailable": _told(
            503,
            "The records can't be read just now.",
            "unavailable",
            AWAY,
            headers={"Retry-After": f"How many seconds to wait, such as {int(AGAIN.total_seconds())}."},
        ),
    }


def _header(said: str) -> dict[str, Any]:
    return {"required": True, "description": said, "schema": {"type": "string"}}


def _told(
    status: int, description: str, code: str, detail: str, *, headers: dict[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    shown = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        **more,
    }
    told = {name: _header(said) for name, said in (headers or {}).items()}
    return {
        "description": description,
        **({"headers": told} if told else {}),
        "content": {MEDIA: {"schema": _PROBLEM, "example": shown}},
    }
