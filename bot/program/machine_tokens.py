"""Machine tokens, on the host: made, seen and revoked by whoever has Slipway's settings."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import uuid4

from rich.table import Table

from bot.program import terminal
from bot.program.desk import utc_now
from bot.program.pen import TerminalPen, harmless, moment, moment_in_a_column
from bot.program.record import in_a_sentence, open_records
from bot.rules.machine_token import MachineToken, MachineTokenId, Scope
from bot.rules.people import Actor, Surface, slipway
from bot.rules.sentence import Refused, Repeated
from bot.settings import Settings
from bot.trouble import Trouble
from bot.verbs.make_machine_token import MakeMachineToken
from bot.verbs.revoke_machine_token import RevokeMachineToken


async def make(settings: Settings, label: str, scopes: Sequence[str], lasts: timedelta) -> None:
    """Make one. It goes to the standard output, alone, so that it can be led where it belongs; the words go aside."""
    now = utc_now()
    with in_a_sentence():
        async with open_records(settings) as records:
            make_one = MakeMachineToken(records, lambda: now, sat_there())
            made = await make_one(label, [Scope(each) for each in scopes], now + lasts, by=by_whoever_sits_here())
    assert not isinstance(made, Repeated), "each is a wish of its own"
    if isinstance(made, Refused):
        raise Trouble(TerminalPen().write(made.why).plain)
    grant = made.token.grant
    terminal.say(
        f"{made.token.name} ({harmless(grant.label)}) reads {', '.join(sorted(grant.scopes))} until "
        f"{moment(grant.expires_at)}. It is shown only this once:",
        aside=True,
    )
    terminal.say(made.text)


async def revoke(settings: Settings, number: int) -> None:
    """Make one worthless."""
    with in_a_sentence():
        async with open_records(settings) as records:
            revoke_one = RevokeMachineToken(records, utc_now, sat_there())
            outcome = await revoke_one(MachineTokenId(number), by=by_whoever_sits_here())
    if isinstance(outcome, Refused):
        raise Trouble(TerminalPen().write(outcome.why).plain)
    terminal.good(f"M-{number} is revoked: nothing can be read with it any more.")


def listed(tokens: Sequence[MachineToken]) -> None:
    """What is known of them; never the tokens themselves."""
    pen, now = TerminalPen(), utc_now()
    content = Table("token", "for", "reads", "made", "last used", "state", box=None, pad_edge=False)
    for each in tokens:
        grant = each.grant
        used = moment_in_a_column(each.used_at) if each.used_at else "never"
        reads = ", ".join(sorted(grant.scopes))
        made = moment_in_a_column(grant.made_at)
        content.add_row(each.name, harmless(grant.label), reads, made, used, _state(each, pen))
        if each.good(now):
            content.rows[-1].style = "bold"
    terminal.table(content)


def _state(token: MachineToken, pen: TerminalPen) -> str:
    if token.revoked_at is not None and token.revoked_by is not None:
        return f"revoked {moment(token.revoked_at)} by {pen.person(token.revoked_by)}"
    return f"{'good until' if token.good(utc_now()) else 'expired'} {moment(token.grant.expires_at)}"


def by_whoever_sits_here() -> Actor:
    """Slipway itself, by whoever has its settings."""
    return slipway(Surface.TERMINAL, f"terminal:{uuid4()}")


def sat_there() -> Mapping[str, str]:
    """What the record keeps of that."""
    return {"host": socket.gethostname(), "user": getpass.getuser()}
