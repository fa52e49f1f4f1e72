"""``gridgis encode``: the codes of a plan's grids, without a registry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridgis.cli.app import app
from gridgis.errors import InvalidInput

if TYPE_CHECKING:
    import geopandas as gpd


@app.command("encode")
def encode_command(
    plan: Annotated[Path | None, typer.Argument(help="方案文件 / plan file (gridgis divide)")] = None,
    scheme: Annotated[
        str, typer.Option(help="national-15、nested-18、cjt349-20 或自己的 .toml 文件 / or your own file")
    ] = "national-15",
    issued: Annotated[
        Path | None,
        typer.Option(
            help="历来已发放的编码：每行一个，或 CSV 的 code 列 / all codes ever issued: one a line, or column code"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="输出 .csv 或 .gpkg；默认 方案名-codes.csv / default PLAN-codes.csv"),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="只检查编码规则，列出全部错误 / only check the scheme: all its faults")
    ] = False,
    show: Annotated[
        bool,
        typer.Option("--print", help="只打印规则文件，可存为己用 / only print the scheme's file, to make your own"),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出 / print JSON")] = False,
) -> None:
    """为方案中的网格编码；已发放的号码不再使用。 / Give a plan's grids their codes; none is ever issued twice.

    重划方案中延续的网格在这里也得到新号；要保留原号，请用注册库（gridgis plan new）。 / Grids that continue older ones
    get new numbers here too; where they are to keep theirs, use a registry (gridgis plan new).

    例 / examples:

    gridgis encode plan.gpkg

    gridgis encode plan.gpkg --scheme nested-18 --issued issued.txt -o codes.gpkg

    gridgis encode --scheme my.toml --check
    """
    if check or show:
        _check(scheme, as_json) if check else _show(scheme)
        return
    if plan is None:
        raise InvalidInput(
            "请给出方案文件，如 gridgis encode plan.gpkg；只检查规则请加 --check",
            "give a plan file, as gridgis encode plan.gpkg; to check a scheme only, add --check",
        )
    from gridgis.io.codes import CODES_SUFFIXES, write_codes
    from gridgis.io.plan_file import check_output
    from gridgis.service.encode import encode_file

    out = out or plan.with_name(f"{plan.stem}-codes.csv")
    check_output(out, (plan, issued, scheme), CODES_SUFFIXES)
    table = encode_file(plan, scheme, issued)
    write_codes(table, out)
    _print(table, scheme, out, as_json)


def _show(scheme: str) -> None:
    from gridgis.coding import Scheme

    typer.echo(Scheme.load(scheme).toml, nl=False)


def _check(scheme: str, as_json: bool) -> None:
    """Tell what a scheme says, or its faults; exit code 1 where it has some."""
    from gridgis.cli.report import print_json, print_table
    from gridgis.service.schemes import check_scheme

    told = check_scheme(scheme)
    if as_json:
        print_json(told)
    for fault in [] if as_json else told["faults"]:
        typer.echo(f"✗ {fault['zh']}\n    {fault['en']}")
    if not told["ok"]:
        typer.echo(f"{len(told['faults'])} 处错误 / faults: {scheme}", err=True)
        raise typer.Exit(1)
    if as_json:
        return
    typer.echo(f"{told['name']} {told['title_zh']} / {told['title_en']}：没有错误 / no fault")
    for zh, en, key in (("来源", "source", "source"), ("未见", "not found", "not_found")):
        typer.echo(f"{zh} / {en}: {told[key] or '–'}")
    rows = [(s["place"], s["name"], s["zh"], s["role"], s["meaning"]) for s in told["segments"]]
    print_table("段 / segments", ["位\nplace", "名称\nname", "", "角色\nrole", "含义\nmeaning"], rows)
    codes = [
        (c["level"] or "专属 dedicated", c["first"] or "不编码 / has no code", c["last"] or "") for c in told["codes"]
    ]
    print_table("一个区域内的编码 / codes in one region", ["级别\nlevel", "首码\nfirst", "末码\nlast"], codes)


def _print(table: gpd.GeoDataFrame, scheme: str, out: Path, as_json: bool) -> None:
    from gridgis.cli.report import print_json, print_table

    if as_json:
        rows = [_plain(row) for row in table.drop(columns="geometry").to_dict("records")]
        print_json({"out": str(out), "scheme": scheme, "grids": rows})
        return
    columns = [
        "社区\ncommunity",
        "首码\nfirst code",
        "末码\nlast code",
        "一级\nlevel 1",
        "二级\nlevel 2",
        "三级\nlevel 3",
    ]
    lines = []
    for community, part in table.groupby("community", sort=True):
        counts = [int((part["level"] == level).sum()) for level in (1, 2, 3)]
        lines.append([community, part["code"].iloc[0], part["code"].iloc[-1], *counts, int(part["level"].isna().sum())])
    print_table(f"网格编码 {scheme} / codes of the grids", [*columns, "专属\ndedicated"], lines, numbers=4)
    typer.echo(f"已写入 / written: {out}")


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    """Return a row as plain data, None for null."""
    from pandas import isna

    return {str(key): None if isna(value) else value for key, value in row.items()}
