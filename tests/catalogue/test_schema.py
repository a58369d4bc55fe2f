"""The published JSON Schema: up to date, and of one mind with the program."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from bot.catalogue.schema import json_schema, printed
from integrations.deployers.kinds import KINDS
from tests.catalogue.texts import EXAMPLE, SHORT

PUBLISHED = Path(__file__).parents[2] / "docs/slipway.schema.json"


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json_schema(KINDS)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def plain(text: str) -> object:
    """The text as data without the parser's own types."""
    return json.loads(json.dumps(YAML(typ="safe", pure=True).load(text)))


def test_the_published_schema_is_up_to_date():
    assert PUBLISHED.read_text() == printed(json_schema(KINDS)), (
        "run: slipway check --schema > docs/slipway.schema.json"
    )


@pytest.mark.parametrize("text", [EXAMPLE.read_text(), SHORT], ids=["the example", "the short one"])
def test_what_is_right_fits_the_schema(validator, text):
    assert list(validator.iter_errors(plain(text))) == []


def test_what_can_be_written_in_a_short_way_fits_the_schema(validator):
    text = SHORT + (
        "change_types: {feature: {approvals: {production: team}, checklist: [Notes, {text: b, owner: team}]}}\n"
        "defaults: {rights: {deploy: team, roll-back: [team]}}\n"
        "freezes: {notices_before: [1d, 1h30m]}\n"
    )
    assert list(validator.iter_errors(plain(text))) == []


@pytest.mark.parametrize(
    "wrong",
    [
        SHORT.replace("version: 1", "version: 2"),
        SHORT.replace("channel: C0TEAM", 'channel: "#team"'),
        SHORT.replace("  payments:", "  Payments:"),
        SHORT.replace("{command:", "{comand:"),
        SHORT.replace("roles:", "rolls:"),
        SHORT + "change_types: {feature: {freeze: maybe}}\n",
        SHORT + "change_types: {feature: {approvals: {production: {team: 0}}}}\n",
        SHORT + "defaults: {rights: {fly: team}}\n",
    ],
)
def test_an_editor_marks_what_is_wrong(validator, wrong):
    assert list(validator.iter_errors(plain(wrong)))


def test_everything_that_can_be_written_is_described():
    schema = json_schema(KINDS)
    parts = [schema, *(option for each in schema["$defs"].values() for option in each.get("anyOf", [each]))]
    for part in parts:
        for name, field in part.get("properties", {}).items():
            told = field if "description" in field else schema["$defs"][field["$ref"].rpartition("/")[2]]
            assert told["description"], f"{name} has no description for editors"
