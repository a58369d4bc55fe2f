"""Tokens as their owner sees them: told once, listed without being told again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.rules.token import Token, TokenId
from bot.verbs.make_token import Made
from handlers.names import CommandNames
from handlers.views.text import Pen
from handlers.views.tokens import handed_over, listed, revoked
from tests.makers import NOW
from tests.people import INES
from tests.views.reading import read, taken_by_slack

TOKEN = Token(TokenId(3), INES.id, NOW, NOW + timedelta(days=30))
PEN = Pen(names=CommandNames(deploy="/ship"))


def test_the_token_is_told_with_what_to_do_with_it():
    said = handed_over(Made(TOKEN, "slipway_WzNd.abc-_"), PEN)
    taken_by_slack(dict(said))
    shown = read(list(said["blocks"]))
    for part in ("slipway_WzNd.abc-_", "umask 077", "`/ship token revoke K-3`", "only this once"):
        assert part in shown
    assert "slipway_WzNd" not in said["text"], "a notification on a locked screen is read by others"


def test_a_token_that_was_made_does_not_show_by_accident():
    assert "slipway_WzNd" not in repr(Made(TOKEN, "slipway_WzNd.abc"))


def test_the_list_says_which_are_good_and_when_they_were_used():
    spent = replace(TOKEN, id=TokenId(2), expires_at=NOW)
    dropped = replace(TOKEN, id=TokenId(1), used_at=NOW, revoked_at=NOW, revoked_by=INES.id)
    said = listed([TOKEN, spent, dropped], NOW, PEN)
    taken_by_slack(dict(said))
    shown = read(list(said["blocks"]))
    assert "*K-3*  ·  good until" in shown
    assert "*K-2*  ·  expired" in shown
    assert "*K-1*  ·  revoked" in shown
    assert "never used" in shown
    assert shown.count("token revoke") == 1


def test_a_long_list_is_cut_and_an_empty_one_says_how_to_make_one():
    many = listed([replace(TOKEN, id=TokenId(number)) for number in range(40, 0, -1)], NOW, PEN)
    taken_by_slack(dict(many))
    assert "25 older ones" in read(list(many["blocks"]))
    assert "`/ship token 30 days`" in read(list(listed([], NOW, PEN)["blocks"]))


def test_revoking_is_answered():
    said = revoked(TOKEN)
    taken_by_slack(dict(said))
    assert "K-3" in said["text"]
