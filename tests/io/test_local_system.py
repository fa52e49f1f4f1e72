"""Files of local coordinate systems."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gridgis.errors import InvalidInput
from gridgis.io.local_system import read_local_system

POINTS = """
[[points]]
name = "K1"
x = 0.0
y = 0.0
east = 400000.0
north = 3600000.0
[[points]]
x = 1000.0
y = 0.0
east = 401000.0
north = 3600000.0
"""
TARGET = 'target = "EPSG:4545"\n'
THIRD = "[[points]]\nx = 0.0\ny = 1000.0\neast = 400000.0\nnorth = {north}\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "city.toml"
    path.write_text(text, "utf-8")
    return path


def test_four_parameters_are_read(tmp_path: Path) -> None:
    text = 'name = "某市"\ntarget = "EPSG:4545"\n[similarity]\ndx = 400000\ndy = 3600000\nrotation_deg = 90\n'
    system = read_local_system(write(tmp_path, text))
    assert (system.name, system.target) == ("某市", "EPSG:4545")
    assert system.affine.move(np.array([[1.0, 0.0]])) == pytest.approx(np.array([[400000.0, 3600001.0]]))
    assert "rotation_deg 90" in system.zh


def test_six_parameters_are_read_and_the_file_gives_the_name(tmp_path: Path) -> None:
    text = 'target = "EPSG:4545"\n[affine]\na = 1\nb = 0\nc = 5\nd = 0\ne = 1\nf = 7\n'
    system = read_local_system(write(tmp_path, text))
    assert system.name == "city"
    assert system.affine.move(np.array([[1.0, 2.0]])).tolist() == [[6.0, 9.0]]


def test_two_points_are_fitted_and_said_to_check_nothing(tmp_path: Path) -> None:
    system = read_local_system(write(tmp_path, 'target = "EPSG:4545"\n' + POINTS))
    assert "check nothing" in system.en
    assert "K1 0.000 m, 2 0.000 m" in system.en


def test_points_that_do_not_agree_are_refused_with_their_residuals(tmp_path: Path) -> None:
    text = 'target = "EPSG:4545"\n' + POINTS + THIRD.format(north=3601005.0)
    with pytest.raises(InvalidInput, match="max_residual_m") as refused:
        read_local_system(write(tmp_path, text))
    assert max(refused.value.fields["residuals"].values()) > 1.0


def test_the_file_may_allow_more(tmp_path: Path) -> None:
    text = 'target = "EPSG:4545"\nmax_residual_m = 5\n' + POINTS + THIRD.format(north=3601005.0)
    assert "3 个控制点" in read_local_system(write(tmp_path, text)).zh


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        "",
        TARGET,
        "[similarity]\ndx = 1\ndy = 1",
        f"{TARGET}[similarity]\ndx = 1",
        f"{TARGET}[similarity]\ndx = 1\ndy = true",
        f"{TARGET}[helmert]\ndx = 1\ndy = 1",
        f"{TARGET}[similarity]\ndx = 1\ndy = 1\nturn = 3",
        f"{TARGET}[[points]]\nx = 1",
        f"{TARGET}points = 3",
        "target = 4545\n[similarity]\ndx = 1\ndy = 1",
        f'{TARGET}[[points]]\nx = "a"\ny = 1\neast = 1\nnorth = 1',
        f"{TARGET}[similarity]\ndx = inf\ndy = 1",
        f"{TARGET}[similarity]\ndx = 1\ndy = 1\nscale = 0",
    ],
)
def test_a_file_that_is_not_understood_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidInput):
        read_local_system(write(tmp_path, text))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"no\.toml"):
        read_local_system(tmp_path / "no.toml")
