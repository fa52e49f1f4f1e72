"""What pins demand of atoms: pairs that one grid holds, and pairs that no grid holds, each from a level on."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gridgis.geometry.arrays import Ints


def _none() -> Ints:
    return np.empty((0, 3), dtype=np.int64)


@dataclass(frozen=True)
class Held:
    """Demands on a set of atoms, by position.

    ``joined`` (u, 3) two atoms that touch, and the finest level of which one grid holds both (3 means level 2 too);
    ``apart`` (a, 3) two atoms, and the largest level of which no grid holds both (2 means level 3 too).

    Examples
    --------
    >>> held = Held(np.array([[0, 1, 3], [1, 2, 2]]), np.array([[0, 4, 2]]))
    >>> held.joined_at(2).tolist(), held.joined_at(3).tolist(), held.apart_at(3).tolist()
    ([[0, 1], [1, 2]], [[0, 1]], [[0, 4]])
    >>> held.take(np.array([-1, 0, 1, -1, -1])).joined.tolist()
    [[0, 1, 2]]
    """

    joined: Ints = field(default_factory=_none)
    apart: Ints = field(default_factory=_none)

    def joined_at(self, level: int) -> Ints:
        """Return the (u, 2) pairs that one grid of a level holds."""
        return self.joined[self.joined[:, 2] >= level, :2]

    def apart_at(self, level: int) -> Ints:
        """Return the (a, 2) pairs that no grid of a level holds."""
        return self.apart[self.apart[:, 2] <= level, :2]

    def take(self, position: Ints) -> Held:
        """Return the demands among some atoms; ``position`` (n,) is their new position, -1 for the others."""
        return Held(_moved(self.joined, position), _moved(self.apart, position))


def _moved(demands: Ints, position: Ints) -> Ints:
    ends = position[demands[:, :2]]
    keep = (ends >= 0).all(axis=1)
    return np.column_stack([ends[keep], demands[keep, 2]])
