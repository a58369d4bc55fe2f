"""Release trains: several releases brought to one environment one after the other."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Lead here from the version before."""
    op.create_table(
        "trains",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=False),
        sa.Column("course", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text()),
        sa.Column("asks_since", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("course IN ('ahead', 'back', 'stop')", name=op.f("ck_trains_course")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trains")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_trains_ended_at_id"), "trains", ["ended_at", "id"])
    op.create_table(
        "train_cars",
        sa.Column("train_id", NUMBER, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("release_id", NUMBER, nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("candidate", sa.Text(), nullable=False),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("deployment_id", NUMBER),
        sa.Column("adopted", sa.Boolean(), nullable=False),
        sa.Column("rollback_id", NUMBER),
        sa.Column("trouble", sa.JSON(none_as_null=True)),
        sa.Column("left", sa.Boolean(), nullable=False),
        sa.CheckConstraint("position > 0", name=op.f("ck_train_cars_position")),
        sa.ForeignKeyConstraint(["train_id"], ["trains.id"], name=op.f("fk_train_cars_train_id")),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name=op.f("fk_train_cars_release_id")),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployments.id"], name=op.f("fk_train_cars_deployment_id")),
        sa.ForeignKeyConstraint(["rollback_id"], ["deployments.id"], name=op.f("fk_train_cars_rollback_id")),
        sa.PrimaryKeyConstraint("train_id", "position", name=op.f("pk_train_cars")),
    )
    op.create_index(
        op.f("ix_train_cars_train_id_release_id"), "train_cars", ["train_id", "release_id"], unique=True
    )
    op.create_index(op.f("ix_train_cars_deployment_id"), "train_cars", ["deployment_id"])
    op.create_index(op.f("ix_train_cars_rollback_id"), "train_cars", ["rollback_id"])
