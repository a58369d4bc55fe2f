"""Trouble that is expected, and that a person can mend: it ends the program with a sentence, never with a traceback."""

from __future__ import annotations


class Trouble(Exception):  # noqa: N818 - it is no mistake of the program
    """Why the program can't do what was asked. `lines` are the particulars; `code` is what the shell sees."""

    def __init__(self, message: str, *lines: str, code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.lines = lines
        self.code = code


WRONG_SETTINGS = 2
"""What the shell sees when settings or arguments are wrong, as it is for every command line."""
