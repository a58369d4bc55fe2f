"""Who speaks from this terminal: the owner of the personal token that is in the environment, or in a file of theirs."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from bot.ports import DirectoryError
from bot.program.desk import Desk, cannot_tell, utc_now
from bot.rules.people import Actor, Surface
from bot.rules.sentence import Refused
from bot.trouble import WRONG_SETTINGS, Trouble
from bot.verbs.use_token import UseToken

VARIABLE = "SLIPWAY_TOKEN"
FILE = Path("~/.config/slipway/token")


async def speaker(desk: Desk) -> Actor | Refused:
    """Whoever the token speaks for, as they are now. Trouble if there is no token, or nobody can be asked."""
    text = token_text(os.environ)
    if not desk.settings.slack_bot_token:
        raise Trouble(
            "SLACK_BOT_TOKEN is not set: who may do this is asked at Slack, and taken from what was kept only while "
            "Slack is away.",
            code=WRONG_SETTINGS,
        )
    try:
        person = await UseToken(desk.records, desk.people, desk.signer, utc_now)(text)
    except DirectoryError as error:
        raise Trouble(cannot_tell(error)) from error
    # Each time a command is typed it is meant anew: nothing delivers it twice.
    return person if isinstance(person, Refused) else Actor(person, Surface.TERMINAL, f"terminal:{uuid4()}")


def token_text(environment: Mapping[str, str]) -> str:
    """The token. Trouble in a sentence if there is none, or if others may read it."""
    given = environment.get(VARIABLE, "").strip()
    if given:
        return given
    file = FILE.expanduser()
    try:
        with file.open(encoding="utf-8") as opened:
            _see_that_it_is_private(os.fstat(opened.fileno()))
            found = opened.read().strip()
    except FileNotFoundError as error:
        raise Trouble(
            f"I don't know who you are: there is no token in {VARIABLE}, nor in {FILE}.",
            "In Slack, /deploy token makes one; it works here also while Slack is away.",
            code=WRONG_SETTINGS,
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise Trouble(f"{FILE} can't be read: {error}", code=WRONG_SETTINGS) from error
    if not found:
        raise Trouble(f"{FILE} is empty; it should hold your token.", code=WRONG_SETTINGS)
    return found


def _see_that_it_is_private(file: os.stat_result) -> None:
    if stat.S_IMODE(file.st_mode) & 0o077:
        raise Trouble(
            f"Others on this machine can read {FILE}, so I don't use it.",
            f"Type: chmod 600 {FILE}",
            "If anybody may have read it, revoke it: slipway token revoke K-3",
            code=WRONG_SETTINGS,
        )
    if file.st_uid != os.getuid():
        raise Trouble(f"{FILE} belongs to somebody else, so I don't use it.", code=WRONG_SETTINGS)
