"""Which new grid continues which old one, and where the others come from (SEMANTICS 13).

A grid continues the old one from which it holds more than half of its households *and* that gave it more than half
of theirs; area decides where neither has any household, and for overlays, which count none. All others are a split or
a merge, with lineage.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridgis.geometry.match import continued, holders

LINEAGE_COLUMNS = ("old", "new", "households_share", "area_share", "relation")
"""old, new: ids; shares: the fraction of the *old* grid's households and area that goes into the new one."""

TRACE_FRAC = 0.001
"""A smaller share of the area, with no household, is rounding and makes no lineage."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Identity:
    """Which grids continue (new id -> old id), and the lineage of all (LINEAGE_COLUMNS)."""

    continues: dict[str, str]
    lineage: pd.DataFrame


def identify(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> Identity:
    """Find which new grids continue old ones.

    Parameters
    ----------
    old, new
        id, level, kind, mode, geometry; one metric CRS. Only grids of the same level, kind and mode are compared.
    buildings
        households, geometry, in the same CRS: the weights of today, for both divisions.

    Returns
    -------
    Identity
        One-to-one: no old grid is continued twice.
    """
    at = shapely.point_on_surface(buildings.geometry.to_numpy())
    weight = pd.to_numeric(buildings["households"]).fillna(0).to_numpy(dtype=np.float64)
    pieces = []
    for a, b in _pairs_of_classes(old, new):
        counted = 0.0 if (a["mode"] == "overlay").any() else 1.0  # an overlay counts no households
        pieces.append(_overlaps(a, b, at, weight * counted))
    empty = pd.DataFrame(columns=["old", "new", "h", "h_old", "h_new", "a", "a_old", "a_new", "continues"], dtype=float)
    table = pd.concat(pieces, ignore_index=True) if pieces else empty
    table["continues"] = table["continues"].astype(bool)
    kept = table[table["continues"]]
    return Identity(dict(zip(kept["new"], kept["old"], strict=True)), _lineage(table))


def _pairs_of_classes(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> list[tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]]:
    def classes(frame: gpd.GeoDataFrame) -> pd.Series[str]:
        level = pd.to_numeric(frame["level"]).fillna(0).astype(int).astype(str)
        return level + "|" + frame["kind"].fillna("").astype(str) + "|" + frame["mode"].fillna("").astype(str)

    ours, theirs = classes(old), classes(new)
    return [(old[ours == c], new[theirs == c]) for c in sorted(set(ours) & set(theirs))]


def _overlaps(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, at: NDArray[np.object_], weight: Floats) -> pd.DataFrame:
    a, b = old.geometry.to_numpy(), new.geometry.to_numpy()
    in_a, in_b = holders(a, at), holders(b, at)
    j, i = shapely.STRtree(a).query(b, predicate="intersects")
    shared = shapely.area(shapely.intersection(a[i], b[j]))
    inside = (in_a >= 0) & (in_b >= 0)
    pairs, which = np.unique(in_a[inside] * len(b) + in_b[inside], return_inverse=True)
    both = pd.Series(np.bincount(which, weights=weight[inside], minlength=len(pairs)), index=pairs, dtype=np.float64)
    heir_of = continued(a, b, at, weight)
    return pd.DataFrame(
        {
            "old": old["id"].to_numpy()[i],
            "new": new["id"].to_numpy()[j],
            "h": both.reindex(i * len(b) + j, fill_value=0.0).to_numpy(),
            "h_old": _sum(in_a, weight, len(a))[i],
            "h_new": _sum(in_b, weight, len(b))[j],
            "a": shared,
            "a_old": shapely.area(a)[i],
            "a_new": shapely.area(b)[j],
            "continues": [heir_of.get(k) == m for k, m in zip(j.tolist(), i.tolist(), strict=True)],
        }
    )


def _sum(holder: NDArray[np.int64], weight: Floats, n: int) -> Floats:
    inside = holder >= 0
    return np.bincount(holder[inside], weights=weight[inside], minlength=n).astype(np.float64)


def _lineage(table: pd.DataFrame) -> pd.DataFrame:
    """Name the relation of each pair that shares households, or ground worth the name."""
    h_share = (table["h"] / table["h_old"].where(table["h_old"] > 0)).fillna(0.0)
    a_share = table["a"] / table["a_old"]
    rows = table[(table["h"] > 0) | (a_share > TRACE_FRAC) | table["continues"]]
    heirs = rows.groupby("old")["new"].transform("nunique")
    origins = rows.groupby("new")["old"].transform("nunique")
    relation = np.select(
        [rows["continues"].astype(bool), (heirs > 1) & (origins > 1), heirs > 1, origins > 1],
        ["continues", "split+merge", "split", "merge"],
        "changed",
    )
    out = pd.DataFrame(
        {
            "old": rows["old"], "new": rows["new"], "households_share": h_share[rows.index].round(6),
            "area_share": a_share[rows.index].round(6), "relation": relation,
        }
    )  # fmt: skip
    return out.sort_values(["old", "new"], kind="stable").reset_index(drop=True)[list(LINEAGE_COLUMNS)]
