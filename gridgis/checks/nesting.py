"""Rule "nesting": the union of the children is the parent, vertex by vertex."""

from __future__ import annotations

import numpy as np
import shapely

from gridgis.checks.edges import Integers, outline
from gridgis.checks.finding import Finding, Outcome
from gridgis.checks.layers import move
from gridgis.checks.scene import Scene
from gridgis.geometry.crs import STORED_CRS

TOLERANCE_M2 = 1e-4
"""One square centimetre: above the noise of computing an area, below any border that was moved by a millimetre."""


def nesting(scene: Scene) -> Outcome:
    """Check each grid with children: level 3 fill level 2, level 2 and carved fill level 1; measure: square metres.

    Notes
    -----
    Exact where the edges that only one child has are the edges of the parent; only where they differ is the area of
    the symmetric difference taken.
    """
    by_grid = _keys_by_grid(scene)
    parents = [i for i, kids in enumerate(scene.children) if kids]
    found = []
    for i in parents:
        kids = scene.children[i]
        if np.array_equal(outline(np.concatenate([by_grid[k] for k in kids])), outline(by_grid[i])):
            continue
        difference = shapely.symmetric_difference(scene.stored[i], shapely.union_all(scene.stored[kids]))
        area = float(move(difference, STORED_CRS, scene.work_crs).area)
        if area > TOLERANCE_M2:
            zh = f"下级网格之并与本网格相差 {area:.4f} 平方米"
            en = f"the union of the {len(kids)} children differs from the grid by {area:.4f} m2"
            found.append(Finding("nesting", scene.ids[i], area, zh, en))
    return Outcome(len(parents), tuple(found))


def _keys_by_grid(scene: Scene) -> list[Integers]:
    order = np.argsort(scene.edges.owner, kind="stable")
    cuts = np.searchsorted(scene.edges.owner[order], np.arange(1, len(scene.ids)))
    return [np.asarray(k) for k in np.split(scene.edges.key[order], cuts)]
