"""``gridgis register``: the register of grids (备案表) that was edited in Excel comes back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from gridgis.cli.app import app

register_app = typer.Typer(
    help="备案表：在 Excel 中改名称、网格长、电话、备注后读回。 / The register: edited in Excel, it comes back.",
    no_args_is_help=True,
)
app.add_typer(register_app, name="register")


@register_app.command("read")
def read(
    file: Annotated[
        Path, typer.Argument(help="改过的备案表 .xlsx（gridgis export -o 备案表.xlsx） / the edited register")
    ],
    registry: Annotated[str, typer.Option("-r", "--registry", help="注册库文件 / the registry's file")],
    yes: Annotated[bool, typer.Option("--yes", help="不再询问，直接写入 / write without asking")] = False,
    by: Annotated[str, typer.Option(help="经办人（未核实） / who does it (not verified)")] = "",
    why: Annotated[str, typer.Option(help="原因 / why")] = "",
    office: Annotated[str, typer.Option(help="以何单位办理（未核实） / for which office (not verified)")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出 / print JSON")] = False,
) -> None:
    """列出备案表中的改动，确认后写入；有改动而未写入时退出码为 1。 / Show what was edited, and write it once confirmed.

    只能改黄色的格子：名称、网格长、电话、备注；编码和边界改不了。 / Only names, leaders, phones, remarks can be edited.
    改名成为新的一版；换人从今天起。 / A new name is a new revision; a new leader acts from today on.

    例 / example: gridgis register read 备案表.xlsx -r registry.gpkg --yes --by 张三
    """
    from gridgis.io.register import read_register
    from gridgis.service.plans import open_registry
    from gridgis.service.register_edits import apply, edits_of

    told = read_register(file)
    with open_registry(registry) as opened:
        edits = edits_of(told, opened)
        if not as_json:
            _show(edits)
        write = bool(edits) and (yes or (not as_json and _confirmed()))
        revision = apply(opened, edits, told, by, why, office) if write else None
    _say([vars(edit) for edit in edits], write, revision, as_json)
    if edits and not write:
        raise typer.Exit(1)


def _confirmed() -> bool:
    return sys.stdin.isatty() and typer.confirm("写入注册库？/ write these into the registry?")


def _show(edits: list[Any]) -> None:
    from gridgis.cli.report import print_table

    if edits:
        heads = ["行\nrow", "编码\ncode", "列\ncolumn", "原为\nwas", "改为\nis"]
        lines = [[e.row, e.code, e.head, e.before or "（空）", e.after or "（空）"] for e in edits]
        print_table("改动 / edits", heads, lines)


def _say(edits: list[dict[str, Any]], written: bool, revision: int | None, as_json: bool) -> None:
    from gridgis.cli.report import print_json

    if as_json:
        print_json({"edits": edits, "written": written, "revision": revision})
    elif not edits:
        typer.echo("没有改动 / nothing was edited")
    elif not written:
        typer.echo("没有写入；确认后请加 --yes / not written; add --yes to write these")
    else:
        made = f"，名称成为第 {revision} 版 / names are revision {revision}" if revision else ""
        typer.echo(f"已写入 {len(edits)} 处改动 / {len(edits)} edits written{made}")
