"""Connected components: which nodes of a graph hang together."""

from __future__ import annotations

import numpy as np

from gridgis.geometry.arrays import Ints


def components(n: int, edges: Ints) -> Ints:
    """Label the connected components of a graph, (n,) 0.. in the order of their first node."""
    from gridgis.partition.kernels.plain import label_components

    return np.asarray(label_components(n, np.ascontiguousarray(edges, dtype=np.int64).reshape(-1, 2)))
