"""Audit: the record with its digests, so that whoever has read it can verify it; and the evidence of one release."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from types import MappingProxyType
from typing import Any

from pydantic import Field

from bot.rules.audit import Entry as Kept
from bot.rules.machine_token import Scope
from bot.rules.sentence import Refused
from bot.verbs.audit import Exported, ExportRecord
from handlers.api.endpoint import Desk, Endpoint, Lines
from handlers.api.models import Model, example
from handlers.api.parameters import AnEntry, ARelease, Parameters
from handlers.api.problems import Trouble

_ENTRY = {
    "number": 1,
    "verb": "plan",
    "by": "U0MAYA",
    "surface": "command",
    "at": "2026-11-20T09:00:00+00:00",
    "release": 12,
    "candidate": None,
    "subject": "",
    "detail": {},
    "previous": "0" * 64,
    "digest": "19c348fe7bd329f05813d1123cbf38c36311cb2ce291a675e985a8f6a088fd82",
}


MUCH = 20
"""What reads much counts as so many questions."""

_ENTRIES, _HEAD = "Slipway-Record-Entries", "Slipway-Record-Head"


class Entry(Model):
    """One line of the record.

    `digest` is the SHA-256 of all the other members as JSON with sorted names, without blanks, in UTF-8; `previous` is
    the digest of the entry before, and 64 zeros in the first.
    """

    model_config = example(**_ENTRY)

    number: int
    verb: str
    by: str
    """Slack's id of whoever did it; `slipway` for what Slipway did by itself."""
    surface: str
    """Where it was said."""
    at: str = Field(json_schema_extra={"format": "date-time"})
    """Exactly as it was digested."""
    release: int | None
    """The release's number."""
    candidate: str | None
    subject: str
    """What else it is about."""
    detail: dict[str, Any]
    previous: str = Field(pattern="^[0-9a-f]{64}$")
    digest: str = Field(pattern="^[0-9a-f]{64}$")


class Record(Lines):
    """The record, oldest first: one entry a line."""

    model = Entry
    told = MappingProxyType(
        {
            _ENTRIES: "The number of the newest entry, as noted apart from the entries: the last line has it.",
            _HEAD: "That entry's digest; 64 zeros while there is none. Tells whether the last ones are missing.",
        }
    )


class Evidence(Model):
    """Everything about one release, as `/release audit` hands it out: the members are those of that file."""

    release: str
    written_at: str
    record: dict[str, Any]
    """Whether the whole record is unbroken, how many entries it has, and its head."""
    plan: dict[str, Any]
    candidate: dict[str, Any] | None
    checklist: list[dict[str, Any]]
    verdicts: list[dict[str, Any]]
    deployments: list[dict[str, Any]]
    reviews: list[dict[str, Any]]
    entries: list[dict[str, Any]]


class RecordParameters(Parameters):
    """Which entries."""

    after: AnEntry = 0
    """Only those after the one of this number: the last that you have."""


class EvidenceParameters(Parameters):
    """Which release."""

    release: ARelease
    """`R-12`, `r12` and `12` are the same."""


async def give_record(desk: Desk, asked: RecordParameters) -> Record | Trouble:
    """All of it, or what is new."""
    found = await ExportRecord(desk.records)(asked.after)
    return Record({_ENTRIES: str(found.entries), _HEAD: found.head}, _shown_by_page(found))


async def _shown_by_page(found: Exported) -> AsyncGenerator[Sequence[Model]]:
    async with aclosing(found.pages) as pages:
        async for page in pages:
            yield [_shown(each) for each in page]


def _shown(entry: Kept) -> Entry:
    happened = entry.happened
    return Entry(
        number=entry.number,
        verb=happened.verb,
        by=happened.by,
        surface=happened.surface,
        at=happened.at.isoformat(),
        release=happened.release,
        candidate=happened.candidate,
        subject=happened.subject,
        detail=dict(happened.detail),
        previous=entry.previous,
        digest=entry.digest,
    )


async def give_evidence(desk: Desk, asked: EvidenceParameters) -> Evidence | Trouble:
    """The evidence of one release."""
    found = await desk.evidence(asked.release)
    return desk.refused(found) if isinstance(found, Refused) else Evidence.model_validate(json.loads(found.text))


RECORD = Endpoint(
    "/audit",
    "exportRecord",
    "The record",
    "Append-only and hash-chained, oldest first, as JSON Lines, sent as it is read. What was read can be verified "
    "without Slipway. An answer that is cut off has no end: it counts as not given.",
    Scope.AUDIT,
    RecordParameters,
    Record,
    give_record,
    MUCH,
)
EVIDENCE = Endpoint(
    "/audit/{release}",
    "exportEvidence",
    "The evidence of one release",
    "What was planned, said, deployed and recorded, with a verification of the whole record.",
    Scope.AUDIT,
    EvidenceParameters,
    Evidence,
    give_evidence,
    MUCH,
)
