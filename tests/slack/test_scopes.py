"""The table of permissions is complete, and says what Slack says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from integrations.sandbox.server import Sandbox
from integrations.slack import scopes
from integrations.slack.client import SlackClient
from integrations.slack.errors import SlackRefusedError
from tests.slack.conftest import CHANNEL

_NAME = re.compile(r'"((?:[a-z]+\.)+[a-z][A-Za-z]+)"')
_FAMILIES = {"auth", "apps", "chat", "conversations", "files", "usergroups", "users", "views", "reactions", "pins"}


def called() -> set[str]:
    """Every method of the Web API whose name is written in the code that talks to Slack."""
    files = [*Path("handlers").rglob("*.py"), *Path("integrations/slack").glob("*.py"), Path("bot/wiring.py")]
    names = {
        name for file in files if file.exists() and file.name != "scopes.py" for name in _NAME.findall(file.read_text())
    }
    return {name for name in names if name.partition(".")[0] in _FAMILIES}


def test_every_method_that_is_called_is_in_the_table_and_no_other() -> None:
    assert called() == set(scopes.BOT) | set(scopes.APP)


@pytest.mark.parametrize("method", sorted(scopes.BOT))
async def test_with_the_scopes_of_the_table_no_method_lacks_one(
    method: str, slack: SlackClient, sandbox: Sandbox
) -> None:
    sandbox.workspace.app.scopes = set(scopes.needed())
    try:
        await slack.call(method, channel=CHANNEL, ts="1.0")
    except SlackRefusedError as refused:
        assert refused.code not in {"missing_scope", "unknown_method"}  # noqa: PT017 - that it is refused is no matter


@pytest.mark.parametrize(
    ("method", "scope"),
    [("users.info", "users:read"), ("usergroups.list", "usergroups:read"), ("chat.postMessage", "chat:write")],
)
async def test_without_one_of_them_the_method_that_needs_it_is_refused(
    method: str, scope: str, slack: SlackClient, sandbox: Sandbox
) -> None:
    sandbox.workspace.app.scopes = set(scopes.needed()) - {scope}
    with pytest.raises(SlackRefusedError, match="missing_scope"):
        await slack.call(method, channel=CHANNEL, user="U0OMAR", text="hello")
    assert method in scopes.missing(frozenset(sandbox.workspace.app.scopes))[scope]


def test_what_is_missing_is_named_with_what_does_not_work_without_it() -> None:
    assert scopes.missing(scopes.needed()) == {}
    told = scopes.missing(scopes.needed() - {"usergroups:read", "commands"})
    assert told["commands"] == ["slash commands"]
    assert "usergroups.users.list" in told["usergroups:read"]
