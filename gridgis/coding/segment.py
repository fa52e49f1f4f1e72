"""One segment of a code: some characters that mean one thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gridgis.coding.check import DIGITS

ROLES = ("region", "fixed", "free", "sequence", "kind", "level", "check")
KINDS = ("comprehensive", "dedicated")
LEVELS = (1, 2, 3)


@dataclass(frozen=True)
class Segment:
    """Some characters of a code that mean one thing.

    Parameters
    ----------
    name, zh, source
        Its name, its Chinese name, and where the structure is taken from.
    role
        "region" (all of them together are the region), "fixed" (always ``value``), "free" (any characters are read;
        new codes get ``value``), "sequence", "kind", "level", "check".
    width
        Number of characters.
    alphabet
        The characters that may occur; the first one counts as zero in a sequence.
    zero
        Region: whether all zeros may occur (they mark a shorter code that was padded).
    merged_from
        Region, the last one: from this number on it names no community but the union of several; 0 for never.
    levels, dedicated
        Sequence: the levels whose grids are numbered here, and whether dedicated grids are.
    values
        Kind: the characters of "comprehensive" and "dedicated". Level: those of "1", "2", "3" and "dedicated".
    value
        Fixed, free: the characters.
    algorithm
        Check: a key of `gridgis.coding.check.ALGORITHMS`; it covers all characters before this segment.
    """

    name: str
    role: str
    width: int
    zh: str = ""
    source: str = ""
    alphabet: str = DIGITS
    zero: bool = True
    merged_from: int = 0
    levels: tuple[int, ...] = ()
    dedicated: bool = False
    values: Mapping[str, str] = field(default_factory=dict, hash=False)
    value: str = ""
    algorithm: str = ""

    @property
    def label(self) -> str:
        """Its Chinese name, else its name."""
        return self.zh or self.name

    @property
    def capacity(self) -> int:
        """The highest number that a sequence of this width can hold."""
        return int(len(self.alphabet) ** self.width - 1)

    def number(self, text: str) -> int:
        """Read characters of the alphabet as a number."""
        out = 0
        for character in text:
            out = out * len(self.alphabet) + self.alphabet.index(character)
        return out

    def print(self, number: int) -> str:
        """Write a number in the alphabet, padded to the width.

        Examples
        --------
        >>> Segment("n", "sequence", 2, alphabet="0123456789AB").print(23)
        '1B'
        """
        out = ""
        for _ in range(self.width):
            number, digit = divmod(number, len(self.alphabet))
            out = self.alphabet[digit] + out
        return out

    def is_zero(self, text: str) -> bool:
        """Tell whether all characters are the zero of the alphabet."""
        return not text.strip(self.alphabet[0])
