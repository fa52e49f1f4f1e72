"""The codes of a revision, and who is above whom, as they stand in the file of its index: standard library only."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Codes:
    """All codes of a revision, ascending; tables are memory views or arrays.

    Parameters
    ----------
    text
        The codes in UTF-8, each padded with zeros to ``width`` bytes.
    width
        Bytes of a code.
    parents
        (n,) int32: position of the code above; -1 at the top.
    base
        (b,) int32: positions of the codes of the base grids.
    overlays
        (o,) int32: positions of the codes of the overlay grids.
    coarse
        (b,) uint8: 1 where a base grid is a whole community.
    inside
        (2 n,) float64: lon, lat of a point well inside the grid of each code.
    """

    text: Any
    width: int
    parents: Any
    base: Any
    overlays: Any
    coarse: Any
    inside: Any

    def __len__(self) -> int:
        """Return how many codes there are."""
        return len(self.parents)

    def __getitem__(self, position: int) -> str:
        """Return the code at a position."""
        return bytes(self.text[position * self.width : (position + 1) * self.width]).rstrip(b"\0").decode()

    def centre(self, code: str) -> list[float]:
        """Return lon, lat of a point well inside a grid.

        Raises
        ------
        KeyError
            There is no such code.
        """
        k = bisect_left(self, code)
        if k == len(self) or self[k] != code:
            raise KeyError(code)
        return [float(v) for v in self.inside[2 * k : 2 * k + 2]]

    def chain(self, position: int) -> tuple[str, ...]:
        """Return the codes from one up to level 1, itself first."""
        chain = [self[position]]
        while (position := int(self.parents[position])) >= 0:
            chain.append(self[position])
        return tuple(chain)


def padded(codes: Sequence[str]) -> tuple[bytes, int]:
    r"""Return codes as ``Codes.text`` and ``Codes.width``.

    Examples
    --------
    >>> padded(["1", "22"])
    (b'1\x0022', 2)
    """
    words = [code.encode() for code in codes]
    width = max(map(len, words), default=1)
    return b"".join(word.ljust(width, b"\0") for word in words), width


def parents_of(codes: Sequence[str], chains: Mapping[str, Sequence[str]]) -> list[int]:
    """Return the position of the code above each; -1 at the top."""
    at = {code: k for k, code in enumerate(codes)}
    return [at[chains[code][1]] if len(chains[code]) > 1 else -1 for code in codes]
