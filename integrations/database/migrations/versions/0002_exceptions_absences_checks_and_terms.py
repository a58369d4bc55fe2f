"""Exceptions, absences, checks and terms."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
OF_NO_HAND = sa.text("origin <> ''")


def upgrade() -> None:
    """Lead here from the version before."""
    op.create_table(
        "absences",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("stand_in", sa.Text()),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("declared_by", sa.Text(), nullable=False),
        sa.Column("declared_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("ended_by", sa.Text()),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("(ended_by IS NULL) = (ended_at IS NULL)", name=op.f("ck_absences_ended")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_absences_leave")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_absences_ends_at", "absences", ["ends_at"])
    op.create_index("ix_absences_person_ends_at", "absences", ["person", "ends_at"])

    op.create_table(
        "asked",
        sa.Column("release_id", NUMBER, nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("blocker", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("people", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name=op.f("fk_asked_release_id")),
        sa.PrimaryKeyConstraint("release_id", "environment", "blocker", name=op.f("pk_asked")),
    )
    op.create_index("ix_asked_asked_at", "asked", ["asked_at"])

    op.create_table(
        "calendars",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("read_at", MOMENT),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_calendars")),
    )
    op.create_table(
        "checks",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("commit", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("said_at", MOMENT, nullable=False),
        sa.Column("link", sa.Text()),
        sa.PrimaryKeyConstraint("service", "commit", "name", name=op.f("pk_checks")),
    )
    op.create_index("ix_checks_said_at", "checks", ["said_at"])

    op.create_table(
        "freeze_exceptions",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("freeze_id", NUMBER, nullable=False),
        sa.Column("release_id", NUMBER, nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("soft", sa.Boolean(), nullable=False),
        sa.Column("granted", sa.Boolean()),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_at", MOMENT),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("ends_at", MOMENT),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(granted IS NULL) = (decided_at IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_freeze_exceptions_decided"),
        ),
        sa.CheckConstraint("granted IS NOT NULL OR ends_at IS NULL", name=op.f("ck_freeze_exceptions_ending")),
        sa.ForeignKeyConstraint(["freeze_id"], ["freezes.id"], name=op.f("fk_freeze_exceptions_freeze_id")),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name=op.f("fk_freeze_exceptions_release_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_freeze_exceptions")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_freeze_exceptions_asked_at_id", "freeze_exceptions", ["asked_at", "id"])
    op.create_index("ix_freeze_exceptions_freeze_id", "freeze_exceptions", ["freeze_id"])
    op.create_index("ix_freeze_exceptions_release_id", "freeze_exceptions", ["release_id"])

    # Columns are added in place: a table that is rebuilt, as batches do it on SQLite, would lose its triggers.
    op.add_column("checklist_items", sa.Column("note", sa.Text(), nullable=False, server_default=""))
    op.add_column("checklist_items", sa.Column("link", sa.Text()))
    op.add_column("checklist_items", sa.Column("due", sa.Integer()))
    op.add_column("checklist_items", sa.Column("check_name", sa.Text()))
    op.add_column("checklist_items", sa.Column("reopens", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("checklist_items", sa.Column("evidence_note", sa.Text(), nullable=False, server_default=""))
    op.add_column("checklist_items", sa.Column("evidence_link", sa.Text()))

    op.add_column("freezes", sa.Column("origin", sa.Text(), nullable=False, server_default=""))
    op.add_column("freezes", sa.Column("owner", sa.Text()))
    op.create_index(
        "uq_freezes_origin",
        "freezes",
        ["origin"],
        unique=True,
        sqlite_where=OF_NO_HAND,
        postgresql_where=OF_NO_HAND,
    )

    op.create_index("ix_deployments_replaces", "deployments", ["replaces"])

    op.add_column("verdicts", sa.Column("on_behalf_of", sa.Text()))
    op.add_column("verdicts", sa.Column("subject", sa.Text()))
    op.add_column("verdicts", sa.Column("candidate", sa.Text(), nullable=False, server_default=""))
    op.add_column("verdicts", sa.Column("version", sa.Text(), nullable=False, server_default=""))
    # SQLite takes a CHECK into a table that is there only together with a column.
    op.execute(
        """
        ALTER TABLE verdicts ADD COLUMN terms JSON
        CONSTRAINT ck_verdicts_terms CHECK ((subject IS NULL) = (terms IS NULL))
        """
    )
