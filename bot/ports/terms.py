"""What every port speaks of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.rules.policy import (
    Catalogue,
)

Clock = Callable[[], datetime]
"""Now, aware and in UTC."""

Agreed = Callable[[], Catalogue]
"""The catalogue that is in force at this moment."""
