"""One revision as seen by a reader: its grids, its resolver, and the cards of its grids."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from gridgis.dispatch.team import title_of
from gridgis.errors import NotFound
from gridgis.index import Resolver
from gridgis.index.inputs import stored_points
from gridgis.index.leaves import inner_points
from gridgis.registry.card import Cards, Team, leader_of_grid
from gridgis.registry.index_cache import open_or_build
from gridgis.registry.store import plain_rows


@dataclass(frozen=True)
class View:
    """The grids of one revision, never changing; what is dear is made when first asked for.

    Parameters
    ----------
    revision
        Its number; 0 where nothing was filed.
    grids
        Columns of registry.book.GRID_FRAME, stored coordinates.
    communities
        code, name, street.
    first_days
        Code -> the day it first came into force.
    work_crs
        Metric CRS for distances.
    cache
        File and key of its index, for the revision in force; None for others, whose index is not kept.
    begins
        Where nothing is in force: the day from which the first revision is; None where nothing was filed.
    """

    revision: int
    grids: gpd.GeoDataFrame
    communities: pd.DataFrame
    first_days: Mapping[str, str]
    work_crs: str
    cache: tuple[Path, str] | None = None
    begins: str | None = None

    @cached_property
    def resolver(self) -> Resolver:
        """The point lookup of this revision.

        Raises
        ------
        NotFound
            Nothing is in force.
        """
        self.need_grids()
        return self.build() if self.cache is None else open_or_build(*self.cache, self.build)

    def need_grids(self) -> None:
        """Refuse to answer where nothing is in force.

        Raises
        ------
        NotFound
            Nothing was filed yet, or not for this day.
        """
        if self.begins is not None:
            raise NotFound(
                f"当日还没有生效的网格；第一版自 {self.begins} 起生效",
                f"nothing was in force on that day; the first revision is in force from {self.begins}",
                begins=self.begins,
            )
        if not len(self.grids):
            raise NotFound(
                "注册库中还没有生效的网格；请先备案一个方案（gridgis plan file）",
                "nothing is in force in this registry yet; file a plan first (gridgis plan file)",
            )

    def build(self) -> Resolver:
        """Build the point lookup from the grids."""
        return Resolver.build(self.grids, self.work_crs, self.revision)

    @cached_property
    def rows(self) -> dict[str, dict[str, Any]]:
        """Code -> its row as plain values."""
        return {str(row["code"]): row for row in plain_rows(pd.DataFrame(self.grids.drop(columns="geometry")))}

    @cached_property
    def centres(self) -> dict[str, list[float]]:
        """Code -> lon, lat of a point well inside it."""
        inner = inner_points(self.grids.geometry.to_numpy())
        return {str(c): p for c, p in zip(self.grids["code"], inner.tolist(), strict=True)}

    def choose(self, level: int | None = None, kind: str | None = None) -> gpd.GeoDataFrame:
        """Return the grids of a level, of a kind."""
        found = self.grids
        if level is not None:
            found = found[found["level"].fillna(0) == level]
        if kind is not None:
            found = found[found["kind"] == kind]
        return found.reset_index(drop=True)

    @cached_property
    def cards(self) -> Cards:
        """The cards of its grids."""
        communities = {str(row["code"]): row for row in plain_rows(self.communities)}
        return Cards(self.revision, self.rows, communities, self.first_days, self.centres)

    def chain(self, code: str) -> list[str]:
        """Return the codes from a grid up to level 1, itself first."""
        return self.cards.chain(code)

    def locate_many(self, lon: Any, lat: Any, crs: str) -> pd.DataFrame:
        """Tell code, base and rule for (n,) points, with the index of pandas input; see ``Registry.locate_many``."""
        found = self.resolver.resolve_many(*stored_points(lon, lat, crs), threads=os.cpu_count() or 1)
        return found.set_axis(lon.index) if isinstance(lon, pd.Series | pd.DataFrame) else found

    def place_buildings(self, buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Return buildings (stored coordinates) with the grids of this revision: columns level2, level3, dedicated."""
        points = shapely.point_on_surface(buildings.geometry.to_numpy())
        base: list[str | None] = [None] * len(buildings)
        if len(self.grids):
            base = self.resolver.resolve_many(shapely.get_x(points), shapely.get_y(points))["base"].tolist()
        kinds: list[dict[str, str]] = [
            {str(self.rows[c]["level"] or "dedicated"): c for c in (self.chain(code) if code else [])} for code in base
        ]
        names = {"level2": "2", "level3": "3", "dedicated": "dedicated"}
        index = buildings.index
        columns = {k: pd.Series([kind.get(v) for kind in kinds], index, dtype=object) for k, v in names.items()}
        return buildings.assign(**columns)

    def card(self, code: str, team: Team, mask: bool = True) -> dict[str, Any]:
        """Return all that is told about a grid, with its chain of leaders; see ``Cards.card``."""
        return self.cards.card(code, team, mask)

    def vacancies(self, team: Team) -> list[dict[str, Any]]:
        """Return the grids without a leader, with the title of the post, and who answers: the next one above."""
        out = []
        for code, row in self.rows.items():
            if leader_of_grid(team.get(code, []), True) is None:
                above = (leader_of_grid(team.get(c, []), True) for c in self.chain(code)[1:])
                answers = next((person["name"] for person in above if person), None)
                title = title_of("leader", row["level"])
                out.append(
                    {"code": code, "name": row["name"], "level": row["level"], "title": title, "answers": answers}
                )
        return out


def team_by_grid(team: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """Group a team table by grid.

    Examples
    --------
    >>> table = pd.DataFrame({"grid": ["a"], "role": ["leader"], "name": ["X"], "phone": [None]})
    >>> team_by_grid(table)["a"][0]["name"]
    'X'
    """
    out: dict[str, list[dict[str, Any]]] = {}
    for row in plain_rows(team):
        out.setdefault(str(row["grid"]), []).append(row)
    return out
