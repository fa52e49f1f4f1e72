"""From a hit to the leader who answers, with the whole chain above and the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from gridgis.dispatch.days import day_of
from gridgis.dispatch.team import Person, leader_of
from gridgis.errors import InvalidInput
from gridgis.model import Hit


@dataclass(frozen=True)
class Step:
    """A grid on the way up, and its acting leader (None: the post is vacant)."""

    code: str
    leader: Person | None

    @property
    def vacant(self) -> bool:
        """True when the grid has no acting leader."""
        return self.leader is None

    def to_dict(self, mask: bool = True) -> dict[str, Any]:
        """Return plain data; phones masked unless told otherwise."""
        leader = self.leader.to_dict(mask) if self.leader else None
        return {"code": self.code, "leader": leader, "vacant": self.vacant}


@dataclass(frozen=True)
class Assignment:
    """Who is responsible for a place on a day, and why.

    Parameters
    ----------
    grid
        The responsible grid; None outside all grids.
    leader
        Who answers; None when nobody on the chain does.
    answers_for
        The grid whose leader answers: ``grid`` itself, or the nearest one above with a leader; None if nobody.
    chain
        The responsible grid first, up to level 1, each with its leader.
    day
        The day in Asia/Shanghai whose team was asked.
    zh, en
        The reason.
    """

    grid: str | None
    leader: Person | None
    answers_for: str | None
    chain: tuple[Step, ...]
    day: date
    zh: str
    en: str

    @property
    def vacant(self) -> bool:
        """True when the responsible grid itself has no acting leader."""
        return bool(self.chain) and self.chain[0].vacant

    def to_dict(self, mask: bool = True) -> dict[str, Any]:
        """Return plain data; phones masked unless told otherwise."""
        return {
            "grid": self.grid,
            "leader": self.leader.to_dict(mask) if self.leader else None,
            "answers_for": self.answers_for,
            "vacant": self.vacant,
            "chain": [step.to_dict(mask) for step in self.chain],
            "day": self.day.isoformat(),
            "reason_zh": self.zh,
            "reason_en": self.en,
        }


def route(hit: Hit, parents: Mapping[str, str | None], team: pd.DataFrame, at: datetime) -> Assignment:
    """Find the leader who answers for a hit at an instant.

    Parameters
    ----------
    hit
        The answer of the resolver.
    parents
        Code -> code of the parent, None at the top; of all grids of the hit's revision.
    team
        A table that ``check_team`` returned.
    at
        An instant with time zone; its day in Asia/Shanghai counts.

    Raises
    ------
    InvalidInput
        The instant has no time zone, or a grid or one above it is not among ``parents``, or is its own ancestor.

    Notes
    -----
    A vacancy is reported, and the leader of the next grid above who is there answers (SEMANTICS 22).
    """
    day = day_of(at)
    where_zh, where_en = _where(hit)
    if hit.code is None:
        return Assignment(None, None, None, (), day, where_zh, where_en)
    chain = tuple(Step(code, leader_of(team, code, day)) for code in _climb(hit.code, parents))
    first = next((step for step in chain if step.leader), None)
    who_zh, who_en = _who(chain, first, day)
    return Assignment(
        grid=hit.code,
        leader=first.leader if first else None,
        answers_for=first.code if first else None,
        chain=chain,
        day=day,
        zh=f"{where_zh}；{who_zh}",
        en=f"{where_en}; {who_en}",
    )


def _climb(code: str, parents: Mapping[str, str | None]) -> list[str]:
    chain: list[str] = []
    above: str | None = code
    while above is not None:
        if above in chain or above not in parents:
            raise InvalidInput(
                f"网格 {code} 的上级链有误：{[*chain, above]} 中的 {above} 不存在或重复",
                f"the chain above grid {code} is broken: in {[*chain, above]}, {above} is unknown or comes twice",
                chain=[*chain, above],
            )
        chain.append(above)
        above = parents[above]
    return chain


def _where(hit: Hit) -> tuple[str, str]:
    if hit.code is None:
        if hit.nearest is None or hit.nearest_m is None:
            return "不在任何网格内", "in no grid"
        return (
            f"不在任何网格内；最近的网格 {hit.nearest} 相距 {hit.nearest_m:.0f} 米",
            f"in no grid; the nearest one, {hit.nearest}, is {hit.nearest_m:.0f} m away",
        )
    beside_zh, beside_en = (
        (f"，对侧为 {hit.neighbour}", f", {hit.neighbour} on the other side") if hit.neighbour else ("", "")
    )
    return {
        "shared-border": (
            f"位于边界上，按边界规则归网格 {hit.code}{beside_zh}",
            f"on a border, by the edge rule in grid {hit.code}{beside_en}",
        ),
        "outer-border": (f"位于外边界上，归网格 {hit.code}", f"on the outer border, in grid {hit.code}"),
        "overlay": (f"位于专属网格 {hit.code} 内", f"in the dedicated grid {hit.code}"),
        "place": (f"按地名归网格 {hit.code}", f"by the name of the place in grid {hit.code}"),
    }.get(hit.rule, (f"位于网格 {hit.code} 内", f"in grid {hit.code}"))


def _who(chain: tuple[Step, ...], first: Step | None, day: date) -> tuple[str, str]:
    vacant = [step.code for step in chain[: chain.index(first) if first else None]]
    if first is None or first.leader is None:
        return (
            f"{day} 从 {vacant[0]} 到 {vacant[-1]} 各级网格长均空缺，请指派",
            f"on {day} there is no leader from {vacant[0]} up to {vacant[-1]}, appoint one",
        )
    if not vacant:
        return f"由网格长{first.leader.name}负责", f"its leader {first.leader.name} answers"
    return (
        f"{day} 网格 {'、'.join(vacant)} 的网格长空缺，由上级网格 {first.code} 的网格长{first.leader.name}负责",
        f"on {day} {', '.join(vacant)} has no leader, so {first.leader.name}, leader of {first.code} above, answers",
    )
