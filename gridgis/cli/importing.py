"""``gridgis import``: a planner's file becomes a layer of a town, with a report she can act on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridgis.cli.app import app

if TYPE_CHECKING:
    from gridgis.service.importing import Imported

LAYER_NAMES = "communities|buildings|roads|railways|rivers|water|walls|compounds|sites"


@app.command("import")
def import_command(
    source: Annotated[str, typer.Argument(metavar="FILE[:LAYER]", help="文件，或 文件:图层 / a file, or FILE:LAYER")],
    layer: Annotated[str, typer.Option("--as", help=f"作为哪个图层 / as which layer: {LAYER_NAMES}")],
    out: Annotated[
        Path, typer.Option("-o", "--out", help="城镇文件 .gpkg，可逐层导入 / the town, filled layer by layer")
    ],
    columns: Annotated[
        list[str] | None,
        typer.Option(help="我们的列=文件的列（可重复）；可拼接 code=9{NUM:03}，未知写 households= / ours=theirs"),
    ] = None,
    crs: Annotated[
        str | None,
        typer.Option(
            help="坐标系：EPSG 号、WKT、proj 串、PROJ pipeline，或地方坐标系 .toml / the CRS, before the file's"
        ),
    ] = None,
    shifted: Annotated[
        str | None,
        typer.Option(help="偏移：GCJ-02、BD-09；auto 按参考线判定后纠正；none 没有偏移 / undo a shift of public maps"),
    ] = None,
    reference: Annotated[
        str | None, typer.Option(help="可靠的参考边界，用以检查偏移 / lines known to be right, to tell a shift by")
    ] = None,
    swap: Annotated[bool, typer.Option("--swap", help="文件里 x、y 颠倒 / x and y of the file are swapped")] = False,
    mapping: Annotated[str | None, typer.Option(help="标签映射：osm 或 .toml / tag mapping")] = None,
    encoding: Annotated[str | None, typer.Option(help="属性编码，默认自动判断 / encoding of the attributes")] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="修复社区边界的小缝隙与重叠 / mend small gaps and overlaps of communities")
    ] = False,
    tolerance: Annotated[
        float, typer.Option(help="修复的最大宽度（米），更大的只报告 / mend up to this width, metres")
    ] = 0.5,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不写文件 / check only, write nothing")] = False,
    report: Annotated[Path | None, typer.Option(help="报告文件 .csv、.xlsx 或 .json / the report as a file")] = None,
    map_: Annotated[Path | None, typer.Option("--map", help="图层与问题位置的地图 .html / a map of it")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出 / print JSON")] = False,
) -> None:
    """把一个文件导入为城镇的一个图层：编码、列名、坐标系、偏移、边界逐项检查并报告。 / Bring a file into a town.

    导入齐社区与建筑后即可划分：gridgis divide town.gpkg -o plan.gpkg。区划代码清单用 gridgis regions。

    例 / examples:

    gridgis import 社区.shp --as communities -o town.gpkg --columns code=SQDM --columns name=SQMC --crs EPSG:4545

    gridgis import houses.xlsx:Sheet1 --as buildings -o town.gpkg --shifted GCJ-02 --report houses.csv

    gridgis import roads.parquet --as roads -o town.gpkg --mapping osm

    gridgis import 社区.shp --as communities -o town.gpkg --repair --tolerance 0.5 --dry-run --map check.html
    """
    from gridgis.cli.report import print_json
    from gridgis.io.plan_file import check_output
    from gridgis.io.report_file import check_report_target, write_report
    from gridgis.service.importing import ImportJob, import_file
    from gridgis.service.mending import Mending

    inputs = (source, reference, mapping, crs, out)
    if report is not None:
        check_report_target(report, inputs)
    if map_ is not None:
        check_output(map_, inputs, (".html",))
    job = ImportJob(
        source, layer, out, tuple(columns or ()), crs, shifted, reference, swap, mapping, encoding,
        Mending(repair, tolerance),
    )  # fmt: skip
    imported = import_file(job, dry_run)
    if report is not None:
        write_report(imported.rows.assign(layer=layer), report)
    if map_ is not None:
        _write_map(imported, map_)
    if as_json:
        rows = imported.rows.to_dict("records")
        print_json({**imported.figures, "written": None if dry_run else str(out), "report": rows})
        return
    _print(imported, dry_run)


def _write_map(imported: Imported, path: Path) -> None:
    """Draw polygons as the areas of a review map; lines and buildings on a box, or on the town's communities."""
    import geopandas as gpd
    import shapely

    from gridgis.io.town_file import read_town_layer, town_layers
    from maps.review import write_review

    job, frame = imported.job, imported.frame
    title = f"导入 import：{job.layer}"
    subtitle = f"{Path(job.source).name}：{len(frame)} 个要素 / features"
    if job.layer in ("communities", "compounds", "sites", "water"):
        write_review(path, frame, imported.repairs, title=title, subtitle=subtitle)
        return
    if "communities" in town_layers(job.out):
        areas = read_town_layer(job.out, "communities")
    else:
        areas = gpd.GeoDataFrame({"name": [subtitle]}, geometry=[shapely.box(*frame.total_bounds)], crs=frame.crs)
    drawn = "roads" if job.layer == "walls" else job.layer
    write_review(path, areas, context={drawn: frame}, title=title, subtitle=subtitle)


def _print(imported: Imported, dry_run: bool) -> None:
    from gridgis.cli.report import print_rows

    figures, job = imported.figures, imported.job
    print_rows({str(k): v for k, v in row.items()} for row in imported.rows.to_dict("records"))
    left = figures["read"] - figures["kept"]
    typer.echo(
        f"{job.layer}：读入 {figures['read']} 个要素，{'可' if dry_run else ''}导入 {figures['kept']} 个"
        + (f"，{left} 个未导入（原因见上）" if left else "")
        + f" / {figures['read']} features read, {figures['kept']} {'would be ' if dry_run else ''}taken"
    )
    if dry_run:
        typer.echo("试运行，没有写文件 / a dry run: nothing was written")
        return
    typer.echo(f"已写入 / written: {job.out}")
    missing = figures["missing"]
    if missing:
        typer.echo(f"划分还缺图层 / a division still needs: {'、'.join(missing)}")
    else:
        typer.echo(f"下一步 / next: gridgis divide {job.out} -o plan.gpkg")
