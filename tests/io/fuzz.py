"""Mutates valid files of every format and reads them: nothing but InvalidInput may come out, in bounded memory.

``python -m tests.io.fuzz --seconds 900`` shares the CPU time among all: ``make faults`` gives each a minute, the tests
5 s to all of them. It is a process of its own: a crash in a library, or memory without bound, ends only this one and is
told. Hypothesis chooses the mutations (flips, cuts, splices, repeats) and shrinks what fails to the least one.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Polygon, box

from gridgis.errors import InvalidInput
from gridgis.io.notes import Notes
from gridgis.io.read import list_layers, read_raw
from tests.io.osm_file import write_pbf

MEMORY = 3 * 2**30
"""Address space that reading a small file may take, libraries included."""
BATCH = 10
SHAPES = [MultiPolygon([box(109, 32, 109.1, 32.1), box(110, 32, 110.1, 32.1)]), Polygon([(1, 1), (2, 1), (2, 2)]), None]

Mutation = tuple[str, float, float, bytes]


def mutate(data: bytes, mutations: list[Mutation]) -> bytes:
    """Apply mutations, each (kind, where, how far, bytes), its places given as fractions of the length."""
    for kind, where, reach, what in mutations:
        at, to = int(where * len(data)), int(reach * len(data))
        if kind == "flip":
            data = data[:at] + bytes(b ^ x for b, x in zip(data[at:], what, strict=False)) + data[at + len(what) :]
        elif kind == "write":
            data = data[:at] + what + data[at + len(what) :]
        elif kind == "insert":
            data = data[:at] + what + data[at:]
        elif kind == "cut":
            data = data[:at]
        elif kind == "drop":
            data = data[: min(at, to)] + data[max(at, to) :]
        elif kind == "splice":
            data = data[:at] + data[to : to + 64] + data[at:]
    return data


MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(["flip", "write", "insert", "cut", "drop", "splice"]),
        st.floats(0, 1, exclude_max=True),
        st.floats(0, 1, exclude_max=True),
        st.one_of(st.binary(min_size=1, max_size=8), st.sampled_from([b"\xff" * 4, b"\0" * 8, b"\x7f\xff\xff\xff"])),
    ),
    min_size=1,
    max_size=6,
)


def make_files(folder: Path) -> dict[str, Path]:
    """Write one small valid file of each format."""
    frame = gpd.GeoDataFrame({"名称": ["西大街", "东关", None], "n": [1, 2, 3]}, geometry=SHAPES, crs="EPSG:4326")
    drawn = frame[:2]
    files = {ending: folder / f"a.{ending}" for ending in ("shp", "gpkg", "geojson", "fgb")}
    for path in files.values():
        drawn.to_file(path)
    for ending in ("kml", "kmz"):
        files[ending] = folder / f"a.{ending}"
        pyogrio.write_dataframe(drawn, files[ending], driver="LIBKML")
    files["parquet"] = folder / "a.parquet"
    frame.to_parquet(files["parquet"])
    table = pd.DataFrame(frame.drop(columns="geometry")).assign(wkt=frame.geometry.to_wkt())
    spots = pd.DataFrame({"名称": ["甲", "乙"], "经度": [109.1, 109.2], "纬度": [32.1, 32.2]})
    files |= {"csv": folder / "a.csv", "xlsx": folder / "a.xlsx"}
    table.to_csv(files["csv"], index=False)
    spots.to_excel(files["xlsx"], index=False)
    ways = [([1, 2, 3, 1], {"building": "yes", "name": "甲"}), ([1, 2], {"highway": "primary"})]
    files["pbf"] = write_pbf(folder / "a.pbf", [(109, 32), (109.1, 32), (109.1, 32.1)], ways)
    files["zip"] = folder / "a.zip"
    with zipfile.ZipFile(files["zip"], "w", zipfile.ZIP_DEFLATED) as archive:
        for ending in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
            archive.write(folder / f"a{ending}", f"街道{ending}")
    return files


def targets(files: dict[str, Path]) -> dict[str, tuple[Path, Path]]:
    """Name what is mutated: (the file that is changed, the file that is read)."""
    shape = files["shp"]
    parts = {part: (shape.with_suffix(f".{part}"), shape) for part in ("dbf", "shx", "prj", "cpg")}
    return {name: (path, path) for name, path in files.items()} | parts


def read_all(path: Path) -> None:
    """Read every layer of a file, as far as it lets itself be read."""
    for name in list_layers(path):
        frame = read_raw(path, name, Notes("read"), may_be_empty=True)
        assert frame.geometry.name == "geometry"


def read_mutated(changed: Path, read: Path, mutations: list[Mutation]) -> bool:
    """Read a file with a mutation; tell whether it was refused. Anything but InvalidInput comes out."""
    whole = changed.read_bytes()
    changed.write_bytes(mutate(whole, mutations))
    before = sorted(read.parent.iterdir())
    try:
        read_all(read)
    except InvalidInput:
        return True
    finally:
        left = sorted(read.parent.iterdir())
        changed.write_bytes(whole)
        assert left == before, f"left behind: {set(left) - set(before)}"
    return False


def fuzz(name: str, changed: Path, read: Path, seconds: float, number: int) -> tuple[int, int]:
    """Fuzz one reader for so many seconds; return how many files it was given, and how many it refused."""
    counts = [0, 0]

    def batch(round_: int) -> Callable[[], None]:
        @seed(number + round_)
        @settings(
            max_examples=BATCH, deadline=None, database=None, suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        )  # fmt: skip
        @given(MUTATIONS)
        def one(mutations: list[Mutation]) -> None:
            counts[0] += 1
            counts[1] += read_mutated(changed, read, mutations)

        return one

    end, round_ = time.process_time() + seconds, 0
    while time.process_time() < end:
        print(name, round_, file=sys.stderr, flush=True)  # where a crash happened
        batch(round_)()
        round_ += 1
    return counts[0], counts[1]


def main() -> None:
    """Fuzz all readers in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    given_ = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("ignore")  # what libraries warn of in damaged files is theirs to say
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        tempfile.tempdir = folder  # so that what a reader leaves behind is seen
        found = targets(make_files(Path(folder)))
        names = [n for n in found if given_.only in ("", n)]
        for name in names:
            files, refused = fuzz(name, *found[name], given_.seconds / len(names), given_.seed)
            print(f"{name}: {files} files, {refused} refused")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory {peak:.2f} GiB")


if __name__ == "__main__":
    main()
