"""Transformations of local systems, and how they are fitted to control points."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgis.errors import InvalidInput
from gridgis.geometry.local import Affine, fit_similarity

SPOTS = np.array([[12_000.0, 8_000.0], [15_500.0, 8_200.0], [15_100.0, 11_900.0], [11_800.0, 12_300.0]])


@given(st.floats(-180, 180), st.floats(0.9, 1.1), st.floats(-1e6, 1e6), st.floats(-5e6, 5e6))
def test_a_similarity_is_found_again(rotation: float, scale: float, dx: float, dy: float) -> None:
    made = Affine.similarity(dx, dy, rotation, scale)
    fit = fit_similarity(SPOTS, made.move(SPOTS))
    assert np.abs(fit.affine.move(SPOTS) - made.move(SPOTS)).max() < 1e-6
    assert fit.scale == pytest.approx(scale, rel=1e-9)
    assert math.cos(math.radians(fit.rotation_deg - rotation)) == pytest.approx(1.0, abs=1e-12)
    assert max(fit.residuals_m) < 1e-6


def test_four_parameters_say_what_the_fit_is() -> None:
    fit = fit_similarity(SPOTS, Affine.similarity(400_000.0, 3_600_000.0, 1.5, 1.00002).move(SPOTS))
    again = Affine.similarity(fit.dx, fit.dy, fit.rotation_deg, fit.scale)
    assert np.abs(again.move(SPOTS) - fit.affine.move(SPOTS)).max() < 1e-6


def test_a_wrong_point_shows_in_its_residual() -> None:
    known = Affine.similarity(400_000.0, 3_600_000.0).move(SPOTS)
    known[2] += (3.0, 0.0)
    residuals = fit_similarity(SPOTS, known).residuals_m
    assert int(np.argmax(residuals)) == 2
    assert max(residuals) > 1.0


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_points_are_refused(n: int) -> None:
    with pytest.raises(InvalidInput, match="two different control points"):
        fit_similarity(SPOTS[:n], SPOTS[:n])


def test_one_point_given_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match="控制点"):
        fit_similarity(SPOTS[[0, 0]], SPOTS[[0, 1]])


def test_numbers_that_are_not_finite_are_refused() -> None:
    with pytest.raises(InvalidInput, match="not finite"):
        fit_similarity(SPOTS, SPOTS * math.nan)
    with pytest.raises(InvalidInput, match="not finite"):
        Affine.similarity(math.inf, 0.0)


def test_a_transformation_that_flattens_is_refused() -> None:
    with pytest.raises(InvalidInput, match="flattens"):
        Affine(1.0, 1.0, 0.0, 1.0, 1.0, 0.0)
