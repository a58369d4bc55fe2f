"""Audit: the record with its digests, so that whoever has read it can verify it; and the evidence of one release."""

from __future__ import annotations

import json
from typing import Any

from pydantic import Field

from bot.rules.audit import Entry as Kept
from bot.rules.machine_token import Scope
from bot.rules.sentence import Refused
from handlers.api.endpoint import Desk, Endpoint
from handlers.api.models import Model, example
from handlers.api.parameters import AnEntry, AnEntryLimit, ARelease, Parameters
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


class Entry(Model):
    """One line of the record.

    `digest` is the SHA-256 of all the other members as JSON with sorted names, without blanks, in UTF-8; `previous` is
    the digest of the entry before, and 64 zeros in the first.
    """

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


class Head(Model):
    """The newest entry, as noted apart from the entries: tells whether the last ones are missing."""

    number: int
    digest: str = Field(pattern="^[0-9a-f]{64}$")


class Record(Model):
    """A page of the record, oldest first."""

    model_config = example(entries=[_ENTRY], head={"number": 1, "digest": _ENTRY["digest"]}, next=None)

    entries: list[Entry]
    head: Head
    next: int | None
    """What `after` is on the next page; null on the last one, for now."""


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
    """Only those after the one of this number."""
    limit: AnEntryLimit = 500


class EvidenceParameters(Parameters):
    """Which release."""

    release: ARelease
    """`R-12`, `r12` and `12` are the same."""


async def give_record(desk: Desk, asked: RecordParameters) -> Record | Trouble:
    """A page of it."""
    async with desk.records.read() as page:
        number, digest = await page.record_head()
        found = await page.record(after=asked.after, limit=asked.limit + 1)
    there = found[: asked.limit]
    return Record(
        entries=[_shown(each) for each in there],
        head=Head(number=number, digest=digest),
        next=there[-1].number if len(found) > asked.limit else None,
    )


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
    "Append-only and hash-chained, oldest first. What was read can be verified without Slipway.",
    Scope.AUDIT,
    RecordParameters,
    Record,
    give_record,
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
)
