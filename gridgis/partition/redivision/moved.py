"""How many households a re-division moves, as users count them."""

from __future__ import annotations

import numpy as np

from gridgis.geometry.arrays import Ints


def moved(old: Ints, new: Ints, households: Ints, inside: bool = False) -> int:
    """Count the households that are not in the grid that continues theirs (SEMANTICS 13), all (n,), -1 for none.

    ``inside``: the new grids are those of the coarser level, so an old one goes on where more than half of it is.

    Examples
    --------
    >>> old, households = np.array([0, 0, 1]), np.array([24, 12, 26])
    >>> moved(old, np.array([0, 1, 1]), households), moved(old, np.array([0, 1, 0]), households)
    (12, 36)
    """
    known = old >= 0
    found, which = np.unique(np.column_stack([old[known], new[known]]), axis=0, return_inverse=True)
    shared = np.bincount(which.ravel(), households[known], len(found))
    stays = 2 * shared > np.bincount(old[known], households[known])[found[:, 0]]
    if not inside:
        stays &= 2 * shared > np.bincount(new, households)[found[:, 1]]
    return int(households[known].sum() - shared[stays].sum())
