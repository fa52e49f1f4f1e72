"""Resolver: from lon/lat to the responsible grid of one revision, and why."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from gridgis.errors import InvalidInput
from gridgis.geometry.crs import STORED_CRS, transform_xy
from gridgis.index.borders import Borders
from gridgis.index.codes import Codes, padded, parents_of
from gridgis.index.given import need_threads
from gridgis.index.grid_index import Explained, GridIndex
from gridgis.index.leaves import base_grids, chains_of, checked_grids, inner_points, overlay_grids
from gridgis.index.mapped import Bounds, map_sections
from gridgis.index.plain import Plain
from gridgis.index.point_resolver import (
    BASE,
    CODE_TABLES,
    INSIDE,
    OUTER,
    OUTSIDE,
    OVER,
    OVERLAY,
    SHARED,
    PointResolver,
    codes_of,
    head_of,
)  # fmt: skip
from gridgis.index.store import as_array, table_arrays, tables_of, write_arrays
from gridgis.model import Hit

RULES = (OUTSIDE, INSIDE, SHARED, OUTER, OVERLAY)
"""The rules, by their number in Found."""
Words = NDArray[np.object_]


class Found(NamedTuple):
    """Answers for many points, as numbers; all arrays (n,).

    ``base`` position of the base grid (-1 outside), ``over`` of the overlay grid (-1 none), ``rule`` the place of the
    rule in RULES, ``on`` whether the point is exactly on a border of base grids.
    """

    base: NDArray[np.int32]
    over: NDArray[np.int32]
    rule: NDArray[np.uint8]
    on: NDArray[np.bool_]


@dataclass(frozen=True)
class Resolver:
    """Everything needed to answer "which grid is responsible here" for one revision. Make one with ``build``.

    Parameters
    ----------
    base
        Index of the base grids; ids are positions in ``base_codes``.
    overlays
        Index of the overlay dedicated grids; None where there are none.
    codes
        The codes of all grids, and who is above whom.
    work_crs
        Metric CRS for distances.
    revision
        Revision that this is of.
    """

    base: GridIndex
    overlays: GridIndex | None
    codes: Codes
    work_crs: str
    revision: int

    @classmethod
    def build(cls, grids: gpd.GeoDataFrame, work_crs: str, revision: int) -> Resolver:
        """Index the grids of one revision.

        Parameters
        ----------
        grids
            Columns code, level, kind, mode, parent (code or null), community, geometry; in stored coordinates.
            Base grids are the leaves: comprehensive grids without comprehensive children, less what is carved out
            of them, and the carved dedicated grids. Overlay dedicated grids make a second index.
        work_crs
            Metric CRS for distances.
        revision
            Goes into every answer.

        Raises
        ------
        InvalidInput
            A column is missing, a code is null or not unique, a parent is not there or its own ancestor, the CRS is
            not the stored one, there is no base grid, or grids overlap (overlays too: they are made disjoint at
            filing).
        """
        frame = checked_grids(grids)
        base, over = base_grids(frame), overlay_grids(frame)
        codes = _codes(frame, chains_of(frame), base, over)
        overlays = _indexed(over, "叠加专属网格", "overlay grids") if len(over) else None
        return cls(_indexed(base, "基础网格", "base grids"), overlays, codes, work_crs, revision)

    def save(self, path: str | Path, key: str) -> None:
        """Write a file that ``open`` maps; same resolver and key, same bytes.

        Parameters
        ----------
        path
            Appears whole or not at all.
        key
            Says of which registry and revision this is: ``open`` wants the same.
        """
        c = self.codes
        head = {"key": key, "revision": self.revision, "work_crs": self.work_crs, "width": c.width}
        arrays = {"head": _bytes(json.dumps(head, sort_keys=True).encode()), "codes": np.asarray(c.text)}
        arrays |= {name: np.asarray(getattr(c, name)) for name in CODE_TABLES}
        arrays |= table_arrays(self.base.tables, BASE)
        if self.overlays is not None:
            arrays |= table_arrays(self.overlays.tables, OVER)
        write_arrays(Path(path), arrays, self.base.bounds)

    @classmethod
    def open(cls, path: str | Path, key: str) -> Resolver:
        """Map what ``save`` wrote, read-only; processes that open the same file share it.

        Raises
        ------
        InvalidInput
            The file is not there, is no index, of another version, truncated, changed, or has another key.
        """
        sections, bounds = map_sections(Path(path))
        head = head_of(sections, path, key)
        codes = codes_of(sections, head)
        arrays = {name: as_array(section) for name, section in sections.items()}
        overlays = _index(arrays, OVER, bounds) if f"{OVER}frame" in arrays else None
        return cls(_index(arrays, BASE, bounds), overlays, codes, head["work_crs"], head["revision"])

    @cached_property
    def points(self) -> PointResolver:
        """The same answers for single points, in plain Python."""
        over = None if self.overlays is None else Plain(self.overlays.tables)
        borders = Borders(self.base.tables, self.work_crs)
        return PointResolver(Plain(self.base.tables), over, borders, self.codes, self.revision)

    @cached_property
    def base_codes(self) -> Words:
        """Codes of the base grids, ascending."""
        return np.array([self.codes[k] for k in self.codes.base], dtype=object)

    @cached_property
    def words(self) -> Words:
        """Codes of the base grids, then those of the overlay dedicated grids."""
        return np.array([*self.base_codes, *(self.codes[k] for k in self.codes.overlays)], dtype=object)

    @cached_property
    def places(self) -> dict[str, int]:
        """Code -> its place in ``words``."""
        return {code: k for k, code in enumerate(self.words.tolist())}

    def resolve(self, lon: float, lat: float, crs: str = STORED_CRS) -> Hit:
        """Answer for one point in stored coordinates.

        Parameters
        ----------
        lon, lat
            Degrees, already converted to EPSG:4490 (``gridgis.geometry.shift``).
        crs
            Label of the coordinates that the caller gave; it is only passed on into the answer.

        Raises
        ------
        InvalidInput
            A point that cannot be meant (``check_lonlat``): not finite, (0, 0), swapped, out of range.

        Notes
        -----
        ``border_m`` is measured in the work CRS, the border running straight there between its vertices. A point
        outside every base grid may still be answered by an overlay: then ``base`` is None and ``code`` is not.
        """
        return self.points.resolve(lon, lat, crs)

    def find(self, lon: ArrayLike, lat: ArrayLike, threads: int = 1) -> Found:
        """Answer for (n,) points in stored coordinates, as numbers. NaN and infinite numbers are outside."""
        why = self.base.explain(lon, lat, threads=threads)
        if self.overlays is None:
            over = np.full(len(why.position), -1, dtype=np.int32)
        else:
            over = self.overlays.locate(lon, lat, threads=threads)
        return Found(why.position, over, _rules(why, over), why.touching > 0)

    def resolve_many(self, lon: ArrayLike, lat: ArrayLike, threads: int = 1) -> pd.DataFrame:
        """Answer for (n,) points in stored coordinates.

        Returns
        -------
        Columns code, base (None outside), rule, in the order of the points. NaN and infinite numbers are outside.
        """
        found = self.find(lon, lat, threads)
        words = np.array([*self.words, None], dtype=object)  # so that -1 is nowhere
        base, rule = words[found.base], np.array(RULES, dtype=object)[found.rule]
        code = np.where(found.over >= 0, words[len(self.base_codes) + found.over], base)
        return pd.DataFrame({"code": code, "base": base, "rule": rule}, dtype=object)

    def border_distances(self, found: Found, lon: ArrayLike, lat: ArrayLike, threads: int = 1) -> NDArray[np.float64]:
        """Return how far (n,) points are from the border of their base grid, metres; NaN outside."""
        from gridgis.index.kernels.nearest import border_distances

        threads = need_threads(threads)
        t, metres = self.base.tables, self._metres
        xy = transform_xy(np.column_stack([lon, lat]).astype(np.float64), STORED_CRS, self.work_crs)
        position = np.where(np.isfinite(xy).all(axis=1), found.base, -1)
        out = np.full(len(xy), np.nan)
        cuts = [len(xy) * k // threads for k in range(threads + 1)]

        def measure(a: int, b: int) -> None:
            border_distances(position[a:b], xy[a:b], metres, t.ends, t.start, t.owned, out[a:b])

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(measure, cuts[:-1], cuts[1:]))
        out[found.on & (found.base >= 0)] = 0.0
        return out

    @cached_property
    def _metres(self) -> NDArray[np.float64]:
        return transform_xy(self.base.tables.vertices, STORED_CRS, self.work_crs)


def _codes(
    frame: gpd.GeoDataFrame, chains: dict[str, tuple[str, ...]], base: gpd.GeoDataFrame, over: gpd.GeoDataFrame
) -> Codes:
    codes = frame["code"].tolist()
    text, width = padded(codes)
    coarse = (base["kind"] == "comprehensive") & (base["level"] == 1)
    inside = inner_points(frame.geometry.to_numpy()).ravel()
    parents = np.array(parents_of(codes, chains), dtype=np.int32)
    at = {code: k for k, code in enumerate(codes)}
    bases, overs = (np.array([at[c] for c in table["code"]], dtype=np.int32) for table in (base, over))
    return Codes(_bytes(text), width, parents, bases, overs, coarse.to_numpy(dtype=np.uint8), inside)


def _bytes(text: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(text, dtype=np.uint8)


def _index(arrays: dict[str, NDArray[Any]], prefix: str, bounds: Bounds) -> GridIndex:
    tables = tables_of(arrays, prefix)
    return GridIndex([tables], np.arange(len(tables.names) - 1, dtype=np.int32), bounds)


def _indexed(frame: gpd.GeoDataFrame, zh: str, en: str) -> GridIndex:
    """Build an index; its errors name codes in place of positions."""
    try:
        return GridIndex.build(frame.geometry.to_numpy())
    except InvalidInput as e:
        fields: dict[str, Any] = dict(e.fields)
        codes = frame["code"].tolist()
        named = fields.get("ids") or [k for pair in fields.get("pairs", []) for k in pair]
        fields["codes"] = [codes[k] for k in dict.fromkeys(named)]
        shown = fields["codes"][:5]
        raise InvalidInput(f"{zh} {shown}：{e.zh}", f"{en} {shown}: {e.en}", **fields) from e


def _rules(why: Explained, over: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Return the number of the rule that decided for each point."""
    rules = np.zeros(len(over), dtype=np.uint8)
    rules[why.position >= 0] = RULES.index(OUTER)
    rules[why.shifted_in & (why.touching == 0)] = RULES.index(INSIDE)
    rules[why.shifted_in & (why.touching > 1)] = RULES.index(SHARED)
    rules[over >= 0] = RULES.index(OVERLAY)
    return rules
