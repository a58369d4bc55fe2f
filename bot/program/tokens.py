"""Tokens from a terminal: one's own are seen and revoked by whoever has one; on the host, all, machines' included."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rich.table import Table

from bot.program import machine_tokens, terminal
from bot.program.desk import Desk, utc_now
from bot.program.pen import TerminalPen, moment, moment_in_a_column
from bot.program.record import in_a_sentence, open_records
from bot.rules.people import Actor, PersonId
from bot.rules.sentence import Refused
from bot.rules.token import Token, TokenId
from bot.settings import Settings
from bot.trouble import WRONG_SETTINGS, Trouble
from bot.verbs.revoke_token import RevokeToken
from handlers.parsing import commands as c
from integrations.database.engine import open_engines
from integrations.database.readings import DatabaseReadings


async def show(desk: Desk, _: c.ListTokens, by: Actor, *, wait: bool) -> int:  # noqa: ARG001 - a route's shape
    """One's own."""
    async with desk.records.read() as page:
        tokens = await page.tokens(person=by.id)
    _listed(tokens, {by.id: by.person.name})
    return 0


async def drop(desk: Desk, command: c.DropToken, by: Actor, *, wait: bool) -> int:  # noqa: ARG001 - a route's shape
    """Revoke one of one's own."""
    outcome = await desk.verbs.revoke_token(command.token, by=by)
    if isinstance(outcome, Refused):
        return await desk.refuse(outcome.why)
    terminal.good(f"K-{command.token} is revoked: nobody can speak with it any more.")
    return 0


async def list_all(settings: Settings) -> None:
    """Everybody's, on the host."""
    with in_a_sentence():
        async with open_records(settings) as records, records.read() as page:
            tokens, machines = await page.tokens(), await page.machine_tokens()
        names = await _names(settings, [each.person for each in tokens])
    if tokens or not machines:
        _listed(tokens, names)
    if tokens and machines:
        terminal.say("")
    if machines:
        machine_tokens.listed(machines)


async def revoke(settings: Settings, name: str) -> None:
    """Revoke anybody's, on the host: whoever sits there has the database anyway. The record says who that was."""
    match = re.fullmatch(r"([km])-?([0-9]{1,9})", name.strip().lower(), re.ASCII)
    if match is None:
        raise Trouble(
            f"“{name}” is not a token; a person's is written like K-3, a machine's like M-3.", code=WRONG_SETTINGS
        )
    number = int(match[2])
    if match[1] == "m":
        await machine_tokens.revoke(settings, number)
        return
    by = machine_tokens.by_whoever_sits_here()
    with in_a_sentence():
        async with open_records(settings) as records:
            outcome = await RevokeToken(records, utc_now, machine_tokens.sat_there())(TokenId(number), by=by)
    if isinstance(outcome, Refused):
        raise Trouble(TerminalPen().write(outcome.why).plain)
    terminal.good(f"K-{number} is revoked: nobody can speak with it any more.")


async def _names(settings: Settings, people: Sequence[PersonId]) -> dict[PersonId, str]:
    engines = open_engines(settings.database_url.reveal())
    try:
        found = await DatabaseReadings(engines).people(set(people))
    finally:
        await engines.dispose()
    return {person: read.person.name for person, read in found.items()}


def _listed(tokens: Sequence[Token], names: Mapping[PersonId, str]) -> None:
    if not tokens:
        terminal.say("There are no tokens.")
        return
    pen, now = TerminalPen(names=names), utc_now()
    content = Table("token", "whose", "made", "last used", "state", box=None, pad_edge=False)
    for each in tokens:
        used = moment_in_a_column(each.used_at) if each.used_at else "never"
        content.add_row(each.name, pen.person(each.person), moment_in_a_column(each.made_at), used, _state(each, pen))
        if each.good(now):
            content.rows[-1].style = "bold"
    terminal.table(content)


def _state(token: Token, pen: TerminalPen) -> str:
    if token.revoked_at is not None and token.revoked_by is not None:
        return f"revoked {moment(token.revoked_at)} by {pen.person(token.revoked_by)}"
    return f"{'good until' if token.good(utc_now()) else 'expired'} {moment(token.expires_at)}"
