"""GitHub as it is met here: it signs what it sends, and sends it over real HTTP."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.rules.policy import Service
from bot.secret import Secret
from bot.serving import serving
from bot.settings import Settings, read
from bot.verbs.hear_pull_request import HearPullRequest
from bot.verbs.hear_push import HearPush
from bot.verbs.look_sooner import LookSooner
from bot.verbs.report_run import ReportRun
from bot.verbs.services_at import ServicesAt
from handlers.github import GITHUB, Hears, github_webhooks
from tests.github.payloads import example
from tests.makers import PAYMENTS
from tests.verbs.workshop import REPOSITORY, Workshop

SECRET = "the-canary-secret-of-github-0123456789ab"
NAME = "octo-org/octo-repo"
"""What GitHub calls the repository of payments."""
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def signature(raw: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def services_at(shop: Workshop) -> ServicesAt:
    return ServicesAt(lambda: shop.catalogue, {REPOSITORY: NAME}.get)


def follows(shop: Workshop, branch: str | None = "main") -> None:
    """From now on releases of payments follow that branch."""
    agrees_on(shop, replace(shop.catalogue.services[PAYMENTS], candidate_from=branch))


def agrees_on(shop: Workshop, *services: Service) -> None:
    """From now on the catalogue has these services besides the others, or in their place."""
    known = {**shop.catalogue.services, **{each.name: each for each in services}}
    shop.catalogue = replace(shop.catalogue, services=known)


class Hub:
    """GitHub, which sends deliveries."""

    def __init__(self, url: str, shop: Workshop, session: aiohttp.ClientSession) -> None:
        self.url = f"{url}{GITHUB}"
        self.shop = shop
        self._session = session
        self._sent = 0

    async def posts(self, raw: Any, headers: Any) -> tuple[int, str]:
        """Post exactly this."""
        body = BytesIO(raw) if isinstance(raw, bytes) else raw
        async with self._session.post(self.url, data=body, headers=headers) as response:
            told = await response.json()
            return response.status, told.get("message") or " ".join(told["problems"])

    def headers(self, event: str, raw: bytes, content_type: str = JSON) -> dict[str, str]:
        self._sent += 1
        return {
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": f"72d3162e-cc78-11e3-81ab-4c9367dc{self._sent:04d}",
            "X-Hub-Signature-256": signature(raw),
            "Content-Type": content_type,
            "User-Agent": "GitHub-Hookshot/044aadd",
        }

    async def sends(self, event: str, payload: Mapping[str, Any], *, form: bool = False) -> tuple[int, str]:
        """Send it, signed."""
        text = json.dumps(payload)
        raw = urlencode({"payload": text}).encode() if form else text.encode()
        return await self.posts(raw, self.headers(event, raw, FORM if form else JSON))

    async def has_run(self, conclusion: str | None = "success", **instead: Any) -> tuple[int, str]:
        """A run of the workflow `test` on the first commit has ended, a second after whatever happened before."""
        return await self.sends("workflow_run", self.a_run(conclusion, **instead))

    def a_run(self, conclusion: str | None = "success", **instead: Any) -> dict[str, Any]:
        self.shop.at += self.shop.an_act_takes
        ready = {
            "workflow_run__conclusion": conclusion,
            "workflow_run__head_sha": self.shop.a,
            "workflow_run__updated_at": stamp(self.shop.at),
        }
        return example("workflow_run.completed", **(ready | instead))

    async def is_pushed_to(self, branch: str, commit: str, **instead: Any) -> tuple[int, str]:
        """The branch is moved to that commit, and GitHub tells of it."""
        payload = self.a_push(branch, commit, **instead)
        self.shop.code.branch(REPOSITORY, branch, commit)
        return await self.sends("push", payload)

    def a_push(self, branch: str, commit: str, **instead: Any) -> dict[str, Any]:
        self.shop.at += self.shop.an_act_takes
        ready = {
            "ref": f"refs/heads/{branch}",
            "after": commit,
            "created": False,
            "repository__full_name": NAME,
            "repository__pushed_at": int(self.shop.at.timestamp()),
        }
        return example("push", **(ready | instead))


@asynccontextmanager
async def at_github(shop: Workshop, *, secret: str = SECRET, **hears: Any) -> AsyncIterator[Hub]:
    """Slipway hears GitHub."""
    settings = read({"SLIPWAY_LISTEN": "127.0.0.1:0"}, slack=False)
    assert isinstance(settings, Settings)
    there = services_at(shop)
    ready = Hears(
        ReportRun(shop.records, lambda: shop.catalogue, there, shop.report_check),
        HearPush(shop.records, there, shop.code, shop.set_candidate),
        HearPullRequest(shop.records, there, lambda: shop.catalogue),
        LookSooner(shop.records),
        lambda: shop.at,
    )
    routes = github_webhooks(Secret(secret), replace(ready, **hears))
    async with serving(settings, routes) as address, aiohttp.ClientSession() as session:
        yield Hub(address, shop, session)
