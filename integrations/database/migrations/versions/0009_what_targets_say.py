"""What targets say by themselves, and their steps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Lead here from the version before."""
    op.add_column("deployments", sa.Column("heard", sa.JSON(none_as_null=True)))
    op.add_column("deployments", sa.Column("steps", sa.JSON(none_as_null=True)))
