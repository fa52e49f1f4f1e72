"""What ``gridgis divide`` writes beside the plan: a map, and of a re-division figures and the buildings that moved."""

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
    """Refuse a list of changes where nothing is re-divided, and outputs that cannot be written, before all work.

    Raises
    ------
    InvalidInput
        Names the option.
    """
    from gridgis.io.plan_file import check_output

    for option, path, suffixes in (("--changes", changes, (".csv",)), ("--map", map_, (".html", ".htm"))):
        if path is None:
            continue
        if option == "--changes" and not redivided:
            raise InvalidInput(
                "--changes 只用于重划：请同时给出 --previous 或 --registry",
                "--changes is of a re-division: give --previous or --registry too",
            )
        check_output(path, inputs, suffixes)


def write_change_outputs(division: Division, plan_file: Path, changes: Path | None, map_: Path | None) -> None:
    """Write what is asked for: the list of buildings that moved, and the map (before and after, or of the plan)."""
    from gridgis.service.changes import write_changes
    from maps.before_after import write_before_after

    if division.changes is None:
        if changes:
            zh, en = "注册库中还没有这些社区的网格，没有可比较的", "the registry has no grids of these communities yet"
            raise InvalidInput(f"{zh}；去掉 --changes", f"{en}: leave out --changes")
        if map_:
            _write_plan_map(division, plan_file, map_)
        return
    if changes:
        write_changes(division.changes, changes)
    if map_:
        write_before_after(map_, division.changes.previous, division.plan, division.changes.moved)


def _write_plan_map(division: Division, plan_file: Path, map_: Path) -> None:
    """Write the map that ``gridgis map`` makes of the plan file."""
    from gridgis.service.showing import show_plan
    from maps import write_map

    shown = show_plan(division.plan, division.communities, plan_file.stem)
    write_map(map_, shown.grids, shown.context, shown.cards, shown.title, shown.subtitle)


def print_changes(changes: Changes) -> None:
    """Print what a re-division moved, by level."""
    from gridgis.cli.report import print_table

    columns = ["级\nlevel", "延续\nkept", "新\nnew", "撤销\ngone", "移动楼栋\nbuildings moved"]
    columns += ["移动户数\nhouseholds moved", "至少须移动\nmust move", "倍数\nratio"]
    keys = ("kept", "new", "gone", "moved_buildings", "moved_households", "lower_bound", "ratio")
    rows = [[level.removeprefix("level"), *(f[k] for k in keys)] for level, f in changes.figures.items()]
    print_table("与原网格相比 / against the earlier grids", columns, rows, numbers=7)
