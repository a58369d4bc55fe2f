"""The key of a deployment: how a target knows it again, whoever asks and however often."""

from __future__ import annotations

import hashlib
from datetime import UTC

from bot.rules.deployment import Deployment


def key_of(deployment: Deployment) -> str:
    """`D-40-1f3a90c2`: the same for every try.

    It holds more than the number: a new database counts from one again, and must not find at an old target that its
    first deployment has succeeded long ago.
    """
    order = deployment.order
    moment = order.confirmed_at.astimezone(UTC).replace(microsecond=0).isoformat()
    told = f"{order.service}\n{order.environment}\n{order.kind}\n{order.candidate.commit}\n{moment}"
    return f"{deployment.name}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"
