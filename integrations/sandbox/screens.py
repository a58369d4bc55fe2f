"""Screens: the forms in front of each person, how apps stack and change them, and what clients do by themselves."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from integrations.sandbox.blocks import InvalidBlocksError, check_view, complete
from integrations.sandbox.forms import State
from integrations.sandbox.messages import View

if TYPE_CHECKING:
    from integrations.sandbox.sight import Sight
    from integrations.sandbox.workspace import Workspace

DEEPEST = 3


class ViewRefusedError(Exception):
    """A view that can't be shown; the text is Slack's name for why, `messages` says it in more words."""

    def __init__(self, error: str, *messages: str) -> None:
        super().__init__(error)
        self.messages = messages


@dataclass(frozen=True, slots=True)
class Reaction:
    """What the client made of the answer to a submitted form."""

    errors: dict[str, str] = field(default_factory=dict)
    error: str = ""


def make_view(
    workspace: Workspace, given: Mapping[str, Any], *, replacing: View | None = None, below: View | None = None
) -> View:
    """Check a view and complete it with what Slack adds: ids, hash, the form under it."""
    try:
        check_view(given, file_ready=workspace.files.is_ready)
    except InvalidBlocksError as refused:
        raise ViewRefusedError(refused.error, *refused.messages) from refused
    external_id = given.get("external_id") or ""
    if external_id and any(v["external_id"] == external_id and v is not replacing for v in workspace.open_views()):
        raise ViewRefusedError("duplicate_external_id")
    view_id = replacing["id"] if replacing else workspace.next_view_id()
    under = replacing if replacing is not None else below
    blocks = complete(given["blocks"])
    return {
        "id": view_id,
        "team_id": workspace.team_id,
        "type": given["type"],
        "blocks": blocks,
        "private_metadata": given.get("private_metadata") or "",
        "callback_id": given.get("callback_id") or "",
        "external_id": external_id,
        "state": {"values": {}},
        "hash": f"{workspace.next_ts().split('.')[0]}.{secrets.token_hex(4)}",
        "title": given.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
        "clear_on_close": bool(given.get("clear_on_close", False)),
        "notify_on_close": bool(given.get("notify_on_close", False)),
        "close": given.get("close"),
        "submit": given.get("submit"),
        "previous_view_id": replacing["previous_view_id"] if replacing else below["id"] if below else None,
        "root_view_id": under["root_view_id"] if under else view_id,
        "app_id": workspace.app.app_id,
        "app_installed_team_id": workspace.team_id,
        "bot_id": workspace.app.bot_id,
    }


def open_modal(workspace: Workspace, user: str, given: Mapping[str, Any]) -> View:
    """Put a first form in front of somebody."""
    view = make_view(workspace, given)
    workspace.show_modals(user, [view])
    return view


def push_modal(workspace: Workspace, user: str, given: Mapping[str, Any]) -> View:
    """Put a form on top of the one that is open."""
    stack = workspace.modals.get(user, [])
    if len(stack) >= DEEPEST:
        raise ViewRefusedError("push_limit_reached")
    view = make_view(workspace, given, below=stack[-1] if stack else None)
    workspace.show_modals(user, [*stack, view])
    return view


def replace_modal(workspace: Workspace, user: str, old: View, given: Mapping[str, Any]) -> View:
    """Show something else in the place of an open form."""
    view = make_view(workspace, given, replacing=old)
    stack = workspace.modals.get(user, [])
    workspace.show_modals(user, [view if other["id"] == old["id"] else other for other in stack])
    return view


def react_to_submission(workspace: Workspace, user: str, view: View, answer: Mapping[str, Any] | None) -> Reaction:
    """Do with the open forms what the app's answer says; a bare acknowledgement closes the one on top."""
    stack = workspace.modals.get(user, [])
    current = next((other for other in stack if other["id"] == view["id"]), None)
    if current is None:
        return Reaction()
    try:
        match (answer or {}).get("response_action"):
            case None:
                workspace.show_modals(user, stack[:-1])
            case "clear":
                workspace.show_modals(user, [])
            case "errors":
                return _errors(current, (answer or {}).get("errors"))
            case "update":
                replace_modal(workspace, user, current, (answer or {})["view"])
            case "push":
                push_modal(workspace, user, (answer or {})["view"])
            case _:
                return Reaction(error="invalid_response_action")
    except KeyError:
        return Reaction(error="missing_view")
    except ViewRefusedError as refused:
        return Reaction(error=str(refused))
    return Reaction()


def _errors(view: View, errors: object) -> Reaction:
    inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    if not isinstance(errors, Mapping) or not errors:
        return Reaction(error="invalid_errors")
    if unknown := sorted(set(errors) - inputs):
        # Slack shows errors under input blocks only; anything else is an unknown error to the person.
        return Reaction(error=f"unknown_block_ids: {', '.join(unknown)}")
    return Reaction(errors={str(key): str(value) for key, value in errors.items()})


def close_top(sight: Sight, top: View, *, everything: bool) -> list[tuple[View, State]]:
    """Close the form on top, and those under it where asked for. Returns the ones whose app wants to know of it."""
    stack = sight.modals
    closing = stack[::-1] if everything or top["clear_on_close"] else [top]
    told = [(view, sight.draft(view)) for view in closing if view["notify_on_close"]]
    sight.workspace.show_modals(sight.id, [view for view in stack if view not in closing])
    return told
