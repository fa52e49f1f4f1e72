"""What a registry answers: revisions, grids, codes and points, today and on any past day."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import sqlalchemy as sa

from gridgis.errors import NotFound
from gridgis.geometry.shift import check_lonlat, to_stored_lonlat
from gridgis.model import Hit
from gridgis.registry import finding, past, tables
from gridgis.registry.book import GRID_FRAME, Book, When
from gridgis.registry.cards import View
from gridgis.registry.index_cache import cache_key, cache_path
from gridgis.registry.store import frame
from gridgis.registry.with_team import WithTeam


class WithViews(WithTeam):
    """Reading what was published. A revision never changes, so what is cached of it stays true."""

    path: str
    """Its address."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._views: dict[int, View] = {}
        self._lock = threading.Lock()

    @property
    def revision(self) -> int:
        """Number of the revision in force today; 0 where nothing was filed."""
        with self._book.store.read() as c:
            return self._book.number(c)

    @property
    def head(self) -> int:
        """Number of the last revision published, which may take force on a later day; 0 where nothing was filed."""
        with self._book.store.read() as c:
            return self._book.head(c)

    def revisions(self) -> pd.DataFrame:
        """Return all revisions: number, plan_id, filed_at, in_force_from, filed_by."""
        with self._book.store.read() as c:
            return self._book.revisions(c)

    def view(self, at: When = None) -> View:
        """Return the revision in force at a revision number or day (default today), cached."""
        with self._book.store.read() as c:
            number = self._book.number(c, at)
            names = self._names(c)
            with self._lock:  # threads share what is cached
                held = self._views.get(number)
                if held is not None and held.communities.equals(names):
                    return held
                view = self._read_view(c, number, names)
                if number == 0:  # what is filed later changes what it tells
                    return view
                self._views.pop(number, None)
                if len(self._views) >= 3:
                    self._views.pop(next(iter(self._views)))
                self._views[number] = view
        return view

    def _names(self, c: sa.Connection) -> pd.DataFrame:
        """Return code, name, street and profile of the communities: these may change within a revision."""
        x = tables.community.c
        return frame(c, sa.select(x.code, x.name, x.street, x.profile).order_by(x.code))

    def _read_view(self, c: sa.Connection, number: int, names: pd.DataFrame) -> View:
        g, r = tables.grid.c, tables.revision.c
        first = sa.select(g.code, sa.func.min(g.valid_from).label("n")).group_by(g.code).subquery()
        days = c.execute(sa.select(first.c.code, r.in_force_from).join(tables.revision, r.number == first.c.n))
        grids = self._book.grids(c, number)[GRID_FRAME]
        days_of = {row[0]: row[1] for row in days}
        begins = self._book.first_day(c) if number == 0 else None
        return View(number, grids, names, days_of, self._book.work_crs, self._cache(c, number), begins)

    def _cache(self, c: sa.Connection, number: int) -> tuple[Path, str] | None:
        """Return file and key of a revision's index, where it is the one in force."""
        r = tables.revision.c
        seal = c.execute(sa.select(r.seal).where(r.number == number)).scalar()
        if seal is None or number != self._book.number(c):
            return None
        return cache_path(self.path), cache_key(self._book.work_crs, number, seal)

    def grids(self, level: int | None = None, kind: str | None = None, at: When = None) -> gpd.GeoDataFrame:
        """Return grids in force at a revision number or day (default today), in stored coordinates."""
        return self.view(at).choose(level, kind)

    def card(self, code: str, at: When = None, mask: bool = True) -> dict[str, Any]:
        """Return all that is told about a grid, with the chain of leaders up to level 1; phones masked by default."""
        return self.view(at).card(code, self.leaders(at), mask)

    def vacancies(self, at: When = None) -> pd.DataFrame:
        """Return the grids without an acting leader: code, name, level, title, answers (who leads the grid above)."""
        view, team = self.view(at), self.leaders(at)
        return pd.DataFrame(view.vacancies(team), columns=["code", "name", "level", "title", "answers"])

    def history(self, code: str) -> pd.DataFrame:
        """Return the versions of a code: valid_from, valid_to (revisions), days, note; and its lineage as ``attrs``.

        Raises
        ------
        NotFound
            The code was never in force.
        """
        g, r, x = tables.grid.c, tables.revision.c, tables.lineage.c
        columns = [g[c] for c in GRID_FRAME if c != "geometry"]
        query = sa.select(*columns, r.in_force_from).join(tables.revision, r.number == g.valid_from)
        with self._book.store.read() as c:
            versions = frame(c, query.where(g.code == code).order_by(g.valid_from))
            kin = sa.select(x.old, x.new, x.households_share, x.area_share, x.relation, x.revision)
            lineage = frame(c, kin.where((x.old == code) | (x.new == code)).order_by(x.revision, x.old, x.new))
        if not len(versions):
            raise NotFound(f"编码 {code} 从未生效", f"code {code} was never in force", code=code)
        versions.attrs["lineage"] = lineage.to_dict("records")
        return versions

    def lineage(self) -> pd.DataFrame:
        """Return the lineage of all revisions."""
        with self._book.store.read() as c:
            return frame(c, sa.select(tables.lineage).order_by(tables.lineage.c.fid)).drop(columns="fid")

    def issued_codes(self) -> pd.DataFrame:
        """Return all codes ever issued: code, plan_id, issued_at, state (ledger.states.CODE_STATES)."""
        i = tables.issued_code.c
        with self._book.store.read() as c:
            return frame(c, sa.select(i.code, i.plan_id, i.issued_at, i.state).order_by(i.code))

    def locate(self, lon: float, lat: float, crs: str = "EPSG:4490", at: When = None) -> Hit:
        """Tell which grid is responsible at a point, and why.

        Parameters
        ----------
        lon, lat
            Degrees, in ``crs``.
        crs
            EPSG:4490, EPSG:4326, GCJ-02 or BD-09.
        at
            A revision number or a day; default today.

        Raises
        ------
        InvalidInput
            (0, 0), swapped, or no number.
        NotFound
            Nothing is in force.
        """
        check_lonlat(lon, lat)
        x, y, label = to_stored_lonlat(lon, lat, crs)
        hit = None if at is None else self._locate_past(float(x), float(y), label, at)
        return self.view(at).resolver.resolve(float(x), float(y), label) if hit is None else hit

    def _locate_past(self, lon: float, lat: float, label: str, at: When) -> Hit | None:
        """Answer from the store, where the revision has no index in memory."""
        with self._book.store.read() as c:
            number = self._book.number(c, at)
            held = number == 0 or number in self._views
            return None if held else past.locate(self._book, c, number, lon, lat, label)

    def locate_many(self, lon: Any, lat: Any = None, crs: str = "EPSG:4490", at: When = None) -> pd.DataFrame:
        """Tell code, base and rule for (n,) points, by all cores; what is no place is outside.

        ``lon``, ``lat`` are columns of numbers of any kind; or ``lon`` alone is a GeoSeries of points, or a table with
        the columns lon and lat (``index.inputs.stored_points``).
        """
        return self.view(at).locate_many(lon, lat, crs)

    def places(self, name: str, limit: int = 20) -> list[tuple[str, str, Hit]]:
        """Find buildings and estates by name: (name, kind, hit), exact matches first."""
        resolver = self.view().resolver
        return [(p["label"], p["kind"], resolver.resolve(p["lon"], p["lat"])) for p in self.named(name, limit)]

    def named(self, name: str, limit: int = 20, roads: bool = False) -> list[dict[str, Any]]:
        """Find buildings and estates (and roads) of the context by name: kind, label, lon, lat; best first."""
        with self._book.store.read() as c:
            return finding.named_places(c, name, limit, roads)

    def search(self, text: str, limit: int = 20) -> list[dict[str, Any]]:
        """Find grids, estates, buildings, roads by code or name, or a "lon, lat"; see ``finding.search``."""
        return finding.search(self.view(), partial(self.named, roads=True), text, limit)
