"""Machine tokens: what lets programs read through the API."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Lead here from the version before."""
    op.create_table(
        "machine_tokens",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("scopes", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.Column("revoked_at", MOMENT),
        sa.Column("revoked_by", sa.Text()),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("made_at < expires_at", name=op.f("ck_machine_tokens_lasting")),
        sa.CheckConstraint("(revoked_by IS NULL) = (revoked_at IS NULL)", name=op.f("ck_machine_tokens_revoked")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_machine_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_machine_tokens_digest")),
        sqlite_autoincrement=True,
    )
