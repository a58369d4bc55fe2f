"""Server: the sandbox on a port of this machine: Web API, Socket Mode, response URLs, uploads, and perhaps the page."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Literal, Self

from aiohttp import web
from aiohttp.typedefs import Handler

from integrations.sandbox.answers import Answers
from integrations.sandbox.courier import Courier
from integrations.sandbox.faults import Faults
from integrations.sandbox.http_delivery import HttpDelivery
from integrations.sandbox.limits import RateLimits, RateLimitSetting
from integrations.sandbox.sockets import Sockets
from integrations.sandbox.web_api.door import Door
from integrations.sandbox.workspace import Workspace

# Made up each time, so that nothing else on this machine can guess them.
BOT_TOKEN = f"xoxb-{secrets.token_hex(16)}"
APP_TOKEN = f"xapp-{secrets.token_hex(16)}"
SIGNING_SECRET = secrets.token_hex(16)


class Sandbox:
    """A workspace that can be talked to: `async with Sandbox(workspace) as sandbox: …`."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        bot_token: str = BOT_TOKEN,
        app_token: str = APP_TOKEN,
        signing_secret: str = SIGNING_SECRET,
        deliver: Literal["socket", "http"] = "socket",
        request_url: str = "",
        rate_limits: RateLimitSetting = "real",
        ack_within: float = 3.0,
        event_retries: Sequence[float] = (0.0, 0.5, 1.0),
        strict_text: bool = True,
        page: Iterable[web.AbstractRouteDef] = (),
    ) -> None:
        if deliver == "http" and not request_url:
            raise ValueError("Delivery over HTTP needs a request_url.")
        self.workspace = workspace
        self.bot_token, self.app_token, self.signing_secret = bot_token, app_token, signing_secret
        self.strict_text = strict_text
        self.sockets = Sockets(workspace, ack_within=ack_within)
        self.http = HttpDelivery(request_url=request_url, signing_secret=signing_secret, ack_within=ack_within)
        self.faults = Faults(drop_sockets=self.sockets.drop_all)
        self._courier = Courier(
            self.sockets if deliver == "socket" else self.http, faults=self.faults, retries=event_retries
        )
        clock = asyncio.get_running_loop().time
        self._door = Door(
            workspace,
            self,
            tokens={bot_token: "bot", app_token: "app"},
            limits=RateLimits(rate_limits, clock=clock),
            faults=self.faults,
        )
        self._answers = Answers(workspace, strict_text=strict_text)
        self._page = list(page)
        self._host, self._port = host, port
        self._runner: web.AppRunner | None = None

    # ------------------------------------------------------------------ where it is

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://{self._host}:{self._port}"

    @property
    def api_url(self) -> str:
        """What a client needs as its base_url."""
        return f"{self.url}/api/"

    def open_socket(self) -> str:
        """An address, with a new ticket, for one Socket Mode connection."""
        return f"ws://{self._host}:{self._port}/link/?ticket={self.sockets.issue_ticket()}"

    # ------------------------------------------------------------------ what can be done to it

    @property
    def away(self) -> bool:
        """Whether nothing answers at all."""
        return self._courier.away

    @away.setter
    def away(self, away: bool) -> None:
        self._courier.away = away
        if away:
            self.sockets.drop_all()

    @property
    def calls(self) -> list[tuple[str, dict[str, object]]]:
        """Every call that was let in: method and arguments, oldest first."""
        return [(method, dict(arguments)) for method, arguments in self._door.calls]

    @property
    def undelivered(self) -> list[dict[str, object]]:
        """The events that were given up."""
        return list(self._courier.undelivered)

    async def settle(self) -> None:
        """Wait until every event on its way has arrived, or was given up."""
        await self._courier.settle()

    async def connected(self, connections: int = 1, *, within: float = 5.0) -> None:
        """Wait until the app has that many Socket Mode connections."""
        async with asyncio.timeout(within):
            await self.sockets.until_connected(connections)

    # ------------------------------------------------------------------ its life

    async def __aenter__(self) -> Self:
        """Start answering."""
        if self.workspace.link is not None:
            raise RuntimeError("This workspace has a sandbox already.")
        app = web.Application(middlewares=[self._be_away], client_max_size=64 * 1024 * 1024)
        app.add_routes(
            [
                web.route("*", "/api/{method}", self._door.handle),
                web.get("/link/", self.sockets.handle),
                web.post("/response/{key:.+}", self._answers.respond),
                web.post("/upload/v1/{ticket}", self._answers.upload),
                web.get("/files/{file}", self._answers.download),
                web.get("/files/{file}/{name}", self._answers.download),
                *self._page,
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self._courier.url = self.url
        self.workspace.link = self._courier
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop answering."""
        self.workspace.link = None
        self._door.close()
        await self._courier.close()
        await self.sockets.close()
        await self.http.close()
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _be_away(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.away and request.path.startswith(("/api/", "/link/", "/response/", "/upload/")):
            if isinstance(request.transport, asyncio.WriteTransport):
                request.transport.abort()
            return web.Response(status=503)
        return await handler(request)
