"""A twin of api.github.com: it remembers, it has real repositories behind it, and it fails where a test wants it to.

Every request that comes and every answer that goes is held against GitHub's published description. What doesn't keep to
it fails the test, whatever the test itself looks at.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
from aiohttp import web

from tests.github import actions, apps, checks, code, deployments, protection, references, releases
from tests.github.answering import OPERATIONS, Answer, Call, RefusalError
from tests.github.description import Asked, published
from tests.github.state import HOUR, App, Grant, Installation, Numbers, Repo, repo_at
from tests.github.trim import API_VERSION

PARTS = (actions, apps, checks, code, deployments, protection, references, releases)
"""What each of them answers has been entered into the table."""

CANARY = "CanaryThatMayNeverShow"
AS_THE_APP = frozenset(
    {
        "apps/get-authenticated",
        "apps/get-installation",
        "apps/get-repo-installation",
        "apps/create-installation-access-token",
    }
)


@dataclass(frozen=True)
class Heard:
    """A request that came, and how it was answered."""

    operation: str
    values: Mapping[str, str]
    body: Any
    token: str
    status: int


@dataclass
class Fault:
    """What goes wrong. `status` 0: the connection breaks; -1: there never is an answer."""

    operation: str
    status: int
    after: bool = False
    """It is done all the same, and only the answer is lost."""
    times: int = 1
    headers: Mapping[str, str] = field(default_factory=dict)
    message: str = "Something went wrong"
    page: str = ""
    """An answer that isn't GitHub's at all, such as that of a proxy."""


class GitHubTwin:
    """GitHub, on this machine."""

    def __init__(self, now: Callable[[], datetime] | None = None, prefix: str = "") -> None:
        self.now = now or (lambda: datetime.now(UTC))
        self.prefix = prefix
        self.address = ""
        self.canary = CANARY
        self.numbers = Numbers()
        self.repositories: dict[str, Repo] = {}
        self.tokens: dict[str, Grant] = {}
        self.installations: dict[int, Installation] = {}
        self.app: App | None = None
        self.logins: dict[str, str] = {}
        """Which e-mail address is whose at GitHub."""
        self.heard: list[Heard] = []
        self.complaints: list[str] = []
        self._faults: list[Fault] = []
        self._closing = asyncio.Event()

    # ------------------------------------------------------------ what a test sets up

    def repository(self, name: str, folder: Path, **how: Any) -> Repo:
        """Add a repository: the code in that folder."""
        made = self.repositories[name.lower()] = repo_at(self.numbers(), name, folder, **how)
        return made

    def token(self, token: str = "", **how: Any) -> Grant:
        """Add a token, a classic one unless it is told otherwise."""
        made = Grant(token or f"ghp_{self.canary}{self.numbers()}", **how)
        self.tokens[made.token] = made
        return made

    def installed(self, *repositories: str, **how: Any) -> Installation:
        """Install the App for these repositories."""
        made = Installation(self.numbers(), repositories[0].split("/")[0], frozenset(repositories), **how)
        self.installations[made.id] = made
        return made

    def fails(self, operation: str, status: int = 502, **how: Any) -> Fault:
        """From now on that operation (`*`: any) goes wrong so many times."""
        made = Fault(operation, status, **how)
        self._faults.append(made)
        return made

    def recovers(self) -> None:
        """Nothing goes wrong any more."""
        self._faults.clear()

    # ------------------------------------------------------------ what a test looks at

    def times(self, operation: str, status: int | None = None) -> int:
        """How often that was asked."""
        return sum(each.operation == operation and status in {None, each.status} for each in self.heard)

    # ------------------------------------------------------------ serving

    @asynccontextmanager
    async def running(self) -> AsyncIterator[GitHubTwin]:
        """At work; at the end everything that didn't keep to the description is an error."""
        app = web.Application(client_max_size=8 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._serve)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.address = f"http://127.0.0.1:{runner.addresses[0][1]}{self.prefix}"
        try:
            yield self
        finally:
            self._closing.set()
            await runner.cleanup()
        assert not self.complaints, "GitHub's description doesn't allow: " + "; ".join(self.complaints)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        path = request.rel_url.raw_path
        query = dict(request.query)
        if not path.startswith(f"{self.prefix}/"):
            return self._wrong(f"{request.method} {path} is not below {self.prefix}")
        path = path.removeprefix(self.prefix)
        asked = published().asked(request.method, path, query)
        if asked is None:
            return self._wrong(f"there is no {request.method} {path}")
        text = await request.text()
        body = json.loads(text) if text else None
        complaints = [*published().wrong_in_request(asked, query, body), *_wrong_headers(request)]
        if complaints:
            return self._wrong(*complaints)
        token = request.headers.get("Authorization", "").partition(" ")[2]
        fault = self._fault(asked.operation.id)
        if fault is not None and not fault.after:
            return await self._gone_wrong(fault, asked, body, token, request)
        grant, answer = self._answered(asked, path, body, token)
        answer = self._unchanged(request, grant, answer)
        if grant is not None and answer.status != 304:
            grant.remaining -= grant.remaining > 0
        answer = Answer(answer.status, answer.body, {**answer.headers, **self._about(grant)})
        wrong = list(published().wrong_in_answer(asked.operation, answer.status, answer.body))
        if wrong:
            return self._wrong(*(f"the twin's answer: {each}" for each in wrong))
        if fault is not None:
            return await self._gone_wrong(fault, asked, body, token, request)
        self.heard.append(Heard(asked.operation.id, asked.values, body, token, answer.status))
        return _sent(answer)

    def _answered(self, asked: Asked, path: str, body: Any, token: str) -> tuple[Grant | None, Answer]:
        try:
            grant = self._known(token, asked.operation.id)
        except RefusalError as refusal:
            return None, refusal.answer
        try:
            handler, needs = OPERATIONS[asked.operation.id]
            self._may(grant, needs)
            return grant, handler(Call(self, asked, path, body, grant))
        except RefusalError as refusal:
            return grant, refusal.answer

    def _known(self, token: str, operation: str) -> Grant:
        """Whose token that is. The App itself is known by what it has signed."""
        if operation in AS_THE_APP:
            return self._the_app(token)
        grant = self.tokens.get(token)
        if grant is None or (grant.expires is not None and grant.expires <= self.now()):
            raise RefusalError(401, "Bad credentials")
        return grant

    def _the_app(self, token: str) -> Grant:
        app = self.app
        if app is None:
            raise RefusalError(401, "A JSON web token could not be decoded")
        try:
            claims = jwt.decode(token, app.public_key, algorithms=["RS256"], leeway=60)
        except jwt.PyJWTError:
            raise RefusalError(401, "A JSON web token could not be decoded") from None
        if claims["iss"] not in {str(app.id), app.client_id}:
            raise RefusalError(401, "'Issuer' claim ('iss') must be an Integer")
        if claims["exp"] - claims["iat"] > 660:
            raise RefusalError(401, "'Expiration time' claim ('exp') is too far in the future")
        return self.tokens.setdefault("the App itself", Grant("the App itself", kind="app"))

    def _may(self, grant: Grant, needs: str) -> None:
        now = self.now()
        if grant.again is None or grant.again <= now:
            grant.again, grant.remaining = now + HOUR, grant.remaining if grant.again is None else grant.limit
        if grant.remaining <= 0:
            raise RefusalError(403, f"API rate limit exceeded for user ID {grant.login}.")
        if not grant.allows(needs):
            kind = "integration" if grant.kind == "installation" else "personal access token"
            headers = {"X-Accepted-GitHub-Permissions": needs}
            raise RefusalError(403, f"Resource not accessible by {kind}", headers=headers)

    def _about(self, grant: Grant | None) -> dict[str, str]:
        """What GitHub tells beside each answer."""
        if grant is None:
            return {}
        again = grant.again or self.now() + HOUR
        told = {
            "X-RateLimit-Limit": str(grant.limit),
            "X-RateLimit-Remaining": str(grant.remaining),
            "X-RateLimit-Used": str(grant.limit - grant.remaining),
            "X-RateLimit-Reset": str(int(again.timestamp())),
            "X-RateLimit-Resource": "core",
        }
        if grant.kind == "classic":
            told["X-OAuth-Scopes"] = grant.scopes
        if grant.told_expiry:
            told["GitHub-Authentication-Token-Expiration"] = grant.told_expiry
        return told

    def _unchanged(self, request: web.Request, grant: Grant | None, answer: Answer) -> Answer:
        """Nothing new, if that is so. An Etag is another one for another token, as GitHub's are."""
        if request.method != "GET" or answer.status != 200 or grant is None:
            return answer
        text = json.dumps([grant.token, answer.body], sort_keys=True)
        etag = f'W/"{hashlib.sha256(text.encode()).hexdigest()}"'
        if request.headers.get("If-None-Match") == etag:
            return Answer(304, None, {"ETag": etag})
        return Answer(answer.status, answer.body, {**answer.headers, "ETag": etag})

    def _fault(self, operation: str) -> Fault | None:
        for each in self._faults:
            if each.times > 0 and each.operation in {operation, "*"}:
                each.times -= 1
                return each
        return None

    async def _gone_wrong(
        self, fault: Fault, asked: Asked, body: Any, token: str, request: web.Request
    ) -> web.StreamResponse:
        self.heard.append(Heard(asked.operation.id, asked.values, body, token, fault.status))
        if fault.page:
            return web.Response(status=fault.status, text=fault.page, content_type="text/html")
        if fault.status == -1:
            await self._closing.wait()
        if fault.status <= 0:
            assert request.transport is not None
            request.transport.abort()
            return web.Response(status=500)
        return _sent(Answer(fault.status, {"message": fault.message}, fault.headers))

    def _wrong(self, *complaints: str) -> web.Response:
        self.complaints.extend(complaints)
        return web.json_response({"message": "; ".join(complaints)}, status=500)


def _wrong_headers(request: web.Request) -> list[str]:
    wrong = []
    if request.headers.get("X-GitHub-Api-Version") != API_VERSION:
        wrong.append(f"X-GitHub-Api-Version isn't {API_VERSION}")
    if not request.headers.get("User-Agent", "").startswith("Slipway"):
        wrong.append("User-Agent doesn't tell who asks")
    if "application/vnd.github" not in request.headers.get("Accept", ""):
        wrong.append("Accept doesn't ask for GitHub's form")
    return wrong


def _sent(answer: Answer) -> web.Response:
    if answer.body is None:
        return web.Response(status=answer.status, headers=answer.headers)
    return web.json_response(answer.body, status=answer.status, headers=answer.headers)
