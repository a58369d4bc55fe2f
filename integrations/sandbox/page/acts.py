"""Acts: what a person does on the page, handed to that person's desk. JSON in, JSON out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from integrations.sandbox.elements import PRESSED, STATE_KEYS, NotOnScreenError

from .faces import reader_of
from .live import same_origin
from .render import from_stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from integrations.sandbox.desk import Desk
    from integrations.sandbox.messages import Message, View
    from integrations.sandbox.workspace import Workspace

_CHANGED = "That has just changed. Please look again."


class Acts:
    """One method for each thing that can be done; each answers once the app has."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    async def handle(self, request: web.Request) -> web.Response:
        """Do one thing as one person. Only the page itself may ask: another site's form can't send this JSON."""
        if not same_origin(request) or request.content_type != "application/json":
            raise web.HTTPForbidden(text="Only this page may do that.")
        does = {
            "type": self._type,
            "press": self._press,
            "submit": self._submit,
            "close": self._close,
            "dismiss": self._dismiss,
        }.get(request.match_info["act"])
        if does is None:
            raise web.HTTPNotFound(text="There is no such act.")
        try:
            said: dict[str, Any] = dict(await request.json())
            desk = self._workspace.desk(request.match_info["person"])
            return web.json_response(await does(desk, said) or {})
        except (KeyError, TypeError, ValueError) as problem:
            raise web.HTTPBadRequest(text=f"The page sent something unreadable: {problem}") from problem
        except LookupError as problem:
            return web.json_response({"problem": str(problem)})
        except NotOnScreenError as problem:
            # The whole sentence lists what is on the screen: good for a test, too much for a person.
            return web.json_response({"problem": _CHANGED, "detail": str(problem)})

    async def _type(self, desk: Desk, said: dict[str, Any]) -> None:
        await desk.types(str(said["channel"]), str(said["text"]), thread=str(said.get("thread") or "") or None)

    async def _press(self, desk: Desk, said: dict[str, Any]) -> None:
        surface = self._surface(desk, said)
        action, block, kind, value = str(said["action"]), str(said["block"]), str(said["type"]), said["value"]
        others = self._values(desk, said, leave_out=(block, action))
        if kind in PRESSED or kind == "feedback_buttons":
            await desk.presses(surface, action_id=action, block_id=block, value=str(value) or None, values=others)
        else:
            chosen = self._chosen(desk, kind, value)
            await desk.chooses(surface, action_id=action, block_id=block, selected=chosen, values=others)

    async def _submit(self, desk: Desk, said: dict[str, Any]) -> dict[str, Any]:
        return {"errors": await desk.submits(self._view(desk, said), self._values(desk, said))}

    async def _close(self, desk: Desk, said: dict[str, Any]) -> None:
        await desk.closes(self._view(desk, said), all_of_them=bool(said.get("all")))

    async def _dismiss(self, desk: Desk, said: dict[str, Any]) -> None:
        desk.dismisses(self._message(desk, said))

    def _surface(self, desk: Desk, said: Mapping[str, Any]) -> Message | View:
        return self._view(desk, said) if said["kind"] == "view" else self._message(desk, said)

    def _view(self, desk: Desk, said: Mapping[str, Any]) -> View:
        view = self._workspace.view(str(said["view"]))
        if view is None or self._workspace.viewer(view["id"]) != desk.id:
            raise NotOnScreenError("That form is not open any more.")
        return view

    def _message(self, desk: Desk, said: Mapping[str, Any]) -> Message:
        message = self._workspace.message(str(said["channel"]), str(said["ts"]))
        if message is None or message.ephemeral_to not in (None, desk.id):
            raise NotOnScreenError("That message is not there any more.")
        return message

    def _values(self, desk: Desk, said: Mapping[str, Any], leave_out: tuple[str, str] = ("", "")) -> dict[str, Any]:
        return {
            f"{one['block']}/{one['action']}": self._chosen(desk, str(one["type"]), one["value"])
            for one in said.get("state", ())
            if one["type"] in STATE_KEYS and one["type"] != "file_input" and (one["block"], one["action"]) != leave_out
        }

    def _chosen(self, desk: Desk, kind: str, value: Any) -> Any:
        if kind == "datetimepicker":
            return from_stamp(str(value), reader_of(self._workspace, desk.member))
        if kind == "rich_text_input" and value:
            section = {"type": "rich_text_section", "elements": [{"type": "text", "text": str(value)}]}
            return {"type": "rich_text", "elements": [section]}
        return [str(each) for each in value] if isinstance(value, list) else str(value)
