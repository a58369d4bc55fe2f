"""The tables: what is stored, what the database itself refuses, and an index for every question that is asked."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    false,
    text,
)

from bot.rules.approval import Word
from bot.rules.deployment import HOLDING, Attempt, Kind
from bot.rules.train import Course
from integrations.database.columns import Json, Moment, Number, Words

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def _one_of(column: str, values: type[Attempt | Kind | Word | Course] | frozenset[Attempt]) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in sorted(values))})"


HOLDS = _one_of("attempt", HOLDING)
WAITS = f"attempt = '{Attempt.QUEUED}'"
ONE_WAY_FORWARD = f"{WAITS} AND kind = '{Kind.DEPLOY}'"
ONE_WAY_BACK = f"{WAITS} AND kind = '{Kind.ROLLBACK}'"


OPEN = "launched_at IS NULL AND cancelled_at IS NULL"
"""The releases that something can still happen to."""

OF_NO_HAND = "origin <> ''"
"""The freezes that nobody declared by hand."""


def _candidate_columns() -> tuple[Column[object], ...]:
    """The exact thing: in a release's history, and copied onto each deployment, which is evidence by itself."""
    return (
        Column("commit", String(64), nullable=False),
        Column("artifact", Words),
        Column("ref", Words),
        Column("authors", Json, nullable=False),
        Column("author_ids", Json, nullable=False),
        Column("set_by", Words, nullable=False),
        Column("set_at", Moment, nullable=False),
        Column("irreversible", Words, nullable=False, server_default=""),
    )


releases = Table(
    "releases",
    metadata,
    Column("id", Number, primary_key=True),
    Column("service", Words, nullable=False),
    Column("version", Words, nullable=False),
    Column("change_type", Words, nullable=False),
    Column("title", Words, nullable=False),
    Column("scope", Words, nullable=False),
    Column("requirements", Words, nullable=False),
    Column("target", Date),
    Column("depends_on", Json, nullable=False),
    Column("requested_by", Words, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("launched_by", Words),
    Column("launched_at", Moment),
    Column("launched_reason", Words),
    Column("cancelled_by", Words),
    Column("cancelled_at", Moment),
    Column("cancelled_reason", Words),
    Column("revision", Integer, nullable=False),
    CheckConstraint("(launched_by IS NULL) = (launched_at IS NULL)", name="launched"),
    CheckConstraint("(cancelled_by IS NULL) = (cancelled_at IS NULL)", name="cancelled"),
    CheckConstraint("launched_at IS NULL OR cancelled_at IS NULL", name="one_ending"),
    Index(None, "service", "id"),
    Index(None, "requested_by", "id"),
    Index("ix_releases_open", "launched_at", "cancelled_at", "service", "id"),
    # A version is planned once at a time, also by two people at the same moment.
    Index(
        "uq_releases_planned",
        "service",
        "version",
        unique=True,
        sqlite_where=text(OPEN),
        postgresql_where=text(OPEN),
    ),
    sqlite_autoincrement=True,
)

candidates = Table(
    "candidates",
    metadata,
    Column("release_id", Number, ForeignKey("releases.id"), primary_key=True),
    # 1, 2, … in this release; the highest is the one proposed.
    Column("number", Integer, primary_key=True),
    *_candidate_columns(),
    CheckConstraint("number > 0", name="number"),
)

checklist_items = Table(
    "checklist_items",
    metadata,
    Column("release_id", Number, ForeignKey("releases.id"), primary_key=True),
    Column("key", Words, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("text", Words, nullable=False),
    Column("owner", Words),
    Column("required", Boolean, nullable=False),
    Column("ticked_by", Words),
    Column("ticked_at", Moment),
    # What lines of the first version did not have has a default, here and below.
    Column("note", Words, nullable=False, server_default=""),
    Column("link", Words),
    # In seconds before the target date.
    Column("due", Integer),
    Column("check_name", Words),
    Column("reopens", Boolean, nullable=False, server_default=false()),
    Column("evidence_note", Words, nullable=False, server_default=""),
    Column("evidence_link", Words),
    CheckConstraint("(ticked_by IS NULL) = (ticked_at IS NULL)", name="ticked"),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("release_id", Number, ForeignKey("releases.id"), primary_key=True),
    # 1, 2, … in the order in which they were said.
    Column("number", Integer, primary_key=True),
    Column("person", Words, nullable=False),
    Column("role", Words, nullable=False),
    Column("environment", Words, nullable=False),
    Column("seal", Words, nullable=False),
    Column("word", Words, nullable=False),
    Column("said_at", Moment, nullable=False),
    Column("reason", Words, nullable=False),
    Column("withdrawn_at", Moment),
    Column("on_behalf_of", Words),
    # What it was said about, apart from the seal; words of the first version have their seal only.
    Column("subject", Words),
    Column("candidate", Words, nullable=False, server_default=""),
    Column("version", Words, nullable=False, server_default=""),
    Column("terms", Json),
    CheckConstraint("number > 0", name="number"),
    CheckConstraint(_one_of("word", Word), name="word"),
    CheckConstraint("(subject IS NULL) = (terms IS NULL)", name="terms"),
)

deployments = Table(
    "deployments",
    metadata,
    Column("id", Number, primary_key=True),
    Column("release_id", Number, ForeignKey("releases.id"), nullable=False),
    Column("service", Words, nullable=False),
    Column("environment", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("version", Words, nullable=False),
    *_candidate_columns(),
    Column("confirmed_by", Words, nullable=False),
    Column("confirmed_at", Moment, nullable=False),
    Column("reason", Words, nullable=False),
    Column("replaces", Number, ForeignKey("deployments.id")),
    Column("attempt", Words, nullable=False),
    Column("target_ref", Words),
    Column("link", Words),
    Column("detail", Words, nullable=False),
    Column("served", Words),
    Column("since", Moment),
    Column("started_at", Moment),
    Column("ended_at", Moment),
    Column("cancel_asked_by", Words),
    Column("revision", Integer, nullable=False),
    Column("cancel_asked_at", Moment),
    Column("silent_since", Moment),
    Column("waits_since", Moment),
    Column("turn", Number),
    Column("broke_glass", Boolean, nullable=False, server_default=false()),
    Column("heard", Json),
    Column("steps", Json),
    Column("watched_since", Moment),
    CheckConstraint(_one_of("kind", Kind), name="kind"),
    CheckConstraint(_one_of("attempt", Attempt), name="attempt"),
    CheckConstraint(f"attempt <> '{Attempt.QUEUED}' OR waits_since IS NOT NULL", name="waiting"),
    # The promise of at most one active deployment per service and environment is kept here, whatever was read before.
    Index(
        "uq_deployments_holding",
        "service",
        "environment",
        unique=True,
        sqlite_where=text(HOLDS),
        postgresql_where=text(HOLDS),
    ),
    # And whoever waits there waits once: a release, and the way back.
    Index(
        "uq_deployments_waiting",
        "release_id",
        "environment",
        unique=True,
        sqlite_where=text(ONE_WAY_FORWARD),
        postgresql_where=text(ONE_WAY_FORWARD),
    ),
    Index(
        "uq_deployments_going_back",
        "service",
        "environment",
        unique=True,
        sqlite_where=text(ONE_WAY_BACK),
        postgresql_where=text(ONE_WAY_BACK),
    ),
    Index(None, "service", "id"),
    Index(None, "service", "environment", "id"),
    Index(None, "service", "attempt", "environment", "id"),
    Index(None, "release_id", "id"),
    Index(None, "replaces"),
    Index(None, "attempt", "id"),
    Index(None, "ended_at"),
    Index(None, "turn"),
    sqlite_autoincrement=True,
)

# What the watch over a deployment has seen: apart from it, since a gate reads many deployments and none of this.
watches = Table(
    "watches",
    metadata,
    Column("id", Number, ForeignKey("deployments.id"), primary_key=True, autoincrement=False),
    Column("looks", Json, nullable=False),
    Column("usual", Json),
    Column("asks_since", Moment),
    Column("asks_why", Words, nullable=False),
    Column("kept_by", Words),
    Column("kept_why", Words, nullable=False),
)

freezes = Table(
    "freezes",
    metadata,
    Column("id", Number, primary_key=True),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("reason", Words, nullable=False),
    Column("environments", Json, nullable=False),
    Column("services", Json, nullable=False),
    Column("change_types", Json, nullable=False),
    Column("hard", Boolean, nullable=False),
    Column("declared_by", Words, nullable=False),
    Column("declared_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("ended_by", Words),
    Column("revision", Integer, nullable=False),
    Column("origin", Words, nullable=False, server_default=""),
    Column("owner", Words),
    CheckConstraint("starts_at < ends_at", name="window"),
    CheckConstraint("(ended_by IS NULL) = (ended_at IS NULL)", name="ended"),
    Index(None, "starts_at", "id"),
    Index(None, "ends_at"),
    # What a calendar brings becomes one freeze, also when it is read twice at the same moment.
    Index(
        "uq_freezes_origin",
        "origin",
        unique=True,
        sqlite_where=text(OF_NO_HAND),
        postgresql_where=text(OF_NO_HAND),
    ),
    sqlite_autoincrement=True,
)

freeze_exceptions = Table(
    "freeze_exceptions",
    metadata,
    Column("id", Number, primary_key=True),
    Column("freeze_id", Number, ForeignKey("freezes.id"), nullable=False),
    Column("release_id", Number, ForeignKey("releases.id"), nullable=False),
    Column("asked_by", Words, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("reason", Words, nullable=False),
    Column("soft", Boolean, nullable=False),
    Column("granted", Boolean),
    Column("decided_by", Words),
    Column("decided_at", Moment),
    Column("answer", Words, nullable=False),
    Column("ends_at", Moment),
    Column("revision", Integer, nullable=False),
    CheckConstraint(
        "(granted IS NULL) = (decided_at IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)", name="decided"
    ),
    CheckConstraint("granted IS NOT NULL OR ends_at IS NULL", name="ending"),
    Index(None, "release_id"),
    Index(None, "freeze_id"),
    Index(None, "asked_at", "id"),
    sqlite_autoincrement=True,
)

calendars = Table(
    "calendars",
    metadata,
    Column("name", Words, primary_key=True),
    Column("read_at", Moment),
    Column("problem", Words, nullable=False),
)

absences = Table(
    "absences",
    metadata,
    Column("id", Number, primary_key=True),
    Column("person", Words, nullable=False),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("stand_in", Words),
    Column("roles", Json, nullable=False),
    Column("reason", Words, nullable=False),
    Column("declared_by", Words, nullable=False),
    Column("declared_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("ended_by", Words),
    Column("revision", Integer, nullable=False),
    CheckConstraint("starts_at < ends_at", name="leave"),
    CheckConstraint("(ended_by IS NULL) = (ended_at IS NULL)", name="ended"),
    Index(None, "person", "ends_at"),
    Index(None, "ends_at"),
    sqlite_autoincrement=True,
)

asks = Table(
    "asks",
    metadata,
    Column("id", Number, primary_key=True),
    Column("release_id", Number, ForeignKey("releases.id"), nullable=False),
    Column("environment", Words, nullable=False),
    Column("seal", Words, nullable=False),
    Column("person", Words, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Index(None, "release_id", "environment", "seal", "id"),
    sqlite_autoincrement=True,
)

asked = Table(
    "asked",
    metadata,
    Column("release_id", Number, ForeignKey("releases.id"), primary_key=True),
    Column("environment", Words, primary_key=True),
    Column("blocker", Words, primary_key=True),
    Column("person", Words, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("people", Json, nullable=False),
    Index(None, "asked_at"),
)

checks = Table(
    "checks",
    metadata,
    Column("service", Words, primary_key=True),
    Column("commit", String(64), primary_key=True),
    Column("name", Words, primary_key=True),
    Column("passed", Boolean, nullable=False),
    Column("said_at", Moment, nullable=False),
    Column("link", Words),
    Index(None, "said_at"),
)

intents = Table(
    "intents",
    metadata,
    Column("intent", Words, primary_key=True),
    Column("noted_at", Moment, nullable=False),
    Index(None, "noted_at"),
)

audit = Table(
    "audit",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("verb", Words, nullable=False),
    Column("person", Words, nullable=False),
    Column("surface", Words, nullable=False),
    Column("happened_at", Moment, nullable=False),
    # No foreign key: the record stands by itself.
    Column("release_id", Number),
    Column("candidate", Words),
    Column("subject", Words, nullable=False),
    Column("detail", Json, nullable=False),
    Column("previous", String(64), nullable=False, unique=True),
    Column("digest", String(64), nullable=False),
    CheckConstraint("number > 0", name="number"),
    Index(None, "release_id", "number"),
    Index(None, "happened_at", "number"),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", Number, nullable=False),
    Column("digest", String(64), nullable=False),
    CheckConstraint("id = 1", name="only_one"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Number, primary_key=True),
    Column("lane", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("living", Words),
    Column("body", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Moment),
    Column("claimed_by", Words),
    Column("claimed_until", Moment),
    Column("last_error", Words),
    Column("sent_at", Moment),
    Column("given_up_at", Moment),
    # What waits, lane by lane; what was sent is found by it too, since it begins with that moment.
    Index("ix_outbox_waiting", "sent_at", "given_up_at", "lane", "id"),
    Index("ix_outbox_living", "living", "sent_at", "given_up_at", "id"),
    Index("ix_outbox_given_up", "given_up_at", "id"),
    sqlite_autoincrement=True,
)

messages = Table(
    "messages",
    metadata,
    Column("name", Words, primary_key=True),
    Column("channel", Words, nullable=False),
    Column("ts", Words, nullable=False),
    Column("body_digest", Words, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

UNANSWERED = "answered_at IS NULL"
NOT_ENDED = "ended_at IS NULL"
"""The locks that nobody has ended."""

locks = Table(
    "locks",
    metadata,
    Column("id", Number, primary_key=True),
    Column("service", Words, nullable=False),
    Column("environment", Words, nullable=False),
    Column("held_by", Words, nullable=False),
    Column("locked_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("reason", Words, nullable=False),
    Column("release_id", Number, ForeignKey("releases.id")),
    Column("said_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("ended_by", Words),
    Column("revision", Integer, nullable=False),
    CheckConstraint("locked_at < ends_at", name="hold"),
    CheckConstraint("(ended_by IS NULL) = (ended_at IS NULL)", name="ended"),
    Index(None, "ends_at"),
    Index(None, "release_id"),
    # One lock holds a place, whatever was read before.
    Index(
        "uq_locks_not_ended",
        "service",
        "environment",
        unique=True,
        sqlite_where=text(NOT_ENDED),
        postgresql_where=text(NOT_ENDED),
    ),
    sqlite_autoincrement=True,
)

reviews = Table(
    "reviews",
    metadata,
    Column("id", Number, ForeignKey("deployments.id"), primary_key=True, autoincrement=False),
    Column("release_id", Number, ForeignKey("releases.id"), nullable=False),
    Column("service", Words, nullable=False),
    Column("environment", Words, nullable=False),
    Column("broken_by", Words, nullable=False),
    Column("broken_for", Words),
    Column("opened_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("owner", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("passed", Json, nullable=False),
    Column("closed_by", Words),
    Column("closed_for", Words),
    Column("closed_at", Moment),
    Column("learned", Words, nullable=False),
    Column("revision", Integer, nullable=False),
    CheckConstraint("(closed_by IS NULL) = (closed_at IS NULL)", name="closed"),
    Index(None, "due_at", "id"),
    Index(None, "closed_at", "due_at"),
    Index(None, "broken_by", "closed_at"),
    Index(None, "release_id"),
)

vetoes = Table(
    "vetoes",
    metadata,
    Column("id", Number, primary_key=True),
    Column("service", Words, nullable=False),
    Column("environment", Words, nullable=False),
    Column("bad", String(64), nullable=False),
    Column("good", String(64), nullable=False),
    Column("bad_version", Words, nullable=False),
    Column("good_version", Words, nullable=False),
    # One rollback is vetoed once, however often its end is written down.
    Column("rollback_id", Number, ForeignKey("deployments.id"), nullable=False, unique=True),
    Column("release_id", Number, ForeignKey("releases.id"), nullable=False),
    Column("person", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("taken_at", Moment, nullable=False),
    Column("known", Json, nullable=False),
    Column("culprits", Json, nullable=False),
    Column("named_by", Words),
    Column("named_at", Moment),
    Column("named_reason", Words),
    Column("answers", Json, nullable=False),
    Column("lifted_by", Words),
    Column("lifted_at", Moment),
    Column("lifted_reason", Words),
    Column("revision", Integer, nullable=False),
    CheckConstraint("(named_by IS NULL) = (named_at IS NULL)", name="named"),
    CheckConstraint("(lifted_by IS NULL) = (lifted_at IS NULL)", name="lifted"),
    Index(None, "service", "id"),
    sqlite_autoincrement=True,
)

veto_findings = Table(
    "veto_findings",
    metadata,
    Column("veto_id", Number, ForeignKey("vetoes.id"), primary_key=True),
    Column("commit", String(64), primary_key=True),
    Column("read_at", Moment, nullable=False),
    Column("culprits", Json, nullable=False),
    Column("answers", Json, nullable=False),
    Column("suspects", Integer, nullable=False),
    Column("carried", Json, nullable=False),
    Column("total", Integer, nullable=False),
    Column("mended", Integer, nullable=False),
    Column("problem", Words, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Number, primary_key=True),
    Column("person", Words, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    Column("revoked_at", Moment),
    Column("revoked_by", Words),
    Column("revision", Integer, nullable=False),
    CheckConstraint("made_at < expires_at", name="lasting"),
    CheckConstraint("(revoked_by IS NULL) = (revoked_at IS NULL)", name="revoked"),
    Index(None, "person"),
    Index(None, "revoked_at", "expires_at"),
    sqlite_autoincrement=True,
)

machine_tokens = Table(
    "machine_tokens",
    metadata,
    Column("id", Number, primary_key=True),
    Column("label", Words, nullable=False),
    Column("scopes", Json, nullable=False),
    # SHA-256 of the token, in hexadecimal; the token itself is kept nowhere.
    Column("digest", String(64), nullable=False, unique=True),
    Column("made_by", Words, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    Column("revoked_at", Moment),
    Column("revoked_by", Words),
    Column("revision", Integer, nullable=False),
    CheckConstraint("made_at < expires_at", name="lasting"),
    CheckConstraint("(revoked_by IS NULL) = (revoked_at IS NULL)", name="revoked"),
    sqlite_autoincrement=True,
)

protected_runs = Table(
    "protected_runs",
    metadata,
    Column("id", Number, primary_key=True),
    Column("repository", Words, nullable=False),
    Column("run", BigInteger, nullable=False),
    Column("environment", Words, nullable=False),
    Column("commit", String(64), nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("answered_at", Moment),
    # NULL with an answer: nobody waited for it any more.
    Column("approved", Boolean),
    Column("revision", Integer, nullable=False),
    # One open question of each run about each environment.
    Index(
        "uq_protected_runs_open",
        "repository",
        "run",
        "environment",
        unique=True,
        sqlite_where=text(UNANSWERED),
        postgresql_where=text(UNANSWERED),
    ),
    sqlite_autoincrement=True,
)

roles_as_read = Table(
    "roles_as_read",
    metadata,
    Column("role", Words, primary_key=True),
    Column("people", Json, nullable=False),
    Column("made_of", Words, nullable=False),
    # Why Slack would not tell who holds it; empty where it did.
    Column("problem", Words, nullable=False),
    Column("read_at", Moment, nullable=False),
)

people_as_read = Table(
    "people_as_read",
    metadata,
    Column("person", Words, primary_key=True),
    Column("name", Words, nullable=False),
    Column("tz", Words, nullable=False),
    Column("standing", Words, nullable=False),
    Column("read_at", Moment, nullable=False),
)

trains = Table(
    "trains",
    metadata,
    Column("id", Number, primary_key=True),
    Column("environment", Words, nullable=False),
    Column("confirmed_by", Words, nullable=False),
    Column("confirmed_at", Moment, nullable=False),
    Column("course", Words, nullable=False),
    Column("decided_by", Words),
    Column("asks_since", Moment),
    Column("ended_at", Moment),
    Column("revision", Integer, nullable=False),
    CheckConstraint(_one_of("course", Course), name="course"),
    Index(None, "ended_at", "id"),
    sqlite_autoincrement=True,
)

train_cars = Table(
    "train_cars",
    metadata,
    Column("train_id", Number, ForeignKey("trains.id"), primary_key=True),
    # 1, 2, … in the order in which they go.
    Column("position", Integer, primary_key=True),
    Column("release_id", Number, ForeignKey("releases.id"), nullable=False),
    Column("service", Words, nullable=False),
    Column("version", Words, nullable=False),
    Column("candidate", Words, nullable=False),
    Column("after", Json, nullable=False),
    Column("deployment_id", Number, ForeignKey("deployments.id")),
    Column("adopted", Boolean, nullable=False),
    Column("rollback_id", Number, ForeignKey("deployments.id")),
    Column("trouble", Json),
    Column("left", Boolean, nullable=False),
    CheckConstraint("position > 0", name="position"),
    Index(None, "train_id", "release_id", unique=True),
    Index(None, "deployment_id"),
    Index(None, "rollback_id"),
)
