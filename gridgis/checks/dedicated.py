"""Rules "dedicated" and "overlay": the grids of sites lie where the sites are, and out of one another's way."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gridgis.checks.coverage import WIDTH_M
from gridgis.checks.edges import Integers
from gridgis.checks.finding import Finding, Outcome
from gridgis.checks.layers import texts
from gridgis.checks.place import Place
from gridgis.checks.plots import plots_of_sites
from gridgis.checks.scene import Scene
from gridgis.model import MODES, SITE_CATEGORIES, need_columns

SLIVER_M2 = 1.0
"""Ground beside a site that may go with it, beyond what snapping explains."""


def dedicated(scene: Scene) -> Outcome:
    """Check categories, and that sites and their grids are the same ground; measure: square metres.

    A site's ground inside the community must lie in dedicated grids of its mode (of any site: where sites overlap one
    gives way), and a dedicated grid must not reach beyond its site. Of a site that is divided inside see `plots`.
    """
    found: list[Finding] = []
    grids = np.flatnonzero(scene.carved | scene.overlay)
    for i, category in zip(grids, texts(scene.grids["category"].iloc[grids]), strict=True):
        if category not in SITE_CATEGORIES:
            zh, en = f"类别“{category}”未知", f"category '{category}' is none of {list(SITE_CATEGORIES)}"
            found.append(Finding("dedicated", scene.ids[i], 0, zh, en))
    checked = len(grids)
    for code, place in ({} if scene.revision_wide else scene.places).items():
        mine = scene.of_community(grids, code)
        checked += 0 if place.sites is None else len(place.sites)
        found.extend(_ground_of_sites(scene, place, mine))
        found.extend(_ground_of_grids(scene, place, mine))
    found.extend(() if scene.revision_wide else plots_of_sites(scene))
    return Outcome(checked, tuple(found))


def _ground_of_sites(scene: Scene, place: Place, grids: Integers) -> Iterator[Finding]:
    if place.sites is None or not len(place.sites):
        return
    need_columns(place.sites, ("id", "mode", "category"), "sites")
    for mode in MODES:
        taken = shapely.union_all(scene.work[grids[(scene.carved if mode == "carve" else scene.overlay)[grids]]])
        sites = place.sites[place.sites["mode"] == mode]
        for name, site in zip(sites["id"], sites.geometry, strict=True):
            ground = shapely.intersection(site, place.boundary)
            missing = float(shapely.difference(ground, taken).area)
            if missing > WIDTH_M * ground.length:
                zh = f"场所 {name} 有 {missing:.1f} 平方米不在专属网格内"
                en = f"{missing:.1f} m2 of site {name} lie in no dedicated grid of mode {mode}"
                yield Finding("dedicated", str(name), missing, zh, en)


def _ground_of_grids(scene: Scene, place: Place, grids: Integers) -> Iterator[Finding]:
    sites: dict[str | None, BaseGeometry] = {}
    if place.sites is not None:
        sites = dict(zip(texts(place.sites["id"]), place.sites.geometry, strict=True))
    for i, site_id in zip(grids, texts(scene.grids["site_id"].iloc[grids]), strict=True):
        if site_id not in sites:
            zh, en = f"没有编号为 {site_id} 的场所", f"the community has no site '{site_id}'"
            yield Finding("dedicated", scene.ids[i], scene.area_m2[i], zh, en)
            continue
        beyond = float(shapely.difference(scene.work[i], sites[site_id]).area)
        if beyond > WIDTH_M * scene.work[i].length + SLIVER_M2:
            zh, en = f"超出场所 {beyond:.1f} 平方米", f"reaches {beyond:.1f} m2 beyond its site {site_id}"
            yield Finding("dedicated", scene.ids[i], beyond, zh, en)


def overlay(scene: Scene) -> Outcome:
    """Check that overlays lie inside their community and out of one another; measure: square metres.

    Overlays that overlap are made disjoint at filing (SEMANTICS 8): an exception in a plan, broken in a revision.
    """
    grids = np.flatnonzero(scene.overlay)
    found: list[Finding] = []
    for i in grids:
        place = scene.places[scene.community[i]]
        outside = float(shapely.difference(scene.work[i], place.boundary).area)
        if outside > WIDTH_M * scene.work[i].length:
            zh, en = f"有 {outside:.1f} 平方米在社区外", f"{outside:.1f} m2 lie outside the community"
            found.append(Finding("overlay", scene.ids[i], outside, zh, en))
    geoms = scene.work[grids]
    a, b = shapely.STRtree(geoms).query(geoms, predicate="intersects") if len(grids) else (grids, grids)
    for i, j in zip(grids[a[a < b]], grids[b[a < b]], strict=True):
        area = float(shapely.intersection(scene.work[i], scene.work[j]).area)
        if area > WIDTH_M * min(scene.work[i].length, scene.work[j].length):
            other = scene.ids[j]
            zh, en = f"与 {other} 重叠，备案时须分开", f"overlaps {other}: made disjoint at filing"
            found.append(Finding("overlay", scene.ids[i], area, zh, en, confirmed=not scene.revision_wide))
    return Outcome(len(grids), tuple(found))
