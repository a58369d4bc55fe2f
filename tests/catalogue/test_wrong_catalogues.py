"""Wrong catalogues: each gets a sentence at the right line, all problems at once, and never a traceback."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.catalogue import Problem, load
from bot.catalogue.reading import read
from bot.rules.policy import Catalogue
from integrations.deployers.kinds import KINDS
from tests.catalogue.texts import EXAMPLE, SHORT, marked, problems
from tests.catalogue.wrong import WRONG

TEXT = EXAMPLE.read_text()
EXAMPLE_READ = read(TEXT)
PLACES = {path: place for path, place in EXAMPLE_READ.places.items() if path}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_a_wrong_catalogue_is_told_where_and_what(case):
    wrong, says = case
    text, line, column = marked(wrong)
    found = problems(text)
    assert any((each.line, each.column) == (line, column) and says in each.message for each in found), (
        f"expected {line}:{column} “{says}”, got:\n" + "\n".join(map(str, found))
    )
    for each in found:
        assert each.message[0].isupper() or each.message[0] in "“`0123456789UW", each.message
        assert each.message.endswith((".", "?")), each.message


def test_there_are_more_than_two_hundred_and_fifty_of_them():
    assert len(WRONG) > 250


def test_every_problem_is_told_at_once_from_top_to_bottom():
    text = SHORT.replace("version: 1", "version: 9").replace("role: team", "role: teem") + "digsts: []\n"
    assert [(each.line, each.path) for each in problems(text)] == [(1, "version"), (2, "owners.role"), (10, "digsts")]


def test_a_mistake_does_not_hide_another_one_beside_it():
    text = SHORT + "change_types: {feature: {freeze: maybe, approvals: {production: [nobody]}}}\n"
    assert [each.path for each in problems(text)] == [
        "change_types.feature.freeze",
        "change_types.feature.approvals.production[1]",
    ]


def test_problems_read_like_a_compilers():
    (problem,) = problems(SHORT.replace("channel: C0TEAM", "channel: D0TEAM"))
    assert str(problem) == (
        "slipway.yaml:2:31: owners.channel: “D0TEAM” is a direct message; name a channel, whose id begins with C or G."
    )


def test_a_text_that_stands_for_far_too_much_is_refused_soon():
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    (problem, *_) = problems("a0: &a0 [x]\n" + levels)
    assert "aliases" in problem.message


@pytest.mark.parametrize("text", ["[" * 20_000, "{a: " * 20_000, "- " * 2_000], ids=["lists", "mappings", "lines"])
def test_a_text_that_is_nested_without_end_is_refused(text):
    problem, *_ = problems(text)
    assert "nested too deeply" in problem.message


@pytest.mark.parametrize("path", [path for path in PLACES if isinstance(path[-1], str)], ids=str)
def test_a_key_of_the_example_with_a_slip_in_it_is_found_on_its_line(path):
    line, column = PLACES[path].key
    lines = TEXT.splitlines(keepends=True)
    key = str(path[-1])
    before = lines[line - 1]
    assert before[column - 1 :].startswith(key)
    lines[line - 1] = before[: column - 1] + key + "§" + before[column - 1 + len(key) :]
    found = problems("".join(lines))
    # A slip in a name shows either where the name is (it can't be one) or wherever else it is used.
    assert any(each.line == line for each in found), "\n".join(map(str, found))


_SCALARS = [path for path in PLACES if not isinstance(EXAMPLE_READ.value(path), dict | list)]


@pytest.mark.parametrize("instead", ["~", "{x: 1}"], ids=["nothing", "a mapping"])
@pytest.mark.parametrize("path", _SCALARS, ids=str)
def test_a_value_of_the_example_of_another_kind_is_found_on_its_line(path, instead):
    value = EXAMPLE_READ.value(path)
    written = str(value).lower() if isinstance(value, bool) else str(value)
    line, column = PLACES[path].value
    lines = TEXT.splitlines(keepends=True)
    before = lines[line - 1]
    rest = before[column - 1 :].removeprefix('"')
    assert rest.startswith(written)
    after = rest[len(written) :].removeprefix('"')
    lines[line - 1] = before[: column - 1] + instead + after
    found = problems("".join(lines))
    # A deployer's settings are judged as a whole where the deployer doesn't say which one is meant.
    assert any(abs(each.line - line) <= (1 if "deployer" in path else 0) for each in found), "\n".join(map(str, found))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(data=st.data())
def test_whatever_is_done_to_a_catalogue_there_is_an_answer(data):
    start = data.draw(st.integers(0, len(SHORT)))
    end = min(len(SHORT), start + data.draw(st.integers(0, 40)))
    put = data.draw(st.text(alphabet=st.sampled_from(" \n\t:-[]{}#&*!|>'\"%@`,?ax0~<é\x00\u2028"), max_size=12))
    text = SHORT[:start] + put + SHORT[end:]
    found = load(text, deployers=KINDS)
    assert isinstance(found, Catalogue | list)
    lines = len(re.split("[\n\r\x85\u2028\u2029]", text)) + 1
    for each in found if isinstance(found, list) else ():
        assert isinstance(each, Problem)
        assert each.message.strip()
        assert 0 <= each.line <= lines


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from([*"ab", "roles", "services", "owners", "environments", "deployer"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_data_a_file_holds_there_is_an_answer(data):
    found = load(json.dumps({"version": 1, "services": data, "roles": data, "digests": data}), deployers=KINDS)
    assert isinstance(found, list)
    assert found
