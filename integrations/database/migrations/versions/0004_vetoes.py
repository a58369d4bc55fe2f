"""Vetoes, what was read about them, and what of a candidate's migrations can't be undone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True)


def upgrade() -> None:
    """Lead here from the version before."""
    op.create_table(
        "vetoes",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("bad", sa.String(length=64), nullable=False),
        sa.Column("good", sa.String(length=64), nullable=False),
        sa.Column("bad_version", sa.Text(), nullable=False),
        sa.Column("good_version", sa.Text(), nullable=False),
        sa.Column("rollback_id", NUMBER, nullable=False),
        sa.Column("release_id", NUMBER, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("taken_at", MOMENT, nullable=False),
        sa.Column("known", JSON, nullable=False),
        sa.Column("culprits", JSON, nullable=False),
        sa.Column("named_by", sa.Text()),
        sa.Column("named_at", MOMENT),
        sa.Column("named_reason", sa.Text()),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("lifted_by", sa.Text()),
        sa.Column("lifted_at", MOMENT),
        sa.Column("lifted_reason", sa.Text()),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("(named_by IS NULL) = (named_at IS NULL)", name=op.f("ck_vetoes_named")),
        sa.CheckConstraint("(lifted_by IS NULL) = (lifted_at IS NULL)", name=op.f("ck_vetoes_lifted")),
        sa.ForeignKeyConstraint(["rollback_id"], ["deployments.id"], name=op.f("fk_vetoes_rollback_id")),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name=op.f("fk_vetoes_release_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vetoes")),
        sa.UniqueConstraint("rollback_id", name=op.f("uq_vetoes_rollback_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_vetoes_service_id", "vetoes", ["service", "id"])

    op.create_table(
        "veto_findings",
        sa.Column("veto_id", NUMBER, nullable=False),
        sa.Column("commit", sa.String(length=64), nullable=False),
        sa.Column("read_at", MOMENT, nullable=False),
        sa.Column("culprits", JSON, nullable=False),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("suspects", sa.Integer(), nullable=False),
        sa.Column("carried", JSON, nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("mended", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["veto_id"], ["vetoes.id"], name=op.f("fk_veto_findings_veto_id")),
        sa.PrimaryKeyConstraint("veto_id", "commit", name=op.f("pk_veto_findings")),
    )

    op.add_column("candidates", sa.Column("irreversible", sa.Text(), nullable=False, server_default=""))
    op.add_column("deployments", sa.Column("irreversible", sa.Text(), nullable=False, server_default=""))
