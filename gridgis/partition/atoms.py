"""Atoms: the faces that grids are made of, noded once on the 1 mm grid and never cut again.

Boundaries, barriers, estates and carved sites are noded together into faces; each face is cut between its buildings
(and a river between the frontages on its banks); then all is noded once more, and its faces are the atoms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from gridgis.geometry.arrays import Bools, Floats, Geometries, Ints, geometries, lines, points
from gridgis.geometry.coverage import faces, need_sound_when_stored, node, report_row, segments, undirected
from gridgis.geometry.crs import STORED_CRS, transform_xy
from gridgis.geometry.measure import holders
from gridgis.model import BARRIER_CLASSES, Progress
from gridgis.partition.ground import Ground
from gridgis.partition.keep import Kept
from gridgis.partition.search import components
from gridgis.partition.voronoi import cut_face, sample_outlines

OPEN = len(BARRIER_CLASSES)
"""Class number of open ground: weaker than every barrier."""
WALL = BARRIER_CLASSES.index("wall")
RIVER = BARRIER_CLASSES.index("river")
TOUCH_M = 0.002
"""A noded segment runs along a line when both its ends are this near: noding moves a line by less than 1 mm."""


@dataclass(frozen=True)
class Atoms:
    """The atoms of all communities and their shared edges.

    ``polygons`` (n,); ``community`` (n,) position in the base; ``water`` (n,) bool; ``compound`` (n,)
    number of the connected piece of an estate, ``site`` (n,) position of the carved site in the ground's table; -1 for
    none; ``building_atom`` (b,) the atom of each
    building; ``left``, ``right`` (s,) atoms on both sides of each segment (-1 outside), ``seg`` (s, 4), ``klass`` (s,)
    number of the barrier class along which it runs (OPEN for none), ``line`` (s,) position of that barrier or -1.
    """

    polygons: Geometries
    community: Ints
    water: Bools
    compound: Ints
    site: Ints
    building_atom: Ints
    left: Ints
    right: Ints
    seg: Floats
    klass: Ints
    line: Ints

    def households(self, counts: Ints) -> Ints:
        """Sum the households of the buildings of each atom."""
        return np.bincount(self.building_atom, counts, len(self.polygons)).astype(np.int64)


def make_atoms(ground: Ground, progress: Progress, extra: Geometries | None = None, kept: Kept | None = None) -> Atoms:
    """Node the ground and cut it into atoms.

    Parameters
    ----------
    ground
        The layers in the work CRS.
    progress
        Called with ("atoms", blocks done, blocks).
    extra
        (k,) more lines in the work CRS that must be borders of atoms (drawn borders, present borders); no barriers.
    kept
        Present ground, which is cut only where something is new.

    Raises
    ------
    InvalidInput
        The atoms are no coverage in stored coordinates.
    """
    carved = ground.sites.geometry.to_numpy()[(ground.sites["mode"] == "carve").to_numpy()]
    street = shapely.union_all(ground.base.geometry.to_numpy())
    more = geometries([]) if extra is None else extra
    drawn = [_within(g, street) for g in (ground.barriers.geometry, ground.compounds.geometry, carved, more)]
    fixed = node(np.concatenate([ground.base.geometry.to_numpy(), *drawn]))
    blocks, open_ends = faces(fixed)
    base = ground.base.geometry.to_numpy()
    blocks = blocks[_inside(blocks, base) >= 0]
    if len(open_ends):
        ground.rows.append(
            report_row(
                "info", "atoms", "", "open road", float(open_ends.sum()),
                f"{len(open_ends)} 段路（共 {open_ends.sum():.0f} 米）一端不通，不能围成地块，未作界线",
                f"{len(open_ends)} ends of roads ({open_ends.sum():.0f} m) are open and enclose no block; no border",
            )
        )  # fmt: skip
    if kept is None:
        polygons, _ = faces(node(np.concatenate([[fixed], _cut_blocks(ground, blocks, progress)])))
    else:
        spots = ground.buildings[["x", "y"]].to_numpy(dtype=float)
        faces_and_lines = np.concatenate([blocks, drawn[-1]])
        polygons = kept.refined(faces_and_lines, lambda now: _cut_blocks(ground, now, progress), spots)
    community = _inside(polygons, base)
    polygons, community = polygons[community >= 0], community[community >= 0]
    need_sound_when_stored(polygons, ground.work_crs)
    return _describe(ground, polygons, community)


def _within(geoms: Any, street: BaseGeometry) -> Geometries:
    g = geometries(geoms)
    outline = np.where(shapely.get_dimensions(g) == 2, shapely.boundary(g), g)
    return geometries(shapely.intersection(outline, street))


def _inside(polygons: Geometries, areas: Geometries) -> Ints:
    """Return for each polygon the smallest area that holds its inner point (-1: none); ties by position."""
    out = np.full(len(polygons), -1, dtype=np.int64)
    if len(areas):
        p, a = shapely.STRtree(areas).query(shapely.point_on_surface(polygons), predicate="within")
        order = np.lexsort((a, shapely.area(areas)[a]))[::-1]
        out[p[order]] = a[order]
    return out


def _cut_blocks(ground: Ground, blocks: Geometries, progress: Progress) -> list[object]:
    xy = ground.buildings[["x", "y"]].to_numpy()
    block, building = shapely.STRtree(points(xy)).query(blocks, predicate="intersects")
    wet = _inside(blocks, ground.water.to_numpy()) >= 0
    samples, owner = sample_outlines(ground.buildings.geometry.to_numpy())
    of_building = np.split(np.arange(len(owner)), np.cumsum(np.bincount(owner, minlength=len(xy)))[:-1])
    members: list[list[int]] = [[] for _ in blocks]
    for b, i in zip(block.tolist(), building.tolist(), strict=True):
        members[b].append(i)
    banks = _bank_samples(blocks, wet, members, samples, owner, of_building)
    out: list[object] = []
    for b, face in enumerate(blocks):
        if wet[b]:
            out.extend(cut_face(face, *banks[b]))
        elif len(members[b]) > 1:
            rows = np.concatenate([of_building[i] for i in members[b]])
            inside = shapely.intersects_xy(face, samples[rows])
            out.extend(cut_face(face, samples[rows][inside], owner[rows][inside]))
        progress("atoms", b + 1, len(blocks))
    return out


def _bank_samples(
    blocks: Geometries,
    wet: Bools,
    members: list[list[int]],
    samples: Floats,
    owner: Ints,
    of_building: list[Ints],
) -> dict[int, tuple[Floats, Ints]]:
    """Sample the banks of each water face; a sample is labelled by the frontage behind it.

    The frontage is the building nearest to the sample within the land block there, or the block itself.
    """
    seg, left, right = shared_segments(blocks)
    out: dict[int, tuple[Floats, Ints]] = {}
    mid = (seg[:, :2] + seg[:, 2:]) / 2
    for b in np.flatnonzero(wet):
        bank = ((left == b) | (right == b)) & (left >= 0) & (right >= 0)
        other = np.where(left == b, right, left)[bank]
        dry = ~wet[other]
        at, other = mid[bank][dry], other[dry]
        labels = np.empty(len(at), dtype=np.int64)
        for land in np.unique(other):
            here = other == land
            labels[here] = len(owner) + land
            if members[land]:
                rows = np.concatenate([of_building[i] for i in members[land]])
                labels[here] = owner[rows[cKDTree(samples[rows]).query(at[here])[1]]]
        out[int(b)] = (at, labels)
    return out


def shared_segments(polygons: Geometries) -> tuple[Floats, Ints, Ints]:
    """Return each distinct segment of a coverage once, with the polygons on its two sides.

    Returns
    -------
    tuple
        (s, 4) undirected segments in a fixed order, (s,) lower and (s,) higher polygon position; the lower is -1
        where there is nothing on one side.
    """
    seg, owner = segments(polygons)
    seg = undirected(seg)
    order = np.lexsort((owner, seg[:, 3], seg[:, 2], seg[:, 1], seg[:, 0]))
    seg, owner = seg[order], owner[order]
    first = np.ones(len(seg), dtype=bool)
    first[1:] = (seg[1:] != seg[:-1]).any(axis=1)
    start = np.flatnonzero(first)
    count = np.diff(np.append(start, len(seg)))
    left = np.where(count == 2, owner[start], -1)
    right = owner[start + count - 1]
    return seg[start], left, right


def _describe(ground: Ground, polygons: Geometries, community: Ints) -> Atoms:
    seg, left, right = shared_segments(polygons)
    klass, line = _classes(ground, seg)
    carve = np.flatnonzero((ground.sites["mode"] == "carve").to_numpy())
    site = _inside(polygons, ground.sites.geometry.to_numpy()[carve])
    site = np.where(site >= 0, carve[site] if len(carve) else -1, -1)
    water = _inside(polygons, ground.water.to_numpy()) >= 0
    compound = np.where(water | (site >= 0), -1, _inside(polygons, ground.compounds.geometry.to_numpy()))
    return Atoms(
        polygons,
        community,
        water,
        _pieces_of_estates(compound, community, left, right),
        site,
        atoms_of_buildings(
            ground.buildings[["lon", "lat"]].to_numpy(dtype=float),
            ground.buildings["community"].to_numpy(),
            polygons,
            community,
            ground.work_crs,
        ),
        left,
        right,
        seg,
        klass,
        line,
    )


def _pieces_of_estates(compound: Ints, community: Ints, left: Ints, right: Ints) -> Ints:
    """Give a number to each connected piece of an estate: one cut by a river or a site is whole piece by piece."""
    same = (left >= 0) & (compound[left] >= 0) & (compound[left] == compound[right])
    same &= community[left] == community[right]
    piece = components(len(compound), np.column_stack([left[same], right[same]]))
    return np.where(compound >= 0, piece, -1)


def atoms_of_buildings(lonlat: Floats, of: Ints, polygons: Geometries, community: Ints, work_crs: str) -> Ints:
    """Return for each building the atom of its community that holds its representative point; else the nearest.

    ``lonlat`` (b, 2) stored points, ``of`` (b,) communities of the buildings, ``polygons`` and ``community`` (n,) of
    the atoms, in the work CRS.
    """
    out = np.full(len(lonlat), -1, dtype=np.int64)
    for c in np.unique(of):
        here, own = np.flatnonzero(of == c), np.flatnonzero(community == c)
        found = holders(lonlat[here], polygons[own], work_crs)
        lost = found < 0
        spots = points(transform_xy(lonlat[here][lost], STORED_CRS, work_crs))
        found[lost] = shapely.STRtree(polygons[own]).nearest(spots)
        out[here] = own[found]
    return out


def _classes(ground: Ground, seg: Floats) -> tuple[Ints, Ints]:
    """Return for each segment the strongest barrier that it runs along."""
    klass = np.full(len(seg), OPEN, dtype=np.int64)
    line = np.full(len(seg), -1, dtype=np.int64)
    walls = shapely.boundary(ground.compounds.geometry.to_numpy())
    bar, bar_line = segments(np.concatenate([ground.barriers.geometry.to_numpy(), walls]))
    if not len(bar):
        return klass, line
    of_line = [BARRIER_CLASSES.index(k) for k in ground.barriers["klass"]] + [WALL] * len(walls)
    number = np.array(of_line, dtype=np.int64)
    drawn = lines(bar)
    mid = points((seg[:, :2] + seg[:, 2:]) / 2)
    s, k = shapely.STRtree(drawn).query(mid, predicate="dwithin", distance=TOUCH_M)
    near = (shapely.distance(points(seg[s, :2]), drawn[k]) <= TOUCH_M) & (
        shapely.distance(points(seg[s, 2:]), drawn[k]) <= TOUCH_M
    )
    s, which = s[near], bar_line[k[near]]
    order = np.lexsort((which, number[which], s))[::-1]
    klass[s[order]] = number[which[order]]
    line[s[order]] = np.where(which[order] < len(ground.barriers), which[order], -1)
    return klass, line
