"""Readers given mutated files: nothing but InvalidInput, no crash, bounded memory, nothing left behind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.io.fuzz import mutate, read_mutated

ROOT = Path(__file__).parents[2]
SECONDS = os.environ.get("GRIDGIS_FUZZ_SECONDS", "5")
READERS = {
    "shp",
    "gpkg",
    "geojson",
    "fgb",
    "kml",
    "kmz",
    "parquet",
    "csv",
    "xlsx",
    "pbf",
    "zip",
    "dbf",
    "shx",
    "prj",
    "cpg",
}


@pytest.mark.heavy
def test_no_reader_crashes_on_mutated_files() -> None:
    command = [sys.executable, "-m", "tests.io.fuzz", "--seconds", SECONDS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    counts = {name: int(n) for name, n in re.findall(r"^(\w+): (\d+) files", done.stdout, re.MULTILINE)}
    assert set(counts) == READERS
    assert all(n > 0 for n in counts.values())


def test_the_fuzzer_tells_what_is_not_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: Path) -> None:
        raise KeyError(path)

    monkeypatch.setattr("tests.io.fuzz.read_all", broken)
    (tmp_path / "a").write_bytes(b"whole")
    with pytest.raises(KeyError):
        read_mutated(tmp_path / "a", tmp_path / "a", [("cut", 0.5, 0.0, b"")])
    assert (tmp_path / "a").read_bytes() == b"whole"


def test_the_fuzzer_tells_what_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.io.fuzz.read_all", lambda path: (tmp_path / "half").touch())
    (tmp_path / "a").write_bytes(b"whole")
    with pytest.raises(AssertionError, match="left behind"):
        read_mutated(tmp_path / "a", tmp_path / "a", [("cut", 0.5, 0.0, b"")])


@pytest.mark.parametrize(
    ("mutation", "result"),
    [
        (("flip", 0.5, 0.0, b"\xff"), b"ab\x9cd"),
        (("write", 0.5, 0.0, b"X"), b"abXd"),
        (("insert", 0.5, 0.0, b"X"), b"abXcd"),
        (("cut", 0.5, 0.0, b""), b"ab"),
        (("drop", 0.25, 0.75, b""), b"ad"),
        (("splice", 0.25, 0.75, b""), b"adbcd"),
    ],
)
def test_a_mutation_does_what_it_is_called(mutation: tuple[str, float, float, bytes], result: bytes) -> None:
    assert mutate(b"abcd", [mutation]) == result
