"""The report of the verification (核查报告) as it is filed: a PDF to sign, and the same as JSON for machines."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from gridgis.service.package import Package
from maps.sheets.fonts import Font
from maps.sheets.pages import LEFT, RIGHT, Pages

RULES = {
    "schema": "字段齐全、取值合法", "valid": "几何图形有效", "coverage": "无缝覆盖社区", "overlap": "互不重叠",
    "extent": "不超出社区", "nesting": "下级合成上级", "contiguity": "网格连通", "dedicated": "专属网格合规",
    "overlay": "叠加专属网格互不重叠", "names": "名称唯一", "atoms": "地块构成网格", "borders": "界线与网格一致",
    "households": "户数一致", "band-2": "二级网格户数带", "band-3": "三级网格户数带", "compounds": "小区不拆分",
    "river": "不跨无桥河流", "strong": "不跨强界线", "pins": "遵守规划员指定",
}  # fmt: skip
"""What each rule asks, in words."""

SHOWN = 200
"""So many rows of a table are printed; all of them are in the JSON."""


def verdict_json(package: Package) -> bytes:
    """Return the report as ``gridgis verify --json`` prints it."""
    report = package.checks
    value = {
        "ok": report.ok,
        "violations": report.violations.to_dict("records"),
        "exceptions": report.exceptions.to_dict("records"),
        "checked": report.checked,
    }
    return (json.dumps(value, ensure_ascii=False, indent=2, default=_plain) + "\n").encode()


def draw_verdict(package: Package, font: Font) -> bytes:
    """Return the report as PDF: the verdict, each rule with its counts, what is broken, what is excepted and why."""
    report = package.checks
    pages = Pages(font, f"{package.title}；{package.source}")
    pages.title(f"{package.title}网格划分核查报告")
    broken = len(report.violations)
    pages.paragraph(
        f"依据{package.source}的坐标数据，由独立于划分的程序逐条核查 {len(report.checked)} 项规则，"
        + ("全部满足。" if report.ok else f"其中有 {broken} 处违反。")
        + (f"另有 {len(report.exceptions)} 处例外，均已由核查程序确认。" if len(report.exceptions) else "")
    )
    pages.heading("一、规则与核查数")
    pages.table(
        ("规则", "要求", "核查数", "违反", "例外"), (32, 78, 22, 19, 19),
        [(rule, RULES.get(rule, ""), str(n), *(str(int((t["rule"] == rule).sum())) for t in
          (report.violations, report.exceptions))) for rule, n in report.checked.items()], right=(2, 3, 4), pad=0.7,
    )  # fmt: skip
    _findings(pages, "二、违反规则之处", report.violations)
    _findings(pages, "三、经确认的例外", report.exceptions)
    pages.need(34)
    pages.y -= 16
    pages.paper.blank(LEFT, pages.y, "核查人：", "", LEFT + 78, 10.5)
    pages.paper.blank(LEFT + 88, pages.y, "日期：", package.stated.day, RIGHT, 10.5)
    return pages.pdf()


def _findings(pages: Pages, title: str, table: pd.DataFrame) -> None:
    pages.heading(title)
    if table.empty:
        pages.paragraph("无。")
        return
    rows = [
        (str(rule), "、".join(str(grid).split(",")), _measure(measure), str(why))
        for rule, grid, measure, why in table[["rule", "grid", "measure", "why"]].head(SHOWN).to_numpy().tolist()
    ]
    pages.table(("规则", "网格", "量度", "原因"), (22, 38, 20, 90), rows, right=(2,), points=8, pad=0.7)
    if len(table) > SHOWN:
        pages.paragraph(f"另有 {len(table) - SHOWN} 条，见核查报告.json。")


def _measure(value: Any) -> str:
    number = float(value)
    return f"{number:.6g}" if abs(number) < 10 else f"{number:.0f}"


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)
