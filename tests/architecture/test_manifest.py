"""The Slack app's manifest: within Slack's rules, and of one mind with what the code listens to and calls."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pytest
from ruamel.yaml import YAML

import handlers
from bot.manifest import USAGE, manifest, printed
from bot.setting_words import COMMANDS, command_names
from bot.wired import listen, wire
from handlers.names import CommandNames
from integrations.slack import scopes
from tests.architecture.manifest_rules import RULES
from tests.fakes import InMemoryRecords
from tests.makers import a_catalogue

ROOT = Path(__file__).parents[2]
RENAMED = "deploy=ship,release=rel,rollback=back,freeze=hold"


def made(commands: str = "", url: str | None = None) -> dict:
    return manifest(command_names(commands), url, scopes=scopes.needed(), events=scopes.EVENTS)


class Recorder:
    """Listens to who wants to listen."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.events: list[str] = []
        self.others: list[str] = []

    def command(self, name, handler, **_) -> None:
        self.commands.append(str(name))

    def event(self, name, handler, **_) -> None:
        self.events.append(str(name))

    def fact(self, name, heed, **_) -> None:
        self.events.append(str(name))

    def __getattr__(self, name):
        return lambda *arguments, **_: self.others.append(name)


def registered(commands: str = "") -> Recorder:
    """What is listened to, by the very function that the program calls."""
    recorder = Recorder()

    def agreed():
        return a_catalogue()

    def now():
        return datetime(2026, 11, 23, tzinfo=UTC)

    neighbours = SimpleNamespace(deployers={}, code_host=None, verifier=None, calendars=None)
    records = InMemoryRecords()
    verbs = wire(records, None, agreed, neighbours, now)
    listen(
        recorder,
        verbs,
        names=CommandNames(**command_names(commands)),
        agreed=agreed,
        now=now,
        records=records,
        hand_over=None,
        directory=None,
    )
    return recorder


def test_the_file_is_what_the_program_prints():
    assert (ROOT / "app-manifest.yaml").read_text() == printed(made()), "run: slipway manifest > app-manifest.yaml"


@pytest.mark.parametrize(("commands", "url"), [("", None), (RENAMED, None), ("", "https://slipway.example.com")])
def test_it_is_within_slacks_rules(commands, url):
    jsonschema.Draft7Validator.check_schema(RULES)
    assert [error.message for error in jsonschema.Draft7Validator(RULES).iter_errors(made(commands, url))] == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda it: it["display_information"].update(name="x" * 36),
        lambda it: it["display_information"].update(background_color="blue"),
        lambda it: it["features"]["slash_commands"][0].update(command="release"),
        lambda it: it["features"]["slash_commands"][0].update(command="/Release"),
        lambda it: it["features"]["slash_commands"][0].update(command="/" + "x" * 32),
        lambda it: it["features"]["slash_commands"][0].update(url="http://here"),
        lambda it: it["oauth_config"]["scopes"]["bot"].append("commands"),
        lambda it: it["settings"].update(socket_mode=True),
    ],
)
def test_the_rules_would_notice(spoil):
    spoiled = made()
    spoil(spoiled)
    assert list(jsonschema.Draft7Validator(RULES).iter_errors(spoiled))


def test_yaml_and_json_say_the_same():
    assert YAML(typ="safe", pure=True).load(printed(made())) == YAML(typ="safe", pure=True).load(
        printed(made(), as_json=True)
    )


@pytest.mark.parametrize("commands", ["", RENAMED])
def test_its_commands_are_those_that_are_listened_to(commands):
    named = [each["command"] for each in made(commands)["features"]["slash_commands"]]
    assert sorted(named) == sorted(registered(commands).commands)
    assert len(set(named)) == 4


def test_its_events_are_those_that_are_listened_to():
    assert sorted(made()["settings"]["event_subscriptions"]["bot_events"]) == sorted(registered().events)


def test_every_command_has_a_hint_and_escapes_what_is_typed():
    for command in made()["features"]["slash_commands"]:
        assert command["usage_hint"]
        # Without it a mention arrives as a name, which anybody may have.
        assert command["should_escape"] is True


def test_the_commands_have_the_same_names_everywhere():
    assert tuple(USAGE) == COMMANDS
    assert sorted(f"/{each.removeprefix('/')}" for each in handlers.COMMANDS) == sorted(f"/{each}" for each in COMMANDS)
    assert {own: f"/{own}" for own in COMMANDS} == {own: getattr(CommandNames(), own) for own in COMMANDS}


METHOD = re.compile(r'\(\s*"((?:apps|auth|chat|conversations|files|usergroups|users|views)\.[A-Za-z.]+)"')
"""A method's name where it is an argument: of our client, or of what hands it on."""


def test_the_scopes_are_those_that_the_called_methods_need():
    assert set(made()["oauth_config"]["scopes"]["bot"]) == scopes.needed()
    called = set()
    for file in (*(ROOT / "integrations/slack").glob("*.py"), *(ROOT / "handlers").rglob("*.py")):
        called |= set(re.findall(METHOD, file.read_text()))
    assert {"chat.postMessage", "users.info", "conversations.info"} <= called
    assert called <= set(scopes.BOT) | set(scopes.APP)


def test_by_http_everything_goes_to_one_address_and_no_socket_is_opened():
    by_http = made(url="https://slipway.example.com")
    addresses = {each["url"] for each in by_http["features"]["slash_commands"]}
    addresses |= {by_http["settings"][each]["request_url"] for each in ("event_subscriptions", "interactivity")}
    assert addresses == {"https://slipway.example.com/slack/events"}
    assert by_http["settings"]["socket_mode_enabled"] is False


def test_in_socket_mode_there_is_no_address_at_all():
    assert "https://" not in printed(made()).partition("_metadata")[2]
    assert made()["settings"]["socket_mode_enabled"] is True


def test_tokens_do_not_rotate():
    """Once switched on it can't be switched off, and a race at renewal loses people's clicks."""
    assert made()["settings"]["token_rotation_enabled"] is False
