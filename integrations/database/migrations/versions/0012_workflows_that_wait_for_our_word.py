"""Workflows at the code host that wait for our word."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
UNANSWERED = sa.text("answered_at IS NULL")


def upgrade() -> None:
    """Lead here from the version before."""
    op.create_table(
        "protected_runs",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("repository", sa.Text(), nullable=False),
        sa.Column("run", sa.BigInteger(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("commit", sa.String(64), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT),
        sa.Column("approved", sa.Boolean()),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protected_runs")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_protected_runs_open",
        "protected_runs",
        ["repository", "run", "environment"],
        unique=True,
        sqlite_where=UNANSWERED,
        postgresql_where=UNANSWERED,
    )
