"""Tokens: the one answer that tells a token, the list of one's own, and the word that one is revoked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.rules.token import Token
from bot.verbs.make_token import Made
from handlers.views.blocks import Said, context, header, message, section
from handlers.views.text import Mrkdwn, Pen, code, counted, when

_SHOWN = 15

FILE = "~/.config/slipway/token"
"""Where `slipway` looks for it, besides the environment."""


def handed_over(told: Made, pen: Pen) -> Said:
    """The token, which nobody can be told again."""
    token = told.token
    text = f"🔑 Your token *{token.name}*, good until {when(token.expires_at)}. It is shown only this once."
    return message(
        text,
        [
            section(text),
            section(f"```{told.text}```"),
            section(
                f"On the machine that has Slipway's settings, put it into {code(FILE)}, for your eyes only:\n"
                f"{code(f'mkdir -p ~/.config/slipway && (umask 077; cat > {FILE})')}, paste it, Enter, Ctrl-D. "
                f"Or set {code('SLIPWAY_TOKEN')}."
            ),
            context("Whoever has it acts in your name, with your roles of that moment and on the same record."),
            context(f"To make it worthless: {pen.command(f'/deploy token revoke {token.name}')}"),
        ],
    )


def listed(tokens: Sequence[Token], now: datetime, pen: Pen) -> Said:
    """One's own tokens, newest first."""
    another = context(f"To make one: {pen.command('/deploy token 30 days')}")
    if not tokens:
        return message("You have no tokens.", [section("You have no tokens."), another])
    title = f"Your tokens ({len(tokens)})"
    blocks = [header(title), *(section(_row(each, now, pen)) for each in tokens[:_SHOWN])]
    if len(tokens) > _SHOWN:
        blocks.append(context(f"… and {counted(len(tokens) - _SHOWN, 'older one')}"))
    return message(title, [*blocks, another])


def _row(token: Token, now: datetime, pen: Pen) -> Mrkdwn:
    used = f"last used {when(token.used_at)}" if token.used_at else "never used"
    if token.revoked_at is not None:
        state = f"🚫 *{token.name}*  ·  revoked {when(token.revoked_at)}"
    elif not token.good(now):
        state = f"⌛ *{token.name}*  ·  expired {when(token.expires_at)}"
    else:
        undo = pen.command(f"/deploy token revoke {token.name}")
        state = f"🔑 *{token.name}*  ·  good until {when(token.expires_at)}  ·  {undo}"
    return Mrkdwn(f"{state}\nmade {when(token.made_at)}, {used}")


def revoked(token: Token) -> Said:
    """It is worthless now."""
    text = f"🚫 *{token.name}* is revoked: nobody can speak with it any more."
    return message(text, [section(text)])
