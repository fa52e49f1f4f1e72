"""Use case: a table of reported events to the grid and the leader that each belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from gridgis.dispatch import Assignment, parse_events, route
from gridgis.errors import GridgisError, NotFound
from gridgis.model import REPORT_COLUMNS, Hit, Progress, no_progress
from gridgis.service.locator import Locator

ROUTED_COLUMNS = (
    "id", "time", "source", "item", "text", "place", "lon", "lat", "crs", "code", "base", "rule", "precision",
    "border_m", "leader", "phone", "answers_for", "vacant", "reason",
)  # fmt: skip
"""Columns of routed events: as reported, then where it belongs and who answers; phones are masked."""


def route_events(
    locator: Locator, table: pd.DataFrame, team: pd.DataFrame, progress: Progress = no_progress
) -> tuple[pd.DataFrame, list[Assignment], pd.DataFrame]:
    """Route each event of a table to the leader who answers for its place.

    Parameters
    ----------
    locator
        The grids in force.
    table
        dispatch.EVENT_COLUMNS.
    team
        The appointments, phones not masked (``Registry.team``).
    progress
        Called with (stage, done, total).

    Returns
    -------
    tuple
        Routed events (ROUTED_COLUMNS), their assignments in the same order, and report rows: events that could not be
        read, placed, or found inside any grid. No event is lost: each is in the first table or in the last.
    """
    events, report = parse_events(table)
    grids = locator.grids()
    parents: dict[str, str | None] = {
        str(code): None if pd.isna(parent) else str(parent)
        for code, parent in zip(grids["code"], grids["parent"], strict=True)
    }
    routed, assignments, rows = [], [], []
    for i, event in enumerate(events.to_dict("records")):
        try:
            hit = _hit(locator, event)
        except GridgisError as e:
            rows.append(_row(event, "unmet", e.zh, e.en))
            continue
        answer = route(hit, parents, team, event["time"].to_pydatetime())
        if hit.code is None:
            rows.append(_row(event, "warning", answer.zh, answer.en))
        routed.append(_routed(event, hit, answer))
        assignments.append(answer)
        progress("events", i + 1, len(events))
    found = pd.DataFrame(rows, columns=list(REPORT_COLUMNS))
    parts = [part for part in (report, found) if len(part)]
    return (
        pd.DataFrame(routed, columns=list(ROUTED_COLUMNS)),
        assignments,
        pd.concat(parts, ignore_index=True) if parts else found,
    )


def _hit(locator: Locator, event: Mapping[Any, Any]) -> Hit:
    if pd.notna(event["lon"]):
        return locator.locate(float(event["lon"]), float(event["lat"]), str(event["crs"]))
    found = locator.place(str(event["place"]))
    if not found:
        raise NotFound(
            f"没有名为“{event['place']}”的楼栋或小区", f"there is no building or estate named '{event['place']}'"
        )
    return replace(found[0][2], rule="place")


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


def _row(event: Mapping[Any, Any], severity: str, zh: str, en: str) -> dict[str, Any]:
    return {
        "severity": severity, "stage": "events", "subject": str(event["id"]), "rule": "position", "measure": None,
        "zh": f"事件 {event['id']}：{zh}", "en": f"event {event['id']}: {en}",
    }  # fmt: skip
