"""``gridgis registry``: make, look at and check a registry."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gridgis.cli.app import app

registry_app = typer.Typer(
    help="注册库：新建、概况、检查、复制。 / The registry: create, info, check, copy.", no_args_is_help=True
)
app.add_typer(registry_app, name="registry")

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出 / print JSON")]
RegistryFile = Annotated[str, typer.Argument(help="注册库文件 .gpkg / the registry's file")]


@registry_app.command("create")
def create(
    registry: RegistryFile,
    town: Annotated[
        Path | None, typer.Option(help="城镇数据目录：导入社区与底图 / folder of a town: its communities and context")
    ] = None,
    scheme: Annotated[
        str, typer.Option(help="编码规则名或 .toml 文件 / coding scheme, or a .toml file")
    ] = "national-15",
    name: Annotated[str, typer.Option(help="注册库名称 / name of the registry")] = "",
    work_crs: Annotated[
        str | None, typer.Option(help="工作坐标系（米制）；默认按城镇位置选 / metric CRS; default by the town's place")
    ] = None,
    as_json: Json = False,
) -> None:
    """新建注册库；有城镇数据时导入社区与底图。 / Make a registry; with a town, import its communities and context.

    例 / example: gridgis registry create registry.gpkg --town sample_shapes/town
    """
    from gridgis.cli.report import print_json, print_rows
    from gridgis.service.plans import NewRegistry, create_registry

    made = create_registry(NewRegistry(registry, scheme, name, work_crs), town)
    if as_json:
        print_json(made)
        return
    print_rows(made["notes"])
    typer.echo(f"已新建 / made: {made['path']}（{made['work_crs']}，{made['scheme']}）")
    for layer, rows in made["layers"].items():
        typer.echo(f"  {layer}: {rows}")
    typer.echo(f"下一步 / next: gridgis plan new PLAN.gpkg -r {registry}")


@registry_app.command("info")
def info(registry: RegistryFile, as_json: Json = False) -> None:
    """注册库概况。 / What is in a registry.

    例 / example: gridgis registry info registry.gpkg
    """
    from gridgis.cli.report import print_json
    from gridgis.service.plans import open_registry, summarise

    with open_registry(registry) as opened:
        figures = summarise(opened)
    if as_json:
        print_json(figures)
        return
    for key, value in figures.items():
        typer.echo(f"{key}: {value}")


@registry_app.command("copy")
def copy(registry: RegistryFile, target: Annotated[str, typer.Argument(help="副本文件 .gpkg / the copy")]) -> None:
    """完整复制注册库，使用中也可以。 / Copy a registry whole, also while it is in use.

    例 / example: gridgis registry copy registry.gpkg handover.gpkg
    """
    from gridgis.service.plans import open_registry

    with open_registry(registry) as opened:
        opened.copy_to(target)
    typer.echo(f"已复制 / copied: {target}")


@registry_app.command("check")
def check(registry: RegistryFile, as_json: Json = False) -> None:
    """检查注册库：覆盖、编码、上级。有问题时退出码为 1。 / Check coverage, codes and parents; exit code 1 on faults.

    例 / example: gridgis registry check registry.gpkg
    """
    from gridgis.cli.report import print_json
    from gridgis.service.plans import open_registry

    with open_registry(registry) as opened:
        faults = opened.check().to_dict("records")
    if as_json:
        print_json({"ok": not faults, "faults": faults})
    else:
        for row in faults:
            typer.echo(f"✗ [{row['rule']}] {row['zh']}\n    {row['en']}")
        typer.echo("没有问题 / no fault" if not faults else f"{len(faults)} 处问题 / faults")
    if faults:
        raise typer.Exit(1)
