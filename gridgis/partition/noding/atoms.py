"""Atoms: the faces that grids are made of, noded once on the 1 mm grid and never cut again.

Boundaries, barriers, estates and carved sites are noded together into faces; each face is cut between its buildings
(and a river between the frontages on its banks), and the faces of all these lines are the atoms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from gridgis.geometry.arrays import Bools, Floats, Geometries, Ints, geometries, lines, points
from gridgis.geometry.coverage import faces, grid_keys, need_sound_when_stored, node, report_row, segments
from gridgis.geometry.crs import STORED_CRS, transform_xy
from gridgis.geometry.measure import holders
from gridgis.geometry.uncollected import uncollected
from gridgis.model import BARRIER_CLASSES, Progress
from gridgis.partition.components import components
from gridgis.partition.ground import Ground
from gridgis.partition.noding.keep import Kept
from gridgis.partition.noding.trace import Traced
from gridgis.partition.noding.voronoi import ridges, sample_outlines
from gridgis.partition.noding.weave import Outlines, weave

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


@uncollected()
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
    base = ground.base.geometry.to_numpy()
    carved = ground.sites.geometry.to_numpy()[(ground.sites["mode"] == "carve").to_numpy()]
    street = shapely.union_all(base)
    more = geometries([]) if extra is None else extra
    drawn = [_within(g, street) for g in (ground.barriers.geometry, ground.compounds.geometry, carved, more)]
    blocks, open_ends = faces(node(np.concatenate([base, *drawn])))
    blocks = blocks[_inside(shapely.point_on_surface(blocks), base) >= 0]
    if len(open_ends):
        ground.rows.append(
            report_row(
                "info", "atoms", "", "open road", float(open_ends.sum()),
                f"{len(open_ends)} 段路（共 {open_ends.sum():.0f} 米）一端不通，不能围成地块，未作界线",
                f"{len(open_ends)} ends of roads ({open_ends.sum():.0f} m) are open and enclose no block; no border",
            )
        )  # fmt: skip
    if kept is None:
        woven, clear = _cut_blocks(ground, blocks, progress)
        # where all that was drawn keeps clear, only the blocks may be unsound in stored coordinates
        doubtful = blocks if clear else woven.polygons
    else:
        spots = ground.buildings[["x", "y"]].to_numpy(dtype=float)
        faces_and_lines = np.concatenate([blocks, drawn[-1]])
        cut = kept.refined(faces_and_lines, lambda now: list(_cut_blocks(ground, now, progress)[0].polygons), spots)
        woven, doubtful = Traced(cut, *shared_segments(cut)), cut
    need_sound_when_stored(doubtful, ground.work_crs)
    return _describe(ground, woven, blocks if kept is None else blocks[:0])


def _within(geoms: Any, street: BaseGeometry) -> Geometries:
    g = geometries(geoms)
    outline = np.where(shapely.get_dimensions(g) == 2, shapely.boundary(g), g)
    shapely.prepare(street)
    out = ~shapely.contains(street, outline)
    outline[out] = shapely.intersection(outline[out], street)
    return geometries(outline)


def _inside(spots: Geometries, areas: Geometries) -> Ints:
    """Return for each point the smallest area that holds it (-1: none); ties by position."""
    out = np.full(len(spots), -1, dtype=np.int64)
    if len(areas):
        a, p = shapely.STRtree(spots).query(areas, predicate="contains_properly")
        order = np.lexsort((a, shapely.area(areas)[a]))[::-1]
        out[p[order]] = a[order]
    return out


def _cut_blocks(ground: Ground, blocks: Geometries, progress: Progress) -> tuple[Traced, bool]:
    """Cut land between its buildings, and a river between the frontages on its banks."""
    seg, left, right = shared_segments(blocks)
    outlines = Outlines.of(seg, left, right, len(blocks))
    wet = _inside(shapely.point_on_surface(blocks), ground.water.to_numpy()) >= 0
    xy, owner = sample_outlines(ground.buildings.geometry.to_numpy())
    face = _blocks_of_buildings(ground, blocks)[owner]
    held = face >= 0
    held[held] = ~wet[face[held]] & outlines.hold(xy[held], face[held])
    land = (xy[held], owner[held], face[held])
    shore = _bank_samples(seg, left, right, wet, *land, len(ground.buildings))
    progress("atoms", 0, len(blocks))
    drawn = ridges(*(np.concatenate(both) for both in zip(land, shore, strict=True)))
    woven = weave(outlines, *drawn)
    progress("atoms", len(blocks), len(blocks))
    return woven


def _blocks_of_buildings(ground: Ground, blocks: Geometries) -> Ints:
    """Return the block in which each building counts, -1 for none."""
    out = np.full(len(ground.buildings), -1, dtype=np.int64)
    spots = points(ground.buildings[["x", "y"]].to_numpy())
    block, building = shapely.STRtree(spots).query(blocks, predicate="intersects")
    out[building] = block
    return out


def _bank_samples(
    seg: Floats, left: Ints, right: Ints, wet: Bools, xy: Floats, owner: Ints, face: Ints, first: int
) -> tuple[Floats, Ints, Ints]:
    """Sample the banks of water faces: points, labels, faces; a sample is labelled by the frontage behind it.

    The frontage is the building nearest to the sample within the land block there (``xy``, ``owner``, ``face`` are the
    samples on land), or the block itself: ``first`` + its position.
    """
    bank = np.flatnonzero((left >= 0) & (wet[left] != wet[right]))
    water = np.where(wet[left[bank]], left[bank], right[bank])
    land = left[bank] + right[bank] - water
    at = (seg[bank, :2] + seg[bank, 2:]) / 2
    labels = first + land
    order = np.argsort(face, kind="stable")
    span = np.searchsorted(face[order], np.column_stack([land, land + 1]))
    for block in np.unique(land[span[:, 0] < span[:, 1]]):
        here = np.flatnonzero(land == block)
        rows = order[slice(*span[here[0]])]
        labels[here] = owner[rows[cKDTree(xy[rows]).query(at[here])[1]]]
    return at, labels, water


def shared_segments(polygons: Geometries) -> tuple[Floats, Ints, Ints]:
    """Return each distinct segment of a coverage once, with the polygons on its two sides.

    Returns
    -------
    tuple
        (s, 4) undirected segments in a fixed order, (s,) lower and (s,) higher polygon position; the lower is -1
        where there is nothing on one side.
    """
    seg, owner = segments(polygons)
    key = grid_keys(seg)
    swap = key[:, 0] > key[:, 1]
    seg[swap], key[swap] = seg[swap][:, [2, 3, 0, 1]], key[swap][:, ::-1]
    order = np.lexsort((owner, key[:, 1], key[:, 0]))
    seg, owner, key = seg[order], owner[order], key[order]
    first = np.ones(len(seg), dtype=bool)
    first[1:] = (key[1:] != key[:-1]).any(axis=1)
    start = np.flatnonzero(first)
    count = np.diff(np.append(start, len(seg)))
    left = np.where(count == 2, owner[start], -1)
    right = owner[start + count - 1]
    return seg[start], left, right


def _describe(ground: Ground, woven: Traced, blocks: Geometries) -> Atoms:
    """Tell what each atom is; atoms in no community are left out. What parts two atoms of one block is no barrier."""
    spots = shapely.point_on_surface(woven.polygons)
    community = _inside(spots, ground.base.geometry.to_numpy())
    held = community >= 0
    polygons, spots, community = woven.polygons[held], spots[held], community[held]
    seg, left, right = woven.among(held)
    block = _inside(spots, blocks)
    klass, line = _classes(ground, seg, (left < 0) | (block[left] != block[right]) | (block[right] < 0))
    carve = np.flatnonzero((ground.sites["mode"] == "carve").to_numpy())
    site = _inside(spots, ground.sites.geometry.to_numpy()[carve])
    site = np.where(site >= 0, carve[site] if len(carve) else -1, -1)
    water = _inside(spots, ground.water.to_numpy()) >= 0
    compound = np.where(water | (site >= 0), -1, _inside(spots, ground.compounds.geometry.to_numpy()))
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


def _classes(ground: Ground, seg: Floats, asked: Bools) -> tuple[Ints, Ints]:
    """Return for each segment that is asked for the strongest barrier that it runs along."""
    klass = np.full(len(seg), OPEN, dtype=np.int64)
    line = np.full(len(seg), -1, dtype=np.int64)
    walls = shapely.boundary(ground.compounds.geometry.to_numpy())
    bar, bar_line = segments(np.concatenate([ground.barriers.geometry.to_numpy(), walls]))
    if not len(bar):
        return klass, line
    of_line = [BARRIER_CLASSES.index(k) for k in ground.barriers["klass"]] + [WALL] * len(walls)
    number = np.array(of_line, dtype=np.int64)
    drawn = lines(bar)
    row = np.flatnonzero(asked)
    start, mid, end = (points(xy) for xy in (seg[row, :2], (seg[row, :2] + seg[row, 2:]) / 2, seg[row, 2:]))
    s, k = shapely.STRtree(drawn).query(mid, predicate="dwithin", distance=TOUCH_M)
    near = shapely.dwithin(start[s], drawn[k], TOUCH_M) & shapely.dwithin(end[s], drawn[k], TOUCH_M)
    s, which = row[s[near]], bar_line[k[near]]
    order = np.lexsort((which, number[which], s))[::-1]
    klass[s[order]] = number[which[order]]
    line[s[order]] = np.where(which[order] < len(ground.barriers), which[order], -1)
    return klass, line
