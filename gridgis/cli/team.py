"""``gridgis team``: who leads and administers the grids."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gridgis.cli.app import app

team_app = typer.Typer(help="队伍：网格长、网格员。 / The team: leaders and administrators.", no_args_is_help=True)
app.add_typer(team_app, name="team")

RegistryOption = Annotated[str, typer.Option("-r", "--registry", help="注册库文件 / the registry's file")]
Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出 / print JSON")]


@team_app.command("import")
def import_file(
    table: Annotated[
        Path, typer.Argument(help="CSV 或 Excel：grid, role, name, phone, from, to（可用中文列名）/ table")
    ],
    registry: RegistryOption,
    by: Annotated[str, typer.Option(help="经办人 / who does it")] = "",
    as_json: Json = False,
) -> None:
    """导入任职表；已有的记录只更新止期。 / Import appointments; those that are there already only get a new last day.

    例 / example: gridgis team import team.csv -r registry.gpkg
    """
    from gridgis.cli.report import print_json
    from gridgis.service.plans import import_team, open_registry

    with open_registry(registry) as opened:
        change = import_team(opened, table, by)
    if as_json:
        print_json({"new": change.new, "ended": change.ended})
        return
    typer.echo(
        f"新任职 {change.new} 条，更新止期 {change.ended} 条 / {change.new} new, {change.ended} with a new last day"
    )


@team_app.command("end")
def end(
    grid: Annotated[str, typer.Argument(help="网格编码 / code of the grid")],
    role: Annotated[str, typer.Argument(help="角色：leader（网格长）等 / role")],
    name: Annotated[str, typer.Argument(help="姓名 / name")],
    registry: RegistryOption,
    day: Annotated[str, typer.Option("--day", help="最后任职日，如 2026-12-31 / the last day in office")],
    by: Annotated[str, typer.Option(help="经办人 / who does it")] = "",
) -> None:
    """结束一项任职。 / End an appointment.

    例 / example: gridgis team end 990001001001001 网格长 张三 --day 2026-12-31 -r registry.gpkg
    """
    from gridgis.service.plans import open_registry

    with open_registry(registry) as opened:
        opened.team_end(grid, role, name, day, by)
    typer.echo(f"{name} 在网格 {grid} 的任职到 {day} 为止 / {name} holds the post at {grid} until {day}")


@team_app.command("show")
def show(
    registry: RegistryOption,
    grid: Annotated[str | None, typer.Option(help="只看一个网格 / one grid only")] = None,
    at: Annotated[str | None, typer.Option(help="日期，默认今天 / a day, default today")] = None,
    as_json: Json = False,
) -> None:
    """显示在任人员（命令行显示完整电话）。 / Show who is in office; the command line shows phones in full.

    例 / example: gridgis team show -r registry.gpkg --at 2026-03-01
    """
    from gridgis.cli.report import print_json, print_table
    from gridgis.service.plans import open_registry, plain_records

    with open_registry(registry) as opened:
        if grid is not None:
            opened.history(grid)  # an unknown code is an error, not a grid without people
        rows = plain_records(opened.team(at))
    rows = [row for row in rows if grid is None or row["grid"] == grid]
    if as_json:
        print_json(rows)
        return
    heads = ["网格\ngrid", "角色\nrole", "姓名\nname", "电话\nphone", "起\nfrom", "止\nto"]
    print_table(
        "队伍 / team", heads, [[row[k] for k in ("grid", "role", "name", "phone", "from", "to")] for row in rows]
    )
