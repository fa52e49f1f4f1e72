"""The table of reported events: what can be used is returned, what cannot is reported row by row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pandas as pd

from gridgis.dispatch.days import SHANGHAI, to_text
from gridgis.errors import InvalidInput
from gridgis.geometry.shift import canonical_crs, check_lonlat
from gridgis.model import REPORT_COLUMNS, need_columns

EVENT_COLUMNS = ("id", "time", "source", "item", "text", "lon", "lat", "crs", "place")
"""``time`` is ISO with offset; ``lon``, ``lat`` in degrees of ``crs``, or empty where only ``place`` is known."""


def parse_events(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read a table of events.

    Parameters
    ----------
    table
        EVENT_COLUMNS as a user or a hotline wrote them; other columns are left out.

    Returns
    -------
    events
        ``row`` (number in the table, from 1) and EVENT_COLUMNS: ``time`` a datetime in UTC, ``lon`` and ``lat`` floats
        as given (null where only a place is known), ``crs`` the canonical label (None there), the rest text.
    report
        REPORT_COLUMNS: an "unmet" row for each event left out, a "warning" for each assumption.

    Raises
    ------
    InvalidInput
        A column is missing.

    Notes
    -----
    Of two events with one id the first counts. A time without offset is taken as Asia/Shanghai, with a warning.
    Coordinates come before a place; both are kept.
    """
    need_columns(table, EVENT_COLUMNS, "events")
    events: list[dict[str, Any]] = []
    report: list[dict[str, Any]] = []
    seen: dict[str, int] = {}
    for number, values in enumerate(table.loc[:, list(EVENT_COLUMNS)].itertuples(index=False, name=None), start=1):
        cells = dict(zip(EVENT_COLUMNS, values, strict=True))
        try:
            event = _event(cells, seen)
        except InvalidInput as e:
            report.append(_report_row("unmet", number, cells, e))
            continue
        if event.pop("assumed_zone"):
            report.append(_report_row("warning", number, cells, _assumed(cells)))
        seen[event["id"]] = number
        events.append({"row": number, **event})
    frame = pd.DataFrame(events, columns=["row", *EVENT_COLUMNS])
    frame = frame.astype({"lon": "float64", "lat": "float64"})
    return frame, pd.DataFrame(report, columns=list(REPORT_COLUMNS))


def _event(cells: dict[str, Any], seen: dict[str, int]) -> dict[str, Any]:
    key = to_text(cells["id"])
    if not key:
        raise InvalidInput("没有编号 id", "the id is empty", rule="id")
    if key in seen:
        raise InvalidInput(
            f"编号 {key} 与第 {seen[key]} 行重复；只取前者",
            f"the id {key} is that of row {seen[key]} too; only that one counts",
            rule="id",
        )
    time, assumed_zone = _time(to_text(cells["time"]))
    lon, lat, crs = _position(cells)
    texts = {k: to_text(cells[k]) for k in ("source", "item", "text", "place")}
    return {"id": key, "time": time, "lon": lon, "lat": lat, "crs": crs, **texts, "assumed_zone": assumed_zone}


def _time(text: str) -> tuple[datetime, bool]:
    """Return the instant in UTC, and whether its zone had to be assumed."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            f"时间“{text}”无法识别；请写成 2026-03-01T08:30:00+08:00",
            f"cannot read the time '{text}'; write it as 2026-03-01T08:30:00+08:00",
            rule="time",
        ) from None
    assumed = time.tzinfo is None
    return (time.replace(tzinfo=SHANGHAI) if assumed else time).astimezone(UTC), assumed


def _assumed(cells: dict[str, Any]) -> InvalidInput:
    text = to_text(cells["time"])
    return InvalidInput(
        f"时间“{text}”没有时区，按北京时间处理",
        f"the time '{text}' has no offset, taken as Asia/Shanghai",
        rule="time-zone",
    )


def _position(cells: dict[str, Any]) -> tuple[float | None, float | None, str | None]:
    lon, lat = to_text(cells["lon"]), to_text(cells["lat"])
    if not lon and not lat:
        if not to_text(cells["place"]):
            raise InvalidInput(
                "既没有坐标也没有地点；请至少给出一项",
                "neither coordinates nor a place; give one of them",
                rule="position",
            )
        return None, None, None
    try:
        x, y = float(lon), float(lat)
    except ValueError:
        raise InvalidInput(
            f"坐标（{lon}，{lat}）不完整或不是数字",
            f"the coordinates ({lon}, {lat}) are incomplete or no numbers",
            rule="position",
        ) from None
    crs = to_text(cells["crs"])
    if not crs:
        raise InvalidInput(
            "有坐标而没有坐标系；请注明 EPSG:4490、GCJ-02 或 BD-09",
            "coordinates without crs; state EPSG:4490, GCJ-02 or BD-09",
            rule="crs",
        )
    try:
        check_lonlat(x, y)
    except InvalidInput as e:
        raise InvalidInput(e.zh, e.en, rule="position") from None
    try:
        return x, y, canonical_crs(crs)
    except InvalidInput as e:
        raise InvalidInput(e.zh, e.en, rule="crs") from None


def _report_row(severity: str, row: int, cells: dict[str, Any], why: InvalidInput) -> dict[str, Any]:
    key = to_text(cells["id"]) or "?"
    return {
        "severity": severity,
        "stage": "events",
        "subject": key,
        "rule": why.fields["rule"],
        "measure": None,
        "zh": f"第 {row} 行（事件 {key}）：{why.zh}",
        "en": f"row {row} (event {key}): {why.en}",
    }
