"""Files: handing a file to one person, in the private conversation with the app."""

from __future__ import annotations

import aiohttp

from bot.rules.people import PersonId
from integrations.proxies import proxy_for
from integrations.slack.client import SlackClient
from integrations.slack.errors import SlackAwayError, translated


async def hand_over(client: SlackClient, person: PersonId, name: str, text: str) -> None:
    """Upload the text as a file and share it with that person. MessengerError if Slack doesn't take it."""
    content = text.encode()
    conversation = await client.call("conversations.open", users=person)
    ticket = await client.call("files.getUploadURLExternal", filename=name, length=len(content))
    await _upload(client, str(ticket["upload_url"]), name, content)
    await client.call(
        "files.completeUploadExternal",
        files=[{"id": ticket["file_id"], "title": name}],
        channel_id=conversation["channel"]["id"],
    )


async def _upload(client: SlackClient, url: str, name: str, content: bytes) -> None:
    form = aiohttp.FormData()
    form.add_field("file", content, filename=name, content_type="application/json")
    try:
        async with client.session.post(url, data=form, proxy=proxy_for(url)) as response:
            status = response.status
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise translated("upload", error) from error
    if status >= 300:
        raise SlackAwayError("upload", f"the upload was answered with {status}", uncertain=True)
