"""Version 3: seals, powers, certificates, team filings; one leader and one grid of a code at a time by constraint."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gridgis.registry.constraints import one_leader
from gridgis.registry.seals import seal_all
from gridgis.registry.store import Instant, SortedText

revision = "3"
down_revision = "2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is new, and seal what was published before."""
    op.add_column("registry_meta", sa.Column("powers", SortedText))
    op.add_column("plan_event", sa.Column("office", SortedText))
    op.add_column("grid", sa.Column("seal", SortedText))
    op.add_column("revision", sa.Column("seal", SortedText))
    op.create_table(
        "certificate",
        sa.Column("fid", sa.Integer, primary_key=True),
        sa.Column("person", sa.Integer, sa.ForeignKey("person.fid"), nullable=False),
        sa.Column("kind", SortedText, nullable=False),
        sa.Column("number", SortedText),
        sa.Column("issued_day", SortedText),
        sa.Column("expires_day", SortedText),
    )
    op.create_table(
        "team_filing",
        sa.Column("fid", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, unique=True, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("day", SortedText, nullable=False),
        sa.Column("filed_at", Instant, nullable=False),
        sa.Column("filed_by", SortedText),
        sa.Column("why", SortedText),
    )
    op.create_table(
        "team_filed",
        sa.Column("fid", sa.Integer, primary_key=True),
        sa.Column("filing", sa.Integer, nullable=False, index=True),
        sa.Column("grid", SortedText, nullable=False),
        sa.Column("role", SortedText, nullable=False),
        sa.Column("name", SortedText),
        sa.Column("from_day", SortedText),
        sa.Column("to_day", SortedText),
    )
    for column in ("community", "parent", "valid_from"):
        op.create_index(f"ix_grid_{column}", "grid", [column])
    for column in ("community", "id"):
        op.create_index(f"ix_building_{column}", "building", [column])
    in_force = sa.text("valid_to IS NULL")
    op.create_index("one_in_force", "grid", ["code"], unique=True, sqlite_where=in_force, postgresql_where=in_force)
    for ddl in one_leader(op.get_bind().dialect.name):
        op.execute(ddl)
    seal_all(op.get_bind())


def downgrade() -> None:
    """Refuse: what is sealed is not unsealed; go back to a backup."""
    raise NotImplementedError("restore a backup of version 2 instead")
