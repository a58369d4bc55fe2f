"""A workshop for each story, over the twin of the records."""

from __future__ import annotations

import pytest

from tests.verbs.workshop import Workshop


@pytest.fixture
def shop():
    return Workshop()
