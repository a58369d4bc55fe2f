"""What of Slack can be tried without anybody noticing: for `slipway doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bot.doctor import Account, AilingError, ChannelSeen
from bot.messages import MessengerError
from bot.rules.policy import ChannelId
from integrations.slack.client import SlackClient
from integrations.slack.errors import SlackRefusedError
from integrations.slack.identity import Myself

_SAID = {
    "invalid_auth": "Slack doesn't know this token.",
    "not_authed": "Slack got no token.",
    "account_inactive": "The token belongs to an app or a workspace that is gone.",
    "token_revoked": "The token was revoked.",
    "token_expired": "The token has expired.",
    "not_allowed_token_type": "This is a token of another kind than is needed here.",
    "channel_not_found": "There is no such channel, or it is private and the app is not in it.",
}
"""What Slack's words mean to whoever sets this up."""


class SlackDoctor:
    """Asks Slack who we are, for a socket that stays unused, and about channels."""

    def __init__(self, client: SlackClient, me: Myself, app_token: str) -> None:
        """`app_token` is the one of Socket Mode; empty where that is not used."""
        self._client = client
        self._me = me
        self._app_token = app_token

    async def account(self) -> Account:
        """Who we are, and what our token was granted."""
        with _in_a_sentence():
            found = await self._me.learn()
        return Account(found.user, found.team_name or found.team, found.scopes)

    async def socket(self) -> None:
        """Ask for a socket's address."""
        with _in_a_sentence():
            await self._client.ask("apps.connections.open", token=self._app_token)

    async def channel(self, channel: ChannelId) -> ChannelSeen:
        """A channel's name and whether we are in it."""
        with _in_a_sentence():
            data = await self._client.call("conversations.info", channel=channel)
        told = data["channel"]
        return ChannelSeen(
            str(told.get("name") or channel), joined=bool(told.get("is_member")), archived=bool(told.get("is_archived"))
        )


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    try:
        yield
    except SlackRefusedError as error:
        if error.needed:
            raise AilingError(f"The token lacks the scope {error.needed}.") from error
        raise AilingError(_SAID.get(error.code, f"Slack refuses it ({error.code}).")) from error
    except MessengerError as error:
        raise AilingError(f"Slack can't be asked ({error}).") from error
