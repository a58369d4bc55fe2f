"""Tidying: the folders of jobs that were over long ago are cleared away; one that may still be at work never is."""

from __future__ import annotations

import logging
import re
import shutil
import time
from collections.abc import Collection, Iterator
from datetime import timedelta
from pathlib import Path

from integrations.deployers.job import NOBODY, Job
from integrations.deployers.processes import still_there

log = logging.getLogger(__name__)

KEPT_FOR = timedelta(days=30)
KEPT_AT_LEAST, KEPT_AT_MOST = 100, 1000
"""So many of the newest are kept however old they are, and no more than so many however new."""

_NAME = re.compile(r"D-\d+-[0-9a-f]{8}", re.ASCII)


def tidy(state: Path, at_work: Collection[str]) -> int:
    """Clear away what is old; how many folders. `at_work` are the names of those that nothing may happen to."""
    cleared = 0
    try:
        folders = sorted(_over(state, at_work), key=lambda each: each.stat().st_mtime, reverse=True)
    except OSError as trouble:
        log.warning("The folder %s could not be tidied: %s", state, trouble.strerror)
        return 0
    oldest = time.time() - KEPT_FOR.total_seconds()
    for place, folder in enumerate(folders):
        if place < KEPT_AT_LEAST or (place < KEPT_AT_MOST and folder.stat().st_mtime > oldest):
            continue
        try:
            shutil.rmtree(folder)
        except OSError as trouble:
            log.warning("The folder %s could not be cleared away: %s", folder, trouble.strerror)
        else:
            cleared += 1
    return cleared


def _over(state: Path, at_work: Collection[str]) -> Iterator[Path]:
    """The folders of jobs that are over by the record, and on this host too."""
    if not state.is_dir():
        return
    for folder in state.iterdir():
        if not _NAME.fullmatch(folder.name) or folder.name in at_work or folder.is_symlink():
            continue
        job = Job(folder)
        try:
            if _is_over(job):
                yield folder
        except ValueError:
            log.warning("The folder %s is damaged, and stays.", folder)


def _is_over(job: Job) -> bool:
    """Whether nothing can happen in it any more. One without a claim may be about to begin."""
    claim = job.claim()
    if claim is None:
        return False
    if claim.get("by") == NOBODY:
        return True
    program = job.program()
    alive = program is not None and still_there(int(program["pid"]), program["born"])
    return not alive and not job.has_runner()
