"""The main job on the sample street: divide, verify, code, register, file, resolve events, merge, ask for yesterday."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from gridgis.dispatch import Assignment
from gridgis.errors import Conflict, InvalidInput
from gridgis.io.codes import write_codes
from gridgis.io.plan_file import read_plan, write_plan
from gridgis.io.town import read_town
from gridgis.model import Progress, VerifyReport, no_progress
from gridgis.registry import Registry
from gridgis.registry.index_cache import SUFFIX
from gridgis.service.demo_merge import Merge, merge_and_file
from gridgis.service.divide import divide_town, plan_figures, verify_file
from gridgis.service.encode import encode_file
from gridgis.service.events import route_events
from gridgis.service.locator import Locator
from gridgis.service.plans import NewRegistry, create_registry

MARK = ".gridgis-demo"
VACANT_EVERY = 12
"""One level-3 grid in so many is left without a leader, so that a vacancy can be seen."""


@dataclass(frozen=True)
class Demo:
    """What the demo made."""

    folder: Path
    figures: list[dict[str, Any]]
    report: pd.DataFrame
    verified: VerifyReport
    codes: int
    revision: int
    appointed: int
    routed: pd.DataFrame
    assignments: list[Assignment]
    event_rows: pd.DataFrame
    merge: Merge


def fresh_folder(folder: Path) -> None:
    """Make an empty folder; what the demo wrote there before is removed, unless somebody changed it since.

    Raises
    ------
    InvalidInput
        The folder cannot be made.
    Conflict
        The folder holds something that the demo did not write, or that was changed.
    """
    if not folder.exists():
        try:
            folder.mkdir(parents=True)
        except OSError as e:
            raise InvalidInput(
                f"无法新建目录 {folder}：{e.strerror}；请换一个：-o 目录",
                f"cannot make the folder {folder}: {e.strerror}; choose another: -o FOLDER",
                path=str(folder),
            ) from e
        return
    written = _written(folder)
    there = sorted(p.name for p in folder.iterdir() if p.name != MARK) if folder.is_dir() else [folder.name]
    own = [n for n in there if not n.endswith(SUFFIX)]  # an index may be made anew by anybody who looks up a point
    kept = [n for n in own if n not in written or written[n] != _digest(folder / n)]
    if kept:
        raise Conflict(
            f"{folder} 中的 {'、'.join(kept[:5])} 不是示例生成的，或生成后改动过；请换一个目录：-o 目录",
            f"in {folder} the demo did not make {', '.join(kept[:5])}, or it was changed; choose another: -o FOLDER",
            path=str(folder),
        )
    for name in there:
        (folder / name).unlink()
    (folder / MARK).unlink(missing_ok=True)


def mark_folder(folder: Path) -> None:
    """Write down what the demo wrote, so that the next run removes that and nothing else."""
    digests = {p.name: _digest(p) for p in sorted(folder.iterdir()) if p.is_file() and p.name != MARK}
    (folder / MARK).write_text(json.dumps(digests, indent=1), encoding="utf-8")


def _written(folder: Path) -> dict[str, str]:
    try:
        return {str(k): str(v) for k, v in json.loads((folder / MARK).read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() and not path.is_symlink() else ""


def run_demo(
    town: Path,
    folder: Path,
    clock: Callable[[], datetime],
    step: Callable[[str], None],
    progress: Progress = no_progress,
) -> Demo:
    """Run the main job on a town folder and write all files into a fresh folder.

    Parameters
    ----------
    town
        A town folder with events.csv and people.csv.
    folder
        Where to write; see ``fresh_folder``.
    clock
        Returns the present instant, zone-aware.
    step
        Called with the name of each step as it begins.
    progress
        Called with (stage, done, total) inside a step.
    """
    fresh_folder(folder)
    plan_path, registry_path = folder / "plan.gpkg", folder / "registry.gpkg"
    step("划分 divide")
    division = divide_town(read_town(town), progress=progress)
    write_plan(division.plan, plan_path, division.communities)
    step("核查 verify")
    verified = verify_file(plan_path)
    step("编码 encode")
    codes = encode_file(plan_path)
    write_codes(codes, folder / "codes.csv")
    step("注册与备案 register and file")
    create_registry(NewRegistry(registry_path, name="澄湾街道"), town, clock)
    revision = _file_plan(registry_path, plan_path, lambda: clock() - timedelta(days=1))  # so that it has a history
    step("队伍 team")
    people = pd.read_csv(town / "people.csv", dtype=str)
    with Registry.open(registry_path, clock) as registry:
        table = appoint(registry.grids(), people)
        table.to_csv(folder / "team.csv", index=False)
        appointed = registry.team_import(table, "示例 demo").new
        team = registry.team(mask=False)
    step("查询与派遣 locate and dispatch")
    events = pd.read_csv(town / "events.csv", dtype=str)
    with Locator.open(registry_path) as locator:
        routed, assignments, rows = route_events(locator, events, team, progress)
    routed.to_csv(folder / "events.csv", index=False)
    step("合并备案与沿革 merge, file, lineage")
    merge = merge_and_file(registry_path, division.plan, clock)
    plan = division.plan
    return Demo(
        folder, plan_figures(plan), plan.report.rows, verified, len(codes), revision, appointed, routed, assignments,
        rows, merge,
    )  # fmt: skip


def _file_plan(registry_path: Path, plan_path: Path, clock: Callable[[], datetime]) -> int:
    """Take the plan through draft, submitted, reviewed and filed; return the revision."""
    with Registry.open(registry_path, clock) as registry:
        number = registry.plan_new(read_plan(plan_path), "澄湾街道网格划分方案", "规划员 planner")
        registry.plan_submit(number, "街道办 street office", "首次划分 first division")
        registry.plan_review(number, "区网格中心 grid centre", "符合规范 as the rules ask")
        return registry.plan_file(number, "区网格中心 grid centre", "备案 filing")


def appoint(grids: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Appoint people in order: a leader to each grid but for some vacancies, an administrator to each level 2.

    Returns
    -------
    DataFrame
        grid, role, name, phone, from: the table that ``team import`` takes.
    """
    ordered = grids.sort_values("code", kind="stable").reset_index(drop=True)
    rows = []
    for i, (code, level) in enumerate(zip(ordered["code"], ordered["level"].astype("Int64"), strict=True)):
        third = pd.notna(level) and int(level) == 3
        if not (third and i % VACANT_EVERY == 0):
            rows.append((code, "leader", i))
        if pd.notna(level) and int(level) == 2:
            rows.append((code, "administrator", len(ordered) + i))
    table = pd.DataFrame(rows, columns=["grid", "role", "person"])
    chosen = people.iloc[table.pop("person") % len(people)].reset_index(drop=True)
    return pd.concat([table, chosen[["name", "phone"]]], axis=1).assign(**{"from": "2026-01-01"})
