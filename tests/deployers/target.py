"""A machine that deploys for the `webhook` deployer, as docs/integrations/webhook.md asks it to; a test scripts it."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.twins import Script

SECRET = "what-both-sides-know-" + "3141" * 5
VARIABLES = {"PAYMENTS_DEPLOY_SECRET": SECRET}


def sign(body: bytes, *, secret: str = SECRET, stamp: int | None = None) -> dict[str, str]:
    """What a target's own words travel with; written anew, not borrowed from what it proves itself to."""
    at = str(int(time.time()) if stamp is None else stamp)
    told = hmac.new(secret.encode(), f"v1:{at}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Slipway-Timestamp": at, "X-Slipway-Signature": f"v1={told}"}


@dataclass(slots=True)
class Work:
    """One deployment there."""

    commit: str
    script: Script
    state: str = "running"
    message: str = ""


@dataclass
class Machine:
    """Everything that it knows, and how it behaves."""

    script: Script = field(default_factory=Script)
    idempotent: bool = True
    refuses: bool = False
    down: bool = False
    loses_the_next_answer: bool = False
    deploys: str | None = None
    kept: set[str] | None = None
    blind: bool = False
    secret: str = SECRET
    begun: list[str] = field(default_factory=list)
    """The keys of what has begun, each try counted."""
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    """Every request: method, path, headers, body."""
    answers: dict[str, web.Response | Any] = field(default_factory=dict)
    """What to answer at a path, instead of what it would: a function of the request."""
    _work: dict[str, Work] = field(default_factory=dict)
    _withdrawn: set[str] = field(default_factory=set)

    def lets_go(self) -> None:
        for work in self._work.values():
            if work.state == "running":
                self._end(work)

    def loses_everything(self) -> None:
        for work in self._work.values():
            if work.state == "running":
                work.state, work.message = "lost", "It vanished without leaving how it ended."

    def _end(self, work: Work) -> None:
        said = " / ".join(work.script.says[-3:])
        if work.script.code:
            work.state = "failed"
            work.message = f"It ended with exit code {work.script.code}. Its last words: {said}"
        else:
            work.state, work.message = "succeeded", work.script.says[-1] if work.script.says else ""

    def told(self, key: str) -> dict[str, Any]:
        """What it says of that deployment."""
        work = self._work[key]
        return {
            "key": key,
            "state": work.state,
            "message": work.message,
            "url": f"https://deploy.example.com/runs/{key}",
            "commit": self.deploys or work.commit,
            "ref": f"run-{key}",
            "steps": [
                {"name": "Build", "state": "done", "url": f"https://deploy.example.com/runs/{key}/build"},
                {"name": "Switch traffic", "state": "running" if work.state == "running" else "done"},
            ],
        }

    # ------------------------------------------------------------ HTTP

    @web.middleware
    async def door(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Nobody is let in who can't prove who they are."""
        body = await request.read()
        self.asked.append((request.method, request.path_qs, dict(request.headers), body))
        if self.down:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if request.path in self.answers:
            answered: web.StreamResponse = await self.answers[request.path](request)
            return answered
        stamp = request.headers.get("X-Slipway-Timestamp", "0")
        expected = sign(body, secret=self.secret, stamp=int(stamp))["X-Slipway-Signature"]
        fresh = abs(time.time() - int(stamp)) < 300
        if not fresh or not hmac.compare_digest(expected, request.headers.get("X-Slipway-Signature", "")):
            return web.json_response({"message": "Who are you?"}, status=401)
        return await handler(request)

    async def start(self, request: web.Request) -> web.StreamResponse:
        told = json.loads(await request.read())
        key = request.headers["Idempotency-Key"]
        assert (told["action"], told["key"]) == ("start", key)
        if self.refuses:
            return web.json_response({"message": "The target takes no deployments today."}, status=422)
        if key in self._withdrawn:
            return web.json_response({"message": "It was cancelled before it began."}, status=409)
        if key not in self._work or not self.idempotent:
            self.begun.append(key)
            self._work[key] = work = Work(told["commit"], self.script)
            work.message = work.script.says[-1] if work.script.says else ""
            if not work.script.waits:
                self._end(work)
        if self.loses_the_next_answer:
            self.loses_the_next_answer = False
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(self.told(key), status=202)

    async def status(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["key"]
        if key in self._withdrawn and key not in self._work:
            return web.json_response({"state": "cancelled", "message": "It was cancelled before it began."})
        if key not in self._work:
            return web.json_response({"message": "There is no such deployment."}, status=404)
        return web.json_response(self.told(key))

    async def cancel(self, request: web.Request) -> web.StreamResponse:
        told = json.loads(await request.read())
        assert told["action"] == "cancel"
        work = self._work.get(told["key"])
        if work is None:
            self._withdrawn.add(told["key"])
        elif work.state == "running":
            work.state, work.message = "cancelled", "It was stopped, as asked."
        else:
            return web.json_response({"message": "It has ended."}, status=409)
        return web.Response(status=204)

    async def artifact(self, request: web.Request) -> web.StreamResponse:
        if self.blind:
            return web.Response(status=503)
        if self.kept is not None and request.match_info["commit"] not in self.kept:
            return web.json_response({"message": "It was tidied away."}, status=404)
        return web.Response(status=204)


@asynccontextmanager
async def at_work(machine: Machine) -> AsyncIterator[str]:
    """It listens on this machine: its address."""
    app = web.Application(middlewares=[machine.door])
    app.add_routes(
        [
            web.post("/deployments", machine.start),
            web.get("/deployments/{key}", machine.status),
            web.post("/cancel", machine.cancel),
            web.get("/artifacts/{commit}", machine.artifact),
        ]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address: Any = runner.addresses[0]
    try:
        yield f"http://127.0.0.1:{address[1]}"
    finally:
        await runner.cleanup()


def settings_for(url: str, **changed: Any) -> dict[str, Any]:
    """What the catalogue says of it; a setting that is None is left out."""
    settings: dict[str, Any] = {
        "start": f"{url}/deployments",
        "status": f"{url}/deployments/{{key}}",
        "cancel": f"{url}/cancel",
        "artifact": f"{url}/artifacts/{{commit}}",
        "secret": "PAYMENTS_DEPLOY_SECRET",
        "callbacks": True,
        "idempotent": True,
    }
    return {name: value for name, value in {**settings, **changed}.items() if value is not None}
