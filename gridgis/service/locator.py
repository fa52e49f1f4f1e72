"""Locator: the read-only view of a registry that api, maps and the command line use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import geopandas as gpd
import pandas as pd

from gridgis.geometry.shift import check_lonlat, to_stored_lonlat
from gridgis.model import Hit
from gridgis.registry import Registry, finding
from gridgis.registry.book import When, is_number
from gridgis.registry.cards import View


@dataclass(frozen=True)
class Snapshot:
    """One revision with its team: all answers of one request come from one snapshot, so that they agree.

    Parameters
    ----------
    registry
        Where the names and layers of the context are read; these have no revisions.
    view
        The grids.
    leaders
        Code -> its appointments.
    layers
        Context layers read so far.
    """

    registry: Registry
    view: View
    leaders: Mapping[str, list[dict[str, Any]]]
    layers: dict[str, gpd.GeoDataFrame] = field(default_factory=dict)

    @property
    def revision(self) -> int:
        """Its number; 0 where nothing was filed."""
        return self.view.revision

    @property
    def parents(self) -> dict[str, str | None]:
        """Code -> code of the grid above, None at the top."""
        return {code: row["parent"] for code, row in self.view.rows.items()}

    def locate(self, lon: float, lat: float, crs: str = "EPSG:4490") -> Hit:
        """Tell which grid is responsible at a point, and why; see ``Registry.locate``."""
        check_lonlat(lon, lat)
        x, y, label = to_stored_lonlat(lon, lat, crs)
        return self.view.resolver.resolve(float(x), float(y), label)

    def locate_many(self, lon: Any, lat: Any = None, crs: str = "EPSG:4490") -> pd.DataFrame:
        """Tell code, base and rule for (n,) points; see ``Registry.locate_many``."""
        return self.view.locate_many(lon, lat, crs)

    def place(self, name: str, limit: int = 20) -> list[tuple[str, str, Hit]]:
        """Find buildings and estates by name: (name, kind, hit), exact matches first.

        Raises
        ------
        InvalidInput
            The name is empty.
        """
        resolver = self.view.resolver
        found = self.registry.named(name, limit)
        return [(p["label"], p["kind"], resolver.resolve(p["lon"], p["lat"])) for p in found]

    def search(self, text: str, limit: int = 20) -> list[dict[str, Any]]:
        """Find grids, estates, buildings, roads by code or name, or a "lon, lat": kind, label, code, lon, lat."""
        return finding.search(self.view, partial(self.registry.named, roads=True), text, limit)

    def card(self, code: str, mask: bool = True) -> dict[str, Any]:
        """Return the card of a grid, with its chain of leaders; phones masked by default."""
        return self.view.card(code, self.leaders, mask)

    def grids(self, level: int | None = None, kind: str | None = None) -> gpd.GeoDataFrame:
        """Return the grids, stored coordinates."""
        return self.view.choose(level, kind)

    def context(self, layer: str) -> gpd.GeoDataFrame:
        """Return a context layer: roads, railways, rivers, water, walls, buildings, compounds, communities."""
        if layer not in self.layers:
            self.layers[layer] = self.registry.context(layer)
        return self.layers[layer]


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

    def _take(self) -> Snapshot:
        view = self._registry.view()
        if view.revision:
            _ = view.resolver, view.cards  # made now, so that no question waits for them
        return Snapshot(self._registry, view, self._registry.leaders())

    def refresh(self) -> bool:
        """Take in a newer revision, and the team of today; return whether the revision changed."""
        before, after = self._now, self._take()
        news = after.revision != before.revision
        self._now = after if news else replace(after, layers=before.layers)
        return news

    def snapshot(self, at: When = None) -> Snapshot:
        """Return the revision that answers now, or that of a revision number or day; take it once a request."""
        now = self._now
        if at is None or (is_number(at) and at == now.revision):
            return now
        return Snapshot(self._registry, self._registry.view(at), self._registry.leaders(at), now.layers)

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
        return self.snapshot(at).locate(lon, lat, crs)

    def locate_many(self, lon: Any, lat: Any = None, crs: str = "EPSG:4490", at: When = None) -> pd.DataFrame:
        """Tell code, base and rule for (n,) points; see ``Registry.locate_many``."""
        return self.snapshot(at).locate_many(lon, lat, crs)

    def place(self, name: str, limit: int = 20, at: When = None) -> list[tuple[str, str, Hit]]:
        """Find buildings and estates by name: (name, kind, hit), exact matches first."""
        return self.snapshot(at).place(name, limit)

    def card(self, code: str, mask: bool = True) -> dict[str, Any]:
        """Return the card of a grid in force, with its chain of leaders; phones masked by default."""
        return self._now.card(code, mask)

    def history(self, code: str) -> pd.DataFrame:
        """Return the versions of a code; its lineage as ``attrs["lineage"]``."""
        return self._registry.history(code)

    def team(self, at: When = None, mask: bool = True) -> pd.DataFrame:
        """Return the team on a day; phones masked by default."""
        return self._registry.team(at, mask)

    def appointments(self) -> pd.DataFrame:
        """Return the appointments of all days, phones not masked; see ``Registry.appointments``."""
        return self._registry.appointments()

    def revisions(self) -> pd.DataFrame:
        """Return all revisions: number, plan_id, filed_at, in_force_from, filed_by."""
        return self._registry.revisions()

    def grids(self, level: int | None = None, kind: str | None = None) -> gpd.GeoDataFrame:
        """Return the grids in force, stored coordinates."""
        return self._now.grids(level, kind)

    def context(self, layer: str) -> gpd.GeoDataFrame:
        """Return a context layer: roads, railways, rivers, water, walls, buildings, compounds, communities."""
        return self._now.context(layer)

    def search(self, text: str, limit: int = 20) -> list[dict[str, Any]]:
        """Find by code, name or "lon, lat"; see ``Snapshot.search``."""
        return self._now.search(text, limit)


def need_revision(locator: Locator) -> int:
    """Return the revision that answers.

    Raises
    ------
    NotFound
        Nothing is in force.
    """
    locator.snapshot().view.need_grids()
    return locator.revision
