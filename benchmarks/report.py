"""The tables of the benchmark, as Markdown; and what the run was made with."""

from __future__ import annotations

import platform
import resource
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from benchmarks.measures import Figures

PACKAGES = (
    "gridgis", "numpy", "scipy", "shapely", "geopandas", "numba", "ortools", "pymetis", "spopt", "libpysal",
    "scikit-learn", "gerrychain", "networkx",
)  # fmt: skip
ENGINE = "gridgis"
YARDSTICK = "METIS k-way"


@dataclass(frozen=True)
class Row:
    """One method on one area at one level: its figures, or why there are none. ``given`` households went in."""

    size: str
    area_seed: int
    level: int
    method: str
    cpu_s: float
    given: int
    figures: Figures | None
    why: str = ""


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table.

    Examples
    --------
    >>> print(table(["a", "b"], [[1, "x"]]))
    | a | b |
    |---|---|
    | 1 | x |
    """
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(str(v) for v in row) + " |" for row in rows)])


def ground_table(rows: Sequence[dict[str, float]]) -> str:
    """Return one line an area, and their mean where there are several.

    Examples
    --------
    >>> print(ground_table([{"area": 7, "atoms": 2}, {"area": 8, "atoms": 5}]).splitlines()[-1])
    | mean | 3.50 |
    """
    lines = [[f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values()] for row in rows]
    if len(rows) > 1:
        means = [float(np.mean([row[key] for row in rows])) for key in list(rows[0])[1:]]
        lines.append(["mean", *(f"{m:.4g}" if m >= 100 else f"{m:.2f}" if m >= 1 else f"{m:.3f}" for m in means)])
    return table(list(rows[0]), lines)


HEAD = (
    "method", "areas", "grids", "in band", "single buildings above", "without households", "contiguous",
    "Polsby-Popper", "border km", "pairs across STRONG", "compounds split", "largest deviation", "households kept",
    "CPU-s",
)  # fmt: skip


def level_table(rows: Sequence[Row]) -> str:
    """Return the table of one size and level: means over the areas, then the ratios to METIS k-way."""
    by_method: dict[str, list[Row]] = {}
    for row in rows:
        by_method.setdefault(row.method, []).append(row)
    lines = [_line(method, of) for method, of in by_method.items()]
    return table(HEAD, [*lines, *_ratios(by_method)])


def _line(method: str, rows: Sequence[Row]) -> list[str]:
    done = [r for r in rows if r.figures is not None]
    f = [r.figures for r in rows if r.figures is not None]
    if not f:
        return [method, str(len(rows)), rows[0].why, *[""] * (len(HEAD) - 3)]
    return [
        method + (f" ({len(rows) - len(f)} without answer: {_why(rows)})" if len(f) < len(rows) else ""),
        str(len(f)),
        f"{_mean([x.grids for x in f]):.4g}",
        f"{_share_in_band(f):.1%}",
        f"{_mean([x.single for x in f]):.3g}",
        f"{_mean([x.empty for x in f]):.3g}",
        f"{_mean([x.contiguous for x in f]):.1%}",
        f"{_mean([x.polsby_popper for x in f]):.3f}",
        f"{_mean([x.border_km for x in f]):.4g}",
        f"{_mean([x.pairs_across for x in f]):.2%}",
        f"{_mean([x.compounds_split for x in f]):.1%}",
        f"{_mean([x.largest_deviation for x in f]):.0%}",
        f"{min(x.households / r.given for x, r in zip(f, done, strict=True)):.2%}",
        f"{_mean([r.cpu_s for r in done]):.3g}",
    ]


def _why(rows: Sequence[Row]) -> str:
    return "; ".join(sorted({r.why for r in rows if r.why}))


def _share_in_band(f: Sequence[Figures]) -> float:
    return 1 - sum(len(x.out_of_band) for x in f) / max(1, sum(x.judged for x in f))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def _ratios(by_method: dict[str, list[Row]]) -> list[list[str]]:
    """Return the row of what the engine is in parts of METIS k-way: each area's ratio, then the mean."""
    ours, theirs = by_method.get(ENGINE, []), by_method.get(YARDSTICK, [])
    pairs = [(a, b) for a, b in zip(ours, theirs, strict=False) if a.figures and b.figures]
    if not pairs:
        return []
    line = [""] * len(HEAD)
    line[0], line[1] = f"**{ENGINE} : {YARDSTICK}**", str(len(pairs))
    shape, border, time = zip(*(ratios(a, b) for a, b in pairs), strict=True)
    line[HEAD.index("Polsby-Popper")] = f"{_mean(shape):.2f}x"
    line[HEAD.index("border km")] = f"{_mean(border):.2f}x"
    line[HEAD.index("CPU-s")] = f"{_mean(time):.3g}x"
    return [line]


def ratios(ours: Row, theirs: Row) -> tuple[float, float, float]:
    """Return Polsby-Popper, border and time of one row in parts of another's."""
    a, b = ours.figures, theirs.figures
    assert a is not None
    assert b is not None
    return (
        a.polsby_popper / b.polsby_popper,
        a.border_km / b.border_km if b.border_km else float("nan"),
        ours.cpu_s / theirs.cpu_s if theirs.cpu_s else float("nan"),
    )


def peak_memory_gib() -> float:
    """Return the most memory that this process has held, GiB; that of other processes apart."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)


def made_with(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """Return platform and versions."""
    found = {"platform": platform.platform(), "python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
