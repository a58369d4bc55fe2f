"""Signatures: how machines prove to each other who speaks and when, in both directions, with a secret that both know.

`X-Slipway-Signature: v1=…` is the HMAC-SHA256 of `v1:{timestamp}:{body}`, and `X-Slipway-Timestamp` the seconds since
1970. Whoever copies a request can only say the same again, for as long as the clocks may differ.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from bot.secret import Secret

TIMESTAMP, SIGNATURE = "X-Slipway-Timestamp", "X-Slipway-Signature"
TOLERANCE = timedelta(minutes=5)
"""How far the clock of whoever signs may be off; and so, for how long a copied request is heard at all."""
NOT_GENUINE = (
    "The signature does not fit, or its time is more than 5 minutes off. X-Slipway-Timestamp is the time in seconds "
    "since 1970; X-Slipway-Signature is v1= and the HMAC-SHA256, in hexadecimal, of v1:<that time>:<the body>."
)

_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_FORM = re.compile(r"v1=[0-9a-f]{64}", re.ASCII)


def signature(secret: Secret, stamp: str, body: bytes) -> str:
    """What proves that whoever knows the secret said this at that time."""
    told = b"v1:" + stamp.encode() + b":" + body
    return "v1=" + hmac.new(secret.reveal().encode(), told, hashlib.sha256).hexdigest()


def signed_at(secrets: Iterable[Secret], stamp: str, given: str, body: bytes, now: datetime) -> datetime | None:
    """When it was signed; None if with none of these secrets, or at another time than about now."""
    if not _SECONDS.fullmatch(stamp) or not _FORM.fullmatch(given):
        return None
    # Every secret is tried, so that the time it takes tells nothing.
    fits = [hmac.compare_digest(signature(secret, stamp, body), given) for secret in secrets if secret]
    if not any(fits) or abs(int(stamp) - now.timestamp()) > TOLERANCE.total_seconds():
        return None
    return datetime.fromtimestamp(int(stamp), UTC)
