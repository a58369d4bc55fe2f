"""App: Slack Bolt, built so that it does what we expect: nothing from the environment, no files, no waiting."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization.authorize_result import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from integrations.slack.client import SlackClient
from integrations.slack.identity import Myself

log = logging.getLogger(__name__)
_bolt_log = logging.getLogger("slipway.slack.bolt")
_bolt_log.setLevel(logging.INFO)

_READ_BY_BOLT = (
    "SLACK_BOT_TOKEN",
    "SLACK_SIGNING_SECRET",
    "SLACK_VERIFICATION_TOKEN",
    # Both of these silently turn an app into one for many workspaces, which drops its token and writes files.
    "SLACK_CLIENT_ID",
    "SLACK_CLIENT_SECRET",
)


def build_app(client: SlackClient, me: Myself) -> AsyncApp:
    """The Bolt app. Whoever hands it requests has verified them: its own parsing loses bodies with `payload` in them.

    There are no lazy listeners: those copy the request with its client, whose session can't be copied.
    """
    with _without_environment():
        app = AsyncApp(
            name="slipway",
            logger=_bolt_log,
            # Without a token of its own Bolt asks `authorize`, which knows the answer; with one, it would ask Slack.
            client=SlackClient.sdk_client(None, client.session, client.web.base_url),
            authorize=_authorize(client.token, me),
            request_verification_enabled=False,
            raise_error_for_unhandled_request=True,
        )
    app.error(_failed)
    return app


def _authorize(token: str, me: Myself):  # type: ignore[no-untyped-def]  # noqa: ANN202 - Bolt reads the names of the arguments
    async def authorize(enterprise_id: str | None, team_id: str | None, user_id: str | None) -> AuthorizeResult:
        known = me.known
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_token=token,
            bot_id=known.bot if known else None,
            bot_user_id=known.user if known else None,
            user_id=user_id,
        )

    return authorize


async def _failed(error: Exception, request: AsyncBoltRequest, response: BoltResponse | None) -> BoltResponse | None:
    """What no listener took is acknowledged, else Slack sends it again and again. Anything else is a fault of ours."""
    if isinstance(error, BoltUnhandledRequestError):
        kind = request.body.get("type") or request.body.get("command")
        log.warning("Nothing listens to a request of the kind %r; it was acknowledged.", kind)
        return BoltResponse(status=200, body="")
    log.error("A listener failed.", exc_info=error)
    # Once it was acknowledged there is no response any more, and Bolt stumbles over one that is returned.
    return None if response is None else BoltResponse(status=500, body="")


@contextmanager
def _without_environment() -> Iterator[None]:
    """Hide what Bolt would read while it is built; our settings have read the environment before."""
    hidden = {name: os.environ.pop(name) for name in _READ_BY_BOLT if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)
