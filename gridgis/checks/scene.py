"""All that the rules look at: the grids in stored coordinates, their tree, and the layers, each worked out once.

Two coordinate systems are kept apart: ``stored`` geometry is what is judged; ``work`` geometry (the same vertices in a
metric CRS) is only for measuring metres and square metres.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gridgis.checks.counting import count_buildings
from gridgis.checks.edges import Edges, Geometries, Integers, components, edges_of
from gridgis.checks.layers import NO_GRID, boundary_crs, move, texts
from gridgis.checks.place import Place, place_of
from gridgis.checks.touching import Touching, touching
from gridgis.geometry.crs import STORED_CRS, choose_work_crs
from gridgis.model import Community, DivisionRules, Pin


@dataclass(frozen=True)
class Scene:
    """The grids to verify and their surroundings; what is derived is computed on first use.

    Parameters
    ----------
    grids
        GRID_COLUMNS in stored coordinates, index 0..n-1; rules speak of grids by position.
    communities
        By code.
    rules
        By code of community.
    revision_wide
        The grids are a whole revision: rules that depend on how one plan was made are left out.
    atoms
        ATOM_COLUMNS in stored coordinates, where they are at hand.
    pins
        What the planner pinned.
    borders
        BORDER_COLUMNS in stored coordinates, where they are at hand.
    """

    grids: gpd.GeoDataFrame
    communities: Mapping[str, Community]
    rules: Mapping[str, DivisionRules]
    revision_wide: bool = False
    atoms: gpd.GeoDataFrame | None = None
    pins: Sequence[Pin] = ()
    borders: gpd.GeoDataFrame | None = None

    @cached_property
    def stored(self) -> Geometries:
        """Stored geometry of the grids, (n,)."""
        return np.asarray(self.grids.geometry.to_numpy(), dtype=object)

    @cached_property
    def work_crs(self) -> str:
        """The metric CRS to measure in, chosen by the middle of all communities."""
        boxes = [move(c.boundary, boundary_crs(c), STORED_CRS).bounds for c in self.communities.values()]
        low, high = np.min(boxes, axis=0)[:2], np.max(boxes, axis=0)[2:]
        lon, lat = (low + high) / 2
        return choose_work_crs(float(lon), float(lat))

    @cached_property
    def work(self) -> Geometries:
        """The same geometry in the work CRS, (n,), not rounded."""
        return np.asarray(move(self.stored, STORED_CRS, self.work_crs), dtype=object)

    @cached_property
    def area_m2(self) -> NDArray[np.float64]:
        """Area of the grids, (n,) square metres."""
        return np.asarray(shapely.area(self.work), dtype=np.float64)

    @cached_property
    def ids(self) -> list[str]:
        """Local ids by position."""
        return [str(i) for i in self.grids["local_id"]]

    @cached_property
    def level(self) -> NDArray[np.float64]:
        """Level by position; NaN for dedicated grids."""
        return pd.to_numeric(self.grids["level"], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)

    @cached_property
    def community(self) -> list[str]:
        """Code of the community by position."""
        return [str(c) for c in self.grids["community"]]

    @cached_property
    def carved(self) -> NDArray[np.bool_]:
        """Which grids are carved dedicated grids."""
        return np.asarray((self.grids["kind"] == "dedicated") & (self.grids["mode"] == "carve"), dtype=bool)

    @cached_property
    def overlay(self) -> NDArray[np.bool_]:
        """Which grids are overlays: not part of the coverage."""
        return np.asarray((self.grids["kind"] == "dedicated") & (self.grids["mode"] == "overlay"), dtype=bool)

    @cached_property
    def parent(self) -> Integers:
        """Position of the parent; NO_GRID at the top."""
        where = {name: i for i, name in enumerate(self.ids)}
        return np.array(
            [NO_GRID if p is None else where.get(p, NO_GRID) for p in texts(self.grids["parent"])], dtype=np.int64
        )

    @cached_property
    def children(self) -> list[list[int]]:
        """Children by position, overlays left out."""
        out: list[list[int]] = [[] for _ in self.ids]
        for i, p in enumerate(self.parent):
            if p != NO_GRID and not self.overlay[i]:
                out[p].append(i)
        return out

    @cached_property
    def is_leaf(self) -> NDArray[np.bool_]:
        """Which grids are the finest of the coverage."""
        return np.array([not c for c in self.children], dtype=bool) & ~self.overlay

    def given(self, i: int) -> bool:
        """Tell whether the boundary of a grid was given, not made by a division."""
        return "given" in str(self.grids["flags"].iloc[i]).split(",")

    def first_level(self, code: str) -> int:
        """Return the largest level that dividing makes in a community: 2, or 3 where it is level 2 itself."""
        return self.rules[code].first_level if code in self.rules else 2

    def is_street(self, i: int) -> bool:
        """Tell whether a grid is one of level 1 over several communities: only a registry forms these."""
        return self.revision_wide and self.level[i] == 1 and self.community[i] not in self.communities

    def cover(self, level: int) -> Integers:
        """Return the grids that cover the ground at a level: the finest not below it, and the carved ones."""
        depth = np.where(self.carved, 2.0, self.level)
        deepest = [not any(depth[c] <= level for c in kids) for kids in self.children]
        return np.flatnonzero(~self.overlay & (depth <= level) & np.array(deepest, dtype=bool))

    def at_level(self, level: int) -> Integers:
        """Return the comprehensive grids of a level."""
        return np.flatnonzero(self.level == level)

    def of_community(self, grids: Integers, code: str) -> Integers:
        """Keep the grids of one community."""
        mine = np.array([self.community[i] == code for i in grids], dtype=bool)
        return np.asarray(grids[mine], dtype=np.int64)

    def up(self, grids: Integers, level: int) -> Integers:
        """Climb from leaves to their grid of a level; a leaf above it stands for itself, a carved one is none."""
        out = np.where((grids == NO_GRID) | self.carved[grids], NO_GRID, grids)
        for _ in range(2):
            deeper = (out != NO_GRID) & (self.level[out] > level)
            out[deeper] = self.parent[out[deeper]]
        return out

    @cached_property
    def edges(self) -> Edges:
        """Edges of all grids in stored coordinates."""
        return edges_of(self.stored)

    @cached_property
    def places(self) -> dict[str, Place]:
        """The communities in work coordinates."""
        return {code: place_of(c, self.rules[code], self.work_crs) for code, c in self.communities.items()}

    @cached_property
    def buildings(self) -> pd.DataFrame:
        """The buildings of all communities, counted anew: see ``count_buildings``."""
        leaves = self.grids.loc[self.is_leaf, ["community", "geometry"]]
        return count_buildings(list(self.communities.values()), self.rules, self.work_crs, leaves)

    @cached_property
    def leaf_of_atoms(self) -> Integers:
        """The leaf that each atom names, (a,); NO_GRID where it names none."""
        assert self.atoms is not None
        where = {self.ids[i]: i for i in np.flatnonzero(self.is_leaf).tolist()}
        return np.array([where.get(n or "", NO_GRID) for n in texts(self.atoms["local_id"])], dtype=np.int64)

    @cached_property
    def touching(self) -> Touching | None:
        """What touches what on the ground of the atoms; None without atoms."""
        if self.atoms is None:
            return None
        stored = np.asarray(self.atoms.geometry.to_numpy(), dtype=object)
        work = np.asarray(move(stored, STORED_CRS, self.work_crs), dtype=object)
        return touching(stored, work, self.leaf_of_atoms, self.buildings, self.places.values())

    @cached_property
    def spots(self) -> Integers:
        """A number for each building, the same for those that nothing can part: on one point, or over one another."""
        xy = self.buildings[["x", "y"]].to_numpy(dtype=np.float64)
        point = np.unique(xy[:, 0] + 1j * xy[:, 1], return_inverse=True)[1].astype(np.int64)
        over = [] if self.touching is None else point[self.touching.overlaps].tolist()
        return components(len(point), over)[point]

    def buildings_in(self, level: int) -> pd.DataFrame:
        """Return the buildings with a column 'grid': theirs of a level (see ``up``), NO_GRID on carved ground."""
        if level not in self._located:
            leaf = self.buildings["leaf"].to_numpy(dtype=np.int64)
            self._located[level] = self.buildings.assign(grid=self.up(leaf, level))
        return self._located[level]

    @cached_property
    def _located(self) -> dict[int, pd.DataFrame]:
        return {}

    def chain(self, i: int) -> list[int]:
        """Return a grid and all above it; none for NO_GRID."""
        out = []
        while i != NO_GRID:
            out.append(i)
            i = int(self.parent[i])
        return out

    @cached_property
    def households(self) -> Integers:
        """Households by position, (n,), as counted from the buildings."""
        return self.tally("households")[0]

    def tally(self, column: str) -> tuple[Integers, Integers]:
        """Sum a column of the buildings to grids: (n,) as counted, and (n,) as it may be too.

        The second differs where a building stands on a border: for 'lo' it is left out of what is not common to
        both sides, for 'hi' it is counted on both.
        """
        sure, maybe = np.zeros(len(self.ids), np.int64), np.zeros(len(self.ids), np.int64)
        for leaf, also, n in self.buildings[["leaf", "also", column]].itertuples(index=False):
            mine = self.chain(leaf)
            other = self.chain(also) or mine
            sure[mine] += n
            maybe[list(set(mine) & set(other) if column == "lo" else set(mine) | set(other))] += n
        return sure, maybe

    def length_m(self, geom: BaseGeometry) -> float:
        """Length of a stored geometry in metres."""
        return float(move(geom, STORED_CRS, self.work_crs).length)
