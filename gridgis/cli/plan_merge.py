"""``gridgis plan merge``: a plan that merges grids in force, without dividing anew."""

from __future__ import annotations

from typing import Annotated

import typer

from gridgis.cli.plan import By, Json, Office, RegistryOption, Why, plan_app


@plan_app.command("merge")
def merge(
    codes: Annotated[list[str], typer.Argument(help="要合并的网格编码，两个以上 / codes of the grids, two or more")],
    registry: RegistryOption,
    name: Annotated[str, typer.Option(help="合并后的名称 / name of the merged grid")] = "",
    code: Annotated[
        str | None, typer.Option(help="合并社区时：新社区的代码 / merging communities: the code of the new one")
    ] = None,
    title: Annotated[str, typer.Option(help="方案名称 / title of the plan")] = "",
    by: By = "",
    why: Why = "",
    office: Office = "",
    as_json: Json = False,
) -> None:
    """登记合并网格的草案：同一社区的网格，或几个社区的最大网格。 / Draft a merge of grids, or of whole communities.

    一个网格只在一个社区内；跨社区的网格，先合并社区，备案后再合并网格。
    / A grid lies in one community: to merge grids across two, merge the communities first, and file that.

    例 / examples:

    gridgis plan merge 610902001003004 610902001003005 -r registry.gpkg --name 幸福里网格 --by 张三

    gridgis plan merge 610902001003000 610902001004000 -r registry.gpkg --code 610902001009 --name 联合社区
    """
    from gridgis.cli.report import print_json
    from gridgis.service.merging import Merge, plan_of_merge
    from gridgis.service.plans import open_registry

    with open_registry(registry) as opened:
        plan = plan_of_merge(opened, Merge(tuple(codes), name, code, office))
        number = opened.plan_new(plan, title or name or "合并 merge", by, why, office=office)
    community = str(plan.grids["community"].iloc[0])
    if as_json:
        print_json({"plan": number, "state": "draft", "community": community, "grids": len(plan.grids)})
        return
    typer.echo(f"已登记草案 {number}，社区 {community} / draft {number}, of community {community}")
    typer.echo(f"下一步 / next: gridgis plan diff {number} -r {registry}; gridgis plan submit {number} -r {registry}")
