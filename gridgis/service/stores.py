"""Use cases around where a registry is kept: back it up, restore it, copy it."""

from __future__ import annotations

from pathlib import Path

from gridgis.errors import Rejected
from gridgis.io.plan_file import check_output
from gridgis.registry import Registry


def backup(address: str | Path, path: str | Path) -> dict[str, int]:
    """Write a whole registry, of either store, into a new GeoPackage file; return the rows of each table.

    Raises
    ------
    InvalidInput
        The name does not end in .gpkg, or the folder is not there.
    Conflict
        The file is there already.
    """
    if not Path(path).exists():  # what is there already is refused as a conflict
        check_output(path)
    with Registry.open(address) as registry:
        return registry.copy_to(path)


def restore(path: str | Path, address: str | Path) -> dict[str, int]:
    """Make a registry, in either store, of a backup that is sound; return the rows of each table.

    Raises
    ------
    Rejected
        The backup has faults; nothing is written.
    Conflict
        There is a registry already: move it away first.
    """
    with Registry.open(path) as registry:
        faults = registry.check()
        faults = faults[faults["rule"] != "index"]  # which is not copied
        if len(faults):
            first = faults.iloc[0]
            raise Rejected(
                f"备份 {path} 有 {len(faults)} 处问题，没有恢复：{first['zh']}",
                f"the backup {path} has {len(faults)} faults and is not restored: {first['en']}",
                faults=faults.to_dict("records"),
            )
        return registry.copy_to(address)
