"""What Slipway needs from the outside, in its own words. `integrations` satisfies it; a twin of each is in `tests`.

Adapters translate data and errors: no vendor's dict and no vendor's exception passes through a port. What could not
be learned is said with the error named here, or with a value that says so.
"""

from __future__ import annotations

from bot.ports.calendars import CalendarError, Calendars, Occurrence
from bot.ports.code import Carried, Changes, CodeHost, CodeHostError, Commit, PullRequest, Suspicion
from bot.ports.deploying import (
    AsItsTargetCan,
    Available,
    Capabilities,
    Delivery,
    Deployer,
    DeployerError,
    Deployers,
    HearsItsTarget,
    NotGenuineError,
    Progress,
    Served,
    Started,
    Tidies,
    UnreadableError,
    Verifier,
    capabilities_of,
)
from bot.ports.engine import DONE, Advance, Next, Schedule, Tick, again
from bot.ports.metrics import Metrics, MetricsError, Sample, Series
from bot.ports.people import Directory, DirectoryError
from bot.ports.publishing import Mark, Marks, Notes, ProtectionRules, Publisher, PublisherError, Tagged
from bot.ports.records import Ask, Asked, ConflictError, HeldError, Page, Reading, Records, RecordsError, Work
from bot.ports.terms import Agreed, Clock
from bot.ports.tokens import SignedToken, TokenSigner

__all__ = [
    "DONE",
    "Advance",
    "Agreed",
    "AsItsTargetCan",
    "Ask",
    "Asked",
    "Available",
    "CalendarError",
    "Calendars",
    "Capabilities",
    "Carried",
    "Changes",
    "Clock",
    "CodeHost",
    "CodeHostError",
    "Commit",
    "ConflictError",
    "Delivery",
    "Deployer",
    "DeployerError",
    "Deployers",
    "Directory",
    "DirectoryError",
    "HearsItsTarget",
    "HeldError",
    "Mark",
    "Marks",
    "Metrics",
    "MetricsError",
    "Next",
    "NotGenuineError",
    "Notes",
    "Occurrence",
    "Page",
    "Progress",
    "ProtectionRules",
    "Publisher",
    "PublisherError",
    "PullRequest",
    "Reading",
    "Records",
    "RecordsError",
    "Sample",
    "Schedule",
    "Series",
    "Served",
    "SignedToken",
    "Started",
    "Suspicion",
    "Tagged",
    "Tick",
    "Tidies",
    "TokenSigner",
    "UnreadableError",
    "Verifier",
    "Work",
    "again",
    "capabilities_of",
]
