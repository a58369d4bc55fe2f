"""Tampering: payloads as Slack sends them, with what is in them changed: what nobody's client would send."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from integrations.sandbox import payloads
from integrations.sandbox.elements import action_of
from integrations.sandbox.link import Answer
from integrations.sandbox.messages import Message
from tests.stories.world import Player, World


async def presses(
    player: Player,
    on: Message | dict[str, Any],
    label: str = "",
    *,
    payload: Mapping[str, Any] | None = None,
    **action: Any,
) -> Answer:
    """Press what stands there under that label, with other fields in the action (and in the payload)."""
    world, desk = player.world, player.desk
    workspace = world.workspace
    shown = [each for each in desk.shown(on) if label in {each.label, ""} and each.kind == "button"]
    element = action_of(shown[0], None, at=workspace.next_ts()) if shown else {"type": "button"}
    pressed = {"action_ts": workspace.next_ts(), "block_id": "b", **element, **action}
    trigger = workspace.triggers.issue(desk.id, view_id=None if isinstance(on, Message) else on["id"])
    if isinstance(on, Message):
        given = workspace.response_urls.issue(
            user=desk.id, channel=on.channel, message_ts=on.ts, thread_ts=on.thread_ts
        )
        made = payloads.message_action(
            workspace,
            desk.member,
            on,
            action=pressed,
            state={},
            trigger_id=trigger,
            response_url=f"{world.sandbox.url}/response/{given.key}",
        )
    else:
        made = payloads.view_action(workspace, desk.member, on, action=pressed, state={}, trigger_id=trigger)
    return await workspace.link.request("interactive", made | dict(payload or {}))


async def sends(
    player: Player,
    values: Mapping[str, Any],
    *,
    view: Mapping[str, Any] | None = None,
    payload: Mapping[str, Any] | None = None,
) -> Answer:
    """Send in the form that is open, with these values by block (a text, or a whole state), and other fields."""
    workspace, desk = player.world.workspace, player.desk
    assert desk.modal is not None, "no form is open"
    state = copy.deepcopy(desk.draft(desk.modal))
    for block, value in values.items():
        entry = state.setdefault(block, {})
        if value is None:
            state.pop(block)
        elif isinstance(value, str):
            for name, before in entry.items():
                entry[name] = _filled(before, value)
        else:
            state[block] = value
    made = payloads.view_submission(
        workspace,
        desk.member,
        desk.modal | dict(view or {}),
        state=state,
        trigger_id=workspace.triggers.issue(desk.id, view_id=desk.modal["id"]),
    )
    return await workspace.link.request("interactive", made | dict(payload or {}))


def _filled(before: Mapping[str, Any], value: str) -> dict[str, Any]:
    match before["type"]:
        case "static_select":
            return {**before, "selected_option": {"text": {"type": "plain_text", "text": value}, "value": value}}
        case "datepicker":
            return {**before, "selected_date": value}
        case _:
            return {**before, "value": value}


def red(answer: Answer) -> dict[str, str]:
    """What stands in red under the fields."""
    body = answer.body or {}
    return dict(body.get("errors", {})) if body.get("response_action") == "errors" else {}


def form_of(player: Player) -> dict[str, Any]:
    """The form that is open."""
    assert player.desk.modal is not None, "no form is open"
    return player.desk.modal


def closes_all(world: World) -> None:
    """Nobody has a form open."""
    for user in list(world.workspace.modals):
        world.workspace.show_modals(user, [])
