"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
HOLDING = sa.text("attempt IN ('running', 'starting', 'unknown', 'verifying')")
OPEN = sa.text("launched_at IS NULL AND cancelled_at IS NULL")


def upgrade() -> None:
    """Lead here from the version before."""
    op.create_table(
        "audit",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("surface", sa.Text(), nullable=False),
        sa.Column("happened_at", MOMENT, nullable=False),
        sa.Column("release_id", NUMBER),
        sa.Column("candidate", sa.Text()),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_audit_number")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit")),
        sa.UniqueConstraint("previous", name=op.f("uq_audit_previous")),
    )
    op.create_index("ix_audit_happened_at_number", "audit", ["happened_at", "number"])
    op.create_index("ix_audit_release_id_number", "audit", ["release_id", "number"])

    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "freezes",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("environments", sa.JSON(), nullable=False),
        sa.Column("services", sa.JSON(), nullable=False),
        sa.Column("change_types", sa.JSON(), nullable=False),
        sa.Column("hard", sa.Boolean(), nullable=False),
        sa.Column("declared_by", sa.Text(), nullable=False),
        sa.Column("declared_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("ended_by", sa.Text()),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("(ended_by IS NULL) = (ended_at IS NULL)", name=op.f("ck_freezes_ended")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_freezes_window")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_freezes")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_freezes_ends_at", "freezes", ["ends_at"])
    op.create_index("ix_freezes_starts_at_id", "freezes", ["starts_at", "id"])

    op.create_table(
        "intents",
        sa.Column("intent", sa.Text(), nullable=False),
        sa.Column("noted_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("intent", name=op.f("pk_intents")),
    )
    op.create_index("ix_intents_noted_at", "intents", ["noted_at"])

    op.create_table(
        "messages",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=False),
        sa.Column("body_digest", sa.Text(), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_messages")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("living", sa.Text()),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", MOMENT),
        sa.Column("claimed_by", sa.Text()),
        sa.Column("claimed_until", MOMENT),
        sa.Column("last_error", sa.Text()),
        sa.Column("sent_at", MOMENT),
        sa.Column("given_up_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_given_up", "outbox", ["given_up_at", "id"])
    op.create_index("ix_outbox_living", "outbox", ["living", "sent_at", "given_up_at", "id"])
    op.create_index("ix_outbox_waiting", "outbox", ["sent_at", "given_up_at", "lane", "id"])

    op.create_table(
        "releases",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("change_type", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("requirements", sa.Text(), nullable=False),
        sa.Column("target", sa.Date()),
        sa.Column("depends_on", sa.JSON(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("launched_by", sa.Text()),
        sa.Column("launched_at", MOMENT),
        sa.Column("launched_reason", sa.Text()),
        sa.Column("cancelled_by", sa.Text()),
        sa.Column("cancelled_at", MOMENT),
        sa.Column("cancelled_reason", sa.Text()),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("(cancelled_by IS NULL) = (cancelled_at IS NULL)", name=op.f("ck_releases_cancelled")),
        sa.CheckConstraint("(launched_by IS NULL) = (launched_at IS NULL)", name=op.f("ck_releases_launched")),
        sa.CheckConstraint("launched_at IS NULL OR cancelled_at IS NULL", name=op.f("ck_releases_one_ending")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_releases")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_releases_open", "releases", ["launched_at", "cancelled_at", "service", "id"])
    op.create_index("ix_releases_requested_by_id", "releases", ["requested_by", "id"])
    op.create_index("ix_releases_service_id", "releases", ["service", "id"])
    op.create_index(
        "uq_releases_planned",
        "releases",
        ["service", "version"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )

    op.create_table(
        "asks",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("release_id", NUMBER, nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name=op.f("fk_asks_release_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asks")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_asks_release_id_environment_seal_id", "asks", ["release_id", "environment", "seal", "id"])

    op.create_table(
        "candidates",
        sa.Column("release_id", NUMBER, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("commit", sa.String(length=64), nullable=False),
        sa.Column("artifact", sa.Text()),
        sa.Column("ref", sa.Text()),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("author_ids", sa.JSON(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_candidates_number")),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name=op.f("fk_candidates_release_id")),
        sa.PrimaryKeyConstraint("release_id", "number", name=op.f("pk_candidates")),
    )
    op.create_table(
        "checklist_items",
        sa.Column("release_id", NUMBER, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("ticked_by", sa.Text()),
        sa.Column("ticked_at", MOMENT),
        sa.CheckConstraint("(ticked_by IS NULL) = (ticked_at IS NULL)", name=op.f("ck_checklist_items_ticked")),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name=op.f("fk_checklist_items_release_id")),
        sa.PrimaryKeyConstraint("release_id", "key", name=op.f("pk_checklist_items")),
    )
    op.create_table(
        "deployments",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("release_id", NUMBER, nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("commit", sa.String(length=64), nullable=False),
        sa.Column("artifact", sa.Text()),
        sa.Column("ref", sa.Text()),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("author_ids", sa.JSON(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("replaces", NUMBER),
        sa.Column("attempt", sa.Text(), nullable=False),
        sa.Column("target_ref", sa.Text()),
        sa.Column("link", sa.Text()),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("served", sa.Text()),
        sa.Column("since", MOMENT),
        sa.Column("started_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.Column("cancel_asked_by", sa.Text()),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "attempt IN ('cancelled', 'failed', 'running', 'starting', 'succeeded', 'unknown', 'verifying')",
            name=op.f("ck_deployments_attempt"),
        ),
        sa.CheckConstraint("kind IN ('deploy', 'rollback')", name=op.f("ck_deployments_kind")),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name=op.f("fk_deployments_release_id")),
        sa.ForeignKeyConstraint(["replaces"], ["deployments.id"], name=op.f("fk_deployments_replaces")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployments")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deployments_attempt_id", "deployments", ["attempt", "id"])
    op.create_index("ix_deployments_ended_at", "deployments", ["ended_at"])
    op.create_index("ix_deployments_release_id_id", "deployments", ["release_id", "id"])
    op.create_index(
        "ix_deployments_service_attempt_environment_id", "deployments", ["service", "attempt", "environment", "id"]
    )
    op.create_index("ix_deployments_service_id", "deployments", ["service", "id"])
    op.create_index("ix_deployments_service_environment_id", "deployments", ["service", "environment", "id"])
    op.create_index(
        "uq_deployments_holding",
        "deployments",
        ["service", "environment"],
        unique=True,
        sqlite_where=HOLDING,
        postgresql_where=HOLDING,
    )

    op.create_table(
        "verdicts",
        sa.Column("release_id", NUMBER, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("said_at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", MOMENT),
        sa.CheckConstraint("word IN ('approved', 'rejected')", name=op.f("ck_verdicts_word")),
        sa.CheckConstraint("number > 0", name=op.f("ck_verdicts_number")),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name=op.f("fk_verdicts_release_id")),
        sa.PrimaryKeyConstraint("release_id", "number", name=op.f("pk_verdicts")),
    )
    op.execute(f"INSERT INTO audit_head (id, number, digest) VALUES (1, 0, '{'0' * 64}')")
    for table, refused in APPEND_ONLY.items():
        protect(table, refused)


APPEND_ONLY = {
    "audit": ("UPDATE", "DELETE"),
    "candidates": ("UPDATE", "DELETE"),
    "verdicts": ("DELETE",),
}
"""What the database itself refuses to do to history."""


def protect(table: str, refused: tuple[str, ...]) -> None:
    """Triggers that refuse it, whoever asks."""
    message = f"The rows of {table} are history and stay as they are."
    if op.get_bind().dialect.name == "sqlite":
        for verb in refused:
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_is_history() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{message}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_refuses_change BEFORE {' OR '.join(refused)} ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_is_history()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_history()"
    )
