"""Use case: a table of reported events to the grid and the leader that each belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pandas as pd

from gridgis.dispatch import Assignment, day_of, parse_events, route
from gridgis.errors import Conflict, GridgisError, NotFound
from gridgis.model import REPORT_COLUMNS, Hit, Progress, no_progress
from gridgis.service.locator import Locator, Snapshot

ROUTED_COLUMNS = (
    "id", "time", "source", "item", "text", "place", "lon", "lat", "crs", "code", "base", "rule", "precision",
    "border_m", "leader", "phone", "answers_for", "vacant", "reason",
)  # fmt: skip
"""Columns of routed events: as reported, then where it belongs and who answers; phones are masked."""

MATCHES = 100
"""A part of a name that more buildings and estates bear is ambiguous, wherever they lie."""


def route_events(
    locator: Locator, table: pd.DataFrame, team: pd.DataFrame | None = None, progress: Progress = no_progress
) -> tuple[pd.DataFrame, list[Assignment], pd.DataFrame]:
    """Route each event of a table to the leader who answered for its place on its day.

    Parameters
    ----------
    locator
        The grids, of all days.
    table
        dispatch.EVENT_COLUMNS.
    team
        The appointments of all days, phones not masked; default those of the registry (``Registry.appointments``).
    progress
        Called with (stage, done, total).

    Returns
    -------
    tuple
        Routed events (ROUTED_COLUMNS), their assignments in the same order, and report rows: events that could not be
        read, placed, or found inside any grid. No event is lost: each is in the first table or in the last.

    Notes
    -----
    Grids and leaders are those in force on the event's day in Asia/Shanghai; before the first filing the revision
    in force now answers, and the reason says so. A place counts when one name matches exactly, or all matches lie
    in one grid; otherwise the event is reported as ambiguous.
    """
    events, report = parse_events(table)
    people = locator.appointments() if team is None else team
    numbers = _revisions(locator, [time.to_pydatetime() for time in events["time"]])
    answers: dict[int, tuple[dict[str, Any], Assignment]] = {}
    rows: list[tuple[int, dict[str, Any]]] = []
    now = locator.snapshot()
    asked: Snapshot | None = None
    for done, i in enumerate(sorted(range(len(events)), key=lambda i: (numbers[i], i)), 1):  # one revision at a time
        number = numbers[i] or now.revision
        if asked is None or asked.revision != number:
            asked = locator.snapshot(number)
            parents = asked.parents
        event = events.iloc[i].to_dict()
        try:
            hit = _hit(asked, event)
        except GridgisError as e:
            rows.append((i, _row(event, "unmet", str(e.fields.get("rule", "position")), e.zh, e.en)))
            continue
        answer = route(hit, parents, people, event["time"].to_pydatetime())
        if not numbers[i]:
            answer = _before_filing(answer, number)
        if hit.code is None:
            rows.append((i, _row(event, "warning", "position", answer.zh, answer.en)))
        answers[i] = (_routed(event, hit, answer), answer)
        progress("events", done, len(events))
    found = pd.DataFrame([row for _, row in sorted(rows, key=lambda r: r[0])], columns=list(REPORT_COLUMNS))
    parts = [part for part in (report, found) if len(part)]
    return (
        pd.DataFrame([answers[i][0] for i in sorted(answers)], columns=list(ROUTED_COLUMNS)),
        [answers[i][1] for i in sorted(answers)],
        pd.concat(parts, ignore_index=True) if parts else found,
    )


def _revisions(locator: Locator, times: Sequence[datetime]) -> list[int]:
    """Return for each instant the number of the revision in force on its day, 0 before the first."""
    table = locator.revisions()
    revisions = list(zip(table["number"], table["in_force_from"], strict=True))
    days = [day_of(time).isoformat() for time in times]
    return [max((int(number) for number, first in revisions if first <= day), default=0) for day in days]


def _before_filing(answer: Assignment, number: int) -> Assignment:
    return replace(
        answer,
        zh=f"{answer.zh}；当日尚未备案，按第 {number} 版网格",
        en=f"{answer.en}; nothing was in force on that day yet, by revision {number}",
    )


def _hit(asked: Snapshot, event: Mapping[Any, Any]) -> Hit:
    if pd.notna(event["lon"]):
        return asked.locate(float(event["lon"]), float(event["lat"]), str(event["crs"]))
    return place_hit(asked, str(event["place"]))


def place_hit(asked: Snapshot, name: str) -> Hit:
    """Find the grid of a building or estate by its name: an exact match, or matches that all lie in one grid.

    Raises
    ------
    NotFound
        Nothing has this name.
    Conflict
        Several have, in different grids.
    InvalidInput
        The name is empty.
    """
    found = asked.place(name, MATCHES + 1)
    if not found:
        raise NotFound(f"没有名为“{name}”的楼栋或小区", f"there is no building or estate named '{name}'")
    exact = [hit for label, _, hit in found if label == name]
    hits = exact or [hit for _, _, hit in found]
    if len({hit.code for hit in hits}) > 1 or len(hits) > MATCHES:
        raise _ambiguous(name, [label for label, _, _ in found], len(hits))
    return replace(hits[0], rule="place")


def _ambiguous(name: str, labels: Sequence[str], count: int) -> Conflict:
    first = list(dict.fromkeys(labels))[:3]
    many = f"{MATCHES}+" if count > MATCHES else str(count)
    return Conflict(
        f"“{name}”不明确：{many} 处名称相符，不在同一网格，例如 {'、'.join(first)}；请写明全名或给出坐标",
        f"'{name}' is ambiguous: {many} names match, in several grids, e.g. {', '.join(first)}; give the full name or "
        "coordinates",
        rule="ambiguous",
    )


def _routed(event: Mapping[Any, Any], hit: Hit, answer: Assignment) -> dict[str, Any]:
    leader = answer.leader.to_dict(mask=True) if answer.leader else {}
    return {
        **{k: event[k] for k in ("id", "source", "item", "text", "place", "lon", "lat", "crs")},
        "time": event["time"].isoformat(),
        "code": hit.code, "base": hit.base, "rule": hit.rule, "precision": hit.precision,
        "border_m": None if hit.border_m is None else round(hit.border_m, 1),
        "leader": leader.get("name"), "phone": leader.get("phone"),
        "answers_for": answer.answers_for, "vacant": answer.vacant, "reason": f"{answer.zh} / {answer.en}",
    }  # fmt: skip


def _row(event: Mapping[Any, Any], severity: str, rule: str, zh: str, en: str) -> dict[str, Any]:
    return {
        "severity": severity, "stage": "events", "subject": str(event["id"]), "rule": rule, "measure": None,
        "zh": f"事件 {event['id']}：{zh}", "en": f"event {event['id']}: {en}",
    }  # fmt: skip
