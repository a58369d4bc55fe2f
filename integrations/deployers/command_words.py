"""What a job's folder says, in words for people: how far the program is, and how it ended."""

from __future__ import annotations

import errno
import signal
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from bot.ports import Progress
from bot.rules.deployment import Phase
from integrations.deployers.covering import covers_of, looks_secret, passwords_in
from integrations.deployers.job import CANCELLED, EXITED, NOBODY, NOT_STARTED, STOPPED, TIMED_OUT, Job
from integrations.deployers.output import shorten, tail
from integrations.deployers.processes import still_there

LAST_WORDS = 3
LONGEST = 600


def secrets_of(environment: Any) -> tuple[str, ...]:
    """What must not be repeated: values whose variables' names say so, and passwords within an address."""
    if not isinstance(environment, Mapping):
        return ()
    texts = {str(name): value for name, value in environment.items() if isinstance(value, str)}
    secret = [value for name, value in texts.items() if looks_secret(name)]
    return covers_of([*secret, *(each for value in texts.values() for each in passwords_in(value))])


def progress_of(job: Job, secrets: Iterable[str] = ()) -> Progress:
    """How far a job is that somebody took."""
    claim = job.claim() or {}
    if claim.get("by") == NOBODY:
        phase = Phase.CANCELLED if claim.get("how") == CANCELLED else Phase.FAILED
        return Progress(phase, str(claim.get("why", "")))
    # In this order: a runner writes the outcome before it dies, so none alive and none written means none ever.
    minded = job.has_runner()
    outcome = job.outcome()
    said = tail(job.output, secrets)
    if outcome is not None:
        return _ended(outcome, claim, said)
    if minded and job.cancel_asked:
        return Progress(Phase.RUNNING, "Stopping, as asked")
    if minded or _goes_on(job):
        return Progress(Phase.RUNNING, said[-1] if said else "Started")
    return Progress(
        Phase.LOST, _with("What ran the program vanished without leaving how it ended (a restart of this host?).", said)
    )


def _goes_on(job: Job) -> bool:
    """Whether the program outlived its runner. It is at work still, although nobody will learn how it ends."""
    program = job.program()
    return program is not None and still_there(int(program["pid"]), program["born"])


def _ended(outcome: Mapping[str, Any], claim: Mapping[str, Any], said: list[str]) -> Progress:
    how, status = outcome["how"], outcome.get("status")
    if how == NOT_STARTED:
        return Progress(Phase.FAILED, why_not_started(outcome, claim))
    if how == TIMED_OUT:
        after = _duration(timedelta(seconds=float(claim["timeout"])))
        return Progress(Phase.FAILED, _with(f"The program took longer than {after} and was stopped.", said))
    if status == 0:
        # Its own word counts: one that finished although it was asked to stop has done its work.
        late = "It finished before it could be stopped." if how in {CANCELLED, STOPPED} else ""
        return Progress(Phase.SUCCEEDED, late or (said[-1] if said else "Done"))
    if how == CANCELLED:
        return Progress(Phase.CANCELLED, _with("The program was stopped, as asked.", said))
    if how == STOPPED:
        return Progress(Phase.FAILED, _with("The program was stopped together with its runner, not by Slipway.", said))
    if how == EXITED and isinstance(status, int):
        way = f"was ended by {_signal_name(-status)}" if status < 0 else f"ended with exit code {status}"
        return Progress(Phase.FAILED, _with(f"The program {way}.", said))
    return Progress(Phase.LOST, _with("How the program ended can't be read.", said))


def why_not_started(outcome: Mapping[str, Any], claim: Mapping[str, Any]) -> str:
    """Why the host refused to start the program at all."""
    program = str((claim.get("program") or ["?"])[0])
    match outcome.get("errno"):
        case errno.ENOENT | errno.ENOTDIR:
            return f"The program {program}, or the folder {claim.get('directory')}, was not found."
        case errno.EACCES | errno.EPERM:
            return f"The program {program} must not be run by Slipway's account; please make it executable."
        case errno.ENOEXEC:
            return f"{program} is no program this host can run; a script needs its first line to name what runs it."
        case errno.E2BIG:
            return f"The arguments of {program} are too long for this host."
        case _:
            return f"This host could not start {program}."


def _with(sentence: str, said: list[str]) -> str:
    """The sentence, and the program's last words where it had any."""
    if not said:
        return sentence
    return shorten(f"{sentence} Its last words: {' / '.join(said[-LAST_WORDS:])}", LONGEST)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _duration(span: timedelta) -> str:
    seconds = span.total_seconds()
    for size, word in ((3600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            count = int(seconds // size)
            return f"{count} {word}" + ("s" if count > 1 else "")
    return f"{seconds:g} second" + ("" if seconds == 1 else "s")
