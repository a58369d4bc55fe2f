"""Twins of the neighbours: they behave, and are held to the same contract as the real ones."""

from tests.twins.calendars import Event, FakeCalendars
from tests.twins.code_host import FakeCodeHost
from tests.twins.deployer import FakeDeployer, FakeTarget, Script
from tests.twins.marks import FakeMarks
from tests.twins.metrics import FakeMetrics
from tests.twins.protection import FakeProtectionRules
from tests.twins.publisher import FakePublisher
from tests.twins.verifier import FakeVerifier

__all__ = [
    "Event",
    "FakeCalendars",
    "FakeCodeHost",
    "FakeDeployer",
    "FakeMarks",
    "FakeMetrics",
    "FakeProtectionRules",
    "FakePublisher",
    "FakeTarget",
    "FakeVerifier",
    "Script",
]
