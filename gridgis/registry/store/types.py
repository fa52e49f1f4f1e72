"""Column types that both stores share: a geometry, a moment, a text that both sort alike."""

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
from gridgis.registry.store import gpkg

SortedText = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text in the order of its Unicode numbers, whatever language a server was set up for."""

_MULTI = {"POLYGON": "MULTIPOLYGON", "LINESTRING": "MULTILINESTRING"}


class _Declared(UserDefinedType[Any]):
    """A column of sqlite that is declared by a name which the GeoPackage standard wants, and holds what it is given."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **kw: Any) -> str:
        return self.name


class Geom(TypeDecorator[BaseGeometry]):
    """A shapely geometry in stored coordinates: a GeoPackage blob on sqlite, GeoAlchemy2's Geometry on PostGIS.

    Parameters
    ----------
    kind
        MULTIPOLYGON, MULTILINESTRING or GEOMETRY; single parts are promoted, Z is dropped.
    """

    impl = sa.LargeBinary
    cache_ok = True
    spatial_index = False  # GeoAlchemy2 asks: the tables declare their indexes themselves

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def load_dialect_impl(self, dialect: Any) -> Any:
        """Choose the column type of the store."""
        if dialect is not None and dialect.name == "sqlite":
            return dialect.type_descriptor(_Declared(self.kind))
        return Geometry(self.kind, srid=gpkg.SRS_ID, spatial_index=False)

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


class Instant(TypeDecorator[datetime]):
    """A moment in UTC, to the millisecond; on sqlite ISO text with Z, as the GeoPackage standard wants it."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        """Choose the column type of the store."""
        kind = _Declared("DATETIME") if dialect.name == "sqlite" else sa.DateTime(timezone=True)
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: datetime | None, dialect: Any) -> Any:
        """Write an aware datetime."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise InvalidInput(f"时间 {value} 没有时区", f"the time {value} has no time zone")
        utc = value.astimezone(UTC)
        utc = utc.replace(microsecond=utc.microsecond // 1000 * 1000)
        return (
            utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z" if dialect.name == "sqlite" else utc
        )

    def process_result_value(self, value: Any, dialect: Any) -> datetime | None:
        """Read an aware datetime."""
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.astimezone(UTC)
