"""Whatever is sent, the answer is one of Slack's: no made-up input brings the sandbox itself down."""

from __future__ import annotations

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.sandbox.blocks import InvalidBlocksError, check_message_blocks, check_view
from integrations.sandbox.blocks.layout import BLOCKS
from integrations.sandbox.blocks.usable import ELEMENTS
from integrations.sandbox.server import Sandbox
from integrations.sandbox.web_api import METHODS

KINDS = [*BLOCKS, *ELEMENTS, "mrkdwn", "plain_text", "raw_text", "bar", "pie", "modal", "home", "rich_text_section"]
KEYS = [
    *("type", "text", "elements", "element", "blocks", "options", "option_groups", "initial_option", "initial_options"),
    *("rows", "chart", "series", "data", "axis_config", "categories", "tasks", "child_blocks", "slack_file", "id"),
    *("fields", "accessory", "label", "title", "block_id", "action_id", "min_length", "min_value", "max_value"),
    *("value", "view", "channel", "ts", "user", "limit", "cursor", "files", "metadata", "trigger_id", "external_id"),
    *("users", "types", "oldest", "latest", "length", "name", "timestamp", "hash", "status", "actions", "confirm"),
]
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5))
WORDS = st.sampled_from([*KINDS, "C0RELEASES", "U0OMAR", "1.000001", "[", "{}", "1e400", "nan", "²"])


def things(inner):
    """Objects that look a little like Block Kit's."""
    fields = st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    return fields | st.builds(lambda kind, rest: {**rest, "type": kind}, st.sampled_from(KINDS), fields)


ANYTHING = st.recursive(LEAVES | WORDS, lambda inner: st.lists(inner, max_size=3) | things(inner), max_leaves=25)


def problems_of(check, value):
    try:
        check(value, file_ready=lambda _: False)
    except InvalidBlocksError as refused:
        return refused.problems
    return None


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.one_of(ANYTHING, st.lists(ANYTHING, max_size=4)))
def test_any_value_is_taken_or_refused_as_blocks_and_as_a_view(value):
    for check, tried in (
        (check_message_blocks, value),
        (check_view, value),
        (check_view, {"type": "home", "blocks": value}),
    ):
        problems = problems_of(check, tried)
        assert problems is None or all(problem.message for problem in problems)
        assert problems != [], "a refusal says why"


@pytest.fixture
async def http(sandbox: Sandbox):
    headers = {"Authorization": f"Bearer {sandbox.bot_token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        yield session


@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("method", sorted(METHODS))
async def test_any_arguments_get_an_answer(http, sandbox, method, data):
    for _ in range(5):
        arguments = data.draw(st.dictionaries(st.sampled_from(KEYS), ANYTHING, max_size=5))
        arguments.setdefault("channel", "C0RELEASES")
        async with http.post(sandbox.api_url + method, json=arguments) as response:
            assert response.status == 200, arguments
            answer = await response.json()
        assert answer["ok"] or answer["error"]


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=ANYTHING)
async def test_any_answer_to_a_response_url_gets_an_answer(http, sandbox, workspace, omar, body):
    key = workspace.response_urls.issue(user=omar.id, channel="C0RELEASES").key
    async with http.post(f"{sandbox.url}/response/{key}", json=body) as response:
        assert response.status in {200, 400}
