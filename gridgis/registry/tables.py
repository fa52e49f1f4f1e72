"""The tables of a registry, for a GeoPackage and for PostGIS alike.

One geometry column a table, named ``geometry``; primary key ``fid``. Only types that a GeoPackage knows: Text,
Integer, Double, and instants as ISO text with Z.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import shapely
import sqlalchemy as sa
from geoalchemy2 import Geometry
from geoalchemy2.shape import from_shape, to_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy.types import TypeDecorator, UserDefinedType

from gridgis.errors import InvalidInput
from gridgis.registry import gpkg
from gridgis.registry.gpkg import Layer

VERSION = 2
"""Version of these tables; a registry of another version is refused."""

_MULTI = {"POLYGON": "MULTIPOLYGON", "LINESTRING": "MULTILINESTRING", "POINT": "MULTIPOINT"}


class _Blob(UserDefinedType[Any]):
    """A column that is declared with a geometry type and holds a blob."""

    cache_ok = True

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def get_col_spec(self, **kw: Any) -> str:
        return self.kind


class Geom(TypeDecorator[BaseGeometry]):
    """A shapely geometry in stored coordinates: a GeoPackage blob on sqlite, GeoAlchemy2's Geometry on PostGIS.

    Parameters
    ----------
    kind
        MULTIPOLYGON, MULTILINESTRING, POINT or GEOMETRY; single parts are promoted, Z is dropped.
    """

    impl = sa.LargeBinary
    cache_ok = True

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def load_dialect_impl(self, dialect: Any) -> Any:
        """Choose the column type of the store."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(_Blob(self.kind))
        return dialect.type_descriptor(Geometry(self.kind, srid=gpkg.SRS_ID))

    def process_bind_param(self, value: BaseGeometry | None, dialect: Any) -> Any:
        """Check, promote and write a geometry."""
        if value is None:
            return None
        geom = promoted(value, self.kind)
        return gpkg.encode(geom) if dialect.name == "sqlite" else from_shape(geom, srid=gpkg.SRS_ID)

    def process_result_value(self, value: Any, dialect: Any) -> BaseGeometry | None:
        """Read a geometry."""
        if value is None:
            return None
        return gpkg.decode(value) if dialect.name == "sqlite" else to_shape(value)


def promoted(geom: BaseGeometry, kind: str) -> BaseGeometry:
    """Return the geometry as the column's kind.

    Raises
    ------
    InvalidInput
        It is of another kind.

    Examples
    --------
    >>> promoted(shapely.box(0, 0, 1, 1), "MULTIPOLYGON").geom_type
    'MultiPolygon'
    """
    flat = shapely.force_2d(geom)
    own = flat.geom_type.upper()
    if kind in ("GEOMETRY", own):
        return flat
    if _MULTI.get(own) != kind:
        raise InvalidInput(f"图形类型应为 {kind}，实为 {own}", f"geometry must be {kind}, it is {own}", kind=own)
    make: Any = getattr(shapely, {"MULTIPOLYGON": "MultiPolygon", "MULTILINESTRING": "MultiLineString"}[kind])
    multi: BaseGeometry = make([flat])
    return multi


class _DatetimeColumn(UserDefinedType[Any]):
    """A column that is declared DATETIME and holds text."""

    cache_ok = True

    def get_col_spec(self, **kw: Any) -> str:
        return "DATETIME"


class Instant(TypeDecorator[datetime]):
    """A moment in UTC; on sqlite ISO text with milliseconds and Z, as the GeoPackage standard wants it."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        """Choose the column type of the store."""
        return dialect.type_descriptor(_DatetimeColumn() if dialect.name == "sqlite" else sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Any) -> Any:
        """Write an aware datetime."""
        if value is None or dialect.name != "sqlite":
            return value
        if value.tzinfo is None:
            raise InvalidInput(f"时间 {value} 没有时区", f"the time {value} has no time zone")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"

    def process_result_value(self, value: Any, dialect: Any) -> datetime | None:
        """Read an aware datetime."""
        return datetime.fromisoformat(value) if isinstance(value, str) else value


metadata = sa.MetaData()


def _fid() -> sa.Column[int]:
    return sa.Column("fid", sa.Integer, primary_key=True)


def _text(name: str, null: bool = True, **kw: Any) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null, **kw)


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
revision = sa.Table(
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

TITLES = {
    "community": "社区（基础图层）", "road": "道路", "railway": "铁路", "river": "河流中心线", "water": "水面",
    "wall": "围墙", "building": "建筑", "compound": "小区", "grid": "网格（含历史）", "plan_grid": "方案网格",
    "plan_atom": "方案地块（可编辑）", "plan_building": "方案建筑", "registry_meta": "注册库信息", "plan": "划分方案",
    "plan_event": "方案经过", "revision": "备案版本", "issued_code": "已赋编码", "lineage": "沿革", "person": "人员",
    "person_phone": "电话", "appointment": "任职",
}  # fmt: skip


def layers() -> list[Layer]:
    """List all tables as layers of the GeoPackage."""
    return [Layer(t.name, _geometry_type(t), TITLES[t.name]) for t in metadata.sorted_tables]


def _geometry_type(table: sa.Table) -> str | None:
    kind = table.c.geometry.type if "geometry" in table.c else None
    return kind.kind if isinstance(kind, Geom) else None
