"""The settings of the `webhook` deployer: every problem is told at once, and nothing that may be a secret is shown."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integrations.deployers.command_settings import SettingsError
from integrations.deployers.webhook_settings import credentials, problems_of, read

RIGHT = {
    "start": "https://deploy.example.com/deployments",
    "status": "https://deploy.example.com/deployments/{key}",
    "secret": "PAYMENTS_DEPLOY_SECRET",
}
GOOD = "0123456789abcdef" * 2


def test_the_shortest_settings_are_enough():
    settings = read(RIGHT)
    assert (settings.timeout, settings.idempotent, settings.callbacks) == (timedelta(seconds=10), False, False)
    assert settings.variables == ("PAYMENTS_DEPLOY_SECRET",)


def test_all_settings_are_read():
    settings = read(
        {
            **RIGHT,
            "cancel": "https://deploy.example.com/cancel",
            "artifact": "https://images.example.com/{artifact}",
            "previous_secret": "PAYMENTS_OLD_SECRET",
            "callbacks": True,
            "idempotent": True,
            "timeout": "30s",
            "headers": {"Authorization": "Bearer ${DEPLOY_API_KEY}"},
        }
    )
    assert settings.timeout == timedelta(seconds=30)
    assert settings.variables == ("PAYMENTS_DEPLOY_SECRET", "PAYMENTS_OLD_SECRET", "DEPLOY_API_KEY")


@pytest.mark.parametrize(
    "start",
    [
        "http://127.0.0.1:8000/d",
        "http://[::1]:8000/d",
        "http://localhost/d",
        "http://deploy.localhost/d",
        "https://x/{{literal}}",
    ],
)
def test_addresses_that_nobody_can_read_along_are_right(start):
    assert problems_of({**RIGHT, "start": start}) == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"start": None}, 'Set "start" to an address'),
        ({"start": "http://deploy.example.com/d"}, "begins with https://"),
        ({"start": "http://10.0.0.1/d"}, "begins with https://"),
        ({"start": "ftp://deploy.example.com/d"}, 'Set "start" to an address'),
        ({"start": "https://"}, 'Set "start" to an address'),
        ({"start": "https://maya:s3cr3t@deploy.example.com/d"}, "has no place"),
        ({"start": "https://deploy.example.com/d#part"}, "behind “#”"),
        ({"start": "https://{service}.example.com/d"}, "no placeholder in it"),
        ({"start": "https://deploy.example.com/{branch}"}, "{branch} is no placeholder"),
        ({"start": "https://deploy.example.com/{commit!r}"}, "{commit} is no placeholder"),
        ({"start": "https://deploy.example.com/{commit"}, "can't be read"),
        ({"start": "https://deploy.example.com:port/"}, "can't be read"),
        ({"start": "https://deploy.example.com/" + "x" * 1000}, "at most 1000"),
        ({"status": "https://deploy.example.com/{deployment}"}, 'The address in "status" holds {key}'),
        ({"artifact": "https://images.example.com/{key}"}, "{key} is no placeholder"),
        ({"artifact": "https://images.example.com/"}, "tells the same of all"),
        ({"secret": "s3cr3t"}, "the name of a variable"),
        ({"secret": "S3CR3TS3CR3TS3CR3T"}, "the name of a variable"),
        ({"secret": "SLIPWAY_WEBHOOK_SECRET"}, "one of Slipway's own variables"),
        ({"previous_secret": "PAYMENTS_DEPLOY_SECRET"}, "the same variable"),
        ({"callbacks": "yes"}, 'Set "callbacks" to true or false.'),
        ({"idempotent": 1}, 'Set "idempotent" to true or false.'),
        ({"timeout": 10}, 'Set "timeout"'),
        ({"timeout": "2m"}, 'Set "timeout"'),
        ({"headers": ["x"]}, 'Set "headers"'),
        ({"headers": {"X-Slipway-Signature": "x"}}, "Slipway's own to set"),
        ({"headers": {"Host": "x"}}, "Slipway's own to set"),
        ({"headers": {"X-A": "x\r\nX-B: y"}}, "a text on one line"),
        ({"headers": {"X A": "x"}}, "no name of a header"),
        ({"headers": {"X-A": "x", "x-a": "y"}}, "x-a is there twice"),
        ({"headers": {"X-A": "${SLACK_BOT_TOKEN}"}}, "none of Slipway's own"),
        ({"adress": "x"}, "The setting 'adress' is unknown to the webhook deployer"),
    ],
)
def test_what_is_wrong_is_told_and_what_may_be_secret_is_not_shown(wrong, told):
    problems = problems_of({**RIGHT, **wrong})
    assert any(told in each for each in problems), problems
    assert all(each.endswith((".", "…")) for each in problems)
    assert "s3cr3t" not in str(problems).lower()


def test_a_target_whose_end_nobody_would_learn_is_told():
    (told,) = problems_of({"start": RIGHT["start"], "secret": RIGHT["secret"]})
    assert "else nobody learns its end" in told
    assert problems_of({"start": RIGHT["start"], "secret": RIGHT["secret"], "callbacks": True}) == []


def test_every_problem_is_told_at_once():
    assert len(problems_of({"status": "x", "timeout": "x", "callbacks": "x", "headers": 7})) == 6


@pytest.mark.parametrize("value", ["", "short", "with blanks " * 5, "ä" * 40])
def test_a_secret_that_is_none_is_told_without_it(value):
    with pytest.raises(SettingsError) as trouble:
        credentials(read(RIGHT), {"PAYMENTS_DEPLOY_SECRET": value})
    assert "PAYMENTS_DEPLOY_SECRET" in str(trouble.value)
    assert not value or value not in str(trouble.value)


def test_nothing_of_what_variables_hold_is_shown_by_accident():
    settings = read({**RIGHT, "headers": {"Authorization": "Bearer ${DEPLOY_API_KEY}"}})
    held = credentials(settings, {"PAYMENTS_DEPLOY_SECRET": GOOD, "DEPLOY_API_KEY": "k-1234567890"})
    assert held.headers == {"Authorization": "Bearer k-1234567890"}
    assert GOOD not in repr(held)
    assert "k-1234567890" not in repr(held) + repr(settings)
    assert "k-1234567890" in held.covers


def test_a_plain_word_in_a_header_may_be_repeated():
    held = credentials(read({**RIGHT, "headers": {"X-Team": "payments"}}), {"PAYMENTS_DEPLOY_SECRET": GOOD})
    assert "payments" not in held.covers
