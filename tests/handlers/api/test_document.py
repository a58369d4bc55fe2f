"""The document at /api/v1/openapi.json is true: every answer fits it, whatever is asked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_core import Config, OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from handlers.api import ENDPOINTS
from handlers.api.document import document
from handlers.api.endpoint import Lines
from handlers.api.models import Problem, example_of
from handlers.api.sending import JSON_LINES
from tests.handlers.api.machine import Machine
from tests.handlers.api.served import Served, served

ALWAYS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
"""What holds of every answer. Whether what is asked is also there can't be told by a schema."""
OPERATIONS = [*(each.name for each in ENDPOINTS), "getDocument"]
EXAMPLES = 12
"""So many questions of each kind are asked at each endpoint: the same ones each time."""


@pytest.fixture(scope="module")
def there(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    file = shutil.copy(migrated_file, tmp_path_factory.mktemp("served") / "slipway.db")
    with served(f"sqlite:///{file}") as ready:
        yield ready


class Asking:
    """The document as it is served, and who asks by it."""

    def __init__(self, there: Served) -> None:
        self.there = there
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {there.token}"

    @cached_property
    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = self.session.get(f"{self.there.address}/openapi.json", timeout=30).json()
        return told

    @cached_property
    def schema(self) -> Any:
        address = f"{self.there.address}/openapi.json"
        return schemathesis.openapi.from_url(address)

    def operation(self, name: str) -> Any:
        return self.schema.find_operation_by_id(name)


@pytest.fixture(scope="module")
def asking(there: Served) -> Iterator[Asking]:
    ready = Asking(there)
    with ready.session:
        yield ready


def asked(examples: int = EXAMPLES) -> Callable[[Any], Any]:
    """So often, however slow the machine is."""
    slow = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture]
    return settings(max_examples=examples, deadline=None, database=None, derandomize=True, suppress_health_check=slow)


# ------------------------------------------------------------ the document itself


async def test_it_is_served_to_everybody_and_is_valid(alone: Machine):
    reply = await alone.asks("/openapi.json", token="")
    assert (reply.status, reply.headers["Cache-Control"]) == (200, "no-cache")
    assert list(OpenAPIV31SpecValidator(reply.told).iter_errors()) == []


async def test_who_has_it_already_is_told_so(alone: Machine):
    version = (await alone.asks("/openapi.json")).headers["ETag"]
    again = await alone.sends("/openapi.json", headers={"If-None-Match": f'"other", {version}'})
    assert (again.status, again.text, again.headers["ETag"]) == (304, "", version)
    assert (await alone.sends("/openapi.json", headers={"If-None-Match": '"other"'})).status == 200


def test_it_describes_what_there_is_and_nothing_else():
    told = document(ENDPOINTS)
    assert set(told["paths"]) == {*(f"/api/v1{each.path}" for each in ENDPOINTS), "/api/v1/openapi.json"}
    for path, methods in told["paths"].items():
        assert set(methods) == {"get"}
        names = {each["name"] for each in methods["get"].get("parameters", ()) if each["in"] == "path"}
        assert names == {part[1:-1] for part in path.split("/") if part.startswith("{")}
    assert {each["get"]["operationId"] for each in told["paths"].values()} == set(OPERATIONS)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: each.name)
def test_its_examples_are_true(endpoint):
    model = endpoint.answers.model if issubclass(endpoint.answers, Lines) else endpoint.answers
    shown = example_of(model) if hasattr(model, "model_config") else None
    if shown is not None:
        assert json.loads(model.model_validate(shown).model_dump_json()) == shown


def test_its_problems_are_what_is_answered():
    for response in document(ENDPOINTS)["components"]["responses"].values():
        (content,) = response["content"].values()
        Problem.model_validate(content["example"])


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: each.name)
def test_whatever_can_be_asked_is_told_in_words(endpoint):
    told = document(ENDPOINTS)["paths"][f"/api/v1{endpoint.path}"]["get"]
    undescribed = {"service", "environment", "limit", "open"}
    assert all("description" in each or each["name"] in undescribed for each in told["parameters"])
    assert told["description"].endswith(f"Needs the scope `{endpoint.scope}`.")


# ------------------------------------------------------------ every answer fits it


@pytest.mark.parametrize("name", OPERATIONS[:-1])
def test_whatever_is_asked_well_is_answered_as_described(asking: Asking, name: str):
    operation = asking.operation(name)

    @asked()
    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def answered(case: Any) -> None:
        case.call_and_validate(session=asking.session, checks=ALWAYS)

    answered()


@pytest.mark.parametrize("name", OPERATIONS[:-1])
def test_whatever_is_asked_badly_is_refused_as_described(asking: Asking, name: str):
    operation, api = asking.operation(name), OpenAPI.from_dict(asking.told)

    @asked()
    @given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def answered(case: Any) -> None:
        response = case.call_and_validate(session=asking.session, checks=ALWAYS)
        if response.status_code == 200:
            _nothing_was_wrong_with(response.request, api, name)

    answered()


def _nothing_was_wrong_with(sent: Any, api: OpenAPI, name: str) -> None:
    """A slip can get lost on its way into an address: an empty list leaves nothing there. What arrived was good."""
    known = next(each for each in ENDPOINTS if each.name == name).asks.model_fields
    names = [each for each, _ in parse_qsl(urlsplit(sent.url).query, keep_blank_values=True)]
    assert set(names) <= set(known), sent.url
    assert len(names) == len(set(names)), sent.url
    api.validate_request(RequestsOpenAPIRequest(sent))


THERE = {
    "service": st.just("payments"),
    "environment": st.sampled_from(["staging", "production"]),
    "release": st.sampled_from(["R-1", "r2", "3", "R-4"]),
    "deployment": st.sampled_from(["D-1", "d2", "3", "D-4"]),
    "limit": st.integers(1, 3),
    "since": st.sampled_from(["2026-11-23T10:00:00Z", "2026-11-23T12:00:00.5+01:00"]),
    "after": st.integers(0, 12),
    "open": st.sampled_from(["true", "false"]),
    "in_force": st.sampled_from(["true", "false"]),
}
"""What there is to ask about."""


def _text(value: bytes, **_: str) -> str:
    return value.decode()


READS_TEXT = Config(extra_media_type_deserializers={"text/calendar": _text, JSON_LINES: _text})


@pytest.mark.parametrize("name", OPERATIONS[:-1])
def test_whatever_is_asked_about_what_is_there_is_answered_and_fits_its_description(asking: Asking, name: str):
    endpoint = next(each for each in ENDPOINTS if each.name == name)
    known = {
        **THERE,
        "commit": st.sampled_from([*asking.there.commits, "0" * 40]),
        "cursor": THERE["deployment" if name == "listDeployments" else "release"],
    }
    needed = {"environment", "service", "commit"} if name == "askGate" else set()
    in_path = {each for each in endpoint.asks.model_fields if f"{{{each}}}" in endpoint.path}
    questions = st.fixed_dictionaries(
        {each: known[each] for each in endpoint.asks.model_fields if each in needed | in_path},
        optional={each: known[each] for each in endpoint.asks.model_fields if each not in needed | in_path},
    )
    operation, api = asking.operation(name), OpenAPI.from_dict(asking.told, config=READS_TEXT)

    @asked()
    @given(question=questions)
    def answered(question: dict[str, Any]) -> None:
        path = {each: question.pop(each) for each in in_path if each in question}
        case = operation.Case(path_parameters=path, query=question)
        response = case.call_and_validate(session=asking.session, checks=ALWAYS)
        assert response.status_code == 200, response.text
        _also_by_another_reader(api, asking, endpoint.path.format(**path), question)

    answered()


def _also_by_another_reader(api: OpenAPI, asking: Asking, path: str, question: dict[str, Any]) -> None:
    """openapi-core reads the same document, and finds nothing to object to either."""
    response = asking.session.get(f"{asking.there.address}{path}", params=question, timeout=30)
    request = RequestsOpenAPIRequest(response.request)
    api.validate_request(request)
    api.validate_response(request, RequestsOpenAPIResponse(response))


def test_each_line_of_the_record_fits_its_description(asking: Asking):
    schema = {"$ref": "#/components/schemas/Entry", "components": asking.told["components"]}
    lines = asking.session.get(f"{asking.there.address}/audit", timeout=30).text.splitlines()
    assert len(lines) >= 30
    for line in lines:
        jsonschema.validate(json.loads(line), schema)


@pytest.mark.parametrize("name", OPERATIONS[:-1])
def test_whoever_may_not_ask_is_told_so_as_described(asking: Asking, name: str):
    operation = asking.operation(name)

    @asked(5)
    @given(case=operation.as_strategy(), shown=st.sampled_from(["", "Bearer slipwayapi_00", "Basic dTpw"]))
    def answered(case: Any, shown: str) -> None:
        response = case.call(headers={"Authorization": shown} if shown else {})
        assert response.status_code == 401
        case.validate_response(response, checks=ALWAYS)

    answered()
