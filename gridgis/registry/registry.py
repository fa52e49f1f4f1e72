"""Registry: the record of grids, codes, plans and people, with its whole history, in one GeoPackage (or PostGIS)."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import geopandas as gpd
import pandas as pd
import sqlalchemy as sa

from gridgis.coding import Scheme
from gridgis.dispatch.team import mask_phone
from gridgis.errors import InvalidInput, NotFound
from gridgis.geometry.shift import check_lonlat, to_stored_lonlat
from gridgis.model import DivisionPlan, Hit
from gridgis.registry import filing, finding, imports, plans, tables, team
from gridgis.registry.book import GRID_FRAME, Book, Clock, When, day_of
from gridgis.registry.cards import View, team_by_grid
from gridgis.registry.files import need_free, need_metric, whole_or_nothing
from gridgis.registry.plans import Author
from gridgis.registry.store import Store, frame, geoframe, need_registry, url_of
from gridgis.registry.team import Post, TeamChange


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


class Registry:
    """One registry. Make one with ``create``, open one with ``open``; use it with ``with``, or ``close`` it.

    A published revision never changes, so what is cached of it stays true. Days are days in Asia/Shanghai.
    """

    def __init__(self, book: Book, path: str) -> None:
        self._book = book
        self._views: dict[int, View] = {}
        self._lock = threading.Lock()
        self.path = path

    # --- making, opening ---------------------------------------------------------------------------------------

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
            File (.gpkg) or SQLAlchemy URL.
        work_crs
            The metric CRS in which everything is noded and measured, e.g. EPSG:4545.
        scheme
            Coding scheme; its whole text is kept in the registry.

        Raises
        ------
        Conflict
            The file is there already.
        InvalidInput
            The work CRS is not metric, or the folder is not there.
        """
        chosen = Scheme.load(scheme) if isinstance(scheme, str) else scheme
        need_metric(work_crs)
        need_free(path)
        store = Store(url_of(path))
        book = Book(store, name, work_crs, chosen, clock)
        with store.write() as c:
            store.create_tables(c)
            values = {"name": name, "work_crs": work_crs, "scheme_name": chosen.name, "scheme": chosen.toml}
            c.execute(sa.insert(tables.registry_meta).values(**values, version=tables.VERSION, created=clock()))
        return cls(book, str(path))

    @classmethod
    def open(cls, path_or_url: str | Path, clock: Clock = utc_now) -> Registry:
        """Open a registry.

        Raises
        ------
        NotFound
            There is no such file.
        InvalidInput
            It is no gridgis registry, or one of another version.
        """
        where = str(path_or_url)
        if "://" not in where and not Path(where).is_file():
            raise NotFound(
                f"没有注册库文件 {where}；用 gridgis registry create 新建",
                f"there is no registry file {where}; make one with: gridgis registry create",
                path=where,
            )
        store = Store(url_of(path_or_url))
        with store.read() as c:
            meta = need_registry(c, where)
        if meta.version != tables.VERSION:
            raise InvalidInput(
                f"注册库 {where} 的版本是 {meta.version}，本程序需要 {tables.VERSION}",
                f"registry {where} has version {meta.version}, this program needs {tables.VERSION}",
            )
        scheme = Scheme.from_text(meta.scheme, meta.scheme_name)
        return cls(Book(store, meta.name or "", meta.work_crs, scheme, clock), where)

    def copy_to(self, path: str | Path) -> None:
        """Write a whole copy of the registry's file, also while others write to it.

        A plain copy of a file in use may lack rows that are still in its write-ahead log.

        Raises
        ------
        Conflict
            There is a file already.
        InvalidInput
            The registry is no file, or the folder is not there.
        """
        with whole_or_nothing(path) as partial:
            self._book.store.copy_to(str(partial))

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

    # --- base layer and context --------------------------------------------------------------------------------

    def import_communities(self, communities: gpd.GeoDataFrame) -> int:
        """Add communities (code, name, street?, geometry), noded together, to the base layer; return how many are new.

        A border that is registered never moves: a community may come again only with the same border.
        """
        with self._book.store.write() as c:
            return imports.import_communities(self._book, c, communities)

    def import_context(self, layer: str, rows: gpd.GeoDataFrame) -> int:
        """Replace a context layer: roads, railways, rivers, water, walls, buildings, compounds."""
        with self._book.store.write() as c:
            return imports.import_context(c, layer, rows)

    def context(self, layer: str) -> gpd.GeoDataFrame:
        """Return a context layer, or "communities", in stored coordinates.

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
            ahead = layer == "buildings" and self._book.head(c) != self._book.number(c)
        return self.view().place_buildings(rows) if ahead else rows  # a filing for a later day has put its codes there

    def communities(self) -> gpd.GeoDataFrame:
        """Return the base layer: code, name, street, profile, geometry; stored coordinates."""
        with self._book.store.read() as c:
            return self._book.base(c).drop(columns="fid")

    # --- plans -------------------------------------------------------------------------------------------------

    def plan_new(
        self, plan: DivisionPlan, title: str, by: str, why: str = "", communities: gpd.GeoDataFrame | None = None
    ) -> int:
        """Take in a division as a draft with preview codes; return its number.

        ``communities`` enter the base layer in the same transaction, as ``import_communities`` does.
        """
        with self._book.store.write() as c:
            if communities is not None:
                imports.import_communities(self._book, c, communities)
            return plans.new_plan(self._book, c, plan, title, Author(by, why))

    def plan_revise(self, plan_id: int, plan: DivisionPlan, by: str, why: str = "") -> None:
        """Replace the content of a draft or returned plan; grids that continue keep the codes issued to them."""
        with self._book.store.write() as c:
            plans.revise_plan(self._book, c, plan_id, plan, Author(by, why))

    def plan_submit(self, plan_id: int, by: str, why: str = "") -> None:
        """Check a plan and issue its codes (上报)."""
        with self._book.store.write() as c:
            filing.submit(self._book, c, plan_id, Author(by, why))

    def plan_return(self, plan_id: int, by: str, why: str = "") -> None:
        """Send a plan back (退回); its codes stay reserved for it."""
        self._move(plan_id, "return", by, why)

    def plan_review(self, plan_id: int, by: str, why: str = "") -> None:
        """Approve a submitted plan (审核)."""
        self._move(plan_id, "review", by, why)

    def plan_withdraw(self, plan_id: int, by: str, why: str = "") -> None:
        """Give a plan up (撤回); the codes issued to it are burned."""
        self._move(plan_id, "withdraw", by, why)

    def _move(self, plan_id: int, action: str, by: str, why: str) -> None:
        with self._book.store.write() as c:
            filing.move(self._book, c, plan_id, action, Author(by, why))

    def plan_file(self, plan_id: int, by: str, why: str = "", in_force_from: Any = None) -> int:
        """Publish a reviewed plan as one new revision, in one transaction (备案); return its number.

        Parameters
        ----------
        in_force_from
            A day from today on; default today.
        """
        with self._book.store.write() as c:
            return filing.file_plan(self._book, c, plan_id, Author(by, why), in_force_from)

    def plans(self) -> pd.DataFrame:
        """Return all plans: id, title, communities, state, made_by, made_at, changed_at, revision, grids."""
        with self._book.store.read() as c:
            return plans.list_plans(c)

    def plan(self, plan_id: int) -> dict[str, Any]:
        """Return a plan's papers: title, state, possible actions, rules, report, events."""
        with self._book.store.read() as c:
            return plans.describe_plan(c, plan_id)

    def plan_grids(self, plan_id: int) -> gpd.GeoDataFrame:
        """Return a plan's grids, stored coordinates."""
        with self._book.store.read() as c:
            plans.plan_row(c, plan_id)
            return plans.drafts(c, plan_id).drop(columns=["fid", "plan_id"])

    def plan_diff(self, plan_id: int) -> pd.DataFrame:
        """Compare a plan with the last revision: old, new (codes), households_share, area_share, relation.

        Relations are those of lineage, and "new" (old is null) and "gone" (new is null).
        """
        with self._book.store.read() as c:
            row = plans.plan_row(c, plan_id)
            settled = row.state in ("submitted", "reviewed", "filed", "superseded")
            return plans.diff(plans.code_plan(self._book, c, plan_id, issued_only=settled))

    # --- revisions, grids --------------------------------------------------------------------------------------

    @property
    def revision(self) -> int:
        """Number of the revision in force today; 0 where nothing was filed."""
        with self._book.store.read() as c:
            return self._book.number(c)

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
        return View(number, grids, names, {row[0]: row[1] for row in days}, self.work_crs)

    def grids(self, level: int | None = None, kind: str | None = None, at: When = None) -> gpd.GeoDataFrame:
        """Return grids in force at a revision number or day (default today), in stored coordinates."""
        return self.view(at).choose(level, kind)

    def card(self, code: str, at: When = None, mask: bool = True) -> dict[str, Any]:
        """Return all that is told about a grid, with the chain of leaders up to level 1; phones masked by default."""
        return self.view(at).card(code, self.leaders(at), mask)

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

    # --- people ------------------------------------------------------------------------------------------------

    def team_import(self, rows: pd.DataFrame, by: str) -> TeamChange:
        """Add appointments: grid, role, name, phone?, from?, to?; those that are there get the table's last day."""
        with self._book.store.write() as c:
            return team.import_team(self._book, c, rows, by)

    def team_end(self, grid: str, role: str, name: str, day: Any, by: str = "") -> None:
        """Give an open appointment its last day, and write down who did."""
        with self._book.store.write() as c:
            team.end_appointment(self._book, c, Post(grid, role, name), day, by)

    def team(self, at: When = None, mask: bool = False) -> pd.DataFrame:
        """Return the appointments on a day (default today; a revision number means today): grid, role, name, ..."""
        with self._book.store.read() as c:
            table = team.team(c, self._day(at))
        return table.assign(phone=table["phone"].map(mask_phone)) if mask else table

    def appointments(self) -> pd.DataFrame:
        """Return the appointments of all days, ended ones and those to come too: grid, role, name, phone, from, to."""
        with self._book.store.read() as c:
            return team.team(c, None)

    def leaders(self, at: When = None) -> Mapping[str, list[dict[str, Any]]]:
        """Return the team by grid code."""
        return team_by_grid(self.team(at))

    def _day(self, at: When) -> str:
        return self._book.today() if at is None or isinstance(at, int) else day_of(at)

    # --- finding -----------------------------------------------------------------------------------------------

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
        return self.view(at).resolver.resolve(float(x), float(y), label)

    def locate_many(self, lon: Any, lat: Any, crs: str = "EPSG:4490", at: When = None) -> pd.DataFrame:
        """Tell code, base and rule for (n,) points; what is no place is outside."""
        x, y, _ = to_stored_lonlat(lon, lat, crs)
        return self.view(at).resolver.resolve_many(x, y)

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

    def check(self) -> pd.DataFrame:
        """Look for faults: rule, subject, measure, zh, en; no row when all is well."""
        with self._book.store.read() as c:
            return finding.check(self._book, c).reset_index(drop=True)
