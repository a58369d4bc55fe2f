"""files.*: announcing a file, finishing its upload, looking it up."""

from __future__ import annotations

import mimetypes
import secrets
from dataclasses import replace
from typing import Any

from integrations.sandbox import events
from integrations.sandbox.messages import File, Message
from integrations.sandbox.web_api.call import Call, Method, RefusedError, Result

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def get_upload_url(call: Call) -> Result:
    """Announce a file; its content is then sent to the returned address."""
    name, length = call.needs("filename"), call.number("length", 0, most=1_000_000_000)
    if not length:
        raise RefusedError("invalid_arguments", "[ERROR] missing required field: length")
    upload = call.workspace.files.announce(
        File(
            id="F0" + "".join(secrets.choice(_ALPHABET) for _ in range(9)),
            name=name,
            title=name,
            mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream",
            size=length,
            created=int(call.workspace.now().timestamp()),
            user=call.workspace.app.user_id,
            alt_text=call.text("alt_txt"),
        )
    )
    return {"upload_url": f"{call.stage.url}/upload/v1/{upload.ticket}", "file_id": upload.file.id}


def complete_upload(call: Call) -> Result:
    """Finish the upload, and share the files where asked for."""
    given = call.json("files")
    if not isinstance(given, list) or not given:
        raise RefusedError("invalid_arguments", "[ERROR] missing required field: files")
    finished: list[File] = []
    for each in given:
        file = call.workspace.files.received(str(each.get("id"))) if isinstance(each, dict) else None
        if file is None:
            raise RefusedError("file_not_found")
        finished.append(replace(file, title=str(each.get("title") or file.name)))
    places = _places(call)
    finished = [replace(file, channels=tuple(places)) for file in finished]
    for file in finished:
        call.workspace.files.finish(file)
    for place in places:
        _share(call, place, finished)
    return {"files": [{"id": file.id, "title": file.title} for file in finished]}


def info(call: Call) -> Result:
    """A file. Until Slack has looked at it, it has neither type nor size."""
    file = call.workspace.files.get(call.needs("file"))
    if file is None:
        raise RefusedError("file_not_found")
    return {"file": file_json(file, call.stage.url)}


def file_json(file: File, url: str) -> dict[str, Any]:
    """A file, as files.info shows it."""
    extension = file.name.rsplit(".", 1)[-1] if "." in file.name else ""
    shown: dict[str, Any] = {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title,
        "mimetype": file.mimetype if file.ready else "",
        "filetype": extension if file.ready else "",
        "user": file.user,
        "size": file.size if file.ready else 0,
        "mode": "hosted",
        "channels": list(file.channels),
        "url_private": f"{url}/files/{file.id}/{file.name}",
        "permalink": f"{url}/files/{file.id}",
    }
    return shown | ({"alt_txt": file.alt_text} if file.alt_text else {})


def _places(call: Call) -> list[str]:
    given = [*call.text("channels").split(","), call.text("channel_id")]
    places = [place.strip() for place in given if place.strip()]
    for place in places:
        channel = call.workspace.channels.get(place)
        if channel is None:
            raise RefusedError("channel_not_found")
        if call.workspace.app.user_id not in channel.members:
            raise RefusedError("not_in_channel")
        if channel.is_archived:
            raise RefusedError("is_archived")
    return places


def _share(call: Call, place: str, files: list[File]) -> None:
    message = Message(
        channel=place,
        ts=call.workspace.next_ts(),
        user=call.workspace.app.user_id,
        bot_id=call.workspace.app.bot_id,
        text=call.text("initial_comment"),
        thread_ts=call.text("thread_ts") or None,
        files=tuple(replace(file, ready=True) for file in files),
    )
    call.workspace.put(message)
    events.message_posted(call.workspace, message)


METHODS = {
    "files.getUploadURLExternal": Method(get_upload_url, tier=4, scopes=("files:write",)),
    "files.completeUploadExternal": Method(complete_upload, tier=4, scopes=("files:write",)),
    "files.info": Method(info, tier=4, scopes=("files:read",)),
}
