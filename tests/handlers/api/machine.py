"""A machine that asks the API over real HTTP, and the workshop behind it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.ports import Records
from bot.rules.machine_token import Scope
from bot.rules.people import PersonId, Surface, slipway
from bot.rules.policy import ServiceName
from bot.rules.sentence import Refused
from bot.secret import Secret
from bot.serving import serving
from bot.settings import Settings, read
from bot.verbs.make_machine_token import MadeForMachine, MakeMachineToken
from bot.verbs.show_freezes import ShowFreezes
from bot.verbs.use_machine_token import UseMachineToken
from handlers.api import api_routes
from handlers.api.endpoint import BASE, Desk
from handlers.api.pace import Pace
from handlers.feed import calendar_by_key
from handlers.names import CommandNames
from integrations.calendars.feed import feed
from tests.people import EVERYBODY
from tests.verbs.workshop import Workshop

KEY = "canary-5107c0ffee-0123"
"""What the address of the calendar holds."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: Any
    text: str
    told: Any

    @property
    def detail(self) -> str:
        """The sentence of a problem."""
        assert self.headers["Content-Type"] == "application/problem+json"
        assert (self.told["status"], self.told["type"]) == (self.status, "about:blank")
        return str(self.told["detail"])

    @property
    def complaints(self) -> dict[str, str]:
        """What is wrong, by parameter."""
        return {each["parameter"]: each["detail"] for each in self.told["problems"]}

    @property
    def lines(self) -> list[Any]:
        """What stands on each line."""
        assert self.headers["Content-Type"] == "application/jsonl"
        assert self.text.endswith("\n") or not self.text
        return [json.loads(each) for each in self.text.splitlines()]


class Machine:
    """Asks, with a token unless told otherwise."""

    def __init__(self, address: str, shop: Workshop, token: str, session: aiohttp.ClientSession) -> None:
        self.address = address
        self.shop = shop
        self.token = token
        self.session = session

    async def asks(self, path: str, *, method: str = "GET", token: str | None = None, **query: str) -> Reply:
        """Ask; an empty token shows none."""
        shown = self.token if token is None else token
        return await self.sends(
            path, method=method, params=query, headers={"Authorization": f"Bearer {shown}"} if shown else {}
        )

    async def sends(self, path: str, *, method: str = "GET", **how: Any) -> Reply:
        """Send exactly this."""
        async with self.session.request(method, f"{self.address}{path}", **how) as response:
            text = await response.text()
            told = await response.json(content_type=None) if response.content_type.endswith("json") and text else None
            return Reply(response.status, response.headers, text, told)

    async def is_given(self, *scopes: Scope, label: str = "deploy pipeline", **fields: Any) -> MadeForMachine:
        """Somebody on the host makes a token."""
        make = MakeMachineToken(self.shop.records, lambda: self.shop.at)
        made = await make(label, scopes, by=slipway(Surface.TERMINAL), **fields)
        assert isinstance(made, MadeForMachine), made
        return made


async def names_of(people: Iterable[PersonId]) -> dict[PersonId, str]:
    """Everybody's name but Gus's, whom nobody has ever looked up."""
    wanted = set(people)
    return {each.id: each.name for each in EVERYBODY if each.id in wanted and each.name != "Gus"}


def a_desk(shop: Workshop, records: Records | None = None) -> Desk:
    """What the workshop has, for machines."""
    show = ShowFreezes(shop.records, shop.calendars, lambda: shop.catalogue, lambda: shop.at)

    async def calendar(service: ServiceName | None) -> str | Refused:
        shown = await show(service)
        return shown if isinstance(shown, Refused) else feed(shown, shop.catalogue.roles, shop.at)

    return Desk(
        records or shop.records,
        shop.look,
        shop.evidence,
        lambda: shop.catalogue,
        names_of,
        calendar,
        lambda: shop.at,
        CommandNames(deploy="/ship"),
    )


@asynccontextmanager
async def at_work(
    shop: Workshop, *, desk: Desk | None = None, records: Records | None = None, pace: Pace | None = None
) -> AsyncIterator[Machine]:
    """Slipway answers machines; the first of them may read everything. `records`: where tokens are looked up."""
    settings = read({"SLIPWAY_LISTEN": "127.0.0.1:0"}, slack=False)
    assert isinstance(settings, Settings)
    ready = desk or a_desk(shop)
    use = UseMachineToken(records or shop.records, lambda: shop.at)
    routes = api_routes(ready, use, calendar_by_key(Secret(KEY), ready.calendar), pace)
    async with serving(settings, routes) as address, aiohttp.ClientSession() as session:
        machine = Machine(f"{address}{BASE}", shop, "", session)
        machine.token = (await machine.is_given(*Scope)).text
        yield machine
