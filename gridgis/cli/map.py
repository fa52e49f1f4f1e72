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
    review: Annotated[
        bool, typer.Option("--review", help="复核图：修复之处与违反的规则 / review map: repairs and broken rules")
    ] = False,
    repairs: Annotated[
        Path | None, typer.Option(help="含 repairs 图层的文件 / file with a layer 'repairs' (--review)")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出结果 / print the result as JSON")] = False,
) -> None:
    """生成离线地图网页：一个文件，不联网，可拷贝、可邮寄。 / Write an offline map: one file that needs no network.

    例 / examples:

    gridgis map registry.gpkg -o map.html

    gridgis map plan.gpkg -o plan.html --title 西城街道网格划分方案

    gridgis map plan.gpkg --review --repairs town.gpkg -o review.html
    """
    if review or repairs:
        _review(Path(source), out, title, repairs, as_json)
        return
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


def _review(source: Path, out: Path, title: str | None, repairs: Path | None, as_json: bool) -> None:
    from gridgis.cli.report import print_json, progress_bar
    from gridgis.io.plan_file import check_output
    from gridgis.service.reviewing import review_file
    from maps import write_review

    check_output(out, (source, repairs) if repairs else (source,), (".html", ".htm"))
    with progress_bar(as_json) as progress:
        shown = review_file(source, repairs, progress)
    path = write_review(
        out, shown.areas, shown.repairs, shown.broken, shown.context, title or shown.title, shown.subtitle
    )
    count = shown.counts()
    if as_json:
        print_json({"map": str(path), **count, "bytes": path.stat().st_size})
        return
    typer.echo(
        f"已写入 {path}：修复 {count['mended']} 处，仅报告 {count['reported']} 处，违反规则 {count['broken']} 条，"
        f"确认的例外 {count['exceptions']} 条"
    )
    typer.echo(
        f"wrote {path}: {count['mended']} places mended, {count['reported']} only reported, {count['broken']} broken "
        f"rules, {count['exceptions']} exceptions confirmed"
    )
