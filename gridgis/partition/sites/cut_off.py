"""Which carved sites cut a part of a community off from the rest of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from gridgis.geometry.arrays import Ints
from gridgis.partition.layout import Layout, Pieces


def sites_between(pieces: Pieces, layout: Layout, sites: Mapping[str, pd.Series], part: Ints) -> list[str]:
    """Return the ids of the carved sites that touch both a part of a community and other divided ground of it.

    Parameters
    ----------
    pieces, layout
        The atoms and their grids.
    sites
        For each local id of a carved dedicated grid its site.
    part
        (k,) atoms of the part.
    """
    inside = np.zeros(len(pieces.polygons), dtype=np.bool_)
    inside[part] = True
    both = pieces.left >= 0
    left, right = pieces.left[both], pieces.right[both]
    same = pieces.community[left] == pieces.community[right]
    carved = layout.level2 == ""
    beside: list[set[str]] = [set(), set()]
    for a, b in ((left, right), (right, left)):
        for k, ground in enumerate((inside, ~inside & ~carved)):
            found = same & carved[a] & ground[b]
            beside[k] |= {str(sites[str(i)]["id"]) for i in np.unique(layout.leaf[a[found]].astype(str))}
    return sorted(beside[0] & beside[1])
