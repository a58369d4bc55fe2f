"""The sandbox's web page: a small chat client in which one person at a time is played."""

from .guide import Step
from .routes import routes

__all__ = ["Step", "routes"]
