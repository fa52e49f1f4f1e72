"""Cleaning a coverage: faults of known area are planted in a sound one, mended, and counted; against GEOS' cleaner.

``python -m benchmarks.cleaning [--size county] [--faults 1000] [--seed 1000] [--out FILE.json]`` prints Markdown.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import shapely

from benchmarks.lookup.coverage import SIZES, make_coverage
from gridgis.geometry.arrays import Floats, Geometries, Ints
from gridgis.geometry.cleaning import Cleaned, clean_coverage
from gridgis.geometry.cleaning.outlines import outlines
from gridgis.geometry.cleaning.scale import Scale

TOLERANCE_M = 1.0
_CRS = "EPSG:4490"
_NARROWEST_M, _WIDEST_M = 0.05, 0.9
"""How far a vertex is moved; a fault is at most so wide."""
_KINDS = ("gap", "overlap", "sliver", "missing-vertex", "duplicate-vertex", "invalid-ring")
"""What is planted, in turn: the first three twice as often as the others."""
_TURN = (0, 1, 2, 0, 1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Planted:
    """A fault: its kind, the features it is in, its ground (or place), and its area in square metres."""

    kind: str
    features: tuple[int, ...]
    place: Any
    area_m2: float


@dataclass(frozen=True)
class Found:
    """How cleaning did: of the planted faults those reported, and what else changed or was reported."""

    reported: int
    off_m2: float
    strangers: int
    changed: int
    moved: int
    valid: bool


def plant(polygons: Geometries, count: int, seed: int) -> tuple[Geometries, list[Planted]]:
    """Plant faults in a sound coverage in lon/lat, no two in one feature.

    Returns
    -------
    tuple
        The polygons with faults, and the faults.
    """
    rng = np.random.default_rng(seed)
    geoms, scale = polygons.copy(), Scale.of(_CRS)
    spots = _spots(polygons)
    used: set[int] = set()
    planted: list[Planted] = []
    for k in rng.permutation(len(spots)).tolist():
        if len(planted) == count:
            break
        a, b, ring_at = (int(v) for v in spots[k])
        if a in used or b in used:
            continue
        kind = _KINDS[_TURN[len(planted) % len(_TURN)]]
        fault = _PLANT[kind](geoms, a, b, ring_at, scale, rng, used)
        if fault is not None:
            planted.append(fault)
            used.update(fault.features)
            used.update((a, b))
    return geoms, planted


def _spots(polygons: Geometries) -> Ints:
    """Return (k, 3) vertices inside the border of two features: both, and the position in the first one's ring."""
    out = outlines(polygons, np.arange(len(polygons)))
    order = np.argsort(out.corner, kind="stable")
    corner, feature = out.corner[order], out.feature[out.ring[order]]
    single = np.flatnonzero(np.bincount(corner) == 2)
    first = np.searchsorted(corner, single)
    start = np.searchsorted(out.ring, np.arange(len(out.feature)))
    at = order[first] - start[out.ring[order[first]]]
    return np.column_stack([feature[first], feature[first + 1], at])


def _corner(geom: Any, at: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the ring of a polygon without the closing vertex, and vertex ``at`` between its neighbours."""
    xy = shapely.get_coordinates(geom.exterior)[:-1]
    return xy, xy[at - 1], xy[at], xy[(at + 1) % len(xy)]


def _move(geoms: Geometries, a: int, b: int, at: int, scale: Scale, rng: Any, outwards: bool) -> tuple[Any, Any] | None:
    """Return polygon a with one vertex moved into itself or into b, and the ground between; None if that fails."""
    xy, before, m, after = _corner(geoms[a], at)
    metres = scale.factors(m[1:])[0]
    run = (after - before) * metres
    side = np.array([run[1], -run[0]]) / np.hypot(*run)  # to the right of the way
    if outwards != bool(shapely.is_ccw(geoms[a].exterior)):
        side = -side
    moved = m + side * rng.uniform(_NARROWEST_M, _WIDEST_M) / metres
    ground = shapely.Polygon([before, m, after, moved])
    ring = xy.copy()
    ring[at] = moved
    new = shapely.Polygon(ring)
    holder = geoms[b] if outwards else geoms[a]
    other = geoms[a] if outwards else geoms[b]
    if not (ground.is_valid and new.is_valid and holder.covers(ground) and not shapely.overlaps(other, ground)):
        return None
    return new, ground


def _gap(g: Geometries, a: int, b: int, at: int, s: Scale, rng: Any, used: set[int]) -> Planted | None:
    return _shifted("gap", g, a, b, at, s, rng, outwards=False)


def _overlap(g: Geometries, a: int, b: int, at: int, s: Scale, rng: Any, used: set[int]) -> Planted | None:
    return _shifted("overlap", g, a, b, at, s, rng, outwards=True)


def _shifted(
    kind: str, geoms: Geometries, a: int, b: int, at: int, scale: Scale, rng: Any, outwards: bool
) -> Planted | None:
    found = _move(geoms, a, b, at, scale, rng, outwards)
    if found is None:
        return None
    geoms[a] = found[0]
    return Planted(kind, (a, b), found[1], float(scale.areas_m2([found[1]])[0]))


def _sliver(g: Geometries, a: int, b: int, at: int, s: Scale, rng: Any, used: set[int]) -> Planted | None:
    """Give a strip of feature a to one far away, as a part of its own."""
    found = _move(g, a, b, at, s, rng, outwards=False)
    far = int(rng.integers(len(g)))
    if found is None or far in used or far in (a, b) or shapely.dwithin(g[far], found[1], 1e-3):
        return None
    g[a], g[far] = found[0], shapely.MultiPolygon([g[far], found[1]])
    return Planted("sliver", (far,), found[1], float(s.areas_m2([found[1]])[0]))


def _missing(g: Geometries, a: int, b: int, at: int, s: Scale, rng: Any, used: set[int]) -> Planted | None:
    """Put a vertex into the middle of an edge of feature a, as rounding has it; b lacks it."""
    xy, _, m, after = _corner(g[a], at)
    g[a] = shapely.Polygon(np.insert(xy, at + 1, (m + after) / 2, axis=0))
    return Planted("missing-vertex", (b,), shapely.Point((m + after) / 2), 0.0)


def _duplicate(g: Geometries, a: int, b: int, at: int, s: Scale, rng: Any, used: set[int]) -> Planted | None:
    xy, _, m, _ = _corner(g[a], at)
    g[a] = shapely.Polygon(np.insert(xy, at, m, axis=0))
    return Planted("duplicate-vertex", (a,), shapely.Point(m), 0.0)


def _spike(g: Geometries, a: int, b: int, at: int, s: Scale, rng: Any, used: set[int]) -> Planted | None:
    """Let the ring go out along a line and come back on it."""
    xy, before, m, after = _corner(g[a], at)
    tip = m + (before - after) * rng.uniform(0.5, 2)
    g[a] = shapely.Polygon(np.insert(xy, at + 1, [tip, m], axis=0))
    return None if g[a].is_valid else Planted("invalid-ring", (a,), shapely.Point(m), 0.0)


_PLANT: dict[str, Callable[..., Planted | None]] = {
    "gap": _gap, "overlap": _overlap, "sliver": _sliver, "missing-vertex": _missing,
    "duplicate-vertex": _duplicate, "invalid-ring": _spike,
}  # fmt: skip


def judge(sound: Geometries, faulty: Geometries, planted: list[Planted], cleaned: Cleaned) -> Found:
    """Compare what was reported with what was planted, and the polygons vertex by vertex."""
    rows = cleaned.changes
    rows = rows[rows["done"]]
    names = [{int(name[4:]) - 1 for name in str(text).split("; ")} for text in rows["feature"]]
    reported, off = 0, 0.0
    by_kind: dict[str, list[int]] = {}
    for i, kind in enumerate(rows["kind"]):
        by_kind.setdefault(str(kind), []).append(i)
    taken: set[int] = set()
    for fault in planted:
        fit = [i for i in by_kind.get(fault.kind, []) if i not in taken and set(fault.features) <= names[i]]
        if fit:
            taken.add(fit[0])
            reported += 1
            off = max(off, abs(float(rows["area_m2"].iloc[fit[0]]) - fault.area_m2))
    after = cleaned.frame.geometry.to_numpy()
    changed = np.flatnonzero(shapely.to_wkb(after) != shapely.to_wkb(faulty))
    return Found(reported, off, len(names) - len(taken), len(changed), *_kept(sound, faulty, after, changed, planted))


def _kept(
    sound: Geometries, faulty: Geometries, after: Geometries, changed: Ints, planted: list[Planted]
) -> tuple[int, bool]:
    """Count the vertices that came, went or changed their order elsewhere than at a fault."""
    at_fault = {tuple(p) for p in shapely.get_coordinates([f.place for f in planted]).tolist()}
    at_fault |= {tuple(p) for p in _new_vertices(sound, faulty)}
    moved = 0
    for i in changed.tolist():
        old, new = (
            [p for p in map(tuple, shapely.get_coordinates(g).tolist()) if p not in at_fault]
            for g in (faulty[i], after[i])
        )
        moved += sum(p != q for p, q in zip(old, new, strict=False)) + abs(len(old) - len(new))
    return moved, bool(shapely.is_valid(after).all() and shapely.coverage_is_valid(after))


def _new_vertices(sound: Geometries, faulty: Geometries) -> set[tuple[float, ...]]:
    before, after = (set(map(tuple, shapely.get_coordinates(g).tolist())) for g in (sound, faulty))
    return after - before


def measure(size: str, count: int, seed: int) -> dict[str, Any]:
    """Plant, clean and judge; clean with GEOS' own cleaner too, and tell CPU seconds of both."""
    sound = make_coverage(SIZES[size], seed).polygons
    faulty, planted = plant(sound, count, seed)
    frame = gpd.GeoDataFrame(geometry=faulty, crs=_CRS)
    cleaned, ours = _timed(lambda: clean_coverage(frame, TOLERANCE_M))
    found = judge(sound, faulty, planted, cleaned)
    again, once_more = _timed(lambda: clean_coverage(cleaned.frame, TOLERANCE_M))
    same = bool(
        (shapely.to_wkb(again.frame.geometry.to_numpy()) == shapely.to_wkb(cleaned.frame.geometry.to_numpy())).all()
    )
    return {
        "size": size, "cells": len(sound), "vertices": int(shapely.get_num_coordinates(sound).sum()),
        "faults": len(planted), "by_kind": {k: sum(f.kind == k for f in planted) for k in _KINDS},
        "tolerance_m": TOLERANCE_M, "seed": seed, "python": platform.python_version(),
        "ours": {
            "cpu_s": round(ours, 2), "reported": found.reported, "largest_area_off_m2": found.off_m2,
            "rows_beyond": found.strangers, "polygons_changed": found.changed,
            "vertices_changed_elsewhere": found.moved,
            "valid_after": found.valid, "again_cpu_s": round(once_more, 2), "again_same_bytes": same,
        },
        "geos": _geos(sound, faulty, planted),
    }  # fmt: skip


def _geos(sound: Geometries, faulty: Geometries, planted: list[Planted]) -> dict[str, Any]:
    """Clean with `shapely.coverage_clean`, which refuses invalid rings: those are made valid first."""
    clean: Any = vars(shapely)["coverage_clean"]  # since shapely 2.2; its stubs lack it

    def run() -> Geometries:
        valid = np.where(shapely.is_valid(faulty), faulty, shapely.make_valid(faulty, method="structure"))
        width = TOLERANCE_M / 111_000
        return np.asarray(clean(valid, gap_width=width, snapping_distance=0.0))

    after, cpu = _timed(run)
    changed = np.flatnonzero(~shapely.equals_exact(shapely.normalize(after), shapely.normalize(faulty), 0.0))
    touched = {k for f in planted for k in f.features}
    return {
        "cpu_s": round(cpu, 2), "reported": 0, "polygons_changed": len(changed),
        "polygons_changed_without_fault": int((~np.isin(changed, list(touched))).sum()),
        "valid_after": bool(shapely.coverage_is_valid(after)),
    }  # fmt: skip


def _timed(run: Callable[[], Any]) -> tuple[Any, float]:
    start = time.process_time()
    out = run()
    return out, time.process_time() - start


def markdown(told: dict[str, Any]) -> str:
    """Return the figures as a table."""
    ours, geos = told["ours"], told["geos"]
    ratio = ours["cpu_s"] / geos["cpu_s"] if geos["cpu_s"] else float("nan")
    lines = [
        f"{told['cells']} cells, {told['vertices']} vertices, {told['faults']} faults, {told['tolerance_m']} m:",
        "",
        "| | gridgis | GEOS CoverageCleaner |",
        "|---|---|---|",
        f"| CPU seconds | {ours['cpu_s']} | {geos['cpu_s']} (ratio {ratio:.2f}) |",
        f"| planted faults reported | {ours['reported']} of {told['faults']} | none: it reports nothing |",
        f"| valid coverage after | {ours['valid_after']} | {geos['valid_after']} |",
        f"| polygons changed | {ours['polygons_changed']} | {geos['polygons_changed']} |",
        f"| vertices changed elsewhere | {ours['vertices_changed_elsewhere']} | - |",
        f"| largest error of a reported area, m2 | {ours['largest_area_off_m2']:.2g} | - |",
        f"| rows beyond what was planted | {ours['rows_beyond']} | - |",
        f"| cleaned again: same bytes | {ours['again_same_bytes']} ({ours['again_cpu_s']} s) | - |",
    ]  # fmt: skip
    return "\n".join(lines)


def main() -> None:
    """Read the command line, measure, print."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    ask.add_argument("--size", default="county", choices=sorted(SIZES))
    ask.add_argument("--faults", type=int, default=1000)
    ask.add_argument("--seed", type=int, default=1000)
    ask.add_argument("--out", type=Path)
    asked = ask.parse_args()
    told = measure(asked.size, asked.faults, asked.seed)
    text = orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()
    print(markdown(told), "", text, sep="\n")
    if asked.out:
        asked.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
