"""Atoms on present ground: what has been noded once stays, and only what is new cuts it ("topology is made once").

The present cells (the atoms of a plan, or the finest grids of a registry) are taken as they are. Lines that they lack
(a new road, a moved boundary) are noded into the cells that they touch; a cell in which a building is new is cut
between its buildings. So every border stays vertex by vertex but where something new meets it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from scipy.spatial import cKDTree

from gridgis.geometry.arrays import Bools, Floats, Geometries, Ints, geometries, lines, points
from gridgis.geometry.coverage import faces, node, segments, undirected
from gridgis.geometry.crs import STORED_CRS, snap, to_work, transform_xy
from gridgis.geometry.measure import representative_points
from gridgis.model import DivisionPlan

NEAR_M = 0.0015
"""A line passes a vertex that it was once noded to by less than this."""
SAME_M = 0.01
"""A building whose point lies this near to one that was there is that one."""


@dataclass(frozen=True)
class Kept:
    """Present ground in the work CRS, metres.

    ``cells`` (n,) polygons; ``spots`` (b, 2) points of the buildings between which they are cut already, None where
    they are not.
    """

    cells: Geometries
    spots: Floats | None

    @classmethod
    def of(cls, previous: gpd.GeoDataFrame | DivisionPlan, work_crs: str) -> Kept:
        """Take the atoms of a plan, or the finest grids of a table that cover the ground (no overlays)."""
        if isinstance(previous, DivisionPlan):
            atoms = to_work(previous.atoms, work_crs, "previous").geometry.to_numpy()
            lonlat = representative_points(previous.buildings, work_crs)
            return cls(atoms, transform_xy(lonlat, STORED_CRS, work_crs))
        grids = to_work(previous, work_crs, "previous")
        shapes = grids.geometry.to_numpy()
        if "mode" in grids.columns:
            shapes = shapes[(grids["mode"] != "overlay").to_numpy()]
        return cls(_finest(shapes), None)

    def refined(self, blocks: Geometries, cut: Callable[[Geometries], list[Any]], spots: Floats) -> Geometries:
        """Return the present cells with new lines noded in, and cut between new buildings.

        Parameters
        ----------
        blocks
            Faces of the boundaries and barriers of today: open roads bound none.
        cut
            Cuts faces between their buildings: returns the cells of those that have several.
        spots
            (b, 2) points of the buildings of today.
        """
        near = self.cells[shapely.intersects(self.cells, shapely.box(*shapely.total_bounds(blocks)))]
        vertices = np.unique(shapely.get_coordinates(near), axis=0)
        drawn = lines(_led(np.unique(undirected(segments(blocks)[0]), axis=0), vertices))
        polygons, fresh = _noded(near, np.concatenate([drawn[~_along(drawn, near)], _beside(blocks, near)]))
        todo = fresh | _built(polygons, spots, self.spots)
        cells = geometries(cut(polygons)) if todo.any() else np.empty(0, dtype=np.object_)
        if len(cells):
            p, c = shapely.STRtree(shapely.point_on_surface(cells)).query(polygons, predicate="contains")
            cells = cells[np.unique(c[todo[p]])]
        vertices = np.unique(shapely.get_coordinates(polygons), axis=0)
        ridges = lines(_led(segments(cells)[0], vertices))
        return _noded(polygons, ridges[~_along(ridges, polygons)])[0]


def _beside(blocks: Geometries, cells: Geometries) -> Geometries:
    """Return the outlines of cells beside ground that no cell covers: they bound it."""
    bare = shapely.difference(shapely.union_all(blocks), shapely.union_all(cells))
    bare = shapely.buffer(shapely.buffer(bare, -SAME_M), 2 * SAME_M)  # without the slivers of a line drawn twice
    if shapely.is_empty(bare):
        return np.empty(0, dtype=np.object_)
    return geometries(shapely.boundary(cells[shapely.intersects(cells, bare)]))


def _finest(shapes: Geometries) -> Geometries:
    """Return the shapes that hold no smaller one."""
    inner = shapely.point_on_surface(shapes)
    whole, part = shapely.STRtree(inner).query(shapes, predicate="contains")
    smaller = shapely.area(shapes)[part] < shapely.area(shapes)[whole]
    return shapes[~np.isin(np.arange(len(shapes)), whole[smaller])]


def _led(seg: Floats, vertices: Floats) -> Floats:
    """Lead segments through the vertices that they pass by less than NEAR_M."""
    if not len(seg) or not len(vertices):
        return seg
    ends = snap(seg).reshape(-1, 2)
    away, which = cKDTree(vertices).query(ends, distance_upper_bound=NEAR_M)
    ends = np.where(np.isfinite(away)[:, None], vertices[np.minimum(which, len(vertices) - 1)], ends)
    seg = ends.reshape(-1, 4)
    seg = seg[(seg[:, :2] != seg[:, 2:]).any(axis=1)]
    s, v = shapely.STRtree(points(vertices)).query(lines(seg), predicate="dwithin", distance=NEAR_M)
    start, along = seg[s, :2], seg[s, 2:] - seg[s, :2]
    share = ((vertices[v] - start) * along).sum(axis=1) / (along**2).sum(axis=1)
    inner = (share > 0) & (share < 1) & (vertices[v] != start).any(axis=1) & (vertices[v] != seg[s, 2:]).any(axis=1)
    return _split(seg, s[inner], share[inner], vertices[v[inner]])


def _split(seg: Floats, which: Ints, share: Floats, at: Floats) -> Floats:
    """Split segments at points given with their share of the way.

    Examples
    --------
    >>> _split(np.array([[0.0, 0, 9, 0]]), np.array([0]), np.array([0.5]), np.array([[4.0, 1.0]])).tolist()
    [[0.0, 0.0, 4.0, 1.0], [4.0, 1.0, 9.0, 0.0]]
    """
    n = np.arange(len(seg))
    owner = np.concatenate([n, which, n])
    order = np.lexsort((np.concatenate([np.zeros(len(n)), share, np.ones(len(n))]), owner))
    xy, owner = np.concatenate([seg[:, :2], at, seg[:, 2:]])[order], owner[order]
    return np.asarray(np.column_stack([xy[:-1], xy[1:]])[owner[1:] == owner[:-1]], dtype=np.float64)


def _along(drawn: Geometries, cells: Geometries) -> Bools:
    """Tell which segments run along edges of the cells: five points of each lie within NEAR_M of them."""
    if not len(drawn) or not len(cells):
        return np.zeros(len(drawn), dtype=np.bool_)
    at = shapely.line_interpolate_point(drawn[:, None], np.linspace(0, 1, 5)[None, :], normalized=True).ravel()
    edges = lines(np.unique(undirected(segments(cells)[0]), axis=0))
    hit, _ = shapely.STRtree(edges).query(at, predicate="dwithin", distance=NEAR_M)
    near = np.zeros(len(at), dtype=np.bool_)
    near[hit] = True
    return np.asarray(near.reshape(-1, 5).all(axis=1))


def _noded(polygons: Geometries, new: Geometries) -> tuple[Geometries, Bools]:
    """Node lines into the polygons that they touch; all others stay as they are. Tells which polygons are new."""
    if not len(new):
        return polygons, np.zeros(len(polygons), dtype=np.bool_)
    _, hit = shapely.STRtree(polygons).query(new, predicate="dwithin", distance=2 * NEAR_M)
    touched = np.zeros(len(polygons), dtype=np.bool_)
    touched[hit] = True
    made, _ = faces(node(np.concatenate([polygons[touched], new])))
    rest = polygons[~touched]
    inside, _ = shapely.STRtree(rest).query(shapely.point_on_surface(made), predicate="within")
    made = np.delete(made, np.unique(inside))
    b = shapely.bounds(every := np.concatenate([rest, made]))
    order = np.lexsort((shapely.area(every), b[:, 3], b[:, 2], b[:, 1], b[:, 0]))
    fresh = np.arange(len(every)) >= len(rest)
    old = {shapely.to_wkb(shapely.normalize(p)) for p in polygons[touched]}
    fresh[len(rest) :] = [shapely.to_wkb(shapely.normalize(p)) not in old for p in made]
    return geometries(every[order]), np.asarray(fresh[order])


def _built(polygons: Geometries, spots: Floats, known: Floats | None) -> Bools:
    """Tell which polygons have a building that is not among the known ones."""
    out = np.zeros(len(polygons), dtype=np.bool_)
    new = np.ones(len(spots), dtype=np.bool_)
    if known is not None and len(known):
        new = ~np.isfinite(cKDTree(known).query(spots, distance_upper_bound=SAME_M)[0])
    held, _ = shapely.STRtree(points(spots[new])).query(polygons, predicate="intersects")
    out[held] = True
    return out


def present(
    polygons: Geometries, spots: Floats, atom: Ints, households: Ints, grids: gpd.GeoDataFrame
) -> tuple[Ints, Ints]:
    """Return the present level-2 and level-3 grid of each atom, by position in the table; -1 for none.

    Parameters
    ----------
    polygons
        (n,) atoms.
    spots, atom, households
        (b, 2) points of the buildings, their atoms and households: the largest building of an atom says where it lies.
    grids
        level, geometry, in the work CRS; community where one may have lost ground to another.
    """
    inner = shapely.point_on_surface(polygons)
    order = np.argsort(households, kind="stable")
    inner[atom[order]] = points(spots[order])
    level = grids["level"].astype("Float64").fillna(0).to_numpy()
    found = []
    for n in (2, 3):
        here = np.flatnonzero(level == n)
        at, which = shapely.STRtree(grids.geometry.to_numpy()[here]).query(inner, predicate="intersects")
        label = np.full(len(polygons), -1, dtype=np.int64)
        back = np.argsort(which, kind="stable")[::-1]
        label[at[back]] = here[which[back]]
        found.append(label)
    return found[0], found[1]


def settled(old: Ints, parent: Ints, households: Ints, area: Floats) -> Ints:
    """Forget the present grid of atoms that are under another parent than most of it.

    ``old``, ``parent`` (n,) labels; most is the larger part of the households, or of the area where there are none.

    Examples
    --------
    >>> settled(np.array([7, 7, 7]), np.array([0, 0, 1]), np.array([3, 3, 5]), np.ones(3)).tolist()
    [7, 7, -1]
    """
    out = old.copy()
    known = np.flatnonzero(old >= 0)
    if not len(known):
        return out
    pairs, which = np.unique(np.column_stack([old[known], parent[known]]), axis=0, return_inverse=True)
    weight = np.bincount(which.ravel(), households[known])
    ground = np.bincount(which.ravel(), area[known])
    order = np.lexsort((pairs[:, 1], -ground, -weight, pairs[:, 0]))
    _, first = np.unique(pairs[order, 0], return_index=True)
    home = dict(zip(pairs[order[first], 0].tolist(), pairs[order[first], 1].tolist(), strict=True))
    out[known] = [k if home[k] == p else -1 for k, p in zip(old[known].tolist(), parent[known].tolist(), strict=True)]
    return out
