"""The durable engine: what was started is followed to its end, and what the clock asks for is done once.

DBOS Transact does the work, in the same database as the records. Nothing outside this folder knows of it.
"""

from integrations.engine.alone import AlreadyRunningError
from integrations.engine.engine import Engine
from integrations.engine.moves import Trouble
from integrations.engine.outside import Going, Process, processes, work
from integrations.engine.rows import Pending, Status
from integrations.engine.starter import EngineStarter
from integrations.engine.store import prepare

__all__ = [
    "AlreadyRunningError",
    "Engine",
    "EngineStarter",
    "Going",
    "Pending",
    "Process",
    "Status",
    "Trouble",
    "prepare",
    "processes",
    "work",
]
