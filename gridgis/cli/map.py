"""``gridgis map``: one offline HTML page of a registry or a plan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gridgis.cli.app import app


@app.command("map")
def map_command(
    source: Annotated[str, typer.Argument(help="注册库或方案文件 / registry or plan file (.gpkg)")],
    out: Annotated[Path, typer.Option("-o", "--out", help="输出的网页 / the page to write")] = Path("map.html"),
    title: Annotated[str | None, typer.Option(help="图名 / title")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出结果 / print the result as JSON")] = False,
) -> None:
    """生成离线地图网页：一个文件，不联网，可拷贝、可邮寄。 / Write an offline map: one file that needs no network.

    例 / examples:

    gridgis map registry.gpkg -o map.html

    gridgis map plan.gpkg -o plan.html --title 西城街道网格划分方案
    """
    from gridgis.io.plan_file import check_output
    from gridgis.service.showing import show_file
    from maps import write_map

    check_output(out, (source,), (".html", ".htm"))
    shown = show_file(source)
    path = write_map(out, shown.grids, shown.context, shown.cards, title or shown.title, shown.subtitle)
    if as_json:
        from gridgis.cli.report import print_json

        print_json({"map": str(path), "grids": len(shown.grids), "bytes": path.stat().st_size})
        return
    size_mb = path.stat().st_size / 1e6
    typer.echo(f"已写入 {path}：{len(shown.grids)} 个网格，{size_mb:.1f} MB，用浏览器打开即可，不需联网")
    typer.echo(f"wrote {path}: {len(shown.grids)} grids, {size_mb:.1f} MB; open it in a browser, no network needed")
