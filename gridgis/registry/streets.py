"""Level 1 above the community: the grid of a street, formed as the union of its communities in force (SEMANTICS 6).

A plan in which the community is level 2 (profile town-level-1) has no grid of level 1. Filing forms it, or renews it
with the same code, of all communities of the street that are in force then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from gridgis.coding import Scheme
from gridgis.errors import Rejected
from gridgis.geometry.coverage import dissolve
from gridgis.ledger.identity import LINEAGE_COLUMNS
from gridgis.registry.book import Book


@dataclass(frozen=True)
class Streets:
    """The level-1 grids that are published with a plan.

    ``rows`` columns of the table grid, stored coordinates; ``old`` the rows in force that they renew (with fid);
    ``lineage`` LINEAGE_COLUMNS: a street only grows, so all of the old one is in the new one.
    """

    rows: gpd.GeoDataFrame
    old: gpd.GeoDataFrame
    lineage: pd.DataFrame


def hanging(grids: pd.DataFrame, scheme: Scheme) -> dict[str, str]:
    """Return for each community that is level 2 the code of its street's grid.

    Parameters
    ----------
    grids
        community, level, parent (a code).
    """
    second = grids[(pd.to_numeric(grids["level"]) == 2).fillna(False).to_numpy(dtype=bool) & grids["parent"].notna()]
    pairs = second[["community", "parent"]].drop_duplicates().itertuples(index=False)
    return {str(c): str(parent) for c, parent in pairs if scheme.is_union(parent)}


def families(grids: pd.DataFrame, scheme: Scheme) -> pd.Series[str]:
    """Return for each grid what is checked as a whole: its street where the community is level 2, or its community."""
    street = {community: scheme.parse(code).region for community, code in hanging(grids, scheme).items()}
    return grids["community"].map(lambda community: street.get(community, community))


def of_street(grids: pd.DataFrame, scheme: Scheme) -> pd.Series[bool]:
    """Tell which grids are those of whole streets."""
    return grids["community"].str.len() < scheme.region_length


def refuse_mixed(scheme: Scheme, published: pd.DataFrame, plan: pd.DataFrame) -> None:
    """Refuse a street of which some communities are level 1 and others level 2, or one that would change.

    Parameters
    ----------
    published, plan
        community, level, parent (a code).

    Raises
    ------
    Rejected
        Names the street and the communities.
    """
    if scheme.union is None:
        return
    level: dict[str, dict[str, set[int]]] = {}  # street -> community -> what it is
    for grids in (published[~of_street(published, scheme)], plan):
        hung = hanging(grids, scheme)
        for code in sorted(set(grids["community"])):
            level.setdefault(code[: scheme.union_width], {}).setdefault(code, set()).add(2 if code in hung else 1)
    for communities in (level[digits] for digits in sorted(level)):
        if len(set().union(*communities.values())) > 1:
            street = scheme.union_of(min(communities))
            words = {code: "/".join(str(n) for n in sorted(found)) for code, found in communities.items()}
            raise Rejected(
                f"街道网格 {street} 下各社区的级别不一致（社区：级别）{words}：同一街道的社区须同为一级或同为二级"
                "（town-level-1），备案后也不能更换；请用同一种规则划分，或另建注册库",
                f"under the street's grid {street} communities differ in level (community: level) {words}: in one "
                "street all are level 1, or all level 2 (town-level-1), and this cannot change once filed; divide by "
                "rules of one kind, or make another registry",
                street=street,
            )


def form_streets(
    book: Book, grids: gpd.GeoDataFrame, others: gpd.GeoDataFrame, published: gpd.GeoDataFrame, base: gpd.GeoDataFrame
) -> Streets:
    """Form the level-1 grids of the streets of a plan.

    Parameters
    ----------
    grids
        The plan's grids as they will be published (parent is a code).
    others
        The grids in force of all other communities, as they will be.
    published
        All grids in force.
    base
        code, geometry, street (a name): the communities with the vertices that filing adds; stored coordinates.
    """
    hung = hanging(grids, book.scheme)
    streets = sorted(set(hung.values()))
    of_all = {c: code for c, code in {**hanging(others, book.scheme), **hung}.items() if code in streets}
    members = base[base["code"].isin(list(of_all))]
    codes, shapes = dissolve(members.geometry.to_numpy(), members["code"].map(of_all).to_numpy(dtype=object))
    area = book.work(gpd.GeoDataFrame(geometry=list(shapes), crs=base.crs)).geometry.area.round(3)
    old = published[published["code"].isin(streets)].reset_index(drop=True)
    rows = gpd.GeoDataFrame(
        {
            "code": list(codes), "local_id": list(codes),
            "community": [book.scheme.parse(code).region for code in codes],
            "level": pd.array([1] * len(codes), dtype="Int64"), "kind": "comprehensive", "mode": None, "parent": None,
            "category": None, "site_id": None, "name": _names(codes, members, of_all, old),
            "households": _households(codes, grids, others), "area_m2": area.to_numpy(), "flags": "",
            "scheme": book.scheme.name, "state": "in_force",
        },
        geometry=list(shapes), crs=base.crs,
    )  # fmt: skip
    lineage = [(code, code, 1.0, 1.0, "continues") for code in old["code"]]
    return Streets(rows, old, pd.DataFrame(lineage, columns=list(LINEAGE_COLUMNS)))


def _names(codes: list[str], members: pd.DataFrame, of_all: Mapping[str, str], old: pd.DataFrame) -> list[str]:
    """Return the names: as in force, else as the communities tell, else the code of the street."""
    called = members.assign(grid=members["code"].map(of_all)).dropna(subset=["street"])
    told = called.drop_duplicates("grid").set_index("grid")["street"].to_dict()
    names = {**told, **old.set_index("code")["name"].dropna().to_dict()}
    return [str(names.get(code, code)) for code in codes]


def _households(codes: list[str], grids: pd.DataFrame, others: pd.DataFrame) -> pd.arrays.IntegerArray:
    """Sum the households of the children; unknown where one's are."""
    children = pd.concat([grids[["parent", "households"]], others[["parent", "households"]]])
    counts = [children["households"][children["parent"] == code] for code in codes]
    return pd.array([pd.NA if c.isna().any() else int(c.sum()) for c in counts], dtype="Int64")
