"""One case to compare on: an area taken in, made into atoms once, and its contact graph, which all methods share."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import numpy as np
import shapely

from benchmarks.area import CRS
from benchmarks.measures import Scene
from gridgis.geometry.arrays import Ints
from gridgis.model import BARRIER_CLASSES, STRONG, Community, DivisionRules, no_progress
from gridgis.partition.components import components
from gridgis.partition.graph import Contacts, contacts
from gridgis.partition.ground import take_in
from gridgis.partition.noding.atoms import make_atoms

STRONG_COLUMNS = [i for i, k in enumerate(BARRIER_CLASSES) if k in STRONG]


def cpu_s() -> float:
    """Return the CPU time of this process and of the children it waited for, seconds."""
    t = os.times()
    return time.process_time() + t.children_user + t.children_system


@dataclass(frozen=True)
class Case:
    """``ground``: atoms and contacts as the engine takes them, without carved sites; ``scene``: to be measured.

    ``noding_s``: CPU-s of taking in and making atoms; ``contacts_s``: of the contact graph; ``atoms``: how many in
    all; ``households``: those of the buildings, ``carved`` of them in carved sites.
    """

    community: Community
    rules: DivisionRules
    ground: Contacts
    scene: Scene
    noding_s: float
    contacts_s: float
    atoms: int
    households: int
    carved: int


def prepare(community: Community, rules: DivisionRules) -> Case:
    """Take a community in, make its atoms and contacts, and time both."""
    start = cpu_s()
    taken = take_in([community], {community.code: rules}, CRS)
    atoms = make_atoms(taken, no_progress)
    noded = cpu_s()
    chosen = np.flatnonzero(atoms.site < 0)
    ground = contacts(taken, atoms, chosen)
    done = cpu_s()
    metres = ground.length.sum(axis=1)
    scene = Scene(
        atoms.polygons[chosen],
        ground.households,
        ground.biggest,
        ground.compound,
        ground.pairs,
        metres,
        2 * ground.length[:, STRONG_COLUMNS].sum(axis=1) > metres,
    )
    total = int(community.buildings["households"].sum())
    carved = total - int(ground.households.sum())
    return Case(
        community, rules, ground, scene, noded - start, done - noded, len(atoms.polygons), total, carved
    )  # fmt: skip


@dataclass(frozen=True)
class Graph:
    """What a peer is given: a connected graph with ``weights`` (n,) households and ``metres`` (m,) of shared edge.

    ``xy`` (n, 2) inner points of the atoms, for those peers that compare attributes.
    """

    weights: Ints
    pairs: Ints
    metres: Ints
    xy: Ints

    @property
    def n(self) -> int:
        """The number of atoms."""
        return len(self.weights)

    def csr(self) -> tuple[Ints, Ints, Ints]:
        """Return the adjacency: where each atom's neighbours begin, the neighbours, the metres to each."""
        ends = np.concatenate([self.pairs, self.pairs[:, ::-1]])
        order = np.lexsort((ends[:, 1], ends[:, 0]))
        start = np.concatenate([[0], np.cumsum(np.bincount(ends[:, 0], minlength=self.n))])
        return start.astype(np.int64), ends[order, 1], np.concatenate([self.metres, self.metres])[order]

    def take(self, chosen: Ints) -> Graph:
        """Return the graph of some atoms, in that order."""
        position = np.full(self.n, -1, dtype=np.int64)
        position[chosen] = np.arange(len(chosen))
        ends = position[self.pairs]
        kept = (ends >= 0).all(axis=1)
        return Graph(self.weights[chosen], ends[kept], self.metres[kept], self.xy[chosen])


def graph_of(case: Case) -> tuple[Graph, Ints]:
    """Return the graph of the land (water that cannot be crossed joins nobody), and the atoms it is made of."""
    dry = np.flatnonzero(~case.ground.water)
    scene = case.scene
    whole = Graph(
        scene.households, scene.pairs, np.maximum(1, np.round(scene.metres)).astype(np.int64), _inner_points(scene)
    )
    return whole.take(dry), dry


def _inner_points(scene: Scene) -> Ints:
    centres = shapely.get_coordinates(shapely.point_on_surface(scene.polygons))
    return np.round(centres * 10).astype(np.int64)


def connected_parts(graph: Graph) -> list[Ints]:
    """Return the atoms of each connected part of a graph, the largest first."""
    label = components(graph.n, graph.pairs)
    groups = [np.flatnonzero(label == k) for k in range(int(label.max(initial=-1)) + 1)]
    return sorted(groups, key=lambda g: -int(graph.weights[g].sum()))


def shared_out(graph: Graph, parts: int, groups: list[Ints]) -> list[int]:
    """Share a number of parts out among connected groups by households: one each at least, one an atom at most."""
    weight = np.array([int(graph.weights[g].sum()) for g in groups], dtype=np.float64)
    if weight.sum() == 0:
        return [1] * len(groups)
    share = weight / weight.sum() * parts
    return [min(len(g), max(1, round(float(w)))) for g, w in zip(groups, share, strict=True)]


def with_water(case: Case, dry: Ints, labels: Ints) -> Ints:
    """Return labels for all atoms: water goes to the part with the longest shared bank, from the banks outward."""
    out = np.full(case.scene.n, -1, dtype=np.int64)
    out[dry] = labels
    pairs = np.concatenate([case.scene.pairs, case.scene.pairs[:, ::-1]])
    metres = np.concatenate([case.scene.metres, case.scene.metres])
    while True:
        open_ = (out[pairs[:, 0]] < 0) & (out[pairs[:, 1]] >= 0)
        if not open_.any():
            break
        claims, which = np.unique(
            np.column_stack([pairs[open_, 0], out[pairs[open_, 1]]]), axis=0, return_inverse=True
        )  # fmt: skip
        order = np.argsort(np.bincount(which.ravel(), metres[open_]), kind="stable")
        out[claims[order, 0]] = claims[order, 1]
    rest = out < 0
    out[rest] = out.max(initial=-1) + 1 + np.arange(rest.sum())
    return out
