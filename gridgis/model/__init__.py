"""The values that all parts speak of: communities, rules, plans, hits; and the columns of their tables.

One thing is a frozen dataclass; many things are a GeoDataFrame whose columns are declared here, once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from gridgis.errors import InvalidInput
from gridgis.model.rules import BARRIER_CLASSES as BARRIER_CLASSES
from gridgis.model.rules import STRONG as STRONG
from gridgis.model.rules import Band as Band
from gridgis.model.rules import DivisionRules as DivisionRules
from gridgis.model.rules import profile_names as profile_names

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

Progress = Callable[[str, int, int], None]
"""Called with (stage, done, total) by long work; the command line draws a bar from it."""


def no_progress(stage: str, done: int, total: int) -> None:
    """Ignore progress."""


KINDS = ("comprehensive", "dedicated")
MODES = ("carve", "overlay")

SITE_CATEGORIES = {
    "school": "学校",
    "hospital": "医院",
    "park": "公园",
    "market": "市场",
    "government": "机关",
    "industrial": "园区",
    "other": "其他",
}
"""Categories of dedicated grids, with their Chinese names."""

FLAGS = {
    "single_building": "单栋成格",
    "no_households": "无住户",
    "enclave": "飞地",
    "island": "孤岛",
    "below_band": "低于户数下限的社区",
    "compound_split": "小区拆分",
    "band_impossible": "户数带无法满足（已证明）",
    "band_unmet": "未满足户数带",
    "crosses_strong": "跨越强界线",
    "given": "给定边界",
}
"""Flags a grid may carry (column ``flags``, separated by commas), with their Chinese names."""

PIN_KINDS = {"together": "同格", "apart": "分开", "grid": "指定网格", "border": "保留边界"}
"""What a planner may pin, with the Chinese names (docs/pins.md)."""

GRID_COLUMNS = {
    "community": "code of the community",
    "local_id": "unique in the plan",
    "level": "1, 2, 3; null for a dedicated grid",
    "kind": "comprehensive | dedicated",
    "mode": "null; a dedicated grid: carve | overlay",
    "parent": "local_id of the parent; null at the top",
    "category": "null; a dedicated grid: a key of SITE_CATEGORIES",
    "site_id": "null; a dedicated grid: the site's id, shared by its parts in several communities",
    "name": "made, editable, unique in the community",
    "households": "counted and estimated households; 0 for an overlay",
    "previous": "local_id or code of the grid that it continues; null if new",
    "flags": "keys of FLAGS, separated by commas; '' for none",
    "geometry": "Polygon or MultiPolygon",
}
"""Columns of ``DivisionPlan.grids``."""

BUILDING_COLUMNS = ("community", "id", "name", "households", "source", "level2", "level3", "dedicated", "geometry")
"""Columns of ``DivisionPlan.buildings``; source is counted | estimated; level2, level3, dedicated are local ids."""

BORDER_COLUMNS = ("left", "right", "level", "klass", "name", "length_m", "geometry")
"""Columns of ``DivisionPlan.borders``: a border between two grids, and along what it runs ('' for open ground)."""

ATOM_COLUMNS = ("community", "atom", "local_id", "households", "water", "geometry")
"""Columns of ``DivisionPlan.atoms``; local_id is the finest grid it belongs to: the one a planner edits."""

REPORT_COLUMNS = ("severity", "stage", "subject", "rule", "measure", "zh", "en")
"""Columns of ``PlanReport.rows``; severity is info | warning | unmet."""


@dataclass(frozen=True)
class Community:
    """One community (社区/村) with all that its division needs.

    Parameters
    ----------
    code
        Code of the community, 12 digits in the national scheme.
    name
        Its name.
    boundary
        Polygon or MultiPolygon, in ``crs``.
    buildings
        id, geometry (point or polygon), households (integer, or null = to be estimated); optional name,
        residents, storeys, use.
    barriers
        geometry (lines; polygons for water, klass "river"), klass (one of BARRIER_CLASSES); optional name.
    compounds
        id, geometry; optional name: estates that are not to be split.
    sites
        id, geometry, category, mode ("carve" | "overlay"); optional name: places for dedicated grids.
    crs
        CRS of the bare boundary; default that of buildings. Layers in other CRSs are reprojected.
    """

    code: str
    name: str
    boundary: BaseGeometry
    buildings: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame
    compounds: gpd.GeoDataFrame | None = None
    sites: gpd.GeoDataFrame | None = None
    crs: Any = None


@dataclass(frozen=True)
class Pin:
    """One word of the planner: obeyed by a division, or the division is refused (docs/pins.md).

    ``row`` number in the planner's file, from 1; ``kind`` a key of PIN_KINDS; ``level`` 2 or 3; ``members`` ids of
    buildings or compounds, "building:7" or "compound:7" where both have one of that id; ``grid`` for kind grid;
    ``line`` for kind border, in stored coordinates.
    """

    row: int
    kind: str
    level: int = 2
    members: tuple[str, ...] = ()
    grid: str | None = None
    line: BaseGeometry | None = None


@dataclass(frozen=True)
class PlanReport:
    """What a division did and could not do: rows (REPORT_COLUMNS) and figures by level."""

    rows: pd.DataFrame
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DivisionPlan:
    """A division: grids and how they came about. All geometry is in the work CRS (``grids.crs``).

    ``grids`` has GRID_COLUMNS, ``buildings`` BUILDING_COLUMNS, ``borders`` BORDER_COLUMNS, ``atoms``
    ATOM_COLUMNS; ``base`` holds the communities (code, name, geometry) as noded together; ``rules`` maps each
    community's code to its rules; ``pins`` are the planner's words that it obeys.
    """

    grids: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    borders: gpd.GeoDataFrame
    atoms: gpd.GeoDataFrame
    base: gpd.GeoDataFrame
    report: PlanReport
    rules: Mapping[str, DivisionRules]
    seed: int
    pins: tuple[Pin, ...] = ()


@dataclass(frozen=True)
class VerifyReport:
    """What the verifier found.

    ``violations`` are broken rules: rule, grid, measure, why. ``exceptions`` has the same columns: places where a
    rule cannot hold, each confirmed by the verifier itself (a single building above the limit, an enclave...).
    ``checked`` counts what each rule was tried on.
    """

    violations: pd.DataFrame
    exceptions: pd.DataFrame
    checked: dict[str, int]

    @property
    def ok(self) -> bool:
        """True when no rule is broken."""
        return self.violations.empty


@dataclass(frozen=True)
class Hit:
    """The answer to "which grid is responsible here, and why" (one point, one revision)."""

    lon: float
    lat: float
    """Stored coordinates (EPSG:4490) that were looked up, degrees."""
    crs: str
    """What the caller's numbers were taken to be: EPSG:4490, GCJ-02, BD-09... ``lon``, ``lat`` are not in it."""
    revision: int
    code: str | None
    """The responsible grid: an overlay dedicated grid before the base grid; None outside."""
    base: str | None
    """The base grid: the finest comprehensive or carved dedicated grid."""
    chain: tuple[str, ...]
    """Codes from the base grid up to level 1."""
    rule: str
    """Which rule decided: inside | shared-border | outer-border | overlay | place | outside."""
    precision: str | None
    """grid; community where there is only a level-1 grid; None outside."""
    border_m: float | None
    """Distance to the nearest border of the base grid, metres."""
    neighbour: str | None
    """The base grid on the other side of that border; None where there is none."""
    nearest: str | None = None
    """Outside only: the nearest base grid."""
    nearest_m: float | None = None
    """Outside only: its distance, metres."""

    def to_dict(self) -> dict[str, Any]:
        """Return the hit as plain data."""
        return {**asdict(self), "chain": list(self.chain)}


def need_columns(frame: pd.DataFrame, columns: tuple[str, ...], what: str) -> None:
    """Refuse a table in which a column is missing.

    Raises
    ------
    InvalidInput
        Names the table, the missing columns and those that are there.
    """
    if missing := [c for c in columns if c not in frame.columns]:
        there = [str(c) for c in frame.columns]
        raise InvalidInput(
            f"“{what}”缺少列 {missing}；现有列：{there}",
            f"'{what}' lacks the columns {missing}; it has {there}",
            layer=what,
            missing=missing,
        )
