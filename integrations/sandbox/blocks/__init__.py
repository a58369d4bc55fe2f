"""Blocks: what Slack takes and what it refuses, to the letter, and what it adds by itself."""

from integrations.sandbox.blocks.complete import complete
from integrations.sandbox.blocks.grammar import Problem
from integrations.sandbox.blocks.surfaces import (
    InvalidBlocksError,
    Surface,
    check_message_blocks,
    check_view,
    find_problems,
    find_view_problems,
)

__all__ = [
    "InvalidBlocksError",
    "Problem",
    "Surface",
    "check_message_blocks",
    "check_view",
    "complete",
    "find_problems",
    "find_view_problems",
]
