"""Machines: how other machines are listened to and answered: so much and no more, and always in JSON."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping

from aiohttp import web

from handlers.serving import a_reference

log = logging.getLogger(__name__)

LARGEST = 64 * 1024
"""What a machine has to say at most, in bytes."""


async def limited(request: web.Request, most: int = LARGEST) -> bytes | None:
    """The body; None if it is larger than it may be."""
    if (request.content_length or 0) > most:
        return None
    chunks, size = [], 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > most:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def failed(error: Exception, what: str) -> web.Response:
    """A mistake of ours: a reference for the machine, the whole story for the log."""
    reference = a_reference()
    log.error("Reference %s: %s failed here.", reference, what, exc_info=error)
    return problems(500, f"Something went wrong on Slipway's side; its log has the reference {reference}.")


def problems(status: int, *told: str) -> web.Response:
    """Every problem at once."""
    return as_json(status, {"problems": list(told)})


def as_json(status: int, told: Mapping[str, object]) -> web.Response:
    """As it is read in a log: curl shows it as it comes."""
    return web.Response(
        status=status, text=json.dumps(told, ensure_ascii=False) + "\n", content_type="application/json"
    )
