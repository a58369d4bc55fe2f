"""Starting durable work, and sending it a word, inside the transaction of a page."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from dbos import EnqueueOptions

from integrations.engine import rows
from integrations.engine.names import CONTROL, FOLLOW, QUEUE, id_of
from integrations.engine.store import address_of, open_client

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

    from bot.ports import Work

log = logging.getLogger(__name__)


class EngineStarter:
    """Writes on the page's own connection only: its commit starts or sends, anything else leaves nothing.

    The engine need not run in this process: whoever runs it takes up what was written here.
    """

    def __init__(self, url: str | URL) -> None:
        self._client = open_client(address_of(url))

    def start(self, connection: Connection, work: Work, key: int) -> None:
        """Write down that this work is to begin. What was ever started is not started again."""
        self._client.enqueue_in_transaction(connection, options_for(work, key), work, key, 1)

    def nudge(self, connection: Connection, work: Work, key: int, word: str) -> None:
        """Write down a word for that work. If it isn't going on, there is nobody to tell and nothing is written."""
        going_on = rows.going_on(connection, work, key)
        if going_on is None:
            log.info("%s %s isn't going on, so nobody needs to hear “%s”.", work, key, word)
            return
        self._client.send_in_transaction(connection, going_on, word, CONTROL)

    def close(self) -> None:
        """Let go of the database."""
        self._client.destroy()


def options_for(work: Work | str, key: int, life: int = 1) -> EnqueueOptions:
    """How the engine is to take up one life of a piece of work."""
    return EnqueueOptions(workflow_name=FOLLOW, queue_name=QUEUE, workflow_id=id_of(work, key, life))
