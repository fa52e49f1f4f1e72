"""The sample street keeps what its README promises."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

import sample_shapes
from gridgis.geometry.shift import to_stored_lonlat
from gridgis.model import SITE_CATEGORIES, Band
from sample_shapes import make_town, summary
from sample_shapes.fringe import build_astride
from sample_shapes.plan import CELLS, Building, Town

FOLDER = Path(sample_shapes.__file__).parent / "town"
LAYERS = ("communities", "buildings", "roads", "railways", "rivers", "water", "walls", "compounds", "sites")
URBAN = [f"99000100100{k}" for k in (1, 2, 3, 4)]
VILLAGE = "990001001201"
HELD_ASTRIDE = {"界上老屋", "界上新屋", "界上粮仓", "藏书路过街商廊", "老街东过街楼", "老街西过街楼"}


def layer(name: str) -> gpd.GeoDataFrame:
    return gpd.read_file(FOLDER / f"{name}.geojson")


@pytest.fixture(scope="module")
def town() -> Town:
    return make_town.draw()


@pytest.fixture(scope="module")
def files() -> dict[str, gpd.GeoDataFrame]:
    return {name: layer(name) for name in LAYERS}


@pytest.fixture(scope="module")
def events() -> list[dict[str, str]]:
    with (FOLDER / "events.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.heavy
def test_made_again_the_files_are_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_town.main([str(tmp_path)])
    assert "households" in capsys.readouterr().out
    written = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert written == {p.name: p.read_bytes() for p in FOLDER.iterdir()}


@pytest.mark.heavy
def test_another_seed_draws_another_town(town: Town) -> None:
    other = make_town.draw(seed=1)
    assert [b.households for b in other.buildings] != [b.households for b in town.buildings]


def test_the_files_are_small() -> None:
    assert sum(p.stat().st_size for p in FOLDER.iterdir()) < 2_500_000


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_valid_and_lies_in_lon_lat(name: str, files: dict[str, gpd.GeoDataFrame]) -> None:
    frame = files[name]
    west, south, east, north = frame.total_bounds
    assert frame.is_valid.all()
    assert not frame.is_empty.any()
    assert frame.crs.to_epsg() == 4490
    assert 109.01 < west < east < 109.05
    assert 32.67 < south < north < 32.71


@pytest.mark.parametrize("name", LAYERS)
def test_coordinates_have_seven_decimals(name: str) -> None:
    text = (FOLDER / f"{name}.geojson").read_text(encoding="utf-8")
    assert max(map(len, re.findall(r"\d+\.(\d+)", text))) == 7


@pytest.mark.parametrize("name", [n for n in LAYERS if n != "communities"])
def test_ids_count_from_one(name: str, files: dict[str, gpd.GeoDataFrame]) -> None:
    assert list(files[name]["id"]) == list(range(1, len(files[name]) + 1))


def test_communities_adjoin_without_gap_or_overlap(files: dict[str, gpd.GeoDataFrame]) -> None:
    shapes = files["communities"].geometry.to_numpy()
    assert shapely.coverage_is_valid(shapes, gap_width=1e-6)
    assert shapely.union_all(shapes).geom_type == "Polygon"


def test_codes_are_four_urban_communities_and_a_village(files: dict[str, gpd.GeoDataFrame]) -> None:
    assert list(files["communities"]["code"]) == [*URBAN, VILLAGE]


def test_buildings_do_not_overlap(files: dict[str, gpd.GeoDataFrame]) -> None:
    shapes = files["buildings"].geometry.to_numpy()
    pairs = shapely.STRtree(shapes).query(shapes, predicate="intersects").T
    assert not [p for p in pairs.tolist() if p[0] < p[1]]


def test_names_of_buildings_are_unique(files: dict[str, gpd.GeoDataFrame]) -> None:
    assert not files["buildings"]["name"].dropna().duplicated().any()


def test_households_are_about_twelve_thousand(town: Town) -> None:
    assert 11_000 <= sum(b.households for b in town.buildings) <= 13_000


def test_only_homes_have_households(files: dict[str, gpd.GeoDataFrame]) -> None:
    frame = files["buildings"]
    assert (frame.loc[frame["use"] != "residential", "households"] == 0).all()


def test_about_eight_percent_of_the_homes_lack_a_count(files: dict[str, gpd.GeoDataFrame]) -> None:
    homes = files["buildings"][files["buildings"]["use"] == "residential"]
    lacking = homes[homes["households"].isna()]
    assert 0.06 <= len(lacking) / len(homes) <= 0.10
    assert 0.0 < lacking["storeys"].isna().mean() < 0.3


def test_no_building_has_an_awkward_number_of_households(town: Town) -> None:
    assert not [b.name for b in town.buildings if 50 < b.households < 60]


def test_a_lacking_count_of_a_walk_up_follows_from_its_floor_area(town: Town) -> None:
    walk_ups = [b for b in town.buildings if b.name and b.name.endswith("号楼") and b.households]
    estimates = np.array([b.shape.area * b.storeys / 100.0 for b in walk_ups])
    assert np.abs(estimates - [b.households for b in walk_ups]).max() < 1.0


def test_towers_hold_60_to_130_households(town: Town) -> None:
    towers = [b.households for b in town.buildings if b.name and b.name.startswith("锦栖天境") and b.households]
    assert all(60 <= n <= 130 for n in towers)
    assert 900 <= sum(towers) <= 1000


def estate_households(town: Town) -> dict[str, int]:
    homes = [b for b in town.buildings if b.households]
    return {c.name: sum(b.households for b in homes if c.shape.covers(b.shape)) for c in town.compounds}


def test_two_estates_are_too_large_for_one_grid(town: Town) -> None:
    large = {name: n for name, n in estate_households(town).items() if n > 500}
    assert large == {"桂香新城": 630, "锦栖天境": 960}


def test_all_other_estates_hold_120_to_480(town: Town) -> None:
    assert all(120 <= n <= 480 for n in estate_households(town).values() if n <= 500)


@pytest.mark.parametrize("code", [*URBAN, VILLAGE])
def test_a_piece_between_strong_barriers_can_be_cut_in_the_band(code: str, town: Town) -> None:
    band = Band(100, 300) if code == VILLAGE else Band(300, 500)
    held = [households for _, households, _ in summary.pieces(town, code) if households]
    unfit = [h for h in held if not band.can_hold(h)]
    # one piece is too small on purpose: a crossing that cannot be avoided
    assert len(unfit) == (1 if code == "990001001001" else 0)


@pytest.mark.parametrize("klass", ["motorway", "primary", "secondary", "tertiary", "residential"])
def test_every_class_of_road_is_there_with_names(klass: str, files: dict[str, gpd.GeoDataFrame]) -> None:
    roads = files["roads"]
    names = roads.loc[roads["klass"] == klass, "name"]
    assert len(names) >= 1
    assert names.str.fullmatch(r"[\u4e00-\u9fff]{2,}").all()


def ends_on_nothing(files: dict[str, gpd.GeoDataFrame]) -> Counter[str]:
    roads = files["roads"]
    touched = Counter(p for line in roads.geometry for p in set(line.coords))
    border = {p for shape in files["communities"].geometry for p in shape.exterior.coords}
    ends = [
        (name, p)
        for name, line in zip(roads["name"], roads.geometry, strict=True)
        for p in line.coords[:: len(line.coords) - 1]
    ]
    return Counter(name for name, p in ends if touched[p] < 2 and p not in border)


def test_roads_end_on_roads_or_borders_but_for_two_dead_ends(files: dict[str, gpd.GeoDataFrame]) -> None:
    assert ends_on_nothing(files) == {"塘埂路": 1, "砖厂路": 1}


@pytest.mark.parametrize(("name", "klass"), [("凤鸣大道", "primary"), ("藏书路", "secondary")])
def test_a_bridge_carries_a_road_across_the_river(name: str, klass: str, files: dict[str, gpd.GeoDataFrame]) -> None:
    roads, river = files["roads"], files["water"].query("klass == 'river'").geometry.iloc[0]
    assert set(roads.loc[roads.crosses(river), "name"]) == {"凤鸣大道", "藏书路"}
    assert roads.loc[roads["name"] == name, "klass"].tolist() == [klass]


def test_the_river_runs_between_its_banks(files: dict[str, gpd.GeoDataFrame]) -> None:
    water = files["water"].query("klass == 'river'").to_crs(4545).geometry.iloc[0]
    centre = files["rivers"].to_crs(4545).geometry.iloc[0]
    assert 52 < water.area / centre.length < 66
    assert water.buffer(0.1).covers(centre)


@pytest.mark.parametrize("other", ["roads", "railways", "water", "compounds"])
def test_only_the_named_buildings_stand_across_something(other: str, files: dict[str, gpd.GeoDataFrame]) -> None:
    edge = files[other].geometry if other != "compounds" else files[other].boundary
    buildings = files["buildings"]
    across = buildings.sindex.query(edge.to_numpy(), predicate="intersects")[1]
    assert set(buildings["name"].iloc[across]) <= HELD_ASTRIDE


def test_six_buildings_stand_on_a_border_or_a_street(files: dict[str, gpd.GeoDataFrame]) -> None:
    lines = [*files["roads"].geometry, *files["communities"].boundary]
    buildings = files["buildings"]
    across = buildings.sindex.query(np.array(lines), predicate="intersects")[1]
    assert set(buildings["name"].iloc[across]) == HELD_ASTRIDE


def test_no_road_runs_through_an_estate(files: dict[str, gpd.GeoDataFrame]) -> None:
    estates = files["compounds"]
    assert not len(estates.sindex.query(files["roads"].geometry.to_numpy(), predicate="intersects")[0])


def test_an_estate_has_a_wall_with_gates(town: Town) -> None:
    walls = shapely.union_all(town.walls)
    for compound in town.compounds:
        assert 0.8 < walls.intersection(compound.shape.exterior.buffer(0.01)).length / compound.shape.length < 1.0


def test_the_sites_are_of_the_promised_kinds(files: dict[str, gpd.GeoDataFrame]) -> None:
    kinds = Counter(files["sites"]["category"])
    assert kinds == {"school": 2, "hospital": 1, "park": 1, "market": 1, "government": 1, "industrial": 1}
    assert set(kinds) <= set(SITE_CATEGORIES)
    assert set(files["sites"]["mode"]) == {"carve", "overlay"}


def test_events_are_four_hundred_in_order_over_two_weeks(events: list[dict[str, str]]) -> None:
    times = [datetime.fromisoformat(e["time"]) for e in events]
    assert len(events) == 400
    assert times == sorted(times)
    assert all(t.utcoffset() == timedelta(hours=8) and (t.year, t.month) == (2026, 10) for t in times)
    assert times[-1] - times[0] < timedelta(days=14)


@pytest.mark.parametrize(("label", "count"), [("GCJ-02", 10), ("BD-09", 10), ("EPSG:4490", 380)])
def test_some_events_are_in_shifted_coordinates(label: str, count: int, events: list[dict[str, str]]) -> None:
    assert sum(e["crs"] == label for e in events) == count


def test_an_event_without_point_names_a_building_or_an_estate(
    events: list[dict[str, str]], files: dict[str, gpd.GeoDataFrame]
) -> None:
    bare = [e["place"] for e in events if not e["lon"]]
    assert len(bare) == 15
    assert set(bare) <= {*files["buildings"]["name"], *files["compounds"]["name"]}


def test_two_events_lie_outside_the_town(events: list[dict[str, str]], files: dict[str, gpd.GeoDataFrame]) -> None:
    whole = shapely.union_all(files["communities"].geometry.to_numpy()).buffer(1e-4)
    given = [e for e in events if e["lon"]]
    at = [to_stored_lonlat(float(e["lon"]), float(e["lat"]), e["crs"])[:2] for e in given]
    outside = [(e["lon"], e["lat"]) for e, p in zip(given, at, strict=True) if not whole.covers(shapely.Point(*p))]
    assert len(outside) == 2
    assert ("0.0000000", "0.0000000") in outside


def test_texts_of_events_are_varied(events: list[dict[str, str]]) -> None:
    assert len({e["text"] for e in events}) >= 390
    assert len({e["item"] for e in events}) >= 10
    assert {e["source"] for e in events} == {"12345热线", "网格员上报", "随手拍", "摄像头"}


def test_people_are_450_with_numbers_that_nobody_has() -> None:
    with (FOLDER / "people.csv").open(encoding="utf-8", newline="") as file:
        people = list(csv.DictReader(file))
    assert len({p["name"] for p in people}) == len({p["phone"] for p in people}) == 450
    assert all(re.fullmatch(r"100\d{8}", p["phone"]) for p in people)


def test_every_file_has_a_row_in_the_readme() -> None:
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    assert {p.name for p in FOLDER.iterdir()} == set(re.findall(r"`town/([\w.]+)`", readme))


@pytest.mark.parametrize("name", sorted(CELLS))
def test_the_corners_of_a_cell_lie_on_its_curves(name: str) -> None:
    cell = CELLS[name]
    for u, v in ((0, 0), (0, 1), (1, 0), (1, 1)):
        x, y = cell.at(u, v)
        assert abs((cell.north if v else cell.south)(x) - y) < 1e-6
        assert abs((cell.east if u else cell.west)(y) - x) < 1e-6


def test_a_building_without_a_free_place_is_an_error(town: Town) -> None:
    everywhere = Building(town.border, "farm", 0, 1)
    with pytest.raises(RuntimeError, match="no free place along 田界"):
        build_astride(replace(town, buildings=[everywhere]))
