"""An invented area is what its description promises."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from benchmarks.area import main, make_area
from gridgis.geometry.arrays import Ints
from gridgis.io.town import read_town
from gridgis.model import STRONG, Community


@pytest.fixture(scope="module")
def area() -> Community:
    return make_area(3000, seed=5)


def bytes_of(area: Community) -> list[bytes]:
    layers = (area.buildings, area.barriers, area.compounds, area.sites)
    return [shapely.to_wkb(area.boundary), *(b"".join(f.to_wkb().geometry) for f in layers if f is not None)]


def test_the_same_seed_gives_the_same_area(area: Community) -> None:
    assert bytes_of(make_area(3000, seed=5)) == bytes_of(area)


def test_another_seed_gives_another_area(area: Community) -> None:
    assert bytes_of(make_area(3000, seed=6)) != bytes_of(area)


@pytest.mark.parametrize(("households", "seed"), [(3000, 0), (3000, 1), (3000, 2), (3000, 3), (20_000, 0)])
def test_households_are_about_what_was_asked_for(households: int, seed: int) -> None:
    held = int(make_area(households, seed).buildings["households"].sum())
    assert abs(held / households - 1) < 0.15


def test_buildings_hold_five_households_or_so_on_average() -> None:
    buildings = make_area(20_000, 0).buildings
    assert 4.5 < buildings["households"].sum() / len(buildings) < 7.5


@pytest.mark.parametrize("layer", ["buildings", "barriers", "compounds", "sites"])
def test_all_shapes_are_valid_and_meet_the_boundary(area: Community, layer: str) -> None:
    frame = getattr(area, layer)
    assert area.boundary.is_valid
    assert frame.is_valid.all()
    assert frame.intersects(area.boundary).all()


def test_buildings_lie_inside_and_do_not_overlap(area: Community) -> None:
    shapes = area.buildings.geometry.to_numpy()
    assert shapely.covers(area.boundary, shapes).all()
    a, b = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    over = shapely.area(shapely.intersection(shapes[a[a < b]], shapes[b[a < b]]))
    assert over.max(initial=0) < 1.0  # houses that stand wall to wall


def test_no_building_stands_on_a_road(area: Community) -> None:
    roads = area.barriers[area.barriers["klass"] != "wall"]
    assert not len(area.buildings.sindex.query(roads.geometry.to_numpy(), predicate="intersects")[0])


def test_roads_that_meet_share_a_vertex(area: Community) -> None:
    """An end of a line that is near another line is exactly on one of its vertices."""
    lines = area.barriers[area.barriers.geom_type == "LineString"].reset_index(drop=True)
    vertices = [set(map(tuple, line.coords)) for line in lines.geometry]
    ends = gpd.GeoSeries([shapely.Point(line.coords[k]) for line in lines.geometry for k in (0, -1)])
    end, line = lines.sindex.query(ends.to_numpy(), predicate="dwithin", distance=0.01)
    assert all((ends.iloc[e].x, ends.iloc[e].y) in vertices[k] for e, k in zip(end, line, strict=True))


def test_there_are_strong_barriers_streets_and_walls(area: Community) -> None:
    there = set(area.barriers["klass"])
    assert there & STRONG
    assert {"tertiary", "residential", "wall"} <= there


def test_estates_of_towns_hold_mostly_150_to_500_and_some_are_too_large() -> None:
    held = np.concatenate([estate_households(make_area(20_000, seed)) for seed in (1, 2, 3)])
    assert ((held >= 120) & (held <= 500)).mean() > 0.5
    assert 0 < (held > 500).sum() < 0.15 * len(held)


def estate_households(town: Community) -> Ints:
    assert town.compounds is not None
    at = shapely.point_on_surface(town.buildings.geometry.to_numpy())
    building, estate = shapely.STRtree(town.compounds.geometry.to_numpy()).query(at, predicate="within")
    held = np.bincount(estate, town.buildings["households"].to_numpy()[building], len(town.compounds))
    return held.astype(np.int64)


def test_buildings_can_be_points() -> None:
    assert (make_area(3000, 5, footprints=False).buildings.geom_type == "Point").all()


def test_the_command_writes_a_town(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "area.gpkg"
    main(["3000", "5", str(out), "--points"])
    assert "households" in capsys.readouterr().out
    assert (gpd.read_file(out, layer="buildings").geom_type == "Point").all()


def test_a_town_that_is_written_is_read_with_all_barriers(area: Community, tmp_path: Path) -> None:
    out = tmp_path / "area.gpkg"
    main(["3000", "5", str(out)])
    [read] = read_town(out).to_communities()
    counts = [frame["klass"].value_counts().to_dict() for frame in (read.barriers, area.barriers)]
    assert counts[0] == counts[1]
