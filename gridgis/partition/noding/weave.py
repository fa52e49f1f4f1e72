"""Cut many faces by ridges at once, without noding what is noded already.

The outlines of the faces are sound, and ridges of one diagram meet at their ends only. So a ridge is clipped by its
face, and where it ends on an outline the outline gets a vertex there, which the face behind it shares. Ridges are then
simplified between their junctions, as far as they keep clear of buildings. That no two lines pass one another at less
than ``CLEAR_M`` is checked for all of them: what fails is taken unsimplified, and noded on the grid if it still fails.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from gridgis.geometry.arrays import Bools, Floats, Geometries, Ints, geometries
from gridgis.geometry.arrays import lines as segment_lines
from gridgis.geometry.coverage import grid_keys, node, segments, split_long, undirected
from gridgis.geometry.crs import GRID_M, snap
from gridgis.partition.kernels.segments import chains, crossings, inside, too_near
from gridgis.partition.noding.trace import Traced, trace

ROUND_M = 0.05
"""Ridge vertices lie on a grid of this size, and their ends on an outline likewise: no tiny edges."""
SMOOTH_M = 1.0
"""Ridges are simplified by at most this tolerance."""
CLEAR_M = 0.0005
"""Lines keep this distance, so that they do not meet in stored coordinates either (`geometry.coverage`)."""


GIVEN, BENT, RIDGE = 0, 1, 2
"""Kinds of lines: a segment of an outline as it was, part of one that got a vertex, a ridge."""


@dataclass(frozen=True)
class Outlines:
    """The outlines of faces: (s, 4) distinct ``seg``; face f has the rows ``row[ptr[f]:ptr[f + 1]]``."""

    seg: Floats
    ptr: Ints
    row: Ints

    @classmethod
    def of(cls, seg: Floats, left: Ints, right: Ints, n: int) -> Outlines:
        """Sort shared segments (`atoms.shared_segments`) by the n faces on their two sides."""
        side = np.concatenate([left, right])
        row = np.tile(np.arange(len(seg)), 2)[side >= 0]
        order = np.argsort(side[side >= 0], kind="stable")
        return cls(seg, np.searchsorted(side[side >= 0][order], np.arange(n + 1)), row[order])

    def hold(self, points: Floats, face: Ints) -> Bools:
        """Tell whether each of (n, 2) points lies in its face."""
        return inside(points, face, self.ptr, self.seg[self.row])


def weave(outlines: Outlines, ridge: Floats, face: Ints, slack: Floats) -> tuple[Traced, bool]:
    """Cut faces by ridges; tell whether all lines that were drawn keep CLEAR_M from all others.

    Parameters
    ----------
    outlines
        The faces; coordinates on the 1 mm grid.
    ridge, face
        (m, 4) segments and the face that each cuts; those of one face meet at their ends only.
    slack
        (m,) metres by which each may be moved.
    """
    origin = np.floor(outlines.seg.reshape(-1, 2).min(axis=0)) - 1.0 if len(outlines.seg) else np.zeros(2)
    local = Outlines(snap(outlines.seg - np.tile(origin, 2)), outlines.ptr, outlines.row)
    drawn = snap(np.round((ridge - np.tile(origin, 2)) / ROUND_M) * ROUND_M)
    pieces, of, outline, bent = _clip(local, drawn, face)
    seg = np.concatenate([outline, pieces])
    kind = np.concatenate([np.where(bent, BENT, GIVEN), np.full(len(pieces), RIDGE)])
    may = np.concatenate([np.zeros(len(outline)), np.clip(slack[of], ROUND_M, SMOOTH_M)])
    seg, clear = _parted(*_simplified(seg, kind, may))
    return trace(seg, origin), clear


def _clip(o: Outlines, ridge: Floats, face: Ints) -> tuple[Floats, Ints, Floats, Bools]:
    """Return the pieces of ridges inside their faces, the ridge of each, the outlines with new vertices, what is new.

    A ridge ends on an outline at a multiple of ROUND_M from the first end of the segment there, or at its vertices.
    """
    who, what, t, u = crossings(ridge, face, o.ptr, o.seg[o.row])
    row = o.row[what]
    along = _rounded(u, np.hypot(*(o.seg[row, 2:] - o.seg[row, :2]).T))
    ends = snap(o.seg[row, :2] + (o.seg[row, 2:] - o.seg[row, :2]) * along[:, None])
    cut = np.unique(who)
    whole = np.ones(len(ridge), dtype=bool)
    whole[cut] = False
    whole[whole] = o.hold(ridge[whole, :2], face[whole])
    whole &= (ridge[:, :2] != ridge[:, 2:]).any(axis=1)
    of, at = np.concatenate([cut, cut, who]), np.concatenate([np.zeros(len(cut)), np.ones(len(cut)), t])
    xy = np.concatenate([ridge[cut, :2], ridge[cut, 2:], ends])
    order = np.lexsort((at, of))
    of, at, xy = of[order], at[order], xy[order]
    middle = ((at[1:] + at[:-1]) / 2)[:, None]
    r = ridge[of[1:]]
    kept = (of[1:] == of[:-1]) & (xy[1:] != xy[:-1]).any(axis=1)
    kept[kept] = o.hold((r[:, :2] + (r[:, 2:] - r[:, :2]) * middle)[kept], face[of[1:][kept]])
    used = np.zeros(len(of), dtype=bool)
    used[1:] |= kept
    used[:-1] |= kept
    hit = used[np.argsort(order)[2 * len(cut) :]] & (along > 0) & (along < 1)
    outline, bent = _with_vertices(o.seg, row[hit], along[hit], ends[hit])
    pieces = np.concatenate([ridge[whole], np.hstack([xy[:-1], xy[1:]])[kept]])
    return pieces, np.concatenate([np.flatnonzero(whole), of[1:][kept]]), outline, bent


def _rounded(u: Floats, length: Floats) -> Floats:
    """Round fractions along segments to multiples of ROUND_M, and to the ends where these are as near."""
    metres = np.round(u * length / ROUND_M) * ROUND_M
    return np.where(length - metres < ROUND_M, np.where(metres < length / 2, 0.0, 1.0), metres / length)


def _with_vertices(seg: Floats, row: Ints, along: Floats, xy: Floats) -> tuple[Floats, Bools]:
    """Give segments vertices between their ends; tell which segments are parts of one."""
    n = np.arange(len(seg))
    rows, at = np.concatenate([n, n, row]), np.concatenate([np.zeros(len(n)), np.ones(len(n)), along])
    points = np.concatenate([seg[:, :2], seg[:, 2:], xy])
    order = np.lexsort((at, rows))
    rows, points = rows[order], points[order]
    real = (rows[1:] == rows[:-1]) & (points[1:] != points[:-1]).any(axis=1)
    return np.hstack([points[:-1], points[1:]])[real], (np.bincount(rows) > 2)[rows[1:][real]]


def _lines(seg: Floats, kind: Ints) -> tuple[Geometries, Ints, Ints]:
    """Join segments (local coordinates) to chains: their lines, the segments in them, and where each starts there."""
    key, first, ends = np.unique(grid_keys(seg), return_index=True, return_inverse=True)
    ends = np.sort(ends.reshape(-1, 2), axis=1)
    _, once = np.unique(ends[:, 0] * len(key) + ends[:, 1], return_index=True)
    nodes, used, start = chains(ends[once], kind[once], len(key))
    xy = seg.reshape(-1, 2)[first[nodes]]
    count = np.diff(start)
    lines = geometries(shapely.linestrings(xy, indices=np.repeat(np.arange(len(count)), count)))
    return lines, once[used].astype(np.int64), (start[:-1] - np.arange(len(count))).astype(np.int64)


def _simplified(seg: Floats, kind: Ints, may: Floats) -> tuple[Floats, Bools]:
    """Simplify chains of ridges where the simpler one keeps clear of all others; tell which lines are not given."""
    lines, used, start = _lines(seg, kind)
    if not len(lines):
        return seg, kind != GIVEN
    slack, kind = np.minimum.reduceat(may[used], start), kind[used[start]]
    ridge, simple = kind == RIDGE, lines.copy()
    simple[ridge] = shapely.simplify(lines[ridge], slack[ridge], preserve_topology=False)
    changed = shapely.get_num_coordinates(simple) < shapely.get_num_coordinates(lines)
    while True:
        drawn, of = split_long(*segments(simple))
        drawn, loose = undirected(drawn), kind[of] != GIVEN
        wrong = np.zeros(len(lines), dtype=bool)
        wrong[of[too_near(drawn, loose, CLEAR_M)]] = True
        if not (wrong & changed).any():
            return drawn, loose
        simple[wrong & changed] = lines[wrong & changed]
        changed &= ~wrong


def _parted(seg: Floats, loose: Bools) -> tuple[Floats, bool]:
    """Node the segments that pass one another too near; tell whether there were none."""
    near = too_near(seg, loose, CLEAR_M)
    clear = not near.any()
    for _ in range(3):
        if not near.any():
            return seg, clear
        noded = segments(node(segment_lines(seg[near])))[0]
        seg = np.concatenate([seg[~near], noded])
        loose = np.concatenate([loose[~near], np.ones(len(noded), dtype=bool)])
        near = too_near(seg, loose, GRID_M / 1000)
    return segments(node(segment_lines(seg)))[0], clear
