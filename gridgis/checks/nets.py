"""Units that touch as a small graph, and what may be left out of it or joined in it without changing what is proven."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from gridgis.checks.regroup import around, bits, spread
from gridgis.model import Band


@dataclass(frozen=True)
class Net:
    """Units and who touches whom, (n,).

    Parameters
    ----------
    weights
        Households; 0 for a way (see ``regroup``).
    touch
        Bit masks: bit j of ``touch[i]`` tells that i and j touch (symmetric).
    rim
        Bit mask of those that touch something that is not in the net.
    members
        The units that each stands for.
    """

    weights: list[int]
    touch: list[int]
    rim: int
    members: list[list[int]]

    @property
    def ways(self) -> list[int]:
        """The positions of the ways."""
        return [i for i, w in enumerate(self.weights) if not w]

    def only(self, kept: list[int]) -> Net:
        """Return the net of some units, in that order."""
        place = {i: p for p, i in enumerate(kept)}
        inside = sum(1 << i for i in kept)
        touch = [sum(1 << place[j] for j in bits(self.touch[i] & inside)) for i in kept]
        rim = sum(1 << place[i] for i in bits(self.rim & inside))
        return Net([self.weights[i] for i in kept], touch, rim, [self.members[i] for i in kept])


def shared(net: Net) -> Net:
    """Let each way serve all groups at once: what touches ways that hang together touches one another.

    A proof that there is no grouping in the net that this gives is one for the net itself.

    Examples
    --------
    >>> shared(Net([20, 0, 20], [0b010, 0b101, 0b010], 0, [[0], [1], [2]])).touch
    [2, 1]
    """
    touch, rim = list(net.touch), net.rim
    ways = sum(1 << i for i in net.ways)
    for way in spread(ways, net.touch):
        shore = around(way, net.touch) & ~ways
        rim |= shore if way & net.rim else 0
        for i in bits(shore):
            touch[i] |= shore & ~(1 << i)
    kept = [i for i, w in enumerate(net.weights) if w]
    return Net(net.weights, touch, rim, net.members).only(kept)


def spared(net: Net) -> Net:
    """Leave out the ways that no two groups can both want: what touches one of them touches one another instead.

    Two groups want a way where each has two units around it that do not touch otherwise. The others change nothing,
    but for those at the rim: what is beyond may want them.

    Examples
    --------
    >>> len(spared(Net([20, 0, 20, 20], [0b0010, 0b1101, 0b0010, 0b0010], 0, [[0], [1], [2], [3]])).weights)
    3
    """
    touch = list(net.touch)
    left = [i for i in net.ways if not net.rim >> i & 1]
    while True:
        free = [i for i in left if _serves_one(touch, i)]
        if not free:
            break
        for i in free:
            if _serves_one(touch, i):
                shore = bits(touch[i])
                for j in shore:
                    touch[j] = (touch[j] | touch[i]) & ~(1 << i | 1 << j)
                touch[i] = 0
                left.remove(i)
    kept = [i for i, w in enumerate(net.weights) if w or i in left or net.rim >> i & 1]
    return Net(net.weights, touch, net.rim, net.members).only(kept)


def _serves_one(touch: list[int], way: int) -> bool:
    """Tell whether any two pairs around a way that do not touch otherwise have a unit in common."""
    pairs = [(a, b) for a, b in combinations(bits(touch[way]), 2) if not touch[a] >> b & 1]
    return all(a in q or b in q for (a, b), q in combinations(pairs, 2))


def narrowed(net: Net, band: Band) -> Net:
    """Join what no grouping can part, and part what none can join.

    Ground below the band that only one unit leads out of shares a group with that unit. Two units above the band
    together share none, so it does not matter that they touch.

    Examples
    --------
    A block between four dead ends of 12, 15, 18 and 20: all must be one group, of 76.

    >>> star = Net([11, 12, 15, 18, 20], [0b11110, 1, 1, 1, 1], 0, [[0], [1], [2], [3], [4]])
    >>> narrowed(star, Band(30, 50)).weights
    [76]
    """
    weights, touch, members = list(net.weights), list(net.touch), [list(m) for m in net.members]
    alive, changed = (1 << len(weights)) - 1, True
    while changed:
        changed = False
        for i in bits(alive):
            touch[i] &= alive & ~sum(1 << j for j in bits(touch[i]) if weights[i] + weights[j] > band.upper)
            for j in bits(alive & ~touch[i]):
                touch[j] &= ~(1 << i)
            for end in _dead_ends(touch, weights, i, alive, net.rim, band.lower):
                weights[i] += sum(weights[j] for j in bits(end))
                members[i] = sorted([*members[i], *(m for j in bits(end) for m in members[j])])
                alive &= ~end
                changed = True
    return Net(weights, [t & alive for t in touch], net.rim, members).only(bits(alive))


def _dead_ends(touch: list[int], weights: list[int], unit: int, alive: int, rim: int, lower: int) -> list[int]:
    """Return the pieces of ground below a weight that only one unit leads out of."""
    if not alive >> unit & 1:
        return []
    pieces = spread(alive & ~(1 << unit), touch)
    ends = [p for p in pieces if p & touch[unit] and not p & rim]
    return [p for p in ends if sum(weights[j] for j in bits(p)) < lower]
