"""A layout: which finest grid each atom belongs to. From it, and from nothing else, all grids are dissolved.

The local id carries the ancestry, so that a planner who edits the ``local_id`` of an atom says all there is to say::

    990001001001-1          level 1, the community
    990001001001-2-03       level 2, number 3
    990001001001-3-03-07    level 3, number 7 inside level 2 number 3
    990001001001-D-02       dedicated grid number 2, carved
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridgis.coding.order import spatial_order
from gridgis.errors import InvalidInput
from gridgis.geometry.arrays import Bools, Floats, Geometries, Ints
from gridgis.geometry.coverage import dissolve

LOCAL_ID = re.compile(r"^(?P<community>\w+)-(?:(?P<l1>1)|2-(?P<l2>\w+)|3-(?P<l3>\w+)-(?P<n3>\w+)|D-(?P<d>\w+))$")


@dataclass(frozen=True)
class Pieces:
    """Atoms with all that dissolving them needs, whether just divided or read back from a plan.

    ``base`` (code, name, geometry; its CRS is the work CRS); (n,) ``polygons``, ``community`` (position in base),
    ``water``; ``buildings`` (id, name, households, source, community, atom, geometry, x, y); the shared segments:
    (s,) ``left``, ``right`` atoms (left -1 outside), ``seg`` (s, 4), ``klass`` and ``name`` of the barrier there.
    """

    base: gpd.GeoDataFrame
    polygons: Geometries
    community: Ints
    water: Bools
    buildings: gpd.GeoDataFrame
    left: Ints
    right: Ints
    seg: Floats
    klass: NDArray[np.object_]
    name: NDArray[np.object_]

    def households(self) -> Ints:
        """(n,) households of each atom."""
        b = self.buildings
        return np.bincount(b["atom"], b["households"], len(self.polygons)).astype(np.int64)


@dataclass(frozen=True)
class Layout:
    """(n,) local ids of each atom: ``leaf`` its finest grid, ``level2`` its level-2 grid ('' when carved)."""

    leaf: NDArray[np.object_]
    level2: NDArray[np.object_]

    @classmethod
    def from_leaf(cls, leaf: NDArray[np.object_], codes: NDArray[np.object_]) -> Layout:
        """Read the ancestry from the local ids of the finest grids.

        Raises
        ------
        InvalidInput
            A local id that does not follow the pattern, or names another community than the atom's.
        """
        level2 = {}
        for local_id, code in sorted({(str(i), str(c)) for i, c in zip(leaf, codes, strict=True)}):
            m = LOCAL_ID.match(local_id)
            if m is None or m["community"] != code or m["l1"]:
                raise InvalidInput(
                    f"原子面的 local_id “{local_id}”不对：社区 {code} 的应为 {code}-2-03、{code}-3-03-07 "
                    f"或 {code}-D-02",
                    f"local_id '{local_id}' of an atom is wrong: in community {code} it reads {code}-2-03, "
                    f"{code}-3-03-07 or {code}-D-02",
                    local_id=local_id,
                )
            level2[local_id] = "" if m["d"] else f"{code}-2-{m['l2'] or m['l3']}"
        divided = {second for i, second in level2.items() if "-3-" in i}
        if both := sorted(divided & set(level2)):
            raise InvalidInput(
                f"二级网格 {both} 已分三级，原子面应归其中的三级网格，例如 {both[0].replace('-2-', '-3-')}-01",
                f"the level-2 grids {both} have level-3 grids: give their atoms to one of those, "
                f"e.g. {both[0].replace('-2-', '-3-')}-01",
                local_ids=both,
            )
        return cls(leaf.astype(object), np.array([level2[str(i)] for i in leaf], dtype=object))


def number(pieces: Pieces, level2: Ints, level3: Ints, site: Ints) -> tuple[Layout, dict[str, int]]:
    """Give raw labels numbers in spatial order and make local ids of them.

    Parameters
    ----------
    pieces
        The atoms.
    level2, level3
        (n,) labels that are unique over all communities; -1 where carved.
    site
        (n,) label of the dedicated grid: a carved site in its community, or a plot of it; -1 for none.

    Returns
    -------
    tuple
        The layout, and for each dedicated local id its label.
    """
    codes = pieces.base["code"].astype(str).to_numpy()
    leaf = np.full(len(level2), "", dtype=object)
    second = np.full(len(level2), "", dtype=object)
    sites: dict[str, int] = {}
    for c, code in enumerate(codes):
        here = np.flatnonzero(pieces.community == c)
        divided = here[site[here] < 0]
        for n2, label in enumerate(_ordered(pieces, divided, level2), 1):
            inside = divided[level2[divided] == label]
            second[inside] = f"{code}-2-{n2:02d}"
            for n3, sub in enumerate(_ordered(pieces, inside, level3), 1):
                leaf[inside[level3[inside] == sub]] = f"{code}-3-{n2:02d}-{n3:02d}"
        carved = here[site[here] >= 0]
        for n, label in enumerate(_ordered(pieces, carved, site), 1):
            leaf[carved[site[carved] == label]] = f"{code}-D-{n:02d}"
            sites[f"{code}-D-{n:02d}"] = int(label)
    return Layout(leaf, second), sites


def _ordered(pieces: Pieces, atoms: Ints, labels: Ints) -> list[int]:
    if not len(atoms):
        return []
    names, polygons = dissolve(pieces.polygons[atoms], labels[atoms])
    x, y = shapely.get_coordinates(shapely.point_on_surface(polygons)).T.tolist()
    bounds = shapely.bounds(polygons)
    height = float(np.median(bounds[:, 3] - bounds[:, 1]))
    return [int(i) for i in spatial_order(list(zip(names.tolist(), x, y, strict=True)), height)]


def text(value: Any) -> str:
    """Return a value as text, '' for null."""
    return "" if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)) else str(value)
