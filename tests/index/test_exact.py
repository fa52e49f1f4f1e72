"""The side of an edge is that of real numbers, whatever the floats, in compiled code and in plain Python."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gridgis.index.kernels.exact import side
from gridgis.index.plain import plain_side

usual = st.floats(-180, 180, allow_nan=False).filter(lambda v: v == 0 or abs(v) >= 1e-100)
ends = st.one_of(usual, st.sampled_from([0.0, 1e-100, -1e-99, 1e15, -1e15, 1.0, float(np.nextafter(1.0, 2))]))
places = st.one_of(ends, st.sampled_from([5e-324, -5e-324, 1e-310, 1e-200]))
"""Ends of edges have coordinates that an index lets in; points may be anything within its bounds."""


def real_sign(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    a, b, p = [(Fraction(x), Fraction(y)) for x, y in ((ax, ay), (bx, by), (px, py))]
    twice_area = (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
    return (twice_area > 0) - (twice_area < 0)


@settings(max_examples=500, deadline=None)
@given(st.tuples(*[ends] * 4), st.tuples(places, places))
def test_the_sign_is_that_of_rational_numbers(v: tuple[float, ...], p: tuple[float, float]) -> None:
    assume(v[:2] != v[2:])
    assert side(*v, *p) == real_sign(*v, *p)
    assert plain_side(v, *p) == real_sign(*v, *p)


@settings(max_examples=500, deadline=None)
@given(st.tuples(*[usual] * 4), st.floats(0, 1), st.integers(-2, 2))
def test_the_sign_is_exact_for_points_rounded_onto_the_line(v: tuple[float, ...], t: float, ulps: int) -> None:
    assume(v[:2] != v[2:])
    ax, ay, bx, by = v
    px, py = ax + t * (bx - ax), ay + t * (by - ay)
    for _ in range(abs(ulps)):
        py = float(np.nextafter(py, np.inf if ulps > 0 else -np.inf))
    assert side(*v, px, py) == real_sign(*v, px, py)
    assert plain_side(v, px, py) == real_sign(*v, px, py)


@pytest.mark.parametrize(
    "v", [(0.0, 0.0, 1.0, 0.0, 0.3, 0.0), (109.1, 0.0, 109.1, 7.0, 109.1, 5e-324), (1e-7, 3e-7, 2e-7, 7e-7, 2e-7, 7e-7)]
)
def test_an_end_and_a_point_of_a_level_or_upright_line_are_on_it(v: tuple[float, ...]) -> None:
    for edge in (v[:4], v[2:4] + v[:2]):
        assert side(*edge, *v[4:]) == plain_side(edge, *v[4:]) == 0
