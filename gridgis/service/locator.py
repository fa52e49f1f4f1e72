"""Locator: the read-only view of a registry that api, maps and the command line use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import geopandas as gpd
import pandas as pd

from gridgis.errors import NotFound
from gridgis.geometry.shift import check_lonlat, to_stored_lonlat
from gridgis.model import Hit
from gridgis.registry import Registry
from gridgis.registry.book import When
from gridgis.registry.cards import View


@dataclass(frozen=True)
class _Snapshot:
    """What is held of the registry between two refreshes."""

    view: View
    leaders: Mapping[str, list[dict[str, Any]]]
    context: dict[str, gpd.GeoDataFrame]


class Locator:
    """Answers from the revision in force, held in memory; ``refresh`` swaps to a newer one.

    A question under way finishes on the snapshot it began with: the snapshot is replaced as a whole.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._now = self._take()

    @classmethod
    def open(cls, path_or_url: str | Path) -> Locator:
        """Open a registry for reading.

        Raises
        ------
        NotFound
            There is no such file.
        InvalidInput
            It is no gridgis registry.
        """
        return cls(Registry.open(path_or_url))

    def close(self) -> None:
        """Let go of the registry."""
        self._registry.close()

    def __enter__(self) -> Locator:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _take(self) -> _Snapshot:
        view = self._registry.view()
        if view.revision:
            _ = view.resolver  # built now, so that no question waits for it
        return _Snapshot(view, self._registry.leaders(), {})

    def refresh(self) -> bool:
        """Take in a newer revision, and the team of today; return whether the revision changed."""
        before, after = self._now, self._take()
        news = after.view.revision != before.view.revision
        self._now = after if news else replace(after, context=before.context)
        return news

    @property
    def revision(self) -> int:
        """Number of the revision that answers; 0 where nothing was filed."""
        return self._now.view.revision

    @property
    def name(self) -> str:
        """Name of the registry."""
        return self._registry.name

    @property
    def work_crs(self) -> str:
        """The metric CRS of the registry."""
        return self._registry.work_crs

    def locate(self, lon: float, lat: float, crs: str = "EPSG:4490", at: When = None) -> Hit:
        """Tell which grid is responsible at a point, and why; see ``Registry.locate``."""
        if at is not None:
            return self._registry.locate(lon, lat, crs, at)
        check_lonlat(lon, lat)
        x, y, label = to_stored_lonlat(lon, lat, crs)
        return self._now.view.resolver.resolve(float(x), float(y), label)

    def locate_many(self, lon: Any, lat: Any, crs: str = "EPSG:4490", at: When = None) -> pd.DataFrame:
        """Tell code, base and rule for (n,) points; what is no place is outside."""
        if at is not None:
            return self._registry.locate_many(lon, lat, crs, at)
        x, y, _ = to_stored_lonlat(lon, lat, crs)
        return self._now.view.resolver.resolve_many(x, y)

    def place(self, name: str, limit: int = 20) -> list[tuple[str, str, Hit]]:
        """Find buildings and estates by name: (name, kind, hit), exact matches first."""
        return self._registry.places(name, limit)

    def card(self, code: str, mask: bool = True) -> dict[str, Any]:
        """Return the card of a grid in force, with its chain of leaders; phones masked by default."""
        now = self._now
        return now.view.card(code, now.leaders, mask)

    def card_at(self, code: str, at: When = None, mask: bool = True) -> dict[str, Any]:
        """Return the card of a grid as of a revision or day."""
        return self.card(code, mask) if at is None else self._registry.card(code, at, mask)

    def history(self, code: str) -> pd.DataFrame:
        """Return the versions of a code; its lineage as ``attrs["lineage"]``."""
        return self._registry.history(code)

    def team(self, at: When = None, mask: bool = True) -> pd.DataFrame:
        """Return the team on a day; phones masked by default."""
        return self._registry.team(at, mask)

    def grids(self, level: int | None = None, kind: str | None = None) -> gpd.GeoDataFrame:
        """Return the grids in force, stored coordinates."""
        found = self._now.view.grids
        if level is not None:
            found = found[found["level"].fillna(0) == level]
        if kind is not None:
            found = found[found["kind"] == kind]
        return found.reset_index(drop=True)

    def context(self, layer: str) -> gpd.GeoDataFrame:
        """Return a context layer: roads, railways, rivers, water, walls, buildings, compounds, communities."""
        held = self._now.context
        if layer not in held:
            held[layer] = self._registry.context(layer)
        return held[layer]

    def search(self, text: str, limit: int = 20) -> list[dict[str, Any]]:
        """Find by code, name or "lon, lat": dicts of kind, label, code (grids), lon, lat."""
        return self._registry.search(text, limit)


def need_revision(locator: Locator) -> int:
    """Return the revision that answers.

    Raises
    ------
    NotFound
        Nothing was filed yet.
    """
    if not locator.revision:
        raise NotFound(
            "注册库中还没有生效的网格；请先备案一个方案（gridgis plan file）",
            "nothing is in force in this registry yet; file a plan first (gridgis plan file)",
        )
    return locator.revision
