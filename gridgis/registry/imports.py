"""Taking the base layer and the context into a registry."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa

from gridgis.errors import Conflict, InvalidInput
from gridgis.geometry.crs import to_stored, to_work
from gridgis.ledger.conform import TOLERANCE_M, edges_of, insert_chains, make_chains, vertices
from gridgis.model import need_columns
from gridgis.registry import tables as t
from gridgis.registry.book import Book
from gridgis.registry.store import insert

CONTEXT = {
    "roads": t.road,
    "railways": t.railway,
    "rivers": t.river,
    "water": t.water,
    "walls": t.wall,
    "buildings": t.building,
    "compounds": t.compound,
    "communities": t.community,
}
"""Name of a context layer -> its table."""


def import_communities(book: Book, connection: sa.Connection, communities: gpd.GeoDataFrame) -> int:
    """Add communities to the base layer; return how many are new.

    A community that is there already may come again with the same border (its name and street are updated).

    Raises
    ------
    InvalidInput
        A column or code is wrong, or the borders are not noded together.
    Conflict
        A border that is registered would move.
    """
    need_columns(communities, ("code", "name"), "communities")
    new = _checked(book, communities)
    old = book.work(book.base(connection))
    again = new[new["code"].isin(set(old["code"]))]
    _refuse_moves(old.set_index("code"), again)
    added = new[~new["code"].isin(set(old["code"]))].reset_index(drop=True)
    _update_names(connection, again)
    if len(added):
        old, added = _fit(connection, old, added)
        ground = old[old["members"].isna()]  # the merged ones stand on the ground of others
        _need_coverage(pd.concat([ground[["code", "geometry"]], added[["code", "geometry"]]], ignore_index=True))
        insert(connection, t.community, to_stored(added))
    return len(added)


def _checked(book: Book, communities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    frame = to_work(communities, book.work_crs, "communities").copy()
    frame["code"] = [book.scheme.check_region(c) for c in frame["code"]]
    for column in ("street", "profile"):
        if column not in frame:
            frame[column] = None
    if twice := sorted(set(frame["code"][frame["code"].duplicated()])):
        raise InvalidInput(f"社区代码重复：{twice}", f"community codes occur twice: {twice}", codes=twice)
    return frame[["code", "name", "street", "profile", "geometry"]].sort_values("code", ignore_index=True)


def _refuse_moves(old: gpd.GeoDataFrame, again: gpd.GeoDataFrame) -> None:
    for code, geom in zip(again["code"], again.geometry, strict=True):
        before: Any = old.geometry.loc[code]
        moved = float(shapely.hausdorff_distance(before.boundary, geom.boundary))
        if moved > TOLERANCE_M:
            raise Conflict(
                f"社区 {code} 的边界已登记，不能移动（新旧边界最多相差 {moved:.2f} 米）",
                f"the border of community {code} is registered and cannot move (it would, by up to {moved:.2f} m)",
                community=str(code),
                moved_m=moved,
            )


def _update_names(connection: sa.Connection, again: gpd.GeoDataFrame) -> None:
    c = t.community.c
    for code, name, street in zip(again["code"], again["name"], again["street"], strict=True):
        values = {"name": name} if pd.isna(street) else {"name": name, "street": street}
        connection.execute(sa.update(t.community).where(c.code == code).values(**values))


def _fit(
    connection: sa.Connection, old: gpd.GeoDataFrame, added: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Give the old and the new borders each other's vertices; no vertex moves."""
    if not len(old):
        return old, added
    ours, theirs = old.geometry.to_numpy(), added.geometry.to_numpy()
    chains, _ = make_chains(edges_of(ours), vertices(theirs) - vertices(ours))
    grown = np.array([insert_chains(g, chains) for g in ours], dtype=object)
    moved = [i for i, g in enumerate(grown) if g is not ours[i]]
    _refuse_in_force(connection, old["code"].iloc[moved].tolist())
    back, _ = make_chains(edges_of(theirs), vertices(grown) - vertices(theirs))
    fitted = np.array([insert_chains(g, back) for g in theirs], dtype=object)
    old = old.set_geometry(gpd.GeoSeries(grown, index=old.index, crs=old.crs))
    for code, geom in zip(old["code"].iloc[moved], to_stored(old).geometry.iloc[moved], strict=True):
        connection.execute(sa.update(t.community).where(t.community.c.code == code).values(geometry=geom))
    return old, added.set_geometry(gpd.GeoSeries(fitted, index=added.index, crs=added.crs))


def _refuse_in_force(connection: sa.Connection, codes: list[str]) -> None:
    g = t.grid.c
    query = sa.select(g.community).where(g.valid_to.is_(None) & g.community.in_(codes)).distinct()
    if filed := sorted(connection.execute(query).scalars()):
        raise Conflict(
            f"新社区的边界要在社区 {filed} 的边界上加点，而其网格已备案；请先把全部社区导入再备案",
            f"new communities would add vertices to the borders of {filed}, whose grids are filed; import all first",
            communities=filed,
        )


def _need_coverage(base: gpd.GeoDataFrame) -> None:
    stored = to_stored(base).geometry.to_numpy()
    bad = base["code"][~shapely.is_valid(stored)].tolist()
    if not bad and not shapely.coverage_is_valid(stored):
        bad = base["code"][~shapely.is_empty(shapely.coverage_invalid_edges(stored))].tolist()
    if bad:
        raise InvalidInput(
            f"社区 {bad[:5]} 的边界无效、重叠或未共点；请先用 node_base 统一打断",
            f"the borders of communities {bad[:5]} are broken, overlap or do not share vertices; node them together "
            "first (gridgis.geometry.coverage.node_base)",
            communities=bad,
        )


def import_context(connection: sa.Connection, layer: str, rows: gpd.GeoDataFrame) -> int:
    """Replace a context layer; return its number of rows.

    Raises
    ------
    InvalidInput
        There is no such layer, or the frame has no CRS.
    """
    if layer not in CONTEXT or layer == "communities":
        known = [name for name in CONTEXT if name != "communities"]
        raise InvalidInput(f"没有名为“{layer}”的图层；可用：{known}", f"no layer '{layer}'; there are: {known}")
    stored = to_stored(rows)
    stored = stored[stored.geometry.notna() & ~stored.geometry.is_empty].copy()
    if "id" in stored:
        stored["id"] = stored["id"].astype(str)
    if "storeys" in stored:  # as the engine reads them: what is no number is unknown
        stored["storeys"] = pd.to_numeric(stored["storeys"], errors="coerce").astype("float64")
    table = CONTEXT[layer]
    connection.execute(sa.delete(table))
    insert(connection, table, stored)
    return len(stored)
