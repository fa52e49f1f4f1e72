"""``gridgis regions``: what became of region codes between two editions, and the new codes of grids."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gridgis.cli.app import app

regions_app = typer.Typer(
    help="行政区划代码：两版清单的沿革、网格换码。 / Region codes: two editions compared, grids recoded.",
    no_args_is_help=True,
)
app.add_typer(regions_app, name="regions")

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出 / print JSON")]
Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="该清单的日期 / the day the list is as of")]
SHOWN = 40
"""So many rows to look at are printed; all are in the file."""


@regions_app.command("check")
def check(
    regions: Annotated[Path, typer.Argument(help="区划清单 .csv / a list of region codes")],
    day: Day,
    as_json: Json = False,
) -> None:
    """检查区划清单能否读入，有哪些特别的行。 / Read a list of region codes; tell what is odd in it.

    例 / example: gridgis regions check codes-2023.csv --day 2023-06-30
    """
    from gridgis.cli.report import print_json
    from gridgis.coding.regions import LEVEL_NAMES, oddities
    from gridgis.io.regions import read_regions

    found = read_regions(regions, day.date())
    counts = {level: len(found.at(level)) for level in LEVEL_NAMES}
    odd = oddities(found)
    if as_json:
        rows = [{"level": r.level, "code": r.code, "name": r.name, "zh": zh, "en": en} for r, zh, en in odd]
        print_json({"day": found.day, "counts": counts, "odd": rows})
        return
    for level, (zh, en) in LEVEL_NAMES.items():
        typer.echo(f"{counts[level]} {zh} / {en}")
    for r, zh, en in odd[:SHOWN]:
        typer.echo(f"! {r.code} {r.name}：{zh}\n    {en}")
    if len(odd) > SHOWN:
        typer.echo(f"另有 {len(odd) - SHOWN} 条（--json 列出全部） / {len(odd) - SHOWN} more (all with --json)")


@regions_app.command("diff")
def diff(
    old: Annotated[Path, typer.Argument(help="旧版清单 .csv / the old list")],
    new: Annotated[Path, typer.Argument(help="新版清单 .csv / the new list")],
    old_day: Day,
    new_day: Day,
    pairs: Annotated[
        Path | None, typer.Option(help="对照表 .csv（列 old, new），优先于规则 / table of pairs, overrules the rules")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="沿革表 .csv；可补全后再用 / the lineage; fill it in and use it")
    ] = None,
    as_json: Json = False,
) -> None:
    """比较两版区划代码，查明每个代码的去向。 / Compare two editions: what became of each code.

    例 / example:

    gridgis regions diff codes-2020.csv codes-2023.csv --old-day 2020-06-30 --new-day 2023-06-30 -o lineage.csv
    """
    from gridgis.cli.report import print_json, print_table
    from gridgis.coding.editions import HOW
    from gridgis.io.plan_file import check_output
    from gridgis.io.regions import write_lineage
    from gridgis.service.regions import compare_files

    if out is not None:
        check_output(out, (old, new, pairs), (".csv",))
    lineage = compare_files((old, old_day.date()), (new, new_day.date()), pairs)
    if out is not None:
        write_lineage(lineage, out)
    if as_json:
        steps = [vars(s) for s in lineage.steps if s.how != "same"]
        print_json({"old_day": old_day.date(), "new_day": new_day.date(), "counts": lineage.counts(), "steps": steps})
        return
    rows = [(how, count, *HOW[how]) for how, count in lineage.counts().items()]
    print_table(f"区划代码沿革 {lineage.old_day} → {lineage.new_day} / region codes", ["", "数量 count", "", ""], rows)
    look = [s for how in ("gone", "stem") for s in lineage.steps if s.how == how]
    for s in look[:SHOWN]:
        typer.echo(f"{'✗' if s.how == 'gone' else '!'} {s.old} {s.old_name} → {s.new or '?'} {s.new_name} {s.note_zh}")
        if s.note_en:
            typer.echo(f"    {s.note_en}")
    if len(look) > SHOWN:
        typer.echo(f"另有 {len(look) - SHOWN} 条，见沿革表（-o） / {len(look) - SHOWN} more, see the lineage (-o)")
    if out is not None:
        typer.echo(f"已写入 / written: {out}")


@regions_app.command("recode")
def recode_command(
    codes: Annotated[Path, typer.Argument(help="网格编码：每行一个，或 CSV 的 code 列 / codes of grids")],
    lineage: Annotated[Path, typer.Argument(help="沿革表 .csv（regions diff -o） / the lineage")],
    scheme: Annotated[
        str, typer.Option(help="编码规则名或 .toml 文件 / coding scheme, or a .toml file")
    ] = "national-15",
    issued: Annotated[Path | None, typer.Option(help="历来已发放的编码 / all codes ever issued")] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="输出 .csv；默认 原名-recoded.csv / default CODES-recoded.csv")
    ] = None,
    as_json: Json = False,
) -> None:
    """网格换码：区划换码后网格的新编码；有不能换的，退出码为 1。 / New codes of grids; exit code 1 where one has none.

    例 / example: gridgis regions recode plan-codes.csv lineage.csv --issued issued.txt
    """
    from gridgis.cli.report import print_json
    from gridgis.coding.recode import OUTCOMES
    from gridgis.io.plan_file import check_output
    from gridgis.io.regions import write_recoded
    from gridgis.service.regions import recode_file

    out = out or codes.with_name(f"{codes.stem}-recoded.csv")
    check_output(out, (codes, lineage, issued, scheme), (".csv",))
    rows = recode_file(codes, lineage, scheme, issued)
    write_recoded(rows, out)
    lost = [r for r in rows if r.new is None]
    if as_json:
        print_json({"out": str(out), "codes": [vars(r) for r in rows]})
    else:
        for outcome, (zh, en) in OUTCOMES.items():
            if count := sum(r.outcome == outcome for r in rows):
                typer.echo(f"{count} {zh} / {en}")
        for zh, en in dict.fromkeys((r.why_zh, r.why_en) for r in lost):
            typer.echo(f"✗ {zh}\n    {en}")
        typer.echo(f"已写入 / written: {out}")
    if lost:
        raise typer.Exit(1)
