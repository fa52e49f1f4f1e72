"""``gridgis locate``: which grid is responsible at a point, and who."""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridgis.cli.app import app
from gridgis.cli.point import print_found
from gridgis.errors import InvalidInput
from gridgis.geometry.lonlat import STORED_CRS

if TYPE_CHECKING:
    from gridgis.service.locator import Locator, Snapshot

PLACES = 20
"""So many places of a name are shown."""


@app.command("locate", context_settings={"ignore_unknown_options": True})  # so that -120.5 is a longitude
def locate_command(
    registry: Annotated[str, typer.Option("-r", "--registry", help="注册库文件 / the registry's file")],
    lon: Annotated[float | None, typer.Argument(help="经度 / longitude")] = None,
    lat: Annotated[float | None, typer.Argument(help="纬度 / latitude")] = None,
    points: Annotated[
        Path | None, typer.Option(help="点表：列 lon, lat，可有 crs、place，.csv .xlsx .parquet .gpkg / points")
    ] = None,
    layer: Annotated[
        str | None, typer.Option(help="点表 .gpkg 中的图层 / layer of --points, where a .gpkg has several")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="点表的结果 / result of --points: .csv .parquet")
    ] = None,
    place: Annotated[str | None, typer.Option(help="建筑或小区名称 / name of a building or estate")] = None,
    crs: Annotated[
        str,
        typer.Option(
            help="EPSG:4490、EPSG:4326、GCJ-02、BD-09；不用于有几何的点表，几何按自己的坐标系 / "
            "not for --points with geometries: their own CRS counts"
        ),
    ] = "EPSG:4490",
    at: Annotated[str | None, typer.Option(help="版本号或日期，默认今天 / a revision or a day, default today")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出 / print JSON")] = False,
) -> None:
    """查询一点、一批点或一处地名所属的网格与负责人。 / Which grid is responsible, and who leads it.

    在所有网格之外或找不到地名时退出码为 1。 / Exit code 1: outside, or no such place.

    例 / examples:

    gridgis locate 109.0290 32.6950 -r registry.gpkg

    gridgis locate --points events.csv -o located.csv -r registry.gpkg --crs GCJ-02

    gridgis locate --place 桂花苑 -r registry.gpkg
    """
    _need_one_way(lon, lat, points, place)
    _need_used(points, out, place, crs)
    if layer is not None and points is None:
        raise InvalidInput("--layer 只用于 --points", "--layer goes with --points only")
    from gridgis.io.plan_file import check_output
    from gridgis.service.locator import Locator

    if out is not None:
        check_output(out, (registry, points), (".csv", ".parquet"))
    _tell_of_building()
    code = 0
    with Locator.open(registry) as locator:
        if points is not None:
            _many(locator, points, out, crs, _when(at), as_json, layer)
        elif place is not None:
            code = _place(locator.snapshot(_when(at)), place, as_json)
        else:
            assert lon is not None
            assert lat is not None
            asked = locator.snapshot(_when(at))
            hit = asked.locate(lon, lat, crs)
            code = print_found([(None, None, hit, _card(asked, hit))], as_json)
    if code:
        raise typer.Exit(code)


class _OnStderr(logging.Handler):
    """Says on stderr that an index is built, and what cannot be kept."""

    def emit(self, record: logging.LogRecord) -> None:
        typer.echo(record.getMessage(), err=True)


def _tell_of_building() -> None:
    log = logging.getLogger("gridgis.index")
    log.setLevel(logging.INFO)
    if not log.handlers:
        log.addHandler(_OnStderr())


def _need_one_way(lon: float | None, lat: float | None, points: Path | None, place: str | None) -> None:
    ways = (lon is not None or lat is not None) + (points is not None) + (place is not None)
    if ways != 1 or (lon is None) != (lat is None):
        raise InvalidInput(
            "请给出经度和纬度，或 --points，或 --place，三者之一",
            "give longitude and latitude, or --points, or --place: one of these",
        )


def _need_used(points: Path | None, out: Path | None, place: str | None, crs: str) -> None:
    """Refuse options that would be passed over."""
    if out is not None and points is None:
        raise InvalidInput("-o 只用于 --points", "-o goes with --points only")
    if place is not None and crs != STORED_CRS:
        zh, en = "--crs 不用于 --place：地名没有坐标", "--crs does not go with --place: a name has no coordinates"
        raise InvalidInput(zh, en, crs=crs)


def _when(at: str | None) -> int | str | None:
    return int(at) if at is not None and at.isascii() and at.isdecimal() else at


def _many(
    locator: Locator, points: Path, out: Path | None, crs: str, at: Any, as_json: bool, layer: str | None
) -> None:
    from gridgis.cli.report import print_json, progress_bar
    from gridgis.service.plans import plain_records
    from gridgis.service.points import count_points, locate_file, locate_table

    if out is not None:
        with progress_bar(as_json) as progress:
            counts = locate_file(locator, points, out, crs, at, progress, layer)
        if as_json:
            print_json({"out": str(out), **asdict(counts)})
            return
    else:
        table = locate_table(locator, points, crs, at, layer)
        if as_json:
            print_json(plain_records(table))
            return
        typer.echo(table.to_csv(index=False))
        counts = count_points(table)
    outside = counts.points - counts.found - counts.unusable
    typer.echo(
        f"{counts.points} 点：{counts.found} 点有网格，{outside} 点在外，{counts.unusable} 点坐标不可用 / "
        f"{counts.found} in a grid, {outside} outside, {counts.unusable} unusable",
        err=out is None,
    )


def _place(asked: Snapshot, name: str, as_json: bool) -> int:
    hits = asked.place(name, PLACES + 1)
    if not hits and not as_json:
        typer.echo(f"没有名为“{name}”的建筑或小区 / no building or estate is called '{name}'")
    if len(hits) > PLACES:
        typer.echo(f"只列出前 {PLACES} 处，请写得更全 / the first {PLACES} only: give more of the name", err=True)
    return print_found([(label, kind, hit, _card(asked, hit)) for label, kind, hit in hits[:PLACES]], as_json)


def _card(asked: Snapshot, hit: Any) -> dict[str, Any] | None:
    return asked.card(hit.code, mask=False) if hit.code else None
