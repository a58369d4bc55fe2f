"""Locks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
NOT_ENDED = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Lead here from the version before."""
    op.create_table(
        "locks",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("held_by", sa.Text(), nullable=False),
        sa.Column("locked_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("release_id", NUMBER),
        sa.Column("said_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("ended_by", sa.Text()),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("locked_at < ends_at", name=op.f("ck_locks_hold")),
        sa.CheckConstraint("(ended_by IS NULL) = (ended_at IS NULL)", name=op.f("ck_locks_ended")),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name=op.f("fk_locks_release_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locks")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_locks_ends_at", "locks", ["ends_at"])
    op.create_index("ix_locks_release_id", "locks", ["release_id"])
    op.create_index(
        "uq_locks_not_ended",
        "locks",
        ["service", "environment"],
        unique=True,
        sqlite_where=NOT_ENDED,
        postgresql_where=NOT_ENDED,
    )
