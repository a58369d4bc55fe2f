"""What `slipway doctor` does: everything is tried, everything is told, and the exit code says whether all is well."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

from bot import settings
from bot.catalogue.loading import load
from bot.doctor import Finding, Patients, examine
from bot.program import terminal
from bot.rules.policy import Catalogue
from bot.settings import Settings
from bot.trouble import WRONG_SETTINGS, Trouble
from bot.wiring import real_neighbours
from integrations.database.checkup import look_at
from integrations.database.engine import open_engines
from integrations.deployers.kinds import KINDS
from integrations.github.checkup import GitHubDoctor
from integrations.github.places import website
from integrations.slack import scopes
from integrations.slack.checkup import SlackDoctor
from integrations.slack.client import connected_to_slack
from integrations.slack.directory import SlackDirectory
from integrations.slack.identity import Myself


async def consult(environment: Mapping[str, str]) -> None:
    """Examine everything. Without good settings there is nobody to ask."""
    found = settings.read(environment)
    if not isinstance(found, Settings):
        for problem in found:
            terminal.bad(f"Setting {problem}")
        raise Trouble("The settings come first; everything else is tried once they are right.", code=WRONG_SETTINGS)
    terminal.good("Settings: all there.")
    if found.token_key:
        terminal.good("Personal tokens: SLIPWAY_TOKEN_KEY signs them, so Slipway can be used from a terminal.")
    else:
        terminal.say("· Personal tokens: without SLIPWAY_TOKEN_KEY there are none, and no `slipway rollback` either.")
        terminal.say("  → `openssl rand -hex 32` makes a good key.")
    catalogue = load(found.catalogue, deployers=KINDS)
    ailing = 0
    async with _patients(found, catalogue if isinstance(catalogue, Catalogue) else None) as patients:
        async for finding in examine(patients, catalogue, scopes=scopes.needed(), socket_mode=found.socket_mode):
            ailing += not finding.well
            show(finding)
    if ailing:
        raise Trouble(f"{ailing} {'thing needs' if ailing == 1 else 'things need'} mending.")
    terminal.say("All is well.")


def show(finding: Finding) -> None:
    """One line, and the next step below it."""
    if finding.well:
        terminal.good(finding.what)
    else:
        terminal.bad(finding.what, finding.step)


@asynccontextmanager
async def _patients(wanted: Settings, catalogue: Catalogue | None) -> AsyncIterator[Patients]:
    """Everybody as they are in earnest."""

    def agreed() -> Catalogue:
        assert catalogue is not None, "without a catalogue nobody is asked about its roles"
        return catalogue

    engines = open_engines(wanted.database_url.reveal())
    try:
        async with (
            connected_to_slack(wanted.slack_bot_token.reveal(), api_url=wanted.slack_api_url) as client,
            real_neighbours(wanted) as neighbours,
        ):
            me = Myself(client)
            yield Patients(
                database=partial(look_at, engines),
                slack=SlackDoctor(client, me, wanted.slack_app_token.reveal()),
                directory=SlackDirectory(client, agreed, me.team),
                deployers=neighbours.deployers,
                code_host=neighbours.code_host,
                verifier=neighbours.verifier,
                calendars=neighbours.calendars,
                github=GitHubDoctor(neighbours.github, website(wanted.github_api)) if neighbours.github else None,
            )
    finally:
        await engines.dispose()
