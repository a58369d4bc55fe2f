"""Sentences keep their parts, and names are read as people write them."""

from __future__ import annotations

import pytest

from bot.rules.approval import may_act
from bot.rules.people import Person, PersonId, Standing
from bot.rules.release import parse_release_id, r
from bot.rules.sentence import AllOf, At, AtRole, Code, When, in_a_row, joined, say
from tests.makers import NOW
from tests.people import MAYA, QA


def test_a_sentence_is_also_plain_words():
    sentence = say(
        "{who} asks {roles} to type {command} before {end}.",
        who=At(MAYA.id),
        roles=AllOf((AtRole(QA), Code("x"), "others")),
        command=Code("/release list"),
        end=When(NOW),
    )
    assert str(sentence) == "@U0MAYA asks @qa, x and others to type /release list before 2026-11-23 10:00 UTC."


@pytest.mark.parametrize(("template", "parts"), [("{who} left", {}), ("Nobody", {"who": "x"}), ("{a}{b}", {"a": 1})])
def test_a_sentence_with_a_hole_is_found_where_it_is_made(template, parts):
    with pytest.raises(ValueError, match="names"):
        say(template, **parts)


def test_several_sentences_make_one_and_each_keeps_its_parts():
    both = in_a_row(
        [say("{who} asks.", who=At(MAYA.id)), say("So does {who}.", who=AtRole(QA)), say("Nobody else.")], "\n"
    )
    assert str(both) == "@U0MAYA asks.\nSo does @qa.\nNobody else."
    assert [part for _, part in both.parts] == [At(MAYA.id), AtRole(QA)]
    assert in_a_row([], " ") == say("")


def test_words_are_joined_as_people_do():
    assert [joined(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


@pytest.mark.parametrize("text", ["R-12", "r12", "12", "R12", " r-12 "])
def test_a_release_is_named_in_several_ways(text):
    number = parse_release_id(text)
    assert number is not None
    assert r(number) == "R-12"


@pytest.mark.parametrize("text", ["", "R-", "R--1", "12a", "payments", "R-1234567890", "-1", "1.5", "R 12"])
def test_what_is_no_release_is_none(text):
    assert parse_release_id(text) is None


@pytest.mark.parametrize("standing", [each for each in Standing if each is not Standing.MEMBER])
def test_only_members_may_act(standing):
    refused = may_act(Person(PersonId("U1"), "Somebody", standing=standing))
    assert refused is not None
    assert may_act(MAYA) is None
