"""``gridgis divide``: a town, or own files, to a plan file."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridgis.cli.app import app
from gridgis.errors import InvalidInput

if TYPE_CHECKING:
    from gridgis.io.own import OwnFiles
    from gridgis.service.divide import Division


@app.command("divide")
def divide_command(
    out: Annotated[Path, typer.Option("-o", "--out", help="输出的方案文件 .gpkg / the plan file to write")],
    town: Annotated[str | None, typer.Argument(help="城镇数据目录或 .gpkg / folder or .gpkg of a town")] = None,
    rules: Annotated[str | None, typer.Option(help="规则名或 .toml 文件；默认按社区代码选 / profile or file")] = None,
    seed: Annotated[int, typer.Option(help="随机种子；同一种子结果相同 / one seed, one result")] = 0,
    processes: Annotated[
        int, typer.Option(min=1, help="进程数；结果与其无关 / processes that share the search; the plan is the same")
    ] = 1,
    community: Annotated[list[str] | None, typer.Option(help="只划分这些社区代码（可重复） / only these codes")] = None,
    previous: Annotated[Path | None, typer.Option(help="重划：原方案文件 / re-divide: the earlier plan file")] = None,
    registry: Annotated[
        str | None, typer.Option(help="重划：按注册库的基础图层与现行网格 / re-divide on a registry's base and grids")
    ] = None,
    pins: Annotated[
        str | None, typer.Option(help="划分要求：同格、分开、指定网格、保留边界（见 docs/pins.md） / file of pins")
    ] = None,
    changes: Annotated[Path | None, typer.Option(help="重划：移动楼栋清单 .csv / the buildings that moved")] = None,
    map_: Annotated[
        Path | None,
        typer.Option(
            "--map", help="方案地图 .html；重划时为前后对照图 / map of the plan; re-divided: before and after"
        ),
    ] = None,
    boundary: Annotated[str | None, typer.Option(help="边界文件，或 bbox（外包矩形） / file, or bbox")] = None,
    buildings: Annotated[str | None, typer.Option(help="建筑文件 / file of buildings")] = None,
    barriers: Annotated[list[str] | None, typer.Option(help="界线文件（可重复） / files of barriers")] = None,
    compounds: Annotated[str | None, typer.Option(help="小区文件 / file of compounds")] = None,
    sites: Annotated[str | None, typer.Option(help="专属场所文件 / file of sites")] = None,
    mapping: Annotated[str | None, typer.Option(help="标签映射：osm 或 .toml / tag mapping")] = None,
    code: Annotated[str | None, typer.Option(help="社区代码（12位） / code of the community")] = None,
    name: Annotated[str | None, typer.Option(help="社区名称 / its name")] = None,
    crs: Annotated[str | None, typer.Option(help="未标明坐标系的文件用此坐标系 / CRS of files that state none")] = None,
    certify: Annotated[
        bool, typer.Option("--certify", help="证明二级网格离最优有多远 / prove how good level 2 is")
    ] = False,
    certify_effort: Annotated[
        float, typer.Option(help="证明的工作量：每片区约多少秒 / its effort, about seconds for each region")
    ] = 20.0,
    as_json: Annotated[
        bool, typer.Option("--json", help="以 JSON 输出数字与报告 / figures and report as JSON")
    ] = False,
) -> None:
    """划分社区为网格，写成方案文件。 / Divide communities into grids and write a plan file.

    例 / examples:

    gridgis divide sample_shapes/town -o plan.gpkg --map plan.html

    gridgis divide --boundary bbox --buildings b.gpkg --barriers roads.gpkg --mapping osm --code 990001001001 -o p.gpkg

    gridgis divide sample_shapes/town --community 990001001002 --registry registry.gpkg -o one.gpkg

    gridgis divide sample_shapes/town --previous plan.gpkg --changes moved.csv --map change.html -o new.gpkg

    gridgis divide sample_shapes/town --pins pins.csv -o plan.gpkg
    """
    from gridgis.cli.changes import check_change_outputs, write_change_outputs
    from gridgis.cli.report import progress_bar
    from gridgis.io.notes import Notes, join_notes
    from gridgis.io.own import read_own
    from gridgis.io.pins import read_pins
    from gridgis.io.plan_file import check_output, read_plan, write_plan
    from gridgis.io.town import read_town
    from gridgis.registry import Registry
    from gridgis.service.divide import divide_town

    inputs = (town, previous, registry, rules, mapping, boundary, buildings, compounds, sites, pins, *(barriers or ()))
    check_output(out, inputs)
    own = {"--boundary": boundary, "--buildings": buildings, "--barriers": barriers, "--compounds": compounds}
    own |= {"--sites": sites, "--mapping": mapping, "--code": code, "--name": name}
    files = _own_files(town, own, crs, bool(community or previous or registry), pins is not None)
    if previous and registry:
        zh, en = "--previous 与 --registry 只能给一个", "give --previous or --registry, not both"
        raise InvalidInput(zh, en)
    check_change_outputs(changes, map_, bool(previous or registry), (*inputs, out))
    notes = Notes("read")
    asked = read_pins(pins, crs, notes) if pins else ()
    given = read_own(files) if files is not None else read_town(str(town))
    given = replace(given, notes=join_notes(given.notes, notes.frame()))
    earlier = read_plan(previous) if previous else None
    with progress_bar(as_json) as progress, Registry.open(registry) if registry else nullcontext() as book:
        effort = certify_effort if certify else None
        division = divide_town(given, rules, seed, progress, community or (), earlier or book, asked, effort, processes)
    write_plan(division.plan, out, division.communities)
    write_change_outputs(division, out, changes, map_)
    _print(division, out, as_json)


def _own_files(
    town: str | None, own: dict[str, Any], crs: str | None, town_only: bool, pinned: bool
) -> OwnFiles | None:
    """Return the user's own files, or None for a town; refuse a mixture, or too little.

    Raises
    ------
    InvalidInput
        Says which options are missing, or do not go together.
    """
    from gridgis.io.own import OwnFiles

    given = [option for option, value in own.items() if value]
    if town is not None:
        if given or (crs and not pinned):  # with pins, the CRS is theirs
            zh = f"城镇目录与 {' '.join(given) or '--crs'} 不能同时给出"
            raise InvalidInput(zh, f"a town folder does not go with {' '.join(given) or '--crs'}")
        return None
    missing = [option for option in ("--boundary", "--buildings") if not own[option]]
    if missing:
        raise InvalidInput(
            f"请给出城镇目录，或用自己的文件：缺少 {' '.join(missing)}",
            f"give a town folder, or your own files: {' '.join(missing)} missing",
            missing=missing,
        )
    if town_only:
        zh = "--community、--previous 与 --registry 只用于城镇目录"
        en = "--community, --previous and --registry go with a town folder only"
        raise InvalidInput(zh, en)
    values = {option.removeprefix("--"): value for option, value in own.items()}
    return OwnFiles(**{**values, "barriers": tuple(values["barriers"] or ()), "crs": crs})


def _print(division: Division, out: Path, as_json: bool) -> None:
    from gridgis.cli.changes import print_changes
    from gridgis.cli.report import print_json, print_rows
    from gridgis.cli.summary import print_summary
    from gridgis.model import REPORT_COLUMNS
    from gridgis.service.divide import plan_figures
    from gridgis.service.summary import REASONS, faults, summarise, to_plain

    plan = division.plan
    levels, found = summarise(plan), faults(plan)
    figures, rows = (
        plan_figures(plan),
        [
            dict(zip(REPORT_COLUMNS, row, strict=True))
            for row in plan.report.rows[list(REPORT_COLUMNS)].to_numpy().tolist()
        ],
    )
    if as_json:
        engine = plan.report.figures
        summary = {"levels": to_plain(levels), "faults": to_plain(found)}
        head = {"plan": str(out), "seed": plan.seed, "figures": figures, "engine": engine}
        print_json({**head, **summary, "report": rows})
        return
    print_figures(figures)
    print_summary(levels, found)
    if division.changes is not None:
        print_changes(division.changes)
    told = {fault.local_id for fault in found}
    print_rows(
        row for row in rows if row["rule"] not in REASONS or not (row["subject"] in told or row["severity"] == "info")
    )
    typer.echo(f"已写入 / written: {out}")
    typer.echo(f"下一步 / next: gridgis verify {out}")


def print_figures(figures: list[dict[str, Any]]) -> None:
    """Print the figures of a plan as a table by community and level, no wider than 100 columns."""
    from gridgis.cli.report import print_table

    columns = ["社区\ncommunity", "名称\nname", "级\nlevel", "网格\ngrids", "带内\nin band", "例外\nexcepted"]
    columns += ["户数\nhouseholds", "最少/中位/最多\nmin/median/max", "强界线%\nstrong"]
    keys = ("community", "name", "level", "grids", "in_band", "excepted", "households")
    rows = [
        [*(_short(row[k]) for k in keys), f"{row['min']}/{row['median']:g}/{row['max']}", row["strong_percent"]]
        for row in figures
    ]
    print_table("划分结果 / the division", columns, rows, numbers=6, compact=True)


def _short(value: Any) -> Any:
    return "专属" if value == "dedicated" else value
