"""The nursery: a program that has read in everything, and gives birth to lives in some milliseconds each.

Orders are JSON lines on its input, each a `Birth`. It tells on its output who was born, with which process number, and
who died, how. When its input ends, it ends all that live.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import sys
import threading
import traceback
from contextlib import suppress
from typing import Any

# What a life would read in only while it lives.
import aiosqlite
import alembic.runtime.migration
import anyio._backends._asyncio
import dbos._sys_db_sqlite
import psycopg
import slack_bolt.listener_matcher.async_builtins
import sqlalchemy.dialects.postgresql.psycopg
import sqlalchemy.dialects.sqlite.aiosqlite

from tests.crash.life import Birth, live

READ_IN = (aiosqlite, alembic, anyio, dbos, psycopg, slack_bolt, sqlalchemy)


def tell(**told: Any) -> None:
    """One line."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Give birth, and bury, until the input ends."""
    assert threading.active_count() == 1, "a fork takes no other thread along"
    gc.collect()
    gc.freeze()
    wakes, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    living: dict[int, int] = {}
    rest = b""
    with selectors.DefaultSelector() as looking:
        looking.register(0, selectors.EVENT_READ)
        looking.register(wakes, selectors.EVENT_READ)
        tell(ready=True)
        while True:
            for key, _ in looking.select():
                if key.fd == wakes:
                    os.read(wakes, 4096)
                    _bury(living)
                    continue
                read = os.read(0, 65536)
                if not read:
                    _end(living)
                    return
                *lines, rest = (rest + read).split(b"\n")
                for line in lines:
                    birth = Birth(**json.loads(line))
                    process = os.fork()
                    if process == 0:
                        _born(birth, wakes, woken)
                    living[process] = birth.life
                    tell(born=birth.life, process=process)


def _born(birth: Birth, *pipes: int) -> None:
    """In the new process: let go of what belongs to the nursery, and live."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for each in pipes:
            os.close(each)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        live(birth)
        code = 0
    except BaseException:  # noqa: BLE001 - the last thing that is heard of this process
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _bury(living: dict[int, int]) -> None:
    while living:
        process, status = os.waitpid(-1, os.WNOHANG)
        if process == 0:
            return
        tell(died=living.pop(process), code=os.waitstatus_to_exitcode(status))


def _end(living: dict[int, int]) -> None:
    for process in living:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


if __name__ == "__main__":
    main()
