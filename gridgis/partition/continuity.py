"""Which earlier grid does each grid of a plan continue? (SEMANTICS 13)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from gridgis.errors import InvalidInput
from gridgis.geometry import match
from gridgis.geometry.arrays import Floats, Ints
from gridgis.geometry.crs import to_work
from gridgis.model import DivisionPlan, need_columns
from gridgis.partition.layout import Layout, Pieces


def continued(plan: DivisionPlan, previous: gpd.GeoDataFrame | DivisionPlan) -> list[str | None]:
    """Return for each grid of a plan the earlier grid that it continues, or None.

    Grids of one level are compared, and dedicated ones of one mode. Households decide; area where neither grid has
    any, and for overlays.

    Parameters
    ----------
    plan
        The new plan; its own column ``previous`` is not looked at.
    previous
        An earlier plan, or level, geometry, and code or local_id; mode where there are dedicated grids.

    Raises
    ------
    InvalidInput
        Neither a plan nor a table of grids; a column is missing, or the CRS.
    """
    old = earlier_grids(previous, str(plan.grids.crs))
    key = id_column(old)
    of_new, of_old = _kinds(plan.grids), _kinds(old)
    answer: list[str | None] = [None] * len(plan.grids)
    points = shapely.point_on_surface(plan.atoms.geometry.to_numpy())
    households = plan.atoms["households"].to_numpy()
    for kind in sorted(set(of_new)):
        n = np.flatnonzero([k == kind for k in of_new])
        o = np.flatnonzero([k == kind for k in of_old])
        new_shapes, old_shapes = plan.grids.geometry.to_numpy()[n], old.geometry.to_numpy()[o]
        for i, j in match.continued(old_shapes, new_shapes, points, households * int(kind != "overlay")).items():
            answer[n[i]] = str(old[key].iloc[o[j]])
    return answer


def id_column(grids: gpd.GeoDataFrame) -> str:
    """Return the column by which earlier grids are named: their code, or the local id of a plan."""
    return "code" if "code" in grids.columns else "local_id"


def earlier_grids(previous: object, work_crs: str) -> gpd.GeoDataFrame:
    """Return the table of earlier grids in the work CRS.

    Raises
    ------
    InvalidInput
        Neither a plan nor a table of grids; a column is missing, or the CRS.
    """
    grids = previous.grids if isinstance(previous, DivisionPlan) else previous
    if isinstance(grids, gpd.GeoDataFrame):
        need_columns(grids, (id_column(grids), "level"), "previous")
        return to_work(grids, work_crs, "previous")
    kind = type(previous).__name__
    raise InvalidInput(
        f"previous 应是 DivisionPlan 或网格的 GeoDataFrame，不是 {kind}",
        f"previous is a DivisionPlan or a GeoDataFrame of grids, not a {kind}",
    )


def _kinds(grids: gpd.GeoDataFrame) -> list[str]:
    """Return what is compared with its like: "1", "2", "3", "carve" or "overlay"."""
    level = grids["level"].astype("Float64").fillna(0).astype(int)
    mode = grids["mode"] if "mode" in grids.columns else ["carve"] * len(grids)
    return [str(n) if n else str(m) for n, m in zip(level, mode, strict=True)]


def keep_numbers(layout: Layout, pieces: Pieces, old: tuple[Ints, Ints], earlier: gpd.GeoDataFrame) -> Layout:
    """Give grids that continue an earlier one its local id, and new ones numbers above all earlier ones.

    Parameters
    ----------
    layout, pieces
        The new grids, numbered from north to south, and their atoms.
    old
        Earlier level-2 and level-3 grid of each atom, by position in ``earlier``; -1 for none.
    earlier
        With local_id, as a plan has it: grids of a registry have codes, and are numbered anew.
    """
    if id_column(earlier) != "local_id":
        return layout
    names = earlier["local_id"].astype(str).to_numpy()
    weights = (pieces.households(), shapely.area(pieces.polygons))
    second = _heirs(layout.level2, old[0], names, *weights)
    renamed = _numbered(_spatial(layout.level2), second, names)
    third = {
        new: before
        for new, before in _heirs(layout.leaf, old[1], names, *weights).items()
        if "-3-" in new and _stem(before) == _below(renamed[_parent(new)])
    }
    leaves = [i for i in _spatial(layout.leaf) if "-3-" in i]
    moved = {i: f"{_below(renamed[_parent(i)])}-{i.rsplit('-', 1)[1]}" for i in leaves}
    final = _numbered(leaves, third, names, moved)
    leaf = [final.get(str(i), renamed.get(str(i), str(i))) for i in layout.leaf]
    return Layout(
        np.array(leaf, dtype=object), np.array([renamed.get(str(i), "") for i in layout.level2], dtype=object)
    )


def _spatial(ids: NDArray[np.object_]) -> list[str]:
    return sorted({str(i) for i in ids} - {""})


def _parent(leaf: str) -> str:
    """Return the level-2 id of a level-3 id: 990001001001-3-03-07 lies in 990001001001-2-03."""
    code, _, number, _ = leaf.rsplit("-", 3)
    return f"{code}-2-{number}"


def _below(level2: str) -> str:
    """Return how the level-3 ids inside a level-2 grid begin."""
    code, _, number = level2.rsplit("-", 2)
    return f"{code}-3-{number}"


def _stem(local_id: str) -> str:
    return local_id.rsplit("-", 1)[0]


def _heirs(
    new: NDArray[np.object_], old: Ints, names: NDArray[np.object_], households: Ints, area: Floats
) -> dict[str, str]:
    """Return which earlier local id each new one continues: by households, by area where there are none."""
    before = [None if k < 0 else str(names[k]) for k in old]
    after = [str(i) or None for i in new]
    lived = {str(i) for i in new[households > 0]} | {b for b, n in zip(before, households, strict=True) if n and b}
    found = match.mutual_majority(before, after, households.tolist())
    empty = [0.0 if a in lived or b in lived else m for a, b, m in zip(after, before, area.tolist(), strict=True)]
    both = {**match.mutual_majority(before, after, empty), **found}
    return {str(n): str(o) for n, o in both.items()}


def _numbered(
    ids: list[str], heirs: dict[str, str], names: NDArray[np.object_], moved: dict[str, str] | None = None
) -> dict[str, str]:
    """Return the final local id of each: that of the grid it continues, else the next number above all of its kind."""
    out = {i: heirs[i] for i in ids if i in heirs}
    highest: dict[str, int] = {}
    for name in [*names, *out.values()]:
        stem, _, number = str(name).rpartition("-")
        highest[stem] = max(highest.get(stem, 0), int(number) if number.isdecimal() else 0)
    for i in ids:
        if i not in out:
            stem = _stem(i if moved is None else moved[i])
            highest[stem] = highest.get(stem, 0) + 1
            out[i] = f"{stem}-{highest[stem]:02d}"
    return out


def kept_names(grids: gpd.GeoDataFrame, earlier: gpd.GeoDataFrame) -> list[str]:
    """Return the names of the grids; one that has the local id of the grid that it continues has its name as well."""
    names: dict[str, str] = {}
    if id_column(earlier) == "local_id" and "name" in earlier.columns:
        named = earlier[earlier["name"].notna()]
        names = dict(zip(named["local_id"].astype(str), named["name"].astype(str), strict=True))
    return [
        names.get(str(i), str(n)) if i == p else str(n)
        for i, p, n in zip(grids["local_id"], grids["previous"], grids["name"], strict=True)
    ]
