"""``partition_graph`` on published districting instances with proven optima: ``python -m benchmarks.partition``."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np

from gridgis.partition import partition_graph

SEEDS = 5


def main() -> None:
    """Print the table: best cut over some seeds, the optimum, CPU time of all seeds."""
    folder = os.environ.get("GRIDGIS_REAL_DATA")
    if folder is None:
        sys.exit("GRIDGIS_REAL_DATA names no folder: its graphs/*.json are needed")
    print(f"best of {SEEDS} seeds\n\n| instance | nodes | parts | cut edges | optimum | outside the bounds | CPU-s |")
    print("|---|---|---|---|---|---|---|")
    for path in sorted((Path(folder) / "graphs").glob("*.json")):
        case = json.loads(path.read_text(encoding="utf-8"))
        edges = np.array(case["edges"])[:, :2].astype(np.int64)
        start = time.process_time()
        found = []
        for seed in range(SEEDS):
            _, told = partition_graph(
                case["weights"], edges, np.ones(len(edges)), case["parts"], case["lower"], case["upper"], seed
            )
            found.append((told["excess"], told["cut"]))
        took = time.process_time() - start
        excess, cut = min(found)
        row = (path.stem, len(case["weights"]), case["parts"], f"{cut:.0f}", case["optimal_cut_edges"], excess)
        print("| " + " | ".join(str(v) for v in (*row, f"{took:.1f}")) + " |")


if __name__ == "__main__":
    main()
