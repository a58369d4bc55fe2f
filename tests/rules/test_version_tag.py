"""What a version's tag is called, and what git would not take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.policy import ServiceName, TagRule
from bot.rules.version_tag import can_be_a_tag, is_preliminary, tag_name, wrong_with_template
from integrations.code_hosts.words import can_be_named


def test_a_tag_is_called_after_its_version():
    assert tag_name(TagRule(), ServiceName("payments"), "2.4.0") == "v2.4.0"


def test_services_that_share_a_repository_have_tags_of_their_own():
    assert tag_name(TagRule("{service}/v{version}"), ServiceName("payments"), "2.4.0") == "payments/v2.4.0"


def test_what_a_version_holds_is_not_filled_in_again():
    assert tag_name(TagRule("{version}-{service}"), ServiceName("payments"), "{service}") == "{service}-payments"


@pytest.mark.parametrize("name", ["v2.4.0", "payments/v2.4.0", "2.4.0-rc.1+build.7", "release_2"])
def test_these_can_be_tags(name):
    assert can_be_a_tag(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "v 1",
            "v..1",
            "../heads/main",
            "v1.",
            "v1/",
            "/v1",
            "a//b",
            "-v1",
            "a/-v1",
            "a/.v1",
            "v1.lock",
            "a.lock/b",
        ),
        *("v~1", "v^1", "v:1", "v?", "v*", "v[1", "v]1", "v\\1", "v@{1}", "@", "v\n1", "größe", "v" * 201),
    ],
)
def test_these_can_not(name):
    assert not can_be_a_tag(name)


@given(st.text(st.sampled_from("ab1./-_@{~]: \\\n"), max_size=12))
def test_what_can_be_a_tag_can_be_asked_for(name):
    if can_be_a_tag(name):
        assert can_be_named(name)


@pytest.mark.parametrize(
    ("template", "part"),
    [("v1", "needs “{version}”"), ("{version}-{commit}", "Only “{version}”"), ("v {version}", "can't be the name")],
)
def test_a_template_that_leads_to_no_tag_is_refused_with_its_reason(template, part):
    assert part in (wrong_with_template(template) or "")


def test_a_number_tells_whether_it_is_preliminary():
    assert [each for each in ("2.4.0-rc.1", "v2-beta", "1.0-1+x") if not is_preliminary(each)] == []
    assert [each for each in ("2.4.0", "2.4.0+b-1", "summer-2026", "2026.11") if is_preliminary(each)] == []
