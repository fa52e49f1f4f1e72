"""One pass over a coverage: borders near faults, who gets which face, and the polygons that follow."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import shapely

from gridgis.geometry.arrays import Bools, Geometries
from gridgis.geometry.cleaning.change import Change
from gridgis.geometry.cleaning.decide import REST, Ground, settle
from gridgis.geometry.cleaning.near import Drawn, around, take_apart, touching
from gridgis.geometry.cleaning.net import Net, make_net, thin_faces
from gridgis.geometry.cleaning.noding import too_coarse
from gridgis.geometry.cleaning.rebuild import rebuild, vertex_changes, with_neighbours
from gridgis.geometry.cleaning.scale import Scale
from gridgis.geometry.cleaning.slits import lids


def mend(
    geoms: Geometries, usable: Bools, scale: Scale, tolerance_m: float, open_too: bool = False
) -> tuple[Geometries, list[Change]]:
    """Mend what is within the tolerance; return the polygons, and what was done or found.

    Parameters
    ----------
    geoms
        (n,) valid polygons; those that are not ``usable`` are left out.
    open_too
        Shut slits, too, that are open to the outside; for when all else is mended.
    """
    drawn = take_apart(geoms, usable, scale, tolerance_m)
    reach = scale.reach(drawn.out.xy, tolerance_m)
    near = around(drawn, reach)
    if not near:
        return geoms, []
    net = _whole_net(drawn, near, reach)
    if open_too:
        shut = lids(drawn, net.faces, net.cuts.xy, scale, tolerance_m)
        net = make_net(drawn, near, reach, shut) if len(shut) else net
    thin = thin_faces(drawn, net)
    blocked: set[int] = set()
    while True:
        ground = Ground(net.faces, list(net.faces.cover), net.cuts.xy, net.lids, scale, tolerance_m)
        told = settle(ground, thin, blocked)
        new, put = rebuild(geoms, net, told)
        broken = {k for k, geom in new.items() if geom.is_empty or not geom.is_valid}
        wrong = {f for f, c in told.items() if c.done and broken & {*c.features, c.taker}}
        if not wrong:
            break
        blocked |= wrong
    _need_sound(geoms, broken)
    out = geoms.copy()
    for k, geom in new.items():
        out[k] = geom
    return out, [*vertex_changes(net, told, put), *with_neighbours(net, told, put)]


def _whole_net(drawn: Drawn, near: set[int], reach: float) -> Net:
    """Return the net of the features near faults, and of those that lie under others with no edge at fault.

    ``near`` grows by those.
    """
    while True:
        net = make_net(drawn, near, reach, np.empty((0, 4)))
        under = [f for f, who in enumerate(net.faces.cover) if len(who) > 1 and REST in who]
        hidden = touching(drawn, net.faces.polygons[under], reach, near)
        if not hidden:
            return net
        near |= hidden


def _need_sound(geoms: Geometries, broken: Collection[int]) -> None:
    """Vertices put on an edge bend it by a micrometre: where that crosses another edge the numbers are too coarse."""
    for k in sorted(broken):
        raise too_coarse(*shapely.get_coordinates(geoms[k])[0].tolist())
