"""Sockets: Socket Mode. Single-use tickets, several connections, envelopes and their acknowledgements."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from integrations.sandbox.link import Answer, Kind

if TYPE_CHECKING:
    from integrations.sandbox.workspace import Workspace

MOST_CONNECTIONS = 10
_TAKES_ANSWER: Mapping[Kind, bool] = {"slash_commands": True, "interactive": True, "events_api": False}


@dataclass(frozen=True, slots=True, eq=False)
class _Connection:
    socket: web.WebSocketResponse
    transport: asyncio.BaseTransport | None


class Sockets:
    """All connections of the app. Each envelope goes to one of them; its acknowledgement may come from any."""

    def __init__(self, workspace: Workspace, *, ack_within: float) -> None:
        self._workspace = workspace
        self._ack_within = ack_within
        self._tickets: set[str] = set()
        self._connections: list[_Connection] = []
        self._pending: dict[str, asyncio.Future[Mapping[str, Any] | None]] = {}
        self._turn = 0
        self._changed = asyncio.Condition()

    def __len__(self) -> int:
        return len(self._connections)

    def issue_ticket(self) -> str:
        """A ticket for one connection."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return ticket

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One connection, from its ticket to its end."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=404, text="The ticket is unknown or was used.")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(heartbeat=30)
        await socket.prepare(request)
        if len(self._connections) >= MOST_CONNECTIONS:
            await socket.send_json(self._goodbye("too_many_websockets"))
            await socket.close()
            return socket
        connection = _Connection(socket, request.transport)
        self._connections.append(connection)
        try:
            await socket.send_json(self._hello())
            async with self._changed:
                self._changed.notify_all()
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._acknowledge(message.data)
        finally:
            self._forget(connection)
        return socket

    async def deliver(self, kind: Kind, payload: Mapping[str, Any], *, attempt: int = 0, reason: str = "") -> Answer:
        """Send one envelope and wait for its acknowledgement."""
        envelope_id = secrets.token_hex(16)
        envelope: dict[str, Any] = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": _TAKES_ANSWER[kind],
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": reason}
        waiting: asyncio.Future[Mapping[str, Any] | None] = asyncio.get_running_loop().create_future()
        self._pending[envelope_id] = waiting
        try:
            if not await self._send(envelope):
                return Answer(error="dispatch_failed")
            answer = await asyncio.wait_for(waiting, self._ack_within)
        except TimeoutError:
            return Answer(error="operation_timeout")
        finally:
            self._pending.pop(envelope_id, None)
        return Answer(body=answer if _TAKES_ANSWER[kind] else None)

    async def until_connected(self, connections: int) -> None:
        """Wait until there are that many connections."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self) >= connections)

    async def ask_to_reconnect(self, reason: str = "refresh_requested") -> None:
        """Tell every connection to come back with a new ticket, as Slack does every few hours."""
        for connection in list(self._connections):
            self._forget(connection)
            with contextlib.suppress(ConnectionError):
                await connection.socket.send_json(self._goodbye(reason))

    def drop_all(self) -> None:
        """Cut every connection without a closing word."""
        for connection in list(self._connections):
            self._forget(connection)
            if isinstance(connection.transport, asyncio.WriteTransport):
                connection.transport.abort()

    async def close(self) -> None:
        """Close every connection properly."""
        for connection in list(self._connections):
            self._forget(connection)
            await connection.socket.close()

    def _forget(self, connection: _Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)

    async def _send(self, envelope: Mapping[str, Any]) -> bool:
        for _ in range(len(self._connections)):
            self._turn += 1
            connection = self._connections[self._turn % len(self._connections)]
            try:
                await connection.socket.send_json(envelope)
            except ConnectionError:
                self._forget(connection)
            else:
                return True
        return False

    def _acknowledge(self, text: str) -> None:
        try:
            said = json.loads(text)
        except json.JSONDecodeError:
            return
        waiting = self._pending.get(said.get("envelope_id", "")) if isinstance(said, dict) else None
        if waiting is not None and not waiting.done():
            payload = said.get("payload")
            waiting.set_result(payload if isinstance(payload, dict) and payload else None)

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self._connections),
            "debug_info": {"host": "sandbox", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._workspace.app.app_id},
        }

    @staticmethod
    def _goodbye(reason: str) -> dict[str, Any]:
        return {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
