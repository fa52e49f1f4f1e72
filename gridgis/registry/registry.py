"""Registry: the record of grids, codes, plans and people, with its whole history, in a GeoPackage or in PostGIS."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

import geopandas as gpd
import pandas as pd
import sqlalchemy as sa

from gridgis.coding import Scheme
from gridgis.coding.regions import RegionList
from gridgis.errors import NotFound
from gridgis.registry import check, copying, imports, joint, merging, opening, tables
from gridgis.registry.book import Book, Clock
from gridgis.registry.files import whole_or_nothing
from gridgis.registry.index_cache import cache_path
from gridgis.registry.opening import New
from gridgis.registry.regions import set_regions
from gridgis.registry.store import Store, geoframe, shown, url_of
from gridgis.registry.with_plans import WithPlans
from gridgis.registry.with_views import WithViews


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


class Registry(WithPlans, WithViews):
    """One registry. Make one with ``create``, open one with ``open``; use it with ``with``, or ``close`` it.

    Days are days in Asia/Shanghai. ``path`` is its address: a file, or a URL without the password.
    """

    def __init__(self, book: Book, path: str) -> None:
        super().__init__(book)
        self.path = path

    @classmethod
    def create(
        cls,
        path: str | Path,
        *,
        work_crs: str,
        scheme: str | Scheme = "national-15",
        name: str = "",
        clock: Clock = utc_now,
    ) -> Registry:
        """Make a new, empty registry.

        Parameters
        ----------
        path
            A file (.gpkg), or a URL: postgresql://USER@HOST/DATABASE?schema=NAME.
        work_crs
            The metric CRS in which everything is noded and measured, e.g. EPSG:4545.
        scheme
            Coding scheme; its whole text is kept in the registry.

        Raises
        ------
        Conflict
            There is a registry, or a file, already.
        InvalidInput
            The work CRS is not metric, or the folder is not there.
        """
        chosen = Scheme.load(scheme) if isinstance(scheme, str) else scheme
        return cls(opening.create(path, New(name, work_crs, chosen), clock), shown(path))

    @classmethod
    def open(cls, path_or_url: str | Path, clock: Clock = utc_now) -> Registry:
        """Open a registry.

        Raises
        ------
        NotFound
            There is no such file, or no registry in the database.
        InvalidInput
            It is no gridgis registry, or one of another version.
        Unavailable
            The database cannot be reached.
        """
        return cls(opening.open_book(path_or_url, clock), shown(path_or_url))

    def copy_to(self, address: str | Path) -> dict[str, int]:
        """Copy the whole registry to a file or a database, also while others write; return the rows of each table.

        All rows are of one moment, keep their numbers, and are compared with those they came from. (A plain copy of a
        file in use may lack rows that are still in its write-ahead log.)

        Raises
        ------
        Conflict
            There is a registry, or a file, already.
        InvalidInput
            The folder is not there.
        """
        with whole_or_nothing(address) as partial:
            target = Store(url_of(partial), tables.metadata)
            try:
                return copying.copy(self._book.store, target, shown(address))
            finally:
                target.close()

    def close(self) -> None:
        """Let go of the file."""
        self._book.store.close()

    def __enter__(self) -> Registry:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    @property
    def name(self) -> str:
        """Name of the registry."""
        return self._book.name

    @property
    def work_crs(self) -> str:
        """The metric CRS."""
        return self._book.work_crs

    @property
    def scheme(self) -> Scheme:
        """The coding scheme."""
        return self._book.scheme

    @property
    def version(self) -> int:
        """Version of the tables."""
        return tables.VERSION

    # --- base layer and context --------------------------------------------------------------------------------

    def import_communities(self, communities: gpd.GeoDataFrame) -> int:
        """Add communities (code, name, street?, geometry), noded together, to the base layer; return how many are new.

        A border that is registered never moves: a community may come again only with the same border.
        """
        with self._book.store.write() as c:
            return imports.import_communities(self._book, c, communities)

    def merge_communities(self, codes: Iterable[str], name: str = "", code: str | None = None, office: str = "") -> str:
        """Add a community that is made of several to the base layer, to be divided as one; return its code.

        Nothing changes in force until a plan of it is filed, which ends the grids of its members. Asked again for the
        same communities it returns the same code; another name is taken then, and logged as a warning
        (``gridgis.registry``), where the community was never in force and no open plan is of it.

        Parameters
        ----------
        codes
            The communities: of one street, touching along edges.
        code
            The code of the new community. Default: the next one that the scheme has for such (cjt349-20: 601 on).
        office
            For which office (not verified): one that may take in plans (``powers``, "new").

        Raises
        ------
        Forbidden
            The registry's powers do not let this office take in plans.
        NotFound
            A community is not in the base layer.
        InvalidInput
            Fewer than two, not of one street, not side by side, or the scheme has no codes for such and none is given.
        Conflict
            The code is that of another community, or the name can no longer be another.
        """
        with self._book.store.write() as c:
            return merging.merge_communities(self._book, c, codes, name, code, office)

    def set_regions(self, regions: RegionList) -> int:
        """Keep a list of region codes, in the place of the one before; return how many rows it has.

        From then on submitting a plan reports those of its communities that the list lacks.
        """
        with self._book.store.write() as c:
            return set_regions(c, regions)

    def import_context(self, layer: str, rows: gpd.GeoDataFrame) -> int:
        """Replace a context layer: roads, railways, rivers, water, walls, buildings, compounds."""
        with self._book.store.write() as c:
            return imports.import_context(c, layer, rows)

    def context(self, layer: str) -> gpd.GeoDataFrame:
        """Return a context layer, or "communities" (those divided now, where some are merged), in stored coordinates.

        Raises
        ------
        NotFound
            There is no such layer.
        """
        if layer not in imports.CONTEXT:
            known = list(imports.CONTEXT)
            raise NotFound(f"没有图层“{layer}”；可用：{known}", f"no layer '{layer}'; there are: {known}", layer=layer)
        table = imports.CONTEXT[layer]
        with self._book.store.read() as c:
            rows = geoframe(c, sa.select(table).order_by(table.c.fid)).drop(columns="fid")
            if layer == "communities":
                rows = rows[~rows["code"].isin(joint.hidden(c))].reset_index(drop=True)
            ahead = layer == "buildings" and self._book.head(c) != self._book.number(c)
        return self.view().place_buildings(rows) if ahead else rows  # a filing for a later day has put its codes there

    def communities(self) -> gpd.GeoDataFrame:
        """Return the base layer: code, name, street, profile, members (if merged), geometry; stored coordinates."""
        with self._book.store.read() as c:
            return self._book.base(c).drop(columns="fid")

    def check(self) -> pd.DataFrame:
        """Look for faults: rule, subject, measure, zh, en; no row when all is well."""
        with self._book.store.read() as c:
            return check.check(self._book, c, cache_path(self.path))
