"""Routes: the addresses of the page. `routes(workspace, guide=[...])` is all that whoever mounts it needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from .acts import Acts
from .guide import Guide, Step
from .live import Live
from .reading import Reading
from .render import environment
from .screen import Address

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from integrations.sandbox.workspace import Workspace

_STATIC = Path(__file__).parent / "static"
_FILES = ("app.css", "app.js", "renew.js", "icon.svg")

# Nothing from elsewhere is ever loaded, and nobody else's page may put this one into a frame.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws:; base-uri 'none'; "
        "img-src 'self' data: http://127.0.0.1:* http://localhost:*; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def routes(workspace: Workspace, guide: Iterable[Step | Sequence[str]] = ()) -> list[web.RouteDef]:
    """The page for this workspace; `guide` is a path for newcomers: (text, person, what to type[, where])."""
    page = Page(workspace, Guide(guide))
    return [
        web.get("/", page.front),
        web.get("/as/{person}", page.front),
        web.get("/as/{person}/c/{channel}", page.channel),
        web.get("/as/{person}/home", page.home),
        web.get("/as/{person}/messages", page.messages),
        web.post("/as/{person}/do/{act}", Acts(workspace).handle),
        web.get("/page/changes", Live(workspace).handle),
        web.get("/page/files/{file}", page.file),
        *(web.get(f"/page/{name}", page.static) for name in _FILES),
    ]


class Page:
    """What can be looked at."""

    def __init__(self, workspace: Workspace, guide: Guide) -> None:
        self._workspace = workspace
        self._guide = guide
        self._reading = Reading(workspace, guide)

    async def front(self, request: web.Request) -> web.Response:
        """To the first person's first channel, or that person's."""
        try:
            raise web.HTTPFound(self._reading.front(request.match_info.get("person", "")))
        except LookupError as problem:
            return _gone(problem)

    async def channel(self, request: web.Request) -> web.Response:
        """A channel, with a thread beside it if the address names one."""
        return self._show(request, "channel")

    async def messages(self, request: web.Request) -> web.Response:
        """The direct conversation with the app. Walking in tells the app, as with its Home."""
        response = self._show(request, "messages")
        if response.status == web.HTTPOk.status_code and "X-Renew" not in request.headers:
            await self._workspace.desk(request.match_info["person"]).opens_direct()
        return response

    async def home(self, request: web.Request) -> web.Response:
        """The app's Home. Walking in tells the app, as a real client does; looking again does not."""
        if not self._workspace.app.home_tab:
            raise web.HTTPFound(f"/as/{request.match_info['person']}/messages")
        response = self._show(request, "home")
        if response.status == web.HTTPOk.status_code and "X-Renew" not in request.headers:
            await self._workspace.desk(request.match_info["person"]).opens_home()
        return response

    async def file(self, request: web.Request) -> web.Response:
        """A file that the app uploaded."""
        file = self._workspace.files.get(request.match_info["file"])
        if file is None:
            return _gone(LookupError("There is no such file."))
        # An uploaded page must not run as part of this one.
        guard = {"Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'"}
        return web.Response(body=file.content, content_type=file.mimetype.partition(";")[0], headers=_HEADERS | guard)

    async def static(self, request: web.Request) -> web.FileResponse:
        """The style, the script, the icon."""
        return web.FileResponse(_STATIC / Path(request.path).name, headers={"Cache-Control": "no-cache"})

    def _show(self, request: web.Request, tab: str) -> web.Response:
        query = request.query
        if "X-Renew" not in request.headers:
            self._guide.visit(query.get("step", ""))
        address = Address(
            person=request.match_info["person"],
            tab=tab,
            channel=request.match_info.get("channel", ""),
            thread=query.get("thread", ""),
            say=query.get("say", ""),
            everything="all" in query,
        )
        try:
            screen = self._reading.screen(address)
        except LookupError as problem:
            return _gone(problem)
        html = environment().get_template("page.html.j2").render(s=screen)
        return web.Response(text=html, content_type="text/html", headers=_HEADERS)


def _gone(problem: LookupError) -> web.Response:
    html = environment().get_template("gone.html.j2").render(problem=str(problem))
    return web.Response(text=html, content_type="text/html", status=404, headers=_HEADERS)
