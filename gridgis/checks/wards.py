"""The grids of one level inside one parent, with the buildings and atoms there: what is judged and proven at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd

from gridgis.checks.compounds import oversize, residents
from gridgis.checks.edges import Integers
from gridgis.checks.finding import Finding
from gridgis.checks.place import Place
from gridgis.checks.scene import Scene
from gridgis.model import Band

NO_PAIRS = np.zeros((0, 2), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Ward:
    """The grids of one level inside one parent.

    Parameters
    ----------
    grids
        Their positions, (g,).
    homes
        The buildings with households there: x, y (work CRS), households, id, grid, compound; the index is the position
        among all buildings.
    large
        The compounds that hold more households than the band allows.
    stands, links
        Pairs (building, atom), and pairs of atoms that touch, both of this ground, by position; none without atoms.
    """

    scene: Scene
    place: Place
    level: int
    band: Band
    parent: int
    grids: Integers
    homes: pd.DataFrame
    large: list[int]
    stands: Integers
    links: Integers

    def households(self, i: int) -> int:
        """Households of a grid, as counted."""
        return int(self.scene.households[i])

    @property
    def holds(self) -> bool:
        """True when all grids are within the band."""
        return all(self.households(i) in self.band for i in self.grids.tolist())

    @cached_property
    def spot(self) -> Integers:
        """Number of the spot on which each of the homes stands: what stands on one and the same cannot be parted."""
        spots = self.scene.spots[self.homes.index.to_numpy(dtype=np.int64)]
        return np.unique(spots, return_inverse=True)[1].astype(np.int64)

    @cached_property
    def rows(self) -> dict[int, Integers]:
        """Rows of ``homes`` by grid."""
        grid = self.homes["grid"].to_numpy(dtype=np.int64)
        names, number = np.unique(grid, return_inverse=True)
        rows = _split(np.asarray(number, dtype=np.int64), len(names))
        return dict(zip(names.tolist(), rows, strict=True))

    def is_single(self, i: int) -> bool:
        """Tell whether the households of a grid live on one spot, and are more than the band allows."""
        mine = self.rows.get(i, np.zeros(0, dtype=np.int64))
        return len(np.unique(self.spot[mine])) == 1 and self.households(i) > self.band.upper

    def finding(self, i: int, zh: str, en: str, confirmed: bool = False) -> Finding:
        """Report a grid of this ward; the measure is its households."""
        n, b = self.households(i), self.band
        zh, en = f"{n} 户，{b.lower}-{b.upper}：{zh}", f"{n} households, band {b.lower}-{b.upper}: {en}"
        return Finding(f"band-{self.level}", self.scene.ids[i], n, zh, en, confirmed)


def wards(scene: Scene, place: Place, level: int) -> Iterator[Ward]:
    """Yield the grids of a level by parent; an undivided grid above the level is judged as its own only child."""
    band = place.rules.level2 if level == 2 else place.rules.level3
    inside = residents(scene, place, level)
    large = oversize(inside, band.upper)
    grids, parents = _children(scene, place, level, band)
    ward_of = np.full(len(scene.ids) + 1, -1, dtype=np.int64)  # the last place is that of NO_GRID
    names, ward_of[grids] = np.unique(parents, return_inverse=True)
    inside = inside[inside["households"] > 0]
    homes = _split(ward_of[inside["grid"].to_numpy(dtype=np.int64)], len(names))
    mine = _split(ward_of[grids], len(names))
    if scene.touching is None:
        of_atom, stands, links = np.zeros(0, dtype=np.int64), NO_PAIRS, NO_PAIRS
    else:
        of_atom = ward_of[scene.up(scene.touching.leaf, level)]
        stands, links = scene.touching.stands, scene.touching.links
        links = links[of_atom[links[:, 0]] == of_atom[links[:, 1]]]
    own_stands, own_links = _split(of_atom[stands[:, 1]], len(names)), _split(of_atom[links[:, 0]], len(names))
    for k, parent in enumerate(names.tolist()):
        yield Ward(
            scene, place, level, band, parent, grids[mine[k]], inside.iloc[homes[k]], large,
            stands[own_stands[k]], links[own_links[k]],
        )  # fmt: skip


def _children(scene: Scene, place: Place, level: int, band: Band) -> tuple[Integers, Integers]:
    """Return the grids to judge and the parent of each."""
    too_large = np.flatnonzero(scene.is_leaf & (scene.level < level) & (scene.households > band.upper))
    undivided = np.array([i for i in too_large.tolist() if not scene.given(i)], dtype=np.int64)
    grids = scene.of_community(np.concatenate([scene.at_level(level), undivided]), place.community.code)
    return grids, np.where(scene.level[grids] == level, scene.parent[grids], grids)


def _split(keys: Integers, n: int) -> list[Integers]:
    """Return for each key 0..n-1 the positions where it stands; other keys are left out."""
    order = np.argsort(keys, kind="stable")
    cuts = np.searchsorted(keys[order], np.arange(n + 1))
    return [np.asarray(order[a:b], dtype=np.int64) for a, b in pairwise(cuts)]
