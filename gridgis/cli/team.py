"""``gridgis team``: who leads and administers the grids."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

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
        print_json({"new": change.new, "ended": change.ended, "moved": list(change.moved)})
        return
    typer.echo(
        f"新任职 {change.new} 条，更新止期 {change.ended} 条 / {change.new} new, {change.ended} with a new last day"
    )
    for row in change.moved:
        who, days = f"{row['grid']} {row['role']} {row['name']}", f"{row['was']} -> {row['now']}"
        typer.echo(f"! 原已有止期，已改写 / had a last day already, rewritten: {who}: {days}")


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


@team_app.command("vacancies")
def vacancies(
    registry: RegistryOption,
    at: Annotated[str | None, typer.Option(help="日期，默认今天 / a day, default today")] = None,
    as_json: Json = False,
) -> None:
    """没有网格长的网格，以及由谁代答。 / Grids without a leader, and who answers meanwhile.

    例 / example: gridgis team vacancies -r registry.gpkg
    """
    from gridgis.service.plans import open_registry, plain_records

    with open_registry(registry) as opened:
        rows = plain_records(opened.vacancies(at))
    heads = ["网格\ngrid", "名称\nname", "级\nlevel", "岗位\npost", "代答\nanswers"]
    _tell("空缺 / vacancies", heads, rows, as_json)


@team_app.command("certificates")
def certificates(
    registry: RegistryOption,
    table: Annotated[
        Path | None, typer.Argument(help="导入：name, phone, kind, number, issued, expires / import a table")
    ] = None,
    as_json: Json = False,
) -> None:
    """证书及到期情况；给出表格时先导入。 / Certificates and when they expire; with a table, import it first.

    例 / example: gridgis team certificates certificates.csv -r registry.gpkg
    """
    from gridgis.service.plans import import_certificates, open_registry, plain_records

    with open_registry(registry) as opened:
        if table is not None:
            import_certificates(opened, table)
        rows = plain_records(opened.certificates())
    heads = ["姓名\nname", "电话\nphone", "种类\nkind", "编号\nnumber", "发证\nissued", "到期\nexpires", "状态\nstate"]
    _tell("证书 / certificates", heads, rows, as_json)


@team_app.command("file")
def file(
    registry: RegistryOption,
    by: Annotated[str, typer.Option(help="经办人 / who does it")] = "",
    why: Annotated[str, typer.Option(help="原因 / why")] = "",
    as_json: Json = False,
) -> None:
    """队伍备案：记录今天的在任人员（方案备案时自动进行）。 / Put today's team on record; filing a plan does so itself.

    例 / example: gridgis team file -r registry.gpkg --by 张三
    """
    from gridgis.service.plans import open_registry, plain_records

    with open_registry(registry) as opened:
        opened.team_file(by, why)
        rows = plain_records(opened.team_filings())
    heads = ["号\nnumber", "版\nrevision", "日\nday", "时间\nfiled at", "经办\nby", "原因\nwhy", "人数\npeople"]
    _tell("队伍备案 / team filings", heads, rows, as_json)


def _tell(title: str, heads: list[str], rows: list[dict[str, Any]], as_json: bool) -> None:
    from gridgis.cli.report import print_json, print_table

    if as_json:
        print_json(rows)
        return
    print_table(title, heads, [list(row.values()) for row in rows])
