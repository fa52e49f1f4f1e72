"""What a division is worth, measured on the ground alone: no code of the engine or the verifier is used here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gridgis.geometry.arrays import Bools, Floats, Geometries, Ints
from gridgis.model import Band


@dataclass(frozen=True)
class Scene:
    """The atoms that are divided.

    ``polygons`` (n,) a coverage in metres; ``households`` (n,); ``biggest`` (n,) households of the largest building;
    ``compound`` (n,) number of an estate or -1; ``pairs`` (m, 2) atoms that share an edge, ``metres`` (m,) how much,
    ``strong`` (m,) whether the larger part of it runs along a STRONG barrier.
    """

    polygons: Geometries
    households: Ints
    biggest: Ints
    compound: Ints
    pairs: Ints
    metres: Floats
    strong: Bools

    @property
    def n(self) -> int:
        """The number of atoms."""
        return len(self.polygons)


@dataclass(frozen=True)
class Figures:
    """The figures of one division at one level; shares are fractions of 1.

    ``pairs_across`` is the share of the household pairs of one part that live on both sides of a STRONG barrier, of
    ``pairs`` in all.
    ``grids`` counts all parts, ``judged`` those with households that are no single building above the limit;
    ``single`` and ``empty`` are the others. ``out_of_band`` holds the households of the judged ones outside the band.
    """

    grids: int
    judged: int
    single: int
    empty: int
    in_band: float
    out_of_band: list[int]
    contiguous: float
    polsby_popper: float
    border_km: float
    pairs_across: float
    pairs: int
    compounds_split: float
    compounds_split_number: int
    largest_deviation: float
    households: int


def measure(scene: Scene, labels: Ints, band: Band) -> Figures:
    """Measure a division.

    Parameters
    ----------
    scene
        The atoms.
    labels
        (n,) part of each atom; numbers need not be without gaps.
    band
        What a part should hold.
    """
    labels = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    load = sums(labels, scene.households)
    single = is_single_building(scene, labels, band.upper)
    judged = (load > 0) & ~single
    out = judged & ((load < band.lower) | (load > band.upper))
    outlines = dissolved(scene.polygons, labels)
    length, area = shapely.length(outlines), shapely.area(outlines)
    lost, number = estates_split(scene.compound, scene.households, labels, band.upper)
    return Figures(
        grids=len(load),
        judged=int(judged.sum()),
        single=int(single.sum()),
        empty=int((load == 0).sum()),
        in_band=_share(judged & ~out, judged),
        out_of_band=sorted(int(h) for h in load[out]),
        contiguous=float((shapely.get_type_id(outlines) == 3).mean()),
        polsby_popper=float((4 * np.pi * area / length**2).mean()),
        border_km=float(scene.metres[labels[scene.pairs[:, 0]] != labels[scene.pairs[:, 1]]].sum() / 1000),
        pairs=sum(h * (h - 1) // 2 for h in load.tolist()),
        pairs_across=pairs_across(strong_pieces(scene), scene.households, labels),
        compounds_split=lost / number if number else 0.0,
        compounds_split_number=lost,
        largest_deviation=float(np.abs(load[judged] / load[judged].mean() - 1).max()) if judged.any() else 0.0,
        households=int(load.sum()),
    )


def sums(labels: Ints, values: Ints) -> Ints:
    """Sum integers by label."""
    out = np.zeros(int(labels.max()) + 1, dtype=np.int64)
    np.add.at(out, labels, values)
    return out


def _share(part: Bools, whole: Bools) -> float:
    return float(part.sum() / whole.sum()) if whole.any() else 1.0


def is_single_building(scene: Scene, labels: Ints, upper: int) -> Bools:
    """Tell which parts hold one building above the limit and no other household: grids by rule."""
    load = sums(labels, scene.households)
    biggest = np.zeros(len(load), dtype=np.int64)
    np.maximum.at(biggest, labels, scene.biggest)
    return np.asarray((biggest > upper) & (biggest == load))


def dissolved(polygons: Geometries, labels: Ints) -> Geometries:
    """Return the union of the polygons of each label 0..k-1: one polygon where they hang together along edges."""
    order = np.argsort(labels, kind="stable")
    groups = np.split(polygons[order], np.cumsum(np.bincount(labels))[:-1])
    out = np.empty(len(groups), dtype=object)
    for k, group in enumerate(groups):
        union = shapely.coverage_union_all(group)
        parts = shapely.get_parts(union)
        out[k] = parts[0] if len(parts) == 1 else shapely.multipolygons(parts)
    return out


def strong_pieces(scene: Scene) -> Ints:
    """Give a number to each piece of ground that hangs together without crossing a STRONG barrier, (n,)."""
    kept = scene.pairs[~scene.strong]
    graph = coo_array((np.ones(len(kept)), (kept[:, 0], kept[:, 1])), shape=(scene.n, scene.n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def pairs_across(pieces: Ints, households: Ints, labels: Ints) -> float:
    """Return the share of all pairs of households of one part that live in different pieces.

    Examples
    --------
    >>> pieces, labels = np.array([0, 0, 1]), np.array([0, 0, 0])
    >>> pairs_across(pieces, np.array([1, 1, 1]), labels)  # of three pairs, two
    0.6666666666666666
    """
    load = sums(labels, households).astype(object)
    cell = np.unique(np.column_stack([labels, pieces]), axis=0, return_inverse=True)[1].ravel()
    held = sums(cell, households).astype(object)
    total = (load * (load - 1) // 2).sum()
    together = (held * (held - 1) // 2).sum()
    return float((total - together) / total) if total else 0.0


def estates_split(compound: Ints, households: Ints, labels: Ints, upper: int) -> tuple[int, int]:
    """Count the estates in more than one part, of those with households that the limit allows to be whole.

    Returns
    -------
    tuple
        How many are split, and how many there are.
    """
    inside = compound >= 0
    if not inside.any():
        return 0, 0
    total = sums(compound[inside], households[inside])
    whole = (total > 0) & (total <= upper)
    parts = np.unique(np.column_stack([compound[inside], labels[inside]]), axis=0)[:, 0]
    return int((whole & (np.bincount(parts, minlength=len(total)) > 1)).sum()), int(whole.sum())
