"""Use case: a table of points to the grid that each lies in, from file to file, a part at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gridgis.errors import GridgisError, InvalidInput
from gridgis.geometry.lonlat import STORED_CRS
from gridgis.geometry.shift import canonical_crs
from gridgis.index import Resolver
from gridgis.io.plan_file import check_output
from gridgis.io.point_files import Part, PointWriter, plain_texts, read_points
from gridgis.model import Progress, need_columns, no_progress
from gridgis.service.events import place_hit
from gridgis.service.locator import Locator, Snapshot
from gridgis.service.point_answers import NONE, PRECISIONS, RULE_WORDS, Answers, as_words, find_points

FOUND_COLUMNS = (
    "grid_code", "grid_base", "grid_rule", "grid_precision", "grid_border_m", "grid_revision", "grid_answers_for",
    "grid_leader", "grid_note",
)  # fmt: skip
"""What is added to a table of points; the user's own columns stay as they are."""

POINT_COLUMNS = ("code", "base", "rule", "precision", "note")
"""What is told of each point."""

POINT_HEADS = {
    "经度": "lon",
    "纬度": "lat",
    "lng": "lon",
    "longitude": "lon",
    "latitude": "lat",
    "x": "lon",
    "y": "lat",
}
"""Other column heads of a table of points."""

NOTHING = ("", "NA", "N/A", "NaN", "nan", "NULL", "null")
"""Texts that say nothing in the columns lon, lat, crs and place; in other columns they are texts like others."""

OUT_SUFFIXES = (".csv", ".parquet")
_THREADS = os.cpu_count() or 1


@dataclass(frozen=True)
class Counts:
    """How many points there were, in a grid, and unusable (their note says why); the others are outside."""

    points: int
    found: int
    unusable: int


def locate_file(
    locator: Locator,
    path: str | Path,
    out: str | Path,
    crs: str = "EPSG:4490",
    at: Any = None,
    progress: Progress = no_progress,
    layer: str | None = None,
) -> Counts:
    """Look up the points of a table and write it with FOUND_COLUMNS, in bounded memory; see ``locate_table``.

    Parameters
    ----------
    path
        CSV, Excel, Parquet or GeoPackage.
    out
        CSV or Parquet; it appears whole or not at all.
    progress
        Called with ("points", done, total), in what the reader counts: rows, or bytes of a CSV file.
    layer
        Layer of a GeoPackage, where several have geometries.

    Raises
    ------
    InvalidInput
        As ``locate_table`` and ``check_output``.
    """
    check_output(out, (path,), OUT_SUFFIXES)
    counts = Counts(0, 0, 0)
    try:
        with PointWriter(out) as writer:
            for part, done, total in _parts(locator, path, crs, at, layer):
                writer.write(part)
                counts = _counted(counts, part)
                progress("points", done, total)
            _need_one_good(counts, part, path)
    except OSError as e:
        raise InvalidInput(f"无法写入 {out}：{e}", f"cannot write {out}: {e}", path=str(out)) from e
    return counts


def locate_table(
    locator: Locator, path: str | Path, crs: str = "EPSG:4490", at: Any = None, layer: str | None = None
) -> pd.DataFrame:
    """Look up the points of a table.

    Parameters
    ----------
    path
        CSV, Excel, Parquet or GeoPackage with the columns lon and lat, or points; a column crs says for each row what
        its coordinates are, a column place names the building or estate where a row has neither lon nor lat.
    crs
        Coordinates of the rows for which no column says it. Geometries have a CRS of their own, by which they are
        brought to stored coordinates: neither ``crs`` nor a column crs goes with them.
    layer
        Layer of a GeoPackage, where several have geometries.

    Returns
    -------
    DataFrame
        The table with FOUND_COLUMNS; a point that cannot be meant (0, 0; swapped; no number; unknown coordinates; a
        place that is not there, or ambiguous) has no code and says why in ``grid_note``. ``grid_border_m`` is the
        distance to the border of the base grid in metres; ``grid_leader`` answers, for ``grid_answers_for``: the grid,
        or the one above where a post is vacant.

    Raises
    ------
    InvalidInput
        There are no columns lon and lat, there is one of FOUND_COLUMNS already, geometries are given a second CRS, or
        no point can be meant.
    """
    parts = [part for part, _, _ in _parts(locator, path, crs, at, layer)]
    counts = Counts(0, 0, 0)
    for part in parts:
        counts = _counted(counts, part)
    _need_one_good(counts, parts[-1], path)
    table: pd.DataFrame = pa.concat_tables([plain_texts(part) for part in parts]).to_pandas().astype(object)
    return table.where(table.notna(), None)


def _parts(
    locator: Locator, path: str | Path, crs: str, at: Any, layer: str | None
) -> Iterator[tuple[pa.Table, int, int]]:
    """Give the located parts of a table, with how far they lie in the file."""
    canonical_crs(crs)
    asked = locator.snapshot(at)
    team = _Team(asked)
    for part in read_points(path, POINT_HEADS, layer):
        _need_point_columns(part, path)
        _need_one_crs(part, crs, path)
        yield _located(asked, team, part, crs), part.done, part.total


def _need_point_columns(part: Part, path: str | Path) -> None:
    need_columns(pd.DataFrame(columns=part.table.column_names), part.xy, str(path))
    if taken := [c for c in FOUND_COLUMNS if c in part.table.column_names]:
        raise InvalidInput(
            f"{path} 中已有列 {taken}，结果会覆盖它们；请先改名或删去",
            f"{path} has the columns {taken} already, and the answers would overwrite them; rename or remove them",
            path=str(path),
            columns=taken,
        )


def _need_one_crs(part: Part, crs: str, path: str | Path) -> None:
    """Refuse a second CRS for geometries: their points would be shifted twice."""
    if not part.from_shapes:
        return
    if canonical_crs(crs) != STORED_CRS:
        wrong = (f"--crs {crs} 不用于它", f"--crs {crs} does not go with it")
    elif "crs" in part.table.column_names:
        wrong = ("列 crs 不用于它（请改名或删去）", "its column crs does not go with it (rename or remove it)")
    else:
        return
    raise InvalidInput(
        f"{path} 的几何有自己的坐标系，按它换算；{wrong[0]}。"
        "若坐标实为 GCJ-02 或 BD-09，请改用有列 lon、lat 而无几何的表",
        f"the geometries of {path} have a CRS of their own, which counts; {wrong[1]}. If they are in fact GCJ-02 or "
        "BD-09, give a table with columns lon and lat, without geometries",
        path=str(path),
        crs=crs,
    )


def _counted(counts: Counts, part: pa.Table) -> Counts:
    found, notes = (len(part) - part[name].null_count for name in ("grid_code", "grid_note"))
    return Counts(counts.points + len(part), counts.found + found, counts.unusable + notes)


def count_points(table: pd.DataFrame) -> Counts:
    """Count the rows of a located table."""
    return Counts(len(table), int(table["grid_code"].notna().sum()), int(table["grid_note"].notna().sum()))


def _need_one_good(counts: Counts, part: pa.Table, path: str | Path) -> None:
    if counts.points and counts.unusable == counts.points:
        why = part["grid_note"][-1].as_py()
        raise InvalidInput(f"{path} 中没有可用的点：{why}", f"no point of {path} can be used: {why}", path=str(path))


def _located(asked: Snapshot, team: _Team, part: Part, crs: str) -> pa.Table:
    """Add FOUND_COLUMNS to some rows: by their coordinates or, where they have none, by their place."""
    resolver, table = asked.view.resolver, part.table
    lon, lat = (_numbers(table[name]) for name in part.xy)
    labels, places = _texts(table, "crs"), _texts(table, "place")
    missing = np.array(pc.and_(*(_missing(table[name]) for name in part.xy)), dtype=bool)
    missing[list(part.no_points)] = False
    named = missing & np.array([bool(p) for p in places], dtype=bool)
    label = np.array([text or crs for text in labels], dtype=object)
    found = Answers.empty(len(table))
    for one in sorted({crs}.union(labels) - {""}):
        rows = np.flatnonzero(~named & (label == one))
        found.put(rows, find_points(resolver, lon[rows], lat[rows], one, threads=_THREADS, distances=True))
    for row in np.flatnonzero(named).tolist():
        try:
            found.put_hit(row, place_hit(asked, places[row]), resolver)
        except GridgisError as e:
            found.note[row] = str(e)
    for row in np.flatnonzero(~missing & (np.isnan(lon) | np.isnan(lat))).tolist():
        found.note[row] = _no_coordinates(part, row)
    answers_for, leader = team.of(found.code)
    columns = {
        **_told(found, resolver),
        "border_m": pa.array(np.round(found.border_m, 1), from_pandas=True),
        "revision": pa.array(np.full(len(table), asked.revision)),
        "answers_for": answers_for,
        "leader": leader,
    }
    for name in FOUND_COLUMNS:
        table = table.append_column(name, columns[name.removeprefix("grid_")])
    return table


def _no_coordinates(part: Part, row: int) -> str:
    """Say what stands in the place of coordinates."""
    if kind := part.no_points.get(row):
        return str(InvalidInput(f"{kind} 不是单个点；请改为点", f"a {kind} is no point; make it one point"))
    at = ", ".join(str(part.table[name][row].as_py()) for name in part.xy)
    return str(
        InvalidInput(f"坐标 ({at}) 不是数字；请给出经度和纬度（度），只写数字，如 109.02",
                     f"({at}) is no number; give longitude and latitude in degrees, digits only, as 109.02")
    )  # fmt: skip


def _told(found: Answers, resolver: Resolver) -> dict[str, pa.Array]:
    """Return POINT_COLUMNS."""
    return {
        "code": as_words(found.code, resolver.words),
        "base": as_words(found.base, resolver.words),
        "rule": as_words(found.rule, RULE_WORDS),
        "precision": as_words(found.precision, PRECISIONS),
        "note": pa.array(found.note, pa.string()),
    }


def _missing(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Tell which cells say nothing."""
    missing = pc.is_null(column, nan_is_null=True)
    if pa.types.is_string(column.type):
        missing = pc.or_(missing, pc.is_in(pc.utf8_trim_whitespace(column), value_set=pa.array(NOTHING)))
    return missing


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Return a column as numbers; NaN where a cell is none."""
    try:
        trimmed = pc.utf8_trim_whitespace(column) if pa.types.is_string(column.type) else column
        return np.asarray(trimmed.cast(pa.float64()).to_numpy(), dtype=np.float64)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return np.asarray(pd.to_numeric(column.to_pandas(), errors="coerce").to_numpy(dtype=np.float64))


def _texts(table: pa.Table, name: str) -> list[str]:
    """Return the texts of a column, trimmed; empty where there is none."""
    if name not in table.column_names:
        return [""] * len(table)
    texts = (value.strip() if isinstance(value, str) else "" for value in table[name].to_pylist())
    return ["" if text in NOTHING else text for text in texts]


class _Team:
    """Who answers for each grid: looked up when a grid first comes up."""

    def __init__(self, asked: Snapshot) -> None:
        self._asked = asked
        self._words = asked.view.resolver.words
        self._known = np.zeros(len(self._words), dtype=bool)
        self._answers_for = np.full(len(self._words), NONE, dtype=np.int32)
        self._names: list[str] = []
        self._leader = np.full(len(self._words), NONE, dtype=np.int32)
        self._codes: list[str] = []

    def of(self, code: NDArray[np.int32]) -> tuple[pa.Array, pa.Array]:
        """Return for which grid somebody answers, and the leader's name, for places in ``Resolver.words``."""
        seen = np.unique(code[code >= 0])
        for k in seen[~self._known[seen]].tolist():
            self._look_up(k)
        inside = code >= 0
        answers_for, leader = (np.where(inside, table[code], NONE) for table in (self._answers_for, self._leader))
        return as_words(answers_for, self._codes), as_words(leader, self._names)

    def _look_up(self, k: int) -> None:
        self._known[k] = True
        links = [link for link in self._asked.card(str(self._words[k]))["chain"] if link["leader"]]
        if links:
            self._answers_for[k] = self._leader[k] = len(self._codes)
            self._codes.append(links[0]["code"])
            self._names.append(links[0]["leader"]["name"])


def locate_points(asked: Snapshot, lon: Any, lat: Any, crs: str = "EPSG:4490") -> dict[str, list[str | None]]:
    """Look up (n,) points of one kind of coordinates.

    Returns
    -------
    dict
        POINT_COLUMNS, each (n,) texts: None where there is nothing to say. A point that cannot be meant has only a
        note, which says why; a point outside has the rule "outside".
    """
    resolver = asked.view.resolver
    found = find_points(resolver, lon, lat, crs, threads=_THREADS)
    return {name: array.to_pylist() for name, array in _told(found, resolver).items()}
