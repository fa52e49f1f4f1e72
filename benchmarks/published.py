"""``partition_graph`` on published districting instances with proven optima (Validi and Buchanan 2021)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.case import cpu_s
from benchmarks.report import table
from gridgis.partition import partition_graph

ENV = "GRIDGIS_REAL_DATA"


def instances() -> list[Path]:
    """Return the files of the instances; none where the environment names no folder."""
    folder = os.environ.get(ENV)
    return sorted((Path(folder) / "graphs").glob("*.json")) if folder else []


def solve_all(seed: int = 0) -> Iterator[dict[str, Any]]:
    """Solve each instance once; yields name, nodes, parts, cut, optimum, excess and CPU-s."""
    for path in instances():
        case = json.loads(path.read_text(encoding="utf-8"))
        edges = np.array(case["edges"])[:, :2].astype(np.int64)
        start = cpu_s()
        _, told = partition_graph(
            case["weights"], edges, np.ones(len(edges)), case["parts"], case["lower"], case["upper"], seed
        )
        yield {
            "instance": path.stem,
            "nodes": len(case["weights"]),
            "parts": case["parts"],
            "cut edges": round(float(told["cut"])),
            "optimum": case["optimal_cut_edges"],
            "outside the bounds": int(told["excess"]),
            "CPU-s": round(cpu_s() - start, 2),
        }


def as_table(rows: list[dict[str, Any]]) -> str:
    """Return the table, or a word that there are none."""
    if not rows:
        return f"left out: {ENV} names no folder with graphs/*.json"
    return table(list(rows[0]), [list(r.values()) for r in rows])
