"""The use cases behind ``gridgis regions``: two editions of the region codes, and the grids coded by the older one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from gridgis.coding import Scheme
from gridgis.coding.editions import Lineage, compare
from gridgis.coding.recode import Recoded, recode
from gridgis.io.codes import read_codes
from gridgis.io.regions import read_lineage, read_pairs, read_regions

Edition = tuple[Path, date]
"""A list of region codes, and the day that it is as of."""


def compare_files(old: Edition, new: Edition, pairs: Path | None = None) -> Lineage:
    """Find what became of each region between two lists; ``pairs`` is the user's table.

    Raises
    ------
    GridgisError
        As `read_regions`, `read_pairs` and `compare` do.
    """
    told = [] if pairs is None else read_pairs(pairs)
    return compare(read_regions(*old), read_regions(*new), told)


def recode_file(codes: Path, lineage: Path, scheme: str = "national-15", issued: Path | None = None) -> list[Recoded]:
    """Find the new codes of the grids in a file, by a lineage file.

    Raises
    ------
    GridgisError
        As `Scheme.load`, `read_codes`, `read_lineage` and `recode` do.
    """
    before = [] if issued is None else read_codes(issued)
    return recode(Scheme.load(scheme), read_codes(codes), read_lineage(lineage), before)
