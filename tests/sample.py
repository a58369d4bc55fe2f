"""The sample catalogue, `examples/slipway.yaml`: what a team reads first, and tests hold to what it promises."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bot.catalogue import load
from bot.rules.policy import Catalogue
from integrations.deployers.kinds import KINDS

SAMPLE = Path(__file__).parents[1] / "examples/slipway.yaml"


@cache
def sample() -> Catalogue:
    """What the sample's team has agreed. Frozen, so reading it once is enough."""
    found = load(SAMPLE, deployers=KINDS)
    assert isinstance(found, Catalogue), "\n".join(map(str, found))
    return found
