"""The card of a grid: what is told of it, and its chain of leaders. Plain values only; the standard library alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gridgis.errors import NotFound

CARD_COLUMNS = (
    "code", "name", "level", "kind", "mode", "category", "site_id", "community", "parent", "households", "area_m2",
    "state", "flags",
)  # fmt: skip
"""What a card needs of a grid's row."""

Team = Mapping[str, list[dict[str, Any]]]
"""Code -> its appointments (dispatch.team.TEAM_COLUMNS)."""


@dataclass(frozen=True)
class Cards:
    """Makes the cards of the grids of one revision.

    Parameters
    ----------
    revision
        Its number.
    rows
        Code -> its row (CARD_COLUMNS), with those of all grids above.
    communities
        Code -> name, street.
    first_days
        Code -> the day it first came into force.
    centres
        Code -> lon, lat of a point well inside it.
    """

    revision: int
    rows: Mapping[str, dict[str, Any]]
    communities: Mapping[str, dict[str, Any]]
    first_days: Mapping[str, str]
    centres: Mapping[str, list[float]]

    def chain(self, code: str) -> list[str]:
        """Return the codes from a grid up to level 1, itself first."""
        out: list[str] = []
        at: str | None = code
        while at is not None and at in self.rows and at not in out:
            out.append(at)
            at = self.rows[at]["parent"]
        return out

    def card(self, code: str, team: Team, mask: bool = True) -> dict[str, Any]:
        """Return all that is told about a grid, with its chain of leaders.

        Parameters
        ----------
        code
            A code of this revision.
        team
            Who acts.
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
        community = self.communities.get(row["community"], {})
        people = [_who(p, mask) for p in team.get(code, []) if p["role"] != "leader"]
        return {
            "code": code,
            **{k: row[k] for k in ("name", "level", "kind", "mode", "category", "site_id")},
            "community": {"code": row["community"], "name": community.get("name")},
            "street": community.get("street") if community else row["name"],
            "parent": row["parent"],
            "chain": [self._link(c, team, mask) for c in self.chain(code)],
            "leader": leader_of_grid(team.get(code, []), mask),
            "administrators": people,
            **{k: row[k] for k in ("households", "area_m2", "state")},
            "flags": [f for f in (row["flags"] or "").split(",") if f],
            "valid_from": self.first_days.get(code),
            "revision": self.revision,
            "centre": self.centres[code],
        }

    def _link(self, code: str, team: Team, mask: bool) -> dict[str, Any]:
        leader = leader_of_grid(team.get(code, []), mask)
        row = self.rows[code]
        return {"code": code, "name": row["name"], "level": row["level"], "leader": leader, "vacant": leader is None}


def leader_of_grid(people: list[dict[str, Any]], mask: bool) -> dict[str, Any] | None:
    """Return name, role and phone of the leader among a grid's people; None where the post is vacant."""
    return next((_who(p, mask) for p in people if p["role"] == "leader"), None)


def _who(person: dict[str, Any], mask: bool) -> dict[str, Any]:
    phone = person["phone"]
    if mask:
        from gridgis.dispatch.team import mask_phone

        phone = mask_phone(phone)
    return {"name": person["name"], "role": person["role"], "phone": phone}
