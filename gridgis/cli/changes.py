"""What ``gridgis divide`` prints and writes of a re-division: figures, the buildings that moved, a map."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gridgis.errors import InvalidInput

if TYPE_CHECKING:
    from gridgis.service.changes import Changes
    from gridgis.service.divide import Division


def check_change_outputs(
    changes: Path | None, map_: Path | None, redivided: bool, inputs: Sequence[str | Path | None]
) -> None:
    """Refuse outputs of a re-division where there is none, or that cannot be written, before anything is computed.

    Raises
    ------
    InvalidInput
        Names the option.
    """
    from gridgis.io.plan_file import check_output

    for option, path, suffixes in (("--changes", changes, (".csv",)), ("--map", map_, (".html", ".htm"))):
        if path is None:
            continue
        if not redivided:
            raise InvalidInput(
                f"{option} 只用于重划：请同时给出 --previous 或 --registry；方案的地图用 gridgis map",
                f"{option} is of a re-division: give --previous or --registry too; gridgis map draws a plan",
            )
        check_output(path, inputs, suffixes)


def write_change_outputs(division: Division, changes: Path | None, map_: Path | None) -> None:
    """Write the list of buildings that moved, and the map of it, where they are asked for."""
    from gridgis.service.changes import write_changes
    from maps.before_after import write_before_after

    if division.changes is None:
        if changes or map_:
            zh, en = "注册库中还没有这些社区的网格，没有可比较的", "the registry has no grids of these communities yet"
            raise InvalidInput(f"{zh}；去掉 --changes 与 --map", f"{en}: leave out --changes and --map")
        return
    if changes:
        write_changes(division.changes, changes)
    if map_:
        write_before_after(map_, division.changes.previous, division.plan, division.changes.moved)


def print_changes(changes: Changes) -> None:
    """Print what a re-division moved, by level."""
    from gridgis.cli.report import print_table

    columns = ["级\nlevel", "延续\nkept", "新\nnew", "撤销\ngone", "移动楼栋\nbuildings moved"]
    columns += ["移动户数\nhouseholds moved", "至少须移动\nmust move", "倍数\nratio"]
    keys = ("kept", "new", "gone", "moved_buildings", "moved_households", "lower_bound", "ratio")
    rows = [[level.removeprefix("level"), *(f[k] for k in keys)] for level, f in changes.figures.items()]
    print_table("与原网格相比 / against the earlier grids", columns, rows, numbers=7)
