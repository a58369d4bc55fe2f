"""Deployments that are watched, and what their watches have seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON(none_as_null=True)
HOLDS = sa.text("attempt IN ('running', 'starting', 'unknown', 'verifying', 'watching')")


def upgrade() -> None:
    """Lead here from the version before."""
    op.drop_index("uq_deployments_holding", "deployments")
    # No trigger watches over this table, so it may be rebuilt where a CHECK can't be changed in place.
    with op.batch_alter_table("deployments") as batch:
        batch.add_column(sa.Column("watched_since", MOMENT))
        batch.drop_constraint(op.f("ck_deployments_attempt"), type_="check")
        batch.create_check_constraint(
            op.f("ck_deployments_attempt"),
            "attempt IN ('cancelled', 'failed', 'queued', 'running', 'starting', 'succeeded', 'unknown', 'verifying', "
            "'watching')",
        )
    # Other programs wait until the upgrade is through: nothing takes an environment while this is not there.
    op.create_index(
        "uq_deployments_holding",
        "deployments",
        ["service", "environment"],
        unique=True,
        sqlite_where=HOLDS,
        postgresql_where=HOLDS,
    )
    op.create_table(
        "watches",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("looks", JSON, nullable=False),
        sa.Column("usual", JSON),
        sa.Column("asks_since", MOMENT),
        sa.Column("asks_why", sa.Text(), nullable=False),
        sa.Column("kept_by", sa.Text()),
        sa.Column("kept_why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["deployments.id"], name=op.f("fk_watches_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watches")),
    )
