"""What the table of borders says, against the grids and the barriers."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pytest
import shapely

from gridgis.errors import InvalidInput
from gridgis.geometry.crs import to_stored
from gridgis.model import VerifyReport
from tests.checks.plans import TOWN, WORK, Made, box, line, make, short

PRIMARY = {"klass": "primary", "name": "中路", "geometry": line((0, 2), (4, 2))}
ESTATE = [{"id": "E", "geometry": box(0, 0, 2, 1)}]


def cells() -> dict[tuple[int, int], str]:
    return {(c, r): word for r, words in enumerate(TOWN.split("\n")[1:-1]) for c, word in enumerate(words.split())}


def table(**changed: Any) -> gpd.GeoDataFrame:
    """Return the borders of TOWN with a primary road across the middle and an estate on a1, from cell to cell."""
    town = cells()
    rows: dict[tuple[str, str, str], list[Any]] = {}
    for c, r in [(c, r) for c in range(-1, 5) for r in range(-1, 5)]:
        sides = [((c, r), (c + 1, r), ((c + 1, r), (c + 1, r + 1))), ((c, r), (c, r + 1), ((c, r + 1), (c + 1, r + 1)))]
        for here, there, ends in sides:
            a, b = sorted((town.get(here, ""), town.get(there, "")))
            if a != b:
                wall = "a1" in (a, b)
                klass = "primary" if ends[0][1] == ends[1][1] == 2 else "wall" if wall else ""
                rows.setdefault((a, b, klass), []).append(line(*ends))
    made = [
        {
            "left": short(a) if a else "", "right": short(b), "klass": klass,
            "level": 1 if not a else 2 if a[0] != b[0] else 3,
            "name": "中路" if klass == "primary" else "", "length_m": 100.0 * len(parts),
            "geometry": shapely.line_merge(shapely.multilinestrings(parts)),
        }
        for (a, b, klass), parts in rows.items()
    ]  # fmt: skip
    out = gpd.GeoDataFrame(made, crs=WORK)
    for column, value in changed.items():
        out[column] = out[column].astype(object)
        out.loc[at(out, "b2", "d1"), column] = value
    return out


def at(borders: gpd.GeoDataFrame, left: str, right: str) -> Any:
    return (borders["left"] == short(left)) & (borders["right"] == short(right))


def plan() -> Made:
    return make(barriers=[PRIMARY], compounds=ESTATE)


def found(borders: gpd.GeoDataFrame) -> list[tuple[float, str]]:
    report: VerifyReport = plan().verify(borders=borders)
    rows = report.violations
    assert set(rows["rule"]) <= {"borders"}
    return [(round(m), w.split(" / ")[1]) for m, w in zip(rows["measure"], rows["why"], strict=True)]


def test_a_true_table_breaks_nothing() -> None:
    assert (found(table()), plan().verify(borders=table()).checked["borders"]) == ([], len(table()))


def test_a_table_in_stored_coordinates_is_as_good() -> None:
    assert found(to_stored(table())) == []


def test_without_a_table_nothing_is_checked() -> None:
    assert plan().verify().checked["borders"] == 0


CHANGES = [
    ({"klass": "railway"}, 200, "do not run along what is said: 'railway 中路'"),
    ({"klass": "", "name": ""}, 200, "do not run along what is said: 'open ground'"),
    ({"name": "北路"}, 200, "do not run along what is said: 'primary 北路'"),
    ({"level": 3}, 200, "are no level-3 border"),
    ({"left": short("a1")}, 200, "are no level-2 border"),
    ({"right": short("zz")}, 200, "are no level-2 border"),
    ({"length_m": 201.0}, 1, "says 201.000 m, and is 200.000"),
]


@pytest.mark.parametrize(("change", "metres", "why"), CHANGES)
def test_what_is_said_falsely_is_found(change: dict[str, Any], metres: int, why: str) -> None:
    ((measure, text),) = found(table(**change))
    assert (measure, why in text) == (metres, True)


def test_a_border_that_is_left_out_is_found() -> None:
    whole = table()
    ((metres, why),) = found(whole[~at(whole, "b2", "d1")])
    assert (metres, "not in the table" in why) == (200, True)


def test_a_line_that_is_no_border_is_found() -> None:
    whole = table()
    stray = whole[at(whole, "b2", "d1")].assign(
        geometry=[line((0.2, 0.2), (0.8, 0.2))], length_m=60.0, klass="", name=""
    )
    ((metres, why),) = found(gpd.GeoDataFrame([*whole.to_dict("records"), *stray.to_dict("records")], crs=WORK))
    assert (metres, "are no level-2 border" in why) == (60, True)


def test_a_table_without_a_column_is_refused() -> None:
    with pytest.raises(InvalidInput, match="klass"):
        plan().verify(borders=table().drop(columns="klass"))
