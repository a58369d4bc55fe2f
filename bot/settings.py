"""Settings: the environment's variables become frozen settings, or the list of everything that is wrong with them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from bot import setting_words as words
from bot.secret import Secret

_T = TypeVar("_T")

KNOWN = (
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "SLACK_API_URL",
    "SLIPWAY_DATABASE_URL",
    "SLIPWAY_CATALOGUE",
    "SLIPWAY_LISTEN",
    "SLIPWAY_COMMANDS",
    "SLIPWAY_CALENDAR_KEY",
    "SLIPWAY_WEBHOOK_SECRET",
    "SLIPWAY_LEASE",
    "SLIPWAY_TOKEN_KEY",
    "SLIPWAY_TOKEN",
    "SLIPWAY_ADDRESS",
    "SLIPWAY_GITHUB_TOKEN",
    "SLIPWAY_GITHUB_APP_ID",
    "SLIPWAY_GITHUB_APP_KEY",
    "SLIPWAY_GITHUB_API",
    "SLIPWAY_GITHUB_WEBHOOK_SECRET",
    "SLIPWAY_LOG",
)


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """A variable that is wrong or missing, and what to do about it."""

    variable: str
    message: str

    def __str__(self) -> str:
        return f"{self.variable}: {self.message}"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is set from outside. Secrets show only when revealed."""

    slack_bot_token: Secret
    slack_app_token: Secret
    """Set: Socket Mode. Empty: HTTP, with the signing secret."""
    slack_signing_secret: Secret
    slack_api_url: str
    database_url: Secret
    """With the driver that we use; it may hold a password."""
    catalogue: Path
    listen_host: str
    listen_port: int
    commands: Mapping[str, str]
    """Each of our four commands, by its own name without a slash, with its name in this workspace (with one)."""
    calendar_key: Secret
    """What the address of the calendar of freezes holds, so that not everybody can read it. Empty: there is none."""
    webhook_secret: Secret
    """What other machines sign their reports with. Empty: none are heard."""
    lease: timedelta
    """How long nothing may be heard of a replica before others go on with its work."""
    token_key: Secret
    """What personal tokens are signed with. Empty: there are none."""
    address: str
    """Where others reach us, without a slash at the end; for links and callbacks. Empty: nobody was told."""
    github_token: Secret
    """A personal token for GitHub. Empty: we are a GitHub App, or don't use GitHub."""
    github_app_id: str
    github_app_key: Secret
    """The private key of our GitHub App, as PEM."""
    github_api: str
    """Where GitHub's REST API is, without a slash at the end."""
    github_webhook_secret: Secret
    """What GitHub signs its webhooks with. Empty: none are heard."""
    log_level: int

    @property
    def socket_mode(self) -> bool:
        """Whether Slack is reached by a socket that we open, rather than by requests that it sends."""
        return bool(self.slack_app_token)

    @property
    def uses_github(self) -> bool:
        """Whether we can speak to GitHub at all."""
        return bool(self.github_token or self.github_app_key)


def read(environment: Mapping[str, str], *, slack: bool = True) -> Settings | list[SettingProblem]:
    """The settings, or every problem at once. Without `slack`, its tokens may be missing (but not wrong)."""
    reader = _Reader(environment)
    settings = Settings(
        slack_bot_token=Secret(reader.read("SLACK_BOT_TOKEN", words.bot_token, "")),
        slack_app_token=Secret(reader.read("SLACK_APP_TOKEN", words.app_token, "")),
        slack_signing_secret=Secret(reader.read("SLACK_SIGNING_SECRET", words.signing_secret, "")),
        slack_api_url=reader.read("SLACK_API_URL", words.api_url, "https://slack.com/api/"),
        database_url=Secret(reader.read("SLIPWAY_DATABASE_URL", words.database_url, "sqlite+aiosqlite:///slipway.db")),
        catalogue=reader.read("SLIPWAY_CATALOGUE", lambda text: Path(text).expanduser(), Path("slipway.yaml")),
        listen_host=reader.read("SLIPWAY_LISTEN", lambda text: words.listen(text)[0], "127.0.0.1"),
        listen_port=reader.read("SLIPWAY_LISTEN", lambda text: words.listen(text)[1], 8080),
        commands=reader.read("SLIPWAY_COMMANDS", words.command_names, words.command_names("")),
        calendar_key=Secret(reader.read("SLIPWAY_CALENDAR_KEY", words.calendar_key, "")),
        webhook_secret=Secret(reader.read("SLIPWAY_WEBHOOK_SECRET", words.webhook_secret, "")),
        lease=reader.read("SLIPWAY_LEASE", words.lease, timedelta(seconds=10)),
        token_key=Secret(reader.read("SLIPWAY_TOKEN_KEY", words.token_key, "")),
        address=reader.read("SLIPWAY_ADDRESS", words.address, ""),
        github_token=Secret(reader.read("SLIPWAY_GITHUB_TOKEN", words.github_token, "")),
        github_app_id=reader.read("SLIPWAY_GITHUB_APP_ID", words.github_app_id, ""),
        github_app_key=Secret(reader.read("SLIPWAY_GITHUB_APP_KEY", words.github_app_key, "")),
        github_api=reader.read("SLIPWAY_GITHUB_API", words.github_api, "https://api.github.com"),
        github_webhook_secret=Secret(reader.read("SLIPWAY_GITHUB_WEBHOOK_SECRET", words.github_webhook_secret, "")),
        log_level=reader.read("SLIPWAY_LOG", words.level, logging.WARNING),
    )
    if slack:
        reader.need_slack()
    reader.choose_at_github()
    reader.notice_slips()
    return list(dict.fromkeys(reader.problems)) or settings


class _Reader:
    """Reads variables and remembers what was wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        # An empty variable is how compose files and shells say “not set”.
        self._given = {name: value.strip() for name, value in environment.items() if value.strip()}
        self.problems: list[SettingProblem] = []

    def read(self, variable: str, parse: Callable[[str], _T], default: _T) -> _T:
        """What that variable says; the default if it says nothing, or nothing that can be used."""
        text = self._given.get(variable)
        if text is None:
            return default
        if text[0] in "\"'" and text[-1] == text[0]:
            self._complain(variable, "The quotes around it are part of the value here; take them out.")
            return default
        try:
            return parse(text)
        except ValueError as error:
            self.problems.append(SettingProblem(variable, str(error)))
            return default

    def need_slack(self) -> None:
        """Slack's tokens: one to speak, and one way to be spoken to."""
        if "SLACK_BOT_TOKEN" not in self._given:
            self._complain(
                "SLACK_BOT_TOKEN",
                "It is not set. Copy the “Bot User OAuth Token” (xoxb-…) from the app's page “OAuth & Permissions”.",
            )
        socket, http = ("SLACK_APP_TOKEN" in self._given, "SLACK_SIGNING_SECRET" in self._given)
        if not socket and not http:
            self._complain(
                "SLACK_APP_TOKEN",
                "It is not set. For Socket Mode make an app-level token (xapp-…) with the scope connections:write on "
                "the app's page “Basic Information”; for HTTP set SLACK_SIGNING_SECRET, from the same page, instead.",
            )
        if socket and http:
            self._complain(
                "SLACK_SIGNING_SECRET",
                "SLACK_APP_TOKEN is set, too. Keep that one for Socket Mode, or this one for HTTP; take the other out.",
            )

    def choose_at_github(self) -> None:
        """A GitHub App has an id and a key; a token stands alone."""
        token, app, key = (f"SLIPWAY_GITHUB_{each}" in self._given for each in ("TOKEN", "APP_ID", "APP_KEY"))
        if token and (app or key):
            self._complain(
                "SLIPWAY_GITHUB_TOKEN",
                "SLIPWAY_GITHUB_APP_ID or SLIPWAY_GITHUB_APP_KEY is set, too. Keep those to be a GitHub App, or this "
                "one to use a person's token; take the other out.",
            )
        elif app and not key:
            self._complain(
                "SLIPWAY_GITHUB_APP_KEY",
                "It is not set, but SLIPWAY_GITHUB_APP_ID is. Generate a private key on the app's page, and give its "
                "file (or what is in it).",
            )
        elif key and not app:
            self._complain(
                "SLIPWAY_GITHUB_APP_ID",
                "It is not set, but SLIPWAY_GITHUB_APP_KEY is. It is the “App ID” or the “Client ID” of the app's "
                "page.",
            )

    def notice_slips(self) -> None:
        """Names that are nearly ours: a slip that would otherwise be a setting without effect."""
        for name in sorted(self._given):
            if name.startswith(("SLIPWAY_", "SLACK_")) and name not in KNOWN:
                near = get_close_matches(name, KNOWN, n=1, cutoff=0.88)
                if near and near[0] not in self._given:
                    self._complain(name, f"There is no such setting; did you mean {near[0]}?")

    def _complain(self, variable: str, message: str) -> None:
        self.problems.append(SettingProblem(variable, message))
