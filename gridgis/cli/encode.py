"""``gridgis encode``: the codes of a plan's grids, without a registry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridgis.cli.app import app

if TYPE_CHECKING:
    import geopandas as gpd


@app.command("encode")
def encode_command(
    plan: Annotated[Path, typer.Argument(help="方案文件 / plan file (gridgis divide)")],
    scheme: Annotated[
        str, typer.Option(help="national-15、nested-18 或自己的 .toml 文件 / or your own file")
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
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出 / print JSON")] = False,
) -> None:
    """为方案中的网格编码；已发放的号码不再使用。 / Give a plan's grids their codes; none is ever issued twice.

    重划方案中延续的网格在这里也得到新号；要保留原号，请用注册库（gridgis plan new）。 / Grids that continue older ones
    get new numbers here too; where they are to keep theirs, use a registry (gridgis plan new).

    例 / examples:

    gridgis encode plan.gpkg

    gridgis encode plan.gpkg --scheme nested-18 --issued issued.txt -o codes.gpkg
    """
    from gridgis.io.codes import CODES_SUFFIXES, write_codes
    from gridgis.io.plan_file import check_output
    from gridgis.service.encode import encode_file

    out = out or plan.with_name(f"{plan.stem}-codes.csv")
    check_output(out, (plan, issued, scheme), CODES_SUFFIXES)
    table = encode_file(plan, scheme, issued)
    write_codes(table, out)
    _print(table, scheme, out, as_json)


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
