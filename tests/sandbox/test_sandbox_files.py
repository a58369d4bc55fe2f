"""Uploading a picture in three steps, and using it in a message once Slack has looked at it."""

from __future__ import annotations

import io
from datetime import timedelta

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from tests.sandbox.bricks import modal, section

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100


def picture(file_id):
    return {"type": "image", "alt_text": "Lead time", "slack_file": {"id": file_id}}


async def refused(call, error):
    with pytest.raises(SlackApiError) as caught:
        await call
    assert caught.value.response["error"] == error
    return caught.value.response


async def test_a_file_is_uploaded_and_shared(client, omar):
    answer = await client.files_upload_v2(
        content=PNG, filename="trend.png", title="Trend", alt_txt="A line", channel="C0RELEASES", initial_comment="Look"
    )
    [seen] = omar.sees("releases")
    assert (seen.text, seen.files[0].name, seen.files[0].title) == ("Look", "trend.png", "Trend")
    shown = (await client.files_info(file=answer["file"]["id"]))["file"]
    assert (shown["mimetype"], shown["filetype"], shown["size"], shown["alt_txt"]) == (
        "image/png",
        "png",
        108,
        "A line",
    )
    async with aiohttp.ClientSession() as session, session.get(shown["url_private"]) as response:
        assert await response.read() == PNG


async def test_a_picture_can_be_used_only_once_slack_has_looked_at_it(client, workspace, omar):
    moment = workspace.now()
    workspace.files._now = lambda: moment
    workspace.files.processing = timedelta(seconds=2)
    file_id = (await client.files_upload_v2(content=PNG, filename="trend.png"))["file"]["id"]
    assert (await client.files_info(file=file_id))["file"]["mimetype"] == ""

    posting = {"channel": "C0RELEASES", "text": "Trend", "blocks": [picture(file_id)]}
    answer = await refused(client.chat_postMessage(**posting), "invalid_blocks")
    assert answer["response_metadata"]["messages"] == ["[ERROR] invalid slack file [json-pointer:/blocks/0/slack_file]"]
    trigger = workspace.triggers.issue(omar.id)
    await refused(client.views_open(trigger_id=trigger, view=modal(picture(file_id))), "invalid_arguments")

    moment += timedelta(seconds=2)
    assert (await client.files_info(file=file_id))["file"]["mimetype"] == "image/png"
    await client.chat_postMessage(**posting)
    with_accessory = section(accessory=picture(file_id))
    await client.views_open(trigger_id=trigger, view=modal(with_accessory))


async def test_an_upload_of_another_size_or_to_a_used_address_is_refused(client):
    announced = await client.files_getUploadURLExternal(filename="a.txt", length=5)
    async with aiohttp.ClientSession() as session:

        async def send(body):
            async with session.post(announced["upload_url"], data=body) as response:
                return response.status

        assert await send(b"too long") == 400
        assert await send(b"right") == 200
        assert await send(b"again") == 400
    await client.files_completeUploadExternal(files=[{"id": announced["file_id"], "title": "A"}])
    again = client.files_completeUploadExternal(files=[{"id": announced["file_id"], "title": "A"}])
    await refused(again, "file_not_found")


async def test_a_file_may_come_as_a_form_too_and_what_is_not_there_is_not_found(client, sandbox):
    announced = await client.files_getUploadURLExternal(filename="a.txt", length=5)
    async with aiohttp.ClientSession() as session:
        async with session.post(announced["upload_url"], data={"file": io.BytesIO(b"right")}) as response:
            assert (response.status, await response.text()) == (200, "OK - 5")
        async with session.get(f"{sandbox.url}/files/F0NOTHINGHERE") as response:
            assert response.status == 404


async def test_files_go_only_where_the_app_is(client, workspace):
    announced = await client.files_getUploadURLExternal(filename="a.txt", length=5)
    async with aiohttp.ClientSession() as session, session.post(announced["upload_url"], data=b"right"):
        pass
    files = [{"id": announced["file_id"]}]
    for channel, error in (("C0GENERAL", "not_in_channel"), ("C0NOWHERE", "channel_not_found")):
        await refused(client.files_completeUploadExternal(files=files, channel_id=channel), error)
    await refused(client.files_info(file="F0NOTHINGHERE"), "file_not_found")
    await refused(client.files_getUploadURLExternal(filename="", length=5), "invalid_arguments")
    await client.files_completeUploadExternal(files=files, channel_id="C0RELEASES")
    assert len(workspace.messages["C0RELEASES"]) == 1
