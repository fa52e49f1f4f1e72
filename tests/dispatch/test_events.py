"""The table of events: each row comes back, as an event or as a report row."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pandas as pd
import pytest

from gridgis.dispatch import EVENT_COLUMNS, parse_events
from gridgis.errors import InvalidInput
from gridgis.model import REPORT_COLUMNS

GOOD: dict[str, Any] = {
    "id": "E1", "time": "2026-03-01T08:30:00+08:00", "source": "12345", "item": "噪声", "text": "夜间施工",
    "lon": 109.03, "lat": 32.69, "crs": "GCJ-02", "place": "",
}  # fmt: skip


def table(*changes: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{**GOOD, **c} for c in changes], columns=list(EVENT_COLUMNS), dtype=object)


def test_a_good_row_becomes_an_event_without_report() -> None:
    events, report = parse_events(table({}))
    assert (len(events), len(report)) == (1, 0)


def test_times_are_turned_into_utc() -> None:
    assert parse_events(table({}))[0]["time"].iloc[0] == datetime(2026, 3, 1, 0, 30, tzinfo=UTC)


def test_an_event_with_only_a_place_has_no_coordinates() -> None:
    event = parse_events(table({"lon": None, "lat": float("nan"), "crs": None, "place": "和平小区"}))[0].iloc[0]
    assert (pd.isna(event["lon"]), event["crs"], event["place"]) == (True, None, "和平小区")


def test_the_label_of_the_coordinates_becomes_canonical() -> None:
    assert parse_events(table({"crs": "gcj02"}))[0]["crs"].tolist() == ["GCJ-02"]


def test_a_time_without_offset_is_taken_as_shanghai_and_warned_of() -> None:
    events, report = parse_events(table({"time": "2026-03-01 08:30:00"}))
    assert (events["time"].iloc[0], report["severity"].tolist()) == (
        datetime(2026, 3, 1, 0, 30, tzinfo=UTC),
        ["warning"],
    )


def test_a_table_read_from_csv_is_understood() -> None:
    text = pd.concat([table({}), table({"id": "E2", "lon": None, "lat": None, "place": "甲楼"})]).to_csv(index=False)
    events, report = parse_events(pd.read_csv(StringIO(text)))
    assert (events["id"].tolist(), len(report)) == (["E1", "E2"], 0)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"id": None}, "id"),
        ({"time": ""}, "time"),
        ({"time": "yesterday"}, "time"),
        ({"time": "2026-02-30T08:00:00+08:00"}, "time"),
        ({"lon": None}, "position"),
        ({"lon": "109,03"}, "position"),
        ({"lon": None, "lat": None}, "position"),
        ({"lon": 32.69, "lat": 109.03}, "position"),
        ({"lon": 0, "lat": 0}, "position"),
        ({"lon": 190.0}, "position"),
        ({"crs": ""}, "crs"),
        ({"crs": "Beijing 54"}, "crs"),
    ],
)
def test_a_bad_row_is_left_out_and_reported_with_its_number(change: dict[str, Any], rule: str) -> None:
    events, report = parse_events(table({}, {"id": "E2", **change}))
    assert (events["row"].tolist(), report["rule"].tolist(), "row 2" in report["en"].iloc[0]) == ([1], [rule], True)


def test_the_second_event_of_one_id_is_left_out_and_reported() -> None:
    events, report = parse_events(table({"text": "first"}, {"text": "second"}))
    assert (events["text"].tolist(), report["subject"].tolist()) == (["first"], ["E1"])


def test_each_row_comes_back_once() -> None:
    events, report = parse_events(table({}, {"id": "E2", "crs": "?"}, {"id": "E3"}, {"id": "E4", "time": "?"}))
    assert (events["row"].tolist(), list(report.columns), len(report)) == ([1, 3], list(REPORT_COLUMNS), 2)


def test_an_empty_table_gives_no_events() -> None:
    events, report = parse_events(table())
    assert (list(events.columns), len(report)) == (["row", *EVENT_COLUMNS], 0)


def test_a_table_without_a_column_is_refused() -> None:
    with pytest.raises(InvalidInput, match="crs"):
        parse_events(table({}).drop(columns="crs"))
