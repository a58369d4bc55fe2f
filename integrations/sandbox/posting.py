"""Posting: what the app says, checked as Slack checks it, whichever way it came."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from integrations.sandbox.blocks import InvalidBlocksError, check_message_blocks, complete
from integrations.sandbox.messages import Block, Message
from integrations.sandbox.response_urls import ResponseUrl

if TYPE_CHECKING:
    from integrations.sandbox.workspace import Workspace

LONGEST_TEXT = 40_000
LARGEST_METADATA = 8_000


class PostRefusedError(Exception):
    """Content that can't be posted; the text is Slack's name for why, `messages` says it in more words."""

    def __init__(self, error: str, *messages: str) -> None:
        super().__init__(error)
        self.messages = messages


def check_content(
    workspace: Workspace, text: str, blocks: Sequence[Block] | None, *, strict_text: bool
) -> Sequence[Block]:
    """Check text and blocks of a message; returns the blocks as they are stored."""
    if not text and not blocks:
        raise PostRefusedError("no_text")
    if strict_text and blocks and not text.strip():
        # Slack lets this pass and shows an empty notification; a screen reader then has nothing to say.
        raise PostRefusedError("no_text", "[ERROR] blocks need a top-level text for notifications and screen readers")
    if len(text) > LONGEST_TEXT:
        raise PostRefusedError("msg_too_long")
    if not blocks:
        return []
    try:
        check_message_blocks(blocks, file_ready=workspace.files.is_ready)
    except InvalidBlocksError as refused:
        raise PostRefusedError(refused.error, *refused.messages) from refused
    return complete(blocks)


def check_metadata(metadata: object) -> Mapping[str, Any] | None:
    """Check a message's metadata: a type, a flat enough payload, not too large."""
    if metadata is None:
        return None
    if not isinstance(metadata, Mapping) or not (
        isinstance(metadata.get("event_type"), str) and isinstance(metadata.get("event_payload"), Mapping)
    ):
        if metadata == {}:
            return {}
        raise PostRefusedError("invalid_metadata_format")
    if len(json.dumps(metadata)) > LARGEST_METADATA:
        raise PostRefusedError("metadata_too_large")
    return metadata


def post_answer(workspace: Workspace, given: ResponseUrl, body: Mapping[str, Any], *, strict_text: bool = True) -> str:
    """Do what an answer to a command or to a response_url says; Slack's name for what is wrong with it, or nothing."""
    if body.get("delete_original"):
        _take_away_original(workspace, given)
        return ""
    text = str(body.get("text") or "")
    try:
        blocks = check_content(workspace, text, body.get("blocks"), strict_text=strict_text)
        metadata = check_metadata(body.get("metadata"))
    except PostRefusedError as refused:
        return str(refused)
    original = workspace.message(given.channel, given.message_ts) if given.message_ts else None
    if body.get("replace_original") and original is not None:
        workspace.put(replace(original, text=text, blocks=tuple(blocks), metadata=metadata or original.metadata))
        return ""
    shown_to_all = body.get("response_type") == "in_channel"
    thread_ts = body.get("thread_ts") or given.thread_ts
    message = Message(
        channel=given.channel,
        ts=workspace.next_ts(),
        user=workspace.app.user_id,
        bot_id=workspace.app.bot_id,
        text=text,
        blocks=tuple(blocks),
        thread_ts=thread_ts,
        metadata=metadata,
        ephemeral_to=None if shown_to_all else given.user,
    )
    workspace.put(message)
    return ""


def _take_away_original(workspace: Workspace, given: ResponseUrl) -> None:
    original = workspace.message(given.channel, given.message_ts) if given.message_ts else None
    if original is not None:
        workspace.remove(original)
