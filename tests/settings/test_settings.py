"""Settings: what the environment says, every problem at once, and no secret in any of them."""

from __future__ import annotations

import logging
import pickle
from datetime import timedelta
from pathlib import Path

import pytest

from bot.secret import Secret
from bot.settings import KNOWN, SettingProblem, Settings, read

BOT = "xoxb-1111-2222-canary"
APP = "xapp-1-A111-canary"
SIGNING = "0123456789abcdef0123456789abcdef"
ENOUGH = {"SLACK_BOT_TOKEN": BOT, "SLACK_APP_TOKEN": APP}


def good(**more: str) -> Settings:
    found = read(ENOUGH | more)
    assert isinstance(found, Settings), found
    return found


def told(environment: dict[str, str], **how: bool) -> list[SettingProblem]:
    found = read(environment, **how)
    assert isinstance(found, list), found
    return found


def test_two_tokens_are_enough():
    settings = good()
    assert settings.socket_mode
    assert settings.slack_bot_token.reveal() == BOT
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.database_url.reveal() == "sqlite+aiosqlite:///slipway.db"
    assert settings.catalogue == Path("slipway.yaml")
    assert (settings.listen_host, settings.listen_port) == ("127.0.0.1", 8080)
    assert settings.commands == {each: f"/{each}" for each in ("release", "deploy", "rollback", "freeze")}
    assert settings.log_level == logging.WARNING


def test_a_signing_secret_instead_of_an_app_token_means_http():
    found = read({"SLACK_BOT_TOKEN": BOT, "SLACK_SIGNING_SECRET": SIGNING})
    assert isinstance(found, Settings)
    assert not found.socket_mode
    assert found.slack_signing_secret.reveal() == SIGNING


def test_an_empty_variable_is_not_set():
    assert good(SLIPWAY_LISTEN=" ", SLIPWAY_DATABASE_URL="") == good()


def test_without_slack_no_token_is_needed():
    assert isinstance(read({}, slack=False), Settings)


def test_without_slack_a_wrong_token_is_wrong_all_the_same():
    assert [each.variable for each in told({"SLACK_BOT_TOKEN": "nonsense"}, slack=False)] == ["SLACK_BOT_TOKEN"]


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("sqlite:///here.db", "sqlite+aiosqlite:///here.db"),
        ("sqlite:////var/lib/slipway.db", "sqlite+aiosqlite:////var/lib/slipway.db"),
        ("sqlite+aiosqlite:///here.db", "sqlite+aiosqlite:///here.db"),
        ("postgres://me@host/slipway", "postgresql+psycopg://me@host/slipway"),
        ("postgresql://me:p%40ss@host:5432/slipway?sslmode=require", None),
        ("postgresql+psycopg:///slipway?host=/run/postgresql", "postgresql+psycopg:///slipway?host=/run/postgresql"),
    ],
)
def test_databases_get_the_driver_that_is_used(given, used):
    expected = used or given.replace("postgresql:", "postgresql+psycopg:")
    assert good(SLIPWAY_DATABASE_URL=given).database_url.reveal() == expected


@pytest.mark.parametrize(
    ("given", "host", "port"),
    [
        ("0.0.0.0:80", "0.0.0.0", 80),
        (":8080", "0.0.0.0", 8080),
        ("[::1]:9000", "::1", 9000),
        ("localhost:0", "localhost", 0),
    ],
)
def test_where_to_listen(given, host, port):
    settings = good(SLIPWAY_LISTEN=given)
    assert (settings.listen_host, settings.listen_port) == (host, port)


def test_commands_can_be_renamed_with_or_without_a_slash():
    commands = good(SLIPWAY_COMMANDS="deploy=ship, /release=/rel").commands
    assert commands == {"release": "/rel", "deploy": "/ship", "rollback": "/rollback", "freeze": "/freeze"}


def test_commands_can_swap_their_names():
    commands = good(SLIPWAY_COMMANDS="deploy=release,release=deploy").commands
    assert (commands["deploy"], commands["release"]) == ("/release", "/deploy")


def test_the_key_of_the_calendar_is_a_secret():
    assert good(SLIPWAY_CALENDAR_KEY="canary-0123456789").calendar_key.reveal() == "canary-0123456789"
    assert "canary" not in repr(good(SLIPWAY_CALENDAR_KEY="canary-0123456789"))
    assert not good().calendar_key


def test_an_api_url_ends_with_a_slash():
    assert good(SLACK_API_URL="http://127.0.0.1:9/api").slack_api_url == "http://127.0.0.1:9/api/"


def test_what_ci_signs_with_is_kept_secret_and_may_be_left_out():
    assert not good().webhook_secret
    settings = good(SLIPWAY_WEBHOOK_SECRET=f"canary-{SIGNING}")
    assert settings.webhook_secret.reveal() == f"canary-{SIGNING}"
    assert "canary" not in repr(settings).replace(APP, "").replace(BOT, "")


def test_a_replica_may_be_silent_for_ten_seconds_unless_it_is_set_otherwise():
    assert good().lease == timedelta(seconds=10)
    assert good(SLIPWAY_LEASE="5s").lease == timedelta(seconds=5)
    assert good(SLIPWAY_LEASE="5m").lease == timedelta(minutes=5)


def test_the_key_of_tokens_is_a_secret_and_a_persons_own_token_is_none_of_the_servers_settings():
    settings = good(SLIPWAY_TOKEN_KEY=SIGNING * 2, SLIPWAY_TOKEN="slipway_anything")
    assert settings.token_key.reveal() == SIGNING * 2
    assert SIGNING not in repr(settings)
    assert not good().token_key


KEY = "-----BEGIN RSA PRIVATE KEY-----\ncanary\n-----END RSA PRIVATE KEY-----"
AT_GITHUB = "ghp_canary0123456789abcdef"


def test_a_token_is_enough_for_github():
    assert not good().uses_github
    settings = good(SLIPWAY_GITHUB_TOKEN=AT_GITHUB)
    assert settings.uses_github
    assert settings.github_token.reveal() == AT_GITHUB
    assert settings.github_api == "https://api.github.com"


def test_the_key_of_a_github_app_is_given_as_a_file_or_as_it_is(tmp_path):
    file = tmp_path / "slipway.pem"
    file.write_text(f"{KEY}\n")
    for given in (str(file), KEY, KEY.replace("\n", "\\n")):
        settings = good(SLIPWAY_GITHUB_APP_ID="123456", SLIPWAY_GITHUB_APP_KEY=given)
        assert settings.uses_github
        assert settings.github_app_key.reveal() == KEY
        assert "canary" not in repr(settings).replace(APP, "").replace(BOT, "")
    assert good(SLIPWAY_GITHUB_APP_ID="Iv23liABCDEF", SLIPWAY_GITHUB_APP_KEY=KEY).github_app_id == "Iv23liABCDEF"


def test_addresses_end_without_a_slash():
    settings = good(SLIPWAY_ADDRESS="https://slipway.acme.example/", SLIPWAY_GITHUB_API="https://ghe.example/api/v3/")
    assert (settings.address, settings.github_api) == ("https://slipway.acme.example", "https://ghe.example/api/v3")
    assert good(SLIPWAY_ADDRESS="http://localhost:8080").address == "http://localhost:8080"
    assert good().address == ""


@pytest.mark.parametrize(
    ("given", "variable", "says"),
    [
        ({"APP_ID": "1", "TOKEN": AT_GITHUB}, "SLIPWAY_GITHUB_TOKEN", "take the other out"),
        ({"APP_ID": "1", "APP_KEY": KEY, "TOKEN": AT_GITHUB}, "SLIPWAY_GITHUB_TOKEN", "take the other out"),
        ({"APP_ID": "1"}, "SLIPWAY_GITHUB_APP_KEY", "Generate a private key"),
        ({"APP_KEY": KEY}, "SLIPWAY_GITHUB_APP_ID", "“Client ID”"),
    ],
)
def test_a_github_app_has_an_id_and_a_key_and_a_token_stands_alone(given, variable, says):
    (problem,) = told(ENOUGH | {f"SLIPWAY_GITHUB_{name}": value for name, value in given.items()})
    assert problem.variable == variable
    assert says in problem.message
    assert "canary" not in str(problem)


def test_a_file_without_a_key_is_told_and_shows_nothing(tmp_path):
    for content in (b"canary", b"\xff\xfecanary", KEY[:40].encode()):
        file = tmp_path / "slipway.pem"
        file.write_bytes(content)
        (problem,) = told(ENOUGH | {"SLIPWAY_GITHUB_APP_ID": "1", "SLIPWAY_GITHUB_APP_KEY": str(file)})
        assert problem.variable == "SLIPWAY_GITHUB_APP_KEY"
        assert "key" in problem.message
        assert "canary" not in str(problem)


def test_the_level_of_the_log_in_any_case():
    assert good(SLIPWAY_LOG="Debug").log_level == logging.DEBUG


WRONG = [
    ("SLACK_BOT_TOKEN", APP, "begins with xapp-"),
    ("SLACK_BOT_TOKEN", "xoxp-111-canary", "begins with xoxp-"),
    ("SLACK_BOT_TOKEN", "canary-hello", "not a token of the right kind"),
    ("SLACK_BOT_TOKEN", "xoxb-", "cut off"),
    ("SLACK_BOT_TOKEN", "xoxb-canary 2", "cut off"),
    ("SLACK_BOT_TOKEN", f'"{BOT}"', "quotes"),
    ("SLACK_BOT_TOKEN", f"'{BOT}'", "quotes"),
    ("SLACK_BOT_TOKEN", "xoxe.xoxb-1-canary", "rotates"),
    ("SLACK_BOT_TOKEN", "xoxe-1-canary", "rotates"),
    ("SLACK_APP_TOKEN", BOT, "begins with xoxb-"),
    ("SLACK_APP_TOKEN", SIGNING, "not a token of the right kind"),
    ("SLACK_APP_TOKEN", "xapp-ca/nary", "cut off"),
    ("SLACK_API_URL", "slack.com/api", "not a web address"),
    ("SLACK_API_URL", "ftp://slack.com/api", "not a web address"),
    ("SLACK_API_URL", "https://slack.com:99999/", "not a web address"),
    ("SLACK_API_URL", "https:///api/", "not a web address"),
    ("SLACK_API_URL", "https://[::1/api/", "not a web address"),
    ("SLACK_API_URL", "https://slack.com/api/?x=1", "not a web address"),
    ("SLIPWAY_DATABASE_URL", "slipway.db", "not an address"),
    ("SLIPWAY_DATABASE_URL", "mysql://me:canary@host/db", "I don't know mysql://"),
    ("SLIPWAY_DATABASE_URL", "postgresql+asyncpg://me:canary@host/db", "I don't know postgresql+asyncpg://"),
    ("SLIPWAY_DATABASE_URL", "sqlite://", "three slashes"),
    ("SLIPWAY_DATABASE_URL", "sqlite://slipway.db", "three slashes"),
    ("SLIPWAY_DATABASE_URL", "sqlite:///", "names no file"),
    ("SLIPWAY_DATABASE_URL", "sqlite:///:memory:", "names no file"),
    ("SLIPWAY_DATABASE_URL", "sqlite:///file:x?mode=memory", "names no file"),
    ("SLIPWAY_DATABASE_URL", "postgresql://me:canary@host", "names no database"),
    ("SLIPWAY_DATABASE_URL", "postgresql://me:canary@host/", "names no database"),
    ("SLIPWAY_DATABASE_URL", "postgresql://me:can@ary@host/db", "%40"),
    ("SLIPWAY_DATABASE_URL", "postgresql://me:can/ary@host/db", "%2F"),
    ("SLIPWAY_DATABASE_URL", "postgresql://me:can#ary@host/db", "%23"),
    ("SLIPWAY_DATABASE_URL", "postgresql://host:port/db", "%3A"),
    ("SLIPWAY_LISTEN", "8080", "not host:port"),
    ("SLIPWAY_LISTEN", "localhost", "not host:port"),
    ("SLIPWAY_LISTEN", "localhost:http", "not host:port"),
    ("SLIPWAY_LISTEN", "localhost:99999", "not host:port"),
    ("SLIPWAY_LISTEN", "localhost:-1", "not host:port"),
    ("SLIPWAY_LISTEN", "localhost:٨٠", "not host:port"),
    ("SLIPWAY_LISTEN", "::1:8080", "brackets"),
    ("SLIPWAY_LISTEN", "http://localhost:8080", "brackets"),
    ("SLIPWAY_LISTEN", "local host:8080", "not the name of a machine"),
    ("SLIPWAY_COMMANDS", "ship", "not of the form"),
    ("SLIPWAY_COMMANDS", "deploy", "not of the form"),
    ("SLIPWAY_COMMANDS", "deplyo=ship", "did you mean deploy"),
    ("SLIPWAY_COMMANDS", "lunch=eat", "there are release, deploy"),
    ("SLIPWAY_COMMANDS", "deploy=", "can't be a command's name"),
    ("SLIPWAY_COMMANDS", "deploy=Ship", "can't be a command's name"),
    ("SLIPWAY_COMMANDS", "deploy=sh ip", "can't be a command's name"),
    ("SLIPWAY_COMMANDS", f"deploy={'x' * 32}", "can't be a command's name"),
    ("SLIPWAY_COMMANDS", "deploy=remind", "Slack's own"),
    ("SLIPWAY_COMMANDS", "deploy=release", "Two commands"),
    ("SLIPWAY_COMMANDS", "deploy=x,release=x", "Two commands"),
    ("SLIPWAY_CALENDAR_KEY", "canary-too-short"[:15], "at least 16"),
    ("SLIPWAY_CALENDAR_KEY", "canary/with/slashes", "at least 16"),
    ("SLIPWAY_CALENDAR_KEY", "canary with blanks", "at least 16"),
    ("SLIPWAY_WEBHOOK_SECRET", "canary-too-short", "at least 32 characters"),
    ("SLIPWAY_WEBHOOK_SECRET", "canary 0123456789abcdef 0123456789abcdef", "without blanks"),
    ("SLIPWAY_WEBHOOK_SECRET", f"canäry-{SIGNING}", "accents"),
    ("SLIPWAY_LEASE", "soon", "write it like 30s"),
    ("SLIPWAY_LEASE", "4s", "too short; between 5s and 5m"),
    ("SLIPWAY_LEASE", "301s", "too long; between 5s and 5m"),
    ("SLIPWAY_TOKEN_KEY", "canary-too-short", "at least 32 characters"),
    ("SLIPWAY_ADDRESS", "slipway.acme.example", "not a web address"),
    ("SLIPWAY_ADDRESS", "http://slipway.acme.example", "Use https://"),
    ("SLIPWAY_ADDRESS", "https://me:canary@slipway.acme.example", "not a web address"),
    ("SLIPWAY_GITHUB_TOKEN", "canary", "cut off"),
    ("SLIPWAY_GITHUB_TOKEN", "ghp_canary 0123456789abcdef", "cut off"),
    ("SLIPWAY_GITHUB_TOKEN", "-----BEGIN RSA PRIVATE KEY-----canary", "SLIPWAY_GITHUB_APP_KEY"),
    ("SLIPWAY_GITHUB_API", "https://github.com", "https://api.github.com"),
    ("SLIPWAY_GITHUB_API", "ghe.example/api/v3", "not a web address"),
    ("SLIPWAY_GITHUB_WEBHOOK_SECRET", "canary-too-short", "at least 32 characters"),
    ("SLIPWAY_LOG", "loud", "debug, info, warning, error"),
    ("SLIPWAY_LOG", "10", "debug, info, warning, error"),
    ("SLIPWAY_CATALOG", "x.yaml", "did you mean SLIPWAY_CATALOGUE"),
    ("SLIPWAY_DATABSE_URL", "x", "did you mean SLIPWAY_DATABASE_URL"),
    ("SLIPWAY_COMMAND", "x", "did you mean SLIPWAY_COMMANDS"),
    ("SLIPWAY_LISTEN_", "x", "did you mean SLIPWAY_LISTEN"),
]


@pytest.mark.parametrize(("variable", "value", "says"), WRONG)
def test_a_wrong_setting_is_told_by_name_and_what_to_do(variable, value, says):
    (problem,) = told(ENOUGH | {variable: value})
    assert problem.variable == variable
    assert says in problem.message
    assert problem.message.endswith((".", "?"))
    assert "canary" not in str(problem)
    assert "can@ary" not in str(problem)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ID", "canary app", "“App ID” (a number)"),
        ("KEY", "/nowhere/canary.pem", "can't be read: No such file"),
        ("KEY", "canary\0", "can't be read"),
        ("KEY", "-----BEGIN CERTIFICATE-----\ncanary", "no private key in it"),
        ("KEY", "-----BEGIN RSA PRIVATE KEY-----\ncanary", "cut off"),
    ],
)
def test_a_wrong_id_or_key_of_a_github_app_is_told(name, value, says):
    given = {"SLIPWAY_GITHUB_APP_ID": "1", "SLIPWAY_GITHUB_APP_KEY": KEY, f"SLIPWAY_GITHUB_APP_{name}": value}
    (problem,) = told(ENOUGH | given)
    assert problem.variable == f"SLIPWAY_GITHUB_APP_{name}"
    assert says in problem.message
    assert "canary" not in str(problem)


@pytest.mark.parametrize(
    ("value", "says"),
    [("short", "cut off"), (BOT, "a token"), (APP, "a token"), ("0123456789abcdef 0123456789abcdef", "cut off")],
)
def test_a_wrong_signing_secret_is_told(value, says):
    (problem,) = told({"SLACK_BOT_TOKEN": BOT, "SLACK_SIGNING_SECRET": value})
    assert problem.variable == "SLACK_SIGNING_SECRET"
    assert says in problem.message
    assert value not in str(problem)


def test_without_anything_both_tokens_are_asked_for_at_once():
    assert [each.variable for each in told({})] == ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"]


def test_socket_mode_and_http_at_once_is_a_question():
    (problem,) = told(ENOUGH | {"SLACK_SIGNING_SECRET": SIGNING})
    assert "take the other out" in problem.message


def test_every_problem_is_told_at_once():
    wrong = {"SLACK_BOT_TOKEN": "x", "SLIPWAY_LOG": "loud", "SLIPWAY_LISTEN": "here", "SLIPWAY_DATABASE_URL": "x"}
    assert {each.variable for each in told(wrong)} == {*wrong, "SLACK_APP_TOKEN"}
    assert len(told(wrong)) == 5


@pytest.mark.parametrize(
    "name", ["SLIPWAY_PORT", "SLIPWAY_SERVICE_HOST", "SLIPWAY_PORT_8080_TCP", "SLACK_CLIENT_ID", "SLIPWAY_VERSION"]
)
def test_variables_of_others_are_none_of_our_business(name):
    """Kubernetes puts such names into every container beside a service that is called slipway."""
    assert isinstance(read(ENOUGH | {name: "tcp://10.0.0.1:80"}), Settings)


def test_no_secret_shows_by_accident():
    settings = good(SLIPWAY_DATABASE_URL="postgresql://me:canary@host/db")
    for shown in (repr(settings), str(settings), f"{settings.slack_bot_token}", repr(settings.database_url)):
        assert "canary" not in shown
    assert settings.slack_bot_token != Secret("other")
    with pytest.raises(TypeError):
        pickle.dumps(settings.slack_bot_token)


def test_settings_are_frozen():
    with pytest.raises(AttributeError):
        good().listen_port = 1


def test_every_setting_is_explained_in_the_documentation():
    page = (Path(__file__).parents[2] / "docs/running.md").read_text()
    for name in KNOWN:
        assert f"`{name}`" in page
