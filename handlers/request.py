"""Request: what somebody typed, pressed or sent in, read from Slack's payload into plain types.

Reading never fails: what is missing or has an odd type is empty, and the handler's own parsing says so in a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from bot.rules.people import PersonId, Surface

Payload = Mapping[str, Any]
_NOTHING: Payload = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Request:
    """One request, before anybody knows who is speaking."""

    surface: Surface
    person: PersonId
    team: str
    """The workspace that the person belongs to, by the payload; empty if it doesn't say."""
    intent: str
    """The same for a repeated delivery, different for every new press, command or form."""
    name: str
    """The command (`/release`), the button's `action_id` up to a colon, the form's `callback_id`, the event's type."""
    text: str = ""
    """What was typed after the command, as Slack sends it: `& < >` are escaped, mentions are `<@U1|name>`."""
    value: str = ""
    """What the button or the chosen option carries."""
    chosen: tuple[str, ...] = ()
    """All chosen options' values, of checkboxes and menus."""
    metadata: str = ""
    """A form's `private_metadata`."""
    channel: str = ""
    message: str = ""
    """The pressed message's `ts`."""
    thread: str = ""
    """The `ts` of the thread that it was in, empty if it was in none."""
    ephemeral: bool = False
    """Whether only this person sees the pressed message."""
    trigger: str = ""
    response_url: str = ""
    view: str = ""
    """The id of the form or App Home that it came from."""
    view_type: str = ""
    """`modal`, `home`, or empty for a message and a command."""
    view_hash: str = ""
    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What is filled in, by `block_id`."""
    leads_elsewhere: bool = False
    """Whether the button is a link: the payload's action doesn't say it, the blocks that it stands in do."""
    body: Payload = field(default_factory=dict, repr=False)
    """Everything that Slack sent."""

    def input(self, block: str) -> str:
        """What is filled in there; empty if nothing is."""
        return (self.inputs.get(block) or ("",))[0]


def read_command(body: Payload) -> Request:
    """A slash command."""
    return Request(
        Surface.COMMAND,
        PersonId(_text(body, "user_id")),
        _text(body, "team_id"),
        _intent("command", _text(body, "trigger_id")),
        _text(body, "command"),
        text=_text(body, "text"),
        channel=_text(body, "channel_id"),
        thread=_text(body, "thread_ts"),
        trigger=_text(body, "trigger_id"),
        response_url=_text(body, "response_url"),
        body=body,
    )


def read_action(body: Payload) -> Request:
    """A press or a choice: in a message, a form, or App Home."""
    actions = body.get("actions")
    action = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], Mapping) else _NOTHING
    user, view, container, message = (_part(body, name) for name in ("user", "view", "container", "message"))
    person, trigger = _text(user, "id"), _text(body, "trigger_id")
    ts = _text(container, "message_ts") or _text(message, "ts")
    chosen = _values(action)
    view_type = _text(view, "type")
    return Request(
        {"home": Surface.HOME, "modal": Surface.FORM}.get(view_type, Surface.BUTTON),
        PersonId(person),
        _text(user, "team_id"),
        # A press has a trigger of its own; where Slack gives none, this press on this thing by this person is one.
        _intent("action", trigger or ":".join((person, ts or _text(view, "id"), _text(action, "action_ts")))),
        _text(action, "action_id").partition(":")[0],
        value=chosen[0] if chosen else "",
        chosen=chosen,
        metadata=_text(view, "private_metadata"),
        channel=_text(_part(body, "channel"), "id") or _text(container, "channel_id"),
        message=ts,
        thread=_thread(_text(message, "thread_ts") or _text(container, "thread_ts"), ts),
        ephemeral=container.get("is_ephemeral") is True,
        trigger=trigger,
        response_url=_text(body, "response_url"),
        view=_text(view, "id"),
        view_type=view_type,
        view_hash=_text(view, "hash"),
        inputs=_inputs(view or body),
        leads_elsewhere=_has_link(view.get("blocks") or message.get("blocks"), action),
        body=body,
    )


def read_form(body: Payload) -> Request:
    """A form that was sent in, or closed."""
    user, view = _part(body, "user"), _part(body, "view")
    # What was sent in twice from the same state of the same form was meant once.
    seen = ":".join((_text(view, "id"), _text(view, "hash")))
    return Request(
        Surface.FORM,
        PersonId(_text(user, "id")),
        _text(user, "team_id"),
        _intent("form", seen.strip(":")),
        _text(view, "callback_id"),
        metadata=_text(view, "private_metadata"),
        trigger=_text(body, "trigger_id"),
        view=_text(view, "id"),
        view_type="modal",
        view_hash=_text(view, "hash"),
        inputs=_inputs(view),
        body=body,
    )


def read_event(body: Payload) -> Request:
    """Something that happened in the workspace."""
    event = _part(body, "event")
    user = event.get("user")
    person = _text(user, "id") if isinstance(user, Mapping) else _text(event, "user")
    team = _text(event, "user_team") or _text(event, "team") or _text(body, "team_id")
    return Request(
        Surface.HOME,
        PersonId(person),
        team,
        _intent("event", _text(body, "event_id")),
        _text(event, "type"),
        channel=_text(event, "channel"),
        view=_text(_part(event, "view"), "id"),
        view_type=_text(_part(event, "view"), "type"),
        body=body,
    )


def _has_link(blocks: object, action: Payload) -> bool:
    """Whether the element that was pressed has an address."""
    for block in blocks if isinstance(blocks, list) else ():
        if not isinstance(block, Mapping) or block.get("block_id") != action.get("block_id"):
            continue
        elements = block.get("elements")
        for element in (*(elements if isinstance(elements, list) else ()), block.get("accessory")):
            if isinstance(element, Mapping) and element.get("action_id") == action.get("action_id"):
                return bool(element.get("url"))
    return False


def _intent(kind: str, key: str) -> str:
    return f"{kind}:{key}" if key.strip(":") else ""


def _part(of: Payload, name: str) -> Payload:
    found = of.get(name)
    return found if isinstance(found, Mapping) else _NOTHING


def _text(of: Payload, name: str) -> str:
    found = of.get(name)
    return _clean(found) if isinstance(found, str) else ""


def _clean(text: str) -> str:
    """Without zero bytes and halves of characters, which no database takes."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def _inputs(of: Payload) -> Mapping[str, tuple[str, ...]]:
    """What is filled in, by block. A block of ours holds one input."""
    blocks = _part(_part(of, "state"), "values")
    found: dict[str, tuple[str, ...]] = {}
    for block, elements in blocks.items():
        if isinstance(elements, Mapping):
            found[block] = tuple(
                value for element in elements.values() if isinstance(element, Mapping) for value in _values(element)
            )
    return found


def _values(element: Payload) -> tuple[str, ...]:
    """What an element carries or holds, whatever kind of element it is."""
    for name in ("selected_options", "selected_users", "selected_conversations", "selected_channels"):
        many = element.get(name)
        if isinstance(many, list):
            texts = (_text(each, "value") if isinstance(each, Mapping) else each for each in many)
            return tuple(_clean(text) for text in texts if isinstance(text, str))
    if isinstance(element.get("selected_option"), Mapping):
        return (_text(element["selected_option"], "value"),)
    moment = element.get("selected_date_time")
    if type(moment) is int:
        return (str(moment),)
    for name in (
        "selected_date",
        "selected_time",
        "selected_user",
        "selected_conversation",
        "selected_channel",
        "value",
    ):
        if isinstance(element.get(name), str):
            return (_text(element, name),)
    return ()


def _thread(thread: str, message: str) -> str:
    """The thread that a message was answered in. One that began a thread stands in the channel, and so do answers."""
    return thread if thread != message else ""
