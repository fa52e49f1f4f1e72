"""One revision as seen by a reader: its grids, its resolver, and the card of each grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from gridgis.dispatch.team import mask_phone, title_of
from gridgis.errors import NotFound
from gridgis.index import Resolver
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
    """

    revision: int
    grids: gpd.GeoDataFrame
    communities: pd.DataFrame
    first_days: Mapping[str, str]
    work_crs: str

    @cached_property
    def resolver(self) -> Resolver:
        """The point lookup of this revision.

        Raises
        ------
        NotFound
            Nothing was filed yet.
        """
        if not len(self.grids):
            raise NotFound(
                "注册库中还没有生效的网格；请先备案一个方案（gridgis plan file）",
                "nothing is in force in this registry yet; file a plan first (gridgis plan file)",
            )
        return Resolver.build(self.grids, self.work_crs, self.revision)

    @cached_property
    def rows(self) -> dict[str, dict[str, Any]]:
        """Code -> its row as plain values."""
        return {str(row["code"]): row for row in plain_rows(pd.DataFrame(self.grids.drop(columns="geometry")))}

    @cached_property
    def centres(self) -> dict[str, list[float]]:
        """Code -> lon, lat of a point well inside it."""
        points = shapely.point_on_surface(self.grids.geometry.to_numpy())
        return {str(c): [round(p.x, 9), round(p.y, 9)] for c, p in zip(self.grids["code"], points, strict=True)}

    @cached_property
    def _communities(self) -> dict[str, dict[str, Any]]:
        return {str(row["code"]): row for row in plain_rows(self.communities)}

    def choose(self, level: int | None = None, kind: str | None = None) -> gpd.GeoDataFrame:
        """Return the grids of a level, of a kind."""
        found = self.grids
        if level is not None:
            found = found[found["level"].fillna(0) == level]
        if kind is not None:
            found = found[found["kind"] == kind]
        return found.reset_index(drop=True)

    def chain(self, code: str) -> list[str]:
        """Return the codes from a grid up to level 1, itself first."""
        out: list[str] = []
        at: str | None = code
        while at is not None and at in self.rows and at not in out:
            out.append(at)
            at = self.rows[at]["parent"]
        return out

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

    def card(self, code: str, team: Mapping[str, list[dict[str, Any]]], mask: bool = True) -> dict[str, Any]:
        """Return all that is told about a grid, with its chain of leaders.

        Parameters
        ----------
        code
            A code of this revision.
        team
            Code -> its appointments (dispatch.team.TEAM_COLUMNS).
        mask
            Hide the middle of phone numbers.

        Raises
        ------
        NotFound
            The code is not in force in this revision.
        """
        if code not in self.rows:
            raise NotFound(
                f"第 {self.revision} 版中没有网格 {code}",
                f"there is no grid {code} in revision {self.revision}",
                code=code,
            )
        row = self.rows[code]
        community = self._communities.get(row["community"], {})
        people = [_who(p, mask) for p in team.get(code, []) if p["role"] != "leader"]
        return {
            "code": code,
            **{k: row[k] for k in ("name", "level", "kind", "mode", "category", "site_id")},
            "community": {"code": row["community"], "name": community.get("name")},
            "street": community.get("street") if community else row["name"],
            "parent": row["parent"],
            "chain": [self._link(c, team, mask) for c in self.chain(code)],
            "leader": _leader(team.get(code, []), mask),
            "administrators": people,
            **{k: row[k] for k in ("households", "area_m2", "state")},
            "flags": [f for f in (row["flags"] or "").split(",") if f],
            "valid_from": self.first_days.get(code),
            "revision": self.revision,
            "centre": self.centres[code],
        }

    def vacancies(self, team: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
        """Return the grids without a leader, with the title of the post, and who answers: the next one above."""
        out = []
        for code, row in self.rows.items():
            if _leader(team.get(code, []), True) is None:
                above = (_leader(team.get(c, []), True) for c in self.chain(code)[1:])
                answers = next((person["name"] for person in above if person), None)
                title = title_of("leader", row["level"])
                out.append(
                    {"code": code, "name": row["name"], "level": row["level"], "title": title, "answers": answers}
                )
        return out

    def _link(self, code: str, team: Mapping[str, list[dict[str, Any]]], mask: bool) -> dict[str, Any]:
        leader = _leader(team.get(code, []), mask)
        row = self.rows[code]
        return {"code": code, "name": row["name"], "level": row["level"], "leader": leader, "vacant": leader is None}


def _leader(people: list[dict[str, Any]], mask: bool) -> dict[str, Any] | None:
    return next((_who(p, mask) for p in people if p["role"] == "leader"), None)


def _who(person: dict[str, Any], mask: bool) -> dict[str, Any]:
    phone = mask_phone(person["phone"]) if mask else person["phone"]
    return {"name": person["name"], "role": person["role"], "phone": phone}


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
