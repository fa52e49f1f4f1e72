"""Taking many parts of the ground at once is taking each by itself."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.partition.graph import Contacts
from tests.partition.graphs import Drawn, graphs


@settings(max_examples=60, deadline=None)
@given(graph=graphs(8), draw=st.integers(0, 99), parts=st.integers(1, 4))
def test_ground_split_by_labels_is_each_part_taken_alone(graph: Drawn, draw: int, parts: int) -> None:
    whole = graph.contacts()
    label = np.random.default_rng(draw).integers(-1, parts, whole.n)
    for k, part in enumerate(whole.split(label, 3)):
        alone = whole.take(np.flatnonzero(label == k), 3)
        for column in Contacts.__dataclass_fields__:
            if column not in ("held", "pairs", "length"):
                assert np.array_equal(getattr(part, column), getattr(alone, column)), column
        of_pair = dict(zip(map(tuple, alone.pairs.tolist()), alone.length.tolist(), strict=True))
        assert dict(zip(map(tuple, part.pairs.tolist()), part.length.tolist(), strict=True)) == of_pair
