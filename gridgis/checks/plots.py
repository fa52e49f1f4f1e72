"""Plots: a carved site divided inside has as many grids as it asks for, contiguous and within the area limit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import shapely

from gridgis.checks.coverage import WIDTH_M
from gridgis.checks.edges import Integers
from gridgis.checks.finding import Finding
from gridgis.checks.layers import move, texts
from gridgis.checks.place import Place
from gridgis.checks.scene import Scene
from gridgis.geometry.crs import STORED_CRS


def plots_of_sites(scene: Scene) -> Iterator[Finding]:
    """Check the grids of carved sites; measure: pieces of a plot, square metres above the limit, or plots lacking.

    A plot above the limit is confirmed where one of its atoms is above it alone; plots are confirmed to lack where
    each atom of the site is a grid by itself.
    """
    carved = np.flatnonzero(scene.carved)
    of_site = np.array([str(s) for s in texts(scene.grids["site_id"].iloc[carved])], dtype=object)
    for code, place in scene.places.items():
        mine = scene.of_community(carved, code)
        for site in sorted({str(s) for s in texts(scene.grids["site_id"].iloc[mine])}):
            grids = mine[[str(s) == site for s in texts(scene.grids["site_id"].iloc[mine])]]
            yield from _in_one_piece(scene, grids)
            yield from _within_limit(scene, place, grids)
    for site, parts in sorted(_asked(scene).items()):
        grids = carved[of_site == site]
        if len(grids) < parts:
            alone = scene.atoms is not None and all(len(_atoms(scene, int(i))) == 1 for i in grids)
            zh, en = (
                f"应分 {parts} 个专属网格，只有 {len(grids)} 个",
                f"asks for {parts} dedicated grids, has {len(grids)}",
            )
            yield Finding("dedicated", site, parts - len(grids), zh, en, confirmed=alone)


def _in_one_piece(scene: Scene, grids: Integers) -> Iterator[Finding]:
    """Find plots in pieces; a site that is one grid may lie in pieces."""
    for i in grids if len(grids) > 1 else ():
        pieces = int(shapely.get_num_geometries(scene.stored[i]))
        if pieces > 1:
            zh, en = f"所分的专属网格不连续，有 {pieces} 块", f"this plot of a divided site lies in {pieces} pieces"
            yield Finding("dedicated", scene.ids[i], pieces, zh, en)


def _within_limit(scene: Scene, place: Place, grids: Integers) -> Iterator[Finding]:
    limit = place.rules.max_area_dedicated_m2
    for i in grids if limit else ():
        over = float(scene.area_m2[i]) - limit
        if over > WIDTH_M * scene.work[i].length:
            largest = max(_atoms(scene, int(i)), default=0.0)
            zh = f"面积超出上限 {limit:.0f} 平方米 {over:.0f} 平方米"
            en = f"is {over:.0f} m2 above the limit of {limit:.0f} m2 for dedicated grids"
            yield Finding("dedicated", scene.ids[i], over, zh, en, confirmed=largest > limit)


def _atoms(scene: Scene, i: int) -> list[float]:
    """Return the areas of the atoms of a grid, square metres."""
    if scene.atoms is None:
        return []
    own = scene.atoms[scene.atoms["local_id"].astype(str) == scene.ids[i]]
    areas: list[float] = shapely.area(move(own.geometry.to_numpy(), STORED_CRS, scene.work_crs)).tolist()
    return areas


def _asked(scene: Scene) -> dict[str, int]:
    """Return how many plots the carved sites ask for, where they ask for several, and their ground is there."""
    out: dict[str, int] = {}
    for place in scene.places.values():
        if place.sites is None or "parts" not in place.sites:
            continue
        carved = place.sites[(place.sites["mode"] == "carve") & place.sites.intersects(place.boundary)]
        for site, parts in zip(texts(carved["id"]), pd.to_numeric(carved["parts"], errors="coerce"), strict=True):
            if parts > 1:
                out[str(site)] = int(parts)
    return out
