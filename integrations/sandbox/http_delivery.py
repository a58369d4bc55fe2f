"""HTTP delivery: signed requests to the app's own address, judged as Slack judges the answers."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import aiohttp

from integrations.sandbox.link import Answer, Kind

_FORM = "application/x-www-form-urlencoded"


def signature(secret: str, timestamp: str, body: str) -> str:
    """The v0 signature of a body."""
    return "v0=" + hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()


class HttpDelivery:
    """Sends to one request URL: commands as a form, interactions as a form with one JSON field, events as JSON."""

    def __init__(
        self,
        *,
        request_url: str,
        signing_secret: str,
        ack_within: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.request_url = request_url
        self._clock = clock
        self._secret = signing_secret
        self._timeout = aiohttp.ClientTimeout(total=ack_within)
        self._session: aiohttp.ClientSession | None = None

    async def deliver(self, kind: Kind, payload: Mapping[str, Any], *, attempt: int = 0, reason: str = "") -> Answer:
        """Send one request and judge the answer."""
        body, content_type = _encode(kind, payload)
        headers = {"Content-Type": content_type, "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)"}
        if attempt:
            headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason}
        try:
            status, answer_type, answer, answer_headers = await self.post(body, headers)
        except TimeoutError:
            return Answer(error="http_timeout" if kind == "events_api" else "operation_timeout")
        except aiohttp.ClientError:
            return Answer(error="connection_failed" if kind == "events_api" else "dispatch_failed")
        if kind == "events_api":
            if 200 <= status < 300 or answer_headers.get("X-Slack-No-Retry") == "1":
                return Answer()
            return Answer(error="http_error")
        if status != 200:
            return Answer(error="dispatch_failed")
        return _read(kind, answer_type, answer)

    async def verify_url(self, challenge: str) -> bool:
        """Ask the address to prove that it is the app's, as happens when it is entered in the app's settings."""
        body = json.dumps({"token": "sandbox", "challenge": challenge, "type": "url_verification"})
        try:
            status, kind, answer, _ = await self.post(body, {"Content-Type": "application/json"})
        except (TimeoutError, aiohttp.ClientError):
            return False
        if kind == "application/json":
            said = json.loads(answer)
            return status == 200 and isinstance(said, dict) and said.get("challenge") == challenge
        return status == 200 and answer.strip() in (challenge, f"challenge={challenge}")

    async def post(self, body: str, headers: Mapping[str, str]) -> tuple[int, str, str, Mapping[str, str]]:
        """Send a signed body as it is; also for trying out what an app does with strange ones."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout, trust_env=False)
        timestamp = str(int(self._clock()))
        signed = {
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self._secret, timestamp, body),
            **headers,
        }
        sending = self._session.post(self.request_url, data=body.encode(), headers=signed, allow_redirects=False)
        async with sending as response:
            return response.status, response.content_type, await response.text(), response.headers

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


def _encode(kind: Kind, payload: Mapping[str, Any]) -> tuple[str, str]:
    match kind:
        case "slash_commands":
            return urlencode(payload), _FORM
        case "interactive":
            return urlencode({"payload": json.dumps(payload)}), _FORM
        case "events_api":
            return json.dumps(payload), "application/json"


def _read(kind: Kind, content_type: str, text: str) -> Answer:
    if not text.strip():
        return Answer()
    if content_type == "application/json":
        try:
            body = json.loads(text)
        except json.JSONDecodeError:
            return Answer(error="dispatch_unknown_error")
        return Answer(body=body) if isinstance(body, dict) else Answer(error="dispatch_unknown_error")
    return Answer(body={"text": text}) if kind == "slash_commands" else Answer()
