"""Part the things in a face: ridges of the Voronoi diagram of sample points that carry labels.

A building is sampled along its outline, a little inside, so that a ridge passes between two buildings and does not cut
either; two houses that share a wall are parted at that wall. A tower alone on its lawn needs its corners only; where
something else is near, samples stand as close as the gap asks for.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from scipy.spatial import Delaunay, cKDTree

from gridgis.geometry.arrays import Bools, Floats, Geometries, Ints, geometries

STEP_M = 5.0
"""Steps along an outline are halved down to this length where another building is near."""
LEAST_STEP_M = 1.0
"""Steps are halved down to this length where a ridge would cut the building."""
INSET_M = 0.3
"""How far inside its outline a building is sampled: half the least gap that a ridge needs."""

LEAST_SINE = 0.5
"""Corners sharper than 30 degrees, or flatter than 150, are left to GEOS."""

_FAR = np.array([[1, 0], [0, 1], [-1, 0], [0, -1], [1, 1], [-1, 1], [-1, -1], [1, -1]])
_NOTHING = np.full(len(_FAR), -1)
_Net = tuple[Floats, Floats, Ints, Ints, Ints]


def sample_outlines(geoms: Any) -> tuple[Floats, Ints]:
    """Sample buildings along their inset outlines; a point or a sliver gives one sample.

    A step pq along an outline is halved while a sample of another building lies in the circle over pq (only then can a
    ridge cross pq), or while it is longer than STEP_M and the point half a step out from its middle is nearer to
    another building (then the ridge would be bent).

    Returns
    -------
    tuple
        (n, 2) points and (n,) the position of the geometry each belongs to.
    """
    geoms = geometries(geoms)
    step, boxlike = _inset_quadrilaterals(geoms)
    other = np.setdiff1d(np.arange(len(geoms)), boxlike)
    inset = shapely.buffer(geoms[other], -INSET_M, join_style="mitre")
    gone = shapely.is_empty(inset)
    spots = shapely.get_coordinates(shapely.point_on_surface(geoms[other[gone]]))
    others, of = _steps(inset[~gone], other[~gone])
    step, owner = np.concatenate([step, others]), np.concatenate([np.repeat(boxlike, 4), of])
    points = np.concatenate([spots, step[:, :2]])
    labels = np.concatenate([other[gone], owner])
    narrow, of, known = step[:0], owner[:0], 0
    while len(step):
        halve = _too_wide(step, owner, points, labels)
        narrow, of = np.concatenate([narrow, step[~halve]]), np.concatenate([of, owner[~halve]])
        step, owner = step[halve], owner[halve]
        middle = (step[:, :2] + step[:, 2:]) / 2
        points, labels = np.concatenate([points, middle]), np.concatenate([labels, owner])
        step = np.concatenate([np.hstack([step[:, :2], middle]), np.hstack([middle, step[:, 2:]])])
        owner = np.concatenate([owner, owner])
        if not len(step):  # a sample that was set later may lie where there was none
            wide = _near(narrow, points[known:])
            wide[wide] = _too_wide(narrow[wide], of[wide], points, labels)
            step, owner, narrow, of, known = narrow[wide], of[wide], narrow[~wide], of[~wide], len(points)
    order = np.argsort(labels, kind="stable")
    return points[order], labels[order]


def _steps(inset: Geometries, owner: Ints) -> tuple[Floats, Ints]:
    """Return the edges of the outlines, counterclockwise, and the building of each."""
    parts, part_of = shapely.get_parts(shapely.orient_polygons(inset), return_index=True)
    rings, ring_of = shapely.get_rings(parts, return_index=True)
    xy, line = shapely.get_coordinates(rings, return_index=True)
    joined = line[1:] == line[:-1]
    step = np.hstack([xy[:-1], xy[1:]])[joined]
    return step, owner[part_of[ring_of[line[1:][joined]]]]


def _inset_quadrilaterals(geoms: Geometries) -> tuple[Floats, Ints]:
    """Return the edges of the inset outlines, four for each, of convex buildings of four corners; and which these are.

    Most buildings are such, and shifting their edges is quicker than a buffer. One so small that an edge vanishes is
    not among them.
    """
    found = np.flatnonzero((shapely.get_type_id(geoms) == 3) & (shapely.get_num_coordinates(geoms) == 5))
    corner = shapely.get_coordinates(geoms[found]).reshape(-1, 5, 2)[:, :4]
    clockwise = ~shapely.is_ccw(shapely.get_exterior_ring(geoms[found]))
    corner[clockwise] = corner[clockwise, ::-1]
    along = np.roll(corner, -1, axis=1) - corner
    length = np.hypot(along[..., 0], along[..., 1])
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = along / length[..., None]
        before = np.roll(unit, 1, axis=1)
        sine = before[..., 0] * unit[..., 1] - before[..., 1] * unit[..., 0]
        moved = corner + INSET_M * (unit - before) / sine[..., None]  # where both shifted edges meet
        rest = np.roll(moved, -1, axis=1) - moved
        sound = ((sine > LEAST_SINE) & ((rest * unit).sum(axis=2) > 0)).all(axis=1)
    step = np.concatenate([moved, np.roll(moved, -1, axis=1)], axis=2)
    return step[sound].reshape(-1, 4), found[sound]


def _near(step: Floats, fresh: Floats) -> Bools:
    """Tell which steps have one of some samples so near that ``_too_wide`` may ask for it, (n,)."""
    if len(fresh) > len(step) / 10:
        return np.ones(len(step), dtype=bool)
    middle, length = (step[:, :2] + step[:, 2:]) / 2, np.hypot(*(step[:, 2:] - step[:, :2]).T)
    close = cKDTree(fresh).query(middle, distance_upper_bound=float(2 * length.max(initial=0)))[0]
    return np.asarray(close <= 2 * length)


def _too_wide(step: Floats, owner: Ints, points: Floats, labels: Ints) -> Bools:
    along = step[:, 2:] - step[:, :2]
    length = np.hypot(along[:, 0], along[:, 1])
    middle = (step[:, :2] + step[:, 2:]) / 2
    outward = np.column_stack([along[:, 1], -along[:, 0]]) / 2
    wide = length > STEP_M
    at = np.where(wide[:, None], middle + outward, middle)
    reach = np.where(wide, length * np.sqrt(0.5), length / 2)
    seen = np.flatnonzero(length > LEAST_STEP_M)
    away, nearest = cKDTree(points, balanced_tree=False).query(at[seen])
    out = np.zeros(len(step), dtype=bool)
    out[seen] = (labels[nearest] != owner[seen]) & (away < reach[seen] * (1 - 1e-9))
    return out


def ridges(points: Floats, labels: Ints, face: Ints) -> tuple[Floats, Ints, Floats]:
    """Return the ridges between samples of different labels; a diagram for each face.

    Parameters
    ----------
    points, labels, face
        (n, 2) samples, (n,) what they stand for, not negative, and (n,) the face they lie in.

    Returns
    -------
    tuple
        (m, 4) segments, (m,) their faces, and (m,) how far each keeps from the samples.
    """
    order = np.lexsort((points[:, 1], points[:, 0], face))
    points, labels, face = points[order], labels[order], face[order]
    first = np.ones(len(points), dtype=bool)
    first[1:] = (points[1:] != points[:-1]).any(axis=1) | (face[1:] != face[:-1])
    points, labels, face = points[first], labels[first], face[first]
    start = np.flatnonzero(np.diff(face, prepend=-1))
    several = np.minimum.reduceat(labels, start) != np.maximum.reduceat(labels, start) if len(start) else []
    stop = np.append(start[1:], len(face))
    nets = [_net(points[i:j], labels[i:j]) for i, j in zip(start[several], stop[several], strict=True)]
    if not nets:
        return np.empty((0, 4)), np.empty(0, dtype=np.int64), np.empty(0)
    return _between(nets, face[start[several]])


def _net(points: Floats, labels: Ints) -> _Net:
    """Return the Delaunay triangles of one face: centre, samples from there, labels, triangles, their neighbours."""
    centre = points.mean(axis=0)
    near = points - centre
    reach = 10.0 * (np.abs(near).max() + 100.0)
    xy = np.concatenate([near, reach * _FAR])
    net = Delaunay(xy)
    return centre, xy, np.concatenate([labels, _NOTHING]), net.simplices, net.neighbors


def _between(nets: list[_Net], face: Ints) -> tuple[Floats, Ints, Floats]:
    """Return the ridges of all diagrams at once, their faces, and half the distance of the samples that each parts."""
    centre, drawn, labels, triangle, beside = (list(part) for part in zip(*nets, strict=True))
    samples, triangles = np.array([len(p) for p in drawn]), np.array([len(t) for t in triangle])
    first, before = np.cumsum(samples) - samples, np.cumsum(triangles) - triangles
    which = np.repeat(np.arange(len(nets)), triangles)
    xy, label = np.concatenate(drawn), np.concatenate(labels)
    corner = np.concatenate(triangle) + first[which][:, None]
    next_to = np.concatenate(beside).astype(np.int64)
    next_to = np.where(next_to < 0, -1, next_to + before[which][:, None])
    here, side = np.nonzero(next_to > np.arange(len(corner))[:, None])
    p, q = corner[here, (side + 1) % 3], corner[here, (side + 2) % 3]
    keep = (label[p] != label[q]) & (label[p] >= 0) & (label[q] >= 0)
    p, q, here, there = p[keep], q[keep], here[keep], next_to[here, side][keep]
    middle = _circumcentres(*xy[corner].transpose(1, 0, 2)) + np.array(centre)[which]
    seg = np.hstack([middle[here], middle[there]])
    sound = np.isfinite(seg).all(axis=1)
    return seg[sound], face[which[here[sound]]], (np.hypot(*(xy[p] - xy[q]).T) / 2)[sound]


def _circumcentres(a: Floats, b: Floats, c: Floats) -> Floats:
    """Return the centres of the circles through three points each, (n, 2)."""
    b, c = b - a, c - a
    twice = 2 * (b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0])
    bb, cc = (b * b).sum(axis=1), (c * c).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        x = (c[:, 1] * bb - b[:, 1] * cc) / twice
        y = (b[:, 0] * cc - c[:, 0] * bb) / twice
    return np.asarray(a + np.column_stack([x, y]), dtype=np.float64)
