"""Lists of region codes, tables of pairs and lineages: CSV in and out."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from gridgis.coding.editions import HOW, Lineage, Step
from gridgis.coding.recode import Recoded
from gridgis.coding.regions import WIDTHS, Region, RegionList, level_of
from gridgis.errors import InvalidInput
from gridgis.io.codes import read_text
from gridgis.io.plan_file import check_output
from gridgis.io.steps import beside

CODE = ("short", "code", "code12", "代码", "编码", "区划代码", "统计用区划代码")
LEVEL = ("level", "级别", "层级")
NAME = ("name", "名称", "区划名称")
OLD, NEW = ("old", "旧代码", "原代码"), ("new", "新代码", "现代码")
"""Names of columns; letter case does not matter, and the first that is there is taken."""
LINEAGE_COLUMNS = (
    "level", "old", "old_name", "new", "new_name", "how", "note_zh", "note_en", "old_day", "new_day",
)  # fmt: skip
Row = tuple[int, dict[str, str]]
"""(number of the line, column -> cell)."""


def read_regions(path: str | Path, day: date) -> RegionList:
    """Read an edition of the region codes, as of ``day``, from a CSV file (UTF-8 or GB18030).

    Columns: the code (short, code, code12, 代码, 区划代码, ...), padded with zeros to 12 digits or not; the level
    (level, 级别), 1 province to 5 community, needed where codes are padded; the name (name, 名称). Others are not read.

    Raises
    ------
    NotFound
        The file does not exist.
    InvalidInput
        A column is missing, a code or level is wrong (names the line), or a (level, code) occurs twice.
    """
    rows = list(_rows(path, "区划清单", "regions"))
    columns = _columns(path, rows, {"code": CODE, "name": NAME})
    level = next((c for c in LEVEL if c in rows[0][1]), None)
    return RegionList((_region(n, r[columns["code"]], r.get(level or ""), r[columns["name"]]) for n, r in rows), day)


def _region(line: int, code: str, level: str | None, name: str) -> Region:
    if level is None:
        if len(code) == WIDTHS[5] and code.endswith("000"):
            raise InvalidInput(
                f"第{line}行：代码 {code} 是补零的12位代码，须有级别列（level）：补零后不同级别的代码会相同",
                f"line {line}: the code {code} is padded to 12 digits; a column level is needed, since padded codes of"
                " different levels are alike",
                line=line,
                code=code,
            )
        return Region(level_of(code), code, name)
    if level not in {str(n) for n in WIDTHS}:
        raise InvalidInput(
            f"第{line}行：级别“{level}”不对，应为 1（省）到 5（村、社区）",
            f"line {line}: level '{level}' is wrong, levels are 1 (province) to 5 (community)",
            line=line,
            level=level,
        )
    width = WIDTHS[int(level)]
    padded = len(code) == WIDTHS[5] and not code[width:].strip("0")
    return Region(int(level), code[:width] if padded else code, name)


def read_pairs(path: str | Path) -> list[tuple[str, str]]:
    """Read a table of pairs (columns old, new; or 旧代码, 新代码); a row without one of the two says nothing.

    A lineage as `write_lineage` writes it is such a table: fill in what is missing and give it back.
    """
    rows = list(_rows(path, "对照表", "pairs"))
    columns = _columns(path, rows, {"old": OLD, "new": NEW})
    pairs = [(r[columns["old"]], r[columns["new"]]) for _, r in rows]
    return [(a, b) for a, b in pairs if a and b]


def write_lineage(lineage: Lineage, path: str | Path) -> None:
    """Write a lineage as CSV (UTF-8 with BOM): LINEAGE_COLUMNS."""
    days = lineage.old_day.isoformat(), lineage.new_day.isoformat()
    rows = [
        (s.level, s.old or "", s.old_name, s.new or "", s.new_name, s.how, s.note_zh, s.note_en, *days)
        for s in lineage.steps
    ]
    _write(path, LINEAGE_COLUMNS, rows)


def read_lineage(path: str | Path) -> Lineage:
    """Read a lineage that `write_lineage` wrote, and that somebody may have filled in.

    A region without heir to which a new code was given counts as told by the user's table.

    Raises
    ------
    InvalidInput
        A column is missing, a code does not fit its level, ``how`` is none of HOW, or the days differ.
    """
    rows = list(_rows(path, "沿革表", "lineage"))
    _columns(path, rows, {c: (c,) for c in LINEAGE_COLUMNS})
    steps = [_step(line, r) for line, r in rows]
    days = {(r["old_day"], r["new_day"]) for _, r in rows}
    try:
        ((old, new),) = days
        return Lineage(tuple(steps), date.fromisoformat(old), date.fromisoformat(new))
    except ValueError as e:
        raise InvalidInput(
            f"{path} 的 old_day、new_day 应各为同一日期（如 2023-06-30），现为 {sorted(days)[:3]}",
            f"{path}: old_day and new_day must be one date each (as 2023-06-30), they are {sorted(days)[:3]}",
            path=str(path),
        ) from e


def _step(line: int, r: dict[str, str]) -> Step:
    wrong = [c for c in (r["old"], r["new"]) if c and str(level_of(c)) != r["level"]]
    if wrong or r["how"] not in HOW or not (r["old"] or r["new"]):
        raise InvalidInput(
            f"第{line}行不对：level {r['level']}，old {r['old']!r}，new {r['new']!r}，how {r['how']!r}"
            f"（how 应为 {'、'.join(HOW)} 之一，代码须与级别相符）",
            f"line {line} is wrong: level {r['level']}, old {r['old']!r}, new {r['new']!r}, how {r['how']!r} (how must"
            f" be one of {', '.join(HOW)}, and codes must be of the level)",
            line=line,
        )
    filled = r["how"] in ("gone", "new") and r["old"] and r["new"]
    names = r["old_name"], r["new_name"], r["note_zh"], r["note_en"]
    return Step(int(r["level"]), r["old"] or None, r["new"] or None, "table" if filled else r["how"], *names)


def write_recoded(rows: Sequence[Recoded], path: str | Path) -> None:
    """Write what became of codes as CSV (UTF-8 with BOM): code, new_code, outcome, why_zh, why_en."""
    table = [(r.old, r.new or "", r.outcome, r.why_zh, r.why_en) for r in rows]
    _write(path, ("code", "new_code", "outcome", "why_zh", "why_en"), table)


def _rows(path: str | Path, zh: str, en: str) -> Iterator[Row]:
    """Read a CSV file with headings in small letters; blanks around cells and empty lines are no part of it."""
    reader = csv.reader(read_text(path, zh, en).splitlines())
    names: list[str] = []
    for cells in reader:
        row = [c.strip() for c in cells]
        if not any(row):
            continue
        if not names:
            names = [c.lower() for c in row]
        elif len(row) != len(names):
            raise InvalidInput(
                f"{path} 第{reader.line_num}行有 {len(row)} 列，表头有 {len(names)} 列",
                f"{path}, line {reader.line_num}: {len(row)} columns, the heading has {len(names)}",
                path=str(path),
                line=reader.line_num,
            )
        else:
            yield reader.line_num, dict(zip(names, row, strict=True))


def _columns(path: str | Path, rows: Sequence[Row], needed: dict[str, Sequence[str]]) -> dict[str, str]:
    """Find the columns by one of their names."""
    if not rows:
        raise InvalidInput(f"{path} 中没有数据行", f"there are no rows in {path}", path=str(path))
    there = rows[0][1]
    found = {what: next((n for n in names if n in there), "") for what, names in needed.items()}
    if missing := [names for what, names in needed.items() if not found[what]]:
        zh, en = ["/".join(names) for names in missing], ", ".join(" or ".join(names) for names in missing)
        raise InvalidInput(
            f"{path} 缺少列 {'、'.join(zh)}；现有：{'、'.join(there)}",
            f"{path} lacks the columns {en}; there are {', '.join(there)}",
            path=str(path),
        )
    return found


def _write(path: str | Path, heading: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    path = Path(path)
    check_output(path, suffixes=(".csv",))
    with beside(path) as partial, partial.open("w", encoding="utf-8-sig", newline="") as f:
        writer = csv.writer(f, lineterminator="\n")
        writer.writerow(heading)
        writer.writerows(rows)
