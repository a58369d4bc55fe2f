"""The Slack app's manifest: what Slack must know of us, for the commands' names and the way of connecting in use."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

from bot.setting_words import command_names
from bot.trouble import WRONG_SETTINGS, Trouble

USAGE = {
    "release": ("Plan a release, and follow it to its customers", "new payments 2.4.0 | list | show R-12 | help"),
    "deploy": ("Bring a release to an environment", "R-12 to production | status payments | help"),
    "rollback": ("Go back to the last good version", "payments [to 2.3.9] [reason] | help"),
    "freeze": (
        "Declare a code freeze, end it, or ask to pass it",
        "start production until mon 07:00 <reason> | except R-12 <reason> | list | help",
    ),
}
"""Each command with what Slack shows while it is typed."""

HEADER = """\
# The Slack app. `slipway manifest` prints it, also for renamed commands (--commands) and for HTTP (--url);
# paste it at https://api.slack.com/apps under “Create New App”, “From a manifest”.
"""


def manifest(
    commands: Mapping[str, str], url: str | None = None, *, scopes: Iterable[str], events: Iterable[str]
) -> dict[str, Any]:
    """The manifest. With a `url` Slack sends requests there; without one Socket Mode is on."""
    to_us = {"url": f"{url}/slack/events"} if url else {}
    by_request = {"request_url": f"{url}/slack/events"} if url else {}
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "Slipway",
            "description": "Releases: planned, checked, approved, deployed, rolled back.",
            "background_color": "#1d3557",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": "slipway", "always_online": True},
            "slash_commands": [
                {
                    "command": commands[own],
                    "description": description,
                    "usage_hint": usage,
                    "should_escape": True,
                    **to_us,
                }
                for own, (description, usage) in USAGE.items()
            ],
        },
        "oauth_config": {"scopes": {"bot": sorted(scopes)}},
        "settings": {
            "event_subscriptions": {**by_request, "bot_events": sorted(events)},
            "interactivity": {"is_enabled": True, **by_request},
            "org_deploy_enabled": False,
            "socket_mode_enabled": url is None,
            "token_rotation_enabled": False,
        },
    }


def from_words(commands: str, url: str, *, scopes: Iterable[str], events: Iterable[str]) -> dict[str, Any]:
    """The manifest for what was typed. Trouble if that can't be."""
    try:
        names = command_names(commands)
    except ValueError as error:
        raise Trouble(f"The commands' names: {error}", code=WRONG_SETTINGS) from error
    return manifest(names, _address(url) if url else None, scopes=scopes, events=events)


def printed(made: Mapping[str, Any], *, as_json: bool = False) -> str:
    """The manifest as text."""
    if as_json:
        return json.dumps(made, indent=2, ensure_ascii=False) + "\n"
    from ruamel.yaml import YAML  # noqa: PLC0415 - only this needs it

    out = StringIO()
    yaml = YAML(typ="rt", pure=True)
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 200
    yaml.dump(dict(made), out)
    return HEADER + out.getvalue()


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        fine = parts.scheme == "https" and bool(parts.hostname) and not parts.query and not parts.fragment
    except ValueError:
        fine = False
    if not fine:
        raise Trouble(
            f"“{url}” can't be Slack's way to us: it must be an https address, such as https://slipway.example.com.",
            code=WRONG_SETTINGS,
        )
    return url.rstrip("/").removesuffix("/slack/events")
