"""The values that all parts speak of: communities, rules, plans, hits; and the columns of their tables.

One thing is a frozen dataclass; many things are a GeoDataFrame whose columns are declared here, once.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
from shapely.geometry.base import BaseGeometry

from gridgis.errors import InvalidInput, NotFound

Progress = Callable[[str, int, int], None]
"""Called with (stage, done, total) by long work; the command line draws a bar from it."""


def no_progress(stage: str, done: int, total: int) -> None:
    """Ignore progress."""


BARRIER_CLASSES = (
    "motorway", "railway", "river", "primary", "secondary", "tertiary", "residential", "wall",
)  # fmt: skip
"""Barrier classes, strongest first."""

STRONG = frozenset({"motorway", "railway", "river", "primary"})
"""Classes that a grid crosses only when it must (SEMANTICS 4: border along roads and rivers)."""

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
class Band:
    """How many households a grid of a level holds, both ends included."""

    lower: int
    upper: int

    def __contains__(self, households: int) -> bool:
        return self.lower <= households <= self.upper

    def can_hold(self, households: int) -> bool:
        """Tell whether some number of grids in the band sums to so many households.

        Examples
        --------
        >>> [h for h in (299, 300, 501, 599, 600, 1001) if Band(300, 500).can_hold(h)]
        [300, 600, 1001]
        """
        return households > 0 and -(-households // self.upper) <= households // self.lower


@dataclass(frozen=True)
class DivisionRules:
    """The rules of a division: a profile. Load one by name or from a TOML file (see gridgis/profiles/template.toml).

    Examples
    --------
    >>> rules = DivisionRules.load("urban-300-500")
    >>> rules.level2, rules.level3
    (Band(lower=300, upper=500), Band(lower=30, upper=50))
    """

    name: str
    level2: Band
    level3: Band
    max_area_empty_m2: float
    m2_per_household: float
    default_storeys: float
    border_price: Mapping[str, float]
    balance_price: float
    effort: int
    compactness_price: float = 0.0
    moving_price: float = 100.0
    community_level: int = 1
    max_area_dedicated_m2: float = 0.0
    balance_by: str = "households"
    exact_effort: float = 1.0

    @property
    def first_level(self) -> int:
        """The largest level that dividing makes: 2, or 3 where the community itself is level 2 (SEMANTICS 6)."""
        return self.community_level + 1

    @classmethod
    def load(cls, name: str) -> DivisionRules:
        """Load a shipped profile by its name."""
        file = resources.files("gridgis") / "profiles" / f"{name}.toml"
        if not file.is_file():
            raise NotFound(
                f"没有名为“{name}”的规则；可用：{'、'.join(profile_names())}",
                f"no rule profile '{name}'; there are: {', '.join(profile_names())}",
                name=name,
            )
        return cls._parse(file.read_text(encoding="utf-8"), name)

    @classmethod
    def from_toml(cls, path: str | Path) -> DivisionRules:
        """Load a user's own profile from a TOML file."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as e:
            raise InvalidInput(f"无法读取规则文件 {path}：{e}", f"cannot read the rule file {path}: {e}") from e
        return cls._parse(text, str(path))

    @classmethod
    def for_community(cls, code: str) -> DivisionRules:
        """Choose the shipped profile by the community segment of a code: 200-399 is rural, all else urban.

        Examples
        --------
        >>> DivisionRules.for_community("990001001201").name
        'rural-15-50'
        """
        segment = code[9:12]
        rural = len(code) == 12 and segment.isdecimal() and 200 <= int(segment) <= 399
        return cls.load("rural-15-50" if rural else "urban-300-500")

    def to_dict(self) -> dict[str, Any]:
        """Return the rules as plain data, in the shape of the TOML file."""
        d = asdict(self)
        d["border_price"] = dict(self.border_price)
        return d

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], source: str = "rules") -> DivisionRules:
        """Read the rules from plain data; every key is needed, an unknown one is refused."""
        names = set(cls.__dataclass_fields__)
        data = {**LATER_RULES, **data}
        if wrong := sorted(names ^ set(data)):
            raise InvalidInput(
                f"规则 {source} 缺少或多出的键：{wrong}；应有：{sorted(names)}",
                f"rules {source}: missing or unknown keys {wrong}; there must be {sorted(names)}",
                keys=wrong,
            )
        try:
            values = {
                **data,
                "level2": _band(data["level2"], "level2"),
                "level3": _band(data["level3"], "level3"),
                "border_price": {k: float(v) for k, v in data["border_price"].items()},
            }
            for key in ("max_area_empty_m2", "m2_per_household", "default_storeys", "max_area_dedicated_m2", *PRICES):
                values[key] = float(values[key])
            values["effort"] = int(values["effort"])
            values["balance_by"] = str(values["balance_by"])
        except (TypeError, KeyError, ValueError, AttributeError) as e:
            raise InvalidInput(f"规则 {source} 的值不对：{e}", f"rules {source}: wrong value: {e}") from e
        _check_rules(values, source)
        return cls(**values)

    @classmethod
    def _parse(cls, text: str, source: str) -> DivisionRules:
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as e:
            raise InvalidInput(f"规则文件 {source} 不是有效的 TOML：{e}", f"{source} is no valid TOML: {e}") from e
        return cls.from_dict(data, source)


PRICES = ("balance_price", "compactness_price", "moving_price", "exact_effort")
LATER_RULES = {
    "compactness_price": 0.0,
    "moving_price": 100.0,
    "community_level": 1,
    "max_area_dedicated_m2": 0.0,
    "balance_by": "households",
    "exact_effort": 1.0,
}
"""Keys that came later, with the values by which files without them were meant."""


def _band(data: Mapping[str, int], key: str) -> Band:
    band = Band(int(data["lower"]), int(data["upper"]))
    if not 0 < band.lower <= band.upper:
        raise InvalidInput(
            f"{key} 的户数带 {band.lower}-{band.upper} 不对：下限须为正且不大于上限",
            f"{key}: band {band.lower}-{band.upper} is wrong: 0 < lower <= upper",
        )
    return band


def _check_rules(values: Mapping[str, Any], source: str) -> None:
    needed = {*BARRIER_CLASSES, "open"}
    if wrong := sorted(needed ^ set(values["border_price"])):
        raise InvalidInput(
            f"规则 {source} 的 border_price 缺少或多出：{wrong}",
            f"rules {source}: border_price misses or has too many: {wrong}",
        )
    if type(values["community_level"]) is not int or values["community_level"] not in (1, 2):
        raise InvalidInput(
            f"规则 {source} 的 community_level 须为 1（社区为一级）或 2（社区为二级，一级为街道）",
            f"rules {source}: community_level must be 1 (the community is level 1) or 2 (level 1 is the street)",
        )
    for key in ("max_area_empty_m2", "m2_per_household", "default_storeys"):
        if not values[key] > 0:
            raise InvalidInput(f"规则 {source} 的 {key} 须为正数", f"rules {source}: {key} must be positive")
    if not values["max_area_dedicated_m2"] >= 0:
        raise InvalidInput(
            f"规则 {source} 的 max_area_dedicated_m2 须为正数，或 0（不限）",
            f"rules {source}: max_area_dedicated_m2 must be positive, or 0 for no limit",
        )


def profile_names() -> list[str]:
    """List the shipped rule profiles."""
    files = (resources.files("gridgis") / "profiles").iterdir()
    return sorted(f.name.removesuffix(".toml") for f in files if f.name.endswith(".toml") and f.name != "template.toml")


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
    """The coordinates assumed of the caller: EPSG:4490, GCJ-02, BD-09..."""
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
    """grid | community | street; None outside."""
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
