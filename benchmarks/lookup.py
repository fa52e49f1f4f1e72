"""Points per CPU-second of the lookup, beside shapely's STRtree, on Voronoi cells: ``python -m benchmarks.lookup``."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import shapely

from gridgis.index import GridIndex

CELLS, POINTS, RUNS = 20_000, 200_000, 5


def cells(n: int, rng: np.random.Generator) -> np.ndarray:
    """Return n Voronoi cells around Ankang, cut to a box, as a seamless coverage in longitude and latitude."""
    seeds = shapely.multipoints(rng.random((n, 2)) * 0.5 + (108.8, 32.4))
    box = shapely.box(108.8, 32.4, 109.3, 32.9)
    parts = shapely.get_parts(shapely.voronoi_polygons(seeds))
    inside = shapely.contains_properly(box, parts)
    return np.asarray(parts[inside], dtype=object)


def best(call: Callable[[], object]) -> float:
    """Return the least CPU time of several runs, seconds."""
    took = []
    for _ in range(RUNS):
        start = time.process_time()
        call()
        took.append(time.process_time() - start)
    return min(took)


def main() -> None:
    """Print the table."""
    rng = np.random.default_rng(0)
    polygons = cells(CELLS, rng)
    xy = rng.random((POINTS, 2)) * 0.5 + (108.8, 32.4)
    start = time.process_time()
    index = GridIndex.build(polygons)
    built = time.process_time() - start
    tree = shapely.STRtree(polygons)
    ours = best(lambda: index.locate(xy[:, 0], xy[:, 1]))
    theirs = best(lambda: tree.query(shapely.points(xy), predicate="intersects"))
    print(f"{len(polygons)} cells, {POINTS} uniform points, best of {RUNS}; built in {built:.2f} CPU-s\n")
    print("| way | M points / CPU-s | ratio |\n|---|---|---|")
    for name, took in (("shapely STRtree.query", theirs), ("GridIndex.locate", ours)):
        print(f"| {name} | {POINTS / took / 1e6:.2f} | {theirs / took:.1f} |")


if __name__ == "__main__":
    main()
