"""``gridgis demo``: the main job on the sample street, with a report to read."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridgis.cli.app import app

if TYPE_CHECKING:
    from gridgis.service.demo import Demo

SAMPLES = 5


@app.command("demo")
def demo_command(
    folder: Annotated[Path, typer.Option("-o", "--out", help="写入的目录 / folder to write")] = Path("demo"),
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出 / print JSON")] = False,
) -> None:
    """示例街道全流程：划分、核查、编码、备案、派遣、出图。 / The whole way on the sample street.

    例 / example:

    gridgis demo -o demo
    """
    from importlib import resources

    from gridgis.cli.report import print_json, progress_bar
    from gridgis.service.demo import mark_folder, run_demo

    def say(title: str) -> None:
        if not as_json:
            typer.echo(f"▸ {title} …")

    town = Path(str(resources.files("sample_shapes") / "town"))
    with progress_bar(as_json) as progress:
        demo = run_demo(town, folder, lambda: datetime.now(UTC), say, progress)
        say("地图 map")
        _write_map(folder)
    mark_folder(folder)
    if as_json:
        print_json(_summary(demo))
    else:
        _print(demo)
    raise typer.Exit(0 if demo.verified.ok else 1)


def _write_map(folder: Path) -> None:
    from gridgis.service.showing import show_file
    from maps import write_map

    shown = show_file(str(folder / "registry.gpkg"))
    write_map(folder / "map.html", shown.grids, shown.context, shown.cards, shown.title, shown.subtitle)


def _summary(demo: Demo) -> dict[str, Any]:
    return {
        "folder": str(demo.folder),
        "figures": demo.figures,
        "verified": demo.verified.ok,
        "checked": demo.verified.checked,
        "violations": demo.verified.violations.to_dict("records"),
        "exceptions": demo.verified.exceptions.to_dict("records"),
        "codes": demo.codes,
        "revision": demo.revision,
        "appointed": demo.appointed,
        "merge": asdict(demo.merge),
        "events": {"routed": len(demo.routed), "reported": demo.event_rows.to_dict("records")},
    }


def _print(demo: Demo) -> None:
    from gridgis.cli.divide import print_figures
    from gridgis.cli.report import print_rows, print_table

    typer.echo("")
    print_figures(demo.figures)
    _print_rules(demo)
    _print_exceptions(demo)
    print_rows(_records(demo.report[demo.report["severity"] != "info"]))
    inside = int(demo.routed["code"].notna().sum())
    print_table(
        "事件 / events", ["项\nitem", "数\ncount"],
        [
            ("派到网格 / routed to a grid", inside),
            ("在网格之外或无法定位（已报告） / outside or not placed (reported)",
             len(demo.routed) - inside + int((demo.event_rows["severity"] == "unmet").sum())),
            ("网格长空缺，由上级负责 / leader vacant, the one above answers", int(demo.routed["vacant"].sum())),
        ], numbers=1,
    )  # fmt: skip
    print_rows(_records(demo.event_rows))
    _print_samples(demo)
    _print_merge(demo)
    _print_made(demo)


def _records(table: Any) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def _print_rules(demo: Demo) -> None:
    from gridgis.cli.report import print_table

    v = demo.verified
    rows = [
        (rule, n, int((v.violations["rule"] == rule).sum()), int((v.exceptions["rule"] == rule).sum()))
        for rule, n in v.checked.items()
    ]
    columns = ["规则\nrule", "核查数\nchecked", "违反\nbroken", "确认的例外\nexceptions"]
    print_table("核查（独立于划分引擎） / verified, independently of the engine", columns, rows, numbers=3)
    zh, en = ("全部规则满足", "every rule holds") if v.ok else ("有规则被违反", "rules are broken")
    typer.echo(f"{zh} / {en}\n")


def _print_exceptions(demo: Demo) -> None:
    """Print where a rule cannot hold and why, as the verifier confirmed; towers that are grids by rule as a count."""
    found = demo.verified.exceptions
    single = found["why"].str.contains("by rule")
    typer.echo(
        f"经核查确认的例外：{int(single.sum())} 处单栋成格，另 {int((~single).sum())} 处："
        f"\nexceptions that the verifier confirmed: {int(single.sum())} single buildings that are grids by rule, and"
    )
    for why, grid in found.loc[~single, ["why", "grid"]].itertuples(index=False):
        typer.echo(f"  · {grid}：{why}")
    typer.echo("")


def _print_samples(demo: Demo) -> None:
    """Print some events, spread over the table, each with its chain of leaders."""
    rows = [i for i, a in enumerate(demo.assignments) if a.grid]
    typer.echo("示例事件 / sample events")
    for i in rows[:: max(1, len(rows) // SAMPLES)][:SAMPLES]:
        event, answer = demo.routed.iloc[i], demo.assignments[i]
        typer.echo(f"  [{event['id']}] {event['source']}·{event['item']}  {event['text']}")
        for step in answer.chain:
            person = step.leader.to_dict(mask=True) if step.leader else None
            who = f"{person['name']} {person['phone']}" if person else "空缺 vacant"
            typer.echo(f"      {'→' if step.code == answer.answers_for else ' '} {step.code}  {who}")
        typer.echo(f"        {answer.zh}")


def _print_merge(demo: Demo) -> None:
    """Print the lineage of the second revision, and what was told of one point before and after it."""
    from gridgis.cli.report import print_rows, print_table

    m = demo.merge
    typer.echo("首次划分昨天备案；今天合并了两个小网格，备案为第 2 版。")
    typer.echo("the first division was filed yesterday; today two small grids were merged and filed as revision 2.")
    shares = ((r, f"{r['households_share']:.0%}", f"{r['area_share']:.0%}") for r in m.lineage)
    print_table(
        "沿革 / lineage",
        ["旧编码\nold code", "新编码\nnew code", "关系\nrelation", "户数占比\nhouseholds", "面积占比\narea"],
        [(r["old"], r["new"], _RELATIONS[r["relation"]], households, area) for r, households, area in shares],
        numbers=2,
    )
    print_rows(m.report)
    typer.echo(f"点 {m.lon}, {m.lat} 昨天和今天属于哪个网格 / the grid of this point, yesterday and today:")
    print_table(
        "历史查询 / as of a day",
        ["日期\nday", "编码\ncode", "名称\nname", "版本\nrevision", "户数\nhouseholds"],
        [(a["day"], a["code"], a["name"], a["revision"], a["households"]) for a in m.answers],
        numbers=2,
    )
    typer.echo("")


_RELATIONS = {
    "merge": "合并 merge", "split": "拆分 split", "split+merge": "拆并 split+merge", "changed": "变更 changed",
}  # fmt: skip


def _print_made(demo: Demo) -> None:
    from gridgis.cli.report import print_table

    f = demo.folder
    print_table(
        "已生成 / made", ["文件\nfile", "内容\nwhat"],
        [
            (f / "registry.gpkg", f"注册库，两版，{demo.codes - 1} 个网格生效，{demo.appointed} 人次任职；"
             "QGIS 可直接打开 / the registry, opens in QGIS"),
            (f / "plan.gpkg", "划分方案，atoms 图层可编辑 / the plan; its atoms layer can be edited"),
            (f / "codes.csv", "网格编码 / codes"),
            (f / "team.csv", "网格长与网格员 / leaders and administrators"),
            (f / "events.csv", "事件与负责人 / events and who answers"),
            (f / "map.html", "离线地图，用浏览器打开 / offline map, open it in a browser"),
        ],
    )  # fmt: skip
    typer.echo("下一步 / next:")
    lon, lat = demo.routed.dropna(subset=["code", "lon"])[["lon", "lat"]].iloc[0]
    for command in (
        f"gridgis locate {lon} {lat} -r {f}/registry.gpkg",
        f"gridgis locate {demo.merge.lon} {demo.merge.lat} --at {demo.merge.answers[0]['day']} -r {f}/registry.gpkg",
        f"gridgis serve {f}/registry.gpkg",
        f"gridgis verify {f}/plan.gpkg",
        f"gridgis plan list -r {f}/registry.gpkg",
        f"gridgis plan diff r1 r2 -r {f}/registry.gpkg",
        "gridgis divide --help",
    ):
        typer.echo(f"  {command}")
