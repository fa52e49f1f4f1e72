"""The tables of a registry, for a GeoPackage and for PostGIS alike.

One geometry column a table, named ``geometry``; primary key ``fid``. Only types that a GeoPackage knows: Text,
Integer, Double, and instants as ISO text with Z.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gridgis.registry.constraints import one_leader
from gridgis.registry.store import Geom, Instant, SortedText

VERSION = 4
"""Version of these tables; an earlier one is upgraded when it is opened, a later one refused."""

metadata = sa.MetaData()


def _fid() -> sa.Column[int]:
    return sa.Column("fid", sa.Integer, primary_key=True)


def _text(name: str, null: bool = True, **kw: Any) -> sa.Column[str]:
    return sa.Column(name, SortedText, nullable=null, **kw)


def _int(name: str, null: bool = True) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=null)


community = sa.Table(
    "community", metadata, _fid(), _text("code", False, unique=True), _text("name"), _text("street"), _text("profile"),
    sa.Column("geometry", Geom("MULTIPOLYGON"), nullable=False), _text("members"),
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
    _int("plan_id"), _text("seal"), sa.UniqueConstraint("code", "valid_from"),
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
    _text("scheme", False), _int("version", False), sa.Column("created", Instant, nullable=False), _text("powers"),
)  # fmt: skip
plan = sa.Table(
    "plan", metadata, _fid(), _text("title", False), _text("communities", False), _text("state", False), _int("seed"),
    _text("rules"), _text("report"), _text("made_by"), sa.Column("made_at", Instant, nullable=False),
    sa.Column("changed_at", Instant, nullable=False), _int("based_on"), _int("revision"),
)  # fmt: skip
plan_event = sa.Table(
    "plan_event", metadata, _fid(), sa.Column("plan_id", sa.Integer, index=True, nullable=False),
    _text("action", False), _text("state", False), _text("who"), sa.Column("at", Instant, nullable=False), _text("why"),
    _text("office"),
)  # fmt: skip
revision = sa.Table(
    "revision", metadata, _fid(), sa.Column("number", sa.Integer, unique=True, nullable=False), _int("plan_id", False),
    sa.Column("filed_at", Instant, nullable=False), _text("in_force_from", False), _text("filed_by"),
    _text("seal"),
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
certificate = sa.Table(
    "certificate", metadata, _fid(), sa.Column("person", sa.Integer, sa.ForeignKey("person.fid"), nullable=False),
    _text("kind", False), _text("number"), _text("issued_day"), _text("expires_day"),
)  # fmt: skip
team_filing = sa.Table(
    "team_filing", metadata, _fid(), sa.Column("number", sa.Integer, unique=True, nullable=False),
    _int("revision", False), _text("day", False), sa.Column("filed_at", Instant, nullable=False), _text("filed_by"),
    _text("why"),
)  # fmt: skip
team_filed = sa.Table(
    "team_filed", metadata, _fid(), sa.Column("filing", sa.Integer, index=True, nullable=False), _text("grid", False),
    _text("role", False), _text("name"), _text("from_day"), _text("to_day"),
)  # fmt: skip
remark = sa.Table(
    "remark", metadata, _fid(), _text("code", False, index=True), _text("text", False), _text("from_day", False),
    _text("to_day"), _text("made_by"), sa.Column("made_at", Instant, nullable=False),
)  # fmt: skip
region = sa.Table(
    "region", metadata, _fid(), _int("level", False), _text("code", False, index=True), _text("name"),
    _text("day", False),
)  # fmt: skip
gridgis_version = sa.Table("gridgis_version", metadata, _fid(), _text("version_num", False))

_IN_FORCE = grid.c.valid_to.is_(None)
sa.Index("ix_grid_community", grid.c.community)
sa.Index("ix_grid_parent", grid.c.parent)
sa.Index("ix_grid_valid_from", grid.c.valid_from)
sa.Index("ix_issued_code_plan", issued_code.c.plan_id)
sa.Index("ix_building_community", building.c.community)
sa.Index("ix_building_id", building.c.id)
sa.Index("one_in_force", grid.c.code, unique=True, sqlite_where=_IN_FORCE, postgresql_where=_IN_FORCE)


@sa.event.listens_for(appointment, "after_create")
def _make_rules(_: sa.Table, connection: sa.Connection, **kw: Any) -> None:
    for statement in one_leader(connection.dialect.name):
        connection.exec_driver_sql(statement)


TITLES = {
    "community": "社区（基础图层）", "road": "道路", "railway": "铁路", "river": "河流中心线", "water": "水面",
    "wall": "围墙", "building": "建筑", "compound": "小区", "grid": "网格（含历史）", "plan_grid": "方案网格",
    "plan_atom": "方案地块（可编辑）", "plan_building": "方案建筑", "registry_meta": "注册库信息", "plan": "划分方案",
    "plan_event": "方案经过", "revision": "备案版本", "issued_code": "已赋编码", "lineage": "沿革", "person": "人员",
    "person_phone": "电话", "appointment": "任职", "certificate": "证书", "team_filing": "队伍备案",
    "team_filed": "队伍备案名单", "region": "区划清单", "remark": "网格备注", "gridgis_version": "表结构版本",
}  # fmt: skip

for _table in metadata.sorted_tables:
    _table.comment = TITLES[_table.name]
    if "geometry" in _table.c:  # a file has an R*Tree instead
        _index = sa.Index(f"idx_{_table.name}_geometry", _table.c.geometry, postgresql_using="gist")
        _index.ddl_if(dialect="postgresql")
