"""``gridgis export``: a plan, or what is in force, as a file that other programs read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from gridgis.cli.app import app
from gridgis.errors import InvalidInput


@app.command("export")
def export_command(
    source: Annotated[
        str | None, typer.Argument(help="方案文件或注册库 / a plan file (gridgis divide), or a registry")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", help="输出文件 .gpkg .geojson .kml .parquet .csv，Shapefile 用 .zip 或文件夹 / output"
        ),
    ] = None,
    registry: Annotated[
        str | None, typer.Option("-r", "--registry", help="注册库文件，代替 SOURCE / a registry, in place of SOURCE")
    ] = None,
    layer: Annotated[
        str, typer.Option(help="图层，默认网格 / layer: grids, communities, buildings, borders, atoms ...")
    ] = "grids",
    at: Annotated[str | None, typer.Option(help="注册库的版本号或日期，默认今天 / a revision or a day")] = None,
    community: Annotated[list[str] | None, typer.Option(help="只导出此社区，可多次 / only this community")] = None,
    level: Annotated[int | None, typer.Option(min=1, max=3, help="只导出此级 / only this level")] = None,
    kind: Annotated[str | None, typer.Option(help="comprehensive（综合）或 dedicated（专属） / only this kind")] = None,
    encoding: Annotated[str, typer.Option(help="Shapefile 的编码：UTF-8 或 GBK / of a shapefile's texts")] = "UTF-8",
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出 / print JSON")] = False,
) -> None:
    """导出为其他软件可读的文件；格式容不下的，逐条说明。 / Export to a file; what its format cannot hold is said.

    已有的导出文件会被替换；输入文件、方案、注册库不会。 / Replaced are earlier exports only, never an input or registry.

    例 / examples:

    gridgis export plan.gpkg -o plan.geojson

    gridgis export -r registry.gpkg -o grids.zip --encoding GBK --level 2

    gridgis export -r registry.gpkg --at 2026-03-01 --community 990001001001 -o old.kml
    """
    if (source is None) == (registry is None):
        zh, en = "请给出方案文件或注册库（-r），二者之一", "give a plan file or a registry (-r): one of the two"
        raise InvalidInput(zh, en)
    if out is None:
        raise InvalidInput(
            "请用 -o 给出输出文件，例如 -o grids.geojson", "give the output with -o, e.g. -o grids.geojson"
        )
    _write_layer(str(source or registry), out, layer, _when(at), (community or [], level, kind), encoding, as_json)


def _when(at: str | None) -> int | str | None:
    return int(at) if at is not None and at.isascii() and at.isdecimal() else at


def _write_layer(
    source: str, out: Path, layer: str, at: Any, chosen: tuple[list[str], int | None, str | None], encoding: str,
    as_json: bool,
) -> None:  # fmt: skip
    from gridgis.io.writing import check_target, write_frame
    from gridgis.service.exporting import Selection, layer_of

    encoding = encoding.upper()
    check_target(out, (source,), encoding)
    communities, level, kind = chosen
    frame = layer_of(source, layer, at, Selection(tuple(communities), level, kind))
    rows = write_frame(frame, out, layer, encoding).to_dict("records")
    _say(out, layer, len(frame), rows, as_json)


def _say(out: Path, layer: str, count: int, rows: list[Any], as_json: bool) -> None:
    from gridgis.cli.report import print_json, print_rows

    if as_json:
        print_json({"out": str(out), "layer": layer, "rows": count, "report": rows})
        return
    print_rows(rows)
    typer.echo(f"已写入 {count} 行 / {count} rows written: {out}")
