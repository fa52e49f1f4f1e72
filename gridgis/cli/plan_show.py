"""``gridgis plan list | show | diff``: looking at plans, and at what they change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridgis.cli.plan import Json, Number, RegistryOption, plan_app, print_broken

if TYPE_CHECKING:
    from gridgis.ledger.changes import Changes
    from gridgis.registry import Registry


@plan_app.command("list")
def list_plans(registry: RegistryOption, as_json: Json = False) -> None:
    """列出方案。 / List the plans.

    例 / example: gridgis plan list -r registry.gpkg
    """
    from gridgis.cli.report import print_json, print_table
    from gridgis.service.plans import open_registry, plain_records, state_words

    with open_registry(registry) as opened:
        rows = plain_records(opened.plans())
    if as_json:
        print_json(rows)
        return
    heads = ["号\nid", "名称\ntitle", "状态\nstate", "经办\nby", "社区\ncommunities", "网格\ngrids", "版\nrevision"]
    keys = ("id", "title", "state", "made_by", "communities", "grids", "revision")
    for row in rows:
        row |= {"state": f"{state_words(row['state'])} {row['state']}", "communities": len(row["communities"])}
    lines = [[row[k] for k in keys] for row in rows]
    print_table("方案 / plans", heads, lines, numbers=3)


@plan_app.command("show")
def show(number: Number, registry: RegistryOption, as_json: Json = False) -> None:
    """显示方案的状态、经过与网格。 / Show a plan's state, events and grids.

    例 / example: gridgis plan show 1 -r registry.gpkg
    """
    from gridgis.cli.report import print_json, print_table
    from gridgis.service.in_force import in_force_from
    from gridgis.service.plans import open_registry, plain_records, state_words

    with open_registry(registry) as opened:
        papers = opened.plan(number)
        papers["in_force_from"] = in_force_from(opened, papers["revision"])
        grids = plain_records(opened.plan_grids(number).drop(columns="geometry"))
    if as_json:
        print_json({**papers, "grids": grids})
        return
    typer.echo(f"方案 {number}《{papers['title']}》：{state_words(papers['state'])} / {papers['state']}")
    if day := papers["in_force_from"]:
        typer.echo(f"第 {papers['revision']} 版，自 {day} 起生效 / revision {papers['revision']}, in force from {day}")
    _print_events(papers["events"])
    heads = ["编码\ncode", "预编码\npreview", "级\nlevel", "名称\nname", "户数\nhouseholds", "延续\ncontinues"]
    keys = ("code", "preview_code", "level", "name", "households", "previous")
    print_table("网格 / grids", heads, [[g[k] for k in keys] for g in grids])
    print_broken(papers)


def _print_events(events: list[dict[str, Any]]) -> None:
    typer.echo("经过（姓名与单位未核实） / steps (names and offices not verified):")
    for event in events:
        who = event["who"] or "（未署名 / no name given）"
        said = [f"{event['at']:%Y-%m-%d %H:%M}Z", event["action"], who, event["office"], event["why"]]
        typer.echo("  " + " ".join(text for text in said if text))


@plan_app.command("diff")
def diff(
    first: Annotated[str, typer.Argument(help="方案号、版 r2 或日期 / a plan's number, a revision r2, or a day")],
    registry: RegistryOption,
    second: Annotated[
        str | None, typer.Argument(help="与之比较；默认已备案的网格 / default: what is published")
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="画成 .svg / draw it as .svg")] = None,
    as_json: Json = False,
) -> None:
    """比较方案与已备案的网格，或两个方案、版、日期。 / Compare a plan with what is published, or two states.

    一个方案列出沿革；两个状态列出每项变化，可画图。 / One plan: its lineage; two states: each change, and a drawing.

    例 / examples:

    gridgis plan diff 2 -r registry.gpkg

    gridgis plan diff r1 r2 -r registry.gpkg -o changes.svg
    """
    from gridgis.service.plans import open_registry

    with open_registry(registry) as opened:
        if second is None and output is None and first.isdigit():
            _print_lineage(opened, int(first), as_json)
            return
        changes = opened.changes(first, second) if second else opened.changes(f"r{opened.head}", first)
    if output is not None:
        from maps.changes import write_changes

        write_changes(output, changes)
    _print_changes(changes, as_json)


def _print_lineage(opened: Registry, number: int, as_json: bool) -> None:
    from gridgis.cli.report import print_json, print_table
    from gridgis.service.plans import plain_records

    rows = plain_records(opened.plan_diff(number))
    if as_json:
        print_json(rows)
        return
    heads = ["原编码\nold", "新编码\nnew", "关系\nrelation", "户数比\nhouseholds", "面积比\narea"]
    keys = ("old", "new", "relation", "households_share", "area_share")
    print_table("变化 / changes", heads, [[r[k] for k in keys] for r in rows], numbers=2)


def _print_changes(changes: Changes, as_json: bool) -> None:
    from gridgis.cli.report import print_json, print_table
    from gridgis.service.plans import plain_records

    rows = plain_records(changes.table())
    if as_json:
        print_json(rows)
        return
    heads = ["编码\ncode", "变化\nchange", "字段\nfields", "原名\nold name", "新名\nnew name"]
    print_table("变化 / changes", heads, [list(row.values()) for row in rows])
