"""Names that Slack sends back: the commands (which a team may rename), the buttons, and the forms."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class CommandNames:
    """How the four commands are called in this workspace."""

    release: str = "/release"
    deploy: str = "/deploy"
    rollback: str = "/rollback"
    freeze: str = "/freeze"

    def here(self, command: str) -> str:
        """A command as it is written in our own words (`/release list`), in the words of this workspace."""
        first, space, rest = command.partition(" ")
        names = {"/release": self.release, "/deploy": self.deploy, "/rollback": self.rollback, "/freeze": self.freeze}
        return names.get(first, first) + space + rest


class Press(StrEnum):
    """Every button, and everything else in a message that answers to a press: its `action_id`."""

    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    CHECKLIST = "checklist"
    WHY = "why"
    DEPLOY = "deploy"
    LAUNCH = "launch"
    NEW = "new"
    SHOW = "show"
    TICK = "tick"
    UNTICK = "untick"
    NOTE = "note"
    """Opens the form in which a line is ticked with a note."""
    PAGE = "page"
    """Turns the checklist's page."""
    WAY_BACK = "way_back"
    """Opens the private confirm message of a rollback."""
    ASK = "ask"
    """Has the people asked who can lift what blocks."""
    COMMENT = "comment"
    EXCEPT = "except"
    """Opens the form in which a freeze is acknowledged, or an exception from it is asked for."""
    GRANT = "grant"
    REFUSE = "refuse"
    """Opens the form in which an exception is refused."""
    REVIEW = "review"
    """Opens the form in which somebody says what was learned from a deployment that broke the glass."""
    ROLL_BACK = "roll_back"
    """Rolls back: the button of that message."""
    KEEP = "keep"
    """Says that a deployment which is watched stays."""
    TRAIN_GO_ON = "train_go_on"
    TRAIN_TRY_AGAIN = "train_try_again"
    TRAIN_STOP = "train_stop"
    TRAIN_ROLL_BACK = "train_roll_back"
    """Says to a train how it goes on."""


LINK = "link"
"""A button that leads to a page elsewhere: Slack tells us of the press all the same, and nothing is done about it."""


class Form(StrEnum):
    """Every form that can be sent in: its `callback_id`."""

    NEW = "new"
    EDIT = "edit"
    REJECT = "reject"
    COMMENT = "comment"
    EXCEPT = "except"
    REFUSE = "refuse"
    NOTE = "note"
    REVIEW = "review"


CHECKLIST_FORM = "checklist"
"""The checklist is a form as well, with nothing to send in."""


class Event(StrEnum):
    """Every event that we listen to."""

    HOME_OPENED = "app_home_opened"
