"""A counter for every test that wants one."""

from __future__ import annotations

import pytest

from tests.handlers.counter import Counter, a_counter


@pytest.fixture
def counter() -> Counter:
    """Nothing has happened yet."""
    return a_counter()
