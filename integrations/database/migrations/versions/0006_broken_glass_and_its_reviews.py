"""Broken glass and its reviews."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Lead here from the version before."""
    op.add_column("deployments", sa.Column("broke_glass", sa.Boolean(), nullable=False, server_default=sa.false()))

    op.create_table(
        "reviews",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("release_id", NUMBER, nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("broken_by", sa.Text(), nullable=False),
        sa.Column("broken_for", sa.Text()),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("passed", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("closed_by", sa.Text()),
        sa.Column("closed_for", sa.Text()),
        sa.Column("closed_at", MOMENT),
        sa.Column("learned", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("(closed_by IS NULL) = (closed_at IS NULL)", name=op.f("ck_reviews_closed")),
        sa.ForeignKeyConstraint(["id"], ["deployments.id"], name=op.f("fk_reviews_id")),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name=op.f("fk_reviews_release_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index("ix_reviews_due_at_id", "reviews", ["due_at", "id"])
    op.create_index("ix_reviews_closed_at_due_at", "reviews", ["closed_at", "due_at"])
    op.create_index("ix_reviews_broken_by_closed_at", "reviews", ["broken_by", "closed_at"])
    op.create_index("ix_reviews_release_id", "reviews", ["release_id"])
