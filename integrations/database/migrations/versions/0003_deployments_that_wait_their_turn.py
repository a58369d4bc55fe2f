"""Deployments that wait their turn, and how long a target has been silent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ONE_WAY_FORWARD = sa.text("attempt = 'queued' AND kind = 'deploy'")
ONE_WAY_BACK = sa.text("attempt = 'queued' AND kind = 'rollback'")


def upgrade() -> None:
    """Lead here from the version before."""
    # No trigger watches over this table, so it may be rebuilt where a CHECK can't be changed in place.
    with op.batch_alter_table("deployments") as batch:
        batch.add_column(sa.Column("cancel_asked_at", MOMENT))
        batch.add_column(sa.Column("silent_since", MOMENT))
        batch.add_column(sa.Column("waits_since", MOMENT))
        batch.add_column(sa.Column("turn", NUMBER))
        batch.drop_constraint(op.f("ck_deployments_attempt"), type_="check")
        batch.create_check_constraint(
            op.f("ck_deployments_attempt"),
            "attempt IN ('cancelled', 'failed', 'queued', 'running', 'starting', 'succeeded', 'unknown', 'verifying')",
        )
        batch.create_check_constraint(
            op.f("ck_deployments_waiting"), "attempt <> 'queued' OR waits_since IS NOT NULL"
        )
    # What was asked to stop before this was noted was asked at the latest when the upgrade began.
    op.execute("UPDATE deployments SET cancel_asked_at = CURRENT_TIMESTAMP WHERE cancel_asked_by IS NOT NULL")
    # Until then nobody waited: they went in the order of their numbers.
    op.execute("UPDATE deployments SET turn = id")
    op.create_index("ix_deployments_turn", "deployments", ["turn"])
    op.create_index(
        "uq_deployments_waiting",
        "deployments",
        ["release_id", "environment"],
        unique=True,
        sqlite_where=ONE_WAY_FORWARD,
        postgresql_where=ONE_WAY_FORWARD,
    )
    op.create_index(
        "uq_deployments_going_back",
        "deployments",
        ["service", "environment"],
        unique=True,
        sqlite_where=ONE_WAY_BACK,
        postgresql_where=ONE_WAY_BACK,
    )
