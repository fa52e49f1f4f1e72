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
    """导入任职表；已有的记录跳过。 / Import appointments; those that are there already are passed over.

    例 / example: gridgis team import team.csv -r registry.gpkg
    """
    from gridgis.cli.report import print_json
    from gridgis.service.plans import import_team, open_registry

    with open_registry(registry) as opened:
        new = import_team(opened, table, by)
    if as_json:
        print_json({"new": new})
        return
    typer.echo(f"新任职 {new} 条 / {new} new appointments")


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
        rows = plain_records(opened.team(at))
    rows = [row for row in rows if grid is None or row["grid"] == grid]
    if as_json:
        print_json(rows)
        return
    heads = ["网格\ngrid", "角色\nrole", "姓名\nname", "电话\nphone", "起\nfrom", "止\nto"]
    print_table(
        "队伍 / team", heads, [[row[k] for k in ("grid", "role", "name", "phone", "from", "to")] for row in rows]
    )
