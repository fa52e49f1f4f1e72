"""Plain Python answers until compiled code is there; then that does, in every thread."""

from __future__ import annotations

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from gridgis.errors import InvalidInput
from gridgis.index import GridIndex
from tests.oracles.awkward import CATALOGUE

PATIENT = """
import sys, threading
from gridgis.index import GridIndex
from gridgis.index.engine import PATIENCE, WORTH
from shapely import box
GridIndex.build([box(0, 0, 1, 1), box(1, 0, 2, 1)], ids=[7, 8]).save(sys.argv[1])
"""

ASKER = """
import sys, threading
from gridgis.index import GridIndex
from gridgis.index.engine import PATIENCE, WORTH
index = GridIndex.open(sys.argv[1])
kind = sys.argv[2]
def loaders(): return [t for t in threading.enumerate() if "numba" in t.name]
if kind == "few":
    said = {index.locate_one(1.0, 0.5) for _ in range(PATIENCE - 1)}
    assert not loaders() and "numba" not in sys.modules
elif kind == "many":
    said = {index.locate_one(1.0, 0.5) for _ in range(PATIENCE)}
    (loader,) = loaders()
    said |= {index.locate_one(1.0, 0.5) for _ in range(100)}
    loader.join()
    said |= {index.locate_one(1.0, 0.5), int(index.locate([1.0], [0.5])[0])}
    assert "numba" in sys.modules and not loaders()
    assert "plain" not in repr(index._engines[0].one)
else:
    said = set(index.locate([1.0] * WORTH, [0.5] * WORTH).tolist())
    assert "numba" in sys.modules
assert said == {8}, said
"""


@pytest.mark.parametrize("kind", ["few", "many", "at once"])
def test_compiled_code_is_loaded_when_it_pays_and_says_the_same(tmp_path: Any, kind: str) -> None:
    path = str(tmp_path / "index")
    for code in (PATIENT, ASKER):
        subprocess.run([sys.executable, "-c", code, path, kind], check=True)


def test_threads_that_ask_while_it_is_loaded_are_answered() -> None:
    index = GridIndex.build(CATALOGUE["bricks"])
    x, y = np.random.default_rng(1).random((2, 120_000)) * 6
    expected = index.locate(x, y).tolist()
    index = pickle.loads(pickle.dumps(index))
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda _: index.locate(x, y, threads=2).tolist(), range(8)))
    assert said == [expected] * 8


def test_loading_twice_keeps_the_address_that_other_threads_may_hold() -> None:
    index = GridIndex.build(CATALOGUE["one box"])
    index.load()
    before = index._engines[0].address
    index.load()
    assert index._engines[0].address == before


def test_read_only_columns_are_not_compiled_for_anew() -> None:
    from gridgis.index.kernels import find

    index = GridIndex.build(CATALOGUE["one box"])
    index.load()
    x = np.array([0.5, 2.0])
    x.flags.writeable = False
    assert index.locate(x, x).tolist() == [0, -1]
    assert index.locate(x[::-1], x.astype(">f8")).tolist() == [-1, -1]
    assert len(find.locate_all.signatures) == 1


@pytest.mark.parametrize("loaded", [False, True])
@pytest.mark.parametrize("one", [1, 1.0, np.float32(1), np.int64(1), True, Decimal(1)])
def test_numbers_of_any_type_are_taken(loaded: bool, one: Any) -> None:
    index = GridIndex.build([CATALOGUE["one box"][0]])
    if loaded:
        index.load()
    assert index.locate_one(one, 0.5) == 0


@pytest.mark.parametrize("loaded", [False, True])
@pytest.mark.parametrize("bad", ["east", 1j, [0.5], 10**400])
def test_what_is_no_number_is_refused(loaded: bool, bad: Any) -> None:
    index = GridIndex.build([CATALOGUE["one box"][0]])
    if loaded:
        index.load()
    with pytest.raises(InvalidInput):
        index.locate_one(bad, 0.5)


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 0)])
def test_answers_have_the_shape_of_the_points(shape: tuple[int, ...]) -> None:
    at = GridIndex.build(CATALOGUE["one box"]).locate(np.full(shape, 0.5), np.full(shape, 0.5))
    assert at.shape == shape
    assert (at == 0).all()
