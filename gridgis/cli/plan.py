"""``gridgis plan``: a division's way through filing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridgis.cli.app import app
from gridgis.errors import InvalidInput

if TYPE_CHECKING:
    from gridgis.model import DivisionPlan
    from gridgis.registry import Registry

plan_app = typer.Typer(help="方案：登记、上报、审核、备案。 / Plans: new, submit, review, file.", no_args_is_help=True)
app.add_typer(plan_app, name="plan")

RegistryOption = Annotated[str, typer.Option("-r", "--registry", help="注册库文件 / the registry's file")]
Number = Annotated[int, typer.Argument(help="方案号 / number of the plan")]
By = Annotated[str, typer.Option(help="经办人（未核实） / who does it (not verified)")]
Why = Annotated[str, typer.Option(help="原因或意见 / why")]
Office = Annotated[str, typer.Option(help="以何单位办理（未核实） / for which office (not verified)")]
Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出 / print JSON")]


@plan_app.command("new")
def new(
    registry: RegistryOption,
    plan: Annotated[Path | None, typer.Argument(help="方案文件 / plan file (gridgis divide)")] = None,
    title: Annotated[str | None, typer.Option(help="方案名称 / title")] = None,
    from_atoms: Annotated[
        Path | None,
        typer.Option(help="改过 local_id 的地块图层或方案文件 / atoms, or a plan file, with edited local_id"),
    ] = None,
    borders: Annotated[
        str | None, typer.Option("--from", help="已有边界的图层，文件或 文件:图层 / a layer of given boundaries")
    ] = None,
    code_column: Annotated[str, typer.Option(help="边界图层的编码列 / its column of codes")] = "code",
    name_column: Annotated[str, typer.Option(help="边界图层的名称列 / its column of names")] = "name",
    community_name_column: Annotated[
        str | None, typer.Option(help="社区名称列 / its column of community names")
    ] = None,
    level: Annotated[int | None, typer.Option(help="给定边界的级别 1 或 2 / level of the given boundaries")] = None,
    crs: Annotated[
        str | None, typer.Option(help="边界图层的坐标系，写法同 import / its CRS, as for gridgis import")
    ] = None,
    shifted: Annotated[
        str | None, typer.Option(help="边界图层的偏移：GCJ-02、BD-09、auto、none / its shift, as for gridgis import")
    ] = None,
    reference: Annotated[str | None, typer.Option(help="可靠的参考边界 / lines known to be right")] = None,
    swap: Annotated[bool, typer.Option("--swap", help="边界图层 x、y 颠倒 / its x and y are swapped")] = False,
    encoding: Annotated[str | None, typer.Option(help="边界图层的属性编码 / its encoding")] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="修复边界的小缝隙与重叠 / mend its small gaps and overlaps")
    ] = False,
    tolerance: Annotated[float, typer.Option(help="修复的最大宽度（米） / mend up to this width, metres")] = 0.5,
    save: Annotated[
        Path | None, typer.Option(help="另存改后的方案文件 / write the corrected plan to a file too")
    ] = None,
    by: By = "",
    why: Why = "",
    office: Office = "",
    as_json: Json = False,
) -> None:
    """登记一个划分方案为草案，给出预编码。 / Take in a division as a draft with preview codes.

    方案先经核查，违反的规则记入方案并列出。 / The plan is verified first; broken rules are kept with it and listed.

    例 / examples:

    gridgis plan new plan.gpkg -r registry.gpkg --title 2026年划分 --by 张三

    gridgis plan new -r registry.gpkg --from-atoms edited.gpkg

    gridgis plan new -r registry.gpkg --from villages.geojson --code-column VILLCODE --name-column VILLNAME
    """
    from gridgis.service.borders import Borders
    from gridgis.service.importing import split_source
    from gridgis.service.mending import Mending
    from gridgis.service.plans import open_registry

    given = None
    if borders is not None:
        columns = (code_column, name_column, community_name_column)
        how = Mending(repair, tolerance)
        given = Borders(borders, *columns, level, crs, shifted, reference, swap, encoding, how)
    with open_registry(registry) as opened:
        division = _division(opened, plan, from_atoms, given)
        if save is not None:
            _save(division, save, plan or from_atoms)
        communities = division.base if given else None
        called = title or _title(plan or from_atoms or (split_source(borders)[0] if borders else None))
        number = opened.plan_new(division, called, by, why, communities, office)
        grids = opened.plan_grids(number)
    _say_new(number, len(grids), _told(division, given is not None), registry, as_json)


def _told(division: DivisionPlan, given: bool) -> list[dict[str, Any]]:
    """Return the report rows to print: all of given boundaries, else what is new since the division."""
    rows = [{str(k): v for k, v in row.items()} for row in division.report.rows.to_dict("records")]
    return [row for row in rows if given or row["stage"] == "verify" or row["rule"] == "corrected"]


def _save(division: DivisionPlan, path: Path, source: Path | None) -> None:
    from gridgis.io.plan_file import check_output, read_communities, write_plan

    if source is None:
        raise InvalidInput("--save 只用于方案文件", "--save goes with a plan file only")
    check_output(path)
    write_plan(division, path, read_communities(source))


def _division(registry: Registry, plan: Path | None, atoms: Path | None, borders: Any) -> DivisionPlan:
    from gridgis.io.plan_file import read_plan
    from gridgis.service.borders import plan_from_borders
    from gridgis.service.plans import read_plan_with_atoms, with_findings

    if borders is not None and (plan or atoms):
        raise InvalidInput(
            "--from 不能与方案文件或 --from-atoms 同用", "--from does not go with a plan or --from-atoms"
        )
    if borders is not None:
        return plan_from_borders(registry, borders)
    if atoms is not None:
        return with_findings(read_plan_with_atoms(plan, atoms), plan or atoms)[0]
    if plan is None:
        raise InvalidInput("请给出方案文件，或 --from-atoms，或 --from", "give a plan file, or --from-atoms, or --from")
    return with_findings(read_plan(plan), plan)[0]


def _title(path: Path | None) -> str:
    return path.stem if path else ""


def _say_new(number: int, grids: int, rows: list[Any], registry: str, as_json: bool) -> None:
    from gridgis.cli.report import print_json, print_rows

    if as_json:
        print_json({"plan": number, "state": "draft", "grids": grids, "report": rows})
        return
    print_rows(rows)
    typer.echo(f"已登记草案 {number}，{grids} 个网格 / draft {number} with {grids} grids")
    typer.echo(f"下一步 / next: gridgis plan submit {number} -r {registry}")


@plan_app.command("revise")
def revise(
    number: Number,
    registry: RegistryOption,
    plan: Annotated[Path | None, typer.Argument(help="方案文件 / plan file")] = None,
    from_atoms: Annotated[Path | None, typer.Option(help="改过 local_id 的地块 / atoms with edited local_id")] = None,
    by: By = "",
    why: Why = "",
    office: Office = "",
    as_json: Json = False,
) -> None:
    """替换草案或退回方案的内容；延续的网格保留已发编码。 / Replace a draft or returned plan; issued codes are kept.

    例 / example: gridgis plan revise 3 plan2.gpkg -r registry.gpkg
    """
    from gridgis.cli.report import print_json, print_rows
    from gridgis.service.plans import open_registry

    with open_registry(registry) as opened:
        division = _division(opened, plan, from_atoms, None)
        opened.plan_revise(number, division, by, why, office)
        grids = opened.plan_grids(number)
        state = opened.plan(number)["state"]
    if as_json:
        print_json({"plan": number, "state": state, "grids": len(grids), "report": _told(division, given=False)})
        return
    print_rows(_told(division, given=False))
    typer.echo(f"方案 {number} 已更新 / plan {number} revised")


@plan_app.command("submit")
def submit(
    number: Number, registry: RegistryOption, by: By = "", why: Why = "", office: Office = "", as_json: Json = False
) -> None:
    """上报：检查方案并赋码。 / Submit: check the plan and issue its codes.

    例 / example: gridgis plan submit 1 -r registry.gpkg --by 张三
    """
    _act("plan_submit", number, registry, (by, why, office), as_json)


@plan_app.command("review")
def review(
    number: Number, registry: RegistryOption, by: By = "", why: Why = "", office: Office = "", as_json: Json = False
) -> None:
    """审核通过。 / Approve a submitted plan.

    例 / example: gridgis plan review 1 -r registry.gpkg --by 李四
    """
    _act("plan_review", number, registry, (by, why, office), as_json)


@plan_app.command("return")
def send_back(
    number: Number, registry: RegistryOption, by: By = "", why: Why = "", office: Office = "", as_json: Json = False
) -> None:
    """退回；已发编码为它保留。 / Send a plan back; its codes stay reserved.

    例 / example: gridgis plan return 1 -r registry.gpkg --by 李四 --why 边界需调整
    """
    _act("plan_return", number, registry, (by, why, office), as_json)


@plan_app.command("withdraw")
def withdraw(
    number: Number, registry: RegistryOption, by: By = "", why: Why = "", office: Office = "", as_json: Json = False
) -> None:
    """撤回；已发编码作废。 / Give a plan up; its codes are burned.

    例 / example: gridgis plan withdraw 1 -r registry.gpkg --by 张三
    """
    _act("plan_withdraw", number, registry, (by, why, office), as_json)


@plan_app.command("file")
def file(
    number: Number,
    registry: RegistryOption,
    by: By = "",
    why: Why = "",
    office: Office = "",
    in_force_from: Annotated[str | None, typer.Option(help="生效日期，默认今天 / a day from today on")] = None,
    as_json: Json = False,
) -> None:
    """备案：发布为新的一版，一次完成。 / File: publish the plan as one new revision.

    例 / example: gridgis plan file 1 -r registry.gpkg --by 王五
    """
    from gridgis.cli.report import print_json, print_rows
    from gridgis.service import in_force
    from gridgis.service.plans import open_registry

    with open_registry(registry) as opened:
        revision = opened.plan_file(number, by, why, in_force_from, office)
        papers = opened.plan(number)
        day = in_force.in_force_from(opened, revision)
        late = in_force.put_off(opened, revision) if in_force_from is None else []
    if as_json:
        told = {"plan": number, "state": "filed", "revision": revision, "in_force_from": day, "report": late}
        print_json(told)
        return
    typer.echo(f"方案 {number} 已备案，成为第 {revision} 版 / plan {number} is filed as revision {revision}")
    typer.echo(f"自 {day} 起生效 / in force from {day}")
    print_rows(late)
    print_broken(papers)
    typer.echo(f"下一步 / next: gridgis locate LON LAT -r {registry}")


def _act(method: str, number: int, registry: str, author: tuple[str, str, str], as_json: bool) -> None:
    from gridgis.cli.report import print_json
    from gridgis.service.plans import open_registry, state_words

    with open_registry(registry) as opened:
        getattr(opened, method)(number, *author)
        papers = opened.plan(number)
    if as_json:
        print_json({"plan": number, "state": papers["state"], "actions": papers["actions"]})
        return
    typer.echo(f"方案 {number}：{state_words(papers['state'])} / plan {number} is {papers['state']}")
    print_broken(papers)
    if papers["actions"]:
        typer.echo(f"可做 / possible: {', '.join(papers['actions'])}")


def print_broken(papers: dict[str, Any]) -> None:
    """Print the rules that a plan breaks, and what submitting and filing found, so that all is done knowingly."""
    from gridgis.cli.report import print_rows

    broken = [row for row in papers["report"] if row["stage"] == "verify"]
    if broken:
        typer.echo(f"注意：方案有 {len(broken)} 处违反规则 / note: the plan breaks rules in {len(broken)} places")
        print_rows(broken)
    print_rows(row for row in papers["report"] if row["stage"] in ("submit", "file"))
