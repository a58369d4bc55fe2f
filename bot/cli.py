"""The `slipway` program: what can be typed in a terminal."""

# ruff: noqa: PLC0415 - each command imports what it needs when it needs it, so that help is instant

from __future__ import annotations

import asyncio
import io
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, ParamSpec

import click

from bot.rules.machine_token import Scope
from bot.trouble import WRONG_SETTINGS, Trouble

if TYPE_CHECKING:
    from bot.settings import Settings

P = ParamSpec("P")


def told_kindly(command: Callable[P, None]) -> Callable[P, None]:
    """End with a sentence and an exit code where trouble is expected."""

    @wraps(command)
    def kind(*arguments: P.args, **named: P.kwargs) -> None:
        try:
            command(*arguments, **named)
        except Trouble as found:
            from bot.program import terminal

            terminal.trouble(found)
            sys.exit(found.code)
        except KeyboardInterrupt:
            sys.exit(130)

    return kind


def settings_of_here(*, slack: bool) -> Settings:
    """This environment's settings. Trouble with every problem at once."""
    from bot.settings import Settings, read

    found = read(os.environ, slack=slack)
    if isinstance(found, Settings):
        return found
    several = "One setting needs" if len(found) == 1 else f"{len(found)} settings need"
    raise Trouble(f"{several} your attention:", *map(str, found), code=WRONG_SETTINGS)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="slipway", message="slipway %(version)s")
def main() -> None:
    """Slipway brings releases to their customers, from Slack: planned, checked, approved, deployed, rolled back."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without our characters gets what it can show


@main.command()
@told_kindly
def run() -> None:
    """Serve: connect to Slack and go to work. Settings come from the environment."""
    settings = settings_of_here(slack=True)
    from bot.wiring import run as serve

    asyncio.run(serve(settings))


@main.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Where the workspace's page is served on this machine.",
)
@told_kindly
def demo(port: int) -> None:
    """A whole workspace on this machine, with two environments to deploy to. No Slack account needed."""
    from bot.demo import run as play

    asyncio.run(play(port=port))


@main.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--schema", is_flag=True, help="Print the JSON Schema for editors instead.")
@told_kindly
def check(file: Path | None, *, schema: bool) -> None:
    """Check a catalogue (slipway.yaml unless named or set) and show every problem with its line and column."""
    from bot.program import check as checking

    if schema:
        checking.print_schema()
    else:
        checking.check(file or _catalogue_of_here())


def _catalogue_of_here() -> Path:
    return Path(os.environ.get("SLIPWAY_CATALOGUE", "").strip() or "slipway.yaml").expanduser()


@main.command()
@click.option(
    "--commands", default="", metavar="deploy=ship,…", help="Other names for the commands, as SLIPWAY_COMMANDS."
)
@click.option(
    "--url", default="", metavar="https://…", help="Where Slack reaches Slipway by HTTP; Socket Mode unless given."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON instead of YAML.")
@told_kindly
def manifest(commands: str, url: str, *, as_json: bool) -> None:
    """Print the Slack app's manifest, to be pasted where the app is made."""
    from bot import manifest as made
    from bot.program import terminal
    from integrations.slack import scopes

    commands = commands or os.environ.get("SLIPWAY_COMMANDS", "")
    found = made.from_words(commands, url, scopes=scopes.needed(), events=scopes.EVENTS)
    terminal.say(made.printed(found, as_json=as_json).rstrip("\n"))


@main.group()
def db() -> None:
    """The database."""


@db.command()
@told_kindly
def upgrade() -> None:
    """Bring the database (SLIPWAY_DATABASE_URL) to the form that this version needs."""
    from bot.program import record

    asyncio.run(record.upgrade(settings_of_here(slack=False)))


@main.group()
def audit() -> None:
    """The record of everything that was done: append-only, each entry chained to the one before."""


@audit.command()
@told_kindly
def verify() -> None:
    """Prove that nothing on the record was changed or removed; name the first entry that was."""
    from bot.program import record

    asyncio.run(record.verify(settings_of_here(slack=False)))


@audit.command()
@click.argument("release")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="The file to write; printed unless given.")
@told_kindly
def export(release: str, output: Path | None) -> None:
    """Write the evidence of one release (R-12) as JSON: what was planned, said, deployed and recorded."""
    from bot.program import record

    asyncio.run(record.export(settings_of_here(slack=False), release, output))


@main.group()
def policy() -> None:
    """The rules: what the gate makes of a release, and what other rules would have made of the past."""


@policy.command()
@click.argument("release")
@click.argument("environment")
@click.option("--offline", is_flag=True, help="Don't ask Slack: people stay ids, and user groups are unknown.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for machines.")
@told_kindly
def explain(release: str, environment: str, *, offline: bool, as_json: bool) -> None:
    """Explain the gate: every question about R-12 in that environment, and what speaks for and against it.

    The shell sees 0 if it is open, 1 if it is closed, and 2 if it could not be asked.
    """
    from bot.program.policy import explain as explaining

    settings = settings_of_here(slack=False)
    is_open = asyncio.run(explaining(settings, release, environment, offline=offline, as_json=as_json))
    sys.exit(0 if is_open else 1)


def _time_back(_: click.Context, __: click.Parameter, text: str) -> timedelta:
    """A length of time, as it is typed."""
    from bot.catalogue.words import duration

    try:
        return duration(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@policy.command()
@click.option(
    "--catalogue",
    "file",
    type=click.Path(path_type=Path),
    required=True,
    metavar="new.yaml",
    help="The catalogue to ask.",
)
@click.option(
    "--since",
    default="90d",
    show_default=True,
    callback=_time_back,
    help="How far to look back, at most a year: 90d, 4w, 36h.",
)
@click.option("--changes-only", is_flag=True, help="Show only what would have been other.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for machines.")
@told_kindly
def replay(file: Path, since: timedelta, *, changes_only: bool, as_json: bool) -> None:
    """Replay the record: what another catalogue would have blocked and let through, release by release."""
    from bot.program.policy import replay as replaying

    settings = settings_of_here(slack=False)
    asyncio.run(replaying(settings, file, since, only_others=changes_only, as_json=as_json))


@main.command()
@told_kindly
def doctor() -> None:
    """Try everything that Slipway works with, and say what to mend."""
    from bot.program.doctor import consult

    asyncio.run(consult(os.environ))


_WORDS = {"ignore_unknown_options": True}


def _typed(family: str, words: tuple[str, ...], *, wait: bool = True) -> NoReturn:
    """Do what these words mean; the shell sees what came of it."""
    settings = settings_of_here(slack=False)
    from bot.program.typed import typed
    from handlers.parsing.grammar import Family

    sys.exit(asyncio.run(typed(settings, Family(family), words, wait=wait)))


@main.command(context_settings=_WORDS)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@click.option("--no-wait", is_flag=True, help="Start it and don't follow it.")
@told_kindly
def deploy(words: tuple[str, ...], *, no_wait: bool) -> None:
    """Deploy, with the words of the Slack command, under the same rules, also while Slack is away.

    \b
    slipway deploy R-12 to production            what would change, and what blocks
    slipway deploy confirm R-12 to production    starts it, and follows it to its end
    slipway deploy cancel D-40

    The shell sees 0 when it went well, 1 when it failed or was refused, 2 when the words or settings are wrong, and 3
    when nobody can tell how it ended.
    """  # noqa: D301 - the character itself: what follows keeps its lines
    _typed("/deploy", words, wait=not no_wait)


@main.command(context_settings=_WORDS)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@click.option("--no-wait", is_flag=True, help="Start it and don't follow it.")
@told_kindly
def rollback(words: tuple[str, ...], *, no_wait: bool) -> None:
    """Roll back, with the words of the Slack command, under the same rules, also while Slack is away.

    \b
    slipway rollback payments                             shows the way back, and asks
    slipway rollback payments in staging to 2.3.9
    slipway rollback payments now Refunds go out twice    starts at once

    The shell sees the same codes as with `slipway deploy`.
    """  # noqa: D301 - the character itself: what follows keeps its lines
    _typed("/rollback", words, wait=not no_wait)


@main.command(context_settings=_WORDS)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@told_kindly
def freeze(words: tuple[str, ...]) -> None:
    """Declare, see, end and extend freezes, with the words of the Slack command.

    \b
    slipway freeze list
    slipway freeze start production until mon 07:00 The annual sale
    slipway freeze extend F-3 until tue 12:00
    slipway freeze end F-3
    """  # noqa: D301 - the character itself: what follows keeps its lines
    _typed("/freeze", words)


@main.command()
@click.argument("deployment", metavar="D-40")
@told_kindly
def follow(deployment: str) -> None:
    """Follow a deployment to its end; where no Slipway is at work, do the work."""
    settings = settings_of_here(slack=False)
    from bot.program.following import follow_by_name

    sys.exit(asyncio.run(follow_by_name(settings, deployment)))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, for machines.")
@told_kindly
def status(*, as_json: bool) -> None:
    """Show who is at work with what, what waits, what runs where, and what is frozen. Slack is not asked."""
    settings = settings_of_here(slack=False)
    from bot.program import overview

    asyncio.run(overview.status(settings, as_json=as_json))


@main.command()
@click.argument("service", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON, for machines.")
@told_kindly
def deployments(service: str | None, *, as_json: bool) -> None:
    """Show the newest deployments, of all services or of one."""
    settings = settings_of_here(slack=False)
    from bot.program import overview

    asyncio.run(overview.deployments(settings, service, as_json=as_json))


@main.group()
def token() -> None:
    """Tokens, on the host: machines' for the API are made here, personal ones in Slack, with /deploy token."""


@token.command()
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([each.value for each in Scope]),
    help="What it may read; may be given several times.",
)
@click.option(
    "--expires",
    default="90d",
    show_default=True,
    callback=_time_back,
    metavar="90d",
    help="How long it lasts, at most 366 days: 90d, 26w, 36h.",
)
@click.argument("name", metavar="NAME")
@told_kindly
def make(name: str, scopes: tuple[str, ...], expires: timedelta) -> None:
    """Make a token for a machine that reads the API, and show it once; NAME says what it is for.

    The token alone goes to the standard output, everything else beside it.
    """
    settings = settings_of_here(slack=False)
    from bot.program import machine_tokens

    asyncio.run(machine_tokens.make(settings, name, scopes, expires))


@token.command("list")
@told_kindly
def list_tokens() -> None:
    """Show all tokens, people's and machines': what is known of them, never the tokens themselves."""
    settings = settings_of_here(slack=False)
    from bot.program import tokens

    asyncio.run(tokens.list_all(settings))


@token.command()
@click.argument("token", metavar="K-3|M-3")
@told_kindly
def revoke(token: str) -> None:
    """Make a token worthless, whoever's it is."""
    settings = settings_of_here(slack=False)
    from bot.program import tokens

    asyncio.run(tokens.revoke(settings, token))
