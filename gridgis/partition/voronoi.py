"""Cut a face between the things in it: ridges of the Voronoi diagram of sample points that carry labels.

A building is sampled along its outline, a little inside, so that a ridge passes between two buildings and does not cut
either; two houses that share a wall are parted at that wall.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from scipy.spatial import Voronoi
from shapely.geometry.base import BaseGeometry

from gridgis.geometry.arrays import Floats, Geometries, Ints, geometries
from gridgis.geometry.arrays import lines as segment_lines
from gridgis.geometry.coverage import faces, node

STEP_M = 5.0
"""Distance of sample points along an outline."""
INSET_M = 0.3
"""How far inside its outline a building is sampled: half the least gap that a ridge needs."""
SMOOTH_M = 1.0
"""Ridges are simplified by this tolerance, shared by both sides; the outline of the face stays."""


def sample_outlines(geoms: Any) -> tuple[Floats, Ints]:
    """Sample buildings along their inset outlines; a point or a sliver gives one sample.

    Returns
    -------
    tuple
        (n, 2) points and (n,) the position of the geometry each belongs to.
    """
    geoms = geometries(geoms)
    inset = shapely.buffer(geoms, -INSET_M, join_style="mitre")
    gone = shapely.is_empty(inset)
    inset[gone] = shapely.point_on_surface(geoms[gone])
    lines = inset.copy()
    lines[~gone] = shapely.segmentize(shapely.boundary(inset[~gone]), STEP_M)
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    _, first = np.unique(np.column_stack([xy, owner]), axis=0, return_index=True)
    first.sort()
    return xy[first], owner[first].astype(np.int64)


def ridges(points: Floats, labels: Ints) -> Floats:
    """Return the Voronoi ridges between points of different labels, (n, 4) segments."""
    if len(np.unique(labels)) < 2:
        return np.empty((0, 4))
    points, first = np.unique(points, axis=0, return_index=True)
    labels = labels[first]
    centre = points.mean(axis=0)
    reach = 10.0 * (np.abs(points - centre).max() + 100.0)
    far = centre + reach * np.array([[1, 0], [0, 1], [-1, 0], [0, -1], [1, 1], [-1, 1], [-1, -1], [1, -1]])
    diagram = Voronoi(np.concatenate([points - centre, far - centre]))
    labels = np.concatenate([labels, np.full(8, -1)])
    a, b = labels[diagram.ridge_points].T
    ends = np.asarray(diagram.ridge_vertices)
    keep = (a != b) & (a >= 0) & (b >= 0) & (ends >= 0).all(axis=1)
    return np.concatenate([diagram.vertices[ends[keep, 0]] + centre, diagram.vertices[ends[keep, 1]] + centre], axis=1)


def cut_face(face: BaseGeometry, points: Floats, labels: Ints) -> Geometries:
    """Cut a face into cells by the ridges between labels; the outline of the face keeps its vertices.

    Returns
    -------
    (n,) polygons
        The face alone when there is nothing to part. Their outlines are lines to be noded with all others.
    """
    seg = ridges(points, labels)
    if not len(seg):
        return geometries(face)
    shapely.prepare(face)
    lines = segment_lines(seg)
    lines = lines[shapely.intersects(lines, face)]
    inside = shapely.contains_properly(face, lines)
    lines[~inside] = shapely.intersection(lines[~inside], face)
    cells, _ = faces(node([shapely.boundary(face), *lines]))
    cells = cells[shapely.contains(face, shapely.point_on_surface(cells))]
    if len(cells) < 2:
        return geometries(face)
    return geometries(shapely.coverage_simplify(cells, SMOOTH_M, simplify_boundary=False))
