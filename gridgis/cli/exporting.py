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
            "-o",
            "--out",
            help="输出 .gpkg .geojson .kml .parquet .csv .xlsx（备案表），Shapefile 用 .zip 或文件夹 / output",
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
    phones: Annotated[bool, typer.Option("--phones", help="备案表写出完整电话 / phones in full in a register")] = False,
    scheme: Annotated[
        str, typer.Option(help="方案备案表的编码规则 / coding scheme of a plan's register")
    ] = "national-15",
    issued: Annotated[
        Path | None, typer.Option(help="方案备案表：历来已发放的编码 / of a plan's register: codes issued before")
    ] = None,
    team: Annotated[
        Path | None, typer.Option(help="方案备案表：任职表 / of a plan's register: a table as for team import")
    ] = None,
    package: Annotated[
        bool,
        typer.Option("--package", help="备案材料（.zip）：图纸、公示、核查报告、备案表、清单 / the filing package"),
    ] = False,
    title: Annotated[str, typer.Option(help="备案材料的地区名称 / package: name of the area")] = "",
    office: Annotated[str, typer.Option(help="备案材料的填报单位 / package: who files")] = "",
    day: Annotated[str, typer.Option(help="备案材料的日期 / package: date on the papers")] = "",
    approval: Annotated[str, typer.Option(help="审图号 / package: approval number of the map")] = "",
    contact: Annotated[str, typer.Option(help="公示的联系电话 / package: phone on the public notice")] = "",
    supervision: Annotated[str, typer.Option(help="公示的监督电话 / package: phone for complaints")] = "",
    notice_from: Annotated[str, typer.Option(help="公示起始日 / package: first day of the notice")] = "",
    notice_to: Annotated[str, typer.Option(help="公示截止日 / package: last day of the notice")] = "",
    check: Annotated[
        Path | None, typer.Option("--check", help="核对备案材料（.zip）与其清单 / check a package against its manifest")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出 / print JSON")] = False,
) -> None:
    """导出为其他软件可读的文件；格式容不下的，逐条说明。 / Export to a file; what its format cannot hold is said.

    只替换先前的同类导出；其他已有文件不会被覆盖。 / Replaced are earlier exports of the kind only, no other file.

    例 / examples:

    gridgis export plan.gpkg -o plan.geojson

    gridgis export -r registry.gpkg -o grids.zip --encoding GBK --level 2

    gridgis export -r registry.gpkg -o 备案表.xlsx --phones

    gridgis export plan.gpkg -o 备案材料.zip --package --office 澄湾街道办事处 --day 2026-03-01

    gridgis export --check 备案材料.zip

    gridgis export -r registry.gpkg --at 2026-03-01 --community 990001001001 -o old.kml
    """
    if check is not None:
        _check_package(check, as_json)
        return
    if (source is None) == (registry is None):
        zh, en = "请给出方案文件或注册库（-r），二者之一", "give a plan file or a registry (-r): one of the two"
        raise InvalidInput(zh, en)
    if out is None:
        raise InvalidInput(
            "请用 -o 给出输出文件，例如 -o grids.geojson", "give the output with -o, e.g. -o grids.geojson"
        )
    given = str(source or registry)
    chosen = (tuple(community or ()), level, kind)
    papers = (phones, scheme, issued, team)
    said = {
        "title": title, "office": office, "day": day, "approval": approval, "contact": contact,
        "supervision": supervision, "notice_from": notice_from, "notice_to": notice_to,
    }  # fmt: skip
    if package:
        _need_whole(layer, encoding, at, level, kind)
        _write_package(given, out, chosen, papers, said, as_json)
        return
    _need_package(said)
    if out.suffix.lower() == ".xlsx":
        _need_grids(layer, encoding)
        _write_register(given, out, _when(at), chosen, papers, as_json)
        return
    _need_register(phones, issued, team)
    _write_layer(given, out, layer, _when(at), chosen, encoding.upper(), as_json)


def _need_grids(layer: str, encoding: str) -> None:
    """Refuse options that a register passes over."""
    if layer != "grids" or encoding.upper() != "UTF-8":
        zh, en = "备案表（.xlsx）没有 --layer 和 --encoding", "a register (.xlsx) has no --layer and no --encoding"
        raise InvalidInput(zh, en)


def _need_package(said: dict[str, str]) -> None:
    """Refuse words for papers that are not made."""
    if used := [f"--{name.replace('_', '-')}" for name, word in said.items() if word]:
        raise InvalidInput(f"{used} 只用于备案材料（--package）", f"{used} go with --package only")


def _need_whole(layer: str, encoding: str, at: str | None, level: int | None, kind: str | None) -> None:
    """Refuse options that the filing package passes over."""
    if layer != "grids" or encoding.upper() != "UTF-8" or (at, level, kind) != (None, None, None):
        raise InvalidInput(
            "备案材料（--package）是整套的：不能用 --layer、--encoding、--at、--level、--kind",
            "the filing package is whole: no --layer, --encoding, --at, --level or --kind goes with --package",
        )


def _need_register(phones: bool, issued: Path | None, team: Path | None) -> None:
    """Refuse options that a layer passes over: it holds no people."""
    if phones or issued is not None or team is not None:
        zh = "--phones、--issued、--team 只用于备案表（.xlsx）"
        raise InvalidInput(zh, "--phones, --issued and --team go with a register (.xlsx)")


def _when(at: str | None) -> int | str | None:
    return int(at) if at is not None and at.isascii() and at.isdecimal() else at


Chosen = tuple[tuple[str, ...], int | None, str | None]


def _write_layer(
    source: str, out: Path, layer: str, at: Any, chosen: Chosen, encoding: str, as_json: bool
) -> None:  # fmt: skip
    from gridgis.io.writing import check_target, write_frame
    from gridgis.service.exporting import Selection, layer_of

    check_target(out, (source,), encoding)
    frame = layer_of(source, layer, at, Selection(*chosen))
    rows = write_frame(frame, out, layer, encoding).to_dict("records")
    _say(out, layer, len(frame), rows, as_json)


Papers = tuple[bool, str, Path | None, Path | None]
"""Phones in full, coding scheme, issued codes, team: what a register is made with."""


def _write_package(
    source: str, out: Path, chosen: Chosen, papers: Papers, said: dict[str, str], as_json: bool
) -> None:  # fmt: skip
    from itertools import chain

    from gridgis.cli.report import progress_bar
    from gridgis.io.archive import check_package_target, write_archive
    from gridgis.io.register import register_bytes
    from gridgis.registry.registry import utc_now
    from gridgis.service.exporting import Selection
    from gridgis.service.package import Stated, package_of
    from gridgis.service.register import register_of
    from maps.sheets import draw_package, find_font

    check_package_target(out, (source, *papers[1:]))
    clear, scheme, issued, team = papers
    font = find_font()  # before long work
    now = utc_now()  # one moment for all papers: midnight may pass between them
    with progress_bar(as_json) as progress:
        stated = Stated(**said, clear_phones=clear)
        found = package_of(
            source, stated, communities=chosen[0], scheme=scheme, issued=issued, team=team, progress=progress,
            clock=lambda: now,
        )  # fmt: skip
        register = register_bytes(
            register_of(source, None, Selection(*chosen), *papers, day=stated.day, clock=lambda: now)
        )
        about = {"title": found.title, "source": found.source, **said}
        papers_of = draw_package(found, progress, font)
        rows = write_archive(out, chain([("备案表.xlsx", register, "备案表 register")], papers_of), about)
    _say(out, "package", len(rows), [], as_json)


def _check_package(path: Path, as_json: bool) -> None:
    """Print what does not agree with the manifest; exit 1 where something does not."""
    from gridgis.cli.report import print_json
    from gridgis.io.archive import check_archive

    found = check_archive(path)
    if as_json:
        print_json({"ok": not found, "problems": found})
    else:
        for row in found:
            typer.echo(f"✗ {row['zh']}\n    {row['en']}")
        zh, en = (
            ("与清单不符", "it does not agree with its manifest")
            if found
            else ("与清单相符", "it agrees with its manifest")
        )
        typer.echo(f"{zh} / {en}: {path}")
    raise typer.Exit(1 if found else 0)


def _write_register(
    source: str, out: Path, at: Any, chosen: Chosen, papers: Papers, as_json: bool
) -> None:  # fmt: skip
    from gridgis.io.plan_file import check_output
    from gridgis.io.register import keep_edits, register_bytes
    from gridgis.io.steps import beside
    from gridgis.service.exporting import Selection
    from gridgis.service.register import register_of

    check_output(out, (source, *papers[1:]), (".xlsx",))
    keep_edits(out)
    register = register_of(source, at, Selection(*chosen), *papers)
    with beside(out) as partial:
        partial.write_bytes(register_bytes(register))
    _say(out, "register", len(register.rows), [], as_json)


def _say(out: Path, what: str, count: int, rows: list[Any], as_json: bool) -> None:
    from gridgis.cli.report import print_json, print_rows

    if as_json:
        print_json({"out": str(out), "layer": what, "rows": count, "report": rows})
        return
    print_rows(rows)
    zh, en = ("个文件", "files") if what == "package" else ("行", "rows")
    typer.echo(f"已写入 {count} {zh} / {count} {en} written: {out}")
