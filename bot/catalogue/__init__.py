"""From slipway.yaml to what a team has agreed, with every problem at once."""

from bot.catalogue.loading import load
from bot.catalogue.problem import Problem

__all__ = ["Problem", "load"]
