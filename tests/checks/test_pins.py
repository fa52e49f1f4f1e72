"""Rule "pins" of the verifier, on hand-made plans: each pin holds as drawn, and is broken when the plan is another."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pytest
from shapely.geometry.base import BaseGeometry

from gridgis.geometry.crs import to_stored
from gridgis.model import Pin
from tests.checks.plans import CODE, WORK, Made, box, broken, line, make, short


def house(column: int, row: int) -> str:
    return f"{CODE}-{column}-{row}"


def drawn(*points: tuple[float, float]) -> BaseGeometry:
    (found,) = to_stored(gpd.GeoDataFrame(geometry=[line(*points)], crs=WORK)).geometry
    return found


def why(plan: Made, *pins: Pin) -> str:
    report = plan.verify(pins=pins)
    assert broken(report) <= {"pins"}
    assert report.checked["pins"] == len(pins)
    return "\n".join(report.violations["why"])


def pin(kind: str, *members: str, level: int = 2, **more: Any) -> Pin:
    return Pin(1, kind, level, members, **more)


ESTATE = [{"id": "E", "geometry": box(0, 0, 2, 1)}]

HOLDS = [
    pin("together", house(0, 0), house(1, 1)),
    pin("together", house(0, 0), house(1, 0), level=3),
    pin("together", "E"),
    pin("together", "compound:E", f"building:{house(0, 1)}"),
    pin("apart", house(0, 0), house(2, 0)),
    pin("apart", house(0, 0), house(0, 1), level=3),
    pin("apart", "E", house(2, 0), house(0, 2)),
    pin("grid", house(0, 0), grid="甲"),
    pin("border", line=drawn((2, 0), (2, 4))),
    pin("border", line=drawn((2, -0.14), (2, 4.14))),  # hangs over at both ends, outside of the community
    pin("border", line=drawn((0, 2.0), (2, 2.0))),
    pin("border", line=drawn((0, 1), (4, 1)), level=3),
    pin("border", line=drawn((2, 2), (2, 2.9), (2.13, 2.9))),  # a free end of 13 m
]

BROKEN = [
    (pin("together", house(0, 0), house(2, 0)), "should be in one grid"),
    (pin("together", house(0, 0), house(0, 1), level=3), "should be in one grid"),
    (pin("together", "E", house(3, 3)), "should be in one grid"),
    (pin("apart", house(0, 0), house(1, 1)), "should be apart"),
    (pin("apart", "E", house(1, 1)), "should be apart"),
    (pin("grid", house(0, 0), house(3, 0), grid="甲"), "should be in one grid"),
    (pin("grid", house(0, 0), grid=short("2-01")), "does not continue"),
    (pin("border", line=drawn((1, 0), (1, 2))), "200 m of the drawn border"),
    (pin("border", line=drawn((0, 1), (4, 1))), "400 m of the drawn border"),
    (pin("border", line=drawn((2, 2), (2, 2.9), (2.2, 2.9))), "20 m of the drawn border"),
    (pin("border", line=drawn((2.0002, 0), (2.0002, 4))), "400 m of the drawn border"),  # 2 cm beside
    (pin("border"), "has no line"),
    (pin("together", "nobody"), "unknown or ambiguous"),
]


@pytest.mark.parametrize("asked", HOLDS, ids=str)
def test_a_pin_that_the_plan_obeys_is_no_violation(asked: Pin) -> None:
    assert why(make(compounds=ESTATE), asked) == ""


@pytest.mark.parametrize(("asked", "said"), BROKEN, ids=str)
def test_a_pin_that_the_plan_breaks_is_named(asked: Pin, said: str) -> None:
    told = why(make(compounds=ESTATE), asked)
    assert said in told
    assert "pin 1: " in told


def test_two_names_must_be_two_grids() -> None:
    one, other = Pin(1, "grid", 2, (house(0, 0),), "甲"), Pin(2, "grid", 2, (house(1, 1),), "乙")
    assert "are one" in why(make(), one, other)
    assert why(make(), one, Pin(2, "grid", 3, (house(1, 1),), "乙")) == ""


def test_a_name_of_an_earlier_grid_is_the_grid_that_continues_it() -> None:
    plan = make().change(short("a"), previous="610902001000001")
    assert why(plan, pin("grid", house(0, 0), grid="610902001000001")) == ""
    assert "does not continue" in why(plan, pin("grid", house(2, 0), grid="610902001000001"))


def test_an_id_of_a_building_and_of_an_estate_is_ambiguous() -> None:
    plan = make(compounds=[{"id": house(3, 3), "geometry": box(0, 0, 2, 1)}])
    assert "unknown or ambiguous" in why(plan, pin("together", house(3, 3), house(0, 0)))
    assert why(plan, pin("together", f"compound:{house(3, 3)}", house(0, 0))) == ""


def test_a_border_need_not_run_inside_a_carved_site() -> None:
    text = "a1 a1 b1 b1\na2 S S b2\nc1 c1 d1 d1\nc2 c2 d2 d2"
    asked = pin("border", line=drawn((2, 0), (2, 4)))
    assert why(make(text, {(0, 1): 40, (3, 1): 40}), asked) == ""
