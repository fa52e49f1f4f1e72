"""The tables of the lookup benchmark, with what is to be reached beside what is."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks.lookup.exact import Checked
from benchmarks.lookup.ours import COMPACT, PLAIN, Built, Gather, Scalar
from benchmarks.lookup.peers import DuckDB, PointTree, SedonaDB, ShapelyTree
from benchmarks.lookup.postgis import PostGIS
from benchmarks.lookup.race import Lap
from benchmarks.report import table

YARDSTICK = ShapelyTree.name
WANTED = {
    ("county", PLAIN): (80, 150),
    ("county", COMPACT): (60, 80),
    ("national", PLAIN): (45, 90),
    ("county", PointTree.name): (40, 60),
    ("county", DuckDB.name): (80, 100),
    ("county", SedonaDB.name): (50, 75),
    ("county", PostGIS.name): (500, 700),
}
"""How many times faster than shapely's STRtree an index must be, and should; or than a peer, the plain index."""
ON_VERTEX = (9, 20)
"""The same on points that are vertices."""
OF_RAW = {PLAIN: (9.0, None), COMPACT: (5.0, 3.0)}
EDGES_PER_S, SCALAR, THREADS = (0.8, 1.5), (25, 40), (1.6, 1.9)


@dataclass
class Result:
    """All that was measured at one size."""

    size: str
    cells: int
    edges: int
    vertices: int
    built: list[Built] = field(default_factory=list)
    peers: dict[str, Lap] = field(default_factory=dict)
    sets: dict[str, dict[str, Lap]] = field(default_factory=dict)
    checked: dict[str, dict[str, Checked]] = field(default_factory=dict)
    differ: dict[str, dict[str, int]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    scalar: Scalar | None = None
    threads: float | None = None


def _wanted(of: tuple[float, float | None] | None) -> list[str]:
    return ["", ""] if of is None else [f"{v:g}" if v else "" for v in of]


def _times(value: float) -> str:
    return f"{value:.0f}" if value >= 20 else f"{value:.1f}" if value >= 2 else f"{value:.2f}"


def peers_table(result: Result) -> str:
    """Return all engines on uniform points."""
    head = ["way", "points", "M points/CPU-s", "to STRtree", "of the limit", "GridIndex to it", "gate", "aim"]
    laps = {name: lap for name, lap in result.peers.items() if not lap.why}
    about = f"Uniform points, {result.cells:,} cells, {result.edges:,} edges, {result.vertices:,} vertices:"
    lines = [_peer_line(result, name, lap, laps) for name, lap in result.peers.items()]
    return f"{about}\n\n{table(head, lines)}"


def _peer_line(result: Result, name: str, lap: Lap, laps: dict[str, Lap]) -> list[str]:
    if lap.why:
        return [name, lap.why, *[""] * 6]
    note = f" ({result.notes[name]})" if name in result.notes else ""
    limit = laps.get(f"{Gather.name}, table as large as {name}")
    is_ours = name in (PLAIN, COMPACT)
    against = not is_ours and PLAIN in laps and not name.startswith(Gather.name)
    return [
        f"**{name}**" if is_ours else name + note,
        f"{lap.points:,}",
        f"{lap.rate / 1e6:.3g}",
        _times(lap.rate / laps[YARDSTICK].rate),
        f"{lap.rate / limit.rate:.1%}" if limit else "",
        _times(laps[PLAIN].rate / lap.rate) if against else "",
        *_wanted(WANTED.get((result.size, name))),
    ]


def sets_table(result: Result) -> str:
    """Return the indexes and the yardstick on each set of points, and how many answers are wrong."""
    head = ["points", "way", "M points/CPU-s", "to STRtree", "gate", "aim",
            "asked the oracle", "mismatches", "grids a point", "unlike shapely"]  # fmt: skip
    lines = []
    for at, laps in result.sets.items():
        for name, checked in result.checked[at].items():
            ours, tree = laps[name], laps[YARDSTICK]
            if ours.why or tree.why:
                lines.append([at, name, ours.why or tree.why, *[""] * 7])
                continue
            want = ON_VERTEX if at == "on-vertex" else WANTED.get((result.size, name)) if at == "uniform" else None
            held = f"{checked.least}" if checked.least == checked.most else f"{checked.least} to {checked.most}"
            differ = str(result.differ[at][name]) + f" of {tree.points:,}" if at in result.differ else ""
            lines.append([
                at, name, f"{ours.rate / 1e6:.3g} : {tree.rate / 1e6:.3g}", _times(ours.rate / tree.rate),
                *_wanted(want), f"{checked.points:,}", str(checked.mismatches), held, differ,
            ])  # fmt: skip
    return f"All sets of points:\n\n{table(head, lines)}"


def figures_table(result: Result) -> str:
    """Return sizes, times and ratios of the index alone."""
    lines: list[list[str]] = []
    for b in result.built:
        size = f"{b.array_bytes / 1e6:.4g} MB, file {b.file_bytes / 1e6:.4g} MB"
        lines += [
            [f"{b.kind}: times the raw coordinates", f"{b.of_raw:.3g} ({size})", *_wanted(OF_RAW[b.kind])],
            [f"{b.kind}: M unique edges built per CPU-s", f"{b.edges_per_s / 1e6:.3g} ({b.cpu_s:.3g} CPU-s)",
             *_wanted(EDGES_PER_S)],
            [f"{b.kind}: memory at the peak of the build, GiB more", f"{b.peak_gib:.3g}", "", ""],
            [f"{b.kind}: opened and first call answered, s", f"{b.open_s:.3g}", "", ""],
        ]  # fmt: skip
    if result.scalar:
        s = result.scalar
        told = f"{_times(s.shapely_us / s.ours_us)} ({s.ours_us:.3g} : {s.shapely_us:.3g} us)"
        lines.append(["scalar call against shapely Point + STRtree", told, *_wanted(SCALAR)])
    threads = "no such option" if result.threads is None else f"{result.threads:.2f}"
    lines.append(["two threads against one, wall time", threads, *_wanted(THREADS)])
    return f"The index alone:\n\n{table(['figure', 'measured', 'gate', 'aim'], lines)}"
