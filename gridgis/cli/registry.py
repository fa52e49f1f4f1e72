"""``gridgis registry``: make, look at and check a registry."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gridgis.cli.app import app

registry_app = typer.Typer(
    help="注册库：新建、概况、检查、备份、复制。 / The registry: create, info, check, backup, copy.",
    no_args_is_help=True,
)
app.add_typer(registry_app, name="registry")

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出 / print JSON")]
RegistryFile = Annotated[str, typer.Argument(help="注册库 .gpkg 或 postgresql://… / the registry")]


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
    now = {"revision": figures["revision"], "in_force_from": figures.pop("in_force_from")}
    revisions = [*([now] if now["revision"] else []), *figures.pop("to_come")]
    for key, value in figures.items():
        typer.echo(f"{key}: {value}")
    for row in revisions:
        number, day = row["revision"], row["in_force_from"]
        typer.echo(f"第 {number} 版自 {day} 起生效 / revision {number} is in force from {day}")


@registry_app.command("copy")
def copy(
    registry: RegistryFile,
    target: Annotated[str, typer.Argument(help="副本：.gpkg 或 postgresql://… / the copy, in either store")],
    as_json: Json = False,
) -> None:
    """完整复制注册库，可在文件与数据库之间，逐行核对。 / Copy a registry, between stores too, and compare each row.

    例 / examples:

    gridgis registry copy registry.gpkg handover.gpkg

    gridgis registry copy registry.gpkg "postgresql://ann@host/city?schema=east"
    """
    from gridgis.service.plans import open_registry

    with open_registry(registry) as opened:
        _say_copied(opened.copy_to(target), target, as_json)


@registry_app.command("backup")
def backup(
    registry: RegistryFile,
    file: Annotated[Path, typer.Argument(help="备份文件 .gpkg / the backup")],
    as_json: Json = False,
) -> None:
    """备份到一个新的 .gpkg 文件，使用中也可以。 / Back a registry up into a new .gpkg file, also while it is in use.

    例 / example: gridgis registry backup registry.gpkg backup-2026-11-23.gpkg
    """
    from gridgis.service.stores import backup as back_up

    _say_copied(back_up(registry, file), str(file), as_json)


@registry_app.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(help="备份文件 .gpkg / the backup")],
    registry: Annotated[str, typer.Argument(help="新注册库 .gpkg 或 postgresql://… / the new registry")],
    as_json: Json = False,
) -> None:
    """检查备份并恢复成新的注册库。 / Check a backup, and make a new registry of it.

    例 / example: gridgis registry restore backup-2026-11-23.gpkg registry.gpkg
    """
    from gridgis.service.stores import restore as bring_back

    _say_copied(bring_back(file, registry), registry, as_json)


def _say_copied(rows: dict[str, int], target: str, as_json: bool) -> None:
    from gridgis.cli.report import print_json
    from gridgis.registry.store import shown

    if as_json:
        print_json({"path": shown(target), "rows": rows})
        return
    total = sum(rows.values())
    typer.echo(f"已复制并逐行核对 {total} 行 / copied and compared {total} rows: {shown(target)}")


@registry_app.command("powers")
def powers(
    registry: RegistryFile,
    choose: Annotated[
        str | None, typer.Argument(help="township-divides、county-divides 或 .toml 文件 / a name or a .toml file")
    ] = None,
    as_json: Json = False,
) -> None:
    """谁可以办理方案的哪一步；给出名称或文件时设定。 / Who may take which step of a plan; with a name or file, choose.

    例 / example: gridgis registry powers registry.gpkg township-divides
    """
    from gridgis.cli.report import print_json
    from gridgis.ledger.powers import STEPS, Powers
    from gridgis.service.plans import open_registry

    with open_registry(registry) as opened:
        if choose is not None:
            opened.set_powers(Powers.load(choose))
        chosen = opened.powers
    offices = {step: list(chosen.offices.get(step, ("*",))) for step in STEPS}
    if as_json:
        print_json({"name": chosen.name, **offices})
        return
    for step, may in offices.items():
        typer.echo(f"{STEPS[step]} {step}: {', '.join(may)}")


@registry_app.command("recode")
def recode(
    registry: RegistryFile,
    lineage: Annotated[Path, typer.Argument(help="区划沿革表（gridgis regions diff 的输出） / lineage of the regions")],
    by: Annotated[str, typer.Option(help="经办人（未核实） / who does it (not verified)")] = "",
    why: Annotated[str, typer.Option(help="原因 / why")] = "",
    office: Annotated[str, typer.Option(help="以何单位办理（未核实） / for which office (not verified)")] = "",
    in_force_from: Annotated[str | None, typer.Option(help="生效日期，默认今天 / a day from today on")] = None,
) -> None:
    """区划代码换版后，为全部网格换码，成为新的一版。 / After a new edition of region codes, recode all grids.

    例 / example: gridgis registry recode registry.gpkg lineage.csv --by 王五
    """
    from gridgis.cli.report import print_rows
    from gridgis.io.regions import read_lineage
    from gridgis.service import in_force
    from gridgis.service.plans import open_registry

    with open_registry(registry) as opened:
        number = opened.recode(read_lineage(lineage), by, why, in_force_from, office)
        day = in_force.in_force_from(opened, number)
        late = in_force.put_off(opened, number) if in_force_from is None else []
    typer.echo(f"已换码，成为第 {number} 版 / recoded as revision {number}")
    typer.echo(f"自 {day} 起生效 / in force from {day}")
    print_rows(late)


@registry_app.command("merge")
def merge(
    registry: RegistryFile,
    communities: Annotated[list[str], typer.Argument(help="要合并的社区代码 / codes of the communities")],
    name: Annotated[str, typer.Option(help="合并后的社区名称 / name of the new community")] = "",
    code: Annotated[
        str | None, typer.Option(help="新社区的代码；cjt349-20 可自动编号 / its code; cjt349-20 numbers it itself")
    ] = None,
    office: Annotated[str, typer.Option(help="以何单位办理（未核实） / for which office (not verified)")] = "",
    as_json: Json = False,
) -> None:
    """把几个社区合并为一个，以便整体重新划分；备案后才生效。 / Make one community of several, to be divided anew.

    保留原有下级网格的合并用 plan merge。 / To keep the grids below as they are, use plan merge.

    例 / example: gridgis registry merge registry.gpkg 610902001003 610902001004 --code 610902001009 --name 联合社区
    """
    from gridgis.cli.report import print_json
    from gridgis.service.plans import open_registry

    with open_registry(registry) as opened:
        made = opened.merge_communities(communities, name, code, office)
    if as_json:
        print_json({"community": made, "members": sorted(communities)})
        return
    typer.echo(f"合并社区 / merged community: {made}")
    typer.echo(f"下一步 / next: gridgis divide TOWN --community {made} --registry {registry} -o plan.gpkg")


@registry_app.command("regions")
def regions(
    registry: RegistryFile,
    file: Annotated[Path, typer.Argument(help="区划清单 .csv / a list of region codes")],
    day: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="该清单的日期 / the day the list is as of")],
    as_json: Json = False,
) -> None:
    """在注册库中保存区划清单；上报方案时核对社区代码。 / Keep a list of region codes: submitting checks against it.

    例 / example: gridgis registry regions registry.gpkg codes-2023.csv --day 2023-06-30
    """
    from gridgis.cli.report import print_json
    from gridgis.io.regions import read_regions
    from gridgis.service.plans import open_registry

    listed = read_regions(file, day.date())
    with open_registry(registry) as opened:
        rows = opened.set_regions(listed)
    if as_json:
        print_json({"regions": rows, "day": day.date()})
        return
    typer.echo(f"已保存 {rows} 条区划 / kept {rows} regions, as of {day.date()}")


@registry_app.command("migrate")
def migrate(registry: RegistryFile) -> None:
    """把旧版注册库升级到本版（打开时也会自动升级）。 / Bring an earlier version up to this one; opening does so too.

    例 / example: gridgis registry migrate registry.gpkg
    """
    from gridgis.service.plans import open_registry

    with open_registry(registry) as opened:
        typer.echo(f"第 {opened.version} 版表结构 / version {opened.version} of the tables")


@registry_app.command("check")
def check(registry: RegistryFile, as_json: Json = False) -> None:
    """检查注册库：存储、封签、历史、编码、覆盖。有问题时退出码为 1。 / Check store, seals, history, codes, ground.

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
