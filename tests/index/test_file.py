"""The file of an index: the same in every process, and no other file is taken for it."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gridgis.errors import InvalidInput
from gridgis.index import GridIndex
from gridgis.index.mapped import SECTION, START
from tests.oracles.awkward import CATALOGUE, bricks
from tests.oracles.coverages import hard_points

READER = """
import json, sys
from gridgis.index import GridIndex
index, points = GridIndex.open(sys.argv[1]), json.loads(sys.argv[2])
said = [[index.locate_one(*p) for p in points]]
assert "numba" not in sys.modules, "plain Python was to answer first"
index.load()
said += [[index.locate_one(*p) for p in points], index.locate(*zip(*points)).tolist()]
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("file") / "good"
    GridIndex.build(bricks(3)).save(path)
    return path.read_bytes()


def refuse(path: Path, data: bytes, what: str) -> None:
    path.write_bytes(data)
    with pytest.raises(InvalidInput, match=what):
        GridIndex.open(path)


def test_another_process_answers_the_same_before_and_after_it_loads_compiled_code(tmp_path: Path) -> None:
    polygons = CATALOGUE["bricks in metres"]
    index = GridIndex.build(polygons, ids=[k * 3 for k in range(len(polygons))])
    index.save(tmp_path / "index")
    points = hard_points(polygons, np.random.default_rng(3), most=200)
    expected = index.locate(*points.T).tolist()
    ask = [sys.executable, "-c", READER, str(tmp_path / "index"), json.dumps(points.tolist())]
    said = json.loads(subprocess.run(ask, check=True, capture_output=True, text=True).stdout)
    assert said == [expected, expected, expected]


def test_a_flipped_bit_of_a_byte_is_refused_wherever_it_is(tmp_path: Path, good: bytes) -> None:
    rng = np.random.default_rng(0)
    for at in range(0, len(good), 7):
        bit = 1 << int(rng.integers(8))
        refuse(tmp_path / "bad", good[:at] + bytes([good[at] ^ bit]) + good[at + 1 :], "no grid index|version|changed")


def test_any_flipped_bit_of_the_beginning_is_refused(tmp_path: Path, good: bytes) -> None:
    for at in range(START.size):
        for bit in range(8):
            flipped = good[:at] + bytes([good[at] ^ 1 << bit]) + good[at + 1 :]
            refuse(tmp_path / "bad", flipped, "no grid index|version|changed")


def test_a_file_truncated_in_or_between_sections_is_refused(tmp_path: Path, good: bytes) -> None:
    count = START.unpack(good[: START.size])[2]
    table = good[START.size : START.size + SECTION.size * count]
    ends = [place + size for _, _, place, size in SECTION.iter_unpack(table)]
    begins = [place for _, _, place, _ in SECTION.iter_unpack(table)]
    cuts = {1, 8, 12, 16, 32, START.size, START.size + SECTION.size, len(good) - 1, *begins, *ends}
    cuts |= {(a + b) // 2 for a, b in zip(begins, ends, strict=True)}
    for keep in sorted(cuts - {len(good)}):
        refuse(tmp_path / "bad", good[:keep], "no grid index|truncated")


def test_bytes_after_the_end_are_refused(tmp_path: Path, good: bytes) -> None:
    refuse(tmp_path / "bad", good + b"\0", "truncated or changed")


@pytest.mark.parametrize("data", [b"", b"GRIDIDX", b"PK\x03\x04" + bytes(200), b"SQLite format 3\0" + bytes(200)])
def test_an_empty_or_foreign_file_is_refused(tmp_path: Path, data: bytes) -> None:
    refuse(tmp_path / "foreign", data, "no grid index")


@pytest.mark.parametrize("version", [0, 1, 2, 255, 2**31])
def test_a_file_of_another_version_is_refused_by_its_number(tmp_path: Path, good: bytes, version: int) -> None:
    refuse(tmp_path / "old", good[:8] + struct.pack("<I", version) + good[12:], f"version {version}")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot read"):
        GridIndex.open(tmp_path)


@pytest.mark.parametrize("name", ["bricks", "star", "one triangle"])
@pytest.mark.parametrize("options", [{}, {"compact": True}, {"on_overlap": "lowest"}])
def test_the_same_polygons_give_the_same_bytes(tmp_path: Path, name: str, options: dict[str, bool]) -> None:
    for file in "ab":
        GridIndex.build(CATALOGUE[name], **options).save(tmp_path / file)
    GridIndex.open(tmp_path / "a").save(tmp_path / "c")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == (tmp_path / "c").read_bytes()


def test_another_process_builds_the_same_bytes(tmp_path: Path) -> None:
    code = "import sys; from gridgis.index import GridIndex; from tests.oracles.awkward import bricks; " \
           "GridIndex.build(bricks()).save(sys.argv[1])"  # fmt: skip
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "there")], check=True, cwd=Path(__file__).parents[2])
    GridIndex.build(bricks()).save(tmp_path / "here")
    assert (tmp_path / "there").read_bytes() == (tmp_path / "here").read_bytes()


def test_an_index_is_opened_where_its_old_file_was_replaced(tmp_path: Path) -> None:
    """The old one goes on answering from its mapped bytes."""
    GridIndex.build(bricks(2)).save(tmp_path / "a")
    old = GridIndex.open(tmp_path / "a")
    GridIndex.build([bricks(2)[0]]).save(tmp_path / "a")
    assert (old.locate_one(1.0, 1.5), GridIndex.open(tmp_path / "a").locate_one(1.0, 1.5)) == (1, -1)
