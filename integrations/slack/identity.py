"""Identity: who we are in this workspace, learned once, so that no request waits for it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta

from integrations.slack.client import SlackClient
from integrations.slack.errors import SlackAwayError, SlackBusyError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Identity:
    """The app's own account."""

    team: str
    team_name: str
    enterprise: str | None
    bot: str | None
    user: str
    url: str
    scopes: frozenset[str]


class Myself:
    """What Slack says of our token."""

    def __init__(self, client: SlackClient) -> None:
        self._client = client
        self.known: Identity | None = None

    def team(self) -> str | None:
        """The workspace that we are installed in; None until Slack has told us."""
        return self.known.team if self.known else None

    async def learn(self) -> Identity:
        """Ask Slack. SlackRefusedError if the token is no good; SlackBusyError or SlackAwayError if it can't say."""
        reply = await self._client.ask("auth.test")
        told = reply.data
        self.known = Identity(
            team=str(told["team_id"]),
            team_name=str(told.get("team") or ""),
            enterprise=str(told["enterprise_id"]) if told.get("enterprise_id") else None,
            bot=str(told["bot_id"]) if told.get("bot_id") else None,
            user=str(told["user_id"]),
            url=str(told.get("url") or ""),
            scopes=reply.scopes,
        )
        return self.known

    async def keep_asking(self, longest: timedelta = timedelta(seconds=30)) -> None:
        """Ask until Slack is back. A token that is refused by then is said in the log; nothing works without it."""
        pause = 0.5
        while self.known is None:
            try:
                await self.learn()
            except SlackBusyError as error:
                await asyncio.sleep(error.retry_after)
            except SlackAwayError as error:
                log.info("Slack can't be asked who we are: %s", error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, longest.total_seconds())
