"""Every way by which an index can be asked, side by side: all must say the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gridgis.index import GridIndex
from gridgis.index.plain import Plain
from gridgis.index.tables import LET_IN


def answers(polygons: Sequence[Any], points: np.ndarray, folder: Path) -> dict[str, list[int]]:
    """Return way -> positions of the polygons that hold (n, 2) points.

    Of ``explain`` also whether a point was let in by the rule of the outer border, and how many polygons touch it,
    from compiled code and from plain Python: these have the keys "let in ..." and "touching ...".
    """
    x, y = points.T
    index, compact = GridIndex.build(polygons), GridIndex.build(polygons, compact=True)
    index.save(folder / "index")
    opened = GridIndex.open(folder / "index")
    ids = np.random.default_rng(len(points)).permutation(len(polygons)) * 7 + 3
    named = GridIndex.build(polygons, ids=ids)
    index.load()
    explained, of_names = index.explain(x, y), named.explain(x, y)
    plain, plain_compact = Plain(opened.tables), Plain(compact.tables)
    words = [plain.word_at(*p) for p in points.tolist()]
    return {
        "many": index.locate(x, y).tolist(),
        "one": [index.locate_one(*p) for p in points.tolist()],
        "explain": explained.position.tolist(),
        "opened": opened.locate(x, y).tolist(),
        "plain, opened": [word - 1 for word, _ in words],
        "compact": compact.locate(x, y).tolist(),
        "plain, compact": [plain_compact.id_at(*p) for p in points.tolist()],
        "named": [int(np.flatnonzero(ids == k)[0]) if k >= 0 else -1 for k in named.locate(x, y).tolist()],
        "explain, named": of_names.position.tolist(),
        "let in": ((explained.position >= 0) & ~explained.shifted_in).tolist(),
        "let in, plain": [told >= LET_IN for _, told in words],
        "touching": explained.touching.tolist(),
        "touching, plain": [told % LET_IN for _, told in words],
    }
