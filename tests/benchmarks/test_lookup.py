"""The benchmark of the lookup: its coverages and points are what they say, and all engines agree on them."""

from __future__ import annotations

import importlib
import json
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import shapely

from benchmarks.lookup import run
from benchmarks.lookup.coverage import SIZES, Coverage, Size, make_coverage
from benchmarks.lookup.exact import check
from benchmarks.lookup.ours import PLAIN, Gather, OurIndex, index_bytes, kinds
from benchmarks.lookup.peers import ShapelyTree
from benchmarks.lookup.points import RANDOM, SETS, draw
from benchmarks.lookup.postgis import PostGIS, programs
from benchmarks.lookup.race import Engine, Lap, Told, race
from benchmarks.lookup.report import Result, peers_table
from gridgis.geometry.arrays import Floats, Geometries

NEEDS = {"duckdb": "duckdb_extension_spatial", "sedonadb": "sedonadb", "postgis": "psycopg"}


def required() -> bool:
    return os.environ.get("GRIDGIS_REQUIRE") == "1"


@pytest.fixture(scope="module")
def cover() -> Coverage:
    return make_coverage(SIZES["small"])


@pytest.fixture(scope="module")
def uneven() -> Coverage:
    return make_coverage(Size(2000, 59_000, (108.0, 32.0, 108.5, 32.4), towns=10))


@pytest.mark.parametrize("which", ["cover", "uneven"])
def test_a_coverage_is_seamless(which: str, request: pytest.FixtureRequest) -> None:
    made: Coverage = request.getfixturevalue(which)
    assert shapely.is_valid(made.polygons).all()
    assert shapely.coverage_is_valid(made.polygons)
    whole = shapely.coverage_union_all(made.polygons)
    assert whole.geom_type == "Polygon"
    assert not whole.interiors
    assert whole.contains(shapely.box(*made.box))


def test_sizes_are_as_told(cover: Coverage) -> None:
    size = SIZES["small"]
    assert len(cover.polygons) == size.cells
    assert len(cover.a) == pytest.approx(size.edges, rel=0.01)
    assert cover.vertices == shapely.get_num_coordinates(cover.polygons).sum() - size.cells


def test_each_edge_of_the_polygons_stands_in_the_list_once(cover: Coverage) -> None:
    xy, ring = shapely.get_coordinates(cover.polygons, return_index=True)
    same = ring[1:] == ring[:-1]
    theirs = np.column_stack([xy[:-1][same], xy[1:][same]])
    told = np.column_stack([cover.a, cover.b])
    assert len(np.unique(ordered(told), axis=0)) == len(told)
    assert np.array_equal(np.unique(ordered(told), axis=0), np.unique(ordered(theirs), axis=0))


def ordered(edges: Floats) -> Floats:
    back = (edges[:, 0] > edges[:, 2]) | ((edges[:, 0] == edges[:, 2]) & (edges[:, 1] > edges[:, 3]))
    return np.where(back[:, None], edges[:, [2, 3, 0, 1]], edges)


def test_the_same_seed_makes_the_same_coverage_and_another_seed_another() -> None:
    size = Size(100, 3000, (108.0, 32.0, 108.1, 32.1))
    one, same, other = (make_coverage(size, seed) for seed in (5, 5, 6))
    assert shapely.to_wkb(one.polygons).tolist() == shapely.to_wkb(same.polygons).tolist()
    assert not np.array_equal(one.a, other.a)


def test_uneven_cells_differ_much_more_in_size(cover: Coverage, uneven: Coverage) -> None:
    low, high = np.quantile(np.sqrt(shapely.area(uneven.polygons)), [0.01, 0.99])
    even_low, even_high = np.quantile(np.sqrt(shapely.area(cover.polygons)), [0.01, 0.99])
    assert even_high / even_low < 6
    assert high / low > 15


@pytest.mark.parametrize("name", SETS)
def test_points_are_drawn_alike_for_a_seed(cover: Coverage, name: str) -> None:
    xy = draw(name, cover, 300, seed=1)
    assert xy.shape == (300, 2)
    assert np.array_equal(xy, draw(name, cover, 300, seed=1))
    assert not np.array_equal(xy, draw(name, cover, 300, seed=2))


@pytest.mark.parametrize("name", RANDOM)
def test_random_points_are_in_exactly_one_polygon(cover: Coverage, name: str) -> None:
    found = shapely.STRtree(cover.polygons).query(shapely.points(draw(name, cover, 2000)), predicate="intersects")
    assert found[0].tolist() == list(range(2000))


def distance(cover: Coverage, xy: Floats) -> Floats:
    lines = shapely.linestrings(np.stack([cover.a, cover.b], axis=1))
    points = shapely.points(xy)
    return np.asarray(shapely.distance(points, lines[shapely.STRtree(lines).nearest(points)]))


def test_points_near_edges_are(cover: Coverage) -> None:
    far = distance(cover, draw("near-edge", cover, 500))
    assert (far > 1e-10).all()
    assert (far < 1.001e-6).all()


def test_points_on_edges_are_there_to_the_last_bit(cover: Coverage) -> None:
    xy = draw("on-edge", cover, 400)
    lines = shapely.linestrings(np.stack([cover.a, cover.b], axis=1))
    nearest = shapely.STRtree(lines).nearest(shapely.points(xy[::2]))
    for (x, y), a, b in zip(xy[::2].tolist(), cover.a[nearest].tolist(), cover.b[nearest].tolist(), strict=True):
        run = [Fraction(q) - Fraction(p) for p, q in zip(a, b, strict=True)]
        way = [Fraction(q) - Fraction(p) for p, q in zip(a, (x, y), strict=True)]
        assert run[0] * way[1] == run[1] * way[0]
    assert distance(cover, xy[1::2]).max() < 1e-13


def test_points_on_vertices_are(cover: Coverage) -> None:
    vertices = set(map(tuple, cover.a.tolist())) | set(map(tuple, cover.b.tolist()))
    assert set(map(tuple, draw("on-vertex", cover, 300).tolist())) <= vertices


@pytest.mark.parametrize("name", SETS)
def test_the_index_answers_as_the_oracle(cover: Coverage, name: str) -> None:
    tree, index = shapely.STRtree(cover.polygons), OurIndex(cover.polygons).index
    checked = check(cover, tree, index, draw(name, cover, 40))
    assert (checked.points, checked.mismatches, checked.least, checked.most) == (40, 0, 1, 1)


def test_a_wrong_answer_is_a_mismatch(cover: Coverage) -> None:
    class Wrong:
        def locate(self, lon: Floats, lat: Floats) -> Floats:
            return np.zeros(len(lon), dtype=np.int32)

    xy = draw("uniform", cover, 20)
    assert check(cover, shapely.STRtree(cover.polygons), Wrong(), xy).mismatches >= 19  # type: ignore[arg-type]


@pytest.mark.parametrize("name", run.PEERS)
def test_a_peer_finds_what_shapely_finds(cover: Coverage, name: str) -> None:
    if name == "postgis" and programs() is None and not required():
        pytest.skip("no PostgreSQL with PostGIS (Debian: apt-get install postgresql-postgis)")
    if name in NEEDS and not required():
        pytest.importorskip(NEEDS[name], reason="the peers are not installed: pip install '.[bench]'")
    importlib.import_module(NEEDS.get(name, "shapely"))
    tree, peer = ShapelyTree(cover.polygons), run.PEERS[name](cover.polygons)
    try:
        for n in (5, 700):
            xy = draw("clustered", cover, n)
            tree.load(xy)
            peer.load(xy)
            spent = peer.cpu_s()
            assert peer.told(peer.answer()) == tree.told(tree.answer())
            assert peer.cpu_s() >= spent
    finally:
        peer.close()


@pytest.mark.skipif(programs() is None and not required(), reason="no PostgreSQL with PostGIS")
def test_the_cluster_of_postgis_leaves_nothing_behind(cover: Coverage) -> None:
    peer = PostGIS(cover.polygons[:10])
    server, folder = peer.pid, peer.folder
    assert Path(f"/proc/{server}").exists()
    assert "PostGIS" in peer.note
    peer.close()
    assert not Path(f"/proc/{server}").exists()
    assert not folder.exists()


class Slow(Engine):
    """Takes 1 CPU-s for each point; each answer is counted."""

    name = "slow"

    def __init__(self, polygons: Geometries) -> None:
        self.clock = 0.0
        self.answers = 0

    def load(self, xy: Floats) -> None:
        self.n = len(xy)

    def answer(self) -> int:
        self.clock += self.n
        self.answers += 1
        if self.answers > 50:
            raise RuntimeError("tired\nand more")
        return self.n

    def told(self, answer: int) -> Told:
        return Told(answer, 0)

    def cpu_s(self) -> float:
        return self.clock


def test_a_slow_engine_gets_fewer_points_and_one_answer_a_turn() -> None:
    lap = race([Slow(np.array([]))], np.zeros((40_000, 2)), runs=3, limit_s=20_000)["slow"]
    assert (lap.points, lap.turns, lap.rate) == (20_000, [20_000.0] * 3, 1.0)
    assert lap.told == Told(20_000, 0)


def test_an_engine_that_fails_is_told_with_the_reason() -> None:
    lap = race([Slow(np.array([]))], np.zeros((10, 2)), runs=60, limit_s=1)["slow"]
    assert lap.why == "failed: tired"
    laps = {"slow": lap, "shapely STRtree.query": Lap("shapely STRtree.query", 10, [1.0])}
    assert "| slow | failed: tired |" in peers_table(Result("small", 1, 1, 1, peers=laps))


def test_an_engine_that_answers_otherwise_gets_no_figure(
    cover: Coverage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Shifted(ShapelyTree):
        name = "shifted"

        def told(self, answer: Floats) -> Told:
            return Told(answer.shape[1], int(answer[1].sum()) + 1)

    monkeypatch.setitem(run.PEERS, "geopandas", Shifted)
    run.main(["--sizes", "small", "--points", "500", "--runs", "1", "--peers", "geopandas", "--sets", "uniform"])
    assert "| shifted | gives other answers |" in capsys.readouterr().out


def test_the_bytes_of_an_index_are_those_of_its_arrays(cover: Coverage) -> None:
    index = OurIndex(cover.polygons[:100]).index
    assert index_bytes(index) >= 4 * 100
    assert index_bytes(OurIndex(cover.polygons).index) > 5 * index_bytes(index)
    assert len(Gather(cover.polygons, 4000).table) == 1000


def test_the_command_prints_the_tables_and_writes_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "figures.json"
    run.main(["--sizes", "small", "--points", "2000", "--runs", "1", "--limit", "0.2", "--checked", "20",
              "--peers", "shapely-points", "geopandas", "--json", str(out)])  # fmt: skip
    told = capsys.readouterr().out
    assert "| **GridIndex** |" in told
    assert "scalar call" in told
    (size,) = json.loads(out.read_text(encoding="utf-8"))["sizes"]
    assert list(size["sets"]) == list(SETS)
    assert all(size["differ"][at][kind] == 0 for at in RANDOM for kind in kinds())
    assert all(size["checked"][at][kind]["mismatches"] == 0 for at in SETS for kind in kinds())
    assert size["peers"][PLAIN]["told"] == size["peers"]["geopandas sjoin"]["told"]
