"""views.*: forms in front of one person, and the Home of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.sandbox.messages import View
from integrations.sandbox.screens import ViewRefusedError, make_view, open_modal, push_modal, replace_modal
from integrations.sandbox.triggers import Trigger, TriggerRefusedError
from integrations.sandbox.web_api.call import Call, Method, RefusedError, Result


def open_view(call: Call) -> Result:
    """Open a form for the person who did what the trigger stands for."""
    trigger, given = _trigger(call), _view(call, "modal")
    try:
        shown = push_modal if trigger.view_id else open_modal
        view = shown(call.workspace, trigger.user, given)
    except ViewRefusedError as refused:
        raise _refused(refused) from refused
    trigger.used = True
    return {"view": view}


def push(call: Call) -> Result:
    """Put a form on top of the one in which the trigger was made."""
    trigger, given = _trigger(call), _view(call, "modal")
    if not trigger.view_id or not call.workspace.modals.get(trigger.user):
        raise RefusedError("invalid_arguments", "[ERROR] there is no open view to push onto")
    try:
        view = push_modal(call.workspace, trigger.user, given)
    except ViewRefusedError as refused:
        raise _refused(refused) from refused
    trigger.used = True
    return {"view": view}


def update(call: Call) -> Result:
    """Show something else in the place of an open form."""
    old = _open_view(call)
    user = call.workspace.viewer(old["id"])
    given = _view(call, old["type"])
    _check_hash(call, old)
    if user is None:
        raise RefusedError("not_found")
    try:
        if old["type"] == "home":
            view = make_view(call.workspace, given, replacing=old)
            call.workspace.show_home(user, view)
        else:
            view = replace_modal(call.workspace, user, old, given)
    except ViewRefusedError as refused:
        raise _refused(refused) from refused
    return {"view": view}


def publish(call: Call) -> Result:
    """Publish the Home of one person."""
    user = call.needs("user_id")
    member = call.workspace.people.get(user)
    if member is None or member.is_bot:
        raise RefusedError("invalid_arguments", "[ERROR] user_not_found [json-pointer:/user_id]")
    if member.deleted:
        raise RefusedError("invalid_arguments", "[ERROR] user is deactivated [json-pointer:/user_id]")
    if not call.workspace.app.home_tab:
        raise RefusedError("not_enabled")
    given, old = _view(call, "home"), call.workspace.homes.get(user)
    if old is not None:
        _check_hash(call, old)
    try:
        view = make_view(call.workspace, given, replacing=old)
    except ViewRefusedError as refused:
        raise _refused(refused) from refused
    call.workspace.show_home(user, view)
    return {"view": view}


def _trigger(call: Call) -> Trigger:
    try:
        return call.workspace.triggers.look_up(call.needs("trigger_id"))
    except TriggerRefusedError as refused:
        raise RefusedError(str(refused)) from refused


def _view(call: Call, kind: str) -> Mapping[str, Any]:
    given = call.json("view")
    if not isinstance(given, Mapping):
        raise RefusedError("invalid_arguments", "[ERROR] missing required field: view")
    if given.get("type") != kind:
        raise RefusedError("invalid_arguments", f"[ERROR] must be a {kind} [json-pointer:/view/type]")
    return given


def _open_view(call: Call) -> View:
    view_id, external_id = call.text("view_id"), call.text("external_id")
    if not view_id and not external_id:
        raise RefusedError("invalid_arguments", "[ERROR] either view_id or external_id is required")
    for view in call.workspace.open_views():
        if view["id"] == view_id or (external_id and view["external_id"] == external_id):
            return view
    raise RefusedError("not_found")


def _check_hash(call: Call, view: View) -> None:
    given = call.text("hash")
    if given and given != view["hash"]:
        raise RefusedError("hash_conflict")


def _refused(refused: ViewRefusedError) -> RefusedError:
    return RefusedError(str(refused), *refused.messages)


METHODS = {
    "views.open": Method(open_view, tier=4),
    "views.push": Method(push, tier=4),
    "views.update": Method(update, tier=4),
    "views.publish": Method(publish, tier=4),
}
