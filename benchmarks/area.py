"""Invented areas of any size to divide: ``python -m benchmarks.area SIZE SEED OUT.gpkg [--points]``.

A community of 3,000 households, a town of 60,000 or a county of 400,000, all as one ``Community``: main roads 300 m to
1 km apart with bends, a river with some bridges, a railway, a motorway, smaller streets, walled estates, old houses
along lanes, sites, and at the edges hamlets between fields. The same size and seed give the same area.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from benchmarks.area_blocks import Filling, deal_themes, fill_core, fill_fringe
from benchmarks.area_streets import (
    Axis,
    Bend,
    Line,
    Plan,
    Rect,
    Vertices,
    draw_main_lines,
    draw_streets,
    make_axis,
)
from gridgis.geometry.arrays import Floats, Geometries
from gridgis.model import Community

SIZES = {"community": 3_000, "town": 60_000, "county": 400_000}
"""Households of the named sizes."""
CRS = "EPSG:4547"
ORIGIN = (500_000.0, 3_600_000.0)
CODE = "990009001001"
"""A community of a county that is not assigned."""
PER_HA = 92.0
"""Households of a hectare of built-up ground: streets, sites and all."""
SPACING = 560.0
"""Metres between two main roads, on the mean: a community mostly lies between them, and some have one inside."""
TRIES, NEAR = 12, 0.05
"""How often an area is drawn until its households are that near to those wanted."""
BLOCK = 1850
"""Size of a block between streets, decimetres."""


@dataclass(frozen=True)
class Drawing:
    """A finished plan and what stands on it."""

    plan: Plan
    filling: Filling
    vertices: Vertices
    bend: Bend

    def ring(self, r: Rect) -> shapely.Polygon:
        """Return a rectangle of the plan as a polygon on the ground."""
        return shapely.Polygon(self.bend(self.vertices.ring(r)))

    def line(self, it: Line) -> shapely.LineString:
        """Return a line of the plan on the ground."""
        return shapely.LineString(self.bend(self.vertices.of(it.upright, it.at, it.lo, it.hi)))


def make_area(households: int, seed: int, footprints: bool = True) -> Community:
    """Make an invented area with about so many households (within some 15 %; the larger, the nearer).

    Parameters
    ----------
    households
        How many, from some 500 on.
    seed
        Another seed gives another area.
    footprints
        False: buildings are points.

    Returns
    -------
    Community
        In a metric CRS, with whole household counts and no missing ones.

    Examples
    --------
    >>> area = make_area(3000, seed=0)
    >>> area.code, area.buildings.crs.to_epsg(), bool(2500 < area.buildings["households"].sum() < 3500)
    ('990009001001', 4547, True)
    """
    drawn = _nearest_drawing(households, seed)
    return Community(
        CODE,
        f"基准{households}户{seed}号",
        _boundary(drawn),
        _buildings(drawn, footprints),
        _barriers(drawn),
        _areas(drawn, {"id": [f"E{k + 1}" for k in range(len(drawn.filling.compounds))]}, drawn.filling.compounds),
        _areas(
            drawn,
            {
                "id": [f"S{k + 1}" for k in range(len(drawn.filling.sites))],
                "category": [category for _, category, _ in drawn.filling.sites],
                "mode": [mode for _, _, mode in drawn.filling.sites],
            },
            [r for r, _, _ in drawn.filling.sites],
        ),
    )


def _nearest_drawing(households: int, seed: int) -> Drawing:
    """Draw with more or less ground until the households are about right."""
    tried: list[tuple[float, Drawing]] = []
    ground = float(households)
    for _ in range(TRIES):
        drawn = _draw(ground, households, np.random.default_rng([seed, households]))
        held = sum(float(rows[:, 4].sum()) for rows in drawn.filling.buildings)
        tried.append((abs(held / households - 1), drawn))
        if tried[-1][0] < NEAR:
            break
        ground *= (households / held) ** 0.7
    return min(tried, key=lambda t: t[0])[1]


def _draw(ground: float, households: int, rng: np.random.Generator) -> Drawing:
    plan = Plan(*_axes(ground, households, rng))
    draw_main_lines(plan, rng)
    filling = Filling()
    for core, theme in zip(plan.core, deal_themes(len(plan.core), rng), strict=True):
        fill_core(filling, draw_streets(plan, core, BLOCK, rng), theme, rng)
    for land in plan.fringe:
        fill_fringe(filling, land, rng)
    return Drawing(plan, filling, Vertices([*plan.lines, *filling.lines, *filling.gates]), Bend(rng, *ORIGIN))


def _axes(ground: float, households: int, rng: np.random.Generator) -> tuple[Axis, Axis]:
    """Choose the spans between main roads so that the built-up ground holds about ``ground`` households."""
    m2 = ground / PER_HA * 1e4
    n = [max(1, int(np.sqrt(households / PER_HA * 1e4) / SPACING * f + rng.random())) for f in (1.15, 0.87)]
    sizes = [rng.uniform(0.55, 1.55 if households > 10_000 else 1.3, k) for k in n]
    scale = np.sqrt(m2 * 100 / (sizes[0].sum() * sizes[1].sum()))
    x, y = ([round(float(v)) for v in s * scale] for s in sizes)
    small = households < 10_000
    edge = [int(v) for v in rng.integers(2200, 5200, 4)]
    if small:
        edge = [e if k == rng.integers(4) else 0 for k, e in enumerate(edge)]
    return (
        make_axis(x, (edge[0], edge[1]), _great(len(x), small, edge[0] > 0, ["railway"], rng)),
        make_axis(y, (edge[2], edge[3]), _great(len(y), small, edge[2] > 0, ["river", "motorway"], rng)),
    )


def _great(n: int, small: bool, shifted: bool, classes: list[str], rng: np.random.Generator) -> dict[int, str]:
    """Choose the breaks in which great lines run; a small area has one of them with luck."""
    inner = np.arange(n - 1) + int(shifted)
    if small:
        classes = classes[:1] if rng.random() < 0.3 else []
    at = rng.permutation(inner)[: len(classes)]
    out = {int(k): klass for k, klass in zip(at, classes, strict=False)}
    if not small and "motorway" in classes:
        out = {k: v for k, v in out.items() if v != "motorway"} | {n - 1 + int(shifted): "motorway"}
    return out


def _boundary(d: Drawing) -> shapely.Polygon:
    """Return the outline: along main roads, and ragged where open land lies beyond it."""
    (x0, x1), (y0, y1) = d.plan.x.ends, d.plan.y.ends
    rural = {"s": d.plan.y.fringe[0], "e": d.plan.x.fringe[-1], "n": d.plan.y.fringe[-1], "w": d.plan.x.fringe[0]}
    sides = {
        "s": d.vertices.of(False, y0, x0, x1),
        "e": d.vertices.of(True, x1, y0, y1),
        "n": d.vertices.of(False, y1, x0, x1)[::-1],
        "w": d.vertices.of(True, x0, y0, y1)[::-1],
    }
    ring = []
    for side, along in sides.items():
        xy = along.astype(np.float64)
        if rural[side]:
            xy = xy[:: 2 if len(xy) > 4 else 1].copy()
            ragged = 350 * np.sin(np.arange(len(xy)) * 2.1 + 0.7) * np.cos(np.arange(len(xy)) * 0.37)
            xy[1:-1, 1 if side in "sn" else 0] += ragged[1:-1]
        ring.append(xy)
    return shapely.Polygon(d.bend(np.concatenate(ring)))


def _buildings(d: Drawing, footprints: bool) -> gpd.GeoDataFrame:
    rows = np.concatenate(d.filling.buildings)
    geometry = _footprints(d, rows) if footprints else shapely.points(d.bend(rows[:, :2]))
    return gpd.GeoDataFrame(
        {
            "id": [f"B{k + 1}" for k in range(len(rows))],
            "households": rows[:, 4].astype(np.int64),
            "storeys": rows[:, 5].astype(np.int64),
            "use": np.where(rows[:, 4] > 0, "residential", "other"),
        },
        geometry=geometry,
        crs=CRS,
    )


def _footprints(d: Drawing, rows: Floats) -> Geometries:
    corners = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    xy = rows[:, None, :2] + corners[None] * rows[:, None, 2:4]
    return np.asarray(shapely.polygons(d.bend(xy.reshape(-1, 2)).reshape(-1, 4, 2)), dtype=object)


def _barriers(d: Drawing) -> gpd.GeoDataFrame:
    lines = [*d.plan.lines, *d.filling.lines]
    rivers = [_river(d, r) for r in d.plan.rivers]
    return gpd.GeoDataFrame(
        {"klass": [it.klass for it in lines] + ["river"] * len(rivers), "name": [it.name or None for it in lines]
         + [r.name for r in d.plan.rivers]},
        geometry=[*(d.line(it) for it in lines), *rivers],
        crs=CRS,
    )  # fmt: skip


def _river(d: Drawing, r: Line) -> shapely.Polygon:
    """Return a river between its banks, narrower here and wider there."""
    along = np.arange(r.lo, r.hi + 1, 300, dtype=np.float64)
    width = 320 + 60 * np.sin(along / 1700) + 30 * np.sin(along / 610)
    middle = r.at + 200 * np.sin(along / 2300)
    north = np.column_stack([along, middle + width])
    south = np.column_stack([along, middle - width])[::-1]
    return shapely.Polygon(d.bend(np.concatenate([north, south])))


def _areas(d: Drawing, columns: dict[str, list[str]], areas: list[Rect]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=[d.ring(r) for r in areas], crs=CRS)


def main(argv: list[str] | None = None) -> None:
    """Write an area to a GeoPackage that ``gridgis divide`` reads as a town."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.area", description=__doc__)
    parser.add_argument("size", help=f"{', '.join(SIZES)}, or a number of households")
    parser.add_argument("seed", type=int)
    parser.add_argument("out")
    parser.add_argument("--points", action="store_true", help="buildings as points")
    given = parser.parse_args(argv)
    area = make_area(SIZES.get(given.size) or int(given.size), given.seed, not given.points)
    for name, frame in town_layers(area).items():
        if len(frame):
            frame.to_file(given.out, layer=name, driver="GPKG")
    print(f"{len(area.buildings)} buildings, {area.buildings['households'].sum()} households")


def town_layers(area: Community) -> dict[str, gpd.GeoDataFrame]:
    """Return an area as the layers of a town (gridgis.io.town), some perhaps empty."""
    base = gpd.GeoDataFrame({"code": [area.code], "name": [area.name]}, geometry=[area.boundary], crs=CRS)
    klass = area.barriers["klass"]
    own = {"railway": "railways", "river": "water", "wall": "walls"}
    layers = {"communities": base, "buildings": area.buildings, "roads": area.barriers[~klass.isin(own)]}
    layers |= {name: area.barriers[klass == k] for k, name in own.items()}
    more = {"compounds": area.compounds, "sites": area.sites}
    return layers | {name: frame for name, frame in more.items() if frame is not None}


if __name__ == "__main__":
    main()
