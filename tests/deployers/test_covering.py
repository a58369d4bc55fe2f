"""What a target repeats is shown without the secrets that it was sent."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from integrations.deployers.command_words import secrets_of
from integrations.deployers.covering import COVER, cover, covers_of, looks_secret
from integrations.deployers.output import LINE, clean

SECRET = 'hunter2/"öäü"+x'


@pytest.mark.parametrize(
    "said",
    [
        SECRET,
        quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(SECRET.encode()).decode().rstrip("="),
        'hunter2/\\"\\u00f6\\u00e4\\u00fc\\"+x',
    ],
)
def test_a_secret_is_covered_in_whatever_form_it_comes_back(said):
    assert cover(f"it was {said}.", covers_of([SECRET])) == f"it was {COVER}."


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "slipway:"])
@pytest.mark.parametrize("after", ["", "z", "yz", "xyz"])
def test_a_secret_is_covered_where_more_was_encoded_as_a_whole(before, after):
    encoded = base64.b64encode(f"{before}hunter2hunter2{after}".encode()).decode()
    shown = cover(f"Basic {encoded}", covers_of(["hunter2hunter2"]))
    # At its edges a letter may be left, which holds a few bits of the secret at most.
    assert COVER in shown
    left = shown.removeprefix("Basic ").replace(COVER, "").rstrip("=")
    assert len(left) <= -(-len(before) * 4 // 3) + -(-len(after) * 4 // 3) + 1


def test_each_long_word_of_a_secret_value_is_a_secret():
    assert cover("the token abcdefgh12345 was refused", covers_of(["Bearer abcdefgh12345"])) == (
        f"the token {COVER} was refused"
    )


def test_a_password_in_an_address_is_covered_wherever_it_comes_from():
    assert cover("clone https://ci:gl-pat:1@code.example.com/x failed", ()) == (
        f"clone https://ci:{COVER}@code.example.com/x failed"
    )
    assert cover("see https://ci.example.com:8443/@maya", ()) == "see https://ci.example.com:8443/@maya"


def test_no_text_takes_long_to_cover():
    for text in ("a://" + ":" * 200_000, "a." * 100_000, "a://" * 50_000):
        assert cover(text, ()) == text


def test_of_secrets_that_hold_each_other_no_end_stays_behind():
    assert cover("abcdefgh-long", covers_of(["abcdefgh", "abcdefgh-long"])) == COVER


def test_a_secret_that_would_be_cut_is_covered_before():
    line = "x" * (LINE - 5) + "s3cr3t-t0k3n"
    assert "s3cr" not in clean(line.encode(), covers_of(["s3cr3t-t0k3n"]))[0]


@pytest.mark.parametrize("name", ["DEPLOY_TOKEN", "db_password", "PGPASS", "X-Api-Key", "SENTRY_DSN", "Cookie"])
def test_names_that_tell_of_a_secret_are_known(name):
    assert looks_secret(name)


def test_a_password_within_an_address_is_a_secret_whatever_its_variable_is_called():
    covers = secrets_of({"DATABASE": "postgresql://payments:hunter2hunter@db.example.com/payments", "REGION": "eu-1"})
    assert cover("can't reach payments:hunter2hunter@db in eu-1", covers) == f"can't reach payments:{COVER}@db in eu-1"
