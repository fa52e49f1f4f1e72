"""Version 2: the tables of the first registries, as they were. Frozen: never change this file."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from gridgis.registry.store import Geom, Instant, SortedText

revision = "2"
down_revision = None
branch_labels = None
depends_on = None

metadata = sa.MetaData()


def _fid() -> sa.Column[int]:
    return sa.Column("fid", sa.Integer, primary_key=True)


def _text(name: str, null: bool = True, **kw: Any) -> sa.Column[str]:
    return sa.Column(name, SortedText, nullable=null, **kw)


def _int(name: str, null: bool = True) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=null)


community = sa.Table(
    "community", metadata, _fid(), _text("code", False, unique=True), _text("name"), _text("street"), _text("profile"),
    sa.Column("geometry", Geom("MULTIPOLYGON"), nullable=False),
)  # fmt: skip


def _context(name: str, kind: str, *more: str) -> sa.Table:
    columns = [_text(c) for c in more]
    return sa.Table(name, metadata, _fid(), _text("id"), *columns, sa.Column("geometry", Geom(kind), nullable=False))


road = _context("road", "MULTILINESTRING", "klass", "name")
railway = _context("railway", "MULTILINESTRING", "klass", "name")
river = _context("river", "MULTILINESTRING", "klass", "name")
wall = _context("wall", "MULTILINESTRING", "klass", "name")
water = _context("water", "MULTIPOLYGON", "klass", "name")
compound = _context("compound", "MULTIPOLYGON", "name")


def _building_columns() -> list[sa.Column[Any]]:
    return [
        _text("community"), _text("id"), _text("name"), _int("households"), _text("source"), _text("level2"),
        _text("level3"), _text("dedicated"), sa.Column("geometry", Geom("GEOMETRY"), nullable=False),
    ]  # fmt: skip


building = sa.Table(
    "building", metadata, _fid(), *_building_columns(), _text("use"), sa.Column("storeys", sa.Double)
)  # fmt: skip
plan_building = sa.Table(
    "plan_building",
    metadata,
    _fid(),
    sa.Column("plan_id", sa.Integer, index=True, nullable=False),
    *_building_columns(),
)


def _grid_columns() -> list[sa.Column[Any]]:
    return [
        _text("community", False), _int("level"), _text("kind", False), _text("mode"), _text("parent"),
        _text("category"), _text("site_id"), _text("name"), _int("households"), sa.Column("area_m2", sa.Double),
        _text("flags"), sa.Column("geometry", Geom("MULTIPOLYGON"), nullable=False),
    ]  # fmt: skip


grid = sa.Table(
    "grid", metadata, _fid(), _text("code", False, index=True), _text("scheme"), *_grid_columns(),
    _text("state", False), _int("valid_from", False), sa.Column("valid_to", sa.Integer, index=True), _text("note"),
    _int("plan_id"), sa.UniqueConstraint("code", "valid_from"),
)  # fmt: skip
plan_grid = sa.Table(
    "plan_grid", metadata, _fid(), sa.Column("plan_id", sa.Integer, index=True, nullable=False),
    _text("local_id", False), _text("preview_code"), _text("code"), _text("previous"),
    *_grid_columns(), sa.UniqueConstraint("plan_id", "local_id"),
)  # fmt: skip
plan_atom = sa.Table(
    "plan_atom", metadata, _fid(), sa.Column("plan_id", sa.Integer, index=True, nullable=False), _text("community"),
    _text("atom"), _text("local_id"), _int("households"), _int("water"),
    sa.Column("geometry", Geom("MULTIPOLYGON"), nullable=False),
)  # fmt: skip

registry_meta = sa.Table(
    "registry_meta", metadata, _fid(), _text("name"), _text("work_crs", False), _text("scheme_name", False),
    _text("scheme", False), _int("version", False), sa.Column("created", Instant, nullable=False),
)  # fmt: skip
plan = sa.Table(
    "plan", metadata, _fid(), _text("title", False), _text("communities", False), _text("state", False), _int("seed"),
    _text("rules"), _text("report"), _text("made_by"), sa.Column("made_at", Instant, nullable=False),
    sa.Column("changed_at", Instant, nullable=False), _int("based_on"), _int("revision"),
)  # fmt: skip
plan_event = sa.Table(
    "plan_event", metadata, _fid(), sa.Column("plan_id", sa.Integer, index=True, nullable=False),
    _text("action", False), _text("state", False), _text("who"), sa.Column("at", Instant, nullable=False), _text("why"),
)  # fmt: skip
revisions = sa.Table(
    "revision", metadata, _fid(), sa.Column("number", sa.Integer, unique=True, nullable=False), _int("plan_id", False),
    sa.Column("filed_at", Instant, nullable=False), _text("in_force_from", False), _text("filed_by"),
)  # fmt: skip
issued_code = sa.Table(
    "issued_code", metadata, _fid(), _text("code", False, unique=True), _int("plan_id"),
    sa.Column("issued_at", Instant, nullable=False), _text("state", False),
)  # fmt: skip
lineage = sa.Table(
    "lineage", metadata, _fid(), _text("old", False, index=True), _text("new", False, index=True),
    sa.Column("households_share", sa.Double), sa.Column("area_share", sa.Double), _text("relation"),
    _int("revision", False),
)  # fmt: skip
person = sa.Table("person", metadata, _fid(), _text("name", False))
person_phone = sa.Table(
    "person_phone", metadata, _fid(),
    sa.Column("person", sa.Integer, sa.ForeignKey("person.fid"), unique=True, nullable=False), _text("phone"),
)  # fmt: skip
appointment = sa.Table(
    "appointment", metadata, _fid(), sa.Column("person", sa.Integer, sa.ForeignKey("person.fid"), nullable=False),
    _text("grid", False, index=True), _text("role", False), _text("from_day", False), _text("to_day"),
    _text("made_by"), sa.Column("made_at", Instant, nullable=False), _text("ended_by"), sa.Column("ended_at", Instant),
)  # fmt: skip

for _table in metadata.sorted_tables:
    if "geometry" in _table.c:  # a file has an R*Tree instead
        _index = sa.Index(f"idx_{_table.name}_geometry", _table.c.geometry, postgresql_using="gist")
        _index.ddl_if(dialect="postgresql")


def upgrade() -> None:
    """Make the tables."""
    metadata.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    """Drop the tables."""
    metadata.drop_all(op.get_bind(), checkfirst=False)
