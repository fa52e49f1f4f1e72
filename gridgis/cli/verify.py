"""``gridgis verify``: check a plan file independently of how it was made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridgis.cli.app import app

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 3
"""So many exceptions of one kind are printed; the broken rules are printed all."""


@app.command("verify")
def verify_command(
    plan: Annotated[Path, typer.Argument(help="方案文件 / plan file")],
    town: Annotated[str | None, typer.Option(help="改用此城镇数据核对 / verify against this town instead")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出 / print JSON")] = False,
) -> None:
    """逐条核查方案的规则，列出违反之处。 / Verify a plan rule by rule.

    退出码：0 全部满足，1 有违反，2 输入有误。 / Exit code: 0 all hold, 1 some are broken, 2 bad input.

    例 / example:

    gridgis verify plan.gpkg
    """
    from gridgis.cli.report import print_json, print_table, progress_bar
    from gridgis.service.divide import verify_file

    with progress_bar(as_json) as progress:
        report = verify_file(plan, town, progress)
    if as_json:
        broken, confirmed = report.violations.to_dict("records"), report.exceptions.to_dict("records")
        value = {"ok": report.ok, "violations": broken, "exceptions": confirmed, "checked": report.checked}
        print_json(value)
    else:
        counts = [(r, n, *(int((t["rule"] == r).sum()) for t in (report.violations, report.exceptions)))
                  for r, n in report.checked.items()]  # fmt: skip
        columns = ["规则\nrule", "核查数\nchecked", "违反\nbroken", "确认的例外\nexceptions"]
        print_table("核查 / verification", columns, counts, numbers=3)
        first = report.exceptions.groupby(["rule", kinds(report.exceptions["why"])]).head(SHOWN)
        _print_findings("确认的例外 / exceptions, confirmed", first)
        if more := len(report.exceptions) - len(first):
            typer.echo(f"另有同类 {more} 条，见 --json / {more} more of these kinds: see --json")
        _print_findings("违反 / broken rules", report.violations)
        zh, en = ("全部规则满足", "every rule holds") if report.ok else ("有规则被违反", "rules are broken")
        typer.echo(f"{zh} / {en}: {plan}")
    raise typer.Exit(0 if report.ok else 1)


def kinds(why: pd.Series) -> pd.Series:
    """Return reasons without what differs from grid to grid: numbers and the names of grids, buildings and estates.

    Examples
    --------
    >>> import pandas as pd
    >>> kinds(pd.Series(["72 households: a tower", "104 households: a tower", "compound E3: B1+B27"])).tolist()
    ['# households: a tower', '# households: a tower', 'compound #: #']
    """
    return why.str.replace(r"\w*\d[\w.+-]*( \+ \d+)*", "#", regex=True)


def _print_findings(title: str, table: pd.DataFrame) -> None:
    from gridgis.cli.report import print_table

    if table.empty:
        return
    rows = [
        [rule, grid, f"{float(measure):.10g}" if abs(float(measure)) < 10 else f"{float(measure):.0f}", why]
        for rule, grid, measure, why in table[["rule", "grid", "measure", "why"]].to_numpy().tolist()
    ]
    print_table(title, ["规则\nrule", "网格\ngrid", "量度\nmeasure", "原因\nwhy"], rows)
