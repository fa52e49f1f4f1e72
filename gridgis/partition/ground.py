"""Ingest: everything of all communities in one work CRS, checked, deduplicated, households estimated where missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridgis.errors import InvalidInput
from gridgis.geometry.arrays import Ints, points
from gridgis.geometry.coverage import Row, node_base, polygon_parts, report_row
from gridgis.geometry.crs import STORED_CRS, choose_work_crs, need_crs, to_work, transform_xy
from gridgis.geometry.measure import footprint_areas_m2, holders, representative_points
from gridgis.geometry.uncollected import uncollected
from gridgis.model import BARRIER_CLASSES, MODES, SITE_CATEGORIES, Community, DivisionRules, need_columns
from gridgis.partition.entry import (
    FAR_M,
    named_geometry,
    need_coordinates,
    need_identity,
    need_near,
    need_sane_counts,
)

OVERLAP_M2 = 1.0
"""Estates or sites that overlap by less touch along a line drawn twice: not worth a word."""


@dataclass(frozen=True)
class Ground:
    """All communities in the work CRS, ready to be noded.

    ``base``: code, name, geometry. ``buildings``: id, name, households, source, community (position in base), lon, lat
    (representative point as stored), x, y (in the work CRS), geometry. ``barriers``: klass, name, line geometry.
    ``water``: river polygons. ``compounds``: id, name, geometry. ``sites``: id, name, category, mode, geometry.
    """

    work_crs: str
    base: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame
    water: gpd.GeoSeries
    compounds: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    rows: list[Row]


@uncollected()
def take_in(
    communities: Sequence[Community], rules: Mapping[str, DivisionRules], work_crs: str | None = None
) -> Ground:
    """Bring communities to one ground.

    Raises
    ------
    InvalidInput
        No community, one without code or name, a layer without CRS, a missing column, an unknown class, category or
        mode, wrong or absurd households, coordinates that are none or swapped, a building far from all communities.
    """
    if not communities:
        raise InvalidInput("没有可划分的社区", "there is no community to divide")
    boundaries = pd.concat([_boundary(c) for c in communities], ignore_index=True)
    if work_crs is None:
        x0, y0, x1, y1 = boundaries.total_bounds
        work_crs = choose_work_crs((x0 + x1) / 2, (y0 + y1) / 2)
    base, rows = node_base(boundaries, work_crs)
    barriers, water = _barriers(communities, work_crs, rows)
    ground = Ground(
        work_crs,
        base,
        _buildings(communities, base, rules, work_crs, rows),
        barriers,
        water,
        _areas([c.compounds for c in communities], ("id",), "compounds", work_crs, rows),
        _sites(communities, work_crs, rows),
        rows,
    )
    return ground


def _boundary(c: Community) -> gpd.GeoDataFrame:
    """Return the boundary in stored coordinates (not snapped)."""
    need_identity(c)
    if c.buildings is None:
        raise InvalidInput(f"社区 {c.code} 没有楼栋图层", f"community {c.code} has no building layer", code=c.code)
    crs = c.crs if c.crs is not None else c.buildings.crs
    frame = gpd.GeoDataFrame({"code": [c.code], "name": [c.name]}, geometry=[c.boundary], crs=crs)
    need_crs(frame, f"{c.name} boundary")
    need_coordinates(frame, "code", "communities")
    moved = shapely.transform(c.boundary, lambda xy: transform_xy(xy, frame.crs, STORED_CRS))
    if c.boundary is None or not shapely.box(-180, -90, 180, 90).covers(moved) or moved.is_empty:
        raise InvalidInput(
            f"社区 {c.code} 的边界为空，或坐标不属于坐标系 {frame.crs}",
            f"the boundary of community {c.code} is empty, or its coordinates do not belong to the CRS {frame.crs}",
            code=c.code,
        )
    return gpd.GeoDataFrame({"code": [c.code], "name": [c.name]}, geometry=[moved], crs=STORED_CRS)


def _stack(
    layers: Sequence[gpd.GeoDataFrame | None],
    need: tuple[str, ...],
    what: str,
    work: str,
    rows: list[Row],
    once: bool = True,
) -> gpd.GeoDataFrame:
    """Concatenate one layer of all communities in the work CRS; ``once``: keep once what two communities both give."""
    frames = []
    for layer in layers:
        if layer is not None and len(layer):
            need_columns(layer, need, what)
            need_coordinates(layer, need[0], what)
            moved = to_work(layer, work, what)
            frames.append(named_geometry(moved))
    if not frames:
        return gpd.GeoDataFrame({c: pd.Series(dtype=object) for c in (*need, "name")}, geometry=[], crs=work)
    frame = gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=work)
    if "name" not in frame:
        frame["name"] = None
    empty = shapely.is_missing(frame.geometry.to_numpy()) | shapely.is_empty(frame.geometry.to_numpy())
    if empty.any():
        _report_empty([str(i) for i in frame[need[0]][empty]], what, rows)
    there: gpd.GeoDataFrame = frame[~empty].reset_index(drop=True)
    if not once:
        return there
    key = pd.DataFrame({"g": shapely.to_wkb(shapely.normalize(there.geometry.to_numpy()))})
    key["k"] = there[need[0]].astype(str)
    single: gpd.GeoDataFrame = there[~key.duplicated().to_numpy()].reset_index(drop=True)
    return single


def _report_empty(ids: list[str], what: str, rows: list[Row]) -> None:
    """Refuse buildings without geometry, since nobody knows where their households are; report other things."""
    if what == "buildings":
        raise InvalidInput(
            f"{len(ids)} 栋楼没有图形：{ids[:10]}；请补上或删去", f"{len(ids)} buildings have no geometry: {ids[:10]}"
        )
    rows.append(
        report_row(
            "warning", what, ids[0], "empty", len(ids),
            f"{what} 中 {len(ids)} 条没有图形，未使用：{ids[:10]}",
            f"{len(ids)} rows of {what} have no geometry and are left out: {ids[:10]}",
        )
    )  # fmt: skip


def _barriers(communities: Sequence[Community], work: str, rows: list[Row]) -> tuple[gpd.GeoDataFrame, gpd.GeoSeries]:
    """Return the barrier lines (with the banks of water polygons), and the water polygons."""
    frame = _stack([c.barriers for c in communities], ("klass",), "barriers", work, rows)
    if unknown := sorted({str(k) for k in frame["klass"]} - set(BARRIER_CLASSES)):
        raise InvalidInput(
            f"界线类别 {unknown} 不认识；可用：{', '.join(BARRIER_CLASSES)}",
            f"unknown barrier class {unknown}; there are {', '.join(BARRIER_CLASSES)}",
            klass=unknown,
        )
    geoms = frame.geometry.to_numpy()
    polygonal = shapely.get_dimensions(geoms) == 2
    water = shapely.get_parts([polygon_parts(g)[0] for g in geoms[polygonal & (frame["klass"] == "river").to_numpy()]])
    lines = frame.set_geometry(
        gpd.GeoSeries(np.where(polygonal, shapely.boundary(geoms), geoms), index=frame.index, crs=work)
    )
    return lines[shapely.get_dimensions(lines.geometry.to_numpy()) == 1].reset_index(drop=True), gpd.GeoSeries(
        water, crs=work
    )


def _areas(
    layers: Sequence[gpd.GeoDataFrame | None], need: tuple[str, ...], what: str, work: str, rows: list[Row]
) -> gpd.GeoDataFrame:
    frame = _stack(layers, need, what, work, rows)
    kept = []
    for key, geom in zip(frame[need[0]], frame.geometry, strict=True):
        polygon, rest = polygon_parts(geom)
        if not geom.is_valid or rest:
            rows.append(
                report_row(
                    "warning", what, str(key), "valid", polygon.area - geom.area,
                    f"{what} {key} 的图形无效，保留其面状部分；剔除：{rest or '无'}",
                    f"{what} {key} was invalid; its polygon parts are kept; left out: {rest or 'nothing'}",
                )
            )  # fmt: skip
        kept.append(polygon)
    frame = frame.set_geometry(gpd.GeoSeries(kept, index=frame.index, crs=work))
    _report_overlaps(frame, what, rows)
    return frame


def _report_overlaps(frame: gpd.GeoDataFrame, what: str, rows: list[Row]) -> None:
    """Report estates, or carved sites, that overlap; an atom there belongs to the smaller one."""
    frame = frame[frame["mode"] == "carve"] if "mode" in frame else frame
    geoms, ids = frame.geometry.to_numpy(), frame["id"].astype(str).to_numpy()
    a, b = shapely.STRtree(geoms).query(geoms, predicate="intersects")
    a, b = a[a < b], b[a < b]
    area = shapely.area(shapely.intersection(geoms[a], geoms[b]))
    for i, j, m2 in zip(a[area > OVERLAP_M2], b[area > OVERLAP_M2], area[area > OVERLAP_M2], strict=True):
        small = ids[i] if geoms[i].area <= geoms[j].area else ids[j]
        rows.append(
            report_row(
                "warning", what, small, "overlap", m2,
                f"{what} {ids[i]} 与 {ids[j]} 重叠 {m2:.1f} 平方米，归面积较小的 {small}",
                f"{what} {ids[i]} and {ids[j]} overlap by {m2:.1f} m2; the smaller, {small}, has it",
            )
        )  # fmt: skip


def _sites(communities: Sequence[Community], work: str, rows: list[Row]) -> gpd.GeoDataFrame:
    sites = _areas([c.sites for c in communities], ("id", "category", "mode"), "sites", work, rows)
    for column, known in (("mode", MODES), ("category", tuple(SITE_CATEGORIES))):
        if unknown := sorted({str(v) for v in sites[column]} - set(known)):
            raise InvalidInput(
                f"场所的 {column} 值 {unknown} 不认识；可用：{', '.join(known)}",
                f"sites: unknown {column} {unknown}; there are {', '.join(known)}",
            )
    return sites


def _buildings(
    communities: Sequence[Community],
    base: gpd.GeoDataFrame,
    rules: Mapping[str, DivisionRules],
    work: str,
    rows: list[Row],
) -> gpd.GeoDataFrame:
    frame = _stack([c.buildings for c in communities], ("id", "households"), "buildings", work, rows, once=False)
    frame = _drop_duplicates(frame, rows)
    lonlat = representative_points(frame, work)
    frame[["lon", "lat"]] = lonlat
    frame[["x", "y"]] = transform_xy(lonlat, STORED_CRS, work)
    frame["community"] = _place(frame, base, work, rows)
    counts, source = _households(frame, base, rules, work, rows)
    frame["households"], frame["source"] = counts, source
    return frame


def _drop_duplicates(frame: gpd.GeoDataFrame, rows: list[Row]) -> gpd.GeoDataFrame:
    """Drop copies of a building (equal geometry, id and households), and refuse an id that means two buildings.

    Buildings on the very same ground under different ids (several address points of one house) are all counted.
    """
    key = pd.DataFrame({"g": shapely.to_wkb(shapely.normalize(frame.geometry.to_numpy())), "id": frame["id"].to_list()})
    key["households"] = frame["households"].astype(object).where(frame["households"].notna(), None).to_numpy()
    copies = key.duplicated().to_numpy()
    if copies.any():
        ids = [str(i) for i in frame["id"][copies]]
        rows.append(
            report_row(
                "warning", "buildings", ids[0], "duplicate", len(ids),
                f"{len(ids)} 栋楼重复（图形、编号、户数都相同），只计一次：{ids[:10]}",
                f"{len(ids)} buildings are copies (equal geometry, id and households) and are counted once: {ids[:10]}",
            )
        )  # fmt: skip
    frame, key = frame[~copies].reset_index(drop=True), key[~copies]
    twice = sorted({str(i) for i in frame["id"][frame["id"].duplicated()]})
    if twice:
        raise InvalidInput(
            f"楼栋编号重复，但图形或户数不同：{twice[:10]}；请改为唯一",
            f"building ids occur twice with different geometry or households: {twice[:10]}; make them unique",
        )
    if (same := key["g"].duplicated().to_numpy()).any():
        ids = [str(i) for i in frame["id"][same]]
        rows.append(
            report_row(
                "info", "buildings", ids[0], "same ground", len(ids),
                f"{len(ids)} 栋楼与另一编号的楼图形完全相同，均计入，不能分开：{ids[:10]}",
                f"{len(ids)} buildings have the very geometry of one with another id; all are counted, and cannot be "
                f"parted: {ids[:10]}",
            )
        )  # fmt: skip
    return frame


def _place(frame: gpd.GeoDataFrame, base: gpd.GeoDataFrame, work: str, rows: list[Row]) -> Ints:
    """Return the position of each building's community; the nearest, reported, where it lies in none."""
    spots = points(frame[["x", "y"]].to_numpy(dtype=float))
    tree = shapely.STRtree(base.geometry.to_numpy())
    where = holders(frame[["lon", "lat"]].to_numpy(dtype=float), base.geometry.to_numpy(), work)
    lost = np.flatnonzero(where < 0)
    near, _ = tree.query(spots[lost], predicate="dwithin", distance=FAR_M)
    need_near(frame, (where < 0) & ~np.isin(np.arange(len(where)), lost[near]))
    for i in lost:
        where[i] = tree.nearest(spots[i])
        metres = spots[i].distance(base.geometry.iloc[where[i]])
        name = base["name"].iloc[where[i]]
        rows.append(
            report_row(
                "warning", "buildings", str(frame["id"].iloc[i]), "outside", metres,
                f"楼栋 {frame['id'].iloc[i]} 不在任何社区内，计入最近的 {name}（{metres:.1f} 米）",
                f"building {frame['id'].iloc[i]} lies in no community; counted in the nearest, {name} ({metres:.1f} m)",
            )
        )  # fmt: skip
    return where


def _households(
    frame: gpd.GeoDataFrame, base: gpd.GeoDataFrame, rules: Mapping[str, DivisionRules], work: str, rows: list[Row]
) -> tuple[Ints, NDArray[np.str_]]:
    """Return the households of each building, and whether they were counted or estimated."""
    given = pd.to_numeric(frame["households"], errors="coerce")
    bad = (frame["households"].notna() & given.isna()) | (given < 0) | (given % 1 != 0) & given.notna()
    if bad.any():
        values = [f"{i}: {v!r}" for i, v in frame.loc[bad, ["id", "households"]].head(5).itertuples(index=False)]
        raise InvalidInput(
            f"{int(bad.sum())} 栋楼的户数不是非负整数，例如 {values}；请改正，未知的留空",
            f"{int(bad.sum())} buildings have no whole, non-negative household count, e.g. {values}; "
            "mend them, or leave unknown ones empty",
            count=int(bad.sum()),
        )
    need_sane_counts(frame["id"], given)
    missing = given.isna().to_numpy()
    estimate = np.zeros(len(frame), dtype=np.int64)
    estimate[missing] = _estimate(frame[missing], base, rules, work)
    need_sane_counts(frame["id"], estimate)
    for c in np.unique(frame["community"].to_numpy()[missing]):
        here = missing & (frame["community"] == c).to_numpy()
        code, name = base["code"].iloc[c], base["name"].iloc[c]
        total = int(estimate[here].sum())
        rows.append(
            report_row(
                "info", "buildings", str(code), "estimated", total,
                f"{name}：{int(here.sum())} 栋楼缺户数，按建筑面积估计共 {total} 户（每户 "
                f"{rules[str(code)].m2_per_household:g} 平方米）",
                f"{name}: {int(here.sum())} buildings lack a count; {total} households are estimated from floor area "
                f"({rules[str(code)].m2_per_household:g} m2 each)",
            )
        )  # fmt: skip
    counts = np.where(missing, estimate, given.fillna(0).to_numpy()).astype(np.int64)
    return counts, np.where(missing, "estimated", "counted")


def _estimate(frame: gpd.GeoDataFrame, base: gpd.GeoDataFrame, rules: Mapping[str, DivisionRules], work: str) -> Ints:
    """Estimate: footprint x storeys / floor area of a household, at least 1; 0 where the use is not residential."""
    of, community = [rules[str(code)] for code in base["code"]], frame["community"].to_numpy()
    storeys = pd.to_numeric(frame["storeys"], errors="coerce") if "storeys" in frame else pd.Series(np.nan, frame.index)
    usual = np.array([r.default_storeys for r in of], dtype=np.float64)[community]
    storeys = storeys.where(storeys > 0).astype(np.float64).fillna(pd.Series(usual, index=frame.index))
    size = np.array([r.m2_per_household for r in of])[community]
    count = np.maximum(1, np.round(footprint_areas_m2(frame, work) * storeys / size))
    if "use" in frame:
        count = count.where(frame["use"].isna() | (frame["use"] == "residential"), 0)
    return np.asarray(count, dtype=np.int64)
