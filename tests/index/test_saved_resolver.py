"""A resolver saved to a file: the same answers from it, and no answer from a file that is not as it was written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgis.errors import InvalidInput
from gridgis.index import PointResolver, Resolver
from tests.index.test_resolver import RESOLVER, TOWN, WORK, frame

KEY = "town 7"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "town.gridx"
    RESOLVER.save(path, KEY)
    return path


def points() -> list[tuple[float, float]]:
    """Lie inside, on borders, on vertices, in the overlay and outside."""
    return [(109 + x / 1000, 32 + y / 1000) for x in np.arange(-1, 42, 0.5).tolist() for y in range(-1, 12)]


def test_an_opened_resolver_answers_as_the_one_that_was_saved(saved: Path) -> None:
    opened = Resolver.open(saved, KEY)
    assert [opened.resolve(*p) for p in points()] == [RESOLVER.resolve(*p) for p in points()]


def test_the_plain_way_answers_as_the_one_that_was_saved(saved: Path) -> None:
    opened = PointResolver.open(saved, KEY)
    assert [opened.resolve(*p) for p in points()] == [RESOLVER.resolve(*p) for p in points()]


def test_many_points_get_the_same_answers_from_the_file(saved: Path) -> None:
    lon, lat = np.array(points()).T
    assert Resolver.open(saved, KEY).resolve_many(lon, lat).equals(RESOLVER.resolve_many(lon, lat))


def test_distances_of_many_points_are_those_of_single_ones() -> None:
    lon, lat = np.array(points()).T
    many = RESOLVER.border_distances(RESOLVER.find(lon, lat), lon, lat, threads=2)
    singly = [RESOLVER.resolve(*p).border_m for p in points()]
    assert many.tolist() == pytest.approx([np.nan if d is None else d for d in singly], abs=1e-6, nan_ok=True)


def test_a_point_inside_stands_for_each_grid(saved: Path) -> None:
    codes = PointResolver.open(saved, KEY).codes
    inside = {code: codes.centre(code) for code in TOWN["code"]}
    assert all(
        TOWN.geometry[k].contains(point) for k, point in zip(TOWN.index, _points(inside, TOWN["code"]), strict=True)
    )


def _points(inside: dict[str, list[float]], codes: list[str]) -> list[object]:
    import shapely

    return [shapely.Point(*inside[code]) for code in codes]


def test_an_unknown_code_has_no_point_inside(saved: Path) -> None:
    with pytest.raises(KeyError):
        PointResolver.open(saved, KEY).codes.centre("A999")


def test_the_same_grids_give_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    Resolver.build(TOWN.sample(frac=1, random_state=1), WORK, 7).save(tmp_path / "again", KEY)
    assert (tmp_path / "again").read_bytes() == saved.read_bytes()


def test_a_town_without_overlays_is_saved(tmp_path: Path) -> None:
    Resolver.build(frame(("A000", 1, "comprehensive", None, None, (0, 0, 5, 5))), WORK, 1).save(tmp_path / "x", KEY)
    assert PointResolver.open(tmp_path / "x", KEY).resolve(109.001, 32.001).code == "A000"


def test_another_process_answers_the_same_without_numpy(saved: Path) -> None:
    code = (
        "import sys; from gridgis.index import PointResolver\n"
        f"print(PointResolver.open({str(saved)!r}, {KEY!r}).resolve(109.005, 32.005))\n"
        "sys.exit('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == (repr(RESOLVER.resolve(109.005, 32.005)), 0)


@pytest.mark.parametrize("kind", [Resolver, PointResolver])
def test_the_file_of_another_registry_or_revision_is_refused(saved: Path, kind: type[Resolver]) -> None:
    with pytest.raises(InvalidInput, match="not of the revision in force"):
        kind.open(saved, "town 8")


@given(st.data())
def test_a_file_with_a_flipped_bit_is_refused(saved: Path, data: st.DataObject) -> None:
    whole = bytearray(saved.read_bytes())
    place = data.draw(st.integers(0, 63) | st.integers(0, len(whole) - 1))
    whole[place] ^= 1 << data.draw(st.integers(0, 7))
    broken = saved.with_name("flipped")
    broken.write_bytes(whole)
    with pytest.raises(InvalidInput):
        PointResolver.open(broken, KEY)


@given(st.data())
def test_a_truncated_file_is_refused(saved: Path, data: st.DataObject) -> None:
    whole = saved.read_bytes()
    broken = saved.with_name("truncated")
    broken.write_bytes(whole[: data.draw(st.integers(0, 100) | st.integers(0, len(whole) - 1))])
    with pytest.raises(InvalidInput):
        Resolver.open(broken, KEY)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot read"):
        PointResolver.open(tmp_path / "none", KEY)


def test_the_file_of_a_bare_index_is_no_resolver(tmp_path: Path) -> None:
    RESOLVER.base.save(tmp_path / "bare")
    with pytest.raises(InvalidInput, match="not of the revision in force"):
        PointResolver.open(tmp_path / "bare", KEY)


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        RESOLVER.save(tmp_path / "taken", KEY)
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]
