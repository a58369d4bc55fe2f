"""The Web API: every method the sandbox knows, by its name."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.sandbox.web_api import basics, chat, conversations, files, people, views
from integrations.sandbox.web_api.call import Method

METHODS: Mapping[str, Method] = {
    **basics.METHODS,
    **chat.METHODS,
    **conversations.METHODS,
    **files.METHODS,
    **people.METHODS,
    **views.METHODS,
}
