"""A file is handed to one person, in the private conversation, and to nobody else."""

from __future__ import annotations

import pytest

from bot.messages import MessengerError
from bot.rules.people import PersonId
from integrations.sandbox.server import Sandbox
from integrations.sandbox.workspace import Workspace
from integrations.slack.client import connected_to_slack
from integrations.slack.files import hand_over


async def test_the_file_is_in_the_private_conversation_as_it_was_written():
    workspace = Workspace()
    ruth = workspace.add_person("ruth")
    text = '{"release": "R-12", "title": "Rückerstattung"}\n'
    async with (
        Sandbox(workspace, rate_limits="off") as sandbox,
        connected_to_slack(sandbox.bot_token, api_url=sandbox.api_url) as client,
    ):
        await hand_over(client, PersonId(ruth.id), "R-12-evidence.json", text)
    (message,) = workspace.desk("ruth").sees(workspace.direct(ruth.id).id)
    (file,) = message.files
    assert file.name == "R-12-evidence.json"
    assert file.content.decode() == text


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
async def test_what_slack_refuses_is_said(method):
    workspace = Workspace()
    ruth = workspace.add_person("ruth")
    async with (
        Sandbox(workspace, rate_limits="off") as sandbox,
        connected_to_slack(sandbox.bot_token, api_url=sandbox.api_url) as client,
    ):
        sandbox.faults.next(method, error="missing_scope")
        with pytest.raises(MessengerError, match="missing_scope"):
            await hand_over(client, PersonId(ruth.id), "evidence.json", "{}")
