"""How the hit at a point is printed."""

from __future__ import annotations

import pytest

from gridgis.cli.point import print_found
from gridgis.model import Hit


@pytest.mark.parametrize(
    ("nearest", "nearest_m", "said"), [("A1", 12.34, "A1 (12.3 m)"), (None, None, "cannot be measured")]
)
def test_a_point_outside_is_told_its_nearest_grid_where_there_is_one(
    nearest: str | None, nearest_m: float | None, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    hit = Hit(
        lon=19.0, lat=0.0, crs="EPSG:4490", revision=1, code=None, base=None, chain=(), rule="outside",
        precision=None, border_m=None, neighbour=None, nearest=nearest, nearest_m=nearest_m,
    )  # fmt: skip
    assert print_found([(None, None, hit, None)], as_json=False) == 1
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("crs", "said"),
    [("EPSG:4490", "（EPSG:4490），"), ("GCJ-02", "（EPSG:4490，给出的是 / given as GCJ-02），")],
)
def test_the_printed_numbers_are_labelled_as_stored_ones_whatever_was_given(
    crs: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    hit = Hit(
        lon=109.022153, lat=32.690232, crs=crs, revision=1, code=None, base=None, chain=(), rule="outside",
        precision=None, border_m=None, neighbour=None,
    )  # fmt: skip
    print_found([(None, None, hit, None)], as_json=False)
    assert f"109.022153, 32.690232{said}" in capsys.readouterr().out
