"""The team of a grid (网格队伍): its table, what is wrong with it, and who acts on a day."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from gridgis.dispatch.days import to_day, to_text
from gridgis.errors import InvalidInput
from gridgis.model import REPORT_COLUMNS, need_columns

TEAM_COLUMNS = ("grid", "role", "name", "phone", "from", "to")
"""``grid`` is a code; ``from`` and ``to`` are days in Asia/Shanghai, both included; empty ``to``: no end yet."""

ROLES = {"leader": "网格长", "administrator": "网格员", "part_time": "兼职网格员"}
"""Roles, with their Chinese names; a table may use either."""

LEADER_TITLES = {"一级网格长": 1, "二级网格长": 2, "三级网格长": 3, "专属网格长": None}
"""Titles of leaders, with the level of their grid (None: a dedicated one); a table may use these in place of a role."""

_ROLE_OF = {**{zh: role for role, zh in ROLES.items()}, **{role: role for role in ROLES}, "网格管理员": "administrator"}
_ROLE_OF |= dict.fromkeys(LEADER_TITLES, "leader") | {"part-time": "part_time"}
_PHONE = re.compile(r"\+?[0-9][0-9 -]{4,18}[0-9]")


@dataclass(frozen=True)
class Person:
    """Somebody who acts for a grid. ``phone`` is in clear text: mask it before showing it to the public."""

    name: str
    role: str
    phone: str

    def to_dict(self, mask: bool = True) -> dict[str, str]:
        """Return plain data, the phone masked unless told otherwise."""
        return {"name": self.name, "role": self.role, "phone": mask_phone(self.phone) if mask else self.phone}


def role_of(text: str) -> str:
    """Return a role in English, given in either language.

    Examples
    --------
    >>> role_of("网格长"), role_of("leader"), role_of("part-time")
    ('leader', 'leader', 'part_time')
    """
    if text not in _ROLE_OF:
        roles = [f"{k}（{v}）" for k, v in ROLES.items()]
        raise InvalidInput(
            f"未知角色“{text}”；应为 {'、'.join(roles)}", f"unknown role '{text}'; there are {list(ROLES)}", rule="role"
        )
    return _ROLE_OF[text]


def title_of(role: str, level: int | None) -> str:
    """Return the Chinese title of somebody in a role at a grid of a level (None: a dedicated grid).

    Examples
    --------
    >>> title_of("leader", 2), title_of("leader", None), title_of("administrator", 3)
    ('二级网格长', '专属网格长', '网格员')
    """
    if role != "leader":
        return ROLES[role]
    return next(title for title, of in LEADER_TITLES.items() if of == level)


def mask_phone(phone: str | None) -> str:
    """Hide the middle of a phone number: all digits but the first three and last four; of a short one but the last two.

    Examples
    --------
    >>> mask_phone("13800001234"), mask_phone("0915-3212345"), mask_phone("12345"), mask_phone(None)
    ('138****1234', '091*-***2345', '***45', '')
    """
    text = to_text(phone)
    digits = [k for k, c in enumerate(text) if c.isdigit()]
    shown = {*digits[:3], *digits[-4:]} if len(digits) > 8 else set(digits[-2:])
    return "".join("*" if k in set(digits) - shown else c for k, c in enumerate(text))


def checked_phone(phone: str) -> str:
    """Return a phone number as it is, or '' for none.

    Raises
    ------
    InvalidInput
        It is no phone number; the text shows it masked.

    Examples
    --------
    >>> checked_phone("0915-3212345"), checked_phone("")
    ('0915-3212345', '')
    """
    if phone and not _PHONE.fullmatch(phone):
        raise InvalidInput(
            f"电话“{mask_phone(phone)}”不像电话号码；应为 6-20 位数字，可有空格、- 和开头的 +",
            f"'{mask_phone(phone)}' is no phone number: 6-20 digits, with spaces, '-' and a leading '+' allowed",
            rule="phone",
        )
    return phone


def check_team(team: pd.DataFrame, grids: Collection[str]) -> pd.DataFrame:
    """Return the team table in its plain form: text, roles in English, days as ``date`` (``to`` None: open).

    Parameters
    ----------
    team
        A table with TEAM_COLUMNS as a user wrote it; other columns are left out.
    grids
        Codes of the grids in force.

    Raises
    ------
    InvalidInput
        A column is missing, or a row is wrong: names up to five rows; ``problems`` holds all (``team_problems``). Rows
        are numbered as a spreadsheet shows them: the heads are row 1.
    """
    rows, problems = _parse(team, grids)
    if problems:
        shown = problems[:5]
        more = len(problems) - len(shown)
        raise InvalidInput(
            "队伍表有误：" + "；".join(p["zh"] for p in shown) + (f"；另有 {more} 处" if more else ""),
            "the team table is wrong: " + "; ".join(p["en"] for p in shown) + (f"; and {more} more" if more else ""),
            problems=problems,
        )
    return pd.DataFrame([{k: r[k] for k in TEAM_COLUMNS} for r in rows], columns=list(TEAM_COLUMNS), dtype=object)


def team_problems(team: pd.DataFrame, grids: Collection[str]) -> pd.DataFrame:
    """Return what is wrong with a team table as report rows (REPORT_COLUMNS), empty if nothing is."""
    return pd.DataFrame(_parse(team, grids)[1], columns=list(REPORT_COLUMNS))


def in_office(team: pd.DataFrame, day: date) -> pd.DataFrame:
    """Return the appointments that hold on a day (in Asia/Shanghai), the first and the last day included.

    Parameters
    ----------
    team
        A table that ``check_team`` returned.
    """
    days = zip(team["from"], team["to"], strict=True)
    holds = [start <= day and (pd.isna(end) or day <= end) for start, end in days]
    return team[pd.Series(holds, team.index, dtype=bool)]


def acting(team: pd.DataFrame, code: str, day: date, role: str | None = None) -> list[Person]:
    """Return who acts for a grid on a day (in Asia/Shanghai): leader first, then by role and name.

    Parameters
    ----------
    team
        A table that ``check_team`` returned.
    """
    rows = in_office(team[team["grid"] == code], day)
    order = list(ROLES)
    people = [
        Person(name, kind, phone)
        for name, kind, phone in zip(rows["name"], rows["role"], rows["phone"], strict=True)
        if role in (None, kind)
    ]
    return sorted(people, key=lambda p: (order.index(p.role), p.name))


def leader_of(team: pd.DataFrame, code: str, day: date) -> Person | None:
    """Return the acting leader of a grid on a day; None if the post is vacant."""
    return next(iter(acting(team, code, day, role="leader")), None)


def _parse(team: pd.DataFrame, grids: Collection[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    need_columns(team, TEAM_COLUMNS, "team")
    rows: list[dict[str, Any]] = []
    problems: list[dict[str, Any]] = []
    known = set(grids)
    for number, values in enumerate(team.loc[:, list(TEAM_COLUMNS)].itertuples(index=False, name=None), start=2):
        try:
            rows.append({"row": number, **_row(dict(zip(TEAM_COLUMNS, values, strict=True)), known)})
        except InvalidInput as e:
            problems.append(_problem(number, str(e.fields["rule"]), e.zh, e.en))
    problems.extend(_two_leaders(rows))
    return rows, problems


def _problem(row: int, rule: str, zh: str, en: str) -> dict[str, Any]:
    return {
        "severity": "unmet",
        "stage": "team",
        "subject": f"row {row}",
        "rule": rule,
        "measure": None,
        "zh": f"第 {row} 行：{zh}",
        "en": f"row {row}: {en}",
    }


def _row(cells: dict[str, Any], grids: set[str]) -> dict[str, Any]:
    grid, role, name, phone = (to_text(cells[k]) for k in ("grid", "role", "name", "phone"))
    if grid not in grids:
        raise InvalidInput(f"没有现行网格“{grid}”", f"there is no grid '{grid}' in force", rule="grid")
    role = role_of(role)
    if not name:
        raise InvalidInput("没有姓名", "the name is empty", rule="name")
    checked_phone(phone)
    start, end = _days(cells)
    return {"grid": grid, "role": role, "name": name, "phone": phone, "from": start, "to": end}


def _days(cells: dict[str, Any]) -> tuple[date, date | None]:
    try:
        start, end = to_day(cells["from"], "from"), to_day(cells["to"], "to")
    except InvalidInput as e:
        raise InvalidInput(e.zh, e.en, rule="day") from None
    if start is None:
        raise InvalidInput("没有起始日期 from", "the day 'from' is empty", rule="day")
    if end is not None and start > end:
        raise InvalidInput(f"起始日期 {start} 晚于终止日期 {end}", f"from {start} is after to {end}", rule="from-to")
    return start, end


def leader_clashes(rows: Iterable[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Find leaders of one grid whose days overlap: in order of start, each against the latest end so far.

    Parameters
    ----------
    rows
        Appointments (TEAM_COLUMNS, days as ``date``).

    Yields
    ------
    tuple
        The former and the later of two who would lead one grid on one day.
    """
    leaders = sorted((r for r in rows if r["role"] == "leader"), key=lambda r: (r["grid"], r["from"], r.get("row", 0)))
    last: dict[str, Any] | None = None
    for row in leaders:
        if last is None or last["grid"] != row["grid"]:
            last = row
            continue
        if (last["to"] or date.max) >= row["from"]:
            yield last, row
        if (row["to"] or date.max) > (last["to"] or date.max):
            last = row


def _two_leaders(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for last, row in leader_clashes(rows):
        yield _problem(
            row["row"],
            "one-leader",
            f"网格 {row['grid']} 在 {row['from']} 已有网格长“{last['name']}”（第 {last['row']} 行）；"
            f"同一时间只能有一名网格长，请先为其填写终止日期",
            f"grid {row['grid']} has a leader on {row['from']} already, '{last['name']}' (row {last['row']}); "
            "there is one leader at a time, give the former a last day first",
        )
