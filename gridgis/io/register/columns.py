"""The columns of the register, and what it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Column:
    """A column of the register: its head, its width in characters, whether it is edited in Excel, whether a number."""

    head: str
    width: float
    editable: bool = False
    number: str = ""


COLUMNS: dict[str, Column] = {
    "code": Column("网格编码", 18),
    "name": Column("网格名称", 24, editable=True),
    "kind": Column("类型", 10),
    "level": Column("级别", 6),
    "category": Column("类别", 8),
    "state": Column("状态", 8),
    "district": Column("区县代码", 9),
    "street_code": Column("街道代码", 11),
    "street": Column("街道名称", 12),
    "community": Column("社区代码", 14),
    "community_name": Column("社区名称", 14),
    "parent": Column("上级网格编码", 18),
    "parent_name": Column("上级网格名称", 20),
    "extent": Column("四至", 44),
    "lon": Column("中心经度", 13, number="0.000000000"),
    "lat": Column("中心纬度", 12, number="0.000000000"),
    "area_m2": Column("面积（平方米）", 13, number="#,##0.0"),
    "households": Column("户数", 7, number="0"),
    "residents": Column("居民人数", 8, number="0"),
    "leader": Column("网格长", 10, editable=True),
    "phone": Column("网格长电话", 15, editable=True),
    "above": Column("上级网格长", 28),
    "administrators": Column("网格员", 24),
    "from": Column("起始日期", 12),
    "to": Column("终止日期", 12),
    "remarks": Column("备注", 24, editable=True),
}
"""Columns of the form (DOMAIN 5), in order. What is not known stays empty."""

EDITABLE = tuple(name for name, column in COLUMNS.items() if column.editable)

TITLE = "城乡社区网格备案表"
SHEET, HIDDEN = "备案表", "gridgis"
HEAD_ROW = 3
"""The row of the heads; above it stand the title, and what the register is of."""

Cell = str | int | float | None
Row = Mapping[str, Cell]


@dataclass(frozen=True)
class Register:
    """What the register holds: ``about`` says of what it is (shown, and read back); rows with the keys of COLUMNS."""

    about: Mapping[str, str]
    rows: Sequence[Row]


def cell_text(value: Any) -> str:
    """Return a cell as it is compared: stripped text, '' for an empty one, numbers in their shortest form.

    Examples
    --------
    >>> cell_text(13800001234.0), cell_text(12.50), cell_text(None), cell_text(" 甲 ")
    ('13800001234', '12.5', '', '甲')
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value).strip()
