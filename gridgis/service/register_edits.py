"""What people edited in a register in Excel: names, leaders, phones, remarks; held against what is in force now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gridgis.dispatch.team import checked_phone, mask_phone
from gridgis.errors import Conflict, InvalidInput
from gridgis.io.register import COLUMNS, EDITABLE, ReadRegister
from gridgis.registry import Registry
from gridgis.registry.correcting import Corrections
from gridgis.service.register import CLEAR

Fault = tuple[int, str, str]
"""Row in the file (0: none), and what is wrong, in Chinese and English."""


@dataclass(frozen=True)
class Edit:
    """One cell that was edited: ``row`` in the file, code of the grid, column, what it said and what it says."""

    row: int
    code: str
    column: str
    before: str
    after: str

    @property
    def head(self) -> str:
        """Head of the column."""
        return COLUMNS[self.column].head


def edits_of(read: ReadRegister, registry: Registry) -> list[Edit]:
    """Return what was edited, in the order of the rows.

    Raises
    ------
    Conflict
        The file is of another revision than the one in force.
    InvalidInput
        It is the register of a plan; a code is missing, twice, changed or not known; a column that cannot be changed
        was; an edit is no phone, or contradicts another; somebody else changed the same cell meanwhile. Names the
        rows; ``problems`` has all.
    """
    _need_revision(read, registry)
    written = {row["code"]: row for row in read.written}
    faults = [*_code_faults(read, written)]
    edits = []
    for number, row in read.rows:
        if row["code"] in written:
            edits += _row_edits(number, row, written[row["code"]], faults)
    rows = {row["code"]: row for _, row in read.rows}
    now = _now(registry, read.about.get("电话") == CLEAR) if edits else {}
    wanted = []
    for edit in edits:
        current = now[edit.code][edit.column]
        if current == edit.after:
            continue
        if current != edit.before:
            faults.append(_changed_meanwhile(edit, current))
        faults += _edit_faults(edit, rows[edit.code], written[edit.code])
        wanted.append(edit)
    _refuse(faults)
    return wanted


def corrections_of(edits: list[Edit], read: ReadRegister) -> Corrections:
    """Return what a registry is to correct for these edits."""
    rows = {row["code"]: row for _, row in read.rows}
    led = {e.code for e in edits if e.column == "leader"}
    return Corrections(
        names={e.code: e.after for e in edits if e.column == "name"},
        leaders={c: (rows[c]["leader"], rows[c]["phone"]) if rows[c]["leader"] else None for c in sorted(led)},
        phones={e.code: e.after for e in edits if e.column == "phone" and e.code not in led},
        remarks={e.code: e.after for e in edits if e.column == "remarks"},
    )


def apply(registry: Registry, edits: list[Edit], read: ReadRegister, by: str, why: str, office: str) -> int | None:
    """Write the edits into the registry, all or nothing; return the new revision, None where no name changed."""
    return registry.correct(corrections_of(edits, read), int(read.about["版本"]), by, why or "备案表 register", office)


def _need_revision(read: ReadRegister, registry: Registry) -> None:
    if "方案" in read.about:
        raise InvalidInput(
            "这是划分方案的备案表，方案还不在注册库中生效；请先备案，再导出注册库的备案表修改",
            "this is the register of a plan, which is not in force: file it first, then export the registry's register",
        )
    said, now = read.about.get("版本", "?"), registry.revision
    if said != str(now):
        raise Conflict(
            f"这份备案表依据第 {said} 版，现行是第 {now} 版；请重新导出（gridgis export -r 注册库 -o 备案表.xlsx）"
            "后再改",
            f"this register is of revision {said}, in force is {now}: export it anew (gridgis export -r REGISTRY -o "
            "register.xlsx) and edit that",
            revision=said,
            in_force=now,
        )


def _code_faults(read: ReadRegister, written: dict[str, dict[str, str]]) -> list[Fault]:
    """Find codes that were changed, doubled or deleted."""
    faults, seen = list[Fault](), dict[str, int]()
    for number, row in read.rows:
        code = row["code"]
        if code not in written:
            zh = f"编码“{code}”不在导出的备案表中；编码不能改，也不能添行"
            faults.append(
                (number, zh, f"code '{code}' was not in the register: codes cannot be changed, nor rows added")
            )
        elif code in seen:
            zh, en = f"编码 {code} 与第 {seen[code]} 行重复", f"code {code} is in row {seen[code]} too"
            faults.append((number, zh, en))
        seen.setdefault(code, number)
    for code in written:
        if code not in seen:
            zh = f"网格 {code} 的行不见了；删行不会停用网格，请恢复该行"
            faults.append((0, zh, f"the row of grid {code} is gone; deleting it ends no grid: put it back"))
    return faults


def _row_edits(number: int, row: dict[str, str], before: dict[str, str], faults: list[Fault]) -> list[Edit]:
    """Return the edits of a row; a change where none is allowed is a fault."""
    edits = []
    for name, column in COLUMNS.items():
        if row[name] == before[name]:
            continue
        if name in EDITABLE:
            edits.append(Edit(number, row["code"], name, before[name], row[name]))
        else:
            zh = f"“{column.head}”不能在备案表中改（原为“{before[name]}”，现为“{row[name]}”）；请恢复"
            en = f"'{column.head}' cannot be changed here (it was '{before[name]}', is '{row[name]}'): put it back"
            faults.append((number, zh, en))
    return edits


def _now(registry: Registry, clear: bool) -> dict[str, dict[str, str]]:
    """Return the editable cells as a register would show them now."""
    leaders, remarks = registry.leaders(), registry.remarks()
    out = {}
    for code, name in zip(registry.grids()["code"], registry.grids()["name"], strict=True):
        leader: dict[str, Any] = next((p for p in leaders.get(code, []) if p["role"] == "leader"), {})
        phone = leader.get("phone") or ""
        out[str(code)] = {
            "name": name or "", "leader": leader.get("name") or "", "phone": phone if clear else mask_phone(phone),
            "remarks": remarks.get(code, ""),
        }  # fmt: skip
    return out


def _changed_meanwhile(edit: Edit, now: str) -> Fault:
    return (
        edit.row,
        f"“{edit.head}”在导出之后已由他人改为“{now}”；请重新导出后再改",
        f"'{edit.head}' was changed to '{now}' by somebody else since the export: export anew and edit that",
    )


def _edit_faults(edit: Edit, row: dict[str, str], before: dict[str, str]) -> list[Fault]:
    """Find what is wrong with one edit, seen with the other cells of its row."""
    if edit.column == "name" and not edit.after:
        return [(edit.row, "网格名称是空的", "the name is empty")]
    if edit.column not in ("leader", "phone"):
        return []
    if not row["leader"] and row["phone"]:
        return [(edit.row, "没有网格长却有电话；请一并清空", "there is a phone without a leader: empty it too")]
    if "*" in row["phone"] and (edit.column == "phone" or row["phone"] == before["phone"]):
        zh = f"电话“{row['phone']}”隐去了数字；换了网格长请写完整电话，或清空"
        return [
            (
                edit.row,
                zh,
                f"the phone '{row['phone']}' has hidden digits: write it in full for a new leader, or empty it",
            )
        ]
    try:
        checked_phone(row["phone"])
    except InvalidInput as e:
        return [(edit.row, e.zh, e.en)]
    return []


def _refuse(faults: list[Fault]) -> None:
    if not faults:
        return
    told = [(f"第 {n} 行：{zh}", f"row {n}: {en}") if n else (zh, en) for n, zh, en in dict.fromkeys(faults)]
    more = len(told) - 5
    raise InvalidInput(
        "备案表有误，没有写入任何内容："
        + "；".join(zh for zh, _ in told[:5])
        + (f"；另有 {more} 处" if more > 0 else ""),
        "the register is wrong, nothing was written: "
        + "; ".join(en for _, en in told[:5])
        + (f"; and {more} more" if more > 0 else ""),
        problems=[{"row": n, "zh": zh, "en": en} for n, zh, en in dict.fromkeys(faults)],
    )
