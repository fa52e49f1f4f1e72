"""Version 4: communities that were merged say of which they were made; a list of region codes; remarks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gridgis.registry.store import Instant, SortedText

revision = "4"
down_revision = "3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is new; nothing was merged before."""
    op.add_column("community", sa.Column("members", SortedText))
    op.create_table(
        "region",
        sa.Column("fid", sa.Integer, primary_key=True),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("code", SortedText, nullable=False, index=True),
        sa.Column("name", SortedText),
        sa.Column("day", SortedText, nullable=False),
    )
    op.create_index("ix_issued_code_plan", "issued_code", ["plan_id"])
    op.create_table(
        "remark",
        sa.Column("fid", sa.Integer, primary_key=True),
        sa.Column("code", SortedText, nullable=False, index=True),
        sa.Column("text", SortedText, nullable=False),
        sa.Column("from_day", SortedText, nullable=False),
        sa.Column("to_day", SortedText),
        sa.Column("made_by", SortedText),
        sa.Column("made_at", Instant, nullable=False),
    )


def downgrade() -> None:
    """Refuse: a merge would be forgotten; go back to a backup."""
    raise NotImplementedError("restore a backup of version 3 instead")
