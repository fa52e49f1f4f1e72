"""Small communities to divide, drawn in metres from the south-west, and the checks that every plan must pass."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from gridgis.checks import verify
from gridgis.geometry.crs import to_stored
from gridgis.model import Band, Community, DivisionPlan, DivisionRules
from gridgis.partition import divide

WORK = "EPSG:4545"
EAST, NORTH = 500_000.0, 3_600_000.0
CODE, NEXT = "990001001001", "990001001002"
RULES = replace(
    DivisionRules.load("urban-300-500"), level2=Band(60, 100), level3=Band(10, 20), max_area_empty_m2=30_000.0, effort=6
)
Lines = Sequence[tuple[str, BaseGeometry]]


def at(geom: BaseGeometry) -> BaseGeometry:
    """Move a drawing to its place in the work CRS."""
    return shapely.transform(geom, lambda xy: xy + np.array([EAST, NORTH]))


def line(*xy: tuple[float, float]) -> BaseGeometry:
    return shapely.LineString(xy)


def houses(
    area: BaseGeometry, households: int | None = 4, step: float = 30.0, without: Iterable[BaseGeometry] = ()
) -> list[tuple[BaseGeometry, Any]]:
    """Draw houses of 12 m x 8 m, one in each cell of a raster, in the area and off ``without``."""
    x0, y0, x1, y1 = area.bounds
    keep_off = shapely.union_all(list(without))
    drawn = [
        shapely.box(x - 6, y - 4, x + 6, y + 4)
        for x in np.arange(x0 + step / 2, x1, step)
        for y in np.arange(y0 + step / 2, y1, step)
    ]
    return [(h, households) for h in drawn if area.contains(h) and not keep_off.intersects(h)]


def layer(columns: Mapping[str, Sequence[Any]], geoms: Sequence[BaseGeometry]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(dict(columns), geometry=[at(g) for g in geoms], crs=WORK)


def community(
    boundary: BaseGeometry,
    buildings: Sequence[tuple[BaseGeometry, Any]],
    barriers: Lines = (),
    *,
    compounds: Sequence[BaseGeometry] | None = None,
    sites: Sequence[tuple[str, BaseGeometry]] | None = None,
    code: str = CODE,
    name: str = "柳荫社区",
    first_id: int = 1,
) -> Community:
    """Make a community of drawings; buildings are (shape, households), barriers (class, shape), sites (mode, shape)."""
    return Community(
        code,
        name,
        at(boundary),
        layer(
            {
                "id": range(first_id, first_id + len(buildings)),
                "households": pd.array([h for _, h in buildings], dtype="Int64"),
            },
            [b for b, _ in buildings],
        ),
        layer({"klass": [k for k, _ in barriers], "name": [f"{k}路" for k, _ in barriers]}, [g for _, g in barriers]),
        None if compounds is None else layer({"id": [f"C{i}" for i in range(len(compounds))]}, compounds),
        None
        if sites is None
        else layer(
            {
                "id": [f"S{i}" for i in range(len(sites))],
                "category": ["school"] * len(sites),
                "mode": [m for m, _ in sites],
            },
            [g for _, g in sites],
        ),
    )


BOX = shapely.box(0, 0, 360, 300)
RIVER = shapely.Polygon([(0, 140), (180, 150), (360, 140), (360, 160), (180, 170), (0, 160)])
ESTATE = shapely.box(190, 190, 270, 270)
SCHOOL = shapely.box(10, 190, 70, 250)
ROADS: Lines = (
    ("primary", line((180, -10), (180, 310))),
    ("secondary", line((0, 60), (360, 60))),
    ("tertiary", line((90, 0), (90, 135))),
    ("residential", line((270, 0), (270, 130))),
    ("railway", line((0, 290), (360, 292))),
    ("motorway", line((350, 0), (350, 300))),
    ("wall", line((80, 180), (80, 280))),
)


def village(**changes: Any) -> Community:
    """Return a community with a road of each class, a river with one bridge, an estate and a carved school."""
    given: dict[str, Any] = {
        "boundary": BOX,
        "buildings": houses(BOX, without=[RIVER, SCHOOL]),
        "barriers": [*ROADS, ("river", RIVER)],
        "compounds": [ESTATE],
        "sites": [("carve", SCHOOL), ("overlay", shapely.box(300, 20, 340, 50))],
    }
    return community(**{**given, **changes})


def neighbours() -> list[Community]:
    """Return two communities that share a border, which is drawn with other vertices on either side."""
    east = shapely.Polygon([(360, 0), (600, 0), (600, 300), (360, 300), (360, 222.2), (360, 77.7)])
    return [
        village(),
        community(
            east, houses(east), [("primary", line((355, 150), (610, 160)))], code=NEXT, name="梧桐社区", first_id=9001
        ),
    ]


def fingerprint(plan: DivisionPlan) -> str:
    """Return a digest of every value and every coordinate of a plan."""
    digest = hashlib.sha256()
    for frame in (plan.grids, plan.buildings, plan.borders, plan.atoms, plan.base):
        digest.update(pd.DataFrame(frame.drop(columns="geometry")).to_csv().encode())
        digest.update(b"".join(shapely.to_wkb(frame.geometry.to_numpy())))
    digest.update(plan.report.rows.to_csv().encode())
    return digest.hexdigest()


def divided(given: Community | list[Community], rules: DivisionRules = RULES, **options: Any) -> DivisionPlan:
    """Divide, and check on the stored coordinates what must hold for every plan."""
    plan = divide(given, rules, **options)
    sound(plan)
    report = verify(plan, given, rules)
    assert report.ok, report.violations.to_string()
    return plan


def sound(plan: DivisionPlan) -> None:
    """Check with shapely alone: seamless, nested, contiguous, nothing lost; on the stored coordinates."""
    stored = to_stored(plan.grids)
    base = to_stored(plan.base).geometry.to_numpy()
    level = stored["level"].astype("Float64").fillna(0).to_numpy()
    carved = (stored["mode"] == "carve").to_numpy()
    geoms = stored.geometry.to_numpy()
    ground = shapely.area(base).sum()
    assert shapely.is_valid(geoms).all()
    for cover in (geoms[level == 1], geoms[(level == 2) | carved], geoms[(level == 3) | carved]):
        if len(cover):
            assert shapely.coverage_is_valid(cover, gap_width=1e-8)
            assert abs(shapely.area(cover).sum() - ground) < 1e-9 * ground
            assert shapely.coverage_union_all(cover).equals(shapely.coverage_union_all(base))
    assert set(shapely.get_type_id(geoms[level >= 2])) <= {3}
    tops = plan.grids.loc[(plan.grids["level"] == 1).fillna(False), "households"]
    assert tops.sum() == plan.buildings["households"].sum()
    nested(stored)


def nested(grids: gpd.GeoDataFrame) -> None:
    """Check that each level-2 grid is the union of its level-3 grids and holds their households."""
    by_id = grids.set_index("local_id")
    for parent, children in grids[(grids["level"] == 3).fillna(False)].groupby("parent"):
        whole = shapely.coverage_union_all(children.geometry.to_numpy())
        assert shapely.normalize(whole).equals_exact(shapely.normalize(by_id.loc[parent, "geometry"]), 0)
        assert children["households"].sum() == by_id.loc[parent, "households"]


def told(plan: DivisionPlan, rule: str) -> str:
    """Return the English report rows of a rule, '' where there is none."""
    rows = plan.report.rows
    return "\n".join(rows.loc[rows["rule"] == rule, "en"])


def flags(plan: DivisionPlan) -> set[str]:
    """Return all flags that grids of the plan carry."""
    return {f for text in plan.grids["flags"] for f in text.split(",") if f}
