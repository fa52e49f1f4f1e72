"""The side of an edge is that of real numbers, whatever the floats."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.index.predicate import orientation

plain = st.floats(-180, 180, allow_nan=False)
wild = st.one_of(plain, st.sampled_from([0.0, 5e-324, 1e-200, -1e-170, 1e300, -1e308, 1.0, np.nextafter(1.0, 2)]))


def real_sign(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    a, b, p = [(Fraction(x), Fraction(y)) for x, y in ((ax, ay), (bx, by), (px, py))]
    twice_area = (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
    return (twice_area > 0) - (twice_area < 0)


def sign(*v: float) -> int:
    return int(orientation(*(np.array([x]) for x in v))[0])


@settings(max_examples=300, deadline=None)
@given(st.tuples(*[wild] * 6))
def test_the_sign_is_that_of_rational_numbers(v: tuple[float, ...]) -> None:
    assert sign(*v) == real_sign(*v)


@settings(max_examples=300, deadline=None)
@given(st.tuples(*[plain] * 4), st.floats(0, 1), st.integers(-2, 2))
def test_the_sign_is_exact_for_points_rounded_onto_the_line(v: tuple[float, ...], t: float, ulps: int) -> None:
    ax, ay, bx, by = v
    px, py = ax + t * (bx - ax), ay + t * (by - ay)
    for _ in range(abs(ulps)):
        py = float(np.nextafter(py, np.inf if ulps > 0 else -np.inf))
    assert sign(*v, px, py) == real_sign(*v, px, py)


@pytest.mark.parametrize("v", [(0.0, 0.0, 1.0, 0.0, 0.3, 0.0), (109.1, 0.0, 109.1, 7.0, 109.1, 5e-324)])
def test_points_on_level_and_upright_lines_need_no_rational_numbers(
    v: tuple[float, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: float) -> int:
        raise AssertionError("the exact road was taken")

    monkeypatch.setattr("gridgis.index.predicate._exact", refuse)
    assert sign(*v) == 0
