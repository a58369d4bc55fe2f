"""The published JSON Schema: up to date, and of one mind with the program."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from bot.catalogue.schema import json_schema, printed
from integrations.deployers.kinds import KINDS
from tests.catalogue.right import RIGHT, calendar, feature, in_service, item, production, recurring
from tests.catalogue.texts import EXAMPLE, SHORT, loaded, problems

PUBLISHED = Path(__file__).parents[2] / "docs/slipway.schema.json"


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json_schema(KINDS)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def plain(text: str) -> object:
    """The text as data without the parser's own types."""
    return json.loads(json.dumps(YAML(typ="safe", pure=True).load(text), default=str))


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


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_an_editor_takes_what_the_loader_takes(validator, text):
    loaded(text)
    assert [each.message for each in validator.iter_errors(plain(text))] == []


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
        production("hours: office hours"),
        production("hours: []"),
        production("hours: {timezone: UTC}"),
        production("bake: a while"),
        feature("bake: {production: 30}"),
        feature("approvals_last: 14"),
        feature("ships_itself: [staging, staging]"),
        item("due: soon"),
        item("only_for: feature"),
        in_service("checklist: [{text: a, only_for: 7}]"),
        recurring(starts="friday"),
        recurring(rule="every week"),
        recurring(soft="maybe"),
        calendar("soft: true"),
        calendar("file: ./holidays.ics, address: https://calendar.example.com/a.ics"),
        SHORT + "freezes: {exceptions: {budget: -1}}\n",
        SHORT + "reminders: {before_target: 1}\n",
    ],
)
def test_an_editor_marks_what_is_wrong(validator, wrong):
    assert list(validator.iter_errors(plain(wrong)))
    assert problems(wrong)


def test_an_editor_offers_only_defaults_that_can_be_written(validator):
    for name, field in _fields(validator.schema):
        if "default" in field:
            validator.evolve(schema={**field, "$defs": validator.schema["$defs"]}).validate(field["default"])
            assert not str(field["default"]).startswith("P"), f"{name} is offered as no person writes it"


def test_everything_that_can_be_written_is_described():
    schema = json_schema(KINDS)
    for name, field in _fields(schema):
        told = field if "description" in field else schema["$defs"][field["$ref"].rpartition("/")[2]]
        assert told["description"], f"{name} has no description for editors"


def _fields(schema):
    """Every line that can be written, by its name."""
    for part in (schema, *(option for each in schema["$defs"].values() for option in each.get("anyOf", [each]))):
        yield from part.get("properties", {}).items()
