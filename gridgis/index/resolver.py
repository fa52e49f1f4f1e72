"""Resolver: from lon/lat to the responsible grid of one revision, and why."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from gridgis.errors import InvalidInput
from gridgis.geometry.crs import STORED_CRS
from gridgis.geometry.shift import check_lonlat
from gridgis.index.borders import Borders
from gridgis.index.grid_index import Explained, GridIndex
from gridgis.index.leaves import base_grids, chains_of, checked_grids, overlay_grids
from gridgis.model import Hit

INSIDE, SHARED, OUTER, OVERLAY, OUTSIDE = "inside", "shared-border", "outer-border", "overlay", "outside"


@dataclass(frozen=True)
class Resolver:
    """Everything needed to answer "which grid is responsible here" for one revision. Make one with ``build``.

    Parameters
    ----------
    base
        Index of the base grids; ids are positions in ``base_codes``.
    base_codes
        Codes of the base grids, ascending.
    overlays
        Index of the overlay dedicated grids; None where there are none.
    overlay_codes
        Their codes, ascending.
    borders
        The base grids' borders in metres.
    chains
        For each code the codes from it up to level 1, itself first.
    precisions
        For each base code: grid | community.
    revision
        Revision that this is of.
    """

    base: GridIndex
    base_codes: NDArray[np.object_]
    overlays: GridIndex | None
    overlay_codes: NDArray[np.object_]
    borders: Borders
    chains: MappingProxyType[str, tuple[str, ...]]
    precisions: MappingProxyType[str, str]
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
        index = _indexed(base, "基础网格", "base grids")
        levels = zip(base["code"], base["level"], base["kind"], strict=True)
        precisions = {c: "community" if kind == "comprehensive" and level == 1 else "grid" for c, level, kind in levels}
        return cls(
            base=index,
            base_codes=base["code"].to_numpy(dtype=object),
            overlays=_indexed(over, "叠加专属网格", "overlay grids") if len(over) else None,
            overlay_codes=over["code"].to_numpy(dtype=object),
            borders=Borders(index.tables, work_crs),
            chains=MappingProxyType(chains_of(frame)),
            precisions=MappingProxyType(precisions),
            revision=revision,
        )

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
        check_lonlat(lon, lat)
        why = self.base.explain([lon], [lat])
        position, over = int(why.position[0]), self._overlay_positions([lon], [lat])[0]
        base = None if position < 0 else str(self.base_codes[position])
        code = base if over < 0 else str(self.overlay_codes[over])
        rule = str(_rules(why, np.array([over]))[0])
        nearest: str | None = None
        nearest_m = border_m = None
        across = -1
        if base is not None:
            border_m, across = self.borders.nearest_border(position, lon, lat)
            if why.touching[0]:
                border_m = 0.0  # exactly on it; in the work CRS an edge of 1-2 km may pass a centimetre or two beside
        else:
            nearest_m, k = self.borders.nearest_polygon(lon, lat)
            nearest = None if k < 0 else str(self.base_codes[k])
        return Hit(
            lon=float(lon),
            lat=float(lat),
            crs=crs,
            revision=self.revision,
            code=code,
            base=base,
            chain=self.chains[base] if base else (),
            rule=rule,
            precision=self._precision(base, over >= 0),
            border_m=border_m,
            neighbour=None if across < 0 else str(self.base_codes[across]),
            nearest=nearest,
            nearest_m=nearest_m,
        )

    def resolve_many(self, lon: ArrayLike, lat: ArrayLike) -> pd.DataFrame:
        """Answer for (n,) points in stored coordinates.

        Returns
        -------
        Columns code, base (None outside), rule, in the order of the points. NaN and infinite numbers are outside.
        """
        why = self.base.explain(lon, lat)
        over = self._overlay_positions(lon, lat)
        base = _pick(self.base_codes, why.position)
        code = np.where(over >= 0, _pick(self.overlay_codes, over), base)
        return pd.DataFrame({"code": code, "base": base, "rule": _rules(why, over)}, dtype=object)

    def _overlay_positions(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.int32]:
        if self.overlays is None:
            return np.full(np.shape(lon), -1, dtype=np.int32)
        return self.overlays.locate(lon, lat)

    def _precision(self, base: str | None, overlaid: bool) -> str | None:
        if overlaid:
            return "grid"
        return None if base is None else self.precisions[base]


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


def _pick(codes: NDArray[np.object_], positions: NDArray[np.int32]) -> NDArray[np.object_]:
    out = np.full(len(positions), None, dtype=object)
    out[positions >= 0] = codes[positions[positions >= 0]]
    return out


def _rules(why: Explained, over: NDArray[np.int32]) -> NDArray[np.object_]:
    """Name the rule that decided for each point."""
    rules = np.full(len(over), OUTSIDE, dtype=object)
    rules[why.position >= 0] = OUTER
    rules[why.shifted_in & (why.touching == 0)] = INSIDE
    rules[why.shifted_in & (why.touching > 1)] = SHARED
    rules[over >= 0] = OVERLAY
    return rules
